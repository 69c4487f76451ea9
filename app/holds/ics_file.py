"""A calendar file as a calendar: for users without an account, and for the command line.

Holds in memory; whoever owns the file reads it before and writes `content` after.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from icalendar import Calendar
from icalendar import Event as Entry

from app.errors import Gone, Provider, TactlineError
from app.holds import ics
from app.holds.calendar import Availability, Busy, Event, Marked, Placed
from app.holds.propose import Hold
from app.tone import week


class NotACalendar(TactlineError):  # noqa: N818 - reads as what it says
    """The file is not one calendar in the format of RFC 5545."""


class IcsCalendar:
    """See `app.holds.calendar.Calendar`. Entries that are not ours stay as they are, and count as taken.

    `now` is aware and stamps new entries; `time_zone` (IANA) is where whole days and times
    without a zone begin. Raises NotACalendar for bytes that are no calendar.
    """

    provider: Provider = "ics"

    def __init__(
        self, content: bytes = b"", *, now: dt.datetime, time_zone: str = "UTC", lang: str | None = None
    ) -> None:
        self._now = now
        self._lang = lang
        self._where = week.zone(time_zone)
        try:
            self._file = Calendar.from_ical(content) if content.strip() else ics.empty(lang)
        except (ValueError, IndexError, KeyError) as error:
            raise NotACalendar(type(error).__name__) from None
        if not isinstance(self._file, Calendar):
            raise NotACalendar("no VCALENDAR")

    def content(self) -> bytes:
        """The file as it is now."""
        years = [self._aware(item.decoded("dtstart")).year for item in self._entries()]
        return ics.written(self._file, years or [self._now.year])

    async def availability(
        self, start: dt.datetime, end: dt.datetime, without: str | None = None
    ) -> Availability:
        busy = []
        partial = not all(map(self._readable, self._file.walk("VEVENT")))
        for item in self._entries():
            if str(item.get("transp", "OPAQUE")).upper() == "TRANSPARENT" or _cancelled(item):
                continue
            # A series is not unfolded here: say so instead of calling its other days free.
            partial = partial or "RRULE" in item or "RDATE" in item
            begins, ends = (self._aware(moment) for moment in _times(item))
            if str(item.get("uid", "")) != without and begins < end and start < ends:
                busy.append(Busy(begins, ends))
        return Availability(tuple(sorted(busy, key=lambda b: b.start)), partial)

    async def create(self, hold: Hold, marked: Marked) -> Placed:
        made = ics.entry(hold, self._now, self._lang, marked)
        standing = self._find(str(made["uid"]))
        if standing is not None:
            return Placed(self._event(standing), False)
        # One of ours that was cancelled has the same UID: it is made anew, not beside it.
        uid = str(made["uid"])
        self._file.subcomponents = [c for c in self._file.subcomponents if str(c.get("uid", "")) != uid]
        self._file.add_component(made)
        return Placed(self._event(made), True)

    async def get(self, event_id: str) -> Event:
        found = self._find(event_id)
        if found is None:
            raise Gone(self.provider)
        return self._event(found)

    async def of_thread(self, thread: str) -> Sequence[Event]:
        found = [
            self._event(item)
            for item in self._entries()
            if str(item.get(ics.THREAD, "")) == thread and not _cancelled(item)
        ]
        return sorted(found, key=lambda event: self._aware(event.start))

    async def ours(self, start: dt.datetime, end: dt.datetime) -> Sequence[Event]:
        found = []
        for item in self._entries():
            begins, ends = (self._aware(moment) for moment in _times(item))
            if ics.HOLD in item and not _cancelled(item) and begins < end and start < ends:
                found.append(self._event(item))
        return sorted(found, key=lambda event: self._aware(event.start))

    async def delete(self, event_id: str) -> None:
        found = self._find(event_id)
        if found is None:
            raise Gone(self.provider)
        self._file.subcomponents.remove(found)

    def _entries(self) -> list[Any]:
        """The entries whose times can be read; any others are kept as they are."""
        return [item for item in self._file.walk("VEVENT") if self._readable(item)]

    def _readable(self, item: Any) -> bool:
        try:
            begins, ends = (self._aware(moment) for moment in _times(item))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            # icalendar hands a value that is no date on as text, and one that stands twice as a list.
            return False
        # At the ends of the calendar a moment has no counterpart in another zone.
        return begins.year > dt.MINYEAR and begins <= ends and ends.year < dt.MAXYEAR

    def _event(self, item: Any) -> Event:
        start, end = (
            self._aware(moment) if isinstance(moment, dt.datetime) else moment for moment in _times(item)
        )
        return Event(
            id=str(item.get("uid", "")), url=None, hold=str(item.get(ics.HOLD, "")),
            thread=str(item.get(ics.THREAD, "")), kind=str(item.get(ics.KIND, "")),
            title=str(item.get("summary", "")), start=start, end=end,
        )  # fmt: skip

    def _find(self, uid: str) -> Entry | None:
        """The entry of ours with this UID."""
        for item in self._entries():
            if str(item.get("uid", "")) == uid and ics.HOLD in item and not _cancelled(item):
                return item  # type: ignore[no-any-return]
        return None

    def _aware(self, moment: dt.datetime | dt.date) -> dt.datetime:
        found = week.moment(moment, self._where)
        return found if found.tzinfo else found.replace(tzinfo=self._where)


def _times(item: Any) -> tuple[dt.datetime | dt.date, dt.datetime | dt.date]:
    start = item.decoded("dtstart")
    if "DTEND" in item:
        return start, item.decoded("dtend")
    if "DURATION" in item:
        return start, start + item.decoded("duration")
    # RFC 5545, 3.6.1: a day lasts a day, a moment takes no time.
    return start, start if isinstance(start, dt.datetime) else start + dt.timedelta(days=1)


def _cancelled(item: Any) -> bool:
    return str(item.get("status", "")).upper() == "CANCELLED"
