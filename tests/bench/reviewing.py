"""The engine in this process: beside the bare model, beside itself after a change, and against length."""

from __future__ import annotations

import datetime as dt
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

from app.guidance.schema import load
from app.tone.language import detect
from app.tone.mail import read_text
from app.tone.meaning import Reader
from app.tone.meaning_sheet import outline
from app.tone.review import Engine, Message, Request
from app.tone.sentences import clauses
from app.tone.types import LANGUAGES
from app.tone.week import default_hours
from tests.bench.machine import Row, side_by_side
from tests.bench.mails import sentences, unseen

NOW = dt.datetime.fromisoformat("2026-03-10T09:30:00+01:00")
HOURS = default_hours("Europe/Paris")
TURNS = 24
LENGTHS = (20, 60, 200, 600, 2_000, 6_000, 20_000)


def engine() -> tuple[Engine, Reader]:
    reader = Reader.load()
    made = Engine(load(), reader)
    for language in LANGUAGES:
        made.review(asked(unseen(40, language)))
    return made, reader


def asked(text: str) -> Request:
    return Request(Message("outgoing", read_text(text)), NOW, HOURS)


def bare(reader: Reader, text: str) -> Callable[[], object]:
    """The two models alone on the tokens of a mail: nothing remembered, nothing concluded."""
    document = read_text(text)
    found = outline(document, clauses(document, detect(text)))
    transformer, encoder = reader.transformer, reader.encoder._encoder
    rows = [ids for ids, _ in transformer._pieces.encode(found.sentences)]

    def run() -> object:
        encoder.encode(list(found.sentences))
        return [transformer._states(row) for row in rows]

    return run


def against_the_model(made: Engine, reader: Reader) -> Iterator[Row]:
    """Each turn has mails of its own, so that nothing is remembered."""
    for name, plain in (("with nothing to offer", True), ("of people's sentences", False)):
        ratios, ours, models = [], [], []
        for turn in range(TURNS):
            language = LANGUAGES[turn % len(LANGUAGES)]
            text = unseen(200, language, plain=plain)
            model = bare(reader, text)
            model()  # its memory is warm, as it is after any other mail
            request = asked(text)
            spent = side_by_side({"model": model}, 3)["model"]
            begun = time.perf_counter()
            made.review(request)
            whole = time.perf_counter() - begun
            ratios.append(whole / spent)
            ours.append(whole)
            models.append(spent)
        yield Row(
            f"A review of 200 words {name}, unseen, against the bare models on the same tokens",
            f"{1000 * statistics.median(ours):.0f} ms against {1000 * statistics.median(models):.0f} ms",
            f"{statistics.median(ratios):.2f}x", "1.3x",
        )  # fmt: skip


def again(made: Engine) -> Iterator[Row]:
    for name, plain in (("with nothing to offer", True), ("of people's sentences", False)):
        firsts: list[float] = []
        seconds: list[float] = []
        for turn in range(TURNS):
            language = LANGUAGES[turn % len(LANGUAGES)]
            text = unseen(200, language, plain=plain)
            another = unseen(10, language, plain=plain).split("\n\n")[1]
            changed = text.replace(text.split("\n\n")[1].split(") ")[0], another.split(") ")[0], 1)
            for request, spent in ((asked(text), firsts), (asked(changed), seconds)):
                begun = time.perf_counter()
                made.review(request)
                spent.append(time.perf_counter() - begun)
        first, second = statistics.median(firsts), statistics.median(seconds)
        yield Row(
            f"A review of 200 words {name} after one changed sentence, against the first",
            f"{1000 * second:.0f} ms against {1000 * first:.0f} ms", f"{second / first:.2f}x", "0.2x",
        )  # fmt: skip


def against_length(made: Engine) -> Iterator[Row]:
    points = []
    for words in LENGTHS:
        spent = []
        for turn in range(2 if words > 5_000 else 4):
            text = unseen(words, LANGUAGES[turn % len(LANGUAGES)], plain=True)
            begun = time.perf_counter()
            made.review(asked(text))
            spent.append(time.perf_counter() - begun)
        points.append((words, statistics.median(spent)))
    x = np.log([words for words, _ in points])
    y = np.log([seconds for _, seconds in points])
    slope = float(np.polyfit(x, y, 1)[0])
    tail = (math.log(points[-1][1]) - math.log(points[2][1])) / (math.log(LENGTHS[-1]) - math.log(LENGTHS[2]))
    figures = ", ".join(f"{words}: {1000 * seconds:.0f} ms" for words, seconds in points)
    yield Row(
        "A review against its words", figures, f"exponent {slope:.2f}, from 200 words on {tail:.2f}", "1.1"
    )


STARTED = """
import time; begun = time.perf_counter()
from app.tone.review import Engine
from tests.bench.reviewing_cold import first
first(); print(time.perf_counter() - begun)
"""


def cold() -> Iterator[Row]:
    """From the start of Python to the first review, each in a process of its own."""
    spent = []
    for _ in range(5):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", STARTED], check=True, capture_output=True)  # noqa: S603 - ours
        spent.append(time.perf_counter() - begun)
    yield Row(
        "Cold start to the first review",
        "in a process of its own",
        f"{statistics.median(spent):.2f} s",
        "2.5 s",
    )


def rivals(made: Engine) -> Iterator[Row]:
    """Other checkers on the same English mails. They look for other things: this is about time alone."""
    texts = [unseen(200) for _ in range(TURNS)]
    works: dict[str, Callable[[str], object]] = {"Tactline": lambda text: made.review(asked(text))}
    works |= _installed()
    medians = {}
    for name, work in works.items():
        spent = []
        for text in texts if name != "Tactline" else [unseen(200) for _ in texts]:
            begun = time.perf_counter()
            work(text)
            spent.append(time.perf_counter() - begun)
        medians[name] = statistics.median(spent)
    for name in works:
        if name != "Tactline":
            yield Row(
                f"A review of 200 words, against {name}",
                f"{1000 * medians['Tactline']:.0f} ms against {1000 * medians[name]:.1f} ms",
                f"{medians['Tactline'] / medians[name]:.1f}x",
            )


def _installed() -> dict[str, Callable[[str], object]]:
    found: dict[str, Callable[[str], object]] = {}
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        analyzer = SentimentIntensityAnalyzer()
        found["VADER"] = analyzer.polarity_scores
    except ImportError:
        pass
    try:
        from proselint.checks import __register__
        from proselint.registry import CheckRegistry
        from proselint.tools import LintFile

        CheckRegistry().register_many(__register__)
        found["proselint"] = lambda text: LintFile("mail", content=text).lint()
    except ImportError:
        pass
    try:
        import spacy
        from convokit.politenessStrategies import PolitenessStrategies

        # The small English model as its makers ship it, or as somebody else has put it on an index.
        name = next(name for name in spacy.util.get_installed_models() if name.startswith("en_core_web_sm"))
        parser, strategies = spacy.load(name, disable=["ner"]), PolitenessStrategies()
        found["ConvoKit's politeness strategies"] = lambda text: strategies.transform_utterance(text, parser)
    except (ImportError, StopIteration):
        pass
    return found


def rows() -> list[Row]:
    made, reader = engine()
    for language in LANGUAGES:
        sentences(language)
    return [
        *against_the_model(made, reader), *again(made), *against_length(made), *rivals(made), *cold(),
    ]  # fmt: skip
