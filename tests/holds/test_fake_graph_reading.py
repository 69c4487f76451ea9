"""What the fake of Microsoft Graph answers to those who read: selections, filters, pages, views, zones."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from anyio.from_thread import BlockingPortal

from tests.holds.fakes.graph import FakeGraph
from tests.holds.fakes.graph_client import EXPAND, GUID, HOLD, OF_THREAD, THREAD, Asking, body, refused

MONDAY = dt.datetime(2026, 11, 30, 9, tzinfo=dt.UTC)


@pytest.fixture
def graph() -> FakeGraph:
    fake = FakeGraph()
    fake.user("T", "ada")
    return fake


@pytest.fixture
def ask(graph: FakeGraph, portal: BlockingPortal) -> Asking:
    return Asking(graph, portal)


def test_extended_properties_come_when_they_are_asked_for(ask: Asking) -> None:
    path = "/me/events/" + ask("POST", "/me/events", json=body()).json()["id"]
    got = ask("GET", path, params={**EXPAND, "$select": "subject,start"}).json()
    assert set(got) == {
        "@odata.context", "@odata.etag", "id", "subject", "start", "singleValueExtendedProperties",
    }  # fmt: skip
    # The namespace comes back in lower case: a client compares it without its case.
    lower = HOLD.replace(GUID, GUID.lower())
    assert got["singleValueExtendedProperties"][0] == {"id": lower, "value": "h1"}
    only = f"singleValueExtendedProperties($filter=id eq '{THREAD}')"
    assert len(ask("GET", path, params={"$expand": only}).json()["singleValueExtendedProperties"]) == 1
    for wrong in ("singleValueExtendedProperties", "attachments", only[:-1], only.replace(" eq ", " ne ")):
        assert refused(ask("GET", path, params={"$expand": wrong}))[0] == 400


def test_events_are_found_by_an_extended_property(graph: FakeGraph, ask: Asking) -> None:
    def found(name: str, value: str, **more: str) -> list[str]:
        text = f"singleValueExtendedProperties/Any(ep: ep/id eq '{name}' and ep/value eq '{value}')"
        answer = ask("GET", "/me/events", params={"$filter": text, **more})
        return [event["subject"] for event in answer.json()["value"]]

    graph.put("ada", "Lunch", MONDAY, MONDAY + dt.timedelta(hours=1))
    for key, subject in (("h1", "One"), ("h2", "It's"), ("h'3", "Three")):
        mark = [{"id": HOLD, "value": key}, {"id": THREAD, "value": "abc"}]
        ask(
            "POST",
            "/me/events",
            json=body(transactionId=key, subject=subject, singleValueExtendedProperties=mark),
        )
    assert found(THREAD, "abc") == ["One", "It's", "Three"]
    assert found(HOLD, "h2") == ["It's"]
    assert found(HOLD, "h''3") == ["Three"]
    # "Name is case-sensitive; value is case-insensitive", the documentation says.
    assert found(HOLD, "H1") == ["One"]
    assert found(HOLD.replace("Hold", "hold"), "h1") == []
    assert found(HOLD.replace(GUID, GUID.lower()), "h1") == ["One"]
    text = OF_THREAD
    whole = ask("GET", "/me/events", params={"$filter": text, **EXPAND, "$top": "2"}).json()
    assert [len(e["singleValueExtendedProperties"]) for e in whole["value"]] == [2, 2]
    rest = ask("GET", whole["@odata.nextLink"]).json()
    assert [len(e["singleValueExtendedProperties"]) for e in rest["value"]] == [2]
    assert "@odata.nextLink" not in rest
    for wrong in ("subject eq 'One'", text.replace("ep:", "p:"), text[:-1], "startswith(subject,'O')"):
        got = ask("GET", "/me/events", params={"$filter": wrong})
        assert refused(got) == (400, "ErrorInvalidUrlQueryFilter")
    both = ask("GET", "/me/events", params={"$filter": text, "$orderby": "start/dateTime"})
    assert refused(both) == (400, "InefficientFilter")


# Lists and views.


def test_pages_follow_one_another(graph: FakeGraph, ask: Asking) -> None:
    for index in range(25):
        start = MONDAY + dt.timedelta(minutes=30 * index)
        graph.put("ada", f"e{index}", start, start + dt.timedelta(minutes=30))
    window = {"startDateTime": "2026-11-30T12:00:00+03:00", "endDateTime": "2026-12-02T00:00:00Z"}
    for path, params in (
        ("/me/events", {}),
        ("/me/calendarView", window),
        ("/me/calendar/calendarView", window),
    ):
        sizes, subjects = [], []
        answer = ask("GET", path, params={**params, "$select": "subject,start"}).json()
        while True:
            sizes.append(len(answer["value"]))
            subjects += [event["subject"] for event in answer["value"]]
            assert set(answer["value"][0]) == {"@odata.etag", "id", "subject", "start"}
            if "@odata.nextLink" not in answer:
                break
            answer = ask("GET", answer["@odata.nextLink"]).json()
        assert (sizes, subjects) == ([10, 10, 5], [f"e{index}" for index in range(25)])
    graph.page = 1000
    assert len(ask("GET", "/me/events", params={"$top": "100"}).json()["value"]) == 25
    assert len(ask("GET", "/me/events").json()["value"]) == 10
    backwards = ask("GET", "/me/events", params={"$top": "1", "$orderby": "start/dateTime desc"}).json()
    assert backwards["value"][0]["subject"] == "e24"


@pytest.mark.parametrize(
    "params",
    [
        {"$top": "0"},
        {"$top": "1001"},
        {"$top": "many"},
        {"$skip": "-1"},
        {"$select": "subject,summary"},
        {"$orderby": "start"},
        {"$orderby": "colour"},
        {"$search": "x"},
        {"top": "1"},
    ],
    ids=str,
)
def test_a_query_that_is_not_right_is_refused(ask: Asking, params: dict[str, str]) -> None:
    assert refused(ask("GET", "/me/events", params=params))[0] == 400


def test_a_view_has_what_touches_its_window(graph: FakeGraph, ask: Asking) -> None:
    def seen(start: str, end: str, **headers: str) -> list[str]:
        window = {"startDateTime": start, "endDateTime": end}
        return [
            e["subject"]
            for e in ask("GET", "/me/calendarView", params=window, headers=headers).json()["value"]
        ]

    hour = dt.timedelta(hours=1)
    graph.put("ada", "meeting", MONDAY, MONDAY + hour, show_as="tentative")
    graph.put("ada", "off", MONDAY + hour, MONDAY + 2 * hour, is_cancelled=True)
    graph.put(
        "ada", "holiday", dt.date(2026, 12, 1), dt.date(2026, 12, 2), "oof", is_all_day=True,
        zone="Turkey Standard Time",
    )  # fmt: skip
    assert seen("2026-11-30T09:00:00Z", "2026-11-30T10:00:00Z") == ["meeting"]
    assert seen("2026-11-30T09:59:00", "2026-11-30T10:01:00") == ["meeting", "off"]
    assert seen("2026-11-30T10:00:00Z", "2026-11-30T11:00:00Z") == ["off"]
    # What offset is in the query counts; the preferred zone does not.
    assert seen(
        "2026-11-30T12:00:00+03:00", "2026-11-30T13:00:00+03:00", Prefer='outlook.timezone="Asia/Tokyo"'
    ) == ["meeting"]
    assert seen("2026-11-30T20:30:00Z", "2026-11-30T21:00:00Z") == []
    assert seen("2026-11-30T20:30:00Z", "2026-11-30T21:01:00Z") == ["holiday"]
    flags = [(e["showAs"], e["isCancelled"], e["isAllDay"]) for e in graph.events("ada")]
    assert flags == [("tentative", False, False), ("busy", True, False), ("oof", False, True)]
    for window in (
        {},
        {"startDateTime": "2026-11-30T09:00:00Z"},
        {"startDateTime": "2026-11-30T09:00:00 03:00", "endDateTime": "2026-11-30T10:00:00Z"},
        {"startDateTime": "2026-11-30T09:00:00Z", "endDateTime": "2026-11-30T08:00:00Z"},
        {"startDateTime": "2020-11-30T09:00:00Z", "endDateTime": "2026-11-30T08:00:00Z"},
        {
            "startDateTime": "2026-11-30T09:00Z",
            "endDateTime": "2026-11-30T10:00Z",
            "$select": "createdDateTime",
        },
    ):
        assert refused(ask("GET", "/me/calendarView", params=window))[0] == 400
    with pytest.raises(ValueError, match="aware"):
        graph.put("ada", "naive", dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 2))


def test_times_are_told_in_the_preferred_zone(graph: FakeGraph, ask: Asking) -> None:
    berlin = MONDAY.astimezone(ZoneInfo("Europe/Berlin"))
    plain = graph.put("ada", "meeting", berlin, berlin + dt.timedelta(minutes=45))
    whole = graph.put("ada", "holiday", dt.date(2026, 12, 1), dt.date(2026, 12, 2), is_all_day=True)
    for name, clock in (("Turkey Standard Time", 12), ("Asia/Kolkata", 14), ("UTC", 9)):
        headers = {"Prefer": f'outlook.timezone="{name}"'}
        answer = ask("GET", "/me/events/" + plain, headers=headers)
        assert answer.headers["Preference-Applied"] == f'outlook.timezone="{name}"'
        start = answer.json()["start"]
        assert start == {
            "dateTime": f"2026-11-30T{clock:02}:{30 if clock == 14 else 0:02}:00.0000000",
            "timeZone": name,
        }
        assert dt.datetime.fromisoformat(start["dateTime"]).hour == clock
        # Whole days are midnight to midnight in whatever zone.
        day = ask("GET", "/me/events/" + whole, headers=headers).json()
        assert day["start"] == {"dateTime": "2026-12-01T00:00:00.0000000", "timeZone": name}
    wrong = ask("GET", "/me/events", headers={"Prefer": 'outlook.timezone="Mars/Base"'})
    assert refused(wrong) == (400, "TimeZoneNotSupportedException")
    path = "/me/events/" + ask("POST", "/me/events", json=body()).json()["id"]
    text = ask("GET", path, headers={"Prefer": 'outlook.body-content-type="text"'}).json()["body"]
    assert text == {"contentType": "text", "content": "1 < 2"}
