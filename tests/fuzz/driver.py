"""Runs targets on damaged inputs, and keeps those that fail.

Inputs are damaged copies of the kept ones and of those that took another way than all before. What is
another way is told by the code that ran, where `atheris` is installed, and else by the target's own word.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import random
import resource
import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz import leaks
from tests.fuzz.mutation import mutated

CORPUS = Path(__file__).parent / "corpus"
_STUCK = 60  # so many times as long by the clock, and it is broken off
_EVERY = 60.0


class Hang(AssertionError):  # noqa: N818 - reads as what it says
    """An input takes too long."""


@dataclass
class Report:
    """What came of a target. `log` gets a line a minute, `folder` the inputs that failed.

    Seconds are of the process's own time: what others on the machine take does not count as fuzzing.
    """

    target: str
    seed: int
    folder: Path | None = None
    log: Path | None = None
    inputs: int = 0
    failures: int = 0
    slowest: float = 0.0
    words: set[str] = field(default_factory=set)
    begun: float = field(default_factory=time.process_time)
    _told: float = field(default_factory=time.monotonic)
    _known: set[str] = field(default_factory=set)

    def failed(self, data: bytes, error: BaseException) -> None:
        """Keeps an input; one for each place that fails."""
        self.failures += 1
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{type(error).__name__}-{Path(last.filename).stem}-{last.lineno}"
        if self.folder is None or place in self._known:
            return
        self._known.add(place)
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{self.target}-{place}-{hashlib.sha256(data).hexdigest()[:12]}"
        (self.folder / name).write_bytes(data)
        words = "".join(traceback.format_exception(error))
        told = f"seed {self.seed}\n{words}".encode("utf-8", "replace")
        (self.folder / f"{name}.txt").write_bytes(told)

    @property
    def seconds(self) -> float:
        return time.process_time() - self.begun

    def line(self, *, done: bool = False) -> dict[str, Any]:
        return {
            "target": self.target, "inputs": self.inputs, "seconds": round(self.seconds, 1),
            "failures": self.failures, "ways": len(self.words), "slowest": round(self.slowest, 2),
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "seed": self.seed,
            "done": done,
        }  # fmt: skip

    def tell(self, *, done: bool = False) -> None:
        if self.log is None or not (done or time.monotonic() - self._told > _EVERY):
            return
        self._told = time.monotonic()
        with self.log.open("a", encoding="utf-8") as out:
            out.write(json.dumps(self.line(done=done)) + "\n")


@contextmanager
def _clocked(size: int, per_part: float) -> Iterator[None]:
    """Raises Hang for what takes more of this process's time than it may; breaks off what never ends."""
    most = per_part * (1 + size // (100 << 10))

    def stuck(_: int, __: FrameType | None) -> None:
        raise Hang("broken off")

    before = signal.signal(signal.SIGALRM, stuck)
    signal.setitimer(signal.ITIMER_REAL, most * _STUCK)
    begun = time.process_time()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if (spent := time.process_time() - begun) > most:
        raise Hang(f"{spent:.1f} seconds for {size} bytes")


def tried(name: str, data: bytes, report: Report) -> bool:
    """One input. Whether it took a way that none took before, by the target's word."""
    from tests.fuzz.targets import TARGETS  # read after atheris has got ready to see what runs

    report.inputs += 1
    begun = time.process_time()
    word = "failed"
    try:
        with leaks.watched(), _clocked(len(data), TARGETS[name].most):
            word = str(TARGETS[name].run(data))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        leaks.of_error(error) if not isinstance(error, AssertionError) else None
        report.failed(data, error)
    report.slowest = max(report.slowest, time.process_time() - begun)
    new = word not in report.words
    report.words.add(word)
    return new


def kept(folder: str) -> list[bytes]:
    """The kept inputs of a folder, in order."""
    return [path.read_bytes() for path in sorted((CORPUS / folder).iterdir())]


def _begin(name: str, report: Report) -> list[bytes]:
    """The kept inputs. What is loaded once is loaded before the time counts."""
    from tests.fuzz.targets import TARGETS

    pool = kept(TARGETS[name].seeds)
    with suppress(Exception):
        TARGETS[name].run(pool[0])
    report.begun = time.process_time()
    return pool


def plainly(name: str, report: Report, *, seconds: float | None = None, inputs: int | None = None) -> None:
    """The kept inputs, then damaged ones until the time is up or so many were tried; the same for a seed."""
    from tests.fuzz.targets import TARGETS

    draw = random.Random(f"{report.seed} {name}")
    pool, longest = _begin(name, report), TARGETS[name].longest
    for data in pool[:]:
        tried(name, data, report)
    while (inputs is None or report.inputs < inputs) and (seconds is None or report.seconds < seconds):
        # Half of them from what is kept: the newest are the most damaged ones.
        source = draw.choice(pool) if draw.random() < 0.5 else pool[-1 - draw.randrange(min(len(pool), 50))]
        data = mutated(source, draw, pool, longest)
        if tried(name, data, report):
            pool.append(data)
        report.tell()


def guided(name: str, report: Report, seconds: float, place: Path) -> None:
    """The same, by `atheris`: inputs that reach new code are kept in `place`. Ends the process."""
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["app"]):
        from tests.fuzz.targets import TARGETS
    pool, most = _begin(name, report), TARGETS[name].longest
    place.mkdir(parents=True, exist_ok=True)

    def one(data: bytes) -> None:
        if report.seconds > seconds:
            report.tell(done=True)
            # The library never returns.
            os._exit(1 if report.failures else 0)
        tried(name, data, report)
        report.tell()

    def damage(data: bytes, longest: int, seed: int) -> bytes:
        draw = random.Random(seed)
        if draw.random() < 0.3:
            return bytes(atheris.Mutate(data, len(data)))
        return mutated(data or draw.choice(pool), draw, pool, min(longest, most))

    # Its own limits are off: `tried` keeps what fails and goes on.
    options = [f"-max_len={most}", f"-seed={report.seed or 1}", "-timeout=0", "-rss_limit_mb=0"]
    arguments = ["fuzz", *options, str(place), str(CORPUS / TARGETS[name].seeds)]
    atheris.Setup(arguments, one, custom_mutator=damage)
    atheris.Fuzz()
