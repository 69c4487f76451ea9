"""A review as the matches of LanguageTool: every finding, and what the mail lacks, with offsets of the
client's text in UTF-16 code units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app import strings
from app.guidance.schema import Guidance
from app.languagetool import rules
from app.languagetool.annotation import Annotated, balanced
from app.languagetool.asking import Chosen
from app.tone.sentences import clauses
from app.tone.templates import has_placeholder
from app.tone.text import OffsetMap
from app.tone.types import Element, Finding, Language, Review, Span

CONTEXT = 40
"""Code points of context on either side of a match."""
_FEW = 5  # replacements of a compact answer


class Matches:
    """Words the matches of one review in one language. `base` is the address that pages stand under."""

    def __init__(
        self, review: Review, text: Annotated, guidance: Guidance, language: Language, base: str
    ) -> None:
        self._review = review
        self._text = text
        self._guidance = guidance
        self._language = language
        self._base = base
        self._units = OffsetMap(text.whole, "utf-16")
        self.sentences = _sentences(review)

    def all(self, chosen: Chosen, *, compact: bool) -> list[dict[str, Any]]:
        """The matches that are asked for, by where they begin."""
        found = [
            (finding.span, self._finding(finding))
            for finding in self._review.findings
            if self._counts(finding.guideline, chosen)
        ]
        for element in self._review.elements:
            if element.status == "missing" and self._counts(element.guideline, chosen):
                placed = self._element(element)
                if placed is not None:
                    found.append(placed)
        found.sort(key=lambda pair: pair[0].start)
        finished = (self._placed(span, match, compact) for span, match in found)
        return [match for match in finished if match is not None]

    def ranges(self) -> list[tuple[int, int]]:
        """The sentences that were judged, as the client counts."""
        return [(span.start, span.end) for span in map(self._client, self.sentences) if len(span)]

    def _client(self, span: Span) -> Span:
        return self._units.span(self._text.place(span))

    def _counts(self, guideline: str, chosen: Chosen) -> bool:
        known = self._guidance.guidelines[guideline]
        category = rules.category_id(known.head.dimension)
        return chosen.has(rules.rule_id(guideline), category, text_level=rules.text_level(known))

    def _finding(self, finding: Finding) -> dict[str, Any]:
        guideline = self._guidance.guidelines[finding.guideline]
        words = guideline.wording(self._language)
        message = words.reasons.get(finding.reason, words.reasons["default"])
        # To take half of an element away would break the document.
        fits = balanced(self._text.within(self._text.place(finding.span)))
        replacements = finding.replacements if fits else ()
        if not replacements:
            message = f"{message} {words.todo or words.advice}"
        hint = guideline.head.severity == "hint"
        # What a rule finds stands as soon as it is written; what the reader finds needs the whole sentence.
        return self._match(finding.guideline, message, replacements, hint, sure=bool(finding.rule))

    def _element(self, element: Element) -> tuple[Span, dict[str, Any]] | None:
        """What is missing, at a sentence beside its place. None in a text without sentences."""
        if not self.sentences:
            return None
        words = self._guidance.guidelines[element.guideline].wording(self._language)
        insert, text = element.insert, self._review.document.text
        span, replacements = self.sentences[-1], []
        if insert is not None:
            anchors = _anchors(text, self.sentences, insert.at)
            # The words are put back without what stood between them.
            bare = (a for a in anchors if not self._text.within(self._text.place(a)))
            span = next(bare, anchors[0])
            if not self._text.within(self._text.place(span)):
                replacements = [text[span.start : insert.at] + insert.text + text[insert.at : span.end]]
        return span, self._match(element.guideline, words.reasons["default"], replacements, True, sure=False)

    def _match(
        self, guideline: str, message: str, replacements: Sequence[str], hint: bool, *, sure: bool
    ) -> dict[str, Any]:
        if any(map(has_placeholder, replacements)):
            message = f"{message} {strings.say(self._language, 'finding.placeholder')}"
        known = self._guidance.guidelines[guideline]
        return {
            "message": message,
            "shortMessage": known.wording(self._language).title,
            "replacements": [self._replacement(value) for value in replacements],
            "type": {"typeName": "Hint" if hint else "Other"},
            "rule": rules.rule(known, self._language, self._base),
            "ignoreForIncompleteSentence": not sure,
            "contextForSureMatch": 0 if sure else -1,
        }

    def _replacement(self, value: str) -> dict[str, str]:
        if value:
            return {"value": value}
        return {"value": "", "shortDescription": strings.say(self._language, "ui.leave-out")}

    def _placed(self, span: Span, match: dict[str, Any], compact: bool) -> dict[str, Any] | None:
        """A match with its place. None where nothing of the client's text stands for these words."""
        if not len(span):
            return None
        there = self._text.place(span)
        out = self._units.span(there)
        if not len(out):
            return None
        match |= {"offset": out.start, "length": len(out)}
        if compact:
            return match | {"replacements": match["replacements"][:_FEW]}
        return match | {"context": self._context(there, len(out)), "sentence": self._sentence(span)}

    def _context(self, there: Span, length: int) -> dict[str, Any]:
        whole = self._text.whole
        start, end = max(0, there.start - CONTEXT), min(len(whole), there.end + CONTEXT)
        before = ("..." if start else "") + whole[start : there.start]
        after = whole[there.end : end] + ("..." if end < len(whole) else "")
        text = before + whole[there.start : there.end] + after
        offset = len(before) + sum(char > "\uffff" for char in before)
        return {"text": text.replace("\n", " "), "offset": offset, "length": length}

    def _sentence(self, span: Span) -> str:
        text = self._review.document.text
        around = next((s for s in self.sentences if s.overlap(span)), span)
        return text[around.start : around.end]


def _sentences(review: Review) -> tuple[Span, ...]:
    """The sentences of the writer's own words, in order."""
    return tuple(dict.fromkeys(clause.sentence for clause in clauses(review.document, review.language)))


def _anchors(text: str, sentences: Sequence[Span], at: int) -> list[Span]:
    """Stretches that a sentence at `at` can be added to, best first: the sentence before, the one behind,
    and their words next to it. Each reaches as far as `at`."""
    before = [sentence for sentence in sentences if sentence.start < at][-1:]
    behind = [sentence for sentence in sentences if sentence.start >= at][:1]
    words = [Span(s.end - len(text[s.start : s.end].split()[-1]), s.end) for s in before]
    words += [Span(s.start, s.start + len(text[s.start : s.end].split()[0])) for s in behind]
    return [Span(min(s.start, at), max(s.end, at)) for s in (*before, *behind, *words)]
