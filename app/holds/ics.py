"""Holds as a calendar file (RFC 5545), for any calendar and with no account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event

from app.holds.propose import Hold

_AHEAD = dt.timedelta(minutes=-15)
# A whole day begins at midnight: nine in the morning of the day before.
_DAY_AHEAD = dt.timedelta(hours=-15)


def calendar(holds: Sequence[Hold], *, now: dt.datetime, lang: str | None = None) -> bytes:
    """The holds as one calendar file, UTF-8 with CRLF line ends.

    Tentative and private, with a reminder (15 minutes ahead; the morning before for a whole
    day), no attendees and nothing of the mail's text. The same hold has the same UID, so that
    importing it twice makes one event. `now` is aware; `lang` is the language of titles and
    reasons, None when it is not known. Raises ValueError when `now` is naive.
    """
    if now.tzinfo is None:
        raise ValueError("now must have a time zone")
    found = Calendar()
    found.add("prodid", f"-//Tactline//Holds//{(lang or 'en').upper()}")
    found.add("version", "2.0")
    found.add("calscale", "GREGORIAN")
    found.add("method", "PUBLISH")
    stamp = now.astimezone(dt.UTC).replace(microsecond=0)
    for hold in holds:
        found.add_component(_event(hold, stamp, lang))
    years = [hold.start.year for hold in holds] or [now.year]
    # The rules of the zones, for the years that the holds are in and the ones around them.
    first, last = min(years), max(years)
    found.add_missing_timezones(dt.date(max(first - 1, 1970), 1, 1), dt.date(min(last + 2, 2200), 1, 1))
    content: bytes = found.to_ical()
    return content


def _event(hold: Hold, stamp: dt.datetime, lang: str | None) -> Event:
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
    """A moment in the hold's own zone, so that the file names it; a day as it is."""
    if isinstance(moment, dt.datetime):
        return moment.astimezone(ZoneInfo(time_zone))
    return moment
