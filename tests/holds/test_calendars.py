"""One class of tests for all calendars: Google and Graph by their libraries, against fakes, and a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from anyio.from_thread import BlockingPortal

from app.errors import Gone
from app.holds.place import enter, standing
from app.holds.propose import thread_key
from tests.holds.benches import (
    HALF,
    HOURS,
    LINK,
    MONDAY,
    NOW,
    THREAD,
    Bench,
    FileBench,
    GoogleBench,
    GraphBench,
    day,
    hold,
)


@pytest.fixture(params=[GoogleBench, GraphBench, FileBench], ids=["google", "microsoft", "ics"])
def bench(request: pytest.FixtureRequest, portal: BlockingPortal) -> Iterator[Bench]:
    made: Bench = request.param(portal)
    yield made
    made.close()


class TestCalendar:
    def test_a_hold_becomes_an_event(self, bench: Bench) -> None:
        placed = bench.create(hold())
        assert placed.created
        event = placed.event
        assert (event.hold, event.thread, event.kind) == ("0a" * 16, THREAD, "client-call")
        assert (event.start, event.end) == (MONDAY, MONDAY + HALF)
        assert event.title == "Call the client"
        assert len(bench.live()) == 1
        assert bench.run(lambda: bench.calendar.get(event.id)) == event

    def test_a_whole_day_stays_a_day(self, bench: Bench) -> None:
        event = bench.create(day()).event
        assert (event.start, event.end) == (dt.date(2026, 12, 1), dt.date(2026, 12, 2))

    def test_twice_is_once(self, bench: Bench) -> None:
        first, second = bench.create(hold()), bench.create(hold())
        assert (first.created, second.created) == (True, False)
        assert first.event == second.event
        assert len(bench.live()) == 1

    def test_another_slot_or_kind_is_another_event(self, bench: Bench) -> None:
        bench.create(hold())
        bench.create(hold(id="0c" * 16, kind="prepare"))
        assert len(bench.live()) == 2

    def test_undone_and_asked_again_it_is_made_again(self, bench: Bench) -> None:
        for _ in range(3):
            placed = bench.create(hold())
            assert placed.created
            bench.delete(placed.event.id)
            assert bench.live() == []

    def test_deleted_by_hand_and_asked_again_it_is_made_again(self, bench: Bench) -> None:
        bench.by_hand(bench.create(hold()).event.id)
        placed = bench.create(hold())
        assert placed.created
        assert len(bench.live()) == 1

    def test_only_our_own_events_are_read_or_removed(self, bench: Bench) -> None:
        theirs = bench.meeting(MONDAY, MONDAY + HALF)
        with pytest.raises(Gone):
            bench.run(lambda: bench.calendar.get(theirs))
        with pytest.raises(Gone):
            bench.run(lambda: bench.calendar.delete(theirs))
        assert len(bench.live()) == 1

    def test_an_event_that_never_was_is_gone(self, bench: Bench) -> None:
        with pytest.raises(Gone):
            bench.run(lambda: bench.calendar.delete("nosuchevent0"))

    def test_a_thread_finds_its_events_by_start(self, bench: Bench) -> None:
        bench.create(hold(start=MONDAY + HALF, end=MONDAY + 2 * HALF))
        bench.create(hold(id="0c" * 16, kind="prepare"))
        bench.create(hold(id="0d" * 16, thread=thread_key("another")))
        found = bench.run(lambda: bench.calendar.of_thread(THREAD))
        assert [event.kind for event in found] == ["prepare", "client-call"]

    def test_all_of_ours_between_two_moments_by_start(self, bench: Bench) -> None:
        bench.meeting(MONDAY, MONDAY + HALF)
        bench.create(hold(start=MONDAY + HALF, end=MONDAY + 2 * HALF))
        bench.create(hold(id="0c" * 16, kind="prepare", thread=thread_key("another")))
        bench.create(hold(id="0d" * 16, start=MONDAY + 4 * HALF, end=MONDAY + 5 * HALF))
        bench.create(day())
        found = bench.run(lambda: bench.calendar.ours(MONDAY, MONDAY + 4 * HALF))
        assert [event.hold for event in found] == ["0c" * 16, "0a" * 16]
        ahead = bench.run(lambda: bench.calendar.ours(MONDAY, MONDAY + 96 * HALF))
        assert [event.hold for event in ahead] == ["0c" * 16, "0a" * 16, "0d" * 16, "0b" * 16]

    def test_meetings_are_taken_and_what_ends_before_is_not(self, bench: Bench) -> None:
        bench.meeting(MONDAY, MONDAY + HALF)
        found = bench.run(lambda: bench.calendar.availability(MONDAY, MONDAY + 4 * HALF))
        assert [(busy.start, busy.end) for busy in found.busy] == [(MONDAY, MONDAY + HALF)]
        assert not found.partial
        later = bench.run(lambda: bench.calendar.availability(MONDAY + HALF, MONDAY + 4 * HALF))
        assert later.busy == ()

    def test_our_own_event_is_left_out_when_it_is_named(self, bench: Bench) -> None:
        event = bench.create(hold()).event
        look = lambda: bench.calendar.availability(MONDAY, MONDAY + HALF, without=event.id)  # noqa: E731
        assert bench.run(look).busy == ()
        bench.meeting(MONDAY, MONDAY + HALF)
        assert len(bench.run(look).busy) == 1

    def test_a_hold_goes_to_the_first_free_time(self, bench: Bench) -> None:
        bench.meeting(MONDAY - HALF, MONDAY + 2 * HALF)
        entered = bench.run(lambda: enter(bench.calendar, hold(), LINK, now=NOW, hours=HOURS))
        assert (entered.created, entered.moved, entered.clash) == (True, True, False)
        assert entered.hold.start == entered.event.start == MONDAY + 2 * HALF
        again = bench.run(lambda: enter(bench.calendar, hold(), LINK, now=NOW, hours=HOURS))
        assert (again.created, again.event) == (False, entered.event)
        assert again.hold.start == MONDAY + 2 * HALF

    def test_a_promise_keeps_its_hour_and_shows_the_clash(self, bench: Bench) -> None:
        bench.meeting(MONDAY, MONDAY + HALF)
        entered = bench.run(
            lambda: enter(bench.calendar, hold(kind="commitment"), LINK, now=NOW, hours=HOURS)
        )
        assert (entered.clash, entered.moved, entered.event.start) == (True, False, MONDAY)

    def test_preparation_comes_before_its_call(self, bench: Bench) -> None:
        bench.meeting(MONDAY, MONDAY + HALF)
        wanted = hold(kind="prepare")
        entered = bench.run(lambda: enter(bench.calendar, wanted, LINK, now=NOW, hours=HOURS))
        assert entered.hold.start == MONDAY - HALF

    def test_the_users_own_time_is_kept(self, bench: Bench) -> None:
        bench.meeting(MONDAY, MONDAY + HALF)
        entered = bench.run(lambda: enter(bench.calendar, hold(), LINK, now=NOW, hours=HOURS, move=False))
        assert (entered.clash, entered.event.start) == (True, MONDAY)

    def test_a_clash_that_comes_later_offers_a_time_and_moves_nothing(self, bench: Bench) -> None:
        event = bench.create(hold()).event
        look = lambda: standing(  # noqa: E731 - asked twice
            bench.calendar, THREAD, now=NOW, hours=HOURS, zone="Europe/Istanbul"
        )
        [fine] = bench.run(look)
        assert (fine.event, fine.clash, fine.move_to) == (event, False, None)
        bench.meeting(MONDAY, MONDAY + HALF)
        [found] = bench.run(look)
        assert found.clash
        assert found.move_to == (MONDAY + HALF, MONDAY + 2 * HALF)
        assert found.event.start == MONDAY
