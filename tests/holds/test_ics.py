"""The calendar file, read back by the library that wrote it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from app.holds.ics import calendar
from app.holds.propose import Hold
from app.tone.week import zone

NOW = dt.datetime(2026, 3, 10, 9, 30, 12, 345, tzinfo=zone("Europe/Paris"))


def hold(**changes: object) -> Hold:
    given: dict[str, object] = {
        "id": "0a" * 16, "kind": "client-call", "title": "Appeler le client",
        "start": dt.datetime(2026, 3, 30, 14, tzinfo=zone("Europe/Paris")),
        "end": dt.datetime(2026, 3, 30, 14, 30, tzinfo=zone("Europe/Paris")),
        "all_day": False, "time_zone": "Europe/Paris",
        "reason": "Une voix apaise; mieux, parfois, qu'un mail.",
        "sources": ("dropped-ball/talk-live",),
    }  # fmt: skip
    return Hold(**{**given, **changes})  # type: ignore[arg-type]


def day() -> Hold:
    return hold(
        id="0b" * 16,
        kind="commitment",
        start=dt.date(2026, 4, 1),
        end=dt.date(2026, 4, 2),
        all_day=True,
    )


def events(content: bytes) -> list[Any]:
    return list(Calendar.from_ical(content).walk("VEVENT"))


def test_a_tentative_private_event_with_a_reminder() -> None:
    content = calendar([hold()], now=NOW, lang="fr")
    read = Calendar.from_ical(content)
    assert read["METHOD"] == "PUBLISH"
    (event,) = events(content)
    assert event["UID"] == "0a" * 16 + "@tactline"
    assert event["SEQUENCE"] == 0
    assert event["STATUS"] == "TENTATIVE"
    assert event["CLASS"] == "PRIVATE"
    assert event["TRANSP"] == "OPAQUE"
    assert event["SUMMARY"] == "Appeler le client"
    assert event["SUMMARY"].params["LANGUAGE"] == "fr"
    assert event["DESCRIPTION"] == "Une voix apaise; mieux, parfois, qu'un mail."
    assert event.start == hold().start
    assert event.end == hold().end
    assert event["DTSTAMP"].dt == dt.datetime(2026, 3, 10, 8, 30, 12, tzinfo=dt.UTC)
    (alarm,) = event.walk("VALARM")
    assert alarm["TRIGGER"].dt == dt.timedelta(minutes=-15)
    assert "ATTENDEE" not in event
    assert "ORGANIZER" not in event


def test_the_file_brings_its_time_zone() -> None:
    content = calendar([hold()], now=NOW)
    (rules,) = Calendar.from_ical(content).walk("VTIMEZONE")
    assert rules["TZID"] == "Europe/Paris"
    assert rules.walk("DAYLIGHT")
    assert b"DTSTART;TZID=Europe/Paris:20260330T140000" in content


def test_a_whole_day_is_a_date_and_reminds_the_morning_before() -> None:
    (event,) = events(calendar([day()], now=NOW))
    assert event.start == dt.date(2026, 4, 1)
    assert event.end == dt.date(2026, 4, 2)
    assert event["TRANSP"] == "TRANSPARENT"
    (alarm,) = event.walk("VALARM")
    assert alarm["TRIGGER"].dt == dt.timedelta(hours=-15)


def test_the_same_holds_make_the_same_file() -> None:
    assert calendar([hold(), day()], now=NOW) == calendar([hold(), day()], now=NOW.astimezone(dt.UTC))
    assert [event["UID"] for event in events(calendar([hold(), day()], now=NOW))] == [
        "0a" * 16 + "@tactline",
        "0b" * 16 + "@tactline",
    ]


def test_lines_are_folded_and_end_with_crlf() -> None:
    content = calendar([hold(title="مراجعة " * 40, reason="çğışöü " * 40)], now=NOW)
    lines = content.split(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in lines)
    (event,) = events(content)
    assert event["SUMMARY"] == "مراجعة " * 40


@given(
    title=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=80),
    start=st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2060, 1, 1), timezones=st.just(dt.UTC)),
    name=st.sampled_from(["UTC", "Asia/Riyadh", "America/New_York", "Australia/Lord_Howe", "Europe/Paris"]),
)
def test_any_title_and_time_come_back(title: str, start: dt.datetime, name: str) -> None:
    start = start.replace(microsecond=0).astimezone(zone(name))
    given = hold(title=title, start=start, end=start + dt.timedelta(minutes=30), time_zone=name)
    (event,) = events(calendar([given], now=NOW))
    assert event["SUMMARY"] == title
    assert event.start.replace(tzinfo=None) == start.replace(tzinfo=None)
    assert b"BEGIN:VEVENT" in calendar([given], now=NOW)


def test_an_injected_line_stays_text() -> None:
    content = calendar([hold(title="x\r\nATTENDEE:mailto:a@example.org")], now=NOW)
    (event,) = events(content)
    assert "ATTENDEE" not in event


def test_no_holds_make_an_empty_calendar() -> None:
    assert events(calendar([], now=NOW)) == []


def test_now_must_know_its_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        calendar([hold()], now=dt.datetime(2026, 3, 10))
