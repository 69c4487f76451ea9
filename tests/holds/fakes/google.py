"""A Google Calendar in memory: an ASGI application that answers as the Calendar API v3 does, as strictly.

What it knows of methods, scopes, parameters, bodies and answers is read from the discovery
document (`google_discovery`). Rules that are only told in prose have their source beside them
(`google_events` too): "errors" is the API's guide "Handle API errors", "properties" its guide
"Extended properties", "observed" what several public clients report of the live service, and
"[not verified]" what had to be assumed. It is stricter than the service in this: fields and
parameters that do not exist are refused, where the service may ignore them [not verified].

What it does not model (recurrence, conferences, attachments, sync tokens) raises
NotImplementedError into the test that asks for it.
"""

from __future__ import annotations

import base64
import copy
import datetime as dt
import hashlib
import json
import re
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from tests.holds.fakes import google_discovery as discovery
from tests.holds.fakes import google_events as rules
from tests.holds.fakes.faults import Fault, Faults
from tests.holds.fakes.google_events import Event, Refusal
from tests.holds.fakes.google_reading import HONOURED, PRIMARY, Ask, User, check_query, free_busy, listed
from tests.holds.fakes.google_transport import AsgiHttp
from tests.holds.fakes.served import Served, no_such_page

__all__ = ["HOLDS", "HONOURED", "OPERATIONS", "AsgiHttp", "Call", "FakeGoogle", "Fault", "Faults"]

OPERATIONS = {
    "insert": "events.insert", "get": "events.get", "list": "events.list", "delete": "events.delete",
    "patch": "events.patch", "update": "events.update", "query": "freebusy.query",
}  # fmt: skip
"""The methods that are served, by the word under which `Fault.on` and `Call.operation` name them."""

HOLDS = frozenset(("calendar.events.owned", "calendar.freebusy"))
"""The narrowest scopes, in short, that holds need."""

# Scopes that count for nothing on a calendar that the user did not make with the application, or
# that is not public; and one that tells times only. How they end on "primary" is [not verified].
_ELSEWHERE = frozenset(("calendar.app.created", "calendar.events.public.readonly"))
_TIMES_ONLY = frozenset(("calendar.events.freebusy",))
_LARGEST_PAGE = 2500
_JSON = "application/json; charset=UTF-8"
_SOMEBODY = {"email": "somebody@example.org"}
_B32 = "0123456789abcdefghijklmnopqrstuv"


class Call(NamedTuple):
    """A request as it came: `query` holds the parameters by name, those of the path too."""

    operation: str
    query: Mapping[str, list[str]]
    body: Any


@dataclass(frozen=True)
class _Token:
    user: str
    scopes: frozenset[str]
    expired: bool


class FakeGoogle(Served):
    """See the module. Each user has one calendar, "primary"; several threads may ask at once.

    Attributes:
        calls: Every request in its order, those that a fault met too.
        faults: What shall go wrong; a fault is met before the request is looked at.
        mailed: Whom the service would have mailed: (user, event id, address) a guest and notification.
        partial: Free/busy answers an error for the user's calendar, with status 200.
        any_property: Repeated property constraints match events that meet any of them. The guide
            "properties" says so; the discovery document says all, which is what False does.
        page: The most events on a page, whatever maxResults allows, as the service is free to do.
        blank_pages: The first page of a list is empty, though there are more.
        bare_deleted: Of a deleted event only its id and status are told, which is all that is promised.
    """

    def __init__(self, clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        self.calls: list[Call] = []
        self.faults = Faults()
        self.mailed: list[tuple[str, str, str]] = []
        self.partial = False
        self.any_property = False
        self.page = _LARGEST_PAGE
        self.blank_pages = False
        self.bare_deleted = False
        self._clock = clock
        self._users: dict[str, User] = {}
        self._tokens: dict[str, _Token] = {}
        self._version = 3_500_000_000_000_000
        self._lock = threading.RLock()
        base = discovery.document()["basePath"]
        self._routes = [
            (
                discovery.method(name)["httpMethod"],
                re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", base + discovery.method(name)["path"])),
                operation,
            )
            for operation, name in OPERATIONS.items()
        ]

    # What tests do beside the API.

    def user(
        self,
        token: str,
        name: str,
        scopes: Collection[str] = HOLDS,
        *,
        expired: bool = False,
        zone: str = "",
    ) -> None:
        """Let `token` speak for the user `name`, with scopes in short ("calendar.events").

        `zone` is the calendar's; without one times are answered as they were sent, and days
        are UTC's. Raises ValueError for a scope that does not exist.
        """
        every = {
            scope.removeprefix(discovery.SCOPE) for scope in discovery.document()["auth"]["oauth2"]["scopes"]
        }
        if unknown := set(scopes) - every:
            raise ValueError(f"no such scope: {', '.join(sorted(unknown))}")
        with self._lock:
            self._tokens[token] = _Token(name, frozenset(scopes), expired)
            email = name if "@" in name else f"{name}@example.com"
            known = self._users.setdefault(name, User(email))
            known.zone = ZoneInfo(zone) if zone else known.zone

    def events(self, user: str) -> list[Event]:
        """Copies of a user's events that are not deleted, in the order in which they were made."""
        with self._lock:
            return [
                rules.shown(event)
                for event in self._users[user].events.values()
                if event["status"] != "cancelled"
            ]

    def put(self, user: str, **fields: Any) -> Event:
        """An event that somebody else made. `start` and `end` may be aware date-times, or days."""
        with self._lock:
            if fields.get("id") in self._users[user].events:
                raise ValueError("an event of this id stands already")
            return rules.shown(self._made(self._users[user], rules.taken(_spelled(fields)), _SOMEBODY))

    def change(self, user: str, event_id: str, **fields: Any) -> Event:
        """The user changes an event by hand: `fields`, as in `put`, stand instead; None removes one."""
        with self._lock:
            change = rules.taken(_spelled(fields), patch=True)
            return rules.shown(self._changed(self._users[user], event_id, change, whole=True))

    def remove(self, user: str, event_id: str) -> None:
        """The user deletes an event by hand: it is cancelled, and its id stays taken."""
        with self._lock:
            self._changed(self._users[user], event_id, {"status": "cancelled"})

    # The API.

    def _served(self, request: Request, content: bytes) -> tuple[Response, Fault | None]:
        found = self.routed(request)
        if found is None:
            return no_such_page(), None
        operation, placed = found
        if "x-http-method-override" in request.headers:
            raise NotImplementedError("the fake knows nothing of queries too long for an address")
        query: dict[str, list[str]] = {}
        for key, value in [*placed.items(), *parse_qsl(request.url.query, keep_blank_values=True)]:
            query.setdefault(key, []).append(value)
        try:
            body = json.loads(content) if content else None
        except ValueError:
            body = content
        self.calls.append(Call(operation, query, copy.deepcopy(body)))
        fault = self.faults.take(operation)
        headers = dict(fault.headers) if fault else {}
        try:
            if fault and fault.status:
                raise Refusal(fault.status, fault.reason)
            status, answer = 200, self._admitted(request, operation, query, body)
            if answer is None:
                status = 204
            elif "etag" in answer:
                headers.setdefault("ETag", answer["etag"])
        except Refusal as refusal:
            status, answer = refusal.status, refusal.body(OPERATIONS[operation])
        written = b"" if answer is None else json.dumps(answer, indent=1, ensure_ascii=False).encode()
        if fault and fault.body is not None:
            status, written = 200 if status == 204 else status, fault.body
        return Response(written, status, headers, _JSON if written else None), fault

    def _admitted(
        self, request: Request, operation: str, query: Mapping[str, list[str]], body: Any
    ) -> dict[str, Any] | None:
        """Everything that is checked before the work, the work, and whether its answer is a possible one."""
        name = OPERATIONS[operation]
        token = self._token(request.headers.get("authorization", ""))
        granted = (token.scopes & discovery.scopes(name)) - _ELSEWHERE
        if not granted:
            raise Refusal(403, "insufficientPermissions")
        described = discovery.method(name)
        check_query(
            name, {key: v for key, v in query.items() if key not in described.get("parameterOrder", ())}
        )
        if "request" in described:
            sent = request.headers.get("content-type", "").partition(";")[0].strip()
            if sent != "application/json" or not isinstance(body, dict):
                raise Refusal(400, "parseError", "Parse Error")
        elif body is not None:
            raise Refusal(400, "invalid", "Request has a body.")  # [not verified]
        if query.get("calendarId", [PRIMARY]) != [PRIMARY]:
            raise Refusal(404)
        ask = Ask(
            self._users[token.user], query, body, request.headers.get("if-match"),
            details=bool(granted - _TIMES_ONLY), bare_deleted=self.bare_deleted,
        )  # fmt: skip
        answer: dict[str, Any] | None = getattr(self, f"_{operation}")(ask)
        if answer is None:
            return None
        try:
            discovery.check(described["response"], answer)
        except discovery.Invalid as error:
            raise AssertionError(f"the service would not answer this: {error}") from None
        if "fields" in query:
            try:
                answer = discovery.select(
                    discovery.selection(ask.one("fields")), described["response"], answer
                )
            except discovery.Invalid as error:
                raise Refusal(400, "invalidParameter", error.why, location="parameter fields") from None
        return answer

    def _token(self, header: str) -> _Token:
        scheme, _, token = header.partition(" ")
        found = self._tokens.get(token) if scheme.lower() == "bearer" else None
        if found is None or found.expired:
            raise Refusal(401, location="header Authorization")
        return found

    def _insert(self, ask: Ask) -> Event:
        fields = rules.taken(ask.body)
        rules.check_new(fields)
        if fields.get("id") in ask.user.events:
            raise Refusal(409)
        event = self._made(ask.user, fields, {"email": ask.user.email, "self": True})
        self._mail(ask, event)
        return ask.show(event)

    def _get(self, ask: Ask) -> Event:
        return ask.show(self._standing(ask))

    def _patch(self, ask: Ask) -> Event:
        return self._written(ask, rules.taken(ask.body, patch=True))

    def _update(self, ask: Ask) -> Event:
        body = rules.taken(ask.body)
        standing = self._standing(ask)
        if body.get("sequence", standing["sequence"]) < standing["sequence"]:
            raise Refusal(400, "invalid", "Invalid sequence value.")  # observed
        # All that is not sent is removed, but for what makes the event this one [status: not verified].
        gone = rules.WRITABLE & standing.keys() - {"id", "iCalUID", "eventType", "sequence", "status"}
        return self._written(ask, dict.fromkeys(gone - body.keys()) | body, whole=True)

    def _delete(self, ask: Ask) -> None:
        event = self._standing(ask)
        if event["status"] == "cancelled":
            raise Refusal(410)
        self._changed(ask.user, event["id"], {"status": "cancelled"})
        self._mail(ask, event)

    def _list(self, ask: Ask) -> dict[str, Any]:
        return listed(
            ask, version=self._version, now=self._now(), any_property=self.any_property,
            largest=min(self.page, _LARGEST_PAGE), blank=self.blank_pages,
        )  # fmt: skip

    def _query(self, ask: Ask) -> dict[str, Any]:
        return free_busy(ask, partial=self.partial)

    # Its books.

    def _now(self) -> str:
        return self._clock().astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _made(self, user: User, fields: Event, creator: Mapping[str, Any]) -> Event:
        rules.check_event(fields)
        self._version += 2
        number = int.from_bytes(hashlib.sha256(str(self._version).encode()).digest()[:17], "big")
        fresh = "".join(_B32[number >> 5 * place & 31] for place in range(26))
        identifier = fields.get("id", fresh)
        link = base64.urlsafe_b64encode(f"{identifier} {user.email}".encode()).decode().rstrip("=")
        event: Event = {
            "kind": "calendar#event", "id": identifier, "status": "confirmed",
            "htmlLink": f"https://www.google.com/calendar/event?eid={link}",
            "created": rules.stamp(self._clock()), "creator": dict(creator), "organizer": dict(creator),
            "iCalUID": f"{identifier}@google.com", "sequence": 0, "reminders": {"useDefault": True},
            "eventType": "default",
        } | fields  # fmt: skip
        user.events[identifier] = event
        self._stamp(event)
        return event

    def _stamp(self, event: Event) -> None:
        """What every writing does to an event."""
        self._version += 2
        event["etag"] = f'"{self._version}"'
        event["updated"] = self._now()
        rules.trimmed(event)
        for attendee in event.get("attendees", []):
            attendee.setdefault("responseStatus", "needsAction")

    def _standing(self, ask: Ask) -> Event:
        event = ask.user.events.get(ask.one("eventId"))
        if event is None:
            raise Refusal(404)
        if ask.if_match not in (None, "*", event["etag"]):
            raise Refusal(412, location="header If-Match")
        return event

    def _written(self, ask: Ask, change: Mapping[str, Any], *, whole: bool = False) -> Event:
        event = self._changed(ask.user, self._standing(ask)["id"], change, whole=whole)
        self._mail(ask, event)
        return ask.show(event)

    def _changed(self, user: User, event_id: str, change: Mapping[str, Any], *, whole: bool = False) -> Event:
        standing = user.events[event_id]
        change = {key: value for key, value in change.items() if key not in ("id", "iCalUID", "eventType")}
        if whole:
            fresh = {key: value for key, value in (standing | change).items() if value is not None}
        else:
            fresh = rules.merged(standing, change)
        rules.check_event(fresh)
        if any(standing[name] != fresh[name] for name in ("start", "end")):
            fresh["sequence"] = standing["sequence"] + 1  # observed
        user.events[event_id] = fresh
        self._stamp(fresh)
        return fresh

    def _mail(self, ask: Ask, event: Event) -> None:
        if ask.one("sendUpdates", "none") != "none" or ask.one("sendNotifications") == "true":
            for guest in event.get("attendees", []):
                self.mailed.append((ask.user.email, event["id"], guest["email"]))


def _spelled(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields of an event with their moments and days written as the API has them."""
    for name in ("start", "end"):
        moment = fields.get(name)
        if isinstance(moment, dt.datetime):
            fields[name] = {"dateTime": moment.isoformat()}
        elif isinstance(moment, dt.date):
            fields[name] = {"date": moment.isoformat()}
    return fields
