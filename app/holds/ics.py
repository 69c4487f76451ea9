"""Holds as a calendar file (RFC 5545), for any calendar and with no account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event

from app.holds.calendar import Marked
from app.holds.propose import Hold

HOLD, THREAD, KIND = "X-TACTLINE-HOLD", "X-TACTLINE-THREAD", "X-TACTLINE-KIND"
_AHEAD = dt.timedelta(minutes=-15)
# A whole day begins at midnight: nine in the morning of the day before.
_DAY_AHEAD = dt.timedelta(hours=-15)


def calendar(
    holds: Sequence[Hold], *, now: dt.datetime, lang: str | None = None, marked: Marked | None = None
) -> bytes:
    """The holds as one calendar file, UTF-8 with CRLF line ends.

    Tentative and private, with a reminder (15 minutes ahead; the morning before for a whole
    day), no attendees and nothing of the mail's text. The same hold has the same UID, so that
    importing it twice makes one event. `marked` is the way back to the thread, `now` is aware,
    `lang` the language of titles and reasons, None when it is not known. Raises ValueError when
    `now` is naive.
    """
    if now.tzinfo is None:
        raise ValueError("now must have a time zone")
    found = empty(lang)
    for hold in holds:
        found.add_component(entry(hold, now, lang, marked or Marked()))
    return written(found, [hold.start.year for hold in holds] or [now.year])


def empty(lang: str | None) -> Calendar:
    """A calendar without entries, as this product writes it."""
    found = Calendar()
    found.add("prodid", f"-//Tactline//Holds//{(lang or 'en').upper()}")
    found.add("version", "2.0")
    found.add("calscale", "GREGORIAN")
    found.add("method", "PUBLISH")
    return found


def written(found: Calendar, years: Sequence[int]) -> bytes:
    """The file, with the rules of its zones for the years of its entries and the ones around them."""
    first, last = min(years), max(years)
    found.add_missing_timezones(dt.date(max(first - 1, 1970), 1, 1), dt.date(min(last + 2, 2200), 1, 1))
    content: bytes = found.to_ical()
    return content


def entry(hold: Hold, now: dt.datetime, lang: str | None, marked: Marked) -> Event:
    """One hold as a VEVENT."""
    stamp = now.astimezone(dt.UTC).replace(microsecond=0)
    spoken = {"LANGUAGE": lang} if lang else {}
    event = Event()
    event.add("uid", f"{hold.id}@tactline")
    event.add("dtstamp", stamp)
    event.add("sequence", 0)
    event.add("dtstart", _local(hold.start, hold.time_zone))
    event.add("dtend", _local(hold.end, hold.time_zone))
    event.add("summary", hold.title, parameters=spoken)
    if hold.reason:
        event.add("description", hold.reason, parameters=spoken)
    if marked.link:
        event.add("url", marked.link)
    for name, value in ((HOLD, hold.id), (THREAD, hold.thread), (KIND, hold.kind)):
        if value:
            event.add(name, value)
    event.add("categories", ["Tactline"])
    event.add("status", "TENTATIVE")
    event.add("class", "PRIVATE")
    # A promise for some time of a day leaves the day free.
    event.add("transp", "TRANSPARENT" if hold.all_day else "OPAQUE")
    event.add("x-microsoft-cdo-busystatus", "FREE" if hold.all_day else "TENTATIVE")
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", hold.title)
    alarm.add("trigger", _DAY_AHEAD if hold.all_day else _AHEAD)
    event.add_component(alarm)
    return event


def _local(moment: dt.datetime | dt.date, time_zone: str) -> dt.datetime | dt.date:
    """A moment in the hold's own zone, so that the file names it; a day as it is.

    The hour that comes twice when the clocks go back can only be told in UTC (RFC 5545, 3.3.5).
    """
    if isinstance(moment, dt.datetime):
        local = moment.astimezone(ZoneInfo(time_zone))
        return moment.astimezone(dt.UTC) if local.fold else local
    return moment
