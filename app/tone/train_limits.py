"""The last steps of training: weighing heads against one another, and where to draw the line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.tone.features import Floats, Ints
from app.tone.meaning import choose_situations
from app.tone.train_data import FOLDS, Mail
from app.tone.types import AVOID, INCLUDE

# Which element a situation calls for is guidance; here it only says which mails a limit is judged on.
_CALLED: dict[str, tuple[str, ...]] = {
    "failure": INCLUDE[:6],
    "hostile-client": ("acknowledge-feelings", "concrete-solution", "offer-to-talk"),
    "client-mistaken": ("acknowledge-feelings", "concrete-solution"),
    "billing-dispute": ("acknowledge-feelings", "clear-terms", "offer-to-talk"),
    "scope-change": ("clear-terms", "concrete-solution"),
    "progress-anxiety": ("concrete-solution", "commit-to-follow-up"),
    "routine": (),
}
_PULL = 0.5  # how far a guideline's own best threshold counts against the common one
CLEAN_BUDGET = 0.25  # at most this share of clean mails may be flagged in any language


def _fit_stack(x: Floats, y: NDArray[Any]) -> Floats:
    """Logistic weights on raw features; the last row is the intercept."""
    from sklearn.linear_model import LogisticRegression

    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-3
    model = LogisticRegression(C=0.1, max_iter=2000).fit((x - mean) / spread, y)
    weights = model.coef_.T / spread[:, None]
    return np.concatenate([weights, (model.intercept_ - mean @ weights)[None]]).astype(np.float32)


def _apply(stack: Floats, x: Floats) -> Floats:
    return np.asarray(x @ stack[:-1] + stack[-1], np.float32)


def stack_single(x: Floats, kind: Ints, fold: Ints) -> tuple[Floats, Floats]:
    """One of several: the stack's weights, and its held-out logits."""
    out = np.zeros((len(x), int(kind.max()) + 1), np.float32)
    for number in range(FOLDS):
        test = fold == number
        if test.any():
            out[test] = _apply(_fit_stack(x[~test], kind[~test]), x[test])
    return _fit_stack(x, kind), out


def stack_multi(x: Floats, y: Floats, fold: Ints) -> tuple[Floats, Floats]:
    """Several yes/no questions: the stack's weights, and its held-out logits."""

    def fit(rows: NDArray[np.bool_]) -> Floats:
        return np.concatenate([_fit_stack(x[rows], y[rows, head]) for head in range(y.shape[1])], axis=1)

    out = np.zeros_like(y)
    for number in range(FOLDS):
        test = fold == number
        if test.any():
            out[test] = _apply(fit(~test), x[test])
    return fit(np.ones(len(x), bool)), out


def best_threshold(chance: Floats, target: Floats) -> float:
    """The threshold with the best F1."""
    grid = np.linspace(0.1, 0.9, 81)
    return float(grid[int(np.argmax([_f1(chance >= limit, target > 0.5) for limit in grid]))])


def _f1(have: NDArray[np.bool_], want: NDArray[np.bool_]) -> float:
    both = float((have & want).sum())
    return 2 * both / max(1.0, float(have.sum() + want.sum()))


def element_limits(chance: Floats, present: Floats, situations: Sequence[str]) -> list[float]:
    """Per element, the threshold that best tells the mails that miss it, where it is called for."""
    limits = []
    for head, name in enumerate(INCLUDE):
        called = np.array([name in _CALLED[situation] for situation in situations])
        rows = called if called.any() else np.ones(len(called), bool)
        grid = np.linspace(0.15, 0.85, 71)
        want = present[rows, head] < 0.5
        scores = [_f1(chance[rows, head] < limit, want) for limit in grid]
        if not called.any():
            scores = [_f1(chance[rows, head] >= limit, ~want) for limit in grid]
        limits.append(round(float(grid[int(np.argmax(scores))]), 3))
    return limits


def situations_limit(chance: Floats, kinds: Floats) -> float:
    grid = np.linspace(0.2, 0.7, 51)
    scores = []
    for limit in grid:
        have = np.zeros(kinds.shape, bool)
        for row, values in enumerate(chance):
            have[row, choose_situations(values, float(limit))] = True
        scores.append(_f1(have, kinds > 0.5))
    return float(grid[int(np.argmax(scores))])


def finding_limits(chance: Floats, drafts: Sequence[Mail], starts: Ints, stops: Ints) -> dict[str, Any]:
    """Thresholds for findings: the common one with the best F1 among those that keep clean mail
    clean in every language, then moved part of the way to each guideline's own best.
    """
    target = np.concatenate([item.targets for item in drafts]) > 0.5
    clean: dict[str, list[float]] = {}
    for item, start, stop in zip(drafts, starts, stops, strict=True):
        if not item.spans:
            clean.setdefault(item.page.language, []).append(float(chance[start:stop].max()))
    grid = np.linspace(0.15, 0.6, 46)
    allowed = [
        limit for limit in grid if all(np.mean(np.array(c) >= limit) <= CLEAN_BUDGET for c in clean.values())
    ]
    common = max(allowed or [grid[-1]], key=lambda limit: _f1(_top(chance, limit), target))
    limits = []
    for head in range(len(AVOID)):
        own = max(grid, key=lambda limit: _f1(_top(chance, limit)[:, head], target[:, head]))
        limits.append(round(float(common + _PULL * max(0.0, own - common)), 3))
    return {"avoid_thresholds": limits, "second_threshold": 0.6}


def _top(chance: Floats, limit: float) -> NDArray[np.bool_]:
    return np.asarray((chance >= limit) & (chance == chance.max(axis=1, keepdims=True)))
