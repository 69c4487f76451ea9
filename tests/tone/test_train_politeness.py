"""The politeness head, fitted on a small corpus of requests of which the outcome is plain."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from app.tone.features import Wording
from app.tone.meaning_net import WIDTH, CachedEncoder
from app.tone.train_politeness import fit_politeness


class Encoder:
    """Vectors that tell nothing: then only the wording can."""

    def encode(self, texts: list[str]) -> np.ndarray:
        return np.random.default_rng(len(texts)).standard_normal((len(texts), WIDTH)).astype(np.float32)


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    things = ("the plan", "the key", "a copy", "the date", "your notes", "a link", "the file", "the list")
    with (tmp_path / "politeness_wikipedia.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["text", "score"])
        for number in range(160):
            thing = f"{things[number % 8]} {number // 8}"
            writer.writerow([f"Could you please send {thing}, thank you?", 0.8 + number % 5 / 10])
            writer.writerow([f"Why did you not send {thing}, explain.", -0.8 - number % 5 / 10])
    return tmp_path


def test_wording_tells_requests_apart_and_scores_in_the_raters_scale(ratings: Path) -> None:
    encoder = CachedEncoder(Encoder())  # type: ignore[arg-type]
    fitted = fit_politeness(ratings, encoder, np.zeros(WIDTH, np.float32))
    assert fitted.accuracy > fitted.meaning_alone + 0.3
    assert fitted.meaning_alone < 0.7
    arrays = fitted.arrays
    texts = ["Could you please send the map, thank you?", "Why did you not send the map, explain."]
    words = Wording(texts).times(arrays["politeness_rarity"], arrays["politeness_words"])[:, 0]
    polite, rude = words + arrays["politeness_english"][1]
    assert polite > 0.3 > -0.3 > rude


def test_without_the_ratings_nothing_is_fitted(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fit_politeness(tmp_path, CachedEncoder(Encoder()), np.zeros(WIDTH, np.float32))  # type: ignore[arg-type]
