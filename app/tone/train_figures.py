"""Training mails read by heads that were not taught them: the reader as the engine will meet new mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.tone.features import Floats
from app.tone.meaning import ElementReading, Passage, Reader, Reading, choose_situations
from app.tone.meaning_hits import decide
from app.tone.train import Trained
from app.tone.train_data import Mail, Mentions, key_of, mentions
from app.tone.types import AVOID, INCLUDE, INCOMING_SITUATIONS, SITUATIONS, TEMPERATURES


@dataclass(frozen=True, eq=False)
class HeldOutReader:
    """A `Reader` that answers a training mail from `readings`, and any other text itself."""

    reader: Reader
    readings: Mapping[str, Reading]

    def read(self, passage: Passage) -> Reading:
        case = {
            "direction": passage.direction,
            "lang": passage.language,
            "text": passage.document.text,
        }
        known = self.readings.get(key_of(case))
        if known is None or len(known.mentions) != len(passage.mentions):
            return self.reader.read(passage)
        return known


def readings(trained: Trained, mails: Sequence[Mail]) -> dict[str, Reading]:
    """The held-out reading of each mail, by its key."""
    found = {direction: _dates(trained, mails, direction) for direction in ("outgoing", "incoming")}
    out: dict[str, Reading] = {}
    drafts = [item for item in mails if item.outgoing and len(item.page)]
    sentence = part = 0
    for number, item in enumerate(drafts):
        chance = trained.held_out["avoid"][sentence : sentence + len(item.page)]
        parts = trained.held_out["parts"][part : part + len(item.page.parts)]
        sentence += len(item.page)
        part += len(item.page.parts)
        key = key_of(item.case)
        out[key] = _draft(trained, item, number, chance, parts, found["outgoing"].get(key, ()))
    received = [item for item in mails if not item.outgoing and len(item.page)]
    for number, item in enumerate(received):
        key = key_of(item.case)
        out[key] = _received(trained, number, found["incoming"].get(key, ()))
    return out


def _draft(
    trained: Trained, item: Mail, number: int, chance: Floats, parts: Floats,
    dated: tuple[tuple[float, bool], ...],
) -> Reading:  # fmt: skip
    figures = trained.weights.figures
    hits = decide(chance, parts, item.page, figures["avoid_thresholds"], figures["second_threshold"])
    acts = trained.held_out["include"][number]
    present = acts >= np.asarray(figures["include_thresholds"])
    elements = tuple(
        ElementReading(name, float(acts[head]), bool(present[head]), 0 if present[head] else None)
        for head, name in enumerate(INCLUDE)
    )
    situation = trained.held_out["situation"][number]
    rating = None if item.deep is None else 3 + 2 * float(np.clip(item.deep.rating, -1, 1))
    return Reading(
        np.zeros((len(item.clauses), len(AVOID)), np.float32), tuple(hits), elements,
        dict(zip(SITUATIONS, situation.tolist(), strict=True)), None, None, (), dated, 50.0, rating,
    )  # fmt: skip


def _received(trained: Trained, number: int, dated: tuple[tuple[float, bool], ...]) -> Reading:
    heat = trained.held_out["temperature"][number]
    kinds = trained.held_out["situations"][number]
    chosen = choose_situations(kinds, trained.weights.figures["situations_threshold"])
    return Reading(
        np.zeros((0, len(AVOID)), np.float32), (), (), None,
        dict(zip(TEMPERATURES, heat.tolist(), strict=True)),
        dict(zip(INCOMING_SITUATIONS, kinds.tolist(), strict=True)),
        tuple(INCOMING_SITUATIONS[i] for i in chosen), dated, 50.0, None,
    )  # fmt: skip


def _dates(
    trained: Trained, mails: Sequence[Mail], direction: str
) -> dict[str, tuple[tuple[float, bool], ...]]:
    """The held-out verdicts on the dates of each mail, in their order."""
    found: Mentions = mentions(mails, direction)
    chance = trained.held_out[f"dates_{direction}"][0]
    limit = trained.weights.figures[f"dates_{direction}_threshold"]
    out: dict[str, tuple[tuple[float, bool], ...]] = {}
    for (item, _), value in zip(found.found, chance.tolist(), strict=True):
        key = key_of(item.case)
        out[key] = (*out.get(key, ()), (value, value >= limit))
    return out
