"""How well the heads do, by language, in the measures that the labelled cases are scored with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.tone.meaning import INCLUDE, choose_situations
from app.tone.meaning_hits import Hit, decide
from app.tone.train_data import Mail, meets
from app.tone.train_limits import missing_of
from app.tone.types import INCOMING_SITUATIONS, LANGUAGES, SITUATIONS, TEMPERATURES, Clause, Span


@dataclass
class Tally:
    """Hits, false alarms, misses."""

    both: int = 0
    have: int = 0
    want: int = 0

    def sets(self, want: Collection[str], have: Collection[str]) -> None:
        self.both += len(set(want) & set(have))
        self.have += len(have)
        self.want += len(want)

    @property
    def f1(self) -> float:
        return 2 * self.both / max(1, self.have + self.want)


def found_spans(hits: Sequence[Hit], clauses: Sequence[Clause]) -> list[tuple[str, Span]]:
    return [(hit.guideline, hit.span(clauses)) for hit in hits]


def match(
    want: Sequence[tuple[str, Span]], have: Sequence[tuple[str, Span]], tally: Callable[[str], Tally]
) -> None:
    """Count findings: same guideline and half of the shorter span shared, each used once."""
    free = list(have)
    for guideline, span in want:
        tally(guideline).want += 1
        hit = next((item for item in free if item[0] == guideline and meets(item[1], span)), None)
        if hit is not None:
            free.remove(hit)
            tally(guideline).both += 1
            tally(guideline).have += 1
    for guideline, _ in free:
        tally(guideline).have += 1


class Sheet:
    """Collects figures; keys are (language, measure)."""

    def __init__(self) -> None:
        self.tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
        self.shares: dict[tuple[str, str], list[bool]] = defaultdict(list)

    def draft(
        self, item: Mail, have: Sequence[tuple[str, Span]], present: Collection[str], situation: str
    ) -> None:
        for key in (item.page.language, "all"):
            match(item.spans, have, lambda _, key=key: self.tallies[key, "findings"])  # type: ignore[misc]
            if not item.spans:
                self.shares[key, "clean_flagged"].append(bool(have))
            self.tallies[key, "missing"].sets(item.case["missing"], missing_of(list(present), situation))
            self.tallies[key, "present"].sets(item.case["present"], present)
            self.shares[key, "situation"].append(situation == item.case["situation"])
        match(item.spans, have, lambda guideline: self.tallies["all", guideline])

    def received(self, item: Mail, temperature: str, situations: Collection[str]) -> None:
        for key in (item.page.language, "all"):
            self.shares[key, "temperature"].append(temperature == item.case["temperature"])
            self.tallies[key, "situations"].sets(item.case["situations"], situations)

    def result(self) -> dict[str, dict[str, float]]:
        out: dict[str, dict[str, float]] = {key: {} for key in (*LANGUAGES, "all")}
        for (key, measure), tally in sorted(self.tallies.items()):
            out[key][measure] = round(tally.f1, 3)
            if measure == "findings":
                out[key]["precision"] = round(tally.both / max(1, tally.have), 3)
                out[key]["recall"] = round(tally.both / max(1, tally.want), 3)
        for (key, measure), values in sorted(self.shares.items()):
            out[key][measure] = round(float(np.mean(values)), 3)
        return out


def figures_of(
    held: Mapping[str, np.ndarray], figures: Mapping[str, Any], mails: Sequence[Mail]
) -> dict[str, dict[str, float]]:  # fmt: skip
    """Figures by language of held-out answers (`Trained.held_out`) to these mails."""
    sheet = Sheet()
    drafts = [item for item in mails if item.outgoing and len(item.page)]
    sentence = part = 0
    limits = figures["avoid_thresholds"]
    for number, item in enumerate(drafts):
        chance = held["avoid"][sentence : sentence + len(item.page)]
        parts = held["parts"][part : part + len(item.page.parts)]
        sentence += len(item.page)
        part += len(item.page.parts)
        hits = decide(chance, parts, item.page, limits, figures["second_threshold"])
        over = held["include"][number] >= np.asarray(figures["include_thresholds"])
        present = [name for name, is_over in zip(INCLUDE, over, strict=True) if is_over]
        situation = SITUATIONS[int(held["situation"][number].argmax())]
        sheet.draft(item, found_spans(hits, item.clauses), present, situation)
    received = [item for item in mails if not item.outgoing and len(item.page)]
    for number, item in enumerate(received):
        temperature = TEMPERATURES[int(held["temperature"][number].argmax())]
        limit = figures["situations_threshold"]
        chosen = choose_situations(held["situations"][number], limit)
        sheet.received(item, temperature, [INCOMING_SITUATIONS[i] for i in chosen])
    result = sheet.result()
    for direction in ("outgoing", "incoming"):
        chance, target = held[f"dates_{direction}"]
        limit = figures[f"dates_{direction}_threshold"]
        over = chance >= limit
        want = target > 0.5
        result["all"][f"dates_{direction}"] = round(
            2 * float((over & want).sum()) / float(over.sum() + want.sum()), 3
        )
    return result
