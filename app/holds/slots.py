"""Where holds go in a calendar that has other entries: free slots, clashes, and which holds are moot.

Pure: what the calendar shows as taken comes in as an argument.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal
from zoneinfo import ZoneInfo

from app.holds.calendar import Busy
from app.holds.diary import Diary
from app.holds.propose import LENGTH, Hold
from app.tone import week
from app.tone.types import Temperature
from app.tone.week import WorkingHours

HORIZON = dt.timedelta(days=60)
"""How far ahead a free slot is looked for. Providers tell of two months at most."""
_BEFORE = dt.timedelta(days=7)
_CALM: frozenset[Temperature] = frozenset(("calm",))


@dataclass(frozen=True, slots=True)
class Fitted:
    """A hold at the time where it can go. `moved`: not at the time that was asked for.

    `clash`: something else lies at its time, and it stays all the same (a promise keeps its hour).
    """

    hold: Hold
    moved: bool = False
    clash: bool = False


def window(hold: Hold, now: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
    """The stretch of the calendar that has to be known to fit a hold; None for a whole day."""
    if not isinstance(hold.start, dt.datetime) or not isinstance(hold.end, dt.datetime):
        return None
    if hold.kind == "prepare":
        return max(min(now, hold.start), hold.end - _BEFORE), hold.end
    return hold.start, hold.end + HORIZON


def fit(
    hold: Hold,
    busy: Iterable[Busy],
    *,
    now: dt.datetime,
    hours: WorkingHours,
    move: bool = True,
) -> Fitted:
    """A hold beside what is taken.

    A promise with an hour keeps it, and so does every hold when `move` is False: a clash is
    told. `prepare` moves to an earlier half hour, since it has to come before its call; every
    other kind to the first free slot in the working hours after the time asked for. Whole days
    clash with nothing.
    """
    if not isinstance(hold.start, dt.datetime) or not isinstance(hold.end, dt.datetime):
        return Fitted(hold)
    where = week.zone(hold.time_zone)
    start, end = hold.start, hold.end
    diary = _diary(busy, hours, where, start - _BEFORE, end)
    if diary.clash(start, end) is None:
        return Fitted(hold)
    minutes = length(start, end)
    found: tuple[dt.datetime, dt.datetime] | None = None
    if not move or hold.kind == "commitment" or start < now:
        found = None
    elif hold.kind == "prepare":
        found = diary.before(end, minutes, max(now, end - _BEFORE))  # further back nothing is known
    else:
        found = _first(diary, start, minutes, start + HORIZON)
    if found is None:
        return Fitted(hold, clash=True)
    return Fitted(replace(hold, start=found[0], end=found[1]), moved=True)


def length(start: dt.datetime, end: dt.datetime) -> int:
    """Whole minutes from one moment to another, at least one."""
    return max(1, int((end - start).total_seconds()) // 60)


def over(end: dt.datetime | dt.date, now: dt.datetime) -> bool:
    """Whether what ends then has passed; a date is one in `now`'s zone."""
    return end <= now if isinstance(end, dt.datetime) else end <= now.date()


def free(
    kind: str,
    busy: Iterable[Busy],
    *,
    after: dt.datetime,
    hours: WorkingHours,
    where: ZoneInfo,
    minutes: int | None = None,
    before: dt.datetime | None = None,
    count: int = 5,
) -> tuple[tuple[dt.datetime, dt.datetime], ...]:
    """Up to `count` free slots of a kind at or after a moment, in the working hours, earliest first.

    `minutes` is the kind's usual length when None. With `before` they all end by then.
    """
    diary = _diary(busy, hours, where, after, after)
    found: list[tuple[dt.datetime, dt.datetime]] = []
    for _ in range(count):
        slot = _first(diary, found[-1][1] if found else after, minutes or LENGTH[kind], after + HORIZON)
        if slot is None or (before is not None and slot[1] > before):
            break
        found.append(slot)
    return tuple(found)


def _diary(
    busy: Iterable[Busy], hours: WorkingHours, where: ZoneInfo, first: dt.datetime, last: dt.datetime
) -> Diary:
    """What is taken from `first` until a day after the horizon of `last`: leave may go on until 9999."""
    diary = Diary(hours, where)
    last += HORIZON + dt.timedelta(days=1)
    for item in sorted(busy, key=lambda b: b.start):
        diary.block(max(item.start, first), min(item.end, last))
    return diary


def _first(
    diary: Diary, after: dt.datetime, minutes: int, last: dt.datetime
) -> tuple[dt.datetime, dt.datetime] | None:
    """None when nothing is free as far as was looked: beyond it the calendar is not known."""
    slot = diary.take(after, minutes)
    return slot if slot[1] <= last else None


Moot = Literal["answered", "past"]


def moot(
    kind: str, end: dt.datetime | dt.date, *, now: dt.datetime, temperature: Temperature | None,
    situations: Collection[str],
) -> Moot | None:  # fmt: skip
    """Why a standing hold may be let go after the client's latest message, or None when it still serves.

    A promise and the look-back with the team stay whatever the client writes. A cooling-off is
    done with once there is an answer. A call, and what leads to it, stays while the client is
    not calm; a check-in once they are content is one mail too many.
    """
    if over(end, now):
        return "past"
    if kind in ("commitment", "team-retro"):
        return None
    if kind == "cooling-off":
        return "answered"
    if temperature not in _CALM:
        return None
    if kind == "peer-review" and {"legal-threat", "reputation-threat"} & set(situations):
        return None
    if kind == "plan-briefing" and "progress-anxiety" in situations:
        return None
    if kind == "check-in" and "praise" not in situations and set(situations) - {"routine"}:
        return None
    return "answered"
