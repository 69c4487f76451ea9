"""What comes back with a click, checked: the hold that a button names. Pure."""

from __future__ import annotations

import datetime as dt

from app.gmail import cards
from app.gmail.events import Event
from app.guidance.schema import Guidance
from app.holds.calendar import Event as Entry
from app.holds.propose import KINDS, Hold
from app.tone.types import Language

_LONGEST_ID = 64


def hold(event: Event, language: Language, guidance: Guidance) -> Hold | None:
    """The hold of an add button: kind and time came with the click, its words are ours; None for nonsense."""
    given = event.parameters
    kind, name = given.get("kind", ""), given.get("hold", "")
    if kind not in KINDS or not (name.isascii() and name.isalnum() and len(name) <= _LONGEST_ID):
        return None
    words = guidance.holds[language][kind]
    try:
        start, end = _moment(given.get("start", "")), _moment(given.get("end", ""))
    except ValueError:
        return None
    days = not isinstance(start, dt.datetime)
    if isinstance(end, dt.datetime) == days or not start < end:
        return None
    thread = given.get("thread", "")[:_LONGEST_ID]
    return Hold(name, kind, words.title, start, end, days, event.zone, words.text, (), thread)


def row(entry: Entry, language: Language, guidance: Guidance, zone: str) -> cards.HoldRow:
    """An event of ours as a row that says so. Its kind is one of `KINDS`."""
    words = guidance.holds[language][entry.kind]
    days = not isinstance(entry.start, dt.datetime)
    stands = Hold(
        entry.hold, entry.kind, entry.title or words.title, entry.start, entry.end, days, zone, words.text,
        (), entry.thread,
    )  # fmt: skip
    return cards.HoldRow(stands, "added", entry.url, entry.id)


def _moment(text: str) -> dt.datetime | dt.date:
    """Raises ValueError for what is neither an aware date-time nor a date."""
    if len(text) == len("2026-01-01"):
        return dt.date.fromisoformat(text)
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without its zone")
    return moment
