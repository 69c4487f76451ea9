"""Google Calendar, by google-api-python-client: the user's primary calendar, with that user's token.

The library is blocking and httplib2 is not safe between threads, so each call has a connection of
its own and runs in a thread; the library's description of the API is built once.
Methods, scopes and fields: Google Calendar API v3 reference, `events` and `freebusy`.
"""

from __future__ import annotations

import base64
import datetime as dt
import html
import http.client
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from types import SimpleNamespace
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import google_auth_httplib2
import httplib2
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from app.errors import (
    CalendarError,
    Changed,
    Gone,
    MoreConsent,
    Provider,
    Refused,
    SignInExpired,
    TooSlow,
    Unavailable,
)
from app.holds.calendar import GENERATIONS, Availability, Busy, Event, Marked, Placed, event_key
from app.holds.propose import Hold
from app.holds.retry import Again, Deadline, attempt, too_many
from app.tone import week

T = TypeVar("T")

EVENTS = "https://www.googleapis.com/auth/calendar.events.owned"
FREE_BUSY = "https://www.googleapis.com/auth/calendar.freebusy"
_PRIMARY = "primary"
_MARK = "tactline"
_HOLD, _THREAD, _KIND = "tactlineHold", "tactlineThread", "tactlineKind"
_MINUTES, _DAY_MINUTES = 15, 15 * 60
_PAGE = 250
RATE_LIMITS = frozenset(("rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"))
"""Google's words for too many requests, which may come with a 403."""


def plain_http(timeout: float) -> httplib2.Http:
    """A connection of its own for one call, given up after `timeout` seconds of silence."""
    return httplib2.Http(timeout=timeout)


class GoogleCalendar:
    """See `app.holds.calendar.Calendar`. `user` separates people who share a calendar, where one is known."""

    provider: Provider = "google"

    def __init__(
        self,
        token: str,
        *,
        user: str = "",
        deadline: Deadline | None = None,
        http: Callable[[float], httplib2.Http] = plain_http,
    ) -> None:
        self._token = token
        self._user = user
        self._deadline = deadline or Deadline()
        self._http = http

    async def availability(
        self, start: dt.datetime, end: dt.datetime, without: str | None = None
    ) -> Availability:
        if without is not None:
            return Availability(tuple(await self._others(start, end, without)))
        body = {"timeMin": _stamp(start), "timeMax": _stamp(end), "items": [{"id": _PRIMARY}]}
        return await self._call(lambda api: api.freebusy().query(body=body), (FREE_BUSY,), _availability)

    async def create(self, hold: Hold, marked: Marked) -> Placed:
        for generation in range(GENERATIONS):
            key = base64.b32hexencode(event_key(self._user, hold, generation)).decode().lower().rstrip("=")
            try:
                return Placed(await self._insert({"id": key, **_body(hold, marked)}), True)
            except _Taken:
                standing = await self._read(key)
                if standing is not None:
                    return Placed(_event(standing), False)
        raise Changed(self.provider)

    async def get(self, event_id: str) -> Event:
        found = await self._read(event_id)
        if found is None:
            raise Gone(self.provider)
        return _event(found)

    async def of_thread(self, thread: str) -> Sequence[Event]:
        query = {"privateExtendedProperty": f"{_THREAD}={thread}"}
        found = await self._list(query, lambda item, _: _event(item) if _ours(item) else None)
        return sorted(found, key=_order)

    async def ours(self, start: dt.datetime, end: dt.datetime) -> Sequence[Event]:
        query = {
            "privateExtendedProperty": f"{_MARK}=1", "timeMin": _stamp(start), "timeMax": _stamp(end),
            "singleEvents": True,
        }  # fmt: skip
        found = await self._list(query, lambda item, _: _event(item) if _ours(item) else None)
        return sorted(found, key=_order)

    async def delete(self, event_id: str) -> None:
        await self.get(event_id)
        # It stood a moment ago: the answer to a first try was lost, or another was faster.
        with suppress(Gone):
            await self._call(
                lambda api: api.events().delete(calendarId=_PRIMARY, eventId=event_id, sendUpdates="none"),
                (EVENTS,),
                lambda _: None,
            )

    async def _read(self, event_id: str) -> Mapping[str, Any] | None:
        """One of our events as it stands; None when it was deleted, or is none of ours."""
        try:
            return await self._call(
                lambda api: api.events().get(calendarId=_PRIMARY, eventId=event_id), (EVENTS,), _standing
            )
        except Gone:
            return None

    async def _others(self, start: dt.datetime, end: dt.datetime, without: str) -> list[Busy]:
        """Free/busy melts events together; whether something lies beside ours only a list tells."""
        query = {"timeMin": _stamp(start), "timeMax": _stamp(end), "singleEvents": True}
        return await self._list(
            query,
            lambda item, where: (
                Busy(_begin(item["start"], where), _begin(item["end"], where))
                if item.get("id") != without and _blocks(item)
                else None
            ),
        )

    async def _list(
        self, query: Mapping[str, Any], read: Callable[[Mapping[str, Any], str], T | None]
    ) -> list[T]:
        """What `read` makes of the events, given the name of the calendar's zone, from all pages."""

        def one(answer: Mapping[str, Any]) -> tuple[list[T], str | None]:
            where = str(answer.get("timeZone", "UTC"))
            seen = [read(item, where) for item in answer.get("items", ())]
            return [item for item in seen if item is not None], answer.get("nextPageToken")

        found: list[T] = []
        page: str | None = None
        while True:
            ask = {**query, "calendarId": _PRIMARY, "maxResults": _PAGE, "pageToken": page}
            items, page = await self._call(partial(_listed, ask), (EVENTS,), one)
            found += items
            if not page:
                return found

    async def _insert(self, body: dict[str, Any]) -> Event:
        return await self._call(
            lambda api: api.events().insert(calendarId=_PRIMARY, body=body, sendUpdates="none"),
            (EVENTS,),
            _event,
        )

    async def _call(
        self, ask: Callable[[Any], Any], scopes: Sequence[str], read: Callable[[Mapping[str, Any]], T]
    ) -> T:
        """What `read` makes of the answer to one request of the library's, asked again as `retry` allows."""

        def work(timeout: float) -> T:
            who = Credentials(token=self._token)  # type: ignore[no-untyped-call]
            wire = google_auth_httplib2.AuthorizedHttp(who, http=self._http(timeout))
            try:
                answer = ask(_api()).execute(http=wire, num_retries=0)
            except HttpError as error:
                raise self._meaning(error, scopes) from None
            except RefreshError:
                # A 401 makes google-auth look for a refresh token, which add-ons never have.
                raise SignInExpired(self.provider) from None
            except GoogleAuthError:
                raise Again(Unavailable(self.provider)) from None
            except TimeoutError:
                raise Again(TooSlow(self.provider)) from None
            except (OSError, httplib2.HttpLib2Error, http.client.HTTPException, ValueError):
                # The connection broke, also amid an answer, or what came back was no JSON.
                raise Again(Unavailable(self.provider)) from None
            finally:
                wire.close()
            try:
                if answer and not isinstance(answer, dict):
                    raise TypeError("a broken body, which the library hands on as text")
                return read(answer or {})  # deleting answers nothing
            except (KeyError, TypeError, ValueError, AttributeError):
                raise Again(Unavailable(self.provider)) from None

        async def call(timeout: float) -> T:
            return await anyio.to_thread.run_sync(work, timeout, abandon_on_cancel=True)

        return await attempt(self.provider, call, self._deadline)

    def _meaning(self, error: HttpError, scopes: Sequence[str]) -> Exception:
        """The error of ours that an answer of Google's stands for."""
        status, (reason, _) = int(error.status_code), told(error.content)
        if status == 401:
            return SignInExpired(self.provider)
        if status == 429 or (status == 403 and reason in RATE_LIMITS):
            return too_many(self.provider, error.resp.get("retry-after"))
        if status == 403:
            return MoreConsent(self.provider, scopes)
        if status in (404, 410):
            return Gone(self.provider)
        if status == 409:
            return _Taken(self.provider)
        if status == 412:
            return Changed(self.provider)
        if status >= 500:
            return Again(Unavailable(self.provider))
        return Refused(self.provider, status)


@cache
def _api() -> Any:
    """The API as the library describes it. It holds no token, and its own connection is never used.

    Building requests changes nothing in it: each is sent over a connection of the call's own
    (google-api-python-client, "Thread Safety": "pass in a new Http() manually for every request").
    """
    service = build("calendar", "v3", http=httplib2.Http(), static_discovery=True, cache_discovery=False)
    return SimpleNamespace(events=cache(service.events), freebusy=cache(service.freebusy))


def _listed(ask: Mapping[str, Any], api: Any) -> Any:
    return api.events().list(**ask)


class _Taken(CalendarError):  # noqa: N818 - reads as what it says
    """409: an event of this id stands, or stood."""


def told(content: bytes) -> tuple[str, str]:
    """Google's own word for an error, and its sentence in lower case; both empty for another body."""
    try:
        told = json.loads(content)["error"]
        return str(told["errors"][0]["reason"]), str(told.get("message", "")).lower()
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return "", ""


def _body(hold: Hold, marked: Marked) -> dict[str, Any]:
    """The event of a hold: tentative, private, nobody invited, nothing of the mail in it."""
    marks = {_MARK: "1", _HOLD: hold.id, _KIND: hold.kind} | ({_THREAD: hold.thread} if hold.thread else {})
    body: dict[str, Any] = {
        "summary": hold.title,
        "description": html.escape(hold.reason, quote=False),  # Google reads it as HTML
        "status": "tentative",
        # A promise for some time of a day leaves the day free.
        "transparency": "transparent" if hold.all_day else "opaque",
        "visibility": "private",
        "start": _when(hold.start, hold.time_zone),
        "end": _when(hold.end, hold.time_zone),
        "reminders": {
            "useDefault": False,
            "overrides": [{"method": "popup", "minutes": _DAY_MINUTES if hold.all_day else _MINUTES}],
        },
        "extendedProperties": {"private": marks},
    }
    if marked.link:
        body["source"] = {"title": marked.link_title or marked.link, "url": marked.link}
    return body


def _when(moment: dt.datetime | dt.date, zone: str) -> dict[str, str]:
    if isinstance(moment, dt.datetime):
        return {"dateTime": moment.isoformat(), "timeZone": zone}
    return {"date": moment.isoformat()}


def _stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _begin(when: Mapping[str, str], where: str) -> dt.datetime:
    if "dateTime" in when:
        return _moment(when["dateTime"])
    return week.moment(dt.date.fromisoformat(when["date"]), week.zone(where))


def _blocks(item: Mapping[str, Any]) -> bool:
    declined = any(a.get("self") and a.get("responseStatus") == "declined" for a in item.get("attendees", ()))
    return item.get("transparency") != "transparent" and item.get("status") != "cancelled" and not declined


def _private(item: Mapping[str, Any]) -> Mapping[str, str]:
    found: Mapping[str, str] = item.get("extendedProperties", {}).get("private", {})
    return found


def _ours(item: Mapping[str, Any]) -> bool:
    return _HOLD in _private(item)


def _event(item: Mapping[str, Any]) -> Event:
    start, end = item["start"], item["end"]
    read: Callable[[Mapping[str, str]], dt.datetime | dt.date] = lambda when: (  # noqa: E731 - used twice, here
        _moment(when["dateTime"]) if "dateTime" in when else dt.date.fromisoformat(when["date"])
    )
    marks = _private(item)
    return Event(
        id=item["id"], url=item.get("htmlLink"), hold=marks.get(_HOLD, ""), thread=marks.get(_THREAD, ""),
        kind=marks.get(_KIND, ""), title=item.get("summary", ""), start=read(start), end=read(end),
    )  # fmt: skip


def _standing(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    # What is no event at all must not pass for a deleted one: it would be made a second time.
    if item["id"] and item.get("status") == "cancelled":
        return None
    _event(item)
    return item if _ours(item) else None


def _availability(answer: Mapping[str, Any]) -> Availability:
    found = answer.get("calendars", {}).get(_PRIMARY, {})
    busy = [Busy(_moment(item["start"]), _moment(item["end"])) for item in found.get("busy", ())]
    unsure = not found or bool(found.get("errors"))
    return Availability(tuple(sorted(busy, key=lambda b: b.start)), unsure)


def _order(event: Event) -> dt.datetime:
    return week.moment(event.start, week.zone("UTC"))
