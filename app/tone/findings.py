"""From rule matches and the reader's clauses to marks: one guideline for a stretch of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.guidance.schema import Guidance
from app.tone.curated import Curated
from app.tone.meaning_hits import Hit as Heard
from app.tone.rules import Hit
from app.tone.types import Clause, Dismisses, Document, Finding, Span

# How sure a rule is: near certain, since one that is wrong once in ten is not kept.
_RULE_CONFIDENCE = 0.95
# No reader wants more findings of one mail, and time stays bounded.
_MARKS = 60


@dataclass(frozen=True)
class Mark:
    """A finding before anything is offered instead: with the clause it stands in and the rule that fired."""

    finding: Finding
    clause: Clause
    hit: Hit | None


def merge(
    document: Document,
    clauses: Sequence[Clause],
    found: Sequence[Heard],
    hits: Sequence[Hit],
    guidance: Guidance,
    curated: Curated,
    language: str,
) -> tuple[Mark, ...]:
    """One mark for each stretch of words, the surest winning; sorted, without overlaps.

    A rule's match inside a clause that the reader found under the same guideline joins it:
    the span is the rule's when it brings its own replacement, else the clause. What the
    guidance itself would write is flagged by rules only.
    """
    found = [
        f
        for f in found
        if not curated.vouches(document.text, clauses[f.clause], language, f.guideline, f.confidence)
    ]
    marks: list[Mark] = []
    taken: set[int] = set()
    for hit in hits:
        agreeing = next(
            (
                n
                for n, f in enumerate(found)
                if f.guideline == hit.guideline and _span(f, clauses).overlap(hit.span)
            ),
            None,
        )
        confidence = _RULE_CONFIDENCE
        if agreeing is not None:
            taken.add(agreeing)
            confidence = max(confidence, found[agreeing].confidence)
        own = hit.rule.replacement is not None or hit.rule.check != "pattern"
        span = hit.span if own or agreeing is None else _span(found[agreeing], clauses)
        # A match over several lines may lie mostly in another clause than the one that was found.
        clause = _trimmed(document, _clause_of(hit.span.shared(span), clauses))
        marks.append(
            Mark(
                Finding(hit.guideline, _trim(document, span), confidence, hit.rule.reason, hit.rule.id),
                clause,
                hit,
            )
        )
    for number, item in enumerate(found):
        if number not in taken:
            span = _trim(document, _span(item, clauses))
            clause = clauses[item.first]
            whole = Clause(span, Span(clause.sentence.start, clauses[item.last].sentence.end),
                           document.text[span.start : span.end], clause.kind)  # fmt: skip
            marks.append(Mark(Finding(item.guideline, span, item.confidence), whole, None))
    marks = [m for m in marks if m.finding.guideline in guidance.guidelines and len(m.finding.span)]
    chosen: list[Mark] = []
    for mark in sorted(
        marks, key=lambda m: (-m.finding.confidence, m.finding.span.start, -len(m.finding.span))
    ):
        if len(chosen) == _MARKS:
            break
        if not any(mark.finding.span.overlap(other.finding.span) for other in chosen):
            chosen.append(mark)
    return tuple(sorted(chosen, key=lambda m: m.finding.span.start))


def _span(found: Heard, clauses: Sequence[Clause]) -> Span:
    return Span(clauses[found.first].span.start, clauses[found.last].span.end)


def _trim(document: Document, span: Span) -> Span:
    """Without white space around it and a closing comma or full stop, which nobody would underline."""
    text, start, end = document.text, span.start, span.end
    while start < end and text[start].isspace():
        start += 1
    while end > start + 1 and (text[end - 1].isspace() or text[end - 1] in ",;:،؛"):
        end -= 1
    if end > start + 1 and text[end - 1] == "." and text[end - 2] != ".":
        end -= 1
    return Span(start, end)


def _trimmed(document: Document, clause: Clause) -> Clause:
    return replace(clause, span=_trim(document, clause.span))


def _clause_of(span: Span, clauses: Sequence[Clause]) -> Clause:
    """The clause a match mostly stands in; the match itself where no clause was cut."""
    best = max(clauses, key=lambda c: c.span.overlap(span), default=None)
    if best is None or not best.span.overlap(span):
        return Clause(span, span, "", "body")
    return best


def dismissed(
    findings: Sequence[Finding], marks: Sequence[Mark], document: Document, dismisses: Dismisses | None
) -> frozenset[int]:
    """Which findings, by their place, the user wants to see no more.

    A replacement may reach further than the words it was found for. Which one is offered depends on the
    rest of the draft, so the words count either way.
    """
    if dismisses is None:
        return frozenset()

    def words(span: Span) -> str:
        there = document.to_source(span)
        return document.source[there.start : there.end]

    return frozenset(
        n
        for n, (finding, mark) in enumerate(zip(findings, marks, strict=True))
        if any(dismisses(finding.guideline, words(span)) for span in {finding.span, mark.finding.span})
    )
