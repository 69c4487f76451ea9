"""The deep look: a small multilingual transformer that reads clauses in their sentence and mail.

Two storeys. Below, the first six layers of multilingual-e5-small, fine-tuned, read each
sentence for itself (int8, ONNX Runtime), so that what they say of a sentence can be
remembered: after one changed sentence only that one is read again. Above, two light layers
over the clauses of the whole mail (numpy) set each clause among the others. Heads answer
for each clause (guidelines broken, helpful acts, promised dates) and for the mail.

Training is in `train_transformer`; how this shape was chosen in docs/accuracy.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from app.tone.features import Floats
from app.tone.memory import Memory
from app.tone.types import AVOID, INCLUDE, INCOMING_SITUATIONS, SITUATIONS, TEMPERATURES

MAX_CLAUSES = 320
"""Clauses of one message that are looked at; those after them are left to the quick looks."""
MAX_TOKENS = 128
"""Tokens of one sentence that are looked at, its two edge marks included."""
EDGE = 32
"""Places counted from the start of a mail; then come the last eight, counted from its end."""
TAIL = 8
CLAUSE_HEADS = len(AVOID) + len(INCLUDE) + 1
MAIL_HEADS = len(INCLUDE) + len(SITUATIONS) + 1 + len(TEMPERATURES) + len(INCOMING_SITUATIONS)
_MIXERS = 2  # layers of the mail storey
_HEADS = 6  # of the mail storey
_EPS = 1e-5
_SENTENCES = 6_000


@dataclass(frozen=True, eq=False)
class Outline:
    """A message as the transformer takes it: sentences, and the clauses in each as (start, end) in it."""

    sentences: tuple[str, ...]
    clauses: tuple[tuple[tuple[int, int], ...], ...]


@dataclass(frozen=True, eq=False)
class DeepLook:
    """Logits. The first `len(avoid)` clauses of the message have a row; the mail has one of each."""

    avoid: Floats
    include: Floats
    promised: Floats
    mail_include: Floats
    situation: Floats
    rating: float
    temperature: Floats
    situations: Floats


def tokenizer(pieces: Sequence[tuple[str, float]], unknown: int) -> Tokenizer:
    """multilingual-e5's way of cutting text, with these pieces and their scores."""
    found = Tokenizer(models.Unigram(list(pieces), unk_id=unknown))
    found.normalizer = normalizers.Sequence([normalizers.Replace(Regex(r"\s"), " "), normalizers.NFKC()])
    found.pre_tokenizer = pre_tokenizers.Metaspace()
    return found


class Pieces:
    """multilingual-e5's sentence pieces, cut down to those that the four languages need."""

    def __init__(self, path: Path) -> None:
        stored: dict[str, Any] = json.loads(path.read_text("utf-8"))
        pieces = [(str(text), float(score)) for text, score in stored["pieces"]]
        self.start, self.end, self.pad = (int(stored[key]) for key in ("start", "end", "pad"))
        self._tokenizer = tokenizer(pieces, int(stored["unknown"]))

    def encode(self, sentences: Sequence[str]) -> list[tuple[list[int], list[tuple[int, int]]]]:
        """The pieces of each sentence and where each lies in it; long sentences are cut."""
        safe = [text.encode("utf-8", "replace").decode("utf-8") for text in sentences]
        most = MAX_TOKENS - 2
        found = self._tokenizer.encode_batch(safe)
        return [(item.ids[:most], item.offsets[:most]) for item in found]

    def of_clauses(
        self, offsets: Sequence[tuple[int, int]], clauses: Sequence[tuple[int, int]]
    ) -> list[tuple[int, int]]:
        """First and past-the-last piece of each clause, counted with the start mark before them."""
        out = []
        for start, end in clauses:
            inside = [i for i, (a, b) in enumerate(offsets) if b > start and a < end and b > a]
            first, last = (inside[0], inside[-1]) if inside else (len(offsets) - 1, len(offsets) - 1)
            out.append((max(first, 0) + 1, max(last, 0) + 2))
        return out


class Transformer:
    """Loads once, reads from any thread. Remembers sentences by a keyed hash, never by their words."""

    def __init__(self, folder: Path, remember: int = _SENTENCES) -> None:
        with np.load(folder / "transformer.npz", allow_pickle=False) as stored:
            self._arrays: Mapping[str, NDArray[Any]] = {
                key: stored[key] if key.startswith("embedding") else stored[key].astype(np.float32)
                for key in stored.files
            }
        self._mixers = [
            {key.removeprefix(name): value for key, value in self._arrays.items() if key.startswith(name)}
            for name in (f"mix{number}_" for number in range(_MIXERS))
        ]
        self._pieces = Pieces(folder / "pieces.json")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Ten MiB less, and no slower: sentences differ in length, so that a plan for one fits no other, and
        # weights that are packed for the arithmetic need not stay in the arena too.
        options.enable_mem_pattern = False
        options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
        self._session = onnxruntime.InferenceSession(
            str(folder / "sentences.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._known: Memory[Floats] = Memory(remember)

    def read(self, outline: Outline) -> DeepLook:
        """Judge a message's clauses. The message must have at least one."""
        count = 0
        sentences = []
        for text, clauses in zip(outline.sentences, outline.clauses, strict=True):
            if count >= MAX_CLAUSES:
                break
            sentences.append((text, clauses))
            count += len(clauses)
        x = np.concatenate([self._sentence(text, clauses) for text, clauses in sentences])
        x = x + self._arrays["place"][places(len(x))]
        for mixer in self._mixers:
            x = _mix(x, mixer)
        x = _normal(x, self._arrays["final_scale"], self._arrays["final_shift"])
        clause = x @ self._arrays["clause_w"] + self._arrays["clause_b"]
        pooled = np.concatenate([x.mean(axis=0), x.max(axis=0)])
        mail = pooled @ self._arrays["mail_w"] + self._arrays["mail_b"]
        return split(clause, mail)

    def _sentence(self, text: str, clauses: Sequence[tuple[int, int]]) -> Floats:
        """The vectors of the clauses of a sentence.

        One sentence at a time: int8 scales are set by what runs together, and a sentence must read
        the same whatever its company. It costs a tenth more than batches.
        """

        def make(_: str) -> Floats:
            ((row, offsets),) = self._pieces.encode([text])
            return self._pooled(self._states(row), self._pieces.of_clauses(offsets, clauses))

        return self._known.get(f"{clauses}{text}", make)

    def _states(self, row: Sequence[int]) -> Floats:
        """The token states of a sentence: (tokens, width)."""
        ids = np.array([self._pieces.start, *row, self._pieces.end])
        words = self._arrays["embedding"][ids].astype(np.float32)
        words *= self._arrays["embedding_scale"][ids].astype(np.float32)[:, None]
        x = words + self._arrays["position"][: len(ids)]
        x = _normal(x, self._arrays["embed_scale"], self._arrays["embed_shift"], 1e-12)
        (states,) = self._session.run(None, {"x": x[None]})
        return np.asarray(states[0], np.float32)

    def _pooled(self, states: Floats, ranges: Sequence[tuple[int, int]]) -> Floats:
        rows = np.stack(
            [np.concatenate([states[a:b].mean(axis=0), states[a:b].max(axis=0)]) for a, b in ranges]
        )
        x = rows @ self._arrays["pool_w"] + self._arrays["pool_b"]
        return _normal(x, self._arrays["pool_scale"], self._arrays["pool_shift"])


def places(count: int) -> NDArray[np.int64]:
    """Where each clause of a mail stands: from its start, the last ones from its end."""
    place = np.minimum(np.arange(count), EDGE - 1)
    tail = min(count, TAIL)
    place[count - tail :] = EDGE + np.arange(tail)[::-1]
    return place


def split(clause: NDArray[Any], mail: NDArray[Any]) -> DeepLook:
    """The outputs of the heads by what they mean."""
    at = np.cumsum([len(INCLUDE), len(SITUATIONS), 1, len(TEMPERATURES)])
    include, situation, rating, temperature, situations = np.split(np.asarray(mail, np.float32), at)
    clause = np.asarray(clause, np.float32)
    stop = len(AVOID) + len(INCLUDE)
    return DeepLook(
        clause[:, : len(AVOID)], clause[:, len(AVOID) : stop], clause[:, stop],
        include, situation, float(rating[0]), temperature, situations,
    )  # fmt: skip


def _mix(x: Floats, w: Mapping[str, Floats]) -> Floats:
    """One pre-norm transformer layer over the clauses of a mail."""
    count, width = x.shape
    y = _normal(x, w["n1_scale"], w["n1_shift"]) @ w["qkv_w"] + w["qkv_b"]
    q, k, v = y.reshape(count, 3, _HEADS, -1).transpose(1, 2, 0, 3)
    scores = q @ k.transpose(0, 2, 1) * np.float32((width / _HEADS) ** -0.5)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    x = x + (weights @ v).transpose(1, 0, 2).reshape(count, width) @ w["o_w"] + w["o_b"]
    y = _normal(x, w["n2_scale"], w["n2_shift"]) @ w["f1_w"] + w["f1_b"]
    return np.asarray(x + _gelu(y) @ w["f2_w"] + w["f2_b"], np.float32)


def _normal(x: Floats, scale: Floats, shift: Floats, eps: float = _EPS) -> Floats:
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(eps))
    return np.asarray(centred / spread * scale + shift, np.float32)


def _gelu(x: Floats) -> Floats:
    # The exact form needs erf, which numpy lacks: Abramowitz and Stegun 7.1.26, right to 1.5e-7.
    z = np.abs(x) * np.float32(0.7071067811865476)
    t = 1 / (1 + np.float32(0.3275911) * z)
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.sign(x) * (1 - poly * np.exp(-z * z))
    return np.asarray(0.5 * x * (1 + erf), np.float32)
