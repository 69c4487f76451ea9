"""Training: the committed weights come from the committed mails, and would again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from app.guidance.schema import load
from app.tone.features import CHAR_BUCKETS, Floats, Wording
from app.tone.meaning import AVOID, INCLUDE, MODEL, Reader, Weights
from app.tone.meaning_net import CachedEncoder, Net, sigmoid
from app.tone.meaning_sheet import bags
from app.tone.train import Example, train
from app.tone.train_data import (
    FOLDS,
    Mail,
    cases,
    digest,
    digest_examples,
    example_mails,
    fold_of,
    mail,
    meets,
)
from app.tone.train_fit import linear, matrix, net, ridge, trees
from app.tone.transformer import Transformer
from app.tone.types import SITUATIONS, Span

TRAINING = Path(__file__).parents[2] / "app" / "guidance" / "training"


class Silent:
    """An encoder for tests of what does not need meaning: numbers made from the letters."""

    def encode(self, texts: Sequence[str]) -> Floats:
        rows = np.zeros((len(texts), 512), np.float32)
        for row, text in zip(rows, texts, strict=True):
            codes = np.frombuffer(text.encode("utf-8", "replace"), np.uint8).astype(np.int64)
            np.add.at(row, codes * 2, 0.1)
        return rows


@lru_cache(maxsize=1)
def mails() -> tuple[Mail, ...]:
    encoder = CachedEncoder(Silent(), limit=100_000)
    return tuple(mail(case, fold_of(name), encoder) for name, case in cases(TRAINING))


def test_the_weights_were_trained_on_these_mails() -> None:
    stored = json.loads((MODEL / "heads.json").read_text("utf-8"))
    assert stored["training_mails"] == digest(TRAINING), "run `tactline train` and commit app/tone/model"


def test_the_weights_were_trained_on_these_examples() -> None:
    examples = [
        Example(guideline.id, language, text)
        for guideline in load().guidelines.values()
        for language, words in guideline.words.items()
        for text in (*(flag.text for flag in words.examples.positive), *words.examples.near_miss)
    ]
    stored = json.loads((MODEL / "heads.json").read_text("utf-8"))
    assert stored["training_examples"] == digest_examples(examples), "run `tactline train`"


def test_training_again_gives_the_committed_weights() -> None:
    """The situation's wording heads, fitted anew from the mails, are the committed ones."""
    drafts = [item for item in mails() if item.outgoing and len(item.page)]
    wording = bags(["\n".join(item.page.texts) for item in drafts])
    rarity = wording.rarity(len(wording)).astype(np.float16).astype(np.float32)
    stored = Weights.load().arrays
    assert np.array_equal(rarity, stored["situation_rarity"])
    kind = np.array([item.case["situation"] for item in drafts])
    for head in (0, 4):
        target = (kind == SITUATIONS[head]).astype(np.float32)[:, None]
        weights, bias = linear(matrix(wording, rarity), target)
        assert np.abs(weights[:, 0] - stored["situation_words"][:, head].astype(np.float32)).max() < 5e-3
        assert bias[0] == pytest.approx(stored["situation_bias"][head], abs=5e-3)


def test_every_label_is_found_in_a_judged_sentence() -> None:
    labelled = sum(len(item.spans) for item in mails())
    caught = sum(
        any(meets(clause.sentence, span) for clause in item.clauses)
        for item in mails()
        for _, span in item.spans
    )
    assert labelled > 4000
    assert caught / labelled > 0.99


def test_a_writers_file_is_never_split() -> None:
    assert {fold_of(name) for name, _ in cases(TRAINING)} == set(range(FOLDS))
    assert fold_of("clean") == 3


def test_no_mails_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        train(tmp_path, [], tmp_path / "out")


def test_an_example_teaches_its_marked_words() -> None:
    encoder = CachedEncoder(Silent())
    yes = Example("complaining", "en", "The plan is here. [[We have been drowning in work all month]].")
    no = Example("complaining", "en", "The cellar was drowning in water.")
    other = Example("own-the-problem", "en", "[[It was our mistake]].")
    found = example_mails([yes, no, other], encoder)
    assert [item.fold for item in found] == [-1, -1, -1]
    assert found[0].targets[:, AVOID.index("complaining")].tolist() == [0, 1]
    assert found[1].targets.sum() == 0
    acts = found[2].acts
    assert acts is not None
    assert acts[0].tolist() == [float(name == "own-the-problem") for name in INCLUDE]
    assert yes.plain == "The plan is here. We have been drowning in work all month."


def test_a_net_learns_and_is_the_same_each_time() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((400, 8)).astype(np.float32)
    y = (x[:, :1] * x[:, 1:2] > 0).astype(np.float32)
    first, again = (
        net(
            x,
            np.arange(400),
            y,
            hidden=16,
            epochs=80,
            seed=3,
            rate=2e-2,
            dropout=0,
            input_dropout=0,
            batch=32,
        )
        for _ in range(2)
    )
    assert np.array_equal(first.w1, again.w1)
    assert ((sigmoid(first(x)) > 0.5) == (y > 0.5)).mean() > 0.9


def test_a_pooled_net_finds_the_telling_row() -> None:
    rng = np.random.default_rng(2)
    x = rng.standard_normal((900, 6)).astype(np.float32)
    owner = np.repeat(np.arange(300), 3)
    x[:, 0] = 0
    y = (rng.random(300) < 0.5).astype(np.float32)[:, None]
    x[np.arange(300)[y[:, 0] > 0] * 3 + 1, 0] = 3
    model = net(x, owner, y, hidden=16, epochs=40, seed=0, dropout=0.0, input_dropout=0.0, batch=32)
    rows = model(x)[:, 0].reshape(300, 3)
    assert (rows[y[:, 0] > 0].argmax(axis=1) == 1).mean() > 0.95


def test_a_net_survives_storage() -> None:
    model = Net(*(np.ones(shape, np.float32) for shape in ((3, 2), (2,), (2, 4), (4,))))
    assert np.array_equal(Net.load(model.save("x"), "x").w1, model.w1)


def test_flattened_trees_say_what_the_library_says() -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(0)
    x = rng.standard_normal((2000, 5)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] ** 2 > 1).astype(float)
    ours = trees(x, y, rounds=20)
    theirs = HistGradientBoostingClassifier(
        max_iter=20, learning_rate=0.06, max_leaf_nodes=12, max_depth=6, min_samples_leaf=60,
        l2_regularization=5.0, early_stopping=False, random_state=0,
    ).fit(x, y)  # fmt: skip
    assert np.allclose(ours(x), theirs.decision_function(x), atol=1e-4)


def test_ridge_recovers_a_line() -> None:
    x = np.random.default_rng(0).standard_normal((200, 3)).astype(np.float32)
    assert np.allclose(ridge(x, x @ np.array([1, -2, 0.5], np.float32) + 3, 1e-6), [1, -2, 0.5, 3], atol=1e-3)


def test_wording_weighs_rare_pieces_and_ignores_what_was_seen_once() -> None:
    wording = Wording(["the plan", "the lamp", "the zzyzx"])
    rarity = wording.rarity(3)
    x = matrix(wording, rarity)
    weights = np.zeros((x.shape[1], 1), np.float16)
    weights[:CHAR_BUCKETS] = 1
    assert np.allclose(wording.times(rarity, weights), x @ weights.astype(np.float32), atol=1e-4)
    shared, alone = wording.columns[: wording.starts[2]], wording.columns[wording.starts[2] :]
    assert (rarity[np.setdiff1d(alone, shared)] == 0).all()
    assert (rarity > 0).any()


def test_a_shared_half_of_the_shorter_span_is_a_match() -> None:
    assert meets(Span(0, 10), Span(5, 100))
    assert not meets(Span(0, 10), Span(6, 100))


def test_the_reader_serves_what_was_trained() -> None:
    reader = Reader.of(Weights.load(), CachedEncoder(Silent()), Transformer(MODEL))
    assert len(reader.weights.figures["avoid_thresholds"]) == len(AVOID)
    assert all(0 < limit < 1 for limit in reader.weights.figures["avoid_thresholds"])
