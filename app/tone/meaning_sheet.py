"""One message laid out for the reader: its sentences, their vectors, and the numbers made of them.

Training and serving both come through here, so that what was learnt is what is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from app.tone.features import Floats, Wording
from app.tone.meaning_net import WIDTH, CachedEncoder, sigmoid
from app.tone.sentences import clauses, whole
from app.tone.transformer import Outline
from app.tone.types import LANGUAGES, Clause, Document, Span

MAX_CONTEXT = 6_000
"""Code points of the message being answered that are looked at."""
_SCALE = 4.0  # vectors have length one: bring their entries to the size of the indicators
FAR = -9.0  # the logit of a neighbour that does not exist
_AROUND = 60


@dataclass(frozen=True, eq=False)
class Sheet:
    """`firsts[i]` is the number of the first clause of sentence i; its last is before `firsts[i + 1]`."""

    language: str
    texts: tuple[str, ...]
    parts: tuple[str, ...]
    firsts: tuple[int, ...]
    vectors: Floats
    context: str
    context_vectors: Floats
    outline: Outline

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def bag(self) -> Wording:
        """The wording of the whole message."""
        return bags(["\n".join(self.texts)])


def sheet(
    document: Document, found: Sequence[Clause], language: str, context: str, encoder: CachedEncoder
) -> Sheet:
    """Lay out a message that answers `context` ("" when there is none)."""
    firsts = [0] if found else []
    firsts += [i + 1 for i, (a, b) in enumerate(pairwise(found)) if a.sentence != b.sentence]
    texts = tuple(document.text[found[i].sentence.start : found[i].sentence.end] for i in firsts)
    asked = context_sentences(context, language)
    vectors = encoder.encode([*texts, *asked])
    return Sheet(
        language, texts, tuple(clause.text for clause in found), (*firsts, len(found)),
        vectors[: len(texts)], context, vectors[len(texts) :], outline(document, found),
    )  # fmt: skip


def outline(document: Document, found: Sequence[Clause]) -> Outline:
    """The message as the transformer takes it."""
    sentences: dict[Span, list[tuple[int, int]]] = {}
    for clause in found:
        start = clause.sentence.start
        sentences.setdefault(clause.sentence, []).append((clause.span.start - start, clause.span.end - start))
    return Outline(
        tuple(document.text[span.start : span.end] for span in sentences),
        tuple(tuple(ranges) for ranges in sentences.values()),
    )


def context_sentences(context: str, language: str) -> list[str]:
    """The sentences of the message being answered."""
    text = context[:MAX_CONTEXT]
    spans = {clause.sentence: None for clause in clauses(whole(text), language)}
    return [text[span.start : span.end] for span in spans]


def sentence_rows(page: Sheet) -> Floats:
    """One row a sentence: it, its neighbours, the mail, the message answered, and plain marks."""
    own = page.vectors
    none = np.zeros((1, WIDTH), np.float32)
    before = np.concatenate([none, own[:-1]])
    after = np.concatenate([own[1:], none])
    mail = np.broadcast_to(own.mean(axis=0), own.shape)
    asked = page.context_vectors.mean(axis=0) if len(page.context_vectors) else none[0]
    marks = np.zeros((len(own), 12), np.float32)
    for number, text in enumerate(page.texts):
        marks[number] = [
            *(page.language == language for language in LANGUAGES),
            number / len(own), number == 0, number == len(own) - 1, min(len(text), 240) / 100,
            "!" in text, "?" in text or "؟" in text,
            page.firsts[number + 1] - page.firsts[number] > 1, len(page.context_vectors) > 0,
        ]  # fmt: skip
    parts = [
        own * _SCALE,
        before * _SCALE,
        after * _SCALE,
        mail * _SCALE,
        np.broadcast_to(asked * _SCALE, own.shape),
    ]
    return np.concatenate([*parts, marks], axis=1).astype(np.float32)


def _pooled(vectors: Floats) -> list[Floats]:
    if not len(vectors):
        return [np.zeros(WIDTH, np.float32)] * 2
    return [vectors.mean(axis=0) * _SCALE, vectors.max(axis=0) * _SCALE]


def mail_row(page: Sheet) -> Floats:
    """One row for the whole message and the one it answers."""
    text = " ".join(page.texts)
    letters = sum(char.isalpha() for char in text)
    marks = [
        *(page.language == language for language in LANGUAGES),
        len(page.context_vectors) > 0, min(len(text), 2000) / 500,
        min(text.count("!"), 5), min(text.count("?"), 5),
        sum(char.isupper() for char in text) / max(letters, 1),
    ]  # fmt: skip
    vectors = page.vectors if len(page) else np.zeros((1, WIDTH), np.float32)
    pooled = [*_pooled(vectors), *_pooled(page.context_vectors)]
    return np.concatenate([*pooled, np.array(marks, np.float32)]).astype(np.float32)


def by_sentence(clauses_: Floats, page: Sheet, otherwise: Floats) -> Floats:
    """Logits a clause (of the first clauses, as far as the deep look went) as logits a sentence: its
    likeliest clause. `otherwise` where it did not look."""
    out = otherwise.copy()
    for number in range(len(page)):
        within = clauses_[page.firsts[number] : page.firsts[number + 1]]
        if len(within):
            out[number] = within.max(axis=0)
    return out


def pair_rows(wording: Floats, meaning: Floats, deep: Floats, page: Sheet) -> Floats:
    """One row a sentence and guideline, for the second look: how sure the first looks are, what
    they say of other guidelines and sentences, and how suspicious the whole mail is.

    The arguments are logits, one row a sentence, one column a guideline.
    """
    count, heads = wording.shape
    both = np.asarray((wording + meaning + 2 * deep) / 4, np.float32)
    chance = sigmoid(both)
    any_here = 1 - np.prod(1 - chance, axis=1)
    other = _rival(both)
    far = np.full((1, heads), FAR, np.float32)
    worst = np.sort(np.concatenate([any_here, np.zeros(3)]))[::-1]

    def each(values: Any) -> Floats:
        return np.broadcast_to(np.asarray(values, np.float32)[:, None], (count, heads))

    def all_of(value: float) -> Floats:
        return np.full((count, heads), value, np.float32)

    columns: list[Floats] = [
        wording, meaning, deep, both, other, both - other,
        deep - _rival(deep),
        np.broadcast_to(deep.max(axis=0), both.shape),
        np.broadcast_to(both.max(axis=0), both.shape),
        np.concatenate([far, both[:-1]]), np.concatenate([both[1:], far]),
        each(np.concatenate([[FAR], any_here[:-1]])), each(any_here), all_of(float(chance.sum())),
        all_of(worst[0]), all_of(worst[1]), all_of(worst[2]), all_of(count),
        each([number / count for number in range(count)]), each([len(text) / 100 for text in page.texts]),
        np.broadcast_to(np.arange(heads), both.shape),
        *(all_of(page.language == language) for language in LANGUAGES),
    ]  # fmt: skip
    return np.stack(columns, axis=2).reshape(count * heads, -1).astype(np.float32)


def _rival(logits: Floats) -> Floats:
    """For each guideline the strongest other one of its sentence."""
    ordered = np.sort(logits, axis=1)
    return np.asarray(np.where(logits == ordered[:, -1:], ordered[:, -2:-1], ordered[:, -1:]), np.float32)


def mention_texts(text: str, sentence: Span, mention: Span) -> tuple[str, str, str]:
    """What surrounds a date: its sentence, and the words of it close before and after the date."""
    before = text[max(sentence.start, mention.start - _AROUND) : mention.start]
    after = text[mention.end : max(mention.end, min(sentence.end, mention.end + _AROUND))]
    return text[sentence.start : sentence.end], before, after


def bags(texts: Sequence[str]) -> Wording:
    """The wording of whole messages, long ones cut."""
    return Wording([text[:MAX_CONTEXT] for text in texts])
