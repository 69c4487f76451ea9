"""`tactline train` and `tactline accuracy`: the reader made again, and the product measured."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from app.cli import measuring
from app.guidance.schema import ROOT, load
from app.tone import train as trainer
from app.tone import train_language
from app.tone.language import MODEL as LANGUAGE_MODEL
from app.tone.meaning import MODEL, Reader, language_mean
from app.tone.meaning_net import CachedEncoder, MultilingualEncoder
from app.tone.review import Engine
from app.tone.train import Example
from app.tone.train_data import cases, example_mails, fold_of, labelled, mail
from app.tone.train_figures import HeldOutReader, readings
from app.tone.train_politeness import fit_politeness

_MAILS = ROOT / "training"
_EVERY = 4  # of the training mails: enough for intervals of .02, in a quarter of the hour
_BLOCK = re.compile(r"(<!-- made by `make accuracy` -->\n).*?(<!-- end -->)", re.DOTALL)


def _examples() -> list[Example]:
    """What the guidelines' own examples teach; house guidelines learn when they are loaded instead."""
    return [
        Example(guideline.id, language, text)
        for guideline in load().guidelines.values()
        for language, words in guideline.words.items()
        for text in (*(flag.text for flag in words.examples.positive), *words.examples.near_miss)
    ]


def train(politeness: Path | None) -> Path:
    """Fit all heads, cut the language model, and write the weights; the folder that they are in."""
    train_language.cut(LANGUAGE_MODEL)
    trainer.train(_MAILS, _examples(), MODEL, politeness_dir=politeness)
    return MODEL


def train_transformer(say: Callable[[str], None]) -> None:
    """Fine-tune the transformer; the heads must be fitted again after it."""
    from app.tone import train_transformer as deep

    encoder = CachedEncoder(MultilingualEncoder(), limit=200_000)
    mails = [mail(case, fold_of(name), encoder) for name, case in cases(_MAILS)]
    texts = [str(item.case.get(part) or "") for item in mails for part in ("text", "context", "subject")]
    texts += [example.plain for example in _examples()]
    deep.train(mails, example_mails(_examples(), encoder), texts, MODEL, say)


def accuracy(paths: Sequence[Path], politeness: Path | None, say: Callable[[str], None]) -> str:
    """The figures of `docs/accuracy.md`: on the training mails, each read by heads that were not
    taught its writer's mails, on the labelled mails of `paths`, and on public politeness ratings."""
    trained, mails = trainer.cross_validate(_MAILS, _examples())
    held = HeldOutReader(Reader.load(), readings(trained, mails))
    own = [item.case for item in mails][::_EVERY]
    parts = ["### Training mails, held out by writer", _measured(Engine(load(), held), own, say)]
    others = [case for path in paths for case in labelled(path)]
    if others:
        parts += ["### Mails by others", _measured(Engine.load(), others, say)]
    if politeness is not None:
        encoder = CachedEncoder(MultilingualEncoder())
        fitted = fit_politeness(politeness, encoder, language_mean(Reader.load().weights, "en"))
        parts.append(
            "### Politeness, Wikipedia requests of the outer quarters, ten-fold\n\n"
            f"Right: {fitted.accuracy:.3f}; by meaning alone, as in the other languages: "
            f"{fitted.meaning_alone:.3f}."
        )
    return "\n\n".join(parts)


def _measured(engine: Engine, mails: Sequence[dict[str, object]], say: Callable[[str], None]) -> str:
    outcomes = [measuring.judge(case, *measuring.review(engine, case)) for case in mails]
    for case, outcome in zip(mails, outcomes, strict=True):
        for line in outcome.wrong:
            say(f"{case['id']} {line}")
    return measuring.table(outcomes)


def has_place(path: Path) -> bool:
    """Whether a document has the marks between which the figures go."""
    return path.is_file() and _BLOCK.search(path.read_text("utf-8")) is not None


def write(figures: str, path: Path) -> None:
    """Put the figures into a document, between its marks."""
    text = path.read_text("utf-8")
    path.write_text(_BLOCK.sub(lambda m: f"{m[1]}{figures}\n{m[2]}", text), "utf-8")
