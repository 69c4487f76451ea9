"""From what was said to a day and a time: resolution against a clock that is passed in."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

from dateutil.easter import easter  # type: ignore[import-untyped]

from app.tone.dates.atoms import Day, Said
from app.tone.dates.clocks import Clock
from app.tone.types import Language
from app.tone.week import WorkingHours, add_working_days, end_of_week, later

_MINUTES = {"minute": 1, "halfhour": 30, "hour": 60}
_DAYS = {"day": 1, "week": 7, "fortnight": 14, "huitaine": 8}
# From this many hours on, "within n hours" means a day, not a minute on the clock.
_WHOLE_DAYS = 12
_MORNING = ("morning",)
_SOON = dt.timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Moment:
    """A resolved expression."""

    date: dt.date
    time: dt.time | None


class Resolver:
    """Resolves the expressions of one text in order; each may lean on the one before."""

    def __init__(self, language: Language, now: dt.datetime, hours: WorkingHours) -> None:
        self.language = language
        self.now = now
        self.today = now.date()
        self.hours = hours

    def resolve(self, said: Said, last: Moment | None, near: bool) -> Moment | None:
        """The moment an expression means, or None when no calendar has such a day.

        `last` is the moment of the expression before it in the same text, if any.
        """
        try:
            return self._resolve(said, last, near)
        except (ValueError, OverflowError):
            return None

    def _resolve(self, said: Said, last: Moment | None, near: bool) -> Moment | None:
        day, clock = said.day, said.clock
        if day is None:
            return self._clock_alone(said, last if near else None) if clock else None
        if day.kind in ("within", "same_span"):
            timed = self._span(day, last)
            if timed.time is not None or clock is None:
                return timed if clock is None or timed.time is None else Moment(timed.date, timed.time)
            return Moment(timed.date, self._time(clock, said.part, timed.date))
        date = self._day(day, last if near or day.kind != "alone" else None, past=said.past)
        if date is None:
            return None
        if clock is None:
            return Moment(date, _default_time(said.part))
        if clock.hour == 12 and clock.minute == 0 and said.part == "evening":
            # "at 12 tonight": the end of the day by the labels, but in Arabic the start of the next.
            if self.language == "ar":
                return Moment(date + dt.timedelta(days=1), dt.time(0))
            return Moment(date, dt.time(23, 59))
        time = self._time(clock, said.part, date)
        if day.kind == "every":
            date = self.today + dt.timedelta(days=int(dt.datetime.combine(self.today, time) <= self._wall()))
        elif day.mod == "every" and day.n == self.today.weekday():
            ahead = dt.datetime.combine(self.today, time) > self._wall()
            date = self.today if ahead else date
        return Moment(date, time)

    def _passed(self, part: str) -> bool:
        """Whether a part of today is over."""
        return self.now.hour >= {"morning": 10, "noon": 12, "afternoon": 17, "evening": 24}.get(part, 17)

    def _wall(self) -> dt.datetime:
        return self.now.replace(tzinfo=None)

    def _clock_alone(self, said: Said, last: Moment | None) -> Moment:
        assert said.clock is not None  # noqa: S101 - a Said has a day or a clock
        if last is not None and last.date < self.today:
            last = None  # what is to come does not lean on what has been
        base = last.date if last else self.today
        time = self._time(said.clock, said.part, base)
        if said.past:
            return Moment(base, time)
        here = dt.datetime.combine(base, time)
        if base == self.today and here <= self._wall():
            return Moment(base + dt.timedelta(days=1), time)
        return Moment(base, time)

    def _time(self, clock: Clock, part: str, date: dt.date) -> dt.time:
        hour, minute = clock.hour, clock.minute
        if hour == 24:
            return dt.time(23, 59)
        if hour > 12 or hour == 0:
            return dt.time(hour % 24, minute)
        if clock.half == "am" or (not clock.half and part in _MORNING):
            return dt.time(hour % 12 if clock.half else hour, minute)
        evening = self.language == "fr" and part in ("afternoon", "evening") and hour >= 5
        if clock.full and not clock.half and not evening:
            return dt.time(hour, minute)
        if clock.half == "pm" or part in ("afternoon", "evening"):
            return dt.time(hour % 12 + 12, minute)
        if part in ("noon", "lunch"):
            return dt.time(hour if hour >= 10 else hour + 12, minute)
        if clock.full or hour == 12:
            return dt.time(hour, minute)
        if hour <= 5 or (hour == 6 and (self.language != "fr")):
            return dt.time(hour + 12, minute)
        night = dt.time(hour + 12, minute)
        if date == self.today and self._wall() < dt.datetime.combine(date, night) <= self._wall() + _SOON:
            return night  # at 19:52, "by 8:00" is this evening
        return dt.time(hour, minute)

    def _span(self, day: Day, last: Moment | None) -> Moment:
        anchored = day.kind == "same_span"
        base = last.date if anchored and last else self.today
        if day.mod in _MINUTES:
            minutes = day.n * _MINUTES[day.mod]
            if abs(minutes) >= _WHOLE_DAYS * 60:
                noon = dt.datetime.combine(base, dt.time(12))
                return Moment((noon + dt.timedelta(minutes=minutes)).date(), None)
            if anchored and last:
                if last.time is None:
                    return Moment(last.date, None)
                moment = dt.datetime.combine(last.date, last.time) + dt.timedelta(minutes=minutes)
            else:
                moment = later(self.now, minutes).replace(tzinfo=None)
            return Moment(moment.date(), moment.time().replace(second=0, microsecond=0))
        if day.mod == "workday":
            return Moment(add_working_days(base, max(-999, min(999, day.n)), self.hours), None)
        if day.mod in ("month", "quarter"):
            return Moment(_add_months(base, day.n), None)
        if day.mod == "year":
            return Moment(_add_months(base, 12 * day.n), None)
        days = _DAYS[day.mod]
        if day.mod == "fortnight" and self.language == "fr":
            days = 15
        return Moment(base + dt.timedelta(days=days * day.n), None)

    def _day(self, day: Day, last: Moment | None, *, past: bool) -> dt.date | None:
        kind = day.kind
        base = last.date if last else self.today
        if kind in ("today", "alone"):
            if kind == "alone" and last is not None and last.date > self.today:
                return last.date
            return self.today + dt.timedelta(days=day.n)
        if kind == "every":
            return self.today + dt.timedelta(days=int(self._passed(day.mod)))
        if kind == "same":
            return base + dt.timedelta(days=day.n)
        if kind == "weekday":
            return self._weekday(day, base, past=past)
        if kind == "dom_of":
            return self._weekday_date(day)
        if kind == "dom":
            return self._day_of_month(day, past=past)
        if kind == "date":
            return self._date(day, past=past)
        if kind == "numeric":
            return dt.date(day.year, day.month, day.n) if day.year else self._date(day, past=past)
        if kind == "nth":
            return self._nth(day)
        if kind == "easter":
            dates: list[dt.date] = [easter(self.today.year), easter(self.today.year + 1)]
            return dates[0] if dates[0] >= self.today else dates[1]
        return self._edge(day)

    def _weekday(self, day: Day, base: dt.date, *, past: bool) -> dt.date:
        ahead = (day.n - self.today.weekday()) % 7
        if day.mod == "last" or past:
            return self.today - dt.timedelta(days=(self.today.weekday() - day.n) % 7 or 7)
        if day.mod == "following":
            return base + dt.timedelta(days=(day.n - base.weekday()) % 7 or 7)
        if day.mod == "preceding":
            return base - dt.timedelta(days=(base.weekday() - day.n) % 7 or 7)
        if day.mod == "next" and self.language in ("en", "tr"):
            # The next calendar week, Monday first, by the labels: on a Thursday, "next Friday" is in 8 days.
            monday = self.today - dt.timedelta(days=self.today.weekday())
            return monday + dt.timedelta(days=7 + day.n)
        if day.mod == "plus7":
            return self.today + dt.timedelta(days=(ahead or 7) + 7)
        if day.mod == "plus14":
            return self.today + dt.timedelta(days=(ahead or 7) + 14)
        return self.today + dt.timedelta(days=ahead or 7)

    def _weekday_date(self, day: Day) -> dt.date | None:
        """ "mercredi 14": the nearest day of that number and weekday; else the weekday alone."""
        for months in (0, 1, -1, 2):
            first = _add_months(self.today.replace(day=1), months)
            if day.n <= calendar.monthrange(first.year, first.month)[1]:
                found = first.replace(day=day.n)
                if found.weekday() == day.month and (found >= self.today) == (months >= 0):
                    return found
        return self._day_of_month(Day("dom", day.n), past=False)

    def _day_of_month(self, day: Day, *, past: bool) -> dt.date | None:
        if day.mod == "next":
            return _add_months(self.today.replace(day=1), 1).replace(day=day.n)
        months = range(0, -3, -1) if past else range(3)
        for ahead in months:
            first = _add_months(self.today.replace(day=1), ahead)
            if day.n > calendar.monthrange(first.year, first.month)[1]:
                continue
            found = first.replace(day=day.n)
            if (found <= self.today) if past else (found >= self.today):
                return found
        return None

    def _date(self, day: Day, *, past: bool) -> dt.date:
        if day.year:
            return dt.date(day.year, day.month, day.n)
        found = _safe(self.today.year, day.month, day.n)
        distance = (found - self.today).days
        if past:
            return found if distance <= 0 else _safe(found.year - 1, day.month, day.n)
        # A day just gone by is meant as past; one long gone comes again next year.
        if distance < -210:
            return _safe(found.year + 1, day.month, day.n)
        if distance > 250:
            return _safe(found.year - 1, day.month, day.n)
        return found

    def _nth(self, day: Day) -> dt.date:
        """The n-th weekday (`year` holds it) of a month, or of this month or the next."""
        if day.month:
            first = dt.date(self.today.year, day.month, 1)
            if (first - self.today).days < -60:
                first = first.replace(year=first.year + 1)
        else:
            first = self.today.replace(day=1)
        found = _nth_weekday(first, day.n, day.year)
        return (
            found
            if found >= self.today or day.month
            else _nth_weekday(_add_months(first, 1), day.n, day.year)
        )

    def _edge(self, day: Day) -> dt.date | None:
        """The end, middle or start of a period."""
        edge, _, named = day.kind.partition("_")
        if named:
            first = dt.date(self.today.year, day.n, 1)
            last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
            if (last - self.today).days < -60:
                first = first.replace(year=first.year + 1)
            return self._in_month(first, edge)
        ahead, period = (1, day.mod[5:]) if day.mod.startswith("next_") else (0, day.mod)
        if period == "weekend":
            return end_of_week(self.today, self.hours) + dt.timedelta(days=2)
        if period == "week":
            monday = self.today + dt.timedelta(days=7 * ahead)
            if edge == "end":
                return end_of_week(monday, self.hours)
            first_day = min(
                (self.today + dt.timedelta(days=n) for n in range(1, 8)),
                key=lambda d: (d.weekday() - (self.hours.last_day + 1)) % 7,
            )
            return first_day if edge == "start" else first_day + dt.timedelta(days=2)
        if period == "month":
            return self._in_month(_add_months(self.today.replace(day=1), ahead), edge)
        if period == "quarter":
            return self._in_month(dt.date(self.today.year, (self.today.month - 1) // 3 * 3 + 3, 1), edge)
        if period == "year":
            return dt.date(self.today.year + ahead, 12, 31) if edge == "end" else None
        return self.today

    def _in_month(self, first: dt.date, edge: str) -> dt.date:
        if edge == "end":
            return first.replace(day=calendar.monthrange(first.year, first.month)[1])
        return first.replace(day=15) if edge == "middle" else first


def _default_time(part: str) -> dt.time | None:
    """The clock time that a part of the day names by itself."""
    if part in ("noon", "beforenoon"):
        return dt.time(12)
    return dt.time(23, 59) if part == "midnight" else None


def _safe(year: int, month: int, day: int) -> dt.date:
    """The date, or 28 February for the 29th of a year without one. Raises ValueError for 31 June."""
    if (month, day) == (2, 29) and not calendar.isleap(year):
        day = 28
    return dt.date(year, month, day)


def _add_months(day: dt.date, months: int) -> dt.date:
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _nth_weekday(first: dt.date, nth: int, weekday: int) -> dt.date:
    if nth > 0:
        return first + dt.timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    return last - dt.timedelta(days=(last.weekday() - weekday) % 7)
