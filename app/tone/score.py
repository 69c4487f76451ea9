"""From findings and missing elements to five dimensions and one score, 0-100.

A dimension starts at 100; each finding takes its guideline's weight of what is left, each
missing element likewise. The overall score is the mean of the dimensions weighted by
rank, the worst weighing most: one insult is not outbalanced by four virtues. Rank weights
(an ordered weighted average, Yager 1988) keep the score monotone: mending anything
never lowers it.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.guidance.schema import Guidance
from app.tone.types import DIMENSIONS, Band, Dimension, Element, Finding, Score

# Worst dimension first. Chosen on the training mails' ratings: see docs/accuracy.md.
RANK_WEIGHTS = (0.45, 0.22, 0.14, 0.11, 0.08)
GOOD, MIXED = 80.0, 60.0


def band(overall: float) -> Band:
    """good from 80, mixed from 60, poor below."""
    return "good" if overall >= GOOD else "mixed" if overall >= MIXED else "poor"


def score(findings: Iterable[Finding], elements: Iterable[Element], guidance: Guidance) -> Score:
    """The score of an outgoing message. Confidence below 1 lowers a finding's weight."""
    left: dict[Dimension, float] = dict.fromkeys(DIMENSIONS, 1.0)
    for finding in findings:
        head = guidance.guidelines[finding.guideline].head
        left[head.dimension] *= 1 - head.weight * finding.confidence
    for element in elements:
        if element.status == "missing":
            head = guidance.guidelines[element.guideline].head
            left[head.dimension] *= 1 - head.weight
    ranked = sorted(left.values())
    overall = 100 * sum(w * v for w, v in zip(RANK_WEIGHTS, ranked, strict=True))
    return Score(
        overall=round(overall, 1),
        dimensions={name: round(100 * value, 1) for name, value in left.items()},
        band=band(round(overall, 1)),
    )
