"""`tactline review --out`: mailboxes of any size into a file, by several processes, resumable.

What is done is kept in a journal beside the file, one line a mail; at the end the file is made of it at once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import multiprocessing
import os
import signal
import sys
import threading
from array import array
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from app import strings
from app.api.answers import ReviewOut, answered, explained_in
from app.api.schemas import Asked, Options
from app.cli import POOR, UNUSABLE
from app.cli.inputs import Item, Unreadable, items, parsed
from app.cli.tables import CSV, PARQUET, flat, write
from app.errors import TactlineError
from app.guidance.house import load_all
from app.settings import load as load_settings
from app.tone import week
from app.tone.review import Engine, Message, Request
from app.tone.types import Direction, Language
from app.version import product_version

JSONL = ".jsonl"
_AHEAD = 4  # mails that wait for each process: enough that none idles, few in memory


@dataclass(frozen=True)
class Wanted:
    """How each mail is reviewed. Without `now`, dates count from the day the mail was sent."""

    options: Options
    direction: Direction
    language: Language | None

    def digest(self, house: Path | None, suffix: str) -> str:
        """Tells whether what was done before was done in the same way, by the same version and guidance."""
        said = (
            product_version(),
            self.options.model_dump_json(),
            self.direction,
            self.language,
            suffix != JSONL,
        )
        found = hashlib.sha256(repr(said).encode())
        for path in sorted(house.rglob("*.toml")) if house else ():
            found.update(repr((str(path), path.read_bytes())).encode())
        return found.hexdigest()[:32]


@dataclass(frozen=True)
class Task:
    """A mail on its way to a process."""

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
    load_all(house)  # what is wrong with the guidance is said once, and here
    counts: Counter[str] = Counter()
    try:
        with Journal(out.with_name(out.name + ".part"), wanted.digest(house, suffix), language) as journal:
            whole = _review(names, journal, wanted, house, suffix, jobs or os.cpu_count() or 1, language)
            write(_counted(journal.rows(), counts), out, suffix)
            journal.remove()
    except OSError:
        raise TactlineError(strings.say(language, "cli.error.unwritable", path=out)) from None
    done, failed = counts["reviewed"], counts["failed"]
    print(strings.say(language, "cli.reviewed", count=done, failed=failed, path=out), file=sys.stderr)
    if failed or not whole:
        return UNUSABLE
    return POOR if counts["poor"] else 0


def _counted(rows: Iterator[dict[str, Any]], counts: Counter[str]) -> Iterator[dict[str, Any]]:
    for row in rows:
        counts["failed" if "error" in row else "reviewed"] += 1
        counts["poor"] += row.get("band") == "poor"
        yield row


def _need_parquet(language: Language) -> None:
    try:
        import pyarrow  # noqa: F401 - only whether it is there
    except ModuleNotFoundError:
        raise TactlineError(strings.say(language, "cli.error.no-parquet")) from None


class Journal:
    """The rows that are done, in a file that survives whatever ends the process.

    It may hold rows of mails that are no longer there: the rows of this run are those that were given a
    place, in the order of their mails.
    """

    def __init__(self, path: Path, digest: str, language: Language) -> None:
        self._path = path
        self._digest = digest
        self._language = language
        self._done: dict[bytes, int] = {}  # by key, where in the file the row stands
        self._places = array("q")
        self._end = 0

    def __enter__(self) -> Journal:
        if self._path.exists() and not self._resume():
            print(strings.say(self._language, "cli.started-anew"), file=sys.stderr)
            self._path.unlink()
        new = not self._path.exists()
        self._file = self._path.open("ab")
        if new:
            self._line({"options": self._digest})
        elif self._done:
            print(strings.say(self._language, "cli.going-on", count=len(self._done)), file=sys.stderr)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _resume(self) -> bool:
        """Take up what is there; False when it was made with other options."""
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
                    self._done[bytes.fromhex(content["key"])] = self._end
                self._end += len(line)
        os.truncate(self._path, self._end)
        return self._end > 0

    def place(self, key: bytes) -> int | None:
        """Give a mail the next place. None when it is reviewed already, else what `add` wants."""
        self._places.append(self._done.pop(key, -1))
        return None if self._places[-1] >= 0 else len(self._places) - 1

    def add(self, place: int, key: bytes, row: dict[str, Any]) -> None:
        self._places[place] = self._end
        self._line({"key": key.hex(), "row": row})

    def _line(self, content: dict[str, Any]) -> None:
        self._end += self._file.write(json.dumps(content).encode() + b"\n")
        self._file.flush()

    def rows(self) -> Iterator[dict[str, Any]]:
        with self._path.open("rb") as file:
            for place in self._places:
                file.seek(place)
                row: dict[str, Any] = json.loads(file.readline())["row"]
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
) -> bool:
    """Give every mail its row; whether everything that was named could be opened."""
    whole = True
    going: deque[tuple[int, bytes, Future[dict[str, Any]]]] = deque()
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with (
        ExitStack() as opened,
        Progress(
            *columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
        ) as bar,
        ProcessPoolExecutor(
            jobs, multiprocessing.get_context("spawn"), _begin, (wanted, house, suffix, language)
        ) as pool,
    ):
        watched = bar.add_task(strings.say(language, "cli.reading"), total=None)

        def finish(most: int) -> None:
            while len(going) > most:
                place, key, future = going.popleft()
                journal.add(place, key, future.result())
                bar.advance(watched)

        try:
            for item in _all(names, opened, language):
                if isinstance(item, Unreadable):
                    print(item, file=sys.stderr)
                    whole = False
                    continue
                task, key = _task(item)
                place = journal.place(key)
                if place is None:
                    bar.advance(watched)
                elif isinstance(task, Unreadable):
                    journal.add(place, key, {"file": item.name, "error": str(task)})
                    bar.advance(watched)
                else:
                    going.append((place, key, pool.submit(_one, task)))
                finish(_AHEAD * jobs)
            finish(0)
        except BrokenProcessPool:
            raise TactlineError(strings.say(language, "cli.error.worker-died")) from None
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            print(strings.say(language, "cli.broken-off"), file=sys.stderr)
            raise
    return whole


def _all(names: Sequence[str], opened: ExitStack, language: Language) -> Iterator[Item | Unreadable]:
    for name in names:
        try:
            yield from items(name, language, opened)
        except Unreadable as error:
            yield error


def _task(item: Item) -> tuple[Task | Unreadable, bytes]:
    """What a process is given, and a key that stands for the mail's place (its name has it) and content."""
    said = item.name.encode("utf-8", "surrogateescape")
    try:
        data = item.data()
    except Unreadable as error:
        return error, hashlib.blake2b(said, digest_size=16).digest()
    key = hashlib.blake2b(said + b"\0" + data, digest_size=16).digest()
    return Task(item.name, data, item.mail), key


@dataclass(frozen=True)
class _Process:
    engine: Engine
    wanted: Wanted
    suffix: str
    language: Language


_process: _Process


def _begin(wanted: Wanted, house: Path | None, suffix: str, language: Language) -> None:
    """What a process does once."""
    # The one that gives out the work is told to end, and ends the others; nobody else would if it was killed.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    global _process
    _process = _Process(Engine.load(house), wanted, suffix, language)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _one(task: Task) -> dict[str, Any]:
    """The row of a mail: figures alone, or all that `--json` prints; or why there is none."""
    try:
        return _reviewed(_process, task)
    except Unreadable as error:
        told = str(error)
    except Exception as error:  # one mail's fault is no other's; its words could be the mail's
        code = type(error).__name__
        told = strings.say(_process.language, "cli.error.not-reviewed", path=task.name, code=code)
    return {"file": task.name, "error": told}


def _reviewed(process: _Process, task: Task) -> dict[str, Any]:
    read = parsed(task.name, task.data, task.mail, process.language)
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
