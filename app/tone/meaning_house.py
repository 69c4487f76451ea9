"""Heads for an organisation's own guidelines: a dozen sentences in one language, read in all four.

The sentence vectors put translations near one another, so a head learnt on English examples
fires on a Turkish paraphrase, once each language's own mean is taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.tone.features import Floats
from app.tone.meaning_net import CachedEncoder, sigmoid

_ROUNDS = 400


@dataclass(frozen=True)
class HouseExamples:
    """What a house guideline teaches by; plain sentences without marks."""

    guideline: str
    language: str
    positive: tuple[str, ...]
    near_miss: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class HouseHead:
    guideline: str
    weights: Floats
    bias: float
    languages: tuple[str, ...]
    means: Floats
    threshold: float = 0.5

    def chance(self, vectors: Floats, language: str) -> Floats:
        """0-1 for each sentence vector."""
        known = language in self.languages
        mean = self.means[self.languages.index(language)] if known else self.means.mean(axis=0)
        return sigmoid(_unit(vectors - mean) @ self.weights + np.float32(self.bias))


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6), np.float32)


def fit_house(
    examples: HouseExamples,
    encoder: CachedEncoder,
    background: Floats,
    languages: Sequence[str],
    means: Floats,
) -> HouseHead:
    """Fit one head: its examples against near misses and ordinary sentences (rows already centred).

    Raises ValueError when there are no positive examples.
    """
    if not examples.positive:
        raise ValueError(f"{examples.guideline}: a house guideline needs positive examples")
    mean = (
        means[list(languages).index(examples.language)]
        if examples.language in languages
        else means.mean(axis=0)
    )
    yes = _unit(encoder.encode(examples.positive) - mean)
    near = _unit(encoder.encode(examples.near_miss) - mean) if examples.near_miss else yes[:0]
    x = np.concatenate([yes, near, _unit(background)]).astype(np.float64)
    y = np.concatenate([np.ones(len(yes)), np.zeros(len(near) + len(background))])
    # Each kind weighs as much as another, however many sentences it has.
    share = np.concatenate(
        [np.full(len(yes), 1 / len(yes)), np.full(len(near), 0.5 / max(len(near), 1)),
         np.full(len(background), 1 / max(len(background), 1))]
    )  # fmt: skip
    weights, bias = np.zeros(x.shape[1]), -1.0
    for _ in range(_ROUNDS):
        error = (1 / (1 + np.exp(-(x @ weights + bias))) - y) * share
        weights -= 4.0 * (x.T @ error + 2e-3 * weights)
        bias -= 1.0 * error.sum()
    return HouseHead(examples.guideline, weights.astype(np.float32), float(bias), tuple(languages), means)
