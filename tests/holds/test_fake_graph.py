"""The fake of Microsoft Graph keeps the rules that the real one is known to have."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from anyio.from_thread import BlockingPortal

from tests.holds.fakes.faults import Fault
from tests.holds.fakes.graph import FakeGraph
from tests.holds.fakes.graph_body import DOCUMENTED_ZONES, zone_of
from tests.holds.fakes.graph_client import EXPAND, HOLD, OF_THREAD, Asking, all_day, body, refused


@pytest.fixture
def graph() -> FakeGraph:
    fake = FakeGraph()
    fake.user("T", "ada")
    return fake


@pytest.fixture
def ask(graph: FakeGraph, portal: BlockingPortal) -> Asking:
    return Asking(graph, portal)


def test_an_event_is_made_read_changed_and_deleted(graph: FakeGraph, ask: Asking) -> None:
    made = ask("POST", "/me/events", json=body())
    assert made.status_code == 201
    event = made.json()
    assert event["start"] == {"dateTime": "2026-11-30T07:00:00.0000000", "timeZone": "UTC"}
    assert event["originalStartTimeZone"] == "Europe/Istanbul"
    assert event["transactionId"] == "t1"
    assert event["showAs"] == "tentative"
    assert event["body"] == {
        "contentType": "html",
        "content": "<html><head></head><body>1 &lt; 2</body></html>",
    }
    assert event["bodyPreview"] == "1 < 2"
    assert quote(event["id"], safe="") in event["webLink"]
    assert "singleValueExtendedProperties" not in event
    assert event["id"].startswith("AAMkA")
    assert {"-", "_", "="} <= set(event["id"])

    path = "/me/events/" + quote(event["id"], safe="")
    got = ask("GET", path)
    assert got.json() == event
    changed = ask("PATCH", path, json={"subject": "Later"})
    assert (changed.status_code, changed.json()["subject"]) == (200, "Later")
    assert changed.json()["@odata.etag"] != event["@odata.etag"]
    gone = ask("DELETE", "/me/events/" + event["id"])
    assert (gone.status_code, gone.content) == (204, b"")
    assert refused(ask("GET", path)) == (404, "ErrorItemNotFound")
    assert refused(ask("DELETE", path)) == (404, "ErrorItemNotFound")
    assert graph.events("ada") == []
    assert graph.invitations == []
    assert [call.operation for call in graph.calls] == [
        "insert", "get", "update", "delete", "get", "delete",
    ]  # fmt: skip
    assert graph.calls[0].body == body()
    assert graph.calls[0].answer == event


def test_it_listens_to_one_host_only(graph: FakeGraph, ask: Asking) -> None:
    for address in ("https://graph.example.test/v1.0/me/events", "http://graph.microsoft.com/v1.0/me/events"):
        with pytest.raises(httpx.ConnectError):
            ask("GET", address)
    assert refused(ask("GET", "https://graph.microsoft.com/beta/me/events"))[0] == 400
    assert refused(ask("GET", "/users/ada/events"))[0] == 400
    graph.down = True
    with pytest.raises(httpx.ConnectError):
        ask("GET", "/me/events")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"summary": "x"}, "RequestBodyRead"),
        ({"body": {"type": "text"}}, "RequestBodyRead"),
        ({"body": {"contentType": "HTML", "content": ""}}, "RequestBodyRead"),
        ({"showAs": "away"}, "RequestBodyRead"),
        ({"showAs": "Tentative"}, "RequestBodyRead"),
        ({"sensitivity": "secret"}, "RequestBodyRead"),
        ({"importance": 1}, "RequestBodyRead"),
        ({"isReminderOn": "true"}, "RequestBodyRead"),
        ({"reminderMinutesBeforeStart": True}, "RequestBodyRead"),
        ({"reminderMinutesBeforeStart": -1}, "RequestBodyRead"),
        ({"transactionId": 7}, "RequestBodyRead"),
        ({"categories": "Follow-up"}, "RequestBodyRead"),
        ({"attendees": {}}, "RequestBodyRead"),
        ({"attendees": [{"address": "a@b.test"}]}, "RequestBodyRead"),
        ({"singleValueExtendedProperties": [{"id": "TactlineHold", "value": "x"}]}, "RequestBodyRead"),
        ({"singleValueExtendedProperties": [{"id": HOLD, "value": 1}]}, "RequestBodyRead"),
        ({"start": {"dateTime": "2026-11-30T10:00:00Z", "timeZone": "UTC"}}, "RequestBodyRead"),
        ({"start": {"dateTime": "2026-11-30T10:00:00+03:00", "timeZone": "UTC"}}, "RequestBodyRead"),
        ({"start": {"dateTime": "2026-11-31T10:00:00", "timeZone": "UTC"}}, "RequestBodyRead"),
        ({"start": {"dateTime": "2026-11-30", "timeZone": "UTC"}}, "RequestBodyRead"),
        ({"start": {"dateTime": "2026-11-30T10:00:00"}}, "RequestBodyRead"),
        ({"start": None}, "ErrorInvalidRequest"),
        ({"start": {"dateTime": "2026-11-30T10:00", "timeZone": "Mars"}}, "TimeZoneNotSupportedException"),
        ({"start": {"dateTime": "2026-11-30T10:00", "timeZone": ""}}, "TimeZoneNotSupportedException"),
        ({"start": {"dateTime": "2026-11-30T12:00:00", "timeZone": "UTC"}}, "ErrorPropertyValidationFailure"),
        ({"isAllDay": True}, "ErrorInvalidRequest"),
        (all_day("2026-11-30T00:00:00", "2026-11-30T00:00:00"), "ErrorInvalidRequest"),
        (all_day("2026-11-30T00:00:00", "2026-12-01T12:00:00"), "ErrorInvalidRequest"),
        (all_day("2026-11-30T00:00:00", "2026-12-01T00:00:00", "UTC", "Europe/Paris"), "ErrorInvalidRequest"),
        ({"id": "AAMk"}, "ErrorInvalidPropertySet"),
        ({"organizer": {}}, "ErrorInvalidPropertySet"),
    ],
    ids=str,
)  # fmt: skip
def test_a_body_that_is_not_right_is_refused(
    graph: FakeGraph, ask: Asking, changes: dict[str, Any], code: str
) -> None:
    assert refused(ask("POST", "/me/events", json=body(**changes))) == (400, code)
    assert graph.events("ada") == []


def test_a_body_has_to_be_json_and_say_so(graph: FakeGraph, ask: Asking) -> None:
    assert refused(ask("POST", "/me/events", content=json.dumps(body())))[0] == 415
    headers = {"Content-Type": "application/json"}
    for content in (b"", b"{", b"[]"):
        assert refused(ask("POST", "/me/events", content=content, headers=headers)) == (400, "BadRequest")
    with pytest.raises(NotImplementedError):
        ask("POST", "/me/events", json=body(recurrence={"pattern": {}}))
    assert (
        ask("POST", "/me/calendar/events", json=body(recurrence={}) | {"recurrence": None}).status_code == 201
    )


def test_zones_are_those_that_windows_knows(graph: FakeGraph, ask: Asking) -> None:
    for zone in sorted(DOCUMENTED_ZONES):
        assert zone_of(zone)
    tunis = {"dateTime": "2026-11-30T10:00:00", "timeZone": "Africa/Tunis"}
    assert ask("POST", "/me/events", json=body(transactionId=None, start=tunis, end=tunis)).status_code == 201
    graph.documented_zones_only = True
    again = ask("POST", "/me/events", json=body(transactionId=None, start=tunis, end=tunis))
    assert refused(again) == (400, "TimeZoneNotSupportedException")
    windows = {**tunis, "timeZone": "W. Central Africa Standard Time"}
    assert (
        ask("POST", "/me/events", json=body(transactionId=None, start=windows, end=windows)).status_code
        == 201
    )


def test_who_is_invited_gets_mail(graph: FakeGraph, ask: Asking) -> None:
    guests = [{"emailAddress": {"address": "sam@client.test", "name": "Sam"}, "type": "optional"}]
    event = ask("POST", "/me/events", json=body(attendees=guests)).json()
    ask("PATCH", "/me/events/" + event["id"], json={"subject": "x"})
    ask("DELETE", "/me/events/" + event["id"])
    assert [(i.kind, i.user, i.event, i.address) for i in graph.invitations] == [
        (kind, "ada", event["id"], "sam@client.test") for kind in ("invitation", "update", "cancellation")
    ]


# The same transactionId again.


def test_the_same_request_again_is_the_same_event(graph: FakeGraph, ask: Asking) -> None:
    first, second = (ask("POST", "/me/events", json=body()) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert len(graph.events("ada")) == 1
    graph.user("T2", "bo")
    other = ask("POST", "/me/events", json=body(), headers={"Authorization": "Bearer T2"})
    assert other.json()["id"] != first.json()["id"]


def test_without_a_transaction_each_request_is_an_event(graph: FakeGraph, ask: Asking) -> None:
    for _ in range(2):
        assert "transactionId" not in ask("POST", "/me/events", json=body(transactionId=None)).json()
    assert len(graph.events("ada")) == 2


def test_a_transaction_with_another_body_is_refused(graph: FakeGraph, ask: Asking) -> None:
    first = ask("POST", "/me/events", json=body()).json()
    other = ask("POST", "/me/events", json=body(subject="Other"))
    assert refused(other) == (400, "ErrorDuplicateTransactionId")
    assert other.json()["error"]["@event.existingEventId"] == first["id"]
    graph.compares = False
    assert ask("POST", "/me/events", json=body(subject="Other")).json() == first
    graph.refuses = True
    assert refused(ask("POST", "/me/events", json=body())) == (400, "ErrorDuplicateTransactionId")
    assert len(graph.events("ada")) == 1


@pytest.mark.parametrize("how", ["by its user", "by us"])
def test_after_a_deletion_a_transaction_may_be_known_still(graph: FakeGraph, ask: Asking, how: str) -> None:
    first = ask("POST", "/me/events", json=body()).json()
    if how == "by us":
        ask("DELETE", "/me/events/" + first["id"])
    else:
        graph.remove("ada", first["id"])
    again = ask("POST", "/me/events", json=body())
    assert (again.status_code, again.json()["id"]) == (201, first["id"])
    assert refused(ask("GET", "/me/events/" + first["id"])) == (404, "ErrorItemNotFound")
    assert graph.events("ada") == []
    graph.remembers = False
    anew = ask("POST", "/me/events", json=body())
    assert (anew.status_code, anew.json()["id"] != first["id"]) == (201, True)
    assert len(graph.events("ada")) == 1


def test_a_transaction_cannot_be_changed(ask: Asking) -> None:
    path = "/me/events/" + ask("POST", "/me/events", json=body()).json()["id"]
    assert ask("PATCH", path, json={"transactionId": "t1"}).status_code == 200
    assert refused(ask("PATCH", path, json={"transactionId": "t2"})) == (400, "ErrorInvalidPropertySet")


# Ids, versions, extended properties.


def test_ids_are_of_two_kinds(graph: FakeGraph, ask: Asking) -> None:
    immutable = {"Prefer": 'outlook.timezone="UTC", IdType="ImmutableId"'}
    lasting = ask("POST", "/me/events", json=body(), headers=immutable).json()["id"]
    usual = graph.events("ada")[0]["id"]
    assert lasting != usual
    assert ask("GET", "/me/events/" + lasting, headers=immutable).json()["id"] == lasting
    assert ask("GET", "/me/events/" + usual).json()["id"] == usual
    for wrong in ("x", "not%20an%20id", "AAMk%2F", "AAMkA" + "!" * 40):
        assert refused(ask("GET", "/me/events/" + wrong)) == (400, "ErrorInvalidIdMalformed")
    with pytest.raises(KeyError):
        graph.remove("ada", "AAMkA" + "x" * 40)
    graph.lingers = True
    graph.remove("ada", usual)
    assert refused(ask("GET", "/me/events/" + usual)) == (404, "ErrorItemNotFound")
    assert ask("GET", "/me/events/" + lasting).status_code == 200
    assert refused(ask("DELETE", "/me/events/" + lasting)) == (403, "ErrorCannotDeleteObject")


def test_a_stale_version_is_not_touched(graph: FakeGraph, ask: Asking) -> None:
    event = ask("POST", "/me/events", json=body()).json()
    path, stale = "/me/events/" + event["id"], {"If-Match": event["@odata.etag"]}
    assert ask("PATCH", path, json={"subject": "x"}, headers=stale).status_code == 200
    assert refused(ask("PATCH", path, json={"subject": "y"}, headers=stale))[0] == 412
    assert refused(ask("DELETE", path, headers=stale))[0] == 412
    assert ask("DELETE", path, headers={"If-Match": graph.events("ada")[0]["@odata.etag"]}).status_code == 204


# Who may.


def test_a_token_that_is_not_good_is_401(graph: FakeGraph, ask: Asking) -> None:
    graph.user("old", "ada", expired=True)
    for header in ("", "Basic T", "Bearer", "Bearer unknown", "Bearer old"):
        answer = ask("GET", "/me/events", headers={"Authorization": header})
        assert refused(answer) == (401, "InvalidAuthenticationToken")
        assert answer.headers["WWW-Authenticate"].startswith(
            'Bearer realm="", authorization_uri="https://login.'
        )
        assert "claims=" not in answer.headers["WWW-Authenticate"]


def test_a_claims_challenge_can_be_relayed(graph: FakeGraph, ask: Asking) -> None:
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1795300000"}}}'
    graph.challenge("T", claims)
    answer = ask("POST", "/me/events", json=body())
    assert refused(answer) == (401, "InvalidAuthenticationToken")
    header = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_claims"' in header
    encoded = header.partition('claims="')[2].partition('"')[0]
    assert base64.b64decode(encoded).decode() == claims
    assert graph.events("ada") == []
    graph.challenge("T", None)
    assert ask("POST", "/me/events", json=body()).status_code == 201


def test_scopes_say_what_may_be_done(graph: FakeGraph, ask: Asking) -> None:
    path = "/me/events/" + ask("POST", "/me/events", json=body()).json()["id"]
    window = {"startDateTime": "2026-11-30T00:00:00Z", "endDateTime": "2026-12-01T00:00:00Z"}
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/me/calendarView", {"params": window}),
        ("GET", "/me/events", {"params": {"$filter": OF_THREAD}}),
        ("GET", path, {"params": EXPAND}),
        ("POST", "/me/events", {"json": body()}),
        ("PATCH", path, {"json": {"subject": "x"}}),
        ("DELETE", path, {}),
    ]
    for scopes, allowed in (
        ({"Mail.Read"}, 0),
        ({"Calendars.ReadBasic"}, 1),
        ({"Calendars.Read", "User.Read"}, 3),
        ({"Calendars.ReadWrite"}, 6),
    ):
        graph.user("S", "ada", scopes=scopes)
        headers = {"Authorization": "Bearer S"}
        answers = [ask(method, where, headers=headers, **rest) for method, where, rest in asked]
        assert [answer.status_code < 400 for answer in answers] == [True] * allowed + [False] * (6 - allowed)
        assert {refused(answer) for answer in answers[allowed:]} <= {(403, "ErrorAccessDenied")}
        if scopes == {"Calendars.ReadBasic"}:
            assert "body" not in answers[0].json()["value"][0]


def test_one_users_events_are_not_anothers(graph: FakeGraph, ask: Asking) -> None:
    event = ask("POST", "/me/events", json=body()).json()
    graph.user("B", "bo")
    headers = {"Authorization": "Bearer B"}
    assert refused(ask("GET", "/me/events/" + event["id"], headers=headers)) == (404, "ErrorItemNotFound")
    assert refused(ask("DELETE", "/me/events/" + event["id"], headers=headers)) == (404, "ErrorItemNotFound")
    assert ask("GET", "/me/events", headers=headers).json()["value"] == []


# What goes wrong.


def test_faults_come_when_they_are_due(graph: FakeGraph, ask: Asking) -> None:
    graph.faults.add(Fault("insert", 429, headers={"Retry-After": "12"}))
    graph.faults.add(Fault("list", 503, "ErrorServerBusy", times=2))
    assert refused(ask("GET", "/me/events")) == (503, "ErrorServerBusy")
    slow = ask("POST", "/me/events", json=body())
    assert (refused(slow), slow.headers["Retry-After"]) == ((429, "TooManyRequests"), "12")
    assert graph.events("ada") == []
    assert ask("POST", "/me/events", json=body()).status_code == 201
    assert refused(ask("GET", "/me/events"))[0] == 503
    assert ask("GET", "/me/events").status_code == 200
    graph.faults.add(Fault("*", 401))
    assert "WWW-Authenticate" in ask("GET", "/me/events").headers
    graph.faults.add(Fault("view", body=b"<html>", headers={"Content-Type": "text/html"}))
    window = {"startDateTime": "2026-11-30T00:00:00Z", "endDateTime": "2026-12-01T00:00:00Z"}
    page = ask("GET", "/me/calendarView", params=window)
    assert (page.status_code, page.text, page.headers["Content-Type"]) == (200, "<html>", "text/html")
    assert graph.count("list") == 4


def test_an_answer_can_be_lost_after_the_work(graph: FakeGraph, ask: Asking) -> None:
    graph.faults.add(Fault("insert", lose=True))
    with pytest.raises(httpx.ReadError):
        ask("POST", "/me/events", json=body())
    (event,) = graph.events("ada")
    assert graph.calls[-1].status == 201
    assert ask("POST", "/me/events", json=body()).json()["id"] == event["id"]
    graph.faults.add(Fault("delete", lose=True))
    with pytest.raises(httpx.ReadError):
        ask("DELETE", "/me/events/" + event["id"])
    assert graph.events("ada") == []


def test_a_slow_answer_is_a_time_out(graph: FakeGraph, ask: Asking) -> None:
    graph.faults.add(Fault("insert", delay=30))
    before = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        ask("POST", "/me/events", json=body())
    assert time.monotonic() - before < 5
    assert len(graph.events("ada")) == 1
    graph.faults.add(Fault("list", delay=0.02))
    assert len(ask("GET", "/me/events").json()["value"]) == 1
