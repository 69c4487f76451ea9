"""Words that the guidance itself would write, so that a second reading does not find fault with them.

A replacement put into a draft is read again with the draft, and a reader that has learnt from
people's mails can be wary of the careful phrase too, above all while a fact is still to be
filled in. What the guidance writes is right by definition; the rules, which are exact, still
speak.
"""

from __future__ import annotations

from functools import cached_property

import regex

from app.guidance.schema import Guidance
from app.tone.rules import fold_pattern
from app.tone.templates import has_placeholder
from app.tone.text import fold, fold_text
from app.tone.types import Clause, Span

# A template with the writer's own facts in it is only as right as those: from here on the reader is believed.
_CLEAR = 0.8
_SECONDS = 0.1
_PARTS = regex.compile(
    r"\{(?:we|you):(?P<first>[^|{}]*)\|(?P<second>[^|{}]*)\}|(?P<joint>\{c\})|(?P<fact>\{[a-z_]+\})|(?P<gap>\[[^\[\]\n]{1,60}\])"
)
_ANY = r"[^.!?\n]{1,120}?"
_EDGE = r"[\s.,;:!?()\"'-]"


class _Phrase:
    """A phrase, compiled when a sentence first holds its longest word; `bare` where no fact stands in it."""

    def __init__(self, template: str) -> None:
        self._template = template
        self.bare = all(part["fact"] is None and part["gap"] is None for part in _PARTS.finditer(template))

    @cached_property
    def word(self) -> str:
        own = regex.findall(r"\w+", fold_text(_PARTS.sub(" ", self._template)))
        return max(own, key=len, default="")

    @cached_property
    def pattern(self) -> regex.Pattern[str]:
        return _compiled(self._template)


class Curated:
    """All phrases of the guidance."""

    def __init__(self, guidance: Guidance) -> None:
        found: dict[str, dict[str, _Phrase]] = {}
        gaps: dict[str, set[str]] = {}
        for guideline in guidance.guidelines.values():
            for language, words in guideline.words.items():
                templates = [move.text for move in words.moves]
                templates += [rule.replacement for rule in words.rules if rule.replacement]
                templates += [insert.text for insert in words.inserts]
                phrases = found.setdefault(language, {})
                phrases |= {t: _Phrase(t) for t in templates if _telling(t)}
                gaps.setdefault(guideline.id, set()).update(
                    gap["gap"] for t in templates for gap in _PARTS.finditer(t) if gap["gap"]
                )
        self._phrases = {language: tuple(phrases.values()) for language, phrases in found.items()}
        self._gaps = gaps

    def vouches(self, text: str, clause: Clause, language: str, guideline: str, confidence: float) -> bool:
        """Whether a reader that is so sure (0-1) of a finding in this clause is overruled."""
        words = text[clause.span.start : clause.span.end]
        if any(gap in words for gap in self._gaps.get(guideline, ())):
            return True  # "by [day]": what the guideline wants is there, but for the writer to fill in
        start, end = clause.sentence.start, clause.sentence.end
        source = text[start:end]
        folded = fold(source)
        inside = _without_edges(source, Span(clause.span.start - start, clause.span.end - start))
        for phrase in self._phrases.get(language, ()):
            if phrase.word not in folded.text:
                continue
            try:
                matches = list(phrase.pattern.finditer(folded.text, timeout=_SECONDS))
            except TimeoutError:
                continue
            for match in matches:
                span = folded.span(*match.span("phrase"))
                if 2 * span.overlap(inside) < len(inside):
                    continue
                whole = span.covers(inside) and (
                    phrase.bare or has_placeholder(source[span.start : span.end])
                )
                if whole or confidence < _CLEAR:
                    return True
        return False


def _telling(template: str) -> bool:
    """Whether enough of a template is its own words: "{what} by [day]" alone would vouch for anything."""
    own = _PARTS.sub(lambda m: m["first"] or "", template)
    return len(regex.findall(r"\w+", own)) >= 3


def _compiled(template: str) -> regex.Pattern[str]:
    out, at = [], 0
    for part in _PARTS.finditer(template):
        out.append(_literal(template[at : part.start()]))
        at = part.end()
        if part["first"] is not None:
            out.append(f"(?:{_literal(part['first'])}|{_literal(part['second'])})")
        elif part["joint"] is not None:
            out.append(r"\w{0,3} *")  # the conjunction that the writer had there
        else:
            out.append(_ANY)
    out.append(_literal(template[at:]))
    body = "".join(out).rstrip()
    return regex.compile(rf"(?:^|(?<={_EDGE}))(?P<phrase>{body})(?=$|{_EDGE})", regex.IGNORECASE)


def _literal(words: str) -> str:
    return regex.sub(r"(?:\\ )+", " +", fold_pattern(regex.escape(words, literal_spaces=False)))


def _without_edges(text: str, span: Span) -> Span:
    start, end = span.start, span.end
    while end > start and not text[end - 1].isalnum() and text[end - 1] != "]":
        end -= 1
    while start < end and not text[start].isalnum() and text[start] != "[":
        start += 1
    return Span(start, end)
