"""The fake Google Calendar, through google-api-python-client: its events, its door and its source."""

from __future__ import annotations

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.auth.exceptions import RefreshError
from googleapiclient.errors import HttpError

from tests.holds.fakes import google_discovery as discovery
from tests.holds.fakes import google_events, google_reading
from tests.holds.fakes.google import HOLDS, OPERATIONS, AsgiHttp, FakeGoogle
from tests.holds.fakes.google_client import ID, api, calendar_of_ana, delete, event, get, insert, refused


def _remind(*overrides: dict[str, object]) -> dict[str, object]:
    return {"reminders": {"useDefault": False, "overrides": list(overrides)}}


@pytest.fixture
def fake() -> FakeGoogle:
    return calendar_of_ana()


def listed(fake: FakeGoogle, **query: Any) -> list[str]:
    found = api(fake).events().list(calendarId="primary", **query).execute()["items"]
    return [item["id"] for item in found]


def test_an_inserted_event_is_answered_as_it_was_sent_and_completed(fake: FakeGoogle) -> None:
    made = insert(fake)
    assert event().items() <= made.items()
    assert made["kind"] == "calendar#event"
    assert made["creator"] == made["organizer"] == {"email": "ana@example.com", "self": True}
    assert made["htmlLink"].startswith("https://www.google.com/calendar/event?eid=")
    assert made["iCalUID"] == f"{ID}@google.com"
    assert (made["sequence"], made["eventType"]) == (0, "default")
    assert made["etag"].strip('"').isdigit()
    assert dt.datetime.fromisoformat(made["updated"]) >= dt.datetime.fromisoformat(made["created"])
    assert get(fake) == made == fake.events("ana")[0]


def test_a_local_time_is_answered_with_its_offset(fake: FakeGoogle) -> None:
    made = insert(fake, start={"dateTime": "2026-11-24T10:00:00", "timeZone": "Europe/Istanbul"})
    assert made["start"]["dateTime"] == "2026-11-24T10:00:00+03:00"


@pytest.mark.parametrize("identifier", ["abcd", "icovhfw0", "ICOVH", "a" * 1025, "ab-cde", "ab_cde", ""])
def test_an_id_is_base32hex_of_5_to_1024(fake: FakeGoogle, identifier: str) -> None:
    assert refused(lambda: insert(fake, id=identifier)) == (400, "invalid")
    assert fake.events("ana") == []


@pytest.mark.parametrize("identifier", ["abcde", "0" * 1024, None])
def test_an_id_may_be_anything_else_or_the_services(fake: FakeGoogle, identifier: str | None) -> None:
    made = insert(fake, id=identifier)
    assert made["id"] == (identifier or fake.events("ana")[0]["id"])
    assert refused(lambda: insert(fake, id=made["id"])) == (409, "duplicate")


def test_an_id_and_an_ical_uid_exclude_one_another(fake: FakeGoogle) -> None:
    assert refused(lambda: insert(fake, iCalUID="u@example.com")) == (400, "invalid")
    assert insert(fake, id=None, iCalUID="u@example.com")["iCalUID"] == "u@example.com"


def test_a_taken_id_is_a_duplicate_for_this_user_alone(fake: FakeGoogle) -> None:
    fake.user("t-bo", "bo")
    insert(fake)
    assert refused(lambda: insert(fake, summary="Other")) == (409, "duplicate")
    assert insert(fake, "t-bo")["creator"]["email"] == "bo@example.com"
    assert [e["summary"] for e in fake.events("ana")] == ["Call the client"]


def test_of_many_at_once_one_makes_the_event(fake: FakeGoogle) -> None:
    def once(_: int) -> int:
        try:
            insert(fake)
        except HttpError as error:
            return int(error.status_code)
        return 200

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(once, range(16))) == [200] + [409] * 15


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_deleted_event_stays_readable_and_its_id_taken(fake: FakeGoogle, by_hand: bool) -> None:
    made = insert(fake)
    if by_hand:
        fake.remove("ana", ID)
    else:
        assert not delete(fake)
    assert get(fake)["status"] == "cancelled"
    assert get(fake)["extendedProperties"] == made["extendedProperties"]
    assert get(fake)["etag"] != made["etag"]
    assert refused(lambda: insert(fake)) == (409, "duplicate")
    assert refused(lambda: delete(fake)) == (410, "deleted")
    assert fake.events("ana") == []
    assert listed(fake) == []
    assert listed(fake, showDeleted=True) == listed(fake, updatedMin="2020-01-01T00:00:00Z") == [ID]
    fake.bare_deleted = True
    assert get(fake).keys() == {"kind", "etag", "id", "status"}


def test_a_deleted_event_comes_back_by_a_patch(fake: FakeGoogle) -> None:
    insert(fake)
    delete(fake)
    body = {"status": "confirmed"}
    assert (
        api(fake).events().patch(calendarId="primary", eventId=ID, body=body).execute()["status"]
        == "confirmed"
    )
    assert listed(fake) == [ID]


def test_what_is_not_there_is_not_found(fake: FakeGoogle) -> None:
    events = api(fake).events()
    assert refused(lambda: get(fake)) == (404, "notFound")
    assert refused(lambda: delete(fake)) == (404, "notFound")
    body = {"summary": "x"}
    assert refused(events.patch(calendarId="primary", eventId=ID, body=body).execute) == (404, "notFound")
    assert refused(events.list(calendarId="team@example.com").execute) == (404, "notFound")
    assert refused(events.insert(calendarId="team@example.com", body=event()).execute) == (404, "notFound")
    with pytest.raises(HttpError) as caught:
        api(fake).calendarList().list().execute()
    assert (caught.value.status_code, caught.value.error_details) == (
        404,
        "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>",
    )


def test_a_condition_holds_for_the_version_it_names(fake: FakeGoogle) -> None:
    first = insert(fake)["etag"]
    second = fake.change("ana", ID, summary="Moved by hand")["etag"]
    events = api(fake).events()
    changing = events.patch(calendarId="primary", eventId=ID, body={"summary": "Ours"})
    removing = events.delete(calendarId="primary", eventId=ID)
    for request in (changing, removing):
        request.headers["If-Match"] = first
        assert refused(request.execute) == (412, "conditionNotMet")
    assert fake.events("ana")[0]["summary"] == "Moved by hand"
    changing.headers["If-Match"] = second
    assert changing.execute()["summary"] == "Ours"
    removing.headers["If-Match"] = "*"
    removing.execute()
    assert fake.events("ana") == []


def test_a_patch_melts_and_an_update_replaces(fake: FakeGoogle) -> None:
    insert(fake)
    events = api(fake).events()
    body: dict[str, Any] = {
        "extendedProperties": {"private": {"hold": None, "kind": "call"}},
        "end": {"dateTime": "2026-11-24T11:00:00+03:00"},
        "source": None,
    }
    patched = events.patch(calendarId="primary", eventId=ID, body=body).execute()
    assert patched["extendedProperties"] == {"private": {"thread": "t1", "kind": "call"}}
    assert patched["end"] == {"dateTime": "2026-11-24T11:00:00+03:00", "timeZone": "Europe/Istanbul"}
    assert (patched["sequence"], "source" in patched) == (1, False)
    put = events.update(
        calendarId="primary", eventId=ID, body=event(visibility=None, reminders=None)
    ).execute()
    assert put["extendedProperties"] == event()["extendedProperties"]
    assert (put["sequence"], put.keys() & {"visibility", "reminders"}) == (2, set())
    stale = events.update(calendarId="primary", eventId=ID, body=event(sequence=1))
    assert refused(stale.execute) == (400, "invalid")
    bare = events.update(calendarId="primary", eventId=ID, body={"status": "cancelled"})
    assert refused(bare.execute) == (400, "required")


@pytest.mark.parametrize("header", ["t-gone", "t-old"])
def test_a_bad_token_ends_in_googles_refresh_error(fake: FakeGoogle, header: str) -> None:
    fake.user("t-old", "ana", expired=True)
    with pytest.raises(RefreshError):
        insert(fake, header)
    response, content = AsgiHttp(fake).request(
        "https://www.googleapis.com/calendar/v3/calendars/primary/events",
        headers={"authorization": f"Bearer {header}"},
    )
    assert response.status == 401
    assert json.loads(content)["error"]["errors"][0]["reason"] == "authError"
    assert fake.events("ana") == []


def test_no_token_is_a_bad_token(fake: FakeGoogle) -> None:
    uri = "https://www.googleapis.com/calendar/v3/freeBusy"
    for headers in ({}, {"authorization": "t-ana"}, {"authorization": "Basic t-ana"}):
        assert AsgiHttp(fake).request(uri, "POST", "{}", headers)[0].status == 401


def test_each_method_wants_one_of_its_scopes(fake: FakeGoogle) -> None:
    fake.user("t-events", "ana", {"calendar.events.owned"})
    fake.user("t-busy", "ana", {"calendar.freebusy"})
    fake.user("t-read", "ana", {"calendar.readonly"})
    fake.user("t-own", "ana", {"calendar.app.created"})
    insert(fake, "t-events")
    for token in ("t-busy", "t-read", "t-own"):
        with pytest.raises(HttpError) as caught:
            insert(fake, token, id="other0")
        error = json.loads(caught.value.content)["error"]
        assert (error["code"], error["status"]) == (403, "PERMISSION_DENIED")
        assert error["errors"][0]["reason"] == "insufficientPermissions"
        assert error["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
        assert error["details"][0]["metadata"]["method"] == "calendar.v3.Events.Insert"
    assert api(fake, "t-read").events().get(calendarId="primary", eventId=ID).execute()["id"] == ID
    body = {"timeMin": "2026-11-24T00:00:00Z", "timeMax": "2026-11-25T00:00:00Z", "items": []}
    for token in ("t-busy", "t-read"):
        assert api(fake, token).freebusy().query(body=body).execute()["calendars"] == {}
    asking = api(fake, "t-events").freebusy().query(body=body)
    assert refused(asking.execute) == (403, "insufficientPermissions")
    with pytest.raises(ValueError, match=r"calendar\.event"):
        fake.user("t", "ana", {"calendar.event"})


def test_who_may_see_times_sees_times_only(fake: FakeGoogle) -> None:
    insert(fake)
    fake.user("t-times", "ana", {"calendar.events.freebusy"})
    seen = api(fake, "t-times").events().list(calendarId="primary").execute()["items"]
    assert [item.keys() for item in seen] == [{"kind", "etag", "id", "status", "start", "end"}]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"sumary": "x"}, "invalid"),
        ({"reminders": {"useDefaults": True}}, "invalid"),
        ({"source": {"title": "x", "link": "https://example.com"}}, "invalid"),
        ({"summary": 1}, "invalid"),
        ({"sequence": "1"}, "invalid"),
        ({"sequence": True}, "invalid"),
        ({"guestsCanModify": "true"}, "invalid"),
        ({"attendees": {"email": "a@example.com"}}, "invalid"),
        ({"extendedProperties": {"private": {"n": 1}}}, "invalid"),
        ({"start": "2026-11-24T10:00:00Z"}, "invalid"),
        ({"status": "maybe"}, "invalid"),
        ({"status": "cancelled"}, "invalid"),
        ({"transparency": "busy"}, "invalid"),
        ({"visibility": "secret"}, "invalid"),
        ({"eventType": "meeting"}, "invalid"),
        ({"eventType": "fromGmail"}, "invalid"),
        (_remind({"method": "sms", "minutes": 1}), "invalid"),
        (_remind({"method": "popup", "minutes": -1}), "invalid"),
        (_remind({"method": "popup", "minutes": 40321}), "invalid"),
        (_remind({"method": "popup", "minutes": 1.5}), "invalid"),
        (_remind({"method": "popup"}), "required"),
        ({"reminders": {"overrides": [{"method": "popup", "minutes": n} for n in range(6)]}}, "invalid"),
        (
            {"reminders": {"useDefault": True, "overrides": [{"method": "popup", "minutes": 1}]}},
            "cannotUseDefaultRemindersAndSpecifyOverride",
        ),
        ({"start": None}, "required"),
        ({"end": None}, "required"),
        ({"start": {}}, "invalid"),
        ({"start": {"dateTime": "2026-11-24T10:00:00"}}, "required"),
        ({"start": {"dateTime": "2026-11-24 10:00:00Z"}}, "invalid"),
        ({"start": {"dateTime": "2026-11-24T10:00Z"}}, "invalid"),
        ({"start": {"dateTime": "2026-02-30T10:00:00Z"}}, "invalid"),
        ({"start": {"date": "20261124"}}, "invalid"),
        ({"start": {"date": "2026-11-24", "dateTime": "2026-11-24T10:00:00Z"}}, "invalid"),
        ({"start": {"date": "2026-11-24"}}, "invalid"),
        ({"start": {"date": "2026-11-24"}, "end": {"date": "2026-11-24"}}, "timeRangeEmpty"),
        ({"end": {"dateTime": "2026-11-24T10:00:00+03:00"}}, "timeRangeEmpty"),
        ({"end": {"dateTime": "2026-11-24T09:30:00+03:00"}}, "timeRangeEmpty"),
        ({"start": {"dateTime": "2026-11-24T10:00:00", "timeZone": "Turkey Standard Time"}}, "invalid"),
        ({"source": {"url": "message:1"}}, "invalid"),
        ({"attendees": [{"displayName": "A"}]}, "required"),
        ({"attendees": [{"email": "nobody"}]}, "invalid"),
    ],
)  # fmt: skip
def test_a_body_that_is_not_as_described_is_refused(fake: FakeGoogle, changes: Any, word: str) -> None:
    assert refused(lambda: insert(fake, **changes)) == (400, word)
    assert fake.events("ana") == []


@pytest.mark.parametrize("minutes", [0, 40320])
def test_reminders_may_be_up_to_four_weeks_before(fake: FakeGoogle, minutes: int) -> None:
    wanted = {"useDefault": False, "overrides": [{"method": "email", "minutes": minutes}]}
    assert insert(fake, reminders=wanted)["reminders"] == wanted


def test_what_is_the_services_to_set_is_ignored_and_what_it_lacks_is_told(fake: FakeGoogle) -> None:
    assert insert(fake, htmlLink="https://example.com", etag="x")["htmlLink"] != "https://example.com"
    with pytest.raises(NotImplementedError, match="recurrence"):
        insert(fake, id="again0", recurrence=["RRULE:FREQ=DAILY"])
    with pytest.raises(NotImplementedError, match="syncToken"):
        listed(fake, syncToken="x")
    with pytest.raises(NotImplementedError, match="too long"):
        listed(fake, privateExtendedProperty="thread=" + "t" * 2100)


def test_a_body_is_a_json_object_of_its_type(fake: FakeGoogle) -> None:
    uri = "https://www.googleapis.com/calendar/v3/calendars/primary/events"
    headers = {"authorization": "Bearer t-ana", "content-type": "application/json"}
    for body in ("", "[]", '{"id":'):
        response, content = AsgiHttp(fake).request(uri, "POST", body, headers)
        assert (response.status, json.loads(content)["error"]["errors"][0]["reason"]) == (400, "parseError")
    plain = headers | {"content-type": "text/plain"}
    assert AsgiHttp(fake).request(uri, "POST", json.dumps(event()), plain)[0].status == 400
    assert AsgiHttp(fake).request(uri, "POST", json.dumps(event()), headers)[0].status == 200


def test_extended_properties_are_cut_to_size_without_a_word(fake: FakeGoogle) -> None:
    private = {"k" * 45: "dropped", "k" * 44: "v" * 1025}
    made = insert(fake, extendedProperties={"private": private})
    assert made["extendedProperties"]["private"] == {"k" * 44: "v" * 1024}


def test_guests_are_mailed_only_when_it_is_asked_for(fake: FakeGoogle) -> None:
    guests = [{"email": "client@example.com"}]
    assert insert(fake, id="quiet0", attendees=guests)["attendees"][0]["responseStatus"] == "needsAction"
    events = api(fake).events()
    events.insert(calendarId="primary", body=event(), sendUpdates="all").execute()
    events.delete(calendarId="primary", eventId="quiet0", sendUpdates="none").execute()
    assert fake.mailed == []
    events.patch(calendarId="primary", eventId=ID, body={"attendees": guests}, sendUpdates="all").execute()
    assert fake.mailed == [("ana@example.com", ID, "client@example.com")]


def test_the_calls_are_kept(fake: FakeGoogle) -> None:
    insert(fake)
    get(fake)
    first, second = fake.calls
    assert (first.operation, first.body) == ("insert", event())
    assert second == ("get", {"calendarId": ["primary"], "eventId": [ID], "alt": ["json"]}, None)


def test_all_that_the_fake_knows_is_in_googles_description() -> None:
    methods = {
        method["id"].removeprefix("calendar."): method
        for resource in discovery.document()["resources"].values()
        for method in resource["methods"].values()
    }
    assert set(OPERATIONS.values()) <= methods.keys()
    fake = FakeGoogle()
    for verb, path, operation in fake._routes:
        described = methods[OPERATIONS[operation]]
        assert described["httpMethod"] == verb
        sample = described["path"].replace("{calendarId}", "primary").replace("{eventId}", ID)
        assert path.fullmatch("/calendar/v3/" + sample)
        assert set(path.groupindex) == set(described.get("parameterOrder", ()))
        assert discovery.scopes(OPERATIONS[operation])
    every = {name for method in OPERATIONS.values() for name in discovery.parameters(method)}
    assert every >= google_reading.HONOURED
    fields = discovery.schema("Event")["properties"].keys()
    assert fields >= google_events.WRITABLE | set(google_events._ORDER) | google_events._IDENTITY
    assert google_events.WRITABLE.isdisjoint(discovery.read_only("Event"))
    assert discovery.scopes("events.insert") | discovery.scopes("freebusy.query") >= HOLDS
    assert discovery.words(discovery.schema("Event")["properties"]["status"]) == {
        "confirmed", "tentative", "cancelled",
    }  # fmt: skip
    # The words for an error may grow, the document says: they are no closed list.
    assert discovery.words(discovery.schema("Error")["properties"]["reason"]) == frozenset()
