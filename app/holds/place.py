"""Putting a hold into a calendar beside what is there, and looking again at those that stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.holds import slots
from app.holds.calendar import Calendar, Event, Marked
from app.holds.propose import Hold
from app.tone import week
from app.tone.week import WorkingHours


@dataclass(frozen=True, slots=True)
class Entered:
    """A hold as it now stands in the calendar.

    `created` is False when its event stood already; `moved` when it is not at the time that
    was asked for; `clash` when something else lies there too; `partial` when the provider
    could not tell all that is taken.
    """

    hold: Hold
    event: Event
    created: bool
    moved: bool
    clash: bool
    partial: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """One of our events as it stands. `move_to` is offered, never taken, when something came to lie there."""

    event: Event
    clash: bool = False
    move_to: tuple[dt.datetime, dt.datetime] | None = None


async def enter(
    calendar: Calendar,
    hold: Hold,
    marked: Marked,
    *,
    now: dt.datetime,
    hours: WorkingHours,
    move: bool = True,
) -> Entered:
    """Make the hold's event at a free time (see `slots.fit`); the one that stands is left where it is.

    Raises CalendarError.
    """
    span = slots.window(hold, now)
    fitted, partial = slots.Fitted(hold), False
    if span is not None and span[0] < span[1]:
        known = await calendar.availability(*span)
        fitted = slots.fit(hold, known.busy, now=now, hours=hours, move=move)
        partial = known.partial
    placed = await calendar.create(fitted.hold, marked)
    if placed.created:
        return Entered(fitted.hold, placed.event, True, fitted.moved, fitted.clash, partial)
    event = placed.event
    there = _at(hold, event)
    return Entered(there, event, False, (there.start, there.end) != (hold.start, hold.end), False, partial)


def stands_for(event: Event, hold: Hold, now: dt.datetime) -> bool:
    """Whether an event of the thread is this hold's, proposed earlier.

    A mail is read anew each time, and most slots are counted from now: the same follow-up would
    have another id an hour later. So one of its kind that is still to come is taken for it. A promise
    has its own date, of which there may be several.
    """
    if event.hold == hold.id:
        return True
    same_kind = event.kind == hold.kind and hold.kind != "commitment"
    return same_kind and not slots.over(event.end, now)


def _at(hold: Hold, event: Event) -> Hold:
    """The hold at the time of its event, which the user may have moved."""
    where = week.zone(hold.time_zone)
    start, end = (
        moment.astimezone(where) if isinstance(moment, dt.datetime) else moment
        for moment in (event.start, event.end)
    )
    days = not isinstance(start, dt.datetime)
    return replace(hold, start=start, end=end, all_day=days, title=event.title or hold.title)


async def standing(
    calendar: Calendar, thread: str, *, now: dt.datetime, hours: WorkingHours, zone: str
) -> Sequence[Standing]:
    """Our events of a thread, by start; those to come are looked at for clashes. Raises CalendarError."""
    found = []
    for event in await calendar.of_thread(thread):
        start, end = event.start, event.end
        if not isinstance(start, dt.datetime) or not isinstance(end, dt.datetime) or start < now:
            found.append(Standing(event))
            continue
        beside = await calendar.availability(start, end, without=event.id)
        if not beside.busy:
            found.append(Standing(event))
            continue
        move_to = None
        if event.kind != "commitment":
            ahead = await calendar.availability(start, start + slots.HORIZON, without=event.id)
            free = slots.free(
                event.kind, ahead.busy, after=start, hours=hours, where=week.zone(zone),
                minutes=slots.length(start, end), count=1,
            )  # fmt: skip
            move_to = free[0] if free else None
        found.append(Standing(event, True, move_to))
    return found
