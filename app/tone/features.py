"""What the reader sees in a sentence besides its meaning: hashed pieces of its wording.

The sentence encoder tells what is meant; the wording tells how ("at the end of the day",
"!!!", "ما قصّرنا"). Pieces are character 2- to 5-grams inside words and runs of 1 to 3
words of the folded text, hashed into a fixed number of buckets, so that no vocabulary has
to be kept and any language has a place.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from app.tone.memory import Memory
from app.tone.text import fold_text

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

CHAR_BUCKETS = 1 << 16
WORD_BUCKETS = 1 << 16
BUCKETS = CHAR_BUCKETS + WORD_BUCKETS
_TOKEN = re.compile(r"[^\W_]+|[!?]+")
_MAX_TOKEN = 40


def _letters(token: str) -> array[int]:
    """The buckets of a word's letters."""
    padded = f" {token} "
    return array(
        "I",
        [
            crc32(padded[start : start + size].encode("utf-8", "surrogatepass")) % CHAR_BUCKETS
            for size in (2, 3, 4, 5)
            for start in range(max(1, len(padded) - size + 1))
        ],
    )


_LETTERS: Memory[array[int]] = Memory(10_000)  # most words of a mail were in another mail


def pieces(text: str) -> list[int]:
    """The bucket of every piece of a text, repeats included."""
    tokens = [token[:_MAX_TOKEN] for token in _TOKEN.findall(fold_text(text))]
    raw = [token.encode("utf-8", "surrogatepass") for token in tokens]
    found: list[int] = []
    for number, token in enumerate(tokens):
        found += _LETTERS.get(token, _letters)
        for stop in range(number + 1, min(number + 4, len(raw) + 1)):
            found.append(CHAR_BUCKETS + crc32(b" ".join(raw[number:stop])) % WORD_BUCKETS)
    return found


def _counted(text: str) -> tuple[NDArray[np.int32], Floats]:
    """The buckets of a text, ascending, and 1 + log of how often each occurs."""
    # Thousands of them are remembered, so they are small.
    columns, counts = np.unique(np.array(pieces(text), dtype=np.int32), return_counts=True)
    return columns, (1.0 + np.log(counts)).astype(np.float32)


_NONE = (np.zeros(0, np.int64), np.zeros(0, np.float32))
# A reread draft is mostly the same sentences.
_COUNTED: Memory[tuple[NDArray[np.int32], Floats]] = Memory(4_000)


class Wording:
    """Sparse rows, one a text: `columns[starts[i]:starts[i + 1]]` with their `values`.

    Values are 1 + log(count), to be weighted by rarity; `weighted` scales each half (letters,
    words) of each row to length one.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        rows = [_COUNTED.get(text, _counted) for text in texts]
        self.columns: Ints = np.concatenate([_NONE[0], *(columns for columns, _ in rows)])
        self.values: Floats = np.concatenate([_NONE[1], *(values for _, values in rows)])
        self.starts: Ints = np.cumsum([0, *(len(columns) for columns, _ in rows)], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def rows(self) -> Ints:
        """The row of every entry."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def rarity(self, count: int) -> Floats:
        """Of each bucket: log of how few of the first `count` texts have it, plus one. 0 where fewer
        than two have it: what was seen once teaches nothing, and its weights need not be kept."""
        holders = np.bincount(self.columns[: self.starts[count]], minlength=BUCKETS)
        weight = np.log((1 + count) / (1 + holders)) + 1
        return np.where(holders > 1, weight, 0.0).astype(np.float32)

    def weighted(self, rarity: Floats) -> Floats:
        """The values times rarity, each half of each row scaled to length one."""
        values = self.values * rarity[self.columns]
        half = self.rows() * 2 + (self.columns >= CHAR_BUCKETS)
        length = np.sqrt(np.bincount(half, weights=values**2, minlength=2 * len(self)))
        scale = 1.0 / np.maximum(length, 1e-6)
        return (values * scale[half]).astype(np.float32)

    def times(self, rarity: Floats, weights: NDArray[np.float16]) -> Floats:
        """The weighted rows times a matrix of one row a bucket: one row a text."""
        product = weights[self.columns].astype(np.float32) * self.weighted(rarity)[:, None]
        out = np.zeros((len(self), weights.shape[1]), dtype=np.float32)
        filled = np.flatnonzero(np.diff(self.starts))
        if len(filled):
            out[filled] = np.add.reduceat(product, self.starts[filled], axis=0)
        return out
