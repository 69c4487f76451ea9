"""Dropping words from a draft so that what is left still stands, or saying that it cannot be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import regex

from app.guidance.schema import Guidance
from app.tone.edits import FINAL, INNER, JOINTS, Edit, Patterns, alternatives, capitalise, starts_sentence
from app.tone.text import fold, fold_text
from app.tone.types import Clause, Span


def lead(text: str, span: Span, language: str, leads: Patterns) -> int:
    """Length in code points of the connective that opens the span, with the space after it."""
    pattern = leads.get(language)
    if pattern is None:
        return 0
    folded = fold(text[span.start : span.end])
    found = pattern.match(folded.text)
    return folded.span(0, found.end()).end if found else 0


def is_whole(text: str, clause: Clause) -> bool:
    """Whether a clause is its whole sentence."""
    before = text[clause.sentence.start : clause.span.start]
    after = text[clause.span.end : clause.sentence.end]
    return not regex.search(r"\w", before + after)


class Deletions:
    """The words that tell what may go, of all languages."""

    def __init__(self, guidance: Guidance) -> None:
        cues = guidance.cues.items()
        self.connectives: Patterns = {
            code: alternatives(found.connectives, found.not_connectives) for code, found in cues
        }
        self.leads: Patterns = {
            code: alternatives(found.deletable_leads, found.not_connectives) for code, found in cues
        }
        self._bound: Mapping[str, tuple[str, ...]] = {
            code: tuple(fold_text(word) for word in found.bound_leads) for code, found in cues
        }

        self._subordinators: Mapping[str, frozenset[str]] = {
            code: _folded(found.subordinators) for code, found in cues
        }
        self._dangling: Mapping[str, frozenset[str]] = {
            code: _folded((*found.connectives, *found.deletable_leads, *found.hanging))
            for code, found in cues
        }
        self._endings: Mapping[str, tuple[str, ...]] = {
            code: tuple(fold_text(word[1:]) for word in found.hanging if word.startswith("-"))
            for code, found in cues
        }

    def bound(self, words: str, language: str) -> bool:
        """Whether a word opens the clause that ties it to what stands before."""
        leads = self._bound.get(language, ())
        return bool(leads) and fold_text(words).startswith(leads)

    def words(self, text: str, span: Span, language: str) -> Edit:
        """Drop exactly these words, close the gap and re-capitalise what comes next."""
        start, end = span.start, span.end
        opens = starts_sentence(text, start)
        if opens:
            while end < len(text) and (text[end] in JOINTS or text[end] in " \t "):
                end += 1
            return _recapitalised(text, start, end, language)
        if (
            start > 0
            and text[start - 1] in " \t "
            and (end >= len(text) or text[end] in FINAL + JOINTS + " \n")
        ):
            start -= 1
        if end >= len(text) or text[end] in FINAL + "\n":
            while start > 0 and text[start - 1] in JOINTS + " ":
                start -= 1
        return Edit(Span(start, end), "")

    def clause(self, text: str, clause: Clause, language: str) -> Edit | None:
        """Drop a clause when the sentence stands without it, else None."""
        span, sentence = clause.span, clause.sentence
        before = text[sentence.start : span.start]
        after = text[span.end : sentence.end]
        if is_whole(text, clause):
            return _sentence(text, sentence)
        if not regex.search(r"\w", before):
            rest = after.lstrip(INNER + "–— \n")
            if after[:1] not in JOINTS or len(regex.findall(r"\w+", rest)) < 3:
                return None
            if self._conditional(text[span.start : span.end], language):
                return None  # "if you had ..., it would be here": the rest would say what is not so
            if language == "ar" and rest[:1] in ("ف", "و"):
                return None  # the letter binds what follows to what would go
            at = sentence.end - len(rest)
            at += lead(text, Span(at, sentence.end), language, self.connectives)
            return _recapitalised(text, span.start, at, language)
        if self._depends(before, language):
            return None
        joint = before.rstrip()
        if joint[-1:] in (":", "："):
            return None  # it announces what would go
        head, *inner = regex.split(rf"[{regex.escape(JOINTS)}]", joint.rstrip(JOINTS))
        if inner and len(regex.findall(r"\w+", head)) < 3:
            return None  # "The delay, since you ask, [is ...]": the sentence goes on after an aside
        detached = joint[-1:] in JOINTS
        led = self.bound(text[span.start : span.end], language) or lead(text, span, language, self.leads) > 0
        if len(regex.findall(r"\w+", before)) < 3 or not (detached or led):
            return None
        start = sentence.start + len(joint)
        while start > sentence.start and text[start - 1] in JOINTS + " ":
            start -= 1
        end = span.end
        if regex.search(r"\w", after):
            # In mid-sentence only a clause that its connective marks off is sure to be loose.
            if after[:1] not in JOINTS or not led:
                return None
            follows = len(after) - len(after[1:].lstrip())
            on = lead(text, Span(span.end + follows, sentence.end), language, self.connectives) > 0
            return Edit(Span(start, end if on else end + 1), "")
        while end > start and text[end - 1] in FINAL + JOINTS + " ":
            end -= 1
        closing = text[end : sentence.end].strip()
        if regex.search(r"[!?؟]", closing) or not closing:
            stop = sentence.end
            while stop > span.end and text[stop - 1].isspace():
                stop -= 1
            while stop < len(text) and text[stop] in "!?؟":
                stop += 1
            return Edit(Span(start, max(stop, span.end)), "." if closing else "")
        return Edit(Span(start, end), "")

    def _conditional(self, words: str, language: str) -> bool:
        """Whether a clause opens as one that the rest of its sentence depends on ("if", "when")."""
        first = regex.search(r"[\w']+", fold_text(words))
        return first is not None and first[0] in self._subordinators.get(language, ())

    def _depends(self, before: str, language: str) -> bool:
        """Whether what would be left hangs in the air: it opens with "if", or ends in "and"."""
        words = regex.findall(r"[\w']+", fold_text(before))
        if not words or language not in self._dangling:
            return True
        if len(words[-1]) > 4 and words[-1].endswith(self._endings[language]):
            return True
        return words[0] in self._subordinators[language] or words[-1] in self._dangling[language]


def _folded(words: Sequence[str]) -> frozenset[str]:
    return frozenset(fold_text(word) for word in words)


def _sentence(text: str, sentence: Span) -> Edit:
    start, end = sentence.start, sentence.end
    while end < len(text) and text[end] in " \t ":
        end += 1
    alone = (start == 0 or text[start - 1] == "\n") and (end >= len(text) or text[end] == "\n")
    if alone:
        # Breaks before it go with it, so that what follows (a signature, perhaps) keeps its distance.
        while start > 0 and text[start - 1] == "\n":
            start -= 1
        while start == 0 and end < len(text) and text[end] == "\n":
            end += 1
    elif end >= len(text) or text[end] == "\n":
        while start > 0 and text[start - 1] in " \t ":
            start -= 1
    return Edit(Span(start, end), "")


def _recapitalised(text: str, start: int, end: int, language: str) -> Edit:
    """Without a stretch, and the word behind it capitalised, as a whole: it is shown as the change."""
    if end < len(text) and text[end].islower():
        word = regex.match(r"\w+", text, pos=end)
        stop = word.end() if word else end + 1
        return Edit(Span(start, stop), capitalise(text[end:stop], language))
    return Edit(Span(start, end), "")
