"""Engine, calendars and store, counted, timed and traced, so that no door can forget to.

What is told of them is a direction, a language, a provider, a kind of call, an outcome: nothing of a mail
and nobody's name.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from app.errors import CalendarError, Provider
from app.guidance.schema import Guidance
from app.holds.calendar import Availability, Calendar, Event, Marked, Placed
from app.holds.propose import Hold
from app.metrics import Metrics
from app.store.errors import StoreError
from app.tone import review as tone
from app.tone.types import Review
from app.traces import Traces


class Engine(Protocol):
    """What the doors need of `app.tone.review.Engine`."""

    @property
    def guidance(self) -> Guidance: ...

    def review(self, request: tone.Request, /) -> Review: ...

    def skeleton(self, request: tone.Request, /) -> str | None: ...


@dataclass(frozen=True)
class WatchedEngine:
    engine: Engine
    metrics: Metrics
    traces: Traces

    @property
    def guidance(self) -> Guidance:
        return self.engine.guidance

    def review(self, request: tone.Request, /) -> Review:
        begun = time.perf_counter()
        with self.traces.span("review") as span:
            review = self.engine.review(request)
            span.set({
                "tactline.direction": review.direction, "tactline.language": review.language,
                "tactline.findings": len(review.findings),
            })  # fmt: skip
        self.metrics.reviewed(review, self.guidance, time.perf_counter() - begun)
        return review

    def skeleton(self, request: tone.Request, /) -> str | None:
        return self.engine.skeleton(request)


@dataclass(frozen=True)
class WatchedCalendar:
    calendar: Calendar
    metrics: Metrics
    traces: Traces

    @property
    def provider(self) -> Provider:
        return self.calendar.provider

    async def availability(
        self, start: dt.datetime, end: dt.datetime, without: str | None = None
    ) -> Availability:
        with self._call("availability"):
            return await self.calendar.availability(start, end, without)

    async def create(self, hold: Hold, marked: Marked) -> Placed:
        with self._call("create"):
            return await self.calendar.create(hold, marked)

    async def get(self, event_id: str) -> Event:
        with self._call("get"):
            return await self.calendar.get(event_id)

    async def of_thread(self, thread: str) -> Sequence[Event]:
        with self._call("of_thread"):
            return await self.calendar.of_thread(thread)

    async def ours(self, start: dt.datetime, end: dt.datetime) -> Sequence[Event]:
        with self._call("ours"):
            return await self.calendar.ours(start, end)

    async def delete(self, event_id: str) -> None:
        with self._call("delete"):
            await self.calendar.delete(event_id)

    @contextmanager
    def _call(self, call: str) -> Iterator[None]:
        begun, outcome = time.perf_counter(), "left"  # by a caller that did not wait for the answer
        try:
            with self.traces.span(f"calendar {call}", "client") as span:
                span.set({"tactline.calendar": self.provider})
                yield
            outcome = "ok"
        except CalendarError as error:
            outcome = type(error).__name__
            raise
        finally:
            self.metrics.called(self.provider, call, outcome, time.perf_counter() - begun)


def store_watch(metrics: Metrics, traces: Traces) -> Callable[[str], AbstractContextManager[None]]:
    """What `app.store.session.Session.watch` is to be."""

    @contextmanager
    def watch(operation: str) -> Iterator[None]:
        with traces.span(f"store {operation}", "client"):
            try:
                yield
            except StoreError:
                metrics.store_failed(operation)
                raise

    return watch
