"""Several processes that share a port, and the one that looks after them.

Each is a new process (spawned, not forked: there are threads and models in it), takes from the same
listening socket, and is started anew when it dies. The one that looks after them answers nothing itself.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any

from prometheus_client.multiprocess import mark_process_dead

from app import logs

log = logs.get(__name__)
_LOOK = 0.2  # seconds after which a signal is seen at the latest
_PAUSE = 1.0  # seconds until one that died before it answered is started anew
Work = Callable[..., None]
"""`work(number, listener, answering, *given)`; `number` from 1, `answering` to be called once it answers."""


@dataclass
class _Worker:
    number: int
    process: SpawnProcess
    line: Connection
    answers: bool = False


class Supervisor:
    """Keeps `count` processes at `work`. `greet` is called once, when the first of them answers."""

    def __init__(
        self,
        count: int,
        work: Work,
        given: tuple[Any, ...],
        listener: socket.socket,
        greet: Callable[[], None],
    ) -> None:
        self._count = count
        self._work = work
        self._given = given
        self._listener = listener
        self._greet = greet
        self._workers: list[_Worker] = []
        self._anew: dict[int, float] = {}
        self._told: list[int] = []
        self._greeted = False
        self._status = 0

    def run(self) -> int:
        """Until told to end by SIGTERM or SIGINT; the exit status: that of a process which could not start,
        or 128 and the signal's number when told a second time, which ends all at once."""
        for sig in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sig, self._tell)
        self._anew = dict.fromkeys(range(1, self._count + 1), 0.0)
        leaving = False
        try:
            while self._workers or not leaving:
                if (self._told or self._status) and not leaving:
                    leaving = True
                    self._leave()
                if len(self._told) > 1:
                    return 128 + self._told[-1]
                if not leaving:
                    self._start_due()
                self._look(leaving)
            return self._status
        finally:
            for worker in self._workers:
                worker.process.kill()
                worker.process.join()

    def _tell(self, sig: int, _: FrameType | None) -> None:
        self._told.append(sig)

    def _leave(self) -> None:
        # Else new connections would be taken into its queue with nobody left to answer.
        self._listener.close()
        for worker in self._workers:
            worker.process.terminate()

    def _start_due(self) -> None:
        for number in [number for number, at in self._anew.items() if time.monotonic() >= at]:
            del self._anew[number]
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_be_worker, args=(self._work, number, self._listener, theirs, self._given)
            )
            process.start()
            theirs.close()
            self._workers.append(_Worker(number, process, ours))

    def _look(self, leaving: bool) -> None:
        """Wait a moment for something to happen, and take note of it."""
        for line in wait([worker.line for worker in self._workers], _LOOK):
            worker = next(worker for worker in self._workers if worker.line is line)
            try:
                worker.line.recv()
            except (EOFError, OSError):
                self._ended(worker, leaving)
                continue
            worker.answers = True
            if not self._greeted:
                self._greeted = True
                self._greet()

    def _ended(self, worker: _Worker, leaving: bool) -> None:
        worker.process.join()
        worker.line.close()
        self._workers.remove(worker)
        # Its counts stay, what it was just doing does not.
        mark_process_dead(worker.process.pid)  # type: ignore[no-untyped-call]
        if leaving:
            return
        status = worker.process.exitcode or 0
        if status > 0 and not worker.answers:
            # Not killed: it could not start, has said why, and could not the next time either.
            self._status = status
            return
        logs.event(log, "a worker ended; another takes its place", level=40, status=status)
        self._anew[worker.number] = time.monotonic() + (0.0 if worker.answers else _PAUSE)


def _be_worker(
    work: Work, number: int, listener: socket.socket, line: Connection, given: tuple[Any, ...]
) -> None:
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()
    work(number, listener, lambda: line.send(True), *given)


def _end_with(line: Connection) -> None:
    """End when the one that looks after us is gone: nobody would start us anew, or tell us to end."""
    try:
        line.recv()
    except (EOFError, OSError):
        os.kill(os.getpid(), signal.SIGTERM)
