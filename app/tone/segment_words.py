"""The words of `segments.toml`, folded and made into matchers, once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from app.errors import GuidanceError
from app.tone.text import fold_text

_SECTIONS = (
    "greeting", "greeting_after_name", "address", "not_in_greeting", "closing", "closing_word",
    "closing_formal", "closing_formal_proof", "sent_from", "contact", "postscript", "wrote",
    "field_from", "field_proof", "field_more", "original", "forwarded",
    "disclaimer_label", "disclaimer_mail", "disclaimer_law",
)  # fmt: skip


def _alternatives(phrases: Iterable[str]) -> str:
    folded = {" ".join(fold_text(phrase).split()) for phrase in phrases}
    # The longest first, so that "good morning" is not taken for "good".
    ordered = sorted(folded, key=lambda phrase: (-len(phrase), phrase))
    return "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in ordered)


def _word(phrases: Iterable[str], before: str = "", after: str = "") -> re.Pattern[str]:
    return re.compile(rf"{before}(?<!\w)(?:{_alternatives(phrases)})(?!\w){after}")


@dataclass(frozen=True)
class Cues:
    """Matchers over folded text; those named `*_start` are for `match`, the rest for `search`."""

    greeting_start: re.Pattern[str]
    greeting_after_name: re.Pattern[str]
    address: re.Pattern[str]
    not_in_greeting: re.Pattern[str]
    closing: re.Pattern[str]
    closing_word_start: re.Pattern[str]
    formal_start: re.Pattern[str]
    formal_proof: re.Pattern[str]
    sent_from: re.Pattern[str]
    contact_start: re.Pattern[str]
    postscript_start: re.Pattern[str]
    wrote: re.Pattern[str]
    never_wrote: re.Pattern[str]
    wrote_start: re.Pattern[str]
    wrote_end: re.Pattern[str]
    label_start: re.Pattern[str]
    field_from: re.Pattern[str]
    field_proof: re.Pattern[str]
    field_more: re.Pattern[str]
    original: re.Pattern[str]
    forwarded: re.Pattern[str]
    disclaimer_label_start: re.Pattern[str]
    disclaimer_mail: re.Pattern[str]
    disclaimer_law: re.Pattern[str]


@lru_cache(maxsize=1)
def cues() -> Cues:
    """Read and compile the cues.

    Raises GuidanceError when a section of the data file is missing.
    """
    raw = tomllib.loads(resources.files("app.tone").joinpath("segments.toml").read_text(encoding="utf-8"))
    missing = [name for name in _SECTIONS if name not in raw]
    if missing:
        raise GuidanceError(f"segments.toml: section [{missing[0]}] is missing")

    def words(section: str, *keys: str) -> list[str]:
        table: dict[str, list[str]] = raw[section]
        return [phrase for key in (keys or table) for phrase in table[key]]

    rules = r"[-_*=~#\s]"
    return Cues(
        greeting_start=_word(words("greeting")),
        greeting_after_name=_word(words("greeting_after_name"), after=r"\s*[,!.:]?\s*"),
        address=_word(words("address")),
        not_in_greeting=_word(words("not_in_greeting")),
        closing=_word(words("closing")),
        closing_word_start=_word(words("closing_word")),
        formal_start=_word(words("closing_formal")),
        formal_proof=_word(words("closing_formal_proof")),
        sent_from=_word(words("sent_from")),
        contact_start=_word(words("contact"), after=r"\s*\.?\s*[:.)]?"),
        postscript_start=_word(words("postscript"), after=r"\s*[.:,\-)]"),
        wrote=_word(words("wrote", "all")),
        never_wrote=_word(words("wrote", "never")),
        wrote_start=_word(words("wrote", "start")),
        wrote_end=_word(words("wrote", "all"), after=r"\s*:[*_ ]*\Z"),
        label_start=_word(words("wrote", "label")),
        field_from=_word(words("field_from"), after=r"\s*:"),
        field_proof=_word(words("field_proof"), after=r"\s*:"),
        field_more=_word(words("field_more"), after=r"\s*:"),
        original=re.compile(rf"{rules}*(?:{_alternatives(words('original'))})\s*:?{rules}*"),
        forwarded=re.compile(rf"{rules}*(?:{_alternatives(words('forwarded'))})(?!\w)"),
        disclaimer_label_start=_word(words("disclaimer_label")),
        disclaimer_mail=_word(words("disclaimer_mail")),
        disclaimer_law=re.compile(rf"(?:{_alternatives(words('disclaimer_law'))})"),
    )
