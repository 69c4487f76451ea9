"""Time zones and the working week: when people work, and how to count in working days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal.windows_tz import win_tz

_MONDAY_TO_FRIDAY = frozenset(range(5))
_SUNDAY_TO_THURSDAY = frozenset((6, 0, 1, 2, 3))
_SATURDAY_TO_WEDNESDAY = frozenset((5, 6, 0, 1, 2))

# Where the public sector and most firms work Sunday to Thursday. Not here: the United Arab
# Emirates (Monday to Friday since January 2022), Lebanon, Tunisia, Morocco, Mauritania and
# Turkey (Monday to Friday), Djibouti's neighbours. Iran rests on Thursday and Friday.
_SUNDAY_ZONES = frozenset((
    "Asia/Riyadh", "Asia/Kuwait", "Asia/Qatar", "Asia/Bahrain", "Asia/Muscat", "Asia/Aden",
    "Asia/Baghdad", "Asia/Amman", "Asia/Damascus", "Asia/Gaza", "Asia/Hebron",
    "Asia/Jerusalem", "Asia/Tel_Aviv", "Israel",
    "Africa/Cairo", "Egypt", "Africa/Algiers", "Africa/Tripoli", "Libya", "Africa/Khartoum",
    "Africa/Djibouti", "Asia/Dhaka", "Asia/Kathmandu",
))  # fmt: skip
_SATURDAY_ZONES = frozenset(("Asia/Tehran", "Iran", "Asia/Kabul"))


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The days (Monday = 0) and the wall-clock hours, in the user's zone, in which one works.

    Raises ValueError when there is no day, a day outside 0-6, or no time between start and end.
    """

    days: frozenset[int]
    start: dt.time
    end: dt.time

    def __post_init__(self) -> None:
        if not self.days or not self.days <= frozenset(range(7)):
            raise ValueError("working days are numbers from 0 (Monday) to 6, at least one")
        if self.start >= self.end:
            raise ValueError("working hours must start before they end")

    @property
    def last_day(self) -> int:
        """The day that closes the working week: the one before the longest run of days off."""
        off = [(_days_off(self.days, day), day) for day in sorted(self.days)]
        return max(off, key=lambda pair: (pair[0], pair[1]))[1]


def _days_off(days: frozenset[int], day: int) -> int:
    count = 0
    while count < 7 and (day + count + 1) % 7 not in days:
        count += 1
    return count


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name ("Europe/Paris") or a Windows one ("Romance Standard Time").

    Raises ValueError naming the bad name.
    """
    cleaned = name.strip()
    iana = win_tz.get(cleaned, cleaned)
    try:
        return ZoneInfo(iana)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"not a time zone: {name[:80]!r}") from None


def default_hours(zone_name: str) -> WorkingHours:
    """The usual working week of a zone: Sunday to Thursday where that is the week, else Monday to
    Friday; 09:00 to 17:30. Accepts what `zone` accepts, and any other name as Monday to Friday.
    """
    name = win_tz.get(zone_name.strip(), zone_name.strip())
    days = _MONDAY_TO_FRIDAY
    if name in _SUNDAY_ZONES:
        days = _SUNDAY_TO_THURSDAY
    elif name in _SATURDAY_ZONES:
        days = _SATURDAY_TO_WEDNESDAY
    return WorkingHours(days, dt.time(9), dt.time(17, 30))


def next_working_day(day: dt.date, hours: WorkingHours) -> dt.date:
    """The first working day after `day`."""
    return add_working_days(day, 1, hours)


def add_working_days(day: dt.date, count: int, hours: WorkingHours) -> dt.date:
    """The date `count` working days after `day` (before it when negative); `day` itself for 0."""
    step = dt.timedelta(days=1 if count > 0 else -1)
    left = abs(count)
    # Whole weeks at once, so that a large count costs nothing.
    weeks, left = divmod(left, len(hours.days)) if left > len(hours.days) else (0, left)
    if weeks and not left:
        weeks, left = weeks - 1, len(hours.days)
    day += step * 7 * weeks
    while left:
        day += step
        if day.weekday() in hours.days:
            left -= 1
    return day


def end_of_week(day: dt.date, hours: WorkingHours) -> dt.date:
    """The last day of the working week that `day` stands in, or of the coming one after it."""
    return day + dt.timedelta(days=(hours.last_day - day.weekday()) % 7)


def at(day: dt.date, time: dt.time, where: ZoneInfo) -> dt.datetime:
    """A wall-clock time as an aware moment; one that the spring clock change skips moves forward."""
    moment = dt.datetime.combine(day, time, tzinfo=where)
    return moment.astimezone(dt.UTC).astimezone(where)


def moment(when: dt.datetime | dt.date, where: ZoneInfo) -> dt.datetime:
    """An aware moment as it is; a day as its beginning in a zone."""
    return when if isinstance(when, dt.datetime) else at(when, dt.time(), where)


def first_slot(
    after: dt.datetime, minutes: int, hours: WorkingHours, where: ZoneInfo, *, step: int = 30
) -> dt.datetime:
    """The first start, on a `step`-minute mark, of `minutes` working minutes at or after a moment.

    `after` is aware, in any zone; the answer is in `where`. A slot longer than the working
    day starts with the day. Raises ValueError when `after` is naive.
    """
    if after.tzinfo is None:
        raise ValueError("the moment must have a time zone")
    moment = after.astimezone(where)
    day = moment.date()
    while True:
        if day.weekday() in hours.days:
            opens, closes = at(day, hours.start, where), at(day, hours.end, where)
            start = max(opens, _round_up(moment, step, where))
            latest = max(opens, _earlier(closes, minutes, where))
            if start <= latest:
                return start
        day += dt.timedelta(days=1)
        moment = max(moment, at(day, dt.time(0), where))


def _earlier(moment: dt.datetime, minutes: int, where: ZoneInfo) -> dt.datetime:
    return (moment.astimezone(dt.UTC) - dt.timedelta(minutes=minutes)).astimezone(where)


def later(moment: dt.datetime, minutes: int) -> dt.datetime:
    """`minutes` of real time after an aware moment, in its zone, across a clock change too."""
    return (moment.astimezone(dt.UTC) + dt.timedelta(minutes=minutes)).astimezone(moment.tzinfo)


def _round_up(moment: dt.datetime, step: int, where: ZoneInfo) -> dt.datetime:
    whole = moment.replace(second=0, microsecond=0)
    late = whole.minute % step
    if late == 0 and whole == moment:
        return moment
    return later(whole, step - late).astimezone(where)
