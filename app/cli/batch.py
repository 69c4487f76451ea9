"""`tactline review --out`: mailboxes of any size into a file, by several processes, resumable.

What is done is kept in a journal beside the file, one line a mail; at the end the file is made of it at once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from app import strings
from app.api.answers import ReviewOut, answered, explained_in
from app.api.schemas import Asked, Options
from app.cli import UNUSABLE
from app.cli.inputs import Item, Unreadable, items, parsed
from app.cli.tables import CSV, PARQUET, flat, write
from app.errors import TactlineError
from app.settings import load as load_settings
from app.tone import week
from app.tone.review import Engine, Message, Request
from app.tone.types import Direction, Language

JSONL = ".jsonl"
_AHEAD = 4  # mails that wait for each process: enough that none idles, few in memory


@dataclass(frozen=True)
class Wanted:
    """How each mail is reviewed. Without `now`, dates count from the day the mail was sent."""

    options: Options
    direction: Direction
    language: Language | None

    def digest(self, house: Path | None, suffix: str) -> str:
        """Tells whether what was done before was done in the same way."""
        said = f"{self.options.model_dump_json()}{self.direction}{self.language}{house}{suffix != JSONL}"
        return hashlib.sha256(said.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Task:
    """A mail on its way to a process."""

    key: str
    name: str
    data: bytes
    mail: bool


def run(names: Sequence[str], out: Path, jobs: int | None, wanted: Wanted, language: Language) -> int:
    """Review everything named into `out`; the exit status. Raises TactlineError."""
    suffix = out.suffix.lower()
    if suffix not in (JSONL, CSV, PARQUET):
        raise TactlineError(strings.say(language, "cli.error.bad-out"))
    if suffix == PARQUET:
        _need_parquet(language)
    house = load_settings().guidance_dir
    Engine.load(house)  # what is wrong with the guidance is said once, and here
    try:
        with Journal(out.with_name(out.name + ".part"), wanted.digest(house, suffix), language) as journal:
            status = _review(names, journal, wanted, house, suffix, jobs or os.cpu_count() or 1, language)
            write(journal.rows(), out, suffix)
            journal.remove()
    except OSError:
        raise TactlineError(strings.say(language, "cli.error.unwritable", path=out)) from None
    told = strings.say(
        language, "cli.reviewed", count=journal.count - journal.failed, failed=journal.failed, path=out
    )
    print(told, file=sys.stderr)
    return UNUSABLE if journal.failed else status


def _need_parquet(language: Language) -> None:
    try:
        import pyarrow  # noqa: F401 - only whether it is there
    except ModuleNotFoundError:
        raise TactlineError(strings.say(language, "cli.error.no-parquet")) from None


class Journal:
    """The rows that are done, in a file that survives whatever ends the process."""

    def __init__(self, path: Path, digest: str, language: Language) -> None:
        self._path = path
        self._digest = digest
        self._language = language
        self.done: set[bytes] = set()
        self.count = self.failed = 0

    def __enter__(self) -> Journal:
        if self._path.exists() and not self._resume():
            print(strings.say(self._language, "cli.started-anew"), file=sys.stderr)
            self._path.unlink()
        new = not self._path.exists()
        self._file = self._path.open("ab")
        if new:
            self._line({"options": self._digest})
        elif self.count:
            print(strings.say(self._language, "cli.going-on", count=self.count), file=sys.stderr)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _resume(self) -> bool:
        """Take up what is there; False when it was made with other options."""
        good = 0
        with self._path.open("rb") as file:
            for number, line in enumerate(file):
                # The last line may have been cut off in the middle.
                if not line.endswith(b"\n"):
                    break
                try:
                    content = json.loads(line)
                except ValueError:
                    break
                if number == 0:
                    if content.get("options") != self._digest:
                        return False
                else:
                    self._count(content)
                good += len(line)
        os.truncate(self._path, good)
        return good > 0

    def _count(self, content: dict[str, Any]) -> None:
        self.done.add(bytes.fromhex(content["key"]))
        self.count += 1
        self.failed += "error" in content["row"]

    def add(self, key: str, row: dict[str, Any]) -> None:
        content = {"key": key, "row": row}
        self._line(content)
        self._count(content)

    def _line(self, content: dict[str, Any]) -> None:
        self._file.write(json.dumps(content).encode() + b"\n")
        self._file.flush()

    def rows(self) -> Iterator[dict[str, Any]]:
        with self._path.open("rb") as file:
            next(file)
            for line in file:
                row: dict[str, Any] = json.loads(line)["row"]
                yield row

    def remove(self) -> None:
        self._file.close()
        self._path.unlink()


def _review(
    names: Sequence[str],
    journal: Journal,
    wanted: Wanted,
    house: Path | None,
    suffix: str,
    jobs: int,
    language: Language,
) -> int:
    # Each process has one thread for arithmetic: they are as many as there are cores. Set before they start.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    status = 0
    going: deque[tuple[str, Future[dict[str, Any]]]] = deque()
    with (
        ExitStack() as opened,
        Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar,
        ProcessPoolExecutor(
            jobs, multiprocessing.get_context("spawn"), _begin, (wanted, house, suffix, language)
        ) as pool,
    ):
        watched = bar.add_task(strings.say(language, "cli.reading"), total=None)

        def finish(most: int) -> None:
            while len(going) > most:
                key, future = going.popleft()
                journal.add(key, future.result())
                bar.advance(watched)

        try:
            for number, item in enumerate(_all(names, opened, language)):
                if isinstance(item, Unreadable):
                    print(item, file=sys.stderr)
                    status = UNUSABLE
                    continue
                task, error = _task(number, item)
                if bytes.fromhex(task.key) in journal.done:
                    bar.advance(watched)
                elif error is not None:
                    finish(0)  # rows are in the order of the mails
                    journal.add(task.key, {"file": item.name, "error": str(error)})
                else:
                    going.append((task.key, pool.submit(_one, task)))
                finish(_AHEAD * jobs)
            finish(0)
        except BrokenProcessPool:
            raise TactlineError(strings.say(language, "cli.error.worker-died")) from None
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return status


def _all(names: Sequence[str], opened: ExitStack, language: Language) -> Iterator[Item | Unreadable]:
    for name in names:
        try:
            yield from items(name, language, opened)
        except Unreadable as error:
            yield error


def _task(number: int, item: Item) -> tuple[Task, Unreadable | None]:
    """What a process is given. Its key stands for the mail's place, name and content."""
    error, data = None, b""
    try:
        data = item.data()
    except Unreadable as failed:
        error = failed
    said = f"{number}\0{item.name}\0{error is None}\0".encode("utf-8", "surrogateescape")
    return Task(hashlib.blake2b(said + data, digest_size=16).hexdigest(), item.name, data, item.mail), error


@dataclass(frozen=True)
class _Process:
    engine: Engine
    wanted: Wanted
    suffix: str
    language: Language


_process: _Process


def _begin(wanted: Wanted, house: Path | None, suffix: str, language: Language) -> None:
    """What a process does once."""
    global _process
    _process = _Process(Engine.load(house), wanted, suffix, language)


def _one(task: Task) -> dict[str, Any]:
    """The row of a mail: figures alone, or all that `--json` prints."""
    process = _process
    try:
        read = parsed(task.name, task.data, task.mail, process.language)
    except Unreadable as error:
        return {"file": task.name, "error": str(error)}
    options = process.wanted.options
    if options.now is None and read.date is not None:
        options = options.model_copy(update={"now": read.date})
    request = Request(
        message=Message(process.wanted.direction, read.document),
        language=process.wanted.language,
        now=options.moment(),
        hours=week.default_hours(options.time_zone),
    )
    review = process.engine.review(request)
    language = explained_in(review, options.explain_in)
    answer = answered(review, process.engine.guidance, Asked(request, read.thread), options, language)
    return _row(task.name, read.date, answer, process.suffix)


def _row(name: str, date: dt.datetime | None, answer: ReviewOut, suffix: str) -> dict[str, Any]:
    sent = None if date is None else date.isoformat()
    if suffix != JSONL:
        return flat(name, sent, answer)
    content = answer.model_dump(mode="json", exclude_unset=True)
    return {"file": name, **({} if sent is None else {"date": sent}), **content}
