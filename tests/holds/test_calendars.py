"""One class of tests for all calendars: Google and Graph by their libraries, against fakes, and a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

import httpx
import pytest
from anyio.from_thread import BlockingPortal

from app.errors import Gone
from app.holds.calendar import Calendar, Marked
from app.holds.google import GoogleCalendar
from app.holds.graph import GraphCalendar
from app.holds.ics_file import IcsCalendar
from app.holds.place import enter, standing
from app.holds.propose import Hold, thread_key
from app.tone.week import default_hours, zone
from tests.holds.fakes.google import AsgiHttp, FakeGoogle
from tests.holds.fakes.graph import FakeGraph

T = TypeVar("T")
ISTANBUL = zone("Europe/Istanbul")
NOW = dt.datetime(2026, 11, 27, 9, tzinfo=ISTANBUL)
MONDAY = dt.datetime(2026, 11, 30, 10, tzinfo=ISTANBUL)
HALF = dt.timedelta(minutes=30)
HOURS = default_hours("Europe/Istanbul")
THREAD = thread_key("thread-1")
LINK = Marked("https://mail.example.com/t/1", "Thread")


def hold(**changes: Any) -> Hold:
    made = Hold(
        "0a" * 16, "client-call", "Call the client", MONDAY, MONDAY + HALF, False, "Europe/Istanbul",
        "A voice carries more than a mail.", (), THREAD,
    )  # fmt: skip
    return replace(made, **changes)


def day() -> Hold:
    return hold(
        id="0b" * 16, kind="commitment", start=dt.date(2026, 12, 1), end=dt.date(2026, 12, 2), all_day=True
    )


class Bench:
    """A calendar with somebody's own entries beside it, whoever keeps it."""

    calendar: Calendar

    def __init__(self, portal: BlockingPortal) -> None:
        self.portal = portal

    def run(self, call: Callable[[], Awaitable[T]]) -> T:
        return self.portal.call(call)

    def create(self, wanted: Hold, marked: Marked = LINK) -> Any:
        return self.run(lambda: self.calendar.create(wanted, marked))

    def live(self) -> list[Any]:
        raise NotImplementedError

    def meeting(self, start: dt.datetime, end: dt.datetime) -> str:
        raise NotImplementedError

    def by_hand(self, event_id: str) -> None:
        raise NotImplementedError


class GoogleBench(Bench):
    def __init__(self, portal: BlockingPortal) -> None:
        super().__init__(portal)
        self.fake = FakeGoogle()
        self.fake.user("T", "ana", zone="Europe/Istanbul")
        self.calendar = GoogleCalendar("T", user="ana", http=lambda seconds: AsgiHttp(self.fake, seconds))

    def live(self) -> list[Any]:
        return list(self.fake.events("ana"))

    def meeting(self, start: dt.datetime, end: dt.datetime) -> str:
        return str(self.fake.put("ana", summary="Board", start=start, end=end)["id"])

    def by_hand(self, event_id: str) -> None:
        self.fake.remove("ana", event_id)


class GraphBench(Bench):
    def __init__(self, portal: BlockingPortal) -> None:
        super().__init__(portal)
        self.fake = FakeGraph()
        self.fake.user("T", "ana")
        self.client = httpx.AsyncClient(transport=self.fake.transport())
        self.calendar = GraphCalendar("T", self.client, time_zone="Europe/Istanbul", user="ana")

    def live(self) -> list[Any]:
        return list(self.fake.events("ana"))

    def meeting(self, start: dt.datetime, end: dt.datetime) -> str:
        return str(self.fake.put("ana", "Board", start, end))

    def by_hand(self, event_id: str) -> None:
        self.fake.remove("ana", event_id)


class FileBench(Bench):
    def __init__(self, portal: BlockingPortal) -> None:
        super().__init__(portal)
        self.file = IcsCalendar(now=NOW, time_zone="Europe/Istanbul", lang="en")
        self.calendar = self.file

    def live(self) -> list[Any]:
        return list(IcsCalendar(self.file.content(), now=NOW)._entries())

    def meeting(self, start: dt.datetime, end: dt.datetime) -> str:
        made = "\r\n".join((
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Somebody//Else//EN", "BEGIN:VEVENT", "UID:board@x",
            "DTSTAMP:20260101T000000Z", f"DTSTART:{start.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}",
            f"DTEND:{end.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}", "SUMMARY:Board", "END:VEVENT",
            "END:VCALENDAR", "",
        ))  # fmt: skip
        entry = IcsCalendar(made.encode(), now=NOW)._entries()[0]
        self.file._file.add_component(entry)
        return "board@x"

    def by_hand(self, event_id: str) -> None:
        self.file._file.subcomponents = [
            item for item in self.file._file.subcomponents if str(item.get("uid", "")) != event_id
        ]


@pytest.fixture(params=[GoogleBench, GraphBench, FileBench], ids=["google", "microsoft", "ics"])
def bench(request: pytest.FixtureRequest, portal: BlockingPortal) -> Iterator[Bench]:
    made: Bench = request.param(portal)
    yield made
    if isinstance(made, GraphBench):
        portal.call(made.client.aclose)


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
            bench.run(lambda event=placed.event: bench.calendar.delete(event.id))
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
