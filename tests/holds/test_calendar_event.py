"""The event of a hold as it stands in a calendar: what it holds, how it shows and when, in any zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from app.holds.calendar import Marked
from app.holds.graph import GraphCalendar
from app.holds.ics_file import IcsCalendar
from app.holds.place import enter
from app.holds.propose import Hold
from app.tone.week import WorkingHours, default_hours, zone
from tests.holds.benches import (
    HALF,
    LINK,
    MONDAY,
    NOW,
    THREAD,
    TOKEN,
    Bench,
    FileBench,
    GoogleBench,
    GraphBench,
    Online,
    day,
    hold,
)

REASON = 'A voice carries more than a mail: <b> & "so on".'
_GUID = "{8a3d2f6e-5e0b-4f55-9c40-6b8f6c1d2e10}"


@pytest.fixture(params=[GoogleBench, GraphBench, FileBench], ids=["google", "microsoft", "ics"])
def bench(request: pytest.FixtureRequest, portal: BlockingPortal) -> Iterator[Bench]:
    made: Bench = request.param(portal)
    yield made
    if isinstance(made, Online):
        assert list(made.mailed) == []
    made.close()


def body(bench: Online, wanted: Hold, marked: Marked = LINK) -> dict[str, Any]:
    """What was sent to make a hold's event."""
    bench.create(wanted, marked)
    [sent] = [call.body for call in bench.calls if call.operation == "insert"]
    return dict(sent)


class TestGoogle:
    def test_a_hold_is_title_reason_link_and_marks(self, google: GoogleBench) -> None:
        sent = body(google, hold(reason=REASON))
        assert sent.keys() == {
            "id", "summary", "description", "status", "transparency", "visibility", "start", "end",
            "reminders", "extendedProperties", "source",
        }  # fmt: skip
        assert sent["summary"] == "Call the client"
        # Google reads a description as HTML.
        assert sent["description"] == 'A voice carries more than a mail: &lt;b&gt; &amp; "so on".'
        assert sent["source"] == {"title": "Thread", "url": "https://mail.example.com/t/1"}
        assert sent["extendedProperties"] == {
            "private": {
                "tactline": "1",
                "tactlineHold": "0a" * 16,
                "tactlineThread": THREAD,
                "tactlineKind": "client-call",
            }
        }

    def test_it_shows_as_tentative_and_private_and_reminds(self, google: GoogleBench) -> None:
        sent = body(google, hold())
        assert (sent["status"], sent["visibility"], sent["transparency"]) == (
            "tentative",
            "private",
            "opaque",
        )
        assert sent["reminders"] == {"useDefault": False, "overrides": [{"method": "popup", "minutes": 15}]}

    def test_a_whole_day_stays_free_and_reminds_the_morning_before(self, google: GoogleBench) -> None:
        sent = body(google, day())
        assert sent["transparency"] == "transparent"
        assert sent["reminders"]["overrides"] == [{"method": "popup", "minutes": 900}]
        assert (sent["start"], sent["end"]) == ({"date": "2026-12-01"}, {"date": "2026-12-02"})

    def test_nobody_is_told(self, google: GoogleBench) -> None:
        google.delete(google.create(hold()).event.id)
        asked = [call.query for call in google.calls if call.operation in ("insert", "delete")]
        assert [query["sendUpdates"] for query in asked] == [["none"], ["none"]]

    def test_without_a_link_and_a_thread_there_is_none(self, google: GoogleBench) -> None:
        sent = body(google, hold(thread=""), Marked())
        assert "source" not in sent
        assert "tactlineThread" not in sent["extendedProperties"]["private"]


class TestGraph:
    def test_a_hold_is_title_reason_link_and_marks(self, graph: GraphBench) -> None:
        sent = body(graph, hold(reason=REASON))
        assert sent.keys() == {
            "subject", "body", "start", "end", "isAllDay", "showAs", "isReminderOn", "categories",
            "reminderMinutesBeforeStart", "sensitivity", "attendees", "responseRequested", "isOnlineMeeting",
            "singleValueExtendedProperties", "transactionId",
        }  # fmt: skip
        assert sent["subject"] == "Call the client"
        assert sent["body"] == {"contentType": "text", "content": f"{REASON}\n\n{LINK.link}"}
        assert sent["singleValueExtendedProperties"] == [
            {"id": f"String {_GUID} Name Tactline{name}", "value": value}
            for name, value in (
                ("Mark", "1"),
                ("Hold", "0a" * 16),
                ("Kind", "client-call"),
                ("Thread", THREAD),
            )
        ]
        assert (sent["attendees"], sent["responseRequested"], sent["isOnlineMeeting"]) == ([], False, False)

    def test_it_shows_as_tentative_and_private_and_reminds(self, graph: GraphBench) -> None:
        sent = body(graph, hold())
        assert (sent["showAs"], sent["sensitivity"], sent["categories"]) == (
            "tentative",
            "private",
            ["Tactline"],
        )
        assert (sent["isReminderOn"], sent["reminderMinutesBeforeStart"]) == (True, 15)

    def test_a_whole_day_stays_free_and_reminds_the_morning_before(self, graph: GraphBench) -> None:
        sent = body(graph, day())
        assert (sent["isAllDay"], sent["showAs"], sent["reminderMinutesBeforeStart"]) == (True, "free", 900)
        assert sent["start"]["dateTime"] == "2026-12-01T00:00:00"
        assert sent["start"]["timeZone"] == sent["end"]["timeZone"]

    def test_without_a_link_and_a_thread_there_is_none(self, graph: GraphBench) -> None:
        sent = body(graph, hold(thread=""), Marked())
        assert sent["body"]["content"] == hold().reason
        assert len(sent["singleValueExtendedProperties"]) == 3

    @pytest.mark.parametrize(("personal", "host"), [(False, "office365.com"), (True, "live.com")])
    def test_its_address_opens_it(self, graph: GraphBench, personal: bool, host: str) -> None:
        calendar = GraphCalendar(TOKEN, graph.client, personal=personal)
        event = graph.run(lambda: calendar.create(hold(), LINK)).event
        assert event.url is not None
        assert event.url.startswith(f"https://outlook.{host}/calendar/item/AA")
        assert "/" not in event.url.partition("/item/")[2]
        assert "=" not in event.url

    @pytest.mark.parametrize(
        "wanted", [hold(time_zone="Antarctica/Troll"), day(time_zone="Antarctica/Troll")]
    )
    def test_a_zone_that_the_server_does_not_know_becomes_utc(self, graph: GraphBench, wanted: Hold) -> None:
        event = graph.create(wanted).event
        assert (event.start, event.end) == (wanted.start, wanted.end)
        [first, second] = [call.body["start"] for call in graph.calls if call.operation == "insert"]
        assert (first["timeZone"], second["timeZone"]) == ("Antarctica/Troll", "UTC")
        assert graph.create(wanted).event == event
        graph.by_hand(event.id)
        assert graph.create(wanted).created

    def test_a_mailbox_that_knows_only_documented_zones(self, graph: GraphBench) -> None:
        graph.fake.documented_zones_only = True
        for number, name in enumerate(("Europe/Istanbul", "Asia/Kolkata", "Asia/Calcutta", "Europe/Zurich")):
            assert graph.create(hold(id=f"{number:032x}", time_zone=name)).event.start == MONDAY


MOMENTS = [
    ("Europe/Paris", dt.datetime(2027, 3, 28, 10)),
    ("Europe/Paris", dt.datetime(2027, 10, 31, 2, 30)),
    ("Europe/Paris", dt.datetime(2027, 10, 31, 2, 30, fold=1)),
    ("America/New_York", dt.datetime(2026, 3, 8, 3)),
    ("Asia/Kolkata", dt.datetime(2026, 12, 1, 10)),
    ("Asia/Kathmandu", dt.datetime(2026, 12, 1, 9, 15)),
    ("Australia/Lord_Howe", dt.datetime(2027, 4, 4, 10)),
    ("Pacific/Kiritimati", dt.datetime(2026, 12, 1, 0, 30)),
    ("Pacific/Pago_Pago", dt.datetime(2026, 12, 1, 23)),
    # Windows has these two in one zone with others that keep other hours.
    ("America/Scoresbysund", dt.datetime(2026, 12, 1, 10)),
    ("Antarctica/Casey", dt.datetime(2026, 12, 1, 10)),
]


class TestZones:
    @pytest.mark.parametrize(("name", "local"), MOMENTS)
    def test_a_moment_is_the_same_in_every_calendar(
        self, bench: Bench, name: str, local: dt.datetime
    ) -> None:
        start = local.replace(tzinfo=zone(name))
        end = (start.astimezone(dt.UTC) + HALF).astimezone(start.tzinfo)
        event = bench.create(hold(start=start, end=end, time_zone=name)).event
        assert isinstance(event.start, dt.datetime)
        assert isinstance(event.end, dt.datetime)
        assert (event.start.timestamp(), event.end.timestamp()) == (start.timestamp(), end.timestamp())
        taken = bench.run(lambda: bench.calendar.availability(start - 2 * HALF, end + 2 * HALF)).busy
        assert [busy.start.timestamp() for busy in taken] == [start.timestamp()]

    @pytest.mark.parametrize("name", ["Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
    def test_a_day_is_the_same_day_everywhere(self, bench: Bench, name: str) -> None:
        event = bench.create(day(time_zone=name)).event
        assert (event.start, event.end) == (dt.date(2026, 12, 1), dt.date(2026, 12, 2))

    def test_a_gulf_week_goes_on_on_sunday(self, bench: Bench) -> None:
        riyadh = zone("Arab Standard Time")
        start = dt.datetime(2026, 12, 3, 17, tzinfo=riyadh)  # a Thursday
        bench.meeting(start, start + HALF)
        entered = _enter(bench, start, "Arab Standard Time")
        assert entered == dt.datetime(2026, 12, 6, 9, tzinfo=riyadh)

    def test_half_hour_zones_keep_their_own_marks(self, bench: Bench) -> None:
        kolkata = zone("India Standard Time")
        start = dt.datetime(2026, 12, 1, 10, tzinfo=kolkata)
        bench.meeting(start, start + dt.timedelta(minutes=45))
        assert _enter(bench, start, "Asia/Kolkata") == dt.datetime(2026, 12, 1, 11, tzinfo=kolkata)

    def test_a_spring_night_is_an_hour_shorter(self, bench: Bench) -> None:
        paris = zone("Romance Standard Time")
        start = dt.datetime(2027, 3, 28, 1, 30, tzinfo=paris)
        bench.meeting(start, start + HALF)
        hours = WorkingHours(frozenset(range(7)), dt.time(0), dt.time(23, 30))
        assert _enter(bench, start, "Europe/Paris", hours) == dt.datetime(2027, 3, 28, 3, tzinfo=paris)

    @pytest.mark.parametrize("name", ["Europe/Istanbul", "Turkey Standard Time", "Asia/Kolkata"])
    def test_a_day_off_is_taken_and_a_holiday_that_shows_as_free_is_not(
        self, bench: Bench, name: str
    ) -> None:
        where = zone(name)
        start = dt.datetime(2026, 11, 30, 10, tzinfo=where)
        bench.away(dt.date(2026, 11, 30), where.key)
        bench.away(dt.date(2026, 12, 1), where.key, free=True)
        assert _enter(bench, start, name) == dt.datetime(2026, 12, 1, 9, tzinfo=where)

    def test_calendars_take_windows_names(self, portal: BlockingPortal, graph: GraphBench) -> None:
        start, end = MONDAY, MONDAY + HALF
        graph.away(start.date(), "Europe/Istanbul")
        calendar = GraphCalendar(TOKEN, graph.client, time_zone="Turkey Standard Time")
        [busy] = portal.call(calendar.availability, start, end).busy
        assert busy.start == dt.datetime(2026, 11, 30, tzinfo=zone("Europe/Istanbul"))
        assert IcsCalendar(now=NOW, time_zone="Turkey Standard Time").content()


def _enter(bench: Bench, start: dt.datetime, name: str, hours: WorkingHours | None = None) -> object:
    """Where a hold goes that is asked for at a time."""
    wanted = hold(start=start, end=start + HALF, time_zone=zone(name).key)
    week = hours or default_hours(name)
    entered = bench.run(lambda: enter(bench.calendar, wanted, LINK, now=NOW, hours=week))
    assert entered.event.start == entered.hold.start
    return entered.hold.start
