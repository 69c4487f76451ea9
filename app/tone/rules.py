"""Exact rules: the few check types, and running them over a document.

Patterns meet folded text, so case, accents, tashkeel and the kind of quote do not count.
The rules themselves are data (`app/guidance/guidelines`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice

import regex

from app.errors import GuidanceError
from app.guidance.schema import Guidance, Rule
from app.tone.literals import Needed, may_match, needed
from app.tone.text import Folded, fold, fold_char
from app.tone.types import Document, Span

# A pattern that needs longer than this on one segment is broken; the mail is still answered.
_SECONDS = 0.5
QUICK = 0.02
"""Seconds that a house guideline's pattern has for one segment: whoever wrote it, no mail waits for it."""
# Nor does one mail need more of the same.
_MATCHES = 30
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}’']*")
# Exclamation marks alone are as often joy: those are left to the sentence reader.
_PILED_UP = regex.compile(r"[?؟？]{3,}|[?؟？]+[!！]+[!?؟！？]*|[!！]+[?؟？]+[!?؟！？]*")
_QUOTED = regex.compile(r'"[^"\n]{2,300}"')


@dataclass(frozen=True)
class Hit:
    """A rule's match: what it caught, and the named groups in the source's own spelling."""

    guideline: str
    rule: Rule
    span: Span
    facts: Mapping[str, str]


def fold_pattern(pattern: str) -> str:
    """A pattern with its letters folded as the text will be; ASCII syntax is left alone."""
    out = []
    for char in pattern:
        if char < "\x80":
            out.append(char)
        else:
            folded = fold_char(char)
            out.append(regex.escape(folded) if not folded.isalnum() else folded)
    return "".join(out)


@lru_cache(maxsize=4096)  # what is compiled once serves every engine that this process makes
def compile_pattern(pattern: str, where: str) -> regex.Pattern[str]:
    """Compile a guidance pattern. Raises GuidanceError naming where it stands."""
    try:
        return regex.compile(fold_pattern(pattern), regex.IGNORECASE)
    except regex.error as error:
        raise GuidanceError(f"{where}: pattern: {error}") from error


class Pattern:
    """A pattern of the guidance, compiled when a text first holds its letters.

    To compile all takes seconds, and most mails need few, of one language. What is wrong with one of the
    house is told `at_once`, by GuidanceError.
    """

    def __init__(self, source: str, where: str, *, at_once: bool = False) -> None:
        self._source = source
        self._where = where
        if at_once:
            self.compiled  # noqa: B018 - for its error

    @cached_property
    def compiled(self) -> regex.Pattern[str]:
        """Raises GuidanceError naming where it stands."""
        return compile_pattern(self._source, self._where)

    @cached_property
    def need(self) -> Needed:
        return needed(fold_pattern(self._source))

    def may_match(self, folded: str) -> bool:
        """Whether it is worth trying on folded text."""
        return may_match(self.need, folded)


def search(
    pattern: regex.Pattern[str], folded: Folded, source: str, seconds: float = _SECONDS
) -> Iterator[tuple[Span, dict[str, str]]]:
    """All matches of a compiled pattern, as source spans with their named groups."""
    try:
        for match in pattern.finditer(folded.text, timeout=seconds):
            span = folded.span(*match.span())
            if len(span):
                facts = {}
                for name in pattern.groupindex:
                    if match[name] is not None:
                        part = folded.span(*match.span(name))
                        facts[name] = source[part.start : part.end]
                yield span, facts
    except TimeoutError:
        return


def quoted_spans(folded: Folded) -> list[Span]:
    """What stands in quotation marks: somebody else's words, as a rule."""
    return [folded.span(*match.span()) for match in _QUOTED.finditer(folded.text)]


def _unquoted(
    pattern: regex.Pattern[str], folded: Folded, source: str, quoted: list[Span], seconds: float = _SECONDS
) -> Iterator[tuple[Span, dict[str, str]]]:
    """The first matches of a pattern, without those in quotation marks."""
    for span, facts in islice(search(pattern, folded, source, seconds), _MATCHES):
        if not any(quote.covers(span) for quote in quoted):
            yield span, facts


def shouting(text: str) -> Iterator[Span]:
    """Runs of two or more words in capitals with at least ten letters: names and acronyms are shorter.

    A line all in capitals is a heading, and a list with commas is labels.
    """
    for span in _capital_runs(text):
        first = text.rfind("\n", 0, span.start) + 1
        last = text.find("\n", span.end)
        around = text[first : span.start] + text[span.end : last if last >= 0 else len(text)]
        if any(char.islower() for char in around) or len(span) > 40:
            yield span


def _capital_runs(text: str) -> Iterator[Span]:
    run: list[Span] = []
    letters = 0
    previous_end = 0
    for match in _WORD.finditer(text):
        word = match[0]
        gap = text[previous_end : match.start()]
        previous_end = match.end()
        capital = len(word) > 1 and word.isupper()
        single = len(word) == 1 and word.isupper() and bool(run)
        if (capital or single) and (not run or (gap.isspace() and "\n" not in gap)):
            run.append(Span(match.start(), match.end()))
            letters += len(word)
            continue
        if len(run) >= 2 and letters >= 10:
            yield Span(run[0].start, run[-1].end)
        run, letters = ([Span(match.start(), match.end())], len(word)) if capital else ([], 0)
    if len(run) >= 2 and letters >= 10:
        yield Span(run[0].start, run[-1].end)


def piled_up(text: str) -> Iterator[Span]:
    """Piled-up punctuation, with the clause that it shouts."""
    for match in _PILED_UP.finditer(text):
        start = match.start()
        floor = max(0, start - 160)
        while start > floor and text[start - 1] not in ".!?؟\n،,;؛:":
            start -= 1
        while start < match.start() and text[start].isspace():
            start += 1
        yield Span(start, match.end())


class RuleBook:
    """All rules in force. Raises GuidanceError for a broken pattern of the house; those of the product are
    tested."""

    def __init__(self, guidance: Guidance) -> None:
        self._patterns: dict[str, list[tuple[str, Rule, Pattern]]] = {}
        self._quick = frozenset(g.id for g in guidance.guidelines.values() if g.house)
        self._checks: dict[str, list[tuple[str, Rule]]] = {}
        for guideline in guidance.guidelines.values():
            for language, words in guideline.words.items():
                for rule in words.rules:
                    if rule.pattern is None:
                        self._checks.setdefault(language, []).append((guideline.id, rule))
                    else:
                        where = f"{guideline.id}/{language}.toml {rule.id}"
                        pattern = Pattern(rule.pattern, where, at_once=guideline.house)
                        self._patterns.setdefault(language, []).append((guideline.id, rule, pattern))

    def find(self, document: Document, language: str) -> list[Hit]:
        """Every match in the writer's own words, by start. Spans are code points of `document.text`."""
        hits: list[Hit] = []
        for segment in document.judged():
            piece = document.text[segment.span.start : segment.span.end]
            hits += self.find_in(piece, language, segment.span.start)
        return sorted(hits, key=lambda hit: (hit.span.start, -hit.span.end, hit.guideline))

    def find_in(self, piece: str, language: str, at: int = 0) -> list[Hit]:
        """Every match in one stretch of text that starts at offset `at`."""
        folded = fold(piece)
        quoted = quoted_spans(folded)
        hits = []
        for guideline, rule, pattern in self._patterns.get(language, ()):
            if not pattern.may_match(folded.text):
                continue
            seconds = QUICK if guideline in self._quick else _SECONDS
            for span, facts in _unquoted(pattern.compiled, folded, piece, quoted, seconds):
                hits.append(Hit(guideline, rule, Span(span.start + at, span.end + at), facts))
        # What needs no words is looked for in every language, also in one that has no guidance.
        for guideline, rule in self._checks.get(language, self._checks.get("en", ())):
            spans = shouting(piece) if rule.check == "capitals" else piled_up(piece)
            hits += [
                Hit(guideline, rule, Span(span.start + at, span.end + at), {})
                for span in islice(spans, _MATCHES)
                if not any(quote.covers(span) for quote in quoted)
            ]
        return hits


class Anger:
    """Whether a client declares to be angry: words so plain that no reader is needed, nor asked."""

    def __init__(self, guidance: Guidance) -> None:
        self._patterns: dict[str, list[Pattern]] = {
            code: [Pattern(pattern, f"language/{code}.toml angry") for pattern in cues.angry]
            for code, cues in guidance.cues.items()
        }

    def declared(self, document: Document, language: str) -> bool:
        """In the writer's own words, outside quotation marks."""
        for segment in document.judged():
            piece = document.text[segment.span.start : segment.span.end]
            folded = fold(piece)
            quoted = quoted_spans(folded)
            patterns = (p.compiled for p in self._patterns.get(language, ()) if p.may_match(folded.text))
            if any(True for pattern in patterns for _ in _unquoted(pattern, folded, piece, quoted)):
                return True
        return False
