"""Logs that carry ids, counts, timings and codes, and never what a mail says.

Two rules keep text out: our own records are a fixed message with fields from an allow
list, and records of libraries are cut down to where they come from, because a message or
an exception of theirs may quote its input. An exception is logged as its type and the
places it went through, not as its words.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import TextIO

from app.errors import TactlineError

FIELDS = frozenset({
    "request_id", "method", "route", "status", "ms", "bytes", "code", "language", "direction", "findings",
    "elements", "holds", "clauses", "guidelines", "house_guidelines", "address", "version", "error",
    "calendar", "kind", "created", "moved", "clash", "do", "mails", "failed", "pid",
})  # fmt: skip
"""The only fields that `event` accepts."""

# What these modules of uvicorn say is of the process alone: that it starts, waits, ends. The others of the
# same logger name addresses and paths; the "access" logger, which writes request lines, is silenced.
_OF_THE_PROCESS = frozenset({"server", "on"})
_REQUEST: ContextVar[Mapping[str, str]] = ContextVar("request")


def get(name: str) -> logging.Logger:
    return logging.getLogger(name)


def event(
    logger: logging.Logger,
    message: str,
    /,
    level: int = logging.INFO,
    error: BaseException | None = None,
    **fields: str | int | float | None,
) -> None:
    """Log a fixed `message` with `fields`. Raises ValueError for a field that is not in `FIELDS`."""
    unknown = fields.keys() - FIELDS
    if unknown:
        raise ValueError(f"not a log field: {sorted(unknown)}")
    info = (type(error), error, error.__traceback__) if error is not None else None
    logger.log(level, message, exc_info=info, extra={"fields": fields})


@contextmanager
def request(request_id: str, trace_id: str | None = None) -> Iterator[None]:
    """Let all records carry these ids that are made meanwhile, in this task and its threads."""
    ids = {"request_id": request_id} if trace_id is None else {"request_id": request_id, "trace_id": trace_id}
    token = _REQUEST.set(ids)
    try:
        yield
    finally:
        _REQUEST.reset(token)


def describe(error: BaseException) -> str:
    """An exception without its words: types and places, innermost last.

    A `TactlineError` keeps its sentence: it was written for a person and holds no mail text.
    """
    parts: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(parts) < 5:
        words = f": {seen}" if isinstance(seen, TactlineError) else ""
        parts.append(
            f"{type(seen).__module__}.{type(seen).__qualname__}{words} at {_places(seen.__traceback__)}"
        )
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "; from ".join(parts)


def _places(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-8:]
    return " > ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames) or "unknown"


def _content(record: logging.LogRecord) -> dict[str, object]:
    when = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
    content: dict[str, object] = {"time": when, "level": record.levelname.lower(), "logger": record.name}
    ours = record.name.split(".")[0] == "app"
    if ours or (record.name == "uvicorn.error" and record.module in _OF_THE_PROCESS):
        # More than a line is a traceback, which the one who failed to start has told in `describe`'s words.
        content["message"] = record.getMessage().strip().partition("\n")[0]
    else:
        content["message"] = (
            f"message of a library, left out; from {Path(record.pathname).name}:{record.lineno}"
        )
    content.update(_REQUEST.get({}))
    content.update(getattr(record, "fields", {}))
    if record.exc_info and record.exc_info[1] is not None:
        content["exception"] = describe(record.exc_info[1])
    return content


class JsonFormatter(logging.Formatter):
    """One JSON object a line. `worker` is the number of this process among those of the service."""

    def __init__(self, worker: int = 1) -> None:
        super().__init__()
        self._worker = worker

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps({**_content(record), "worker": self._worker}, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """One line of text: time, level, message, then `name=value`."""

    def format(self, record: logging.LogRecord) -> str:
        content = _content(record)
        head = f"{content.pop('time')} {str(content.pop('level')).upper():<7} {content.pop('message')}"
        content.pop("logger")
        return " ".join([head, *(f"{key}={value}" for key, value in content.items() if value is not None)])


def configure(level: str = "info", form: str = "text", stream: TextIO | None = None, worker: int = 1) -> None:
    """Send all records to `stream` (default: standard error) in one of the two forms."""
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(JsonFormatter(worker) if form == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("app").setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").disabled = True
    # Debug would be the protocol's own: nothing that an operator asks for.
    logging.getLogger("uvicorn.error").setLevel(max(logging.getLevelName(level.upper()), logging.INFO))
    # A warning may quote the value it is about; as a library's record it loses its words.
    logging.captureWarnings(True)
