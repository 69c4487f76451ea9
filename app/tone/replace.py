"""Replacements: from a guideline's template to words that fit where the clause stands.

Pure text work. A candidate is an `Edit`: its span may be a little wider than the clause,
to close a gap, carry the final mark or re-capitalise what follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import regex

from app.errors import GuidanceError
from app.guidance.schema import Cues, Guidance, Guideline, Move
from app.tone.deletion import Deletions, is_whole, lead
from app.tone.edits import (
    FINAL,
    INNER,
    JOINTS,
    OPENERS,
    Edit,
    Patterns,
    alternatives,
    capitalise,
    ends_part,
    lower,
    starts_sentence,
)
from app.tone.rules import Hit, Pattern, compile_pattern, search
from app.tone.templates import Voice, render
from app.tone.text import fold, fold_text
from app.tone.types import Clause, Span

_LOUD = regex.compile(r"[!?؟！？]{2,}\s*$")


def hear(text: str, cues: Cues | None, patterns: Mapping[str, Sequence[regex.Pattern[str]]]) -> Voice:
    """How the writer speaks: more "we" than "I", more formal than informal cues; in doubt "we", formal."""
    if cues is None:
        return Voice()
    folded = fold_text(text)
    count = {kind: sum(len(p.findall(folded)) for p in found) for kind, found in patterns.items()}
    return Voice(count["we"] >= count["i"], count["formal"] >= count["informal"])


class Phrasebook:
    """All moves and connectives. Raises GuidanceError for a broken pattern of the house."""

    def __init__(self, guidance: Guidance) -> None:
        self._guidance = guidance
        self._moves: dict[tuple[str, str], list[tuple[Move, Pattern | None]]] = {}
        for guideline in guidance.guidelines.values():
            for language, words in guideline.words.items():
                where = f"{guideline.id}/{language}.toml move"
                self._moves[guideline.id, language] = [
                    (move, Pattern(move.match, where, at_once=guideline.house) if move.match else None)
                    for move in words.moves
                ]
        self._voices = {
            language: {
                kind: [compile_pattern(p, f"language/{language}.toml {kind}") for p in getattr(cues, kind)]
                for kind in ("we", "i", "formal", "informal")
            }
            for language, cues in guidance.cues.items()
        }
        self._deletions = Deletions(guidance)
        self._relatives: Patterns = {
            code: alternatives(cues.relatives, ()) for code, cues in guidance.cues.items()
        }
        self._openers: Mapping[str, frozenset[str]] = {
            code: frozenset(fold_text(word) for word in cues.openers) for code, cues in guidance.cues.items()
        }

    def voice(self, text: str, language: str) -> Voice:
        return hear(text, self._guidance.cues.get(language), self._voices.get(language, {}))  # type: ignore[call-overload]

    def candidates(
        self,
        text: str,
        clause: Clause,
        guideline: Guideline,
        language: str,
        voice: Voice,
        hit: Hit | None = None,
    ) -> Iterator[Edit]:
        """Edits worth trying, best first: the rule's own, moves that match, deletion, other moves."""
        span = hit.span if hit else clause.span
        if hit and hit.rule.check == "capitals":
            yield Edit(span, self._sentence_case(text, span, language))
            return
        if hit and hit.rule.replacement is not None:
            words = _filled(hit.rule.replacement, voice, self._low(text, span, hit.facts, language))
            if words is not None:
                yield (
                    self._fit(text, span, words, language)
                    if words
                    else self._deletions.words(text, span, language)
                )
        loud = hit.span if hit and hit.rule.check == "punctuation" else clause.span
        marks = _LOUD.search(text, loud.start, loud.end)
        if marks is not None:
            # Perhaps only the marks were too much: the same words, said quietly, are tried first.
            asks = regex.search(r"[?؟？]", marks[0]) is not None
            mark = ("؟" if language == "ar" else "?") if asks else "."
            yield Edit(loud, text[loud.start : marks.start()] + mark)
        whole = is_whole(text, clause)
        plain: list[Edit] = []
        source = text[clause.span.start : clause.span.end]
        folded = fold(source)
        bound = self._deletions.bound(source, language)
        broken = regex.search(r"\n|[.!?؟…]\s", source) is not None  # more than a clause: facts would go
        hung = broken or self._hung(text, clause, language)
        room = None if bound or hung else self._bounded(text, clause, language)
        # "reads a 7 [as a 1]": what its connective ties to the words before it is no clause of its own.
        tied = (
            not ends_part(text, clause.span.start)
            and lead(text, clause.span, language, self._deletions.leads) > 0
        )
        for number, (move, pattern) in enumerate(self._moves.get((guideline.id, language), ())):
            if room is None or (move.whole and not whole):
                continue
            name = f"{guideline.id}#{number}"
            if pattern is None:
                if not tied:
                    plain.append(self._fit(text, room, render(move.text, voice), language, name))
                continue
            found = None
            if pattern.may_match(folded.text):
                found = next(search(pattern.compiled, folded, source), None)
            if found is not None:
                words = _filled(move.text, voice, self._low(text, clause.span, found[1], language))
                if words is not None:
                    yield self._fit(text, room, words, language, name)
        deletion = None
        # A sum or a date may be the one thing that the client has to know.
        told = not guideline.head.prefer_deletion and regex.search(r"\d", source) is not None
        if guideline.wording(language).delete and not (hung or told):
            deletion = self._deletions.clause(text, clause, language)
        if deletion and guideline.head.prefer_deletion:
            yield deletion
        yield from plain
        if deletion and not guideline.head.prefer_deletion:
            yield deletion

    def fit_move(self, text: str, span: Span, move: Move, language: str, where: str) -> Edit | None:
        """One move applied to a clause, for the examples that travel with it; None when it does not match."""
        source = text[span.start : span.end]
        facts: Mapping[str, str] = {}
        if move.match is not None:
            found = next(search(compile_pattern(move.match, where), fold(source), source), None)
            if found is None:
                return None
            facts = self._low(text, span, found[1], language)
        words = _filled(move.text, self.voice(text, language), facts)
        return None if words is None else self._fit(text, span, words, language)

    def fit_rule(self, text: str, hit: Hit, language: str) -> Edit | None:
        """A rule's own replacement applied to its match; None when the rule has none."""
        if hit.rule.replacement is None:
            return None
        facts = self._low(text, hit.span, hit.facts, language)
        words = _filled(hit.rule.replacement, self.voice(text, language), facts)
        if words is None:
            return None
        return (
            self._fit(text, hit.span, words, language)
            if words
            else self._deletions.words(text, hit.span, language)
        )

    def _hung(self, text: str, clause: Clause, language: str) -> bool:
        """Whether what follows hangs on the clause: ", which ..." """
        rest = text[clause.span.end : clause.sentence.end].lstrip(INNER + "–— ")
        pattern = self._relatives.get(language)
        return pattern is not None and pattern.match(fold_text(rest)) is not None

    def _low(self, text: str, span: Span, facts: Mapping[str, str], language: str) -> Mapping[str, str]:
        """Captured facts without the capital that only the beginning of their sentence gave them."""
        if not starts_sentence(text, span.start):
            return facts
        openers = self._openers.get(language, frozenset())
        opening = text[span.start : span.end].lstrip(OPENERS)
        out = dict(facts)
        for name, fact in facts.items():
            first = regex.match(r"[\w]+['’]?", fact)
            if first and opening.startswith(fact) and fold_text(first[0]) in openers:
                out[name] = lower(fact[0], language) + fact[1:]
        return out

    def _bounded(self, text: str, clause: Clause, language: str) -> Span | None:
        """The stretch that another clause can take the place of: bounded by marks or a connective.

        A clause cut inside a period ("the bus loses frames [when the pump starts]") widens to the
        next mark; None when that would swallow much more than was found.
        """
        start, end = clause.span.start, clause.span.end
        first, last = clause.sentence.start, clause.sentence.end
        if lead(text, clause.span, language, self._deletions.connectives) == 0:
            while start > first and not ends_part(text, start):
                start -= 1
            while start < clause.span.start and text[start] in OPENERS:
                start += 1
        while end < last and text[end - 1] not in FINAL + JOINTS and not _is_mark(text, end):
            end += 1
        while end > clause.span.end and text[end - 1].isspace():
            end -= 1
        if end - start > 2.5 * len(clause.span) + 10:
            return None
        return Span(start, end)

    def _fit(self, text: str, span: Span, words: str, language: str, move: str = "") -> Edit:
        opener = lead(text, span, language, self._deletions.connectives)
        start, end = span.start + opener, span.end
        trail = ""
        while end > start and (text[end - 1] in FINAL + JOINTS or text[end - 1].isspace()):
            end -= 1
        trail = text[end : span.end]
        asks = words.endswith(("?", "؟"))
        stop = span.end
        if asks:
            if not trail.strip():
                while stop < len(text) and text[stop] in FINAL:
                    stop += 1
            trail = ""
        elif regex.search(r"[!?؟]", trail):
            trail = "." if trail.strip() else trail
        elif not trail.strip() and stop < len(text) and text[stop] in "!?؟":
            while stop < len(text) and text[stop] in "!?؟":
                stop += 1
            trail = "."
        elif (
            not trail.strip() and regex.match(r"[ \t]+\p{Lu}", text, pos=stop) and not text[end - 1].isalnum()
        ):
            trail = "."  # a smiley, or a bracket, closed the sentence
        if opener == 0 and starts_sentence(text, start):
            words = capitalise(words, language)
        return Edit(Span(span.start, stop), text[span.start : start] + words + trail, move)

    def _sentence_case(self, text: str, span: Span, language: str) -> str:
        words = lower(text[span.start : span.end], language)
        words = regex.sub(r"\bi\b", "I", words) if language == "en" else words
        return capitalise(words, language) if starts_sentence(text, span.start) else words


def _filled(template: str, voice: Voice, facts: Mapping[str, str]) -> str | None:
    """The words of a template; None when the match caught a fact less than it names."""
    try:
        return render(template, voice, facts)
    except GuidanceError:
        return None


def _is_mark(text: str, at: int) -> bool:
    """Whether a part of a sentence ends at this character; a comma inside a number does not end one."""
    if text[at] not in FINAL + JOINTS + ")\n":
        return False
    return not (text[at - 1].isdigit() and text[at + 1 : at + 2].isdigit())
