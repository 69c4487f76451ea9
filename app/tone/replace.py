"""Replacements: from a guideline's template to words that fit where the clause stands.

Pure text work. A candidate is an `Edit`: its span may be a little wider than the clause,
to close a gap, carry the final mark or re-capitalise what follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import regex

from app.guidance.schema import Cues, Guidance, Guideline, Move
from app.tone.rules import Hit, compile_pattern, search
from app.tone.templates import Voice, render
from app.tone.text import fold, fold_text
from app.tone.types import Clause, Span

Patterns = Mapping[str, regex.Pattern[str]]

_FINAL = ".!?؟…"
_INNER = ",;:،؛"
_JOINTS = _INNER + "–—"
_LOUD = regex.compile(r"[!?؟！？]{2,}\s*$")
_OPENERS = "\"'«“‘([•*-–— \t "


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


def hear(text: str, cues: Cues | None, patterns: Mapping[str, Sequence[regex.Pattern[str]]]) -> Voice:
    """How the writer speaks: more "we" than "I", more formal than informal cues; in doubt "we", formal."""
    if cues is None:
        return Voice()
    folded = fold_text(text)
    count = {kind: sum(len(p.findall(folded)) for p in found) for kind, found in patterns.items()}
    return Voice(count["we"] >= count["i"], count["formal"] >= count["informal"])


def starts_sentence(text: str, at: int) -> bool:
    """Whether a sentence begins here: nothing but openers between this and a final mark or a line's start."""
    while at > 0 and text[at - 1] in _OPENERS:
        at -= 1
    return at == 0 or text[at - 1] in _FINAL + "\n"


class Phrasebook:
    """All moves and connectives, compiled. Raises GuidanceError for a broken pattern."""

    def __init__(self, guidance: Guidance) -> None:
        self._guidance = guidance
        self._moves: dict[tuple[str, str], list[tuple[Move, regex.Pattern[str] | None]]] = {}
        for guideline in guidance.guidelines.values():
            for language, words in guideline.words.items():
                self._moves[guideline.id, language] = [
                    (
                        move,
                        compile_pattern(move.match, f"{guideline.id}/{language}.toml move")
                        if move.match
                        else None,
                    )
                    for move in words.moves
                ]
        self._voices = {
            language: {
                kind: [compile_pattern(p, f"language/{language}.toml {kind}") for p in getattr(cues, kind)]
                for kind in ("we", "i", "formal", "informal")
            }
            for language, cues in guidance.cues.items()
        }
        self._connectives: Patterns = {
            code: _alternatives(cues.connectives) for code, cues in guidance.cues.items()
        }
        self._leads: Patterns = {
            code: _alternatives(cues.deletable_leads) for code, cues in guidance.cues.items()
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
            words = render(hit.rule.replacement, voice, hit.facts)
            yield (
                self._fit(text, span, words, language) if words else self._delete_words(text, span, language)
            )
            return
        loud = hit.span if hit and hit.rule.check == "punctuation" else clause.span
        marks = _LOUD.search(text, loud.start, loud.end)
        if marks is not None:
            # Perhaps only the marks were too much: the same words, said quietly, are tried first.
            asks = regex.search(r"[?؟？]", marks[0]) is not None
            mark = ("؟" if language == "ar" else "?") if asks else "."
            yield Edit(loud, text[loud.start : marks.start()] + mark)
        whole = self._is_whole(text, clause)
        plain: list[Edit] = []
        source = text[clause.span.start : clause.span.end]
        folded = fold(source)
        room = self._bounded(text, clause, language)
        # "reads a 7 [as a 1]": what its connective ties to the words before it is no clause of its own.
        tied = (
            not _ends_part(text, clause.span.start)
            and self._lead(text, clause.span, language, self._leads) > 0
        )
        for number, (move, pattern) in enumerate(self._moves.get((guideline.id, language), ())):
            if room is None or (move.whole and not whole):
                continue
            name = f"{guideline.id}#{number}"
            if pattern is None:
                if not tied:
                    plain.append(self._fit(text, room, render(move.text, voice), language, name))
                continue
            found = next(search(pattern, folded, source), None)
            if found is not None:
                yield self._fit(text, room, render(move.text, voice, found[1]), language, name)
        deletion = self._delete_clause(text, clause, language) if guideline.wording(language).delete else None
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
            facts = found[1]
        return self._fit(text, span, render(move.text, self.voice(text, language), facts), language)

    def fit_rule(self, text: str, hit: Hit, language: str) -> Edit | None:
        """A rule's own replacement applied to its match; None when the rule has none."""
        if hit.rule.replacement is None:
            return None
        words = render(hit.rule.replacement, self.voice(text, language), hit.facts)
        return (
            self._fit(text, hit.span, words, language)
            if words
            else self._delete_words(text, hit.span, language)
        )

    def _lead(self, text: str, span: Span, language: str, leads: Patterns) -> int:
        """Length in code points of the connective that opens the span, with the space after it."""
        pattern = leads.get(language)
        if pattern is None:
            return 0
        folded = fold(text[span.start : span.end])
        found = pattern.match(folded.text)
        return folded.span(0, found.end()).end if found else 0

    def _bounded(self, text: str, clause: Clause, language: str) -> Span | None:
        """The stretch that another clause can take the place of: bounded by marks or a connective.

        A clause cut inside a period ("the bus loses frames [when the pump starts]") widens to the
        next mark; None when that would swallow much more than was found.
        """
        start, end = clause.span.start, clause.span.end
        first, last = clause.sentence.start, clause.sentence.end
        if self._lead(text, clause.span, language, self._connectives) == 0:
            while start > first and not _ends_part(text, start):
                start -= 1
            while start < clause.span.start and text[start] in _OPENERS:
                start += 1
        while end < last and text[end - 1] not in _FINAL + _JOINTS and not _is_mark(text, end):
            end += 1
        while end > clause.span.end and text[end - 1].isspace():
            end -= 1
        if end - start > 2.5 * len(clause.span) + 10:
            return None
        return Span(start, end)

    def _fit(self, text: str, span: Span, words: str, language: str, move: str = "") -> Edit:
        lead = self._lead(text, span, language, self._connectives)
        start, end = span.start + lead, span.end
        trail = ""
        while end > start and (text[end - 1] in _FINAL + _JOINTS or text[end - 1].isspace()):
            end -= 1
        trail = text[end : span.end]
        asks = words.endswith(("?", "؟"))
        stop = span.end
        if asks:
            if not trail.strip():
                while stop < len(text) and text[stop] in _FINAL:
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
        if lead == 0 and starts_sentence(text, start):
            words = capitalise(words, language)
        return Edit(Span(span.start, stop), text[span.start : start] + words + trail, move)

    def _sentence_case(self, text: str, span: Span, language: str) -> str:
        words = lower(text[span.start : span.end], language)
        words = regex.sub(r"\bi\b", "I", words) if language == "en" else words
        return capitalise(words, language) if starts_sentence(text, span.start) else words

    def _is_whole(self, text: str, clause: Clause) -> bool:
        before = text[clause.sentence.start : clause.span.start]
        after = text[clause.span.end : clause.sentence.end]
        return not regex.search(r"\w", before + after)

    def _delete_words(self, text: str, span: Span, language: str) -> Edit:
        """Drop exactly these words, close the gap and re-capitalise what comes next."""
        start, end = span.start, span.end
        opens = starts_sentence(text, start)
        if opens:
            while end < len(text) and (text[end] in _JOINTS or text[end] in " \t "):
                end += 1
            return self._recapitalised(text, start, end, language)
        if (
            start > 0
            and text[start - 1] in " \t "
            and (end >= len(text) or text[end] in _FINAL + _JOINTS + " \n")
        ):
            start -= 1
        if end >= len(text) or text[end] in _FINAL + "\n":
            while start > 0 and text[start - 1] in _JOINTS + " ":
                start -= 1
        return Edit(Span(start, end), "")

    def _recapitalised(self, text: str, start: int, end: int, language: str) -> Edit:
        """Without a stretch, and the word behind it capitalised, as a whole: it is shown as the change."""
        if end < len(text) and text[end].islower():
            word = regex.match(r"\w+", text, pos=end)
            stop = word.end() if word else end + 1
            return Edit(Span(start, stop), capitalise(text[end:stop], language))
        return Edit(Span(start, end), "")

    def _delete_clause(self, text: str, clause: Clause, language: str) -> Edit | None:
        """Drop a clause when the sentence stands without it, else None."""
        span, sentence = clause.span, clause.sentence
        before = text[sentence.start : span.start]
        after = text[span.end : sentence.end]
        if self._is_whole(text, clause):
            return self._delete_sentence(text, sentence)
        if not regex.search(r"\w", before):
            rest = after.lstrip(_INNER + "–— \n")
            if after[:1] not in _JOINTS or len(regex.findall(r"\w+", rest)) < 3:
                return None
            at = sentence.end - len(rest)
            at += self._lead(text, Span(at, sentence.end), language, self._connectives)
            return self._recapitalised(text, span.start, at, language)
        if self._depends(before, language):
            return None
        joint = before.rstrip()
        detached = joint[-1:] in _JOINTS
        led = self._lead(text, span, language, self._leads) > 0
        if len(regex.findall(r"\w+", before)) < 3 or not (detached or led):
            return None
        start = sentence.start + len(joint)
        while start > sentence.start and text[start - 1] in _JOINTS + " ":
            start -= 1
        end = span.end
        if regex.search(r"\w", after):
            # In mid-sentence only a clause that its connective marks off is sure to be loose.
            if after[:1] not in _JOINTS or not led:
                return None
            return Edit(Span(start, end + 1), "")
        while end > start and text[end - 1] in _FINAL + _JOINTS + " ":
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

    def _depends(self, before: str, language: str) -> bool:
        """Whether what would be left hangs in the air: it opens with "if", or ends in "and"."""
        cues = self._guidance.cues.get(language)  # type: ignore[call-overload]
        if cues is None:
            return True
        words = regex.findall(r"[\w']+", fold_text(before))
        dangling = {fold_text(w) for w in (*cues.connectives, *cues.deletable_leads)}
        return not words or words[0] in {fold_text(w) for w in cues.subordinators} or words[-1] in dangling

    def _delete_sentence(self, text: str, sentence: Span) -> Edit:
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


def _is_mark(text: str, at: int) -> bool:
    """Whether a part of a sentence ends at this character; a comma inside a number does not end one."""
    if text[at] not in _FINAL + _JOINTS + ")\n":
        return False
    return not (text[at - 1].isdigit() and text[at + 1 : at + 2].isdigit())


def _ends_part(text: str, at: int) -> bool:
    """Whether a part of a sentence ends just before `at`."""
    before = at
    while before > 0 and text[before - 1] in " \t\u00a0":
        before -= 1
    return before == 0 or text[before - 1] in _FINAL + _JOINTS + "(\n"


def _alternatives(words: Sequence[str]) -> regex.Pattern[str]:
    """Any of these words at the start, longest first, with the white space or comma after it."""
    if not words:
        return regex.compile(r"(?!)")
    options = "|".join(regex.escape(fold_text(w)) for w in sorted(words, key=len, reverse=True))
    return regex.compile(rf"(?:{options})(?:\s*,\s*|\s+)")


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits made. Spans must not overlap; equal points keep their order."""
    out, at = [], 0
    for edit in sorted(edits, key=lambda e: (e.span.start, e.span.end)):
        if edit.span.start < at:
            raise ValueError("edits overlap")
        out += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join(out) + text[at:]
