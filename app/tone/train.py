"""Rebuilding the reader's heads from the training mails: the same mails, the same weights.

Later looks are fitted on what earlier ones say of mails they have not seen (five folds, a
writer's file never split), and thresholds are set there too, so that they hold for new mail.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.tone.features import BUCKETS, Floats, Ints, Wording
from app.tone.meaning import (
    AROUND,
    MODEL,
    Weights,
    element_features,
    mention_features,
    mention_rows,
    situation_features,
    telling_parts,
)  # fmt: skip
from app.tone.meaning_net import CachedEncoder, MultilingualEncoder, Net, sigmoid, softmax
from app.tone.meaning_sheet import bags, by_sentence, mail_row, pair_rows, sentence_rows
from app.tone.train_data import (
    FOLDS,
    Deep,
    Example,
    Mail,
    Mentions,
    cases,
    deep_of,
    digest,
    digest_examples,
    example_mails,
    fold_of,
    mail,
    mentions,
)  # fmt: skip
from app.tone.train_fit import linear, matrix, net, trees
from app.tone.train_limits import (
    best_threshold,
    element_limits,
    finding_limits,
    situations_limit,
    stack_multi,
    stack_single,
)  # fmt: skip
from app.tone.train_politeness import fit_politeness
from app.tone.types import AVOID, INCLUDE, INCOMING_SITUATIONS, LANGUAGES, SITUATIONS, TEMPERATURES

Arrays = dict[str, NDArray[Any]]
_BACKGROUND = 800


@dataclass(frozen=True, eq=False)
class Trained:
    """What training makes, and what its heads said of each mail while it was held out."""

    weights: Weights
    held_out: Mapping[str, NDArray[Any]]


def train(
    data_dir: Path, examples: Sequence[Example], out_dir: Path = MODEL, seed: int = 0,
    politeness_dir: Path | None = None, encoder: CachedEncoder | None = None,
) -> Trained:  # fmt: skip
    """Fit every head and write `heads.npz` and `heads.json` into `out_dir`.

    The politeness head is fitted only where its public data is given (`politeness_dir` with
    `politeness_wikipedia.csv`); otherwise `politeness.npz` stays as it is.
    Raises FileNotFoundError when there are no mails.
    """
    encoder = encoder or CachedEncoder(MultilingualEncoder(), limit=200_000)
    trained, _ = cross_validate(data_dir, examples, encoder, seed, out_dir)
    figures = dict(trained.weights.figures) | {
        "training_mails": digest(data_dir),
        "training_examples": digest_examples(examples),
    }
    out_dir.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out_dir / "heads.npz", **trained.weights.arrays)  # type: ignore[arg-type]
    (out_dir / "heads.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    if politeness_dir is not None:
        means = trained.weights.arrays["language_means"].astype(np.float32)
        head = fit_politeness(politeness_dir, encoder, means[list(LANGUAGES).index("en")])
        np.savez_compressed(out_dir / "politeness.npz", **head.arrays)  # type: ignore[arg-type]
    return Trained(Weights(trained.weights.arrays, figures), trained.held_out)


def fit(mails: Sequence[Mail], extra: Sequence[Mail], encoder: CachedEncoder, seed: int = 0) -> Trained:
    """Every head but politeness, from mails already cut up; writes nothing."""
    arrays: Arrays = {}
    figures: dict[str, Any] = {}
    held: dict[str, NDArray[Any]] = {}
    drafts = [item for item in mails if item.outgoing and len(item.page)]
    received = [item for item in mails if not item.outgoing and len(item.page)]
    _ground(drafts, arrays, figures)
    situation = _fit_situation(drafts, arrays, held, seed)
    _fit_sentences(drafts, extra, situation, arrays, figures, held, seed)
    _fit_incoming(received, arrays, figures, held, seed)
    for direction in ("outgoing", "incoming"):
        _fit_dates(mentions(mails, direction), direction, encoder, arrays, figures, held)
    return Trained(Weights(arrays, figures), held)


def _held_out(
    fold: Ints, heads: int, fit_predict: Callable[[NDArray[np.bool_], NDArray[np.bool_]], Floats]
) -> Floats:
    """What a head says of each row when fitted on the other folds (rows outside all folds always teach)."""
    out = np.zeros((len(fold), heads), np.float32)
    for number in range(FOLDS):
        test = fold == number
        if test.any():
            out[test] = fit_predict(~test, test)
    return out


def _words(
    name: str, wording: Wording, y: Floats, fold: Ints, arrays: Arrays, strength: float = 8.0
) -> Floats:
    """Fit the wording heads of `name`; answers their held-out logits. Rows of `wording` beyond
    those of `y` teach nothing and are only judged."""
    taught = len(y)
    rarity = wording.rarity(taught).astype(np.float16).astype(np.float32)
    x = matrix(wording, rarity)
    weights, bias = linear(x[:taught], y, strength)
    arrays |= {f"{name}_rarity": rarity, f"{name}_bias": bias, f"{name}_words": weights.astype(np.float16)}

    def fit_predict(teach: NDArray[np.bool_], test: NDArray[np.bool_]) -> Floats:
        part, offset = linear(x[:taught][teach[:taught]], y[teach[:taught]], strength)
        return np.asarray(x[test] @ part + offset, np.float32)

    return _held_out(fold, y.shape[1], fit_predict)


def _nets(
    name: str, x: Floats, owner: Ints, y: Floats, fold: Ints, arrays: Arrays, **options: Any
) -> Floats:  # fmt: skip
    """Fit the net of `name` on rows grouped by `owner`; answers held-out logits, one row a row of `x`."""
    arrays |= net(x, owner, y, **options).save(f"{name}_net")
    row_fold = fold[owner]

    def fit_predict(teach: NDArray[np.bool_], test: NDArray[np.bool_]) -> Floats:
        kept = np.flatnonzero(np.bincount(owner[teach], minlength=len(y)))
        renumber = np.searchsorted(kept, owner[teach])
        return net(x[teach], renumber, y[kept], **options)(x[test])

    return _held_out(row_fold, y.shape[1], fit_predict)


def _ground(drafts: Sequence[Mail], arrays: Arrays, figures: dict[str, Any]) -> None:
    """Where each language's sentences lie on average, and ordinary ones for house heads to stand off."""
    means = []
    background = []
    for language in LANGUAGES:
        own = [item for item in drafts if item.page.language == language]
        vectors = np.concatenate([item.page.vectors for item in own])
        clean = np.concatenate([item.page.vectors[item.targets.sum(axis=1) == 0] for item in own])
        means.append(vectors.mean(axis=0))
        step = max(1, len(clean) * len(LANGUAGES) // _BACKGROUND)
        background.append(clean[::step] - means[-1])
    arrays["language_means"] = np.stack(means).astype(np.float16)
    arrays["house_background"] = np.concatenate(background).astype(np.float16)
    figures["house_languages"] = figures["mean_languages"] = list(LANGUAGES)


def _fit_situation(
    drafts: Sequence[Mail], arrays: Arrays, held: dict[str, NDArray[Any]], seed: int
) -> Floats:
    fold = np.array([item.fold for item in drafts])
    kind = np.array([SITUATIONS.index(item.case["situation"]) for item in drafts])
    y = np.eye(len(SITUATIONS), dtype=np.float32)[kind]
    text = _words("situation", bags(["\n".join(item.page.texts) for item in drafts]), y, fold, arrays)
    asked = _words("asked", bags([item.page.context for item in drafts]), y, fold, arrays)
    asked *= np.array([bool(item.page.context) for item in drafts])[:, None]
    x = np.stack([mail_row(item.page) for item in drafts])
    deep = _nets(
        "situation", x, np.arange(len(x)), y, fold, arrays, hidden=64, epochs=30, seed=seed, batch=64
    )
    looks = np.stack([situation_features(item.deep, item.asked_deep) for item in drafts])
    features = np.concatenate([text, asked, deep, looks], axis=1)
    arrays["situation_stack"], logits = stack_single(features, kind, fold)
    held["situation"] = softmax(logits)
    return softmax(logits)


def _fit_sentences(
    drafts: Sequence[Mail], extra: Sequence[Mail], situation: Floats, arrays: Arrays,
    figures: dict[str, Any], held: dict[str, NDArray[Any]], seed: int,
) -> None:  # fmt: skip
    everything = [*drafts, *extra]
    owner = np.repeat(np.arange(len(everything)), [len(item.page) for item in everything])
    mail_fold = np.array([item.fold for item in everything])
    fold = mail_fold[owner]
    x = np.concatenate([sentence_rows(item.page) for item in everything])
    y = np.concatenate([item.targets for item in everything])
    rows = len(np.concatenate([item.page.firsts[:-1] for item in drafts]))
    # Elements are labelled by mail: the pooling net finds the sentences, which then teach the wording heads.
    present = np.array([[name in item.case["present"] for name in INCLUDE] for item in drafts], np.float32)
    own, own_fold = owner[:rows], mail_fold[: len(drafts)]
    # Examples say which sentence performs the act: each of their sentences is a group of its own.
    taught = [item.acts for item in extra if item.acts is not None]
    groups = np.concatenate([own, len(drafts) + np.arange(len(x) - rows)])
    group_fold = np.concatenate([own_fold, np.full(len(x) - rows, -1)])
    include = _nets(
        "include", x, groups, np.concatenate([present, *taught]), group_fold, arrays,
        hidden=96, epochs=20, seed=seed, batch=64,
    )[:rows]  # fmt: skip
    evidence = np.concatenate([_telling(include, own, present), *taught])
    # The clauses ride along, to see afterwards how well held-out heads find them inside their sentence.
    part_fold = np.repeat([item.fold for item in drafts], [len(item.page.parts) for item in drafts])
    wording = Wording(
        [text for item in everything for text in item.page.texts]
        + [text for item in drafts for text in item.page.parts]
    )
    target = np.concatenate([y, evidence], axis=1)
    judged = _words("sentence", wording, target, np.concatenate([fold, part_fold]), arrays)
    words, held["parts"] = judged[: len(y)], judged[len(y) :, : len(AVOID)]
    avoid = _nets("avoid", x, np.arange(len(x)), y, fold, arrays, hidden=256, epochs=15, seed=seed)
    bag = _words(
        "include", bags(["\n".join(item.page.texts) for item in drafts]), present, own_fold, arrays, 4.0
    )
    starts = np.searchsorted(own, np.arange(len(drafts)))
    stops = np.append(starts[1:], rows)
    pairs, elements = [], []
    for number, item in enumerate(drafts):
        part = slice(starts[number], stops[number])
        wording_, meaning = words[part, : len(AVOID)], avoid[part]
        quick = np.asarray((wording_ + meaning) / 2, np.float32)
        deep = by_sentence(deep_of(item).avoid, item.page, quick)
        pairs.append(pair_rows(wording_, meaning, deep, item.page))
        elements.append(
            element_features(
                bag[number], words[part, len(AVOID) :], include[part], deep_of(item),
                situation[number], item.page.language,
            )
        )  # fmt: skip
    cuts = np.cumsum([len(item.page.parts) for item in drafts])[:-1]
    split = np.split(held["parts"], cuts)
    told = [telling_parts(rows_, deep_of(item)) for rows_, item in zip(split, drafts, strict=True)]
    held["parts"] = np.concatenate(told)
    second = np.concatenate(pairs)
    asked = y[:rows].reshape(-1)
    arrays |= trees(second, asked).save("avoid_trees")
    pair_fold = np.repeat(fold[:rows], len(AVOID))
    chance = _held_out(
        pair_fold, 1, lambda teach, test: sigmoid(trees(second[teach], asked[teach])(second[test]))[:, None]
    ).reshape(rows, len(AVOID))
    held["avoid"] = chance
    figures |= finding_limits(chance, drafts, starts, stops)
    arrays["include_stack"], logits = stack_multi(np.stack(elements), present, own_fold)
    held["include"] = sigmoid(logits)
    figures["include_thresholds"] = element_limits(
        sigmoid(logits), present, [i.case["situation"] for i in drafts]
    )


def _telling(logits: Floats, owner: Ints, present: Floats) -> Floats:
    """Of each mail that has an element, the sentence that most speaks for it, and any nearly as strong."""
    out = np.zeros_like(logits)
    for number in range(len(present)):
        part = slice(*np.searchsorted(owner, [number, number + 1]))
        top = logits[part].max(axis=0)
        out[part] = (logits[part] >= np.where(top > 0, np.maximum(top - 1.0, 0), top)) * present[number]
    return out


def _fit_incoming(
    received: Sequence[Mail],
    arrays: Arrays,
    figures: dict[str, Any],
    held: dict[str, NDArray[Any]],
    seed: int,
) -> None:
    fold = np.array([item.fold for item in received])
    heat = np.array([TEMPERATURES.index(item.case["temperature"]) for item in received])
    kinds = np.array(
        [[s in item.case["situations"] for s in INCOMING_SITUATIONS] for item in received], np.float32
    )
    y = np.concatenate([np.eye(len(TEMPERATURES), dtype=np.float32)[heat], kinds], axis=1)
    words = _words("incoming", bags(["\n".join(item.page.texts) for item in received]), y, fold, arrays)
    x = np.stack([mail_row(item.page) for item in received])
    deep = _nets("incoming", x, np.arange(len(x)), y, fold, arrays, hidden=64, epochs=60, seed=seed, batch=64)
    owner = np.repeat(np.arange(len(received)), [len(item.page) for item in received])
    rows = np.concatenate([sentence_rows(item.page) for item in received])
    telling = _nets("received", rows, owner, y, fold, arrays, hidden=64, epochs=60, seed=seed, batch=64)
    pooled = np.logaddexp.reduceat(telling, np.searchsorted(owner, np.arange(len(received))), axis=0)
    looks = [np.concatenate([deep_of(i).temperature, deep_of(i).situations]) for i in received]
    features = np.concatenate([words, deep, pooled, np.stack(looks)], axis=1)
    arrays["temperature_stack"], logits = stack_single(features, heat, fold)
    held["temperature"] = softmax(logits)
    arrays["situations_stack"], logits = stack_multi(features, kinds, fold)
    held["situations"] = sigmoid(logits)
    figures["situations_threshold"] = situations_limit(sigmoid(logits), kinds)


def _fit_dates(
    found: Mentions, direction: str, encoder: CachedEncoder,
    arrays: Arrays, figures: dict[str, Any], held: dict[str, NDArray[Any]],
) -> None:  # fmt: skip
    from scipy.sparse import csr_matrix, hstack

    name = f"dates_{direction}"
    parts = [Wording([texts[number] for texts in found.around]) for number in range(len(AROUND))]
    rarities = [part.rarity(len(part)).astype(np.float16).astype(np.float32) for part in parts]
    dense = mention_rows(found.around, encoder) * np.float32(1.5)
    sparse = [matrix(part, rarity) for part, rarity in zip(parts, rarities, strict=True)]
    x = hstack([*sparse, csr_matrix(dense)]).tocsr()
    y = found.target[:, None]
    weights, bias = linear(x, y, 2.0)
    for number, (part, rarity) in enumerate(zip(AROUND, rarities, strict=True)):
        arrays |= {
            f"{name}_{part}_rarity": rarity,
            f"{name}_{part}_bias": bias if number == 0 else np.zeros_like(bias),
        }
        arrays[f"{name}_{part}_words"] = weights[number * BUCKETS : (number + 1) * BUCKETS].astype(np.float16)
    arrays[f"{name}_dense"] = weights[len(AROUND) * BUCKETS :, 0] * np.float32(1.5)

    def fit_predict(teach: NDArray[np.bool_], test: NDArray[np.bool_]) -> Floats:
        part, offset = linear(x[teach], y[teach], 2.0)
        return np.asarray(x[test] @ part + offset, np.float32)

    words = _held_out(found.fold, 1, fit_predict)[:, 0]
    rows = np.stack(
        [
            mention_features(words[n : n + 1], item.deep, item.clauses, [mention])[0]
            for n, (item, mention) in enumerate(found.found)
        ]
    )
    arrays[f"{name}_stack"], logits = stack_multi(rows, y, found.fold)
    chance = sigmoid(logits)[:, 0]
    held[name] = np.stack([chance, found.target])
    figures[f"{name}_threshold"] = best_threshold(chance, found.target)


def cross_validate(
    data_dir: Path,
    examples: Sequence[Example],
    encoder: CachedEncoder | None = None,
    seed: int = 0,
    folder: Path = MODEL,
) -> tuple[Trained, list[Mail]]:
    """The training mails, and what heads that were not taught their writers say of them.

    `folder` has the transformer. The thresholds, too, are those chosen on these mails: a little
    rosy, which `docs/accuracy.md` says.
    """
    encoder = encoder or CachedEncoder(MultilingualEncoder(), limit=200_000)
    deep = Deep.load(folder)
    mails = [mail(case, fold_of(name), encoder, deep) for name, case in cases(data_dir)]
    return fit(mails, example_mails(examples, encoder), encoder, seed), mails


__all__ = ["Example", "Net", "Trained", "cross_validate", "fit", "train"]
