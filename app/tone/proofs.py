"""Whether a guideline does what its own examples say: those of its rules, moves and inserts, and those that
its head learns from."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from app.errors import GuidanceError
from app.guidance.schema import Flag, Guideline, GuidelineWords, Move, Rule
from app.tone.edits import apply_edits
from app.tone.mail import read_text
from app.tone.patterns import fault
from app.tone.review import Engine, Message, Request
from app.tone.rules import QUICK, compile_pattern, fold_pattern
from app.tone.templates import Voice, facts, gaps, render
from app.tone.text import fold
from app.tone.types import Language, Span
from app.tone.week import default_hours

Failure = Literal[
    "not-flagged", "flagged-elsewhere", "not-fixed", "flagged-though-allowed", "found-though-near",
    "move-does-not-fit", "insert-not-recognised", "slow",
]  # fmt: skip
# A pattern is tried on its own examples, said again and again, up to this many characters.
_LONG = 4_000
_NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
_HOURS = default_hours("UTC")


Flaw = Literal["pattern", "pattern-unknown", "pattern-slow", "template-fact", "template-gaps"]
GAPS = 4
"""Facts and placeholders that a template holds at most: each may be any words, and they are looked for."""


def flaws(words: Mapping[Language, GuidelineWords]) -> Iterator[tuple[str, Flaw]]:
    """What keeps a guideline from being used at all: where (as in `Failed`), and why."""
    for language, found in words.items():
        at = f"#/words/{language}"
        for number, rule in enumerate(found.rules):
            here = f"{at}/rules/{number}"
            yield from _of_pattern(rule.pattern, f"{here}/pattern")
            yield from _of_template(rule.replacement or "", rule.pattern, f"{here}/replacement")
        for number, move in enumerate(found.moves):
            here = f"{at}/moves/{number}"
            yield from _of_pattern(move.match, f"{here}/match")
            yield from _of_template(move.text, move.match, f"{here}/text")
        for number, insert in enumerate(found.inserts):
            yield from _of_template(insert.text, None, f"{at}/inserts/{number}/text")


def _of_pattern(pattern: str | None, at: str) -> Iterator[tuple[str, Flaw]]:
    if pattern is None:
        return
    try:
        compile_pattern(pattern, "")
    except (GuidanceError, RecursionError):
        yield at, "pattern"
        return
    if (why := fault(fold_pattern(pattern))) is not None:
        yield at, why


def _of_template(template: str, pattern: str | None, at: str) -> Iterator[tuple[str, Flaw]]:
    try:
        named = set(compile_pattern(pattern or "", "").groupindex)
    except (GuidanceError, RecursionError):
        return  # told of the pattern
    if set(facts(template)) - named:
        yield at, "template-fact"
    if gaps(template) > GAPS:
        yield at, "template-gaps"


@dataclass(frozen=True, slots=True)
class Failed:
    """An example that does not come out. `pointer` leads to it in the guideline's data (RFC 6901)."""

    pointer: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class Proof:
    """How a guideline's examples came out. `learnt` counts the positive examples that the head finds, of
    `taught`: it may miss some and still be worth having."""

    passed: int
    failed: tuple[Failed, ...]
    learnt: int
    taught: int


def prove(engine: Engine, identity: str) -> Proof:
    """Try all examples of a guideline that is in force in `engine`."""
    guideline = engine.guidance.guidelines[identity]
    passed, failed, learnt, taught = 0, [], 0, 0
    for language, words in guideline.words.items():
        found = list(_of_words(engine, guideline, language, words))
        failed += [item for item in found if isinstance(item, Failed)]
        passed += sum(item is None for item in found)
        for flag in words.examples.positive:
            taught += 1
            learnt += _finds(engine, guideline, language, flag.plain)
    return Proof(passed, tuple(failed), learnt, taught)


def _of_words(
    engine: Engine, guideline: Guideline, language: Language, words: GuidelineWords
) -> Iterator[Failed | None]:
    at = f"#/words/{language}"
    for number, rule in enumerate(words.rules):
        here = f"{at}/rules/{number}"
        if rule.pattern is not None and _slow(rule):
            yield Failed(f"{here}/pattern", "slow")
            continue
        for place, flag in enumerate(rule.flags):
            yield _flagged(engine, guideline, language, rule, flag, f"{here}/flags/{place}")
        for place, text in enumerate(rule.allows):
            hits = [h for h in engine.rules.find_in(text, language) if h.guideline == guideline.id]
            wrong = any(hit.rule.id == rule.id for hit in hits)
            yield Failed(f"{here}/allows/{place}", "flagged-though-allowed") if wrong else None
    for number, move in enumerate(words.moves):
        yield _moved(engine, guideline, language, move, f"{at}/moves/{number}/example")
    for number, insert in enumerate(words.inserts):
        text = render(insert.text, Voice())
        known = any(hit.guideline == guideline.id for hit in engine.rules.find_in(text, language))
        yield None if known else Failed(f"{at}/inserts/{number}", "insert-not-recognised")
    for number, text in enumerate(words.examples.near_miss):
        wrong = _finds(engine, guideline, language, text)
        yield Failed(f"{at}/examples/near_miss/{number}", "found-though-near") if wrong else None


def _flagged(
    engine: Engine, guideline: Guideline, language: Language, rule: Rule, flag: Flag, at: str
) -> Failed | None:
    hits = [
        hit
        for hit in engine.rules.find_in(flag.plain, language)
        if hit.guideline == guideline.id and hit.rule.id == rule.id
    ]
    if not hits:
        return Failed(at, "not-flagged")
    if [flag.plain[hit.span.start : hit.span.end] for hit in hits] != [flag.marked]:
        return Failed(at, "flagged-elsewhere")
    if guideline.head.kind == "avoid" and rule.replacement is not None and flag.fixed is not None:
        edit = engine.phrases.fit_rule(flag.plain, hits[0], language)
        if edit is None or apply_edits(flag.plain, [edit]) != flag.fixed:
            return Failed(at, "not-fixed")
    return None


def _moved(engine: Engine, guideline: Guideline, language: Language, move: Move, at: str) -> Failed | None:
    flag = move.example
    start = flag.text.index("[[")
    span = Span(start, start + len(flag.marked))
    edit = engine.phrases.fit_move(flag.plain, span, move, language, guideline.id)
    fits = edit is not None and (flag.fixed is None or apply_edits(flag.plain, [edit]) == flag.fixed)
    return None if fits else Failed(at, "move-does-not-fit")


def _finds(engine: Engine, guideline: Guideline, language: Language, text: str) -> bool:
    request = Request(Message("outgoing", read_text(text)), _NOON, _HOURS, language=language)
    review = engine.review(request)
    if guideline.head.kind == "include":
        return any(e.guideline == guideline.id and e.status == "present" for e in review.elements)
    return any(finding.guideline == guideline.id for finding in review.findings)


def _slow(rule: Rule) -> bool:
    """Whether the pattern takes longer than a mail may cost on something like its own examples."""
    try:
        pattern = compile_pattern(rule.pattern or "", "")
    except GuidanceError:
        return False  # it was compiled before this
    texts = [*(flag.plain for flag in rule.flags), *rule.allows]
    for text in texts:
        for piece in (text, text[: len(text) // 2], *text.split()):
            long = fold((piece + " ") * (_LONG // (len(piece) + 1)) + "\x01").text
            tight = fold(piece * (_LONG // max(len(piece), 1)) + "\x01").text
            for said in (long, tight):
                begun = time.thread_time()
                try:
                    for _ in pattern.finditer(said, timeout=4 * QUICK):
                        pass
                except TimeoutError:
                    return True
                if time.thread_time() - begun > 4 * QUICK:
                    return True
    return False
