"""What the service needs of a calendar, whoever keeps it: one Protocol.

Implemented by `app.holds.google`, `app.holds.graph` and `app.holds.ics`; one class of tests
runs against all three.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.errors import Provider
from app.holds.propose import Hold

GENERATIONS = 20
"""How often one hold may be undone and asked for again before it is refused."""


@dataclass(frozen=True, slots=True)
class Busy:
    """A time that the calendar shows as taken, aware and half-open: meetings, leave, other holds."""

    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True, slots=True)
class Availability:
    """What is taken between two moments, by start; `partial` when the provider could not tell all of it."""

    busy: tuple[Busy, ...]
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the calendar that this service made.

    `id` is the provider's, `url` opens it for the user (None for a file); `hold` and `thread`
    are what it was made for; times are as in `Hold`.
    """

    id: str
    url: str | None
    hold: str
    thread: str
    kind: str
    title: str
    start: dt.datetime | dt.date
    end: dt.datetime | dt.date


@dataclass(frozen=True, slots=True)
class Placed:
    """The event of a hold; `created` is False when it stood there already."""

    event: Event
    created: bool


@dataclass(frozen=True, slots=True)
class Marked:
    """The way back from an event to its thread: an https address, or "", and what it is called."""

    link: str = ""
    link_title: str = ""


class Calendar(Protocol):
    """One user's calendar. Everything may raise `app.errors.CalendarError`."""

    @property
    def provider(self) -> Provider: ...

    async def availability(
        self, start: dt.datetime, end: dt.datetime, without: str | None = None
    ) -> Availability:
        """What is taken between two aware moments, leaving out one of our events when `without` names it."""

    async def create(self, hold: Hold, marked: Marked) -> Placed:
        """The hold's event: made, or the one that already stands. Never two of one hold.

        An event that the user has deleted is made anew.
        """

    async def get(self, event_id: str) -> Event:
        """One of our events. Raises Gone, also for an event that is not ours."""

    async def of_thread(self, thread: str) -> Sequence[Event]:
        """Our events that are marked with a thread's digest, by start."""

    async def ours(self, start: dt.datetime, end: dt.datetime) -> Sequence[Event]:
        """Our events between two aware moments, whatever their thread, by start."""

    async def delete(self, event_id: str) -> None:
        """Remove one of our events. Raises Gone, also for an event that is not ours."""


def event_key(user: str, hold: Hold, generation: int) -> bytes:
    """32 bytes that name a hold's event: the same for the same user, thread, kind and slot.

    `hold.id` already stands for thread, kind and slot; `generation` counts how often the user
    deleted the event and asked again.
    """
    return hashlib.sha256(f"{user}\0{hold.id}\0{generation}".encode("utf-8", "replace")).digest()
