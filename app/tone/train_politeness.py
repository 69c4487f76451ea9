"""Fitting the politeness head on the Stanford Politeness Corpus (Danescu-Niculescu-Mizil et al. 2013).

Requests carry the mean of five raters, a z-score. Meaning carries over to other languages,
wording does not, so the two are fitted apart and the wording is only asked of English.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.tone.features import Floats, Wording
from app.tone.meaning_net import CachedEncoder
from app.tone.train_fit import linear, matrix, ridge

FOLDS = 10
_QUARTER = 0.25
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Politeness:
    """What is served (`arrays`), and the shares of held-out requests, of the outer quarters, on their side
    of 0: by meaning and wording, and by meaning alone."""

    arrays: Arrays
    accuracy: float
    meaning_alone: float


def fit_politeness(data_dir: Path, encoder: CachedEncoder, mean: Floats) -> Politeness:
    """`mean`: where the sentences of English mails lie, from which the meaning is measured.

    Raises FileNotFoundError without `politeness_wikipedia.csv` in `data_dir`.
    """
    texts, scores = [], []
    with (data_dir / "politeness_wikipedia.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            texts.append(row["text"])
            scores.append(float(row["score"]))
    score = np.array(scores, np.float32)
    vectors, wording = encoder.encode(texts) - mean, Wording(texts)
    rarity = wording.rarity(len(texts)).astype(np.float16).astype(np.float32)
    words = matrix(wording, rarity)
    low, high = np.quantile(score, [_QUARTER, 1 - _QUARTER])
    outer = (score <= low) | (score >= high)
    polite = score >= high

    fold = np.random.default_rng(0).permutation(len(texts)) % FOLDS
    held = np.zeros((len(texts), 3), np.float32)
    for number in range(FOLDS):
        test = fold == number
        looks = _looks(vectors[~test], words[~test], score[~test], outer[~test], polite[~test])
        held[test] = _ask(looks, vectors[test], words[test])
    # Each look on the raters' own scale, the vectors' counted double: with it the words gain most.
    share = np.array([2.0, 1.0, 1.0]) / held[outer].std(axis=0)
    both = held @ share
    slope = float(both @ score / (both @ both))
    alone = float(held[:, 0] @ score / (held[:, 0] @ held[:, 0]))

    whole = _looks(vectors, words, score, outer, polite)
    weights = whole.words @ share[1:] * slope
    bias = float(whole.bias @ share[1:] * slope)
    arrays: Arrays = {
        "politeness": whole.meaning * np.float32(alone),
        "politeness_rarity": rarity.astype(np.float16),
        "politeness_words": weights[:, None].astype(np.float16),
        # How much the meaning counts beside the wording, and where the wording's own zero lies.
        "politeness_english": np.array([share[0] * slope / alone, bias], np.float32),
    }
    hit = ((both > 0) == polite)[outer]
    return Politeness(arrays, float(hit.mean()), float(((held[:, 0] > 0) == polite)[outer].mean()))


@dataclass(frozen=True)
class _Looks:
    meaning: Floats
    words: Floats
    bias: Floats


def _looks(
    vectors: Floats, words: Any, score: Floats, outer: NDArray[np.bool_], polite: NDArray[np.bool_]
) -> _Looks:
    """Ridge on the vectors, ridge on the wording, a logistic head on the wording of the outer quarters."""
    from sklearn.linear_model import Ridge

    by_score = Ridge(alpha=1.0).fit(words, score)
    by_side, bias = linear(words[outer], polite[outer][:, None].astype(np.float32))
    return _Looks(
        ridge(vectors, score, 3.0),
        np.stack([by_score.coef_, by_side[:, 0]], axis=1).astype(np.float32),
        np.array([by_score.intercept_, bias[0]], np.float32),
    )


def _ask(looks: _Looks, vectors: Floats, words: Any) -> Floats:
    meaning = vectors @ looks.meaning[:-1] + looks.meaning[-1]
    return np.column_stack([meaning, words @ looks.words + looks.bias]).astype(np.float32)
