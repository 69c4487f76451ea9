"""How the tests ask the fake Google Calendar: by google-api-python-client, as the service does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import google_auth_httplib2
import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from tests.holds.fakes.google import AsgiHttp, FakeGoogle

ANA = "t-ana"
"""The token of the user "ana" of `calendar_of_ana`."""

ID = "icovhfbo6naa60v2ma7fb672119u8ci8"
"""The id of `event`."""


def calendar_of_ana() -> FakeGoogle:
    """A fake with one user and the narrowest scopes."""
    made = FakeGoogle()
    made.user(ANA, "ana")
    return made


def api(fake: FakeGoogle, token: str = ANA, **transport: Any) -> Any:
    """The real library over the fake, with the arguments of `AsgiHttp`."""
    http = google_auth_httplib2.AuthorizedHttp(
        Credentials(token=token),  # type: ignore[no-untyped-call]
        http=AsgiHttp(fake, **transport),
    )
    return build("calendar", "v3", http=http, static_discovery=True, cache_discovery=False)


def event(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": ID, "summary": "Call the client", "status": "tentative", "visibility": "private",
        "start": {"dateTime": "2026-11-24T10:00:00+03:00", "timeZone": "Europe/Istanbul"},
        "end": {"dateTime": "2026-11-24T10:30:00+03:00", "timeZone": "Europe/Istanbul"},
        "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 15}]},
        "extendedProperties": {"private": {"hold": "h1", "thread": "t1"}},
        "source": {"title": "The thread", "url": "https://mail.example.com/"},
    }  # fmt: skip
    return {key: value for key, value in (body | changes).items() if value is not None}


def insert(fake: FakeGoogle, token: str = ANA, **changes: Any) -> Any:
    return api(fake, token).events().insert(calendarId="primary", body=event(**changes)).execute()


def get(fake: FakeGoogle, identifier: str = ID) -> Any:
    return api(fake).events().get(calendarId="primary", eventId=identifier).execute()


def delete(fake: FakeGoogle, identifier: str = ID) -> Any:
    return api(fake).events().delete(calendarId="primary", eventId=identifier).execute()


def refused(ask: Callable[[], object]) -> tuple[int, str]:
    """The status and Google's word of the error that asking ends in."""
    with pytest.raises(HttpError) as caught:
        ask()
    (error,) = json.loads(caught.value.content)["error"]["errors"]
    return caught.value.status_code, error["reason"]
