"""Fitting: the same numbers in, the same weights out. Used at training time only."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.tone.features import BUCKETS, Floats, Ints, Wording
from app.tone.meaning_net import Net, Trees, sigmoid


def matrix(wording: Wording, rarity: Floats) -> Any:
    """The weighted rows as a scipy sparse matrix."""
    from scipy.sparse import csr_matrix

    entries = (wording.weighted(rarity), wording.columns, wording.starts)
    rows = csr_matrix(entries, shape=(len(wording), BUCKETS))
    rows.eliminate_zeros()
    return rows


def linear(x: Any, y: Floats, strength: float = 8.0) -> tuple[Floats, Floats]:
    """Balanced logistic regression, one head a column: weights (one row a bucket) and biases."""
    from sklearn.linear_model import LogisticRegression

    weights = np.zeros((x.shape[1], y.shape[1]), dtype=np.float32)
    biases = np.full(y.shape[1], -5.0, dtype=np.float32)

    def fit(head: int) -> None:
        target = y[:, head] > 0.5
        if not 0 < target.sum() < len(target):
            return
        model = LogisticRegression(
            C=strength, class_weight="balanced", solver="liblinear", tol=1e-2, random_state=0
        )
        model.fit(x, target)
        weights[:, head], biases[head] = model.coef_[0], model.intercept_[0]

    # Heads know nothing of one another, and liblinear leaves Python alone while it works.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(fit, range(y.shape[1])))
    return weights, biases


def net(
    x: Floats, groups: Ints, y: Floats, hidden: int, epochs: int, seed: int, rate: float = 2e-3,
    dropout: float = 0.5, input_dropout: float = 0.25, batch: int = 256, decay: float = 1e-3,
) -> Net:  # fmt: skip
    """A net on rows that are judged by group: the logits of a group's rows are pooled smoothly
    (log-sum-exp), so that one telling sentence is enough and is found without its own label.

    `groups` are ascending group numbers, one a row; `y` has one row a group.
    """
    rng = np.random.default_rng(seed)
    f = np.float32
    width, heads = x.shape[1], y.shape[1]
    first = np.searchsorted(groups, np.arange(len(y)))
    size = np.diff(np.append(first, len(groups)))
    weights = [
        (rng.standard_normal((width, hidden)) * np.sqrt(2 / width)).astype(f),
        np.zeros(hidden, f),
        (rng.standard_normal((hidden, heads)) * np.sqrt(1 / hidden)).astype(f),
        np.full(heads, -3, f),
    ]
    mean = [np.zeros_like(w) for w in weights]
    square = [np.zeros_like(w) for w in weights]
    steps, step = epochs * -(-len(y) // batch), 0
    for _ in range(epochs):
        order = rng.permutation(len(y))
        for at in range(0, len(y), batch):
            chosen = np.sort(order[at : at + batch])
            starts = np.concatenate([[0], np.cumsum(size[chosen])[:-1]])
            rows = np.repeat(first[chosen] - starts, size[chosen]) + np.arange(size[chosen].sum())
            xb = x[rows]
            xb = xb * (rng.random(xb.shape, dtype=f) > input_dropout) * f(1 / (1 - input_dropout))
            a = xb @ weights[0] + weights[1]
            keep = (rng.random(a.shape, dtype=f) > dropout) * f(1 / (1 - dropout))
            h = np.maximum(a, 0) * keep
            z = h @ weights[2] + weights[3]
            pooled = np.logaddexp.reduceat(z, starts, axis=0)
            error = (sigmoid(pooled) - y[chosen]) / f(len(chosen))
            share = np.exp(z - np.repeat(pooled, size[chosen], axis=0))
            dz = np.repeat(error, size[chosen], axis=0) * share
            dh = dz @ weights[2].T * keep * (a > 0)
            gradients = [xb.T @ dh, dh.sum(0), h.T @ dz, dz.sum(0)]
            step += 1
            now = rate * (1 - step / (steps + 1))
            for number, gradient in enumerate(gradients):
                mean[number] += f(0.1) * (gradient - mean[number])
                square[number] += f(0.001) * (gradient**2 - square[number])
                move = mean[number] / (1 - 0.9**step) / (np.sqrt(square[number] / (1 - 0.999**step)) + 1e-8)
                if number in (0, 2):
                    move = move + decay * weights[number]
                weights[number] -= (now * move).astype(f)
    return Net(*weights)


def trees(x: Floats, y: NDArray[Any], rounds: int = 150) -> Trees:
    """Gradient-boosted trees for one yes/no question, flattened for numpy."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=rounds, learning_rate=0.06, max_leaf_nodes=12, max_depth=6, min_samples_leaf=60,
        l2_regularization=5.0, early_stopping=False, random_state=0,
    ).fit(x, y)  # fmt: skip
    parts: dict[str, list[NDArray[Any]]] = {k: [] for k in ("feature", "threshold", "left", "right", "value")}
    roots, total, depth = [], 0, 0
    for (predictor,) in model._predictors:
        nodes = predictor.nodes
        own = np.arange(len(nodes)) + total
        leaf = nodes["is_leaf"].astype(bool)
        parts["feature"].append(np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64))
        parts["threshold"].append(np.where(leaf, 0.0, nodes["num_threshold"]))
        parts["left"].append(np.where(leaf, own, nodes["left"].astype(np.int64) + total))
        parts["right"].append(np.where(leaf, own, nodes["right"].astype(np.int64) + total))
        parts["value"].append(np.where(leaf, nodes["value"], 0.0))
        roots.append(total)
        total += len(nodes)
        depth = max(depth, int(nodes["depth"].max()))
    flat = {key: np.concatenate(values) for key, values in parts.items()}
    base = float(np.ravel(model._baseline_prediction)[0])
    return Trees(np.array(roots), **flat, base=base, depth=depth)


def ridge(x: Floats, y: Floats, strength: float) -> Floats:
    """Ridge weights, the last one the intercept (which is not held back)."""
    wide = np.concatenate([x, np.ones((len(x), 1), np.float32)], axis=1).astype(np.float64)
    hold = np.eye(wide.shape[1]) * strength
    hold[-1, -1] = 0
    return np.asarray(np.linalg.solve(wide.T @ wide + hold, wide.T @ y), dtype=np.float32)
