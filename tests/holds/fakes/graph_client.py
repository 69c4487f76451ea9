"""A small client for the fake of Microsoft Graph, and a body that it takes: for the tests of the fake."""

from __future__ import annotations

from functools import partial
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal

from tests.holds.fakes.graph import FakeGraph

GUID = "8A3D2F6E-5E0B-4F55-9C40-6B8F6C1D2E10"
HOLD = f"String {{{GUID}}} Name TactlineHold"
THREAD = f"String {{{GUID}}} Name TactlineThread"
EXPAND = {"$expand": f"singleValueExtendedProperties($filter=id eq '{HOLD}' or id eq '{THREAD}')"}
OF_THREAD = f"singleValueExtendedProperties/Any(ep: ep/id eq '{THREAD}' and ep/value eq 'abc')"
TIMEOUT = 0.2


class Asking:
    """Sends requests to a fake with the token "T", and waits `TIMEOUT` seconds for an answer."""

    def __init__(self, graph: FakeGraph, portal: BlockingPortal) -> None:
        self._portal = portal
        self._client = httpx.AsyncClient(
            transport=graph.transport(),
            base_url="https://graph.microsoft.com/v1.0",
            headers={"Authorization": "Bearer T"},
            timeout=TIMEOUT,
        )

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._portal.call(partial(self._client.request, method, path, **options))


def body(**changes: Any) -> dict[str, Any]:
    """A hold as a client would send it; None takes a property away."""
    whole: dict[str, Any] = {
        "subject": "Follow up",
        "body": {"contentType": "text", "content": "1 < 2"},
        "start": {"dateTime": "2026-11-30T10:00:00", "timeZone": "Europe/Istanbul"},
        "end": {"dateTime": "2026-11-30T10:30:00", "timeZone": "Turkey Standard Time"},
        "showAs": "tentative",
        "sensitivity": "private",
        "isReminderOn": True,
        "reminderMinutesBeforeStart": 10,
        "attendees": [],
        "transactionId": "t1",
        "singleValueExtendedProperties": [{"id": HOLD, "value": "h1"}, {"id": THREAD, "value": "abc"}],
    }
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def all_day(start: str, end: str, zone: str = "UTC", other: str | None = None) -> dict[str, Any]:
    """The changes that make it last whole days."""
    return {
        "isAllDay": True,
        "start": {"dateTime": start, "timeZone": zone},
        "end": {"dateTime": end, "timeZone": other or zone},
    }


def refused(answer: httpx.Response) -> tuple[int, str]:
    """The status and the word of an error, which has to have the service's shape."""
    error = answer.json()["error"]
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
    assert error["message"]
    return answer.status_code, error["code"]
