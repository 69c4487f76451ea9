"""Watching for an input's words: in logs, in our own errors, in problem documents, in figures."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from app import logs
from app.errors import TactlineError

CANARY = "quokkaqz"
"""Stands in every kept input, and in the dictionary that inputs are damaged with."""


class Leak(AssertionError):  # noqa: N818 - reads as what it says
    """An input's words got out."""


class _Watch(logging.Handler):
    """Keeps what a log would show, and of our own records everything."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logs.JsonFormatter())
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        said = self.format(record)
        if record.name.startswith("app"):
            said += repr({**vars(record), "exc_info": None, "exc_text": None})
        if told(said):
            self.found.append(f"{record.name}: {record.msg}")


def told(said: str | bytes) -> bool:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return CANARY in text.lower()


def refuse(said: str | bytes, where: str) -> None:
    """Raises Leak when the canary is in what was said."""
    if told(said):
        raise Leak(f"the input's words are in {where}")


def of_error(error: BaseException) -> None:
    """The errors that we raise for persons quote nothing of a mail. Raises Leak."""
    if isinstance(error, TactlineError | ValueError) and type(error).__module__.startswith("app."):
        refuse(str(error), type(error).__name__)


@contextmanager
def watched() -> Iterator[None]:
    """Every record of every logger, at the most talkative level. Raises Leak at the end."""
    root, ours = logging.getLogger(), logging.getLogger("app")
    before = root.level, ours.level
    watch = _Watch()
    root.addHandler(watch)
    root.setLevel(logging.DEBUG)
    ours.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(watch)
        root.setLevel(before[0])
        ours.setLevel(before[1])
    if watch.found:
        raise Leak(f"the input's words are in a record of {watch.found[0][:80]}")
