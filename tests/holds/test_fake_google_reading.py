"""The fake Google Calendar, through google-api-python-client: its lists and its free/busy."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from tests.holds.fakes.google import AsgiHttp, FakeGoogle
from tests.holds.fakes.google_client import ID, api, calendar_of_ana, get, insert, refused

DAY = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)


@pytest.fixture
def fake() -> FakeGoogle:
    return calendar_of_ana()


def ids(fake: FakeGoogle, **query: Any) -> list[str]:
    """The ids on all pages of a list."""
    found: list[str] = []
    while True:
        page = api(fake).events().list(calendarId="primary", **query).execute()
        found += [item["id"] for item in page["items"]]
        if "nextPageToken" not in page:
            assert "nextSyncToken" in page
            return found
        query["pageToken"] = page["nextPageToken"]


def busy(fake: FakeGoogle, **changes: Any) -> Any:
    body = {
        "timeMin": "2026-11-24T00:00:00Z", "timeMax": "2026-11-26T00:00:00Z", "items": [{"id": "primary"}],
    } | changes  # fmt: skip
    return api(fake).freebusy().query(body=body).execute()


def test_a_calendar_with_a_zone_answers_in_it(fake: FakeGoogle) -> None:
    fake.user("t-ana", "ana", zone="Asia/Kolkata")
    insert(fake, end={"dateTime": "2026-11-24T11:00:00", "timeZone": "Europe/Istanbul"})
    assert get(fake)["start"] == {"dateTime": "2026-11-24T12:30:00+05:30", "timeZone": "Europe/Istanbul"}
    assert get(fake)["end"]["dateTime"] == "2026-11-24T13:30:00+05:30"
    asked = api(fake).events().get(calendarId="primary", eventId=ID, timeZone="UTC").execute()
    assert asked["start"]["dateTime"] == "2026-11-24T07:00:00+00:00"
    fake.put("ana", summary="All day", start=dt.date(2026, 11, 25), end=dt.date(2026, 11, 26))
    assert busy(fake)["calendars"]["primary"]["busy"][1] == {
        "start": "2026-11-24T18:30:00Z",
        "end": "2026-11-25T18:30:00Z",
    }


@pytest.mark.parametrize(
    "query",
    [
        "timemin=2026-11-24T00:00:00Z", "nonsense=1", "sendUpdates=none", "maxResults=0", "maxResults=ten",
        "orderBy=start", "singleEvents=yes", "timeMin=2026-11-24", "timeMin=2026-11-24T00:00:00",
        "orderBy=startTime", "orderBy=startTime&singleEvents=false", "timeZone=Nowhere/City",
        "timeMin=2026-11-25T00:00:00Z&timeMax=2026-11-25T00:00:00Z", "privateExtendedProperty=thread",
        "maxResults=1&maxResults=2", "eventTypes=meeting", "pageToken=x", "fields=items(id", "fields=itms",
    ],
)  # fmt: skip
def test_a_query_that_is_not_as_described_is_refused(fake: FakeGoogle, query: str) -> None:
    insert(fake)
    uri = f"https://www.googleapis.com/calendar/v3/calendars/primary/events?alt=json&{query}"
    response, content = AsgiHttp(fake).request(uri, headers={"authorization": "Bearer t-ana"})
    assert (response.status, json.loads(content)["error"]["code"]) == (400, 400)


def test_a_list_holds_what_overlaps_in_order(fake: FakeGoogle) -> None:
    for hour in (9, 8, 10):
        fake.put("ana", id=f"at_{hour}", start=DAY.replace(hour=hour), end=DAY.replace(hour=hour + 1))
    fake.put("ana", id="day_", start=DAY.date(), end=DAY.date() + dt.timedelta(days=1))
    assert ids(fake) == ["at_9", "at_8", "at_10", "day_"]
    assert ids(fake, singleEvents=True, orderBy="startTime") == ["day_", "at_8", "at_9", "at_10"]
    # Both bounds are exclusive: what ends or begins at one is outside.
    between = {"timeMin": "2026-11-24T09:00:00Z", "timeMax": "2026-11-24T13:00:00+03:00"}
    assert ids(fake, **between) == ["at_9", "day_"]
    assert ids(fake, timeMin="2026-11-25T00:00:00Z") == []
    fake.change("ana", "at_8", start=DAY.date(), end=DAY.date() + dt.timedelta(days=2))
    assert ids(fake, timeMin="2026-11-25T00:00:00Z") == ["at_8"]
    assert ids(fake, orderBy="updated")[-1] == "at_8"
    assert ids(fake, eventTypes=["outOfOffice"]) == []


def test_a_list_is_filtered_by_private_properties_over_its_pages(fake: FakeGoogle) -> None:
    for number in range(7):
        private = {"thread": f"t{number % 2}", "kind": "call" if number < 4 else "check"}
        insert(fake, id=f"event{number}", extendedProperties={"private": private})
    fake.put("ana", summary="Not ours", start=DAY, end=DAY + dt.timedelta(hours=1))
    even = ["event0", "event2", "event4", "event6"]
    for changes in ({}, {"maxResults": 1}, {"maxResults": 3}, {"maxResults": 4}):
        assert ids(fake, privateExtendedProperty="thread=t0", **changes) == even
    fake.page, fake.blank_pages = 2, True
    assert ids(fake, privateExtendedProperty="thread=t0") == even
    assert ids(fake, privateExtendedProperty="thread=none") == []
    both = ["thread=t0", "kind=check"]
    assert ids(fake, privateExtendedProperty=both) == ["event4", "event6"]
    fake.any_property = True
    assert ids(fake, privateExtendedProperty=both) == ["event0", "event2", "event4", "event5", "event6"]
    token = api(fake).events().list(calendarId="primary").execute()["nextPageToken"]
    other = api(fake).events().list(calendarId="primary", pageToken=token, showDeleted=True)
    assert refused(other.execute) == (400, "invalid")


def test_only_the_asked_fields_are_answered(fake: FakeGoogle) -> None:
    insert(fake)
    asked = "nextPageToken,items(id,start/dateTime,extendedProperties/private)"
    found = api(fake).events().list(calendarId="primary", fields=asked).execute()
    private = {"private": {"hold": "h1", "thread": "t1"}}
    start = {"dateTime": "2026-11-24T10:00:00+03:00"}
    assert found == {"items": [{"id": ID, "start": start, "extendedProperties": private}]}


def test_busy_times_are_melted_and_leave_out_what_blocks_nothing(fake: FakeGoogle) -> None:
    def put(start: float, end: float, **fields: Any) -> str:
        hours = (DAY + dt.timedelta(hours=hour) for hour in (start, end))
        return str(fake.put("ana", **dict(zip(("start", "end"), hours, strict=True)), **fields)["id"])

    put(9, 10)
    put(9.5, 11, status="tentative")
    put(11, 12, eventType="outOfOffice")
    put(13, 14, transparency="transparent")
    put(15, 16, attendees=[{"email": "ana@example.com", "self": True, "responseStatus": "declined"}])
    put(20, 21, attendees=[{"email": "ana@example.com", "self": True, "responseStatus": "accepted"}])
    fake.remove("ana", put(17, 18))
    put(-1, 1)
    answer = busy(fake)
    assert answer["kind"] == "calendar#freeBusy"
    assert answer["calendars"]["primary"]["busy"] == [
        {"start": f"2026-11-24T{start}:00:00Z", "end": f"2026-11-24T{end}:00:00Z"}
        for start, end in (("00", "01"), ("09", "12"), ("20", "21"))
    ]
    there = busy(fake, timeZone="Europe/Istanbul", timeMin="2026-11-24T12:00:00+04:00")
    assert there["calendars"]["primary"]["busy"][0]["start"] == "2026-11-24T12:00:00+03:00"
    fake.put("ana", start=dt.date(2026, 11, 25), end=dt.date(2026, 11, 26))
    assert busy(fake)["calendars"]["primary"]["busy"][-1] == {
        "start": "2026-11-25T00:00:00Z",
        "end": "2026-11-26T00:00:00Z",
    }


def test_free_busy_tells_what_it_could_not_tell(fake: FakeGoogle) -> None:
    found = busy(fake, items=[{"id": "primary"}, {"id": "boss@example.com"}])["calendars"]
    assert found["primary"] == {"busy": []}
    assert found["boss@example.com"] == {"busy": [], "errors": [{"domain": "global", "reason": "notFound"}]}
    fake.partial = True
    assert busy(fake)["calendars"]["primary"]["errors"][0]["reason"] == "internalError"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"timeMax": "2026-11-24T00:00:00Z"}, "timeRangeEmpty"),
        ({"timeMin": "2026-11-24T00:00:00"}, "invalid"),
        ({"timeMax": "2027-11-24T00:00:00Z"}, "timeRangeTooLong"),
        ({"items": [{"id": f"c{n}@example.com"} for n in range(51)]}, "tooManyCalendarsRequested"),
        ({"items": ["primary"]}, "invalid"),
        ({"calendars": ["primary"]}, "invalid"),
        ({"timeZone": "Turkey Standard Time"}, "invalid"),
    ],
)
def test_a_free_busy_query_that_is_not_as_described_is_refused(
    fake: FakeGoogle, changes: Any, word: str
) -> None:
    assert refused(lambda: busy(fake, **changes)) == (400, word)


def test_free_busy_takes_fifty_calendars_and_wants_both_bounds(fake: FakeGoogle) -> None:
    assert len(busy(fake, items=[{"id": f"c{n}@example.com"} for n in range(50)])["calendars"]) == 50
    assert refused(api(fake).freebusy().query(body={"items": []}).execute) == (400, "required")
