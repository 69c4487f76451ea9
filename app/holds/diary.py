"""A diary of what is taken, to find free time inside working hours."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from zoneinfo import ZoneInfo

from app.tone import week
from app.tone.week import WorkingHours


class Diary:
    """Free slots inside the working hours of a zone; what is taken stays taken."""

    def __init__(self, hours: WorkingHours, where: ZoneInfo) -> None:
        self._hours = hours
        self._where = where
        # Aware, in UTC, apart from one another and ascending: so both lists are sorted.
        self._starts: list[dt.datetime] = []
        self._ends: list[dt.datetime] = []

    def block(self, start: dt.datetime, end: dt.datetime) -> None:
        """Mark a time as taken."""
        if start >= end:
            return
        start, end = start.astimezone(dt.UTC), end.astimezone(dt.UTC)
        first, last = bisect_left(self._ends, start), bisect_right(self._starts, end)
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def take(self, after: dt.datetime, minutes: int, *, step: int = 30) -> tuple[dt.datetime, dt.datetime]:
        """The first free slot at or after a moment, marked as taken."""
        # No slot is longer than the working day it has to fit into.
        minutes = min(minutes, self.day_length)
        while True:
            start = week.first_slot(after, minutes, self._hours, self._where, step=step)
            end = week.later(start, minutes)
            clash = self.clash(start, end)
            if clash is None:
                self.block(start, end)
                return start, end
            after = clash

    def before(
        self, moment: dt.datetime, minutes: int, earliest: dt.datetime
    ) -> tuple[dt.datetime, dt.datetime] | None:
        """The last free slot that ends by a moment and begins no earlier than `earliest`, or None."""
        end = moment
        for _ in range(7 * 48):
            start = week.later(end, -minutes)
            if start < earliest:
                return None
            if self._inside(start, end) and self.clash(start, end) is None:
                self.block(start, end)
                return start, end
            end = week.later(end, -30)
        return None

    def clash(self, start: dt.datetime, end: dt.datetime) -> dt.datetime | None:
        """The end of what is taken between two moments, or None when they are free."""
        at = bisect_right(self._ends, start.astimezone(dt.UTC))
        taken = at < len(self._starts) and self._starts[at] < end
        return self._ends[at] if taken else None

    def _inside(self, start: dt.datetime, end: dt.datetime) -> bool:
        start, end = start.astimezone(self._where), end.astimezone(self._where)
        same_day = start.date() == end.date() and start.weekday() in self._hours.days
        return same_day and self._hours.start <= start.time() and end.time() <= self._hours.end

    @property
    def day_length(self) -> int:
        """Minutes of a working day."""
        start, end = self._hours.start, self._hours.end
        return max(1, (end.hour - start.hour) * 60 + end.minute - start.minute)
