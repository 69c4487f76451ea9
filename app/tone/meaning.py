"""The clause reader: what a message says and how, sentence by sentence, in any of the languages.

`Reader.read` is the one function behind which the model can change. This one looks four
times: at each sentence's wording (linear heads on hashed n-grams), at its meaning in its
surroundings (a small net on multilingual sentence vectors), at each clause with a fine-tuned
transformer, and then at what these said about the sentence, its neighbours and the whole
mail (boosted trees), which decides.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from app.tone.features import Floats, Wording
from app.tone.meaning_hits import Hit, decide
from app.tone.meaning_house import HouseExamples, HouseHead, fit_house
from app.tone.meaning_net import CachedEncoder, MultilingualEncoder, Net, Trees, sigmoid, softmax
from app.tone.meaning_sheet import (
    FAR,
    Sheet,
    bags,
    by_sentence,
    mail_row,
    mention_texts,
    pair_rows,
    sentence_rows,
    sheet,
)
from app.tone.sentences import clauses, whole
from app.tone.transformer import DeepLook, Transformer
from app.tone.types import (
    AVOID,
    INCLUDE,
    INCOMING_SITUATIONS,
    LANGUAGES,
    SITUATIONS,
    TEMPERATURES,
    Clause,
    DateMention,
    Direction,
    Document,
)  # fmt: skip

__all__ = [
    "AROUND", "AVOID", "INCLUDE", "MODEL", "ElementReading", "Hit", "HouseExamples", "Passage", "Reader",
    "Reading", "Weights", "choose_situations", "element_features", "mention_around", "mention_rows",
]  # fmt: skip

MODEL = Path(__file__).parent / "model"
NETS = ("avoid", "include", "situation", "incoming", "received")
AROUND = ("sentence", "before", "after")  # the texts around a date mention, each with its own wording head
_FLOOR = 1e-3  # first looks below this chance are not looked at again


@dataclass(frozen=True)
class Passage:
    """What is read. `context`: earlier messages, oldest first, the latest incoming one last.

    `mentions` are the dates found in `document.text`; `clauses` come from `sentences.clauses`. What is
    `muted` is not looked for, so that it takes no sentence from another guideline.
    """

    document: Document
    clauses: tuple[Clause, ...]
    language: str
    direction: Direction
    context: tuple[str, ...] = ()
    mentions: tuple[DateMention, ...] = ()
    muted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ElementReading:
    """Whether the message performs a helpful act; `clause` is the first clause of the sentence that does."""

    guideline: str
    probability: float
    present: bool
    clause: int | None


@dataclass(frozen=True, eq=False)
class Reading:
    """What the reader makes of a passage. Probabilities are 0-1, `politeness` 0-100.

    `probabilities` has a row for each clause and a column for each of `AVOID`.
    `situation` (of a draft) sums to 1, as does `temperature`: of the incoming message, or for a
    draft of the latest context, None when there are no words; likewise `situations` and `chosen_situations`.
    `mentions` runs along `Passage.mentions`: the chance that the date is the writer's promise
    (outgoing) or the client's deadline (incoming), and whether it passes for one. `rating` is how a
    reviewer would rate the draft, 1 (will end the relationship) to 5 (send it), None without words.
    """

    probabilities: Floats
    findings: tuple[Hit, ...]
    elements: tuple[ElementReading, ...]
    situation: Mapping[str, float] | None
    temperature: Mapping[str, float] | None
    situations: Mapping[str, float] | None
    chosen_situations: tuple[str, ...]
    mentions: tuple[tuple[float, bool], ...]
    politeness: float
    rating: float | None


@dataclass(frozen=True, eq=False)
class Weights:
    """All that training makes: arrays by name, and figures by name (thresholds, scales)."""

    arrays: Mapping[str, NDArray[Any]]
    figures: Mapping[str, Any]

    @classmethod
    def load(cls, folder: Path = MODEL) -> Weights:
        """Read `heads.npz`, `politeness.npz` and `heads.json`. Raises FileNotFoundError."""
        arrays: dict[str, NDArray[Any]] = {}
        for name in ("heads.npz", "politeness.npz"):
            with np.load(folder / name, allow_pickle=False) as stored:
                arrays |= {key: stored[key] for key in stored.files}
        return cls(arrays, json.loads((folder / "heads.json").read_text("utf-8")))


@dataclass(frozen=True, eq=False)
class Reader:
    """Loads once, reads from any thread."""

    weights: Weights
    encoder: CachedEncoder
    transformer: Transformer
    house: tuple[HouseHead, ...]
    _net: Mapping[str, Net]
    _trees: Trees

    @classmethod
    def load(cls, folder: Path = MODEL) -> Reader:
        """The reader with the committed weights. Raises FileNotFoundError."""
        # For all of this process: reviews run beside each other, and their threads wait for one another.
        threadpool_limits(1, user_api="blas")
        return cls.of(Weights.load(folder), CachedEncoder(MultilingualEncoder()), Transformer(folder))

    @classmethod
    def of(cls, weights: Weights, encoder: CachedEncoder, transformer: Transformer) -> Reader:
        nets = {name: Net.load(weights.arrays, f"{name}_net") for name in NETS}
        return cls(weights, encoder, transformer, (), nets, Trees.load(weights.arrays, "avoid_trees"))

    def with_house_guidelines(self, examples: Sequence[HouseExamples]) -> Reader:
        """The same reader with heads for an organisation's own guidelines, in every language."""
        background = self.weights.arrays["house_background"].astype(np.float32)
        languages = [str(code) for code in self.weights.figures["house_languages"]]
        means = self.weights.arrays["language_means"].astype(np.float32)
        heads = tuple(fit_house(item, self.encoder, background, languages, means) for item in examples)
        return replace(self, house=self.house + heads)

    def read(self, passage: Passage) -> Reading:
        """Judge one message. The same passage gives the same reading, to rounding."""
        outgoing = passage.direction == "outgoing"
        context = next((text for text in reversed(passage.context) if text.strip()), "") if outgoing else ""
        page = sheet(passage.document, passage.clauses, passage.language, context, self.encoder)
        deep = self.transformer.read(page.outline) if len(page) else None
        asked = page if not outgoing else self._page(context, passage.language) if context else None
        asked_deep = deep
        if outgoing:
            asked_deep = self.transformer.read(asked.outline) if asked and len(asked) else None
        temperature, situations, chosen = (
            (None, None, ()) if asked is None or asked_deep is None else self._incoming(asked, asked_deep)
        )
        situation = self._situation(page, deep, asked_deep) if outgoing else None
        probabilities, hits, elements = self._sentences(page, deep, situation, passage.muted)
        if not outgoing:
            hits, elements = (), ()
        return Reading(
            probabilities, hits, elements,
            dict(zip(SITUATIONS, situation.tolist(), strict=True)) if situation is not None else None,
            temperature, situations, chosen, self._mentions(passage, deep), self._politeness(page),
            None if deep is None else 3 + 2 * min(1.0, max(-1.0, deep.rating)),
        )  # fmt: skip

    def _page(self, text: str, language: str) -> Sheet:
        document = whole(text)
        return sheet(document, clauses(document, language), language, "", self.encoder)

    def _wording(self, name: str, wording: Wording) -> Floats:
        arrays = self.weights.arrays
        product = wording.times(arrays[f"{name}_rarity"], arrays[f"{name}_words"])
        return np.asarray(product + arrays[f"{name}_bias"], np.float32)

    def _sentences(
        self, page: Sheet, deep: DeepLook | None, situation: Floats | None, muted: frozenset[str]
    ) -> tuple[Floats, tuple[Hit, ...], tuple[ElementReading, ...]]:
        probabilities = np.zeros((len(page.parts), len(AVOID)), np.float32)
        if deep is None:
            absent = tuple(ElementReading(name, 0.0, False, None) for name in INCLUDE)
            return probabilities, (), absent
        rows = sentence_rows(page)
        words = self._wording("sentence", Wording(page.texts))
        avoid_words, include_words = words[:, : len(AVOID)], words[:, len(AVOID) :]
        meaning = self._net["avoid"](rows)
        quick = np.asarray((avoid_words + meaning) / 2, np.float32)
        chance = self._second_look(avoid_words, meaning, by_sentence(deep.avoid, page, quick), page)
        chance[:, [head for head, name in enumerate(AVOID) if name in muted]] = 0
        parts = avoid_words
        if len(page.parts) > len(page):
            parts = self._wording("sentence", Wording(page.parts))[:, : len(AVOID)]
        parts = telling_parts(parts, deep)
        for number in range(len(page)):
            within = parts[page.firsts[number] : page.firsts[number + 1]]
            share = np.exp(np.minimum(within - within.max(axis=0), 0))
            probabilities[page.firsts[number] : page.firsts[number + 1]] = chance[number] * share
        limits, second = self.weights.figures["avoid_thresholds"], self.weights.figures["second_threshold"]
        hits = decide(chance, parts, page, limits, second) + self._house(page, muted)
        elements = self._elements(page, deep, include_words, self._net["include"](rows), situation)
        return (
            probabilities,
            tuple(sorted(hits, key=lambda hit: (hit.first, hit.last, hit.guideline))),
            elements,
        )

    def _second_look(self, wording: Floats, meaning: Floats, deep: Floats, page: Sheet) -> Floats:
        """The chance of each guideline in each sentence."""
        rows = pair_rows(wording, meaning, deep, page)
        worth = sigmoid(((wording + meaning + 2 * deep) / 4).reshape(-1)) > _FLOOR
        chance = np.zeros(len(rows), np.float32)
        if worth.any():
            chance[worth] = sigmoid(self._trees(rows[worth]))
        return chance.reshape(wording.shape)

    def _house(self, page: Sheet, muted: frozenset[str]) -> list[Hit]:
        hits: list[Hit] = []
        heads = [head for head in self.house if head.guideline not in muted]
        if heads and page.parts:
            texts = (*page.parts, *page.texts)
            vectors = self.encoder.encode(texts)
            for head in heads:
                chance = head.chance(vectors, page.language)
                for number in range(len(page)):
                    first, last = page.firsts[number], page.firsts[number + 1]
                    part = first + int(chance[first:last].argmax())
                    sentence = float(chance[len(page.parts) + number])
                    if chance[part] >= head.threshold and chance[part] >= sentence:
                        hits.append(Hit(head.guideline, part, float(chance[part]), part, part))
                    elif sentence >= head.threshold:
                        hits.append(Hit(head.guideline, part, sentence, first, last - 1))
        return hits

    def _elements(
        self, page: Sheet, deep: DeepLook, wording: Floats, meaning: Floats, situation: Floats | None
    ) -> tuple[ElementReading, ...]:
        bag = self._wording("include", page.bag)[0]
        features = element_features(bag, wording, meaning, deep, situation, page.language)
        chance = sigmoid(
            features @ self.weights.arrays["include_stack"][:-1] + self.weights.arrays["include_stack"][-1]
        )
        limits = self.weights.figures["include_thresholds"]
        found = []
        acts = by_sentence(deep.include, page, np.full((len(page), len(INCLUDE)), FAR, np.float32))
        for head, name in enumerate(INCLUDE):
            # Acts keep company ("Sorry. Our mistake."): the evidence is where this one stands out.
            others = np.delete(wording, head, axis=1).max(axis=1)
            best = int((wording[:, head] - 0.5 * others + acts[:, head]).argmax())
            present = bool(chance[head] >= limits[head])
            found.append(
                ElementReading(name, float(chance[head]), present, page.firsts[best] if present else None)
            )
        return tuple(found)

    def _situation(self, page: Sheet, deep: DeepLook | None, asked_deep: DeepLook | None) -> Floats:
        text = self._wording("situation", page.bag)[0]
        asked = self._wording("asked", bags([page.context]))[0] if page.context else np.zeros_like(text)
        net = self._net["situation"](mail_row(page)[None])[0]
        features = np.concatenate([text, asked, net, situation_features(deep, asked_deep)])
        stack = self.weights.arrays["situation_stack"]
        return softmax(features @ stack[:-1] + stack[-1])

    def _incoming(
        self, page: Sheet, deep: DeepLook
    ) -> tuple[Mapping[str, float], Mapping[str, float], tuple[str, ...]]:
        words = self._wording("incoming", page.bag)[0]
        sentences = np.logaddexp.reduce(self._net["received"](sentence_rows(page)), axis=0)
        net = self._net["incoming"](mail_row(page)[None])[0]
        features = np.concatenate([words, net, sentences, deep.temperature, deep.situations])
        heat = self.weights.arrays["temperature_stack"]
        kind = self.weights.arrays["situations_stack"]
        chance = sigmoid(features @ kind[:-1] + kind[-1])
        temperature = softmax(features @ heat[:-1] + heat[-1])
        chosen = choose_situations(chance, self.weights.figures["situations_threshold"])
        return (
            dict(zip(TEMPERATURES, temperature.tolist(), strict=True)),
            dict(zip(INCOMING_SITUATIONS, chance.tolist(), strict=True)),
            tuple(INCOMING_SITUATIONS[i] for i in chosen),
        )

    def _mentions(self, passage: Passage, deep: DeepLook | None) -> tuple[tuple[float, bool], ...]:
        if not passage.mentions:
            return ()
        around = [mention_around(passage.document, passage.clauses, mention) for mention in passage.mentions]
        name = f"dates_{passage.direction}"
        logits = mention_rows(around, self.encoder) @ self.weights.arrays[f"{name}_dense"]
        for number, part in enumerate(AROUND):
            logits = (
                logits + self._wording(f"{name}_{part}", Wording([texts[number] for texts in around]))[:, 0]
            )
        stack = self.weights.arrays[f"{name}_stack"]
        features = mention_features(logits, deep, passage.clauses, passage.mentions)
        chance = sigmoid((features @ stack[:-1] + stack[-1])[:, 0])
        limit = self.weights.figures[f"dates_{passage.direction}_threshold"]
        return tuple((float(value), bool(value >= limit)) for value in chance)

    def _politeness(self, page: Sheet) -> float:
        """By meaning in every language; the wording counts where it was learnt, in English."""
        if not len(page):
            return 50.0
        head = self.weights.arrays["politeness"].astype(np.float32)
        vectors = page.vectors - language_mean(self.weights, page.language)
        score = vectors @ head[:-1] + head[-1]
        if page.language == "en":
            meaning, bias = self.weights.arrays["politeness_english"].tolist()
            arrays = self.weights.arrays
            words = Wording(page.texts).times(arrays["politeness_rarity"], arrays["politeness_words"])
            score = meaning * score + words[:, 0] + bias
        return round(100 * float(sigmoid(2.0 * score.mean(keepdims=True))[0]), 1)


def language_mean(weights: Weights, language: str) -> Floats:
    """Where a language's sentences lie on average: taken away where heads must carry across languages."""
    means = weights.arrays["language_means"].astype(np.float32)
    codes = list(weights.figures["mean_languages"])
    mean = means[codes.index(language)] if language in codes else means.mean(axis=0)
    return np.asarray(mean, np.float32)


def telling_parts(wording: Floats, deep: DeepLook) -> Floats:
    """How much each clause speaks for each guideline: wording and the deep look, where it looked."""
    out = wording.copy()
    out[: len(deep.avoid)] = (out[: len(deep.avoid)] + deep.avoid) / 2
    return out


def situation_features(deep: DeepLook | None, asked: DeepLook | None) -> Floats:
    """What the deep look says of the draft's situation, and of the message answered."""
    own = deep.situation if deep is not None else np.zeros(len(SITUATIONS), np.float32)
    heard = np.zeros(len(TEMPERATURES) + len(INCOMING_SITUATIONS) + 1, np.float32)
    if asked is not None:
        heard = np.concatenate([asked.temperature, asked.situations, np.ones(1, np.float32)])
    return np.concatenate([own, heard])


def mention_features(
    logits: Floats, deep: DeepLook | None, found: Sequence[Clause], mentions: Sequence[DateMention]
) -> Floats:
    """What decides on each date: the words around it, and the deep look at its clause (0: none)."""
    out = np.zeros((len(mentions), 2), np.float32)
    out[:, 0] = logits
    for number, mention in enumerate(mentions):
        at = next((n for n, c in enumerate(found) if c.span.overlap(mention.span)), None)
        if deep is not None and at is not None and at < len(deep.promised):
            out[number, 1] = deep.promised[at]
    return out


def element_features(
    bag: Floats, wording: Floats, meaning: Floats, deep: DeepLook, situation: Floats | None, language: str
) -> Floats:
    """What decides on the elements: the mail's wording, the best sentence by each look, the situation."""
    pooled = np.logaddexp.reduce(meaning, axis=0)
    known = np.log(np.clip(situation, 1e-3, 1)) if situation is not None else np.full(len(SITUATIONS), -2.0)
    marks = [float(language == code) for code in LANGUAGES]
    acts = np.logaddexp.reduce(deep.include, axis=0)
    return np.concatenate([bag, wording.max(axis=0), pooled, acts, deep.mail_include, known, marks]).astype(
        np.float32
    )


def choose_situations(chance: Floats, threshold: float) -> list[int]:
    """One to three incoming situations: the likeliest, and others over the threshold; in catalogue order."""
    order = np.argsort(-chance, kind="stable")[:3]
    return sorted(int(i) for rank, i in enumerate(order) if rank == 0 or chance[i] >= threshold)


def mention_around(document: Document, found: Sequence[Clause], mention: DateMention) -> tuple[str, str, str]:
    """The texts that tell whether a date is promised: `mention_texts` in the sentence it stands in."""
    holder = next((c.sentence for c in found if c.sentence.overlap(mention.span)), mention.span)
    return mention_texts(document.text, holder, mention.span)


def mention_rows(around: Sequence[tuple[str, str, str]], encoder: CachedEncoder) -> Floats:
    """The dense features of date mentions: the vectors of the sentence and of the words near the date."""
    near = encoder.encode([f"{before} ■ {after}" for _, before, after in around])
    return np.concatenate([encoder.encode([sentence for sentence, _, _ in around]), near], axis=1)
