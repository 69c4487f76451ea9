"""POST /v1/holds: a proposal becomes a calendar file, and nothing else gets into it."""

from __future__ import annotations

from typing import Any

import pytest
from icalendar import Calendar

from tests.api.test_errors import pointers, problem
from tests.conftest import Client

TIMED: dict[str, Any] = {
    "id": "0aab26ec37d7d68b9e58c5ca603b8b2b",
    "kind": "check-in",
    "title": "Check in with the client",
    "start": "2026-03-17T09:00:00+01:00",
    "end": "2026-03-17T09:30:00+01:00",
    "all_day": False,
    "time_zone": "Europe/Paris",
    "reason": "Ask whether all is well.",
    "sources": [
        {"article": "dropped-ball", "section": "follow-up", "title": "Follow up", "article_title": "A"}
    ],
}
DAY = {**TIMED, "kind": "commitment", "start": "2026-03-17", "end": "2026-03-18", "all_day": True}


def post(client: Client, hold: dict[str, Any], calendar: str = "ics") -> Any:
    return client.post("/v1/holds", json={"hold": hold, "calendar": calendar})


@pytest.mark.parametrize("hold", [TIMED, DAY])
def test_a_hold_becomes_a_calendar_file(client: Client, hold: dict[str, Any]) -> None:
    answer = post(client, hold)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/calendar")
    assert answer.headers["content-disposition"] == f'attachment; filename="tactline-{hold["kind"]}.ics"'
    [event] = Calendar.from_ical(answer.content).walk("VEVENT")
    assert str(event["summary"]) == hold["title"]
    assert event.decoded("dtstart").isoformat() == hold["start"]
    assert event.decoded("dtend").isoformat() == hold["end"]


def test_pressing_twice_makes_the_same_event(client: Client) -> None:
    first, second = (Calendar.from_ical(post(client, TIMED).content).walk("VEVENT")[0] for _ in range(2))
    assert first["uid"] == second["uid"]


def test_every_proposal_of_a_review_can_be_taken_up(client: Client) -> None:
    context = [{"direction": "incoming", "text": "This is the third time you let us down, I am very angry!"}]
    message = {
        "direction": "outgoing",
        "text": "We will call you on Friday at 10:00. The file follows by Monday.",
    }
    holds = client.review(message, context=context, time_zone="Romance Standard Time").json()["holds"]
    assert holds
    assert [post(client, hold).status_code for hold in holds] == [200] * len(holds)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"title": "Call\r\nATTENDEE:mailto:x@example.com"}, "#/hold/title"),
        ({"title": "a\x00b"}, "#/hold/title"),
        ({"title": ""}, "#/hold/title"),
        ({"title": "x" * 201}, "#/hold/title"),
        ({"reason": "a\nb"}, "#/hold/reason"),
        ({"id": "x\r\nDTSTART:1"}, "#/hold/id"),
        ({"id": ""}, "#/hold/id"),
        ({"kind": "party"}, "#/hold/kind"),
        ({"start": "2026-03-17"}, "#/hold/start"),
        ({"start": "2026-03-17T09:00:00"}, "#/hold/start"),
        ({"end": "2026-03-17T08:00:00+01:00"}, "#/hold/end"),
        ({"end": "9999-12-31T23:59:59Z"}, "#/hold/end"),
        ({"all_day": True}, "#/hold/start"),
        ({"time_zone": "Nowhere"}, "#/hold/time_zone"),
        ({"attendees": ["x@example.com"]}, "#/hold/attendees"),
    ],
)
def test_a_bad_hold_is_refused(client: Client, change: dict[str, Any], pointer: str) -> None:
    document = problem(post(client, {**TIMED, **change}), 422, "bad-fields")
    assert pointers(document) == {pointer}


def test_a_title_with_calendar_syntax_stays_a_title(client: Client) -> None:
    title = 'Call; VALUE=x, "quoted" \\n END:VEVENT'
    [event] = Calendar.from_ical(post(client, {**TIMED, "title": title}).content).walk("VEVENT")
    assert str(event["summary"]) == title
