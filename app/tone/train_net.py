"""The transformer as PyTorch trains it; `transformer.py` serves the same arithmetic without PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as f
from numpy.typing import NDArray
from torch import nn

from app.tone.features import Floats
from app.tone.train_e5 import E5
from app.tone.transformer import CLAUSE_HEADS, EDGE, MAIL_HEADS, MAX_TOKENS, TAIL, places

LAYERS = 6
FROZEN = 2  # lowest layers left as they are: a third of the cost saved, nothing lost (docs/accuracy.md)
MIXERS = 2
_GROUP = 1536  # padded tokens that go through the sentence storey together


@dataclass(frozen=True, eq=False)
class Tokens:
    """A mail as numbers: the pieces of each sentence with its edge marks, and each clause's pieces."""

    ids: tuple[tuple[int, ...], ...]
    ranges: tuple[tuple[tuple[int, int], ...], ...]

    @property
    def clauses(self) -> int:
        return sum(len(item) for item in self.ranges)

    @property
    def length(self) -> int:
        return sum(len(item) for item in self.ids)


def numbers(x: Any) -> Floats:
    """A tensor's values."""
    return np.asarray(x.detach().float().numpy(), np.float32)


class SentenceLayer(nn.Module):  # type: ignore[misc]
    """A post-norm layer, as e5 has them."""

    def __init__(self, width: int, inner: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))
        self.fi, self.fo = nn.Linear(width, inner), nn.Linear(inner, width)
        self.l1, self.l2 = nn.LayerNorm(width, eps=1e-12), nn.LayerNorm(width, eps=1e-12)

    def forward(self, x: Any, mask: Any) -> Any:
        count, tokens, width = x.shape
        q, k, v = (
            part(x).view(count, tokens, self.heads, -1).transpose(1, 2) for part in (self.q, self.k, self.v)
        )
        weights = torch.softmax((q @ k.transpose(-1, -2)).float() * q.shape[-1] ** -0.5 + mask, -1)
        mixed = (weights.to(v.dtype) @ v).transpose(1, 2).reshape(count, tokens, width)
        x = self.l1(x + self.o(mixed))
        return self.l2(x + self.fo(_dropped(f.gelu(self.fi(x)), 0.1 if self.training else 0.0)))


def _dropped(x: Any, share: float) -> Any:
    """Dropout with one mask a sentence, not one a token: drawing random numbers was a tenth of the time."""
    if not share:
        return x
    keep = (torch.rand(x.shape[0], 1, x.shape[-1]) > share).to(x.dtype) / (1 - share)
    return x * keep


class Mixer(nn.Module):  # type: ignore[misc]
    """A pre-norm layer over the clauses of a mail."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.o = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.f1, self.f2 = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Any, there: Any) -> Any:
        count, clauses, width = x.shape
        q, k, v = (
            part.view(count, clauses, 6, -1).transpose(1, 2) for part in self.qkv(self.n1(x)).chunk(3, -1)
        )
        mixed = f.scaled_dot_product_attention(q, k, v, attn_mask=there[:, None, None, :])
        x = x + self.drop(self.o(mixed.transpose(1, 2).reshape(count, clauses, width)))
        return x + self.drop(self.f2(f.gelu(self.f1(self.n2(x)))))


class Network(nn.Module):  # type: ignore[misc]
    """e5's lower layers over sentences, mixers over clauses, heads."""

    def __init__(self, e5: E5, rows: Sequence[int], pad: int) -> None:
        super().__init__()
        width, self.pad = e5.width, pad
        word = torch.from_numpy(e5.packed("emb.word", e5.words, width)[list(rows)])
        self.word = nn.Embedding.from_pretrained(word, freeze=True)
        position = e5.plain("emb.pos", e5.places, width) + e5.plain("emb.type", width)
        self.position = nn.Parameter(torch.from_numpy(position), requires_grad=False)
        self.embed = nn.LayerNorm(width, eps=1e-12)
        self.layers = nn.ModuleList([SentenceLayer(width, e5.inner, e5.heads) for _ in range(LAYERS)])
        self.pool, self.pool_norm = nn.Linear(2 * width, width), nn.LayerNorm(width)
        self.place = nn.Embedding(EDGE + TAIL, width)
        nn.init.normal_(self.place.weight, std=0.02)
        self.mixers = nn.ModuleList([Mixer(width) for _ in range(MIXERS)])
        self.final, self.drop = nn.LayerNorm(width), nn.Dropout(0.1)
        self.clause, self.mail = nn.Linear(width, CLAUSE_HEADS), nn.Linear(2 * width, MAIL_HEADS)
        nn.init.constant_(self.clause.bias, -3.0)
        self._take_over(e5)

    def _take_over(self, e5: E5) -> None:
        width = e5.width
        with torch.no_grad():
            self.embed.weight.copy_(torch.from_numpy(e5.plain("emb.ln.w", width)))
            self.embed.bias.copy_(torch.from_numpy(e5.plain("emb.ln.b", width)))
            for number, layer in enumerate(self.layers):
                for name, linear in (("q", layer.q), ("k", layer.k), ("v", layer.v), ("ao", layer.o),
                                     ("fi", layer.fi), ("fo", layer.fo)):  # fmt: skip
                    rows, columns = linear.weight.shape
                    linear.weight.copy_(torch.from_numpy(e5.packed(f"l{number}.{name}.w", rows, columns)))
                    linear.bias.copy_(torch.from_numpy(e5.plain(f"l{number}.{name}.b", rows)))
                for name, norm in (("aln", layer.l1), ("oln", layer.l2)):
                    norm.weight.copy_(torch.from_numpy(e5.plain(f"l{number}.{name}.w", width)))
                    norm.bias.copy_(torch.from_numpy(e5.plain(f"l{number}.{name}.b", width)))
        for layer in [self.embed, *self.layers[:FROZEN]]:
            for parameter in layer.parameters():
                parameter.requires_grad = False

    def states(self, ids: Any) -> Any:
        x = self.embed(self.word(ids) + self.position[: ids.shape[1]])
        there = ids != self.pad
        mask = torch.zeros(ids.shape).masked_fill(~there, -1e4)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, mask)
        return x

    def _clauses(self, mails: Sequence[Tokens]) -> Any:
        """The vector of every clause of the mails, in order."""
        sentences = [item for mail in mails for item in zip(mail.ids, mail.ranges, strict=True)]
        order = sorted(range(len(sentences)), key=lambda i: len(sentences[i][0]))
        out: list[Any] = [None] * len(sentences)
        at = 0
        while at < len(order):
            stop = at + 1
            while stop < len(order) and (stop - at + 1) * len(sentences[order[stop]][0]) <= _GROUP:
                stop += 1
            group = order[at:stop]
            width = len(sentences[group[-1]][0])
            ids = torch.full((len(group), width), self.pad)
            for row, number in enumerate(group):
                ids[row, : len(sentences[number][0])] = torch.tensor(sentences[number][0])
            places_ = [(row, a, b) for row, number in enumerate(group) for a, b in sentences[number][1]]
            inside = torch.zeros(len(places_), width)
            for row, (_, a, b) in enumerate(places_):
                inside[row, a:b] = 1
            states = self.states(ids)[torch.tensor([row for row, _, _ in places_])]
            mean = (states * inside[..., None]).sum(1) / inside.sum(1, keepdim=True)
            most = (states + (inside[..., None] - 1) * 1e4).amax(1)
            pooled = torch.cat([mean, most], -1).split([len(sentences[number][1]) for number in group])
            for number, part in zip(group, pooled, strict=True):
                out[number] = part
            at = stop
        return self.pool_norm(self.pool(torch.cat(out)))

    def forward(self, mails: Sequence[Tokens]) -> tuple[Any, Any, Any]:
        """Logits a clause (mails, clauses, heads), logits a mail, and which clauses there are."""
        vectors = self._clauses(mails)
        counts = [mail.clauses for mail in mails]
        rows = torch.zeros(len(mails), max(counts), dtype=torch.long)
        place = torch.zeros_like(rows)
        at = 0
        for number, count in enumerate(counts):
            rows[number, :count] = torch.arange(at, at + count)
            place[number, :count] = torch.from_numpy(places(count))
            at += count
        there = torch.arange(max(counts))[None] < torch.tensor(counts)[:, None]
        x = vectors[rows] + self.place(place)
        for mixer in self.mixers:
            x = mixer(x, there)
        x = self.drop(self.final(x))
        inside = there[..., None].float()
        mean = (x * inside).sum(1) / inside.sum(1)
        most = (x + (inside - 1) * 1e4).amax(1)
        return self.clause(x), self.mail(torch.cat([mean, most], -1)), there

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What `transformer.py` needs beside the sentence storey's layers and the word vectors."""

        def norm(name: str, module: Any) -> dict[str, NDArray[Any]]:
            return {f"{name}_scale": numbers(module.weight), f"{name}_shift": numbers(module.bias)}

        def linear(name: str, module: Any) -> dict[str, NDArray[Any]]:
            return {f"{name}_w": numbers(module.weight.T), f"{name}_b": numbers(module.bias)}

        out = norm("embed", self.embed) | linear("pool", self.pool) | norm("pool", self.pool_norm)
        for number, mixer in enumerate(self.mixers):
            for name in ("n1", "n2"):
                out |= norm(f"mix{number}_{name}", getattr(mixer, name))
            for name in ("qkv", "o", "f1", "f2"):
                out |= linear(f"mix{number}_{name}", getattr(mixer, name))
        out |= norm("final", self.final) | linear("clause", self.clause) | linear("mail", self.mail)
        out |= {"place": numbers(self.place.weight), "position": numbers(self.position)[:MAX_TOKENS]}
        return {key: value.astype(np.float16) for key, value in out.items()}
