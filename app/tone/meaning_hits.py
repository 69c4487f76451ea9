"""From chances to findings: which guidelines a sentence breaks, and which of its clauses carry it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.tone.features import Floats
from app.tone.meaning_sheet import Sheet
from app.tone.types import AVOID, Clause, Span

_NARROW = (
    3.0  # a clause whose logit is this close to the strongest one of its sentence belongs to the finding
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A guideline that clauses `first`..`last` go against; `clause` is the most telling of them."""

    guideline: str
    clause: int
    confidence: float
    first: int
    last: int

    def span(self, found: Sequence[Clause]) -> Span:
        return Span(found[self.first].span.start, found[self.last].span.end)


def decide(chance: Floats, parts: Floats, page: Sheet, limits: Sequence[float], second: float) -> list[Hit]:
    """The findings of one message.

    `chance` has a row a sentence, `parts` the wording logits a clause; columns are `AVOID`. A
    sentence breaks the guideline likeliest beside its limit, and a further one only when its
    chance reaches `second`.
    """
    hits: list[Hit] = []
    ratio = chance / np.asarray(limits, np.float32)
    for number in np.flatnonzero((ratio >= 1).any(axis=1)).tolist():
        first, last = page.firsts[number], page.firsts[number + 1]
        order = np.argsort(-ratio[number], kind="stable")
        over = [int(order[0])] + [int(head) for head in order[1:2] if chance[number, head] >= second]
        for head in over:
            within = parts[first:last, head]
            near = np.flatnonzero(within >= within.max() - _NARROW)
            best = first + int(within.argmax())
            hits.append(
                Hit(
                    AVOID[head],
                    best,
                    float(chance[number, head]),
                    first + int(near[0]),
                    first + int(near[-1]),
                )
            )
    return _joined(hits)


def _joined(hits: list[Hit]) -> list[Hit]:
    """Hits of one guideline in clauses that touch, made one."""
    out: list[Hit] = []
    for hit in hits:
        at = next((i for i in range(len(out) - 1, -1, -1) if out[i].guideline == hit.guideline), None)
        if at is not None and out[at].last + 1 >= hit.first:
            best = max(out[at], hit, key=lambda item: item.confidence)
            out[at] = replace(best, first=out[at].first, last=max(out[at].last, hit.last))
        else:
            out.append(hit)
    return out
