"""Edits of a draft, and the small facts about sentences that making them needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import regex

from app.tone.text import fold_text
from app.tone.types import Span

Patterns = Mapping[str, regex.Pattern[str]]

FINAL = ".!?؟…"
INNER = ",;:،؛"
JOINTS = INNER + "–—"
OPENERS = "\"'«“‘([•*-–— \t\u00a0"


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `text` in place of `span`. `move` identifies the phrasing, so that none is used twice."""

    span: Span
    text: str
    move: str = ""


def capitalise(text: str, language: str) -> str:
    """First letter upper case; a Turkish i becomes İ."""
    if not text:
        return text
    first = "İ" if language == "tr" and text[0] == "i" else text[0].upper()
    return first + text[1:]


def lower(text: str, language: str) -> str:
    """Lower case; in Turkish I becomes ı and İ becomes i."""
    if language == "tr":
        text = text.replace("I", "ı").replace("İ", "i")
    return text.lower()


def without_capital(edit: Edit, text: str, language: str) -> Edit | None:
    """A deletion that also capitalises the word behind it, as the deletion alone; None for other edits."""
    word = text[edit.span.end - len(edit.text) : edit.span.end]
    if not edit.text or edit.text == word or edit.text != capitalise(word, language):
        return None
    return Edit(Span(edit.span.start, edit.span.end - len(edit.text)), "", edit.move)


def starts_sentence(text: str, at: int) -> bool:
    """Whether a sentence begins here: nothing but openers between this and a final mark or a line's start."""
    while at > 0 and text[at - 1] in OPENERS:
        at -= 1
    return at == 0 or text[at - 1] in FINAL + "\n"


def ends_part(text: str, at: int) -> bool:
    """Whether a part of a sentence ends just before `at`."""
    before = at
    while before > 0 and text[before - 1] in " \t\u00a0":
        before -= 1
    return before == 0 or text[before - 1] in FINAL + JOINTS + "(\n"


def alternatives(words: Sequence[str], but: Sequence[str]) -> regex.Pattern[str]:
    """Any of these words at the start, longest first, with the white space or comma after it."""
    if not words:
        return regex.compile(r"(?!)")
    return regex.compile(rf"(?!(?:{_any_of(but)})\b)(?:{_any_of(words)})(?:\s*,\s*|\s+)")


def _any_of(words: Sequence[str]) -> str:
    return "|".join(regex.escape(fold_text(w)) for w in sorted(words, key=len, reverse=True)) or "(?!)"


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits made. Spans must not overlap; equal points keep their order."""
    out, at = [], 0
    for edit in sorted(edits, key=lambda e: (e.span.start, e.span.end)):
        if edit.span.start < at:
            raise ValueError("edits overlap")
        out += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join(out) + text[at:]
