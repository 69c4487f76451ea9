"""What all requests share, whichever door they come in by."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

import anyio
import anyio.to_thread
from fastapi import Depends
from starlette.requests import Request

from app.accounts import Accounts
from app.errors import TactlineError
from app.gate import Gate
from app.house import House
from app.limits import Limits, Network
from app.metrics import Metrics
from app.store.store import Store
from app.traces import Traces
from app.watched import Engine as Engine
from app.watched import WatchedEngine

T = TypeVar("T")
SMALL = 16 * 1024
"""Bytes of a body that are read sooner than a thread is found."""
_LATELY = 0.1  # how much the last piece of work tells of how long the next one takes


class NotReady(TactlineError):  # noqa: N818 - reads as what it says
    """The engine is not loaded yet. `code` is that of the problem which says so; `wait` is in seconds."""

    code = "not-ready"
    wait = 2


class Busy(NotReady):
    """So many reviews wait that another would wait too long."""

    code = "busy"


@dataclass(frozen=True)
class Outlook:
    """The Outlook add-in as it is deployed. `client_id` is empty where nobody signs in; `authority` is
    whose accounts may; `frame_ancestors` are more origins that may show the pane."""

    public_url: str = ""
    client_id: str = ""
    authority: str = ""
    frame_ancestors: tuple[str, ...] = ()

    def scope(self, host: str) -> str | None:
        """The permission to call this service for a user, as the pane asks for it."""
        return f"api://{host}/{self.client_id}/access_as_user" if self.client_id else None


@dataclass
class Service:
    """`gate` knows who may come in. `engine` is None until it is loaded; accounts and store (of `gate`),
    `limits` and `house` until the service has started. `preview` shows developers the add-ons' cards;
    `leaving` is set once the process was told to end. `threads` reviews run at once, and `queue` may wait,
    but none that would wait longer than `longest_wait` seconds, as far as the last ones tell."""

    gate: Gate = field(default_factory=Gate)
    preview: bool = False
    outlook: Outlook = Outlook()
    metrics: Metrics = field(default_factory=Metrics)
    traces: Traces = field(default_factory=Traces)
    leaving: bool = False
    limits: Limits | None = None
    house: House | None = None
    trusted_proxies: tuple[Network, ...] = ()
    engine: Engine | None = None
    threads: int = 1
    queue: int = 100
    longest_wait: float = 4
    max_bytes: int = 1024 * 1024
    _limiter: anyio.CapacityLimiter | None = field(default=None, repr=False)
    _inside: int = field(default=0, repr=False)
    _takes: float = field(default=0, repr=False)  # seconds of one piece of work, on the way of late

    def loaded(self) -> Engine:
        """The engine, its reviews counted. Raises NotReady."""
        if self.engine is None:
            raise NotReady
        return WatchedEngine(self.engine, self.metrics, self.traces)

    @contextmanager
    def place(self) -> Iterator[Engine]:
        """The engine, and a place among those whose reviews are made: for who has all but what the store
        tells, since nobody else gets this place. Raises NotReady, Busy."""
        engine = self.loaded()
        if self.full:
            raise Busy
        self._inside += 1
        try:
            yield engine
        finally:
            self._inside -= 1

    @property
    def full(self) -> bool:
        """Whether one more piece of work would wait too long."""
        waiting = self._inside - self.threads
        return waiting >= self.queue or (waiting + 1) * self._takes > self.longest_wait * self.threads

    @property
    def accounts(self) -> Accounts:
        """Calendars and sign-in. Raises NotReady."""
        if self.gate.accounts is None:
            raise NotReady
        return self.gate.accounts

    @property
    def store(self) -> Store:
        """What outlives a request. Raises NotReady."""
        if self.gate.store is None:
            raise NotReady
        return self.gate.store

    async def aside(self, work: Callable[[], T], *, patient: bool = False, placed: bool = False) -> T:
        """Run `work` in a thread, at most `threads` at once, so that the event loop stays free.

        Raises Busy at once where it would wait too long; who is patient waits as well, and who is `placed`
        has a place already.
        """
        if not (patient or placed) and self.full:
            raise Busy
        if self._limiter is None:  # made here because a limiter belongs to a running event loop
            self._limiter = anyio.CapacityLimiter(self.threads)
            self.metrics.threads(self.threads)
        asked = time.perf_counter()

        def counted() -> T:
            begun = time.perf_counter()
            with self.metrics.working(begun - asked):
                try:
                    return work()
                finally:
                    self._takes += _LATELY * (time.perf_counter() - begun - self._takes)

        self._inside += not placed
        try:
            return await anyio.to_thread.run_sync(counted, limiter=self._limiter)
        finally:
            self._inside -= not placed


def of(request: Request) -> Service:
    """The service of the application that got this request."""
    found: Service = request.app.state.service
    return found


async def _depended(request: Request) -> Service:
    # FastAPI runs a dependency that is not async in a thread.
    return of(request)


Shared = Annotated[Service, Depends(_depended)]
"""For endpoints: the service, as `of` finds it."""
