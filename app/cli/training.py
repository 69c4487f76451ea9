"""`tactline train` and `tactline accuracy`: the sentence reader made again, and measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from app.guidance.schema import ROOT, load
from app.tone import train as trainer
from app.tone.meaning import MODEL
from app.tone.train import Example

_MAILS = ROOT / "training"


def _examples() -> list[Example]:
    """What the guidelines' own examples teach; house guidelines learn when they are loaded instead."""
    return [
        Example(guideline.id, language, text)
        for guideline in load().guidelines.values()
        for language, words in guideline.words.items()
        for text in (*(flag.text for flag in words.examples.positive), *words.examples.near_miss)
    ]


def train(politeness: Path | None) -> Path:
    """Fit all heads and write the weights; the folder that they are in."""
    trainer.train(_MAILS, _examples(), MODEL, politeness_dir=politeness)
    return MODEL


def accuracy() -> Mapping[str, Mapping[str, float]]:
    """Figures by language on the training mails, each judged by heads that never saw its writer."""
    return trainer.cross_validate(_MAILS, _examples())


def table(figures: Mapping[str, Mapping[str, float]]) -> str:
    """The figures as a Markdown table, one column a language."""
    columns = list(figures)
    measures = list(dict.fromkeys(measure for column in columns for measure in figures[column]))
    rows = ["| measure | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for measure in measures:
        cells = (f"{figures[c][measure]:.3f}" if measure in figures[c] else "" for c in columns)
        rows.append(f"| {measure} | " + " | ".join(cells) + " |")
    return "\n".join(rows)
