"""Microsoft Graph's calendar, by httpx: the signed-in user's default calendar, work or personal.

Graph v1.0 reference: `event`, `calendarView`, `singleValueExtendedProperties`; transactionId
guards a POST that is sent twice, an extended property finds our events again.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from tzlocal.windows_tz import tz_win

from app.errors import (
    Challenge,
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

ROOT = "https://graph.microsoft.com/v1.0"
SCOPES = ("https://graph.microsoft.com/Calendars.ReadWrite",)
_GUID = "{8a3d2f6e-5e0b-4f55-9c40-6b8f6c1d2e10}"
_HOLD, _THREAD, _KIND, _MARK = (
    f"String {_GUID} Name Tactline{name}" for name in ("Hold", "Thread", "Kind", "Mark")
)
_EXPAND = "singleValueExtendedProperties($filter=" + " or ".join(
    f"id eq '{name}'" for name in (_HOLD, _THREAD, _KIND)
) + ")"  # fmt: skip
_FIELDS = "id,subject,start,end,isAllDay,isCancelled,showAs"
_MINUTES, _DAY_MINUTES = 15, 15 * 60
_PAGE = 200
_SPACE = uuid.UUID("8a3d2f6e-5e0b-4f55-9c40-6b8f6c1d2e10")
_FREE = frozenset(("free", "workingElsewhere"))
_CLAIMS = re.compile(r'claims="([A-Za-z0-9+/=_-]+)"')
# Not IdType="ImmutableId": such an id goes on naming an event that the user has deleted.
_HEADERS = {"Prefer": 'outlook.timezone="UTC"'}


class GraphCalendar:
    """See `app.holds.calendar.Calendar`. `time_zone` (IANA) is where the user's whole days begin."""

    provider: Provider = "microsoft"

    def __init__(
        self,
        token: str,
        client: httpx.AsyncClient,
        *,
        time_zone: str = "UTC",
        user: str = "",
        personal: bool = False,
        deadline: Deadline | None = None,
    ) -> None:
        self._headers = {**_HEADERS, "Authorization": f"Bearer {token}"}
        self._client = client
        self._where = week.zone(time_zone)
        self._user = user
        self._pages = "https://outlook.live.com" if personal else "https://outlook.office365.com"
        self._deadline = deadline or Deadline()

    async def availability(
        self, start: dt.datetime, end: dt.datetime, without: str | None = None
    ) -> Availability:
        query = {
            "startDateTime": _stamp(start), "endDateTime": _stamp(end),
            "$select": _FIELDS, "$top": str(_PAGE),
        }  # fmt: skip

        def read(item: Mapping[str, Any]) -> Busy | None:
            if item["id"] == without or item.get("isCancelled") or item.get("showAs") in _FREE:
                return None
            return Busy(self._aware(item["start"], item), self._aware(item["end"], item))

        busy = await self._all("/me/calendarView", query, read)
        return Availability(tuple(sorted(busy, key=lambda b: b.start)))

    async def create(self, hold: Hold, marked: Marked) -> Placed:
        standing = await self._marked(_HOLD, hold.id)
        if standing:
            return Placed(standing[0], False)
        body = _body(hold, marked)
        for generation in range(GENERATIONS):
            key = uuid.uuid5(_SPACE, event_key(self._user, hold, generation).hex())
            created = True
            try:
                made = await self._insert({**body, "transactionId": str(key)}, hold)
            except _Known as known:
                created, made = False, known.event_id
            # Graph may answer a transactionId that it knows with the event it made then, though the
            # user has deleted it since: only what can be read counts.
            found = await self._read(made) if made else next(iter(await self._marked(_HOLD, hold.id)), None)
            if found is not None:
                return Placed(found, created)
        raise Changed(self.provider)

    async def get(self, event_id: str) -> Event:
        found = await self._read(event_id)
        if found is None:
            raise Gone(self.provider)
        return found

    async def of_thread(self, thread: str) -> Sequence[Event]:
        return sorted(await self._marked(_THREAD, thread), key=self._begins)

    async def ours(self, start: dt.datetime, end: dt.datetime) -> Sequence[Event]:
        # A calendar view does not tell extended properties (microsoft-graph-docs issue 13385).
        found = await self._marked(_MARK, "1")
        within = [e for e in found if self._begins(e) < end and start < week.moment(e.end, self._where)]
        return sorted(within, key=self._begins)

    async def delete(self, event_id: str) -> None:
        await self.get(event_id)
        # It stood a moment ago: the answer to a first try was lost, or another was faster.
        with suppress(Gone):
            await self._send("DELETE", _path(event_id), lambda _: None)

    async def _insert(self, body: dict[str, Any], hold: Hold) -> str:
        """The id of the event that was made."""
        try:
            made = await self._send("POST", "/me/events", self._event, json=body)
        except _UnknownZone:
            # Not every mailbox server knows every IANA name; the moment is the same in UTC.
            body = {**body, **_times(hold, "UTC")}
            made = await self._send("POST", "/me/events", self._event, json=body)
        return made.id

    async def _read(self, event_id: str) -> Event | None:
        """One of our events as it stands; None when it is gone, or is none of ours."""
        query = {"$select": _FIELDS, "$expand": _EXPAND}
        try:
            return await self._send("GET", _path(event_id), self._ours, query)
        except Gone:
            return None

    async def _marked(self, name: str, value: str) -> list[Event]:
        """Our events that carry a mark. The value goes into a filter: only what needs no quoting may."""
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", value):
            return []
        query = {
            "$filter": f"singleValueExtendedProperties/Any(ep: ep/id eq '{name}' and ep/value eq '{value}')",
            "$select": _FIELDS, "$expand": _EXPAND, "$top": str(_PAGE),
        }  # fmt: skip
        return await self._all("/me/events", query, self._ours)

    async def _all(
        self, path: str, query: Mapping[str, str], read: Callable[[Mapping[str, Any]], T | None]
    ) -> list[T]:
        """What `read` makes of the entries of all pages."""

        def page(answer: Mapping[str, Any]) -> tuple[list[T], object]:
            seen = [read(item) for item in answer["value"]]
            return [item for item in seen if item is not None], answer.get("@odata.nextLink")

        found, link = await self._send("GET", path, page, query)
        while link:
            if not str(link).startswith(f"{ROOT}/"):  # the token goes nowhere else
                raise Unavailable(self.provider)
            more, link = await self._send("GET", str(link).removeprefix(ROOT), page)
            found += more
        return found

    async def _send(
        self,
        method: str,
        path: str,
        read: Callable[[Mapping[str, Any]], T],
        query: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> T:
        """What `read` makes of the answer to one request, asked again as `retry` allows.

        Every POST carries a transactionId.
        """

        async def call(timeout: float) -> T:
            try:
                answer = await self._client.request(
                    method, ROOT + path, params=query, json=json, headers=self._headers, timeout=timeout
                )
            except httpx.TimeoutException:
                raise Again(TooSlow(self.provider)) from None
            except (httpx.HTTPError, httpx.InvalidURL):
                raise Again(Unavailable(self.provider)) from None
            body = self._answer(answer)
            try:
                return read(body)
            except (KeyError, TypeError, ValueError, AttributeError):
                raise Again(Unavailable(self.provider)) from None

        return await attempt(self.provider, call, self._deadline)

    def _answer(self, answer: httpx.Response) -> Mapping[str, Any]:
        """The body of a good answer. Raises the error of ours that another one stands for."""
        status = answer.status_code
        if status == 204:
            return {}
        if status == 401:
            claims = _CLAIMS.search(answer.headers.get("www-authenticate", ""))
            if claims:
                raise Challenge(self.provider, _decoded(claims[1]))
            raise SignInExpired(self.provider)
        if status == 403:
            raise MoreConsent(self.provider, SCOPES)
        if status in (404, 410):
            raise Gone(self.provider)
        if status == 412:
            raise Changed(self.provider)
        if status == 429 or (status == 503 and "retry-after" in answer.headers):
            raise too_many(self.provider, answer.headers.get("retry-after"))
        if status >= 500:
            raise Again(Unavailable(self.provider))
        try:
            body = answer.json()
        except ValueError:
            body = None
        if status >= 400:
            error = body.get("error") if isinstance(body, dict) else None
            error = error if isinstance(error, dict) else {}
            code = error.get("code")
            if code == "ErrorDuplicateTransactionId":
                raise _Known(self.provider, status, str(error.get("@event.existingEventId") or ""))
            if code == "ErrorInvalidIdMalformed":  # an address that was never one of ours
                raise Gone(self.provider)
            known = code != "TimeZoneNotSupportedException"
            raise (Refused if known else _UnknownZone)(self.provider, status)
        if not isinstance(body, dict):
            raise Again(Unavailable(self.provider))
        return body

    def _aware(self, when: Mapping[str, str], item: Mapping[str, Any]) -> dt.datetime:
        moment = dt.datetime.fromisoformat(when["dateTime"])
        if item.get("isAllDay"):  # a date, whatever zone the answer is in
            return week.moment(moment.date(), self._where)
        return moment.replace(tzinfo=dt.UTC)

    def _ours(self, item: Mapping[str, Any]) -> Event | None:
        """The event of an entry; None when it is cancelled, or is none of ours."""
        # What is no event at all must not pass for a deleted one: it would be made a second time.
        event = self._event(item)
        return event if _HOLD in _marks(item) and not item.get("isCancelled") else None

    def _begins(self, event: Event) -> dt.datetime:
        return week.moment(event.start, self._where)

    def _event(self, item: Mapping[str, Any]) -> Event:
        marks = _marks(item)
        start, end = (self._aware(item[name], item) for name in ("start", "end"))
        days = bool(item.get("isAllDay"))
        return Event(
            id=item["id"],
            url=f"{self._pages}/calendar/item/{quote(item['id'], safe='')}",
            hold=marks.get(_HOLD, ""),
            thread=marks.get(_THREAD, ""),
            kind=marks.get(_KIND, ""),
            title=item.get("subject") or "",
            start=start.date() if days else start,
            end=end.date() if days else end,
        )


class _UnknownZone(Refused):
    """The mailbox server does not know the zone."""


class _Known(Refused):
    """An event was made with this transactionId, and other words; `event_id` names it, or is ""."""

    def __init__(self, provider: Provider, status: int, event_id: str) -> None:
        super().__init__(provider, status)
        self.event_id = event_id


def _path(event_id: str) -> str:
    return f"/me/events/{quote(event_id, safe='')}"


def _decoded(claims: str) -> str:
    try:
        padded = claims.replace("-", "+").replace("_", "/") + "=" * (-len(claims) % 4)
        return b64decode(padded, validate=True).decode()
    except ValueError:
        return ""


def _marks(item: Mapping[str, Any]) -> dict[str, str]:
    # Graph may spell the GUID in another case than it was sent in.
    known = {name.lower(): name for name in (_HOLD, _THREAD, _KIND)}
    pairs = item.get("singleValueExtendedProperties") or ()
    return {known[p["id"].lower()]: p["value"] for p in pairs if p["id"].lower() in known}


def _body(hold: Hold, marked: Marked) -> dict[str, Any]:
    """The event of a hold: tentative, private, nobody invited, nothing of the mail in it."""
    lines = [hold.reason, *([marked.link] if marked.link else [])]
    marks = [(_MARK, "1"), (_HOLD, hold.id), (_KIND, hold.kind)]
    marks += [(_THREAD, hold.thread)] if hold.thread else []
    return {
        "subject": hold.title,
        "body": {"contentType": "text", "content": "\n\n".join(line for line in lines if line)},
        **_times(hold, hold.time_zone),
        "isAllDay": hold.all_day,
        # A promise for some time of a day leaves the day free.
        "showAs": "free" if hold.all_day else "tentative",
        "isReminderOn": True,
        "reminderMinutesBeforeStart": _DAY_MINUTES if hold.all_day else _MINUTES,
        "sensitivity": "private",
        "categories": ["Tactline"],
        "attendees": [],
        "responseRequested": False,
        "isOnlineMeeting": False,
        "singleValueExtendedProperties": [{"id": name, "value": value} for name, value in marks],
    }


def _times(hold: Hold, name: str) -> dict[str, Any]:
    """Start and end as Graph takes them: the local time without an offset, and the zone's name."""
    found = {}
    for key, moment in (("start", hold.start), ("end", hold.end)):
        local = (
            moment.astimezone(week.zone(name)).replace(tzinfo=None)
            if isinstance(moment, dt.datetime)
            else dt.datetime.combine(moment, dt.time())
        )
        # Every mailbox server knows the Windows names, not every one all IANA names.
        known = tz_win.get(name, name)
        if (
            isinstance(moment, dt.datetime)
            and local.replace(tzinfo=week.zone(known), fold=0).timestamp() != moment.timestamp()
        ):
            # The hour that an autumn night has twice, or a zone that Windows lumps together with others.
            local, known = moment.astimezone(dt.UTC).replace(tzinfo=None), "UTC"
        found[key] = {"dateTime": local.isoformat(), "timeZone": known}
    return found


def _stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
