"""Where holds go beside what is taken: properties, a brute force on a small grid, and when they are moot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.holds.calendar import Busy
from app.holds.propose import KINDS, LENGTH, Hold
from app.holds.slots import HORIZON, Fitted, fit, free, moot, window
from app.tone.types import Temperature
from app.tone.week import WorkingHours, default_hours, zone
from tests.holds.benches import HALF, HOURS, ISTANBUL, MONDAY, NOW, day, hold

MINUTE = dt.timedelta(minutes=1)
# With clock changes of an hour and of half an hour, half-hour zones and weeks that begin on Sunday.
NAMES = ("Europe/Istanbul", "Europe/Paris", "Asia/Riyadh", "Asia/Kolkata", "Asia/Kathmandu",
         "Australia/Lord_Howe", "America/New_York", "Asia/Jerusalem")  # fmt: skip
STARTS = (
    dt.datetime(2026, 10, 22, 7), dt.datetime(2026, 10, 30, 15), dt.datetime(2026, 11, 27, 9),
    dt.datetime(2027, 3, 11, 16, 30), dt.datetime(2027, 3, 25, 12), dt.datetime(2027, 4, 1, 8, 20),
)  # fmt: skip

zones = st.sampled_from(NAMES).map(zone)
weeks = st.sampled_from([
    None, WorkingHours(frozenset(range(7)), dt.time(9), dt.time(17)),
    WorkingHours(frozenset((0, 2)), dt.time(8, 15), dt.time(12)),
])  # fmt: skip
# In quarters of an hour from a start, so that ends and beginnings often touch.
entries = st.lists(st.tuples(st.integers(-40, 400), st.integers(0, 30)), max_size=25)


def spread(first: dt.datetime, pairs: Sequence[tuple[int, int]]) -> list[Busy]:
    begin = first.astimezone(dt.UTC)
    quarters = [(begin + 15 * start * MINUTE, 15 * length * MINUTE) for start, length in pairs]
    return [Busy(start, start + length) for start, length in quarters]


def overlaps(start: dt.datetime, end: dt.datetime, busy: Sequence[Busy]) -> bool:
    first, last = start.timestamp(), end.timestamp()
    return any(max(first, item.start.timestamp()) < min(last, item.end.timestamp()) for item in busy)


def inside(start: dt.datetime, end: dt.datetime, hours: WorkingHours, where: ZoneInfo) -> bool:
    start, end = start.astimezone(where), end.astimezone(where)
    whole = hours.start <= start.time() and end.time() <= hours.end
    return start.date() == end.date() and start.weekday() in hours.days and whole


def first_by_trying(
    after: dt.datetime, minutes: int, busy: Sequence[Busy], hours: WorkingHours, where: ZoneInfo
) -> tuple[float, float] | None:
    """The first slot on a half-hour mark, or at the beginning of a day's work, that will do."""
    taken = [(item.start.timestamp(), item.end.timestamp()) for item in busy]
    marks = {dt.time(hour, minute) for hour in range(24) for minute in (0, 30)} | {hours.start}
    last = (after + HORIZON).timestamp()
    for number in range(HORIZON.days + 2):
        date = after.astimezone(where).date() + number * dt.timedelta(days=1)
        for mark in sorted(marks):
            start = dt.datetime.combine(date, mark, tzinfo=where)
            begin, end = start.timestamp(), start.timestamp() + 60 * minutes
            fits = (
                begin >= after.timestamp()
                and end <= last
                and inside(start, start + minutes * MINUTE, hours, where)
            )
            if fits and not any(max(begin, first) < min(end, final) for first, final in taken):
                return begin, end
    return None


def stamps(slot: tuple[dt.datetime, dt.datetime]) -> tuple[float, float]:
    return slot[0].timestamp(), slot[1].timestamp()


@settings(deadline=None, max_examples=80)
@given(where=zones, first=st.sampled_from(STARTS), pairs=entries, week=weeks, late=st.integers(0, 90),
       minutes=st.sampled_from([15, 30, 45, 60]))  # fmt: skip
def test_a_free_slot_is_the_first_that_will_do(
    where: ZoneInfo,
    first: dt.datetime,
    pairs: list[tuple[int, int]],
    week: WorkingHours | None,
    late: int,
    minutes: int,
) -> None:
    hours = week or default_hours(where.key)
    after = first.replace(tzinfo=where) + late * MINUTE
    busy = spread(after, pairs)
    slots = free("check-in", busy, after=after, hours=hours, where=where, minutes=minutes, count=4)
    assert len(slots) == 4
    taken = list(busy)
    for slot in slots:
        assert stamps(slot) == first_by_trying(after, minutes, taken, hours, where)
        assert inside(*slot, hours, where)
        assert not overlaps(*slot, taken)
        taken.append(Busy(*slot))


@settings(deadline=None, max_examples=120)
@given(where=zones, first=st.sampled_from(STARTS), pairs=entries, week=weeks, late=st.integers(0, 90),
       kind=st.sampled_from(KINDS), move=st.booleans(), head=st.integers(-2, 48))  # fmt: skip
def test_a_hold_finds_its_place(
    where: ZoneInfo,
    first: dt.datetime,
    pairs: list[tuple[int, int]],
    week: WorkingHours | None,
    late: int,
    kind: str,
    move: bool,
    head: int,
) -> None:
    hours = week or default_hours(where.key)
    start = (first.replace(tzinfo=where) + late * MINUTE).astimezone(dt.UTC).astimezone(where)
    end = (start.astimezone(dt.UTC) + LENGTH[kind] * MINUTE).astimezone(where)
    now = start.astimezone(dt.UTC) - head * dt.timedelta(hours=1)
    wanted = hold(kind=kind, start=start, end=end, time_zone=where.key)
    busy = spread(start, pairs)
    fitted = fit(wanted, busy, now=now, hours=hours, move=move)
    found = fitted.hold
    assert isinstance(found.start, dt.datetime)
    assert isinstance(found.end, dt.datetime)
    slot = (found.start, found.end)
    if not overlaps(start, end, busy):
        assert fitted == Fitted(wanted)
    elif not move or kind == "commitment" or start < now:
        assert fitted == Fitted(wanted, clash=True)
    elif not fitted.moved:
        assert fitted == Fitted(wanted, clash=True)
        assert kind == "prepare" or first_by_trying(start, LENGTH[kind], busy, hours, where) is None
    else:
        assert not fitted.clash
        assert inside(*slot, hours, where)
        assert not overlaps(*slot, busy)
        assert slot[1].timestamp() - slot[0].timestamp() == 60 * LENGTH[kind]
        if kind == "prepare":
            assert now <= found.start
            assert found.end < end
        else:
            assert stamps(slot) == first_by_trying(start, LENGTH[kind], busy, hours, where)
    # What has to be known for this was known.
    span = window(wanted, now)
    assert span is not None
    if fitted.moved:
        assert span[0] <= found.start
        assert found.end <= span[1]


def test_a_whole_day_clashes_with_nothing_and_needs_nothing_known() -> None:
    taken = [Busy(MONDAY, MONDAY + dt.timedelta(days=3))]
    assert fit(day(), taken, now=NOW, hours=HOURS) == Fitted(day())
    assert window(day(), NOW) is None


def test_the_window_of_a_hold() -> None:
    assert window(hold(), NOW) == (MONDAY, MONDAY + HALF + HORIZON)
    # Its call begins when it ends, and nothing is prepared before now.
    assert window(hold(kind="prepare"), NOW) == (NOW, MONDAY + HALF)
    early = NOW - dt.timedelta(days=30)
    assert window(hold(kind="prepare"), early) == (MONDAY + HALF - dt.timedelta(days=7), MONDAY + HALF)


def test_preparation_takes_the_last_half_hour_before_its_call() -> None:
    wanted = hold(kind="prepare")
    taken = [Busy(MONDAY - HALF, MONDAY + HALF)]
    assert fit(wanted, taken, now=NOW, hours=HOURS).hold.end == MONDAY - HALF
    # Over the weekend, to Friday's last half hour; and when all is taken, it stays and says so.
    taken = [Busy(MONDAY.replace(hour=0), MONDAY + HALF)]
    friday = dt.datetime(2026, 11, 27, 17, 30, tzinfo=ISTANBUL)
    assert fit(wanted, taken, now=NOW, hours=HOURS).hold.end == friday
    taken = [Busy(NOW, MONDAY + HALF)]
    assert fit(wanted, taken, now=NOW, hours=HOURS) == Fitted(wanted, clash=True)


def test_preparation_moves_by_half_hours_from_its_call() -> None:
    call = MONDAY + dt.timedelta(minutes=10)
    wanted = hold(kind="prepare", start=call - HALF, end=call)
    moved = fit(wanted, [Busy(MONDAY, call)], now=NOW, hours=HOURS).hold
    assert (moved.start, moved.end) == (call - 2 * HALF, call - HALF)


def test_a_long_preparation_stays_within_what_is_known() -> None:
    """All but the first half hour of what is known is taken; what lies before that is not offered."""
    wanted = hold(kind="prepare", start=MONDAY - 4 * HALF, end=MONDAY)
    now = MONDAY - dt.timedelta(days=30)
    hours = WorkingHours(frozenset(range(7)), dt.time(0), dt.time(23, 30))
    span = window(wanted, now)
    assert span is not None
    assert fit(wanted, [Busy(span[0] + HALF, span[1])], now=now, hours=hours) == Fitted(wanted, clash=True)


@pytest.mark.parametrize("end", [dt.datetime.max, dt.datetime(9999, 12, 31)])
@pytest.mark.parametrize("name", ["America/New_York", "Asia/Kolkata"])
def test_leave_without_an_end_leaves_nothing_free(end: dt.datetime, name: str) -> None:
    forever = [Busy(dt.datetime.min.replace(tzinfo=zone("Asia/Kolkata")), end.replace(tzinfo=zone(name)))]
    assert fit(hold(), forever, now=NOW, hours=HOURS) == Fitted(hold(), clash=True)
    assert fit(hold(kind="prepare"), forever, now=NOW, hours=HOURS).clash
    assert free("check-in", forever, after=MONDAY, hours=HOURS, where=ISTANBUL) == ()


def test_free_slots_end_by_a_moment() -> None:
    by = MONDAY + 2 * HALF
    found = free("check-in", [], after=MONDAY, hours=HOURS, where=ISTANBUL, before=by)
    assert found == ((MONDAY, MONDAY + HALF), (MONDAY + HALF, by))
    assert (
        free("team-retro", [], after=MONDAY, hours=HOURS, where=ISTANBUL, count=1)[0][1]
        == MONDAY + 45 * MINUTE
    )
    assert free("check-in", [], after=MONDAY, hours=HOURS, where=ISTANBUL, count=0) == ()


def test_beyond_the_horizon_nothing_is_known() -> None:
    busy = [Busy(MONDAY, MONDAY + HORIZON)]
    assert free("check-in", busy, after=MONDAY, hours=HOURS, where=ISTANBUL) == ()


MET: list[tuple[str, Temperature | None, set[str], str | None]] = [
    ("commitment", "calm", {"praise"}, None),
    ("team-retro", "calm", {"praise"}, None),
    ("cooling-off", "hostile", set(), "answered"),
    ("cooling-off", None, set(), "answered"),
    ("client-call", "calm", set(), "answered"),
    ("client-call", "tense", set(), None),
    ("client-call", "hostile", {"routine"}, None),
    ("client-call", None, set(), None),
    ("prepare", "calm", {"routine"}, "answered"),
    ("prepare", "upset", set(), None),
    ("peer-review", "calm", {"legal-threat"}, None),
    ("peer-review", "calm", {"reputation-threat"}, None),
    ("peer-review", "calm", {"routine"}, "answered"),
    ("plan-briefing", "calm", {"progress-anxiety"}, None),
    ("plan-briefing", "calm", {"routine"}, "answered"),
    ("check-in", "calm", {"failure"}, None),
    ("check-in", "calm", {"failure", "praise"}, "answered"),
    ("check-in", "calm", {"routine"}, "answered"),
    ("check-in", "tense", {"praise"}, None),
]


@pytest.mark.parametrize(("kind", "temperature", "situations", "found"), MET)
def test_when_a_hold_is_moot(
    kind: str, temperature: Temperature | None, situations: set[str], found: str | None
) -> None:
    ahead = dt.datetime(2026, 11, 30, 10, tzinfo=ISTANBUL)
    assert moot(kind, ahead, now=NOW, temperature=temperature, situations=situations) == found


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_over_is_past(kind: str) -> None:
    for end in (NOW, NOW - MINUTE, NOW.date(), NOW.date() - dt.timedelta(days=1)):
        assert moot(kind, end, now=NOW, temperature="hostile", situations=()) == "past"
    # A day's entry ends with the day after it, which has not begun.
    tomorrow = NOW.date() + dt.timedelta(days=1)
    assert moot("commitment", tomorrow, now=NOW, temperature="hostile", situations=()) is None


@given(kind=st.sampled_from(KINDS), head=st.integers(0, 5))
def test_no_promise_moves(kind: str, head: int) -> None:
    wanted: Hold = hold(kind="commitment", start=MONDAY + head * HALF, end=MONDAY + (head + 1) * HALF)
    taken = [Busy(MONDAY, MONDAY + 8 * HALF)]
    assert fit(wanted, taken, now=NOW, hours=HOURS) == Fitted(wanted, clash=True)
    other = fit(hold(kind=kind), taken, now=NOW, hours=HOURS)
    assert other.moved is (kind != "commitment")
