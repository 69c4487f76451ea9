"""A diary of what is taken, to find free time inside working hours."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from app.tone import week
from app.tone.week import WorkingHours


class Diary:
    """Free slots inside the working hours of a zone; what is taken stays taken."""

    def __init__(self, hours: WorkingHours, where: ZoneInfo) -> None:
        self._hours = hours
        self._where = where
        self._busy: list[tuple[dt.datetime, dt.datetime]] = []

    def block(self, start: dt.datetime, end: dt.datetime) -> None:
        """Mark a time as taken."""
        self._busy.append((start, end))

    def take(self, after: dt.datetime, minutes: int, *, step: int = 30) -> tuple[dt.datetime, dt.datetime]:
        """The first free slot at or after a moment, marked as taken."""
        # No slot is longer than the working day it has to fit into.
        minutes = min(minutes, self.day_length)
        while True:
            start = week.first_slot(after, minutes, self._hours, self._where, step=step)
            end = week.later(start, minutes)
            clash = self._clash(start, end)
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
            clash = any(a < end and start < b for a, b in self._busy)
            if self._inside(start, end) and not clash:
                self.block(start, end)
                return start, end
            end = week.later(end, -30)
        return None

    def _inside(self, start: dt.datetime, end: dt.datetime) -> bool:
        start, end = start.astimezone(self._where), end.astimezone(self._where)
        same_day = start.date() == end.date() and start.weekday() in self._hours.days
        return same_day and self._hours.start <= start.time() and end.time() <= self._hours.end

    def _clash(self, start: dt.datetime, end: dt.datetime) -> dt.datetime | None:
        """When the last entry that overlaps start..end is over, or None."""
        return max((b for a, b in self._busy if a < end and start < b), default=None)

    @property
    def day_length(self) -> int:
        """Minutes of a working day."""
        start, end = self._hours.start, self._hours.end
        return max(1, (end.hour - start.hour) * 60 + end.minute - start.minute)
