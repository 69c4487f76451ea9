"""How well the whole product does on labelled mails: the figures of `docs/accuracy.md`.

The measures are those that the labels are scored with elsewhere: a finding counts when the
guideline is right and half of the shorter span is shared, each label once. Intervals are
95 % bootstrap intervals over mails.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.holds.propose import Hold, propose
from app.tone.mail import read_text
from app.tone.review import Engine, Message, Request
from app.tone.train_data import meets, quotes
from app.tone.types import AVOID, LANGUAGES, TEMPERATURES, Review
from app.tone.week import default_hours

_HOLDS = frozenset(("client-call", "check-in", "team-retro", "cooling-off", "peer-review"))
_DRAWS = 300
Counts = tuple[int, int, int]
"""Right, found, wanted."""


@dataclass(frozen=True)
class Outcome:
    """What the product said of one mail against its labels."""

    language: str
    counts: Mapping[str, Counts]
    shares: Mapping[str, bool]
    rating: tuple[float, float] | None = None
    wrong: tuple[str, ...] = field(default=(), compare=False)


def review(engine: Engine, case: Mapping[str, Any]) -> tuple[Review, tuple[Hold, ...]]:
    """The review of a case and the holds proposed, as the service would give them."""
    context = (Message("incoming", read_text(case["context"], "")),) if case.get("context") else ()
    message = Message(case["direction"], read_text(case["text"], case.get("subject") or ""))
    now = dt.datetime.fromisoformat(case["now"])
    hours = default_hours(case["timezone"])
    made = engine.review(Request(message, now, hours, context))
    words = engine.guidance.holds["en"]
    holds = propose(made, now=now, zone=case["timezone"], hours=hours, words=words, situations=made.heard)
    return made, holds


def judge(case: Mapping[str, Any], made: Review, holds: Sequence[Hold]) -> Outcome:
    if case["direction"] == "incoming":
        return _received(case, made)
    counts: dict[str, Counts] = {}
    free = [(finding.guideline, finding.span) for finding in made.findings]
    wrong = []
    for guideline, span in quotes(case["text"], case["findings"]):
        hit = next((item for item in free if item[0] == guideline and meets(item[1], span)), None)
        if hit is not None:
            free.remove(hit)
        else:
            wrong.append(f"missed {guideline}: {case['text'][span.start : span.end]}")
        _add(counts, guideline, hit is not None, hit is not None, True)
    for guideline, span in free:
        _add(counts, guideline, False, True, False)
        wrong.append(f"extra {guideline}: {case['text'][span.start : span.end]}")
    total = np.array([*counts.values()] or [(0, 0, 0)]).sum(axis=0)
    counts["findings"] = (int(total[0]), int(total[1]), int(total[2]))
    elements = {
        state: {e.guideline for e in made.elements if e.status == state} for state in ("missing", "present")
    }
    for state, found in elements.items():
        counts[state] = _sets(case[state], found)
    counts["commitment dates"] = _sets(
        [c["date"] for c in case["commitments"]], [m.date.isoformat() for m in made.commitments]
    )
    counts["holds"] = _sets(set(case["holds"]) & _HOLDS, {hold.kind for hold in holds} & _HOLDS)
    shares = {"situation": made.situation == case["situation"]}
    if not case["findings"]:
        shares["clean mails flagged"] = bool(made.findings)
    overall = made.score.overall if made.score else 0.0
    return Outcome(case["lang"], counts, shares, (float(case["rating"]), overall), tuple(wrong))


def _received(case: Mapping[str, Any], made: Review) -> Outcome:
    counts = {
        "situations": _sets(case["situations"], made.situations),
        "deadlines": _sets(
            [d["date"] for d in case["deadlines"]], [m.date.isoformat() for m in made.deadlines]
        ),
    }
    have, want = TEMPERATURES.index(made.temperature or "calm"), TEMPERATURES.index(case["temperature"])
    shares = {"temperature": have == want, "temperature within one": abs(have - want) <= 1}
    shares["reply channel"] = made.reply_channel == case["reply_channel"]
    return Outcome(case["lang"], counts, shares)


def _add(counts: dict[str, Counts], name: str, right: bool, found: bool, wanted: bool) -> None:
    a, b, c = counts.get(name, (0, 0, 0))
    counts[name] = (a + right, b + found, c + wanted)


def _sets(wanted: Collection[str], found: Collection[str]) -> Counts:
    a, b = Counter(wanted), Counter(found)
    return sum((a & b).values()), sum(b.values()), sum(a.values())


Figure = tuple[float, float, float]
"""A figure and the ends of its interval."""
MEASURES = (
    "findings", "precision", "recall", "clean mails flagged", "missing", "present", "situation",
    "score against rating", "commitment dates", "holds", "temperature", "temperature within one",
    "situations", "deadlines", "reply channel",
)  # fmt: skip


def figures(outcomes: Sequence[Outcome], seed: int = 0) -> dict[str, Figure]:
    """Each measure and each guideline's F1 with its interval. Of the measures that the mails bear on."""
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(outcomes), (_DRAWS, len(outcomes)))
    whole = np.arange(len(outcomes))[None]
    out: dict[str, Figure] = {}

    def put(name: str, values: Callable[[Any], Any]) -> None:
        with np.errstate(invalid="ignore", divide="ignore"):
            out[name] = _figure(values(whole)[0], values(draws))

    for name in sorted({name for o in outcomes for name in o.counts}):
        table = np.array([o.counts.get(name, (0, 0, 0)) for o in outcomes], float)
        if not table[:, 2].sum():
            continue
        put(name, lambda rows, t=table: 2 * t[rows, 0].sum(1) / (t[rows, 1] + t[rows, 2]).sum(1))  # type: ignore[misc]
        if name == "findings":
            put("precision", lambda rows, t=table: t[rows, 0].sum(1) / t[rows, 1].sum(1))  # type: ignore[misc]
            put("recall", lambda rows, t=table: t[rows, 0].sum(1) / t[rows, 2].sum(1))  # type: ignore[misc]
    for name in sorted({name for o in outcomes for name in o.shares}):
        share = np.array([float(o.shares[name]) for o in outcomes if name in o.shares])
        some = rng.integers(0, len(share), (_DRAWS, len(share)))
        out[name] = _figure(share.mean(), share[some].mean(axis=1))
    rated = [o.rating for o in outcomes if o.rating is not None]
    if len(rated) > 2:
        pairs = np.array(rated)
        some = rng.integers(0, len(pairs), (_DRAWS, len(pairs)))
        drawn = [_spearman(pairs[rows]) for rows in some]
        out["score against rating"] = _figure(_spearman(pairs), np.array(drawn))
    return out


def _figure(value: Any, drawn: Any) -> Figure:
    """A figure with the interval that holds 95 % of its draws."""
    low, high = np.nanquantile(drawn, (0.025, 0.975)).tolist()
    return float(value), low, high


def _spearman(pairs: Any) -> float:
    """Rank correlation, ties sharing their mean rank."""
    ranks = []
    for column in pairs.T:
        _, place, count = np.unique(column, return_inverse=True, return_counts=True)
        middle: Any = np.cumsum(count) - (count - 1) / 2
        ranks.append(middle[place])
    if any(r.std() == 0 for r in ranks):
        return float("nan")
    return float(np.corrcoef(ranks)[0, 1])


def table(outcomes: Sequence[Outcome]) -> str:
    """Two Markdown tables: the measures, then F1 by guideline, a column a language."""
    by: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by[outcome.language].append(outcome)
        by["all"].append(outcome)
    columns = [code for code in (*LANGUAGES, "all") if code in by]
    found = {code: figures(by[code]) for code in columns}
    parts = []
    for title, names in (("measure", MEASURES), ("findings F1", AVOID)):
        rows = [f"| {title} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
        rows += [
            f"| {name} | " + " | ".join(_cell(found[code].get(name)) for code in columns) + " |"
            for name in names
            if any(name in found[code] for code in columns)
        ]
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return ""
    value, low, high = figure
    return f"{value:.3f} ({low:.2f}-{high:.2f})"
