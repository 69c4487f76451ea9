"""Time zones and the working week."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tone import week
from app.tone.week import WorkingHours, default_hours, first_slot, zone

SUNDAY_TO_THURSDAY = frozenset((6, 0, 1, 2, 3))
OFFICE = WorkingHours(frozenset(range(5)), dt.time(9), dt.time(17, 30))


@pytest.mark.parametrize(
    "name",
    [
        "Asia/Riyadh", "Asia/Kuwait", "Asia/Qatar", "Asia/Bahrain", "Asia/Muscat", "Asia/Baghdad",
        "Asia/Amman", "Asia/Damascus", "Asia/Jerusalem", "Africa/Cairo", "Africa/Algiers", "Africa/Tripoli",
        "Arab Standard Time", "Egypt Standard Time",
    ],
)  # fmt: skip
def test_sunday_to_thursday(name: str) -> None:
    hours = default_hours(name)
    assert hours.days == SUNDAY_TO_THURSDAY
    assert hours.last_day == 3


@pytest.mark.parametrize(
    "name", ["Asia/Dubai", "Europe/Istanbul", "Africa/Casablanca", "Africa/Tunis", "Asia/Beirut", "UTC", "?"]
)
def test_monday_to_friday(name: str) -> None:
    hours = default_hours(name)
    assert hours == OFFICE
    assert hours.last_day == 4


def test_windows_names() -> None:
    assert zone("Romance Standard Time").key == "Europe/Paris"
    assert zone("Arab Standard Time").key == "Asia/Riyadh"
    assert zone("Europe/Paris").key == "Europe/Paris"


@pytest.mark.parametrize(
    "name", ["Nowhere/Town", "", "../etc/passwd", "/etc/passwd", "Europe", "\x00", "a" * 5000]
)
def test_a_bad_name_is_named(name: str) -> None:
    with pytest.raises(ValueError, match="not a time zone") as error:
        zone(name)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("days", "start", "end"),
    [(set(), 9, 17), ({7}, 9, 17), ({0}, 17, 9), ({0}, 9, 9)],
)
def test_impossible_hours_are_refused(days: set[int], start: int, end: int) -> None:
    with pytest.raises(ValueError, match="working"):
        WorkingHours(frozenset(days), dt.time(start), dt.time(end))


def test_counting_in_working_days() -> None:
    friday = dt.date(2026, 3, 13)
    assert week.next_working_day(friday, OFFICE) == dt.date(2026, 3, 16)
    assert week.add_working_days(friday, 2, OFFICE) == dt.date(2026, 3, 17)
    assert week.add_working_days(friday, -5, OFFICE) == dt.date(2026, 3, 6)
    assert week.add_working_days(friday, 0, OFFICE) == friday
    assert week.next_working_day(dt.date(2026, 3, 12), default_hours("Asia/Riyadh")) == dt.date(2026, 3, 15)
    assert week.end_of_week(dt.date(2026, 3, 14), OFFICE) == dt.date(2026, 3, 20)


@given(
    count=st.integers(-400, 400),
    day=st.dates(dt.date(1990, 1, 1), dt.date(2090, 1, 1)),
    days=st.sets(st.integers(0, 6), min_size=1),
)
def test_working_days_agree_with_counting_one_by_one(count: int, day: dt.date, days: set[int]) -> None:
    hours = WorkingHours(frozenset(days), dt.time(9), dt.time(17))
    step, left, plain = (1 if count > 0 else -1), abs(count), day
    while left:
        plain += dt.timedelta(days=step)
        left -= plain.weekday() in days
    assert week.add_working_days(day, count, hours) == plain


@given(
    after=st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2090, 1, 1), timezones=st.just(dt.UTC)),
    minutes=st.integers(1, 240),
    name=st.sampled_from(
        ["Europe/Paris", "America/New_York", "Asia/Riyadh", "Australia/Lord_Howe", "Asia/Kathmandu"]
    ),
)
def test_a_slot_lies_in_working_hours_and_ahead(after: dt.datetime, minutes: int, name: str) -> None:
    where, hours = zone(name), default_hours(name)
    start = first_slot(after, minutes, hours, where)
    end = week.later(start, minutes)
    assert start >= after
    assert start.date() == end.date()
    assert start.weekday() in hours.days
    assert hours.start <= start.time()
    assert end.time() <= hours.end


def test_a_slot_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        first_slot(dt.datetime(2026, 3, 10), 30, OFFICE, zone("UTC"))


def test_real_time_passes_across_a_clock_change() -> None:
    paris = zone("Europe/Paris")
    before = dt.datetime(2026, 3, 29, 1, 30, tzinfo=paris)
    assert week.later(before, 60).time() == dt.time(3, 30)
    assert week.at(dt.date(2026, 3, 29), dt.time(2, 30), paris).time() == dt.time(3, 30)
