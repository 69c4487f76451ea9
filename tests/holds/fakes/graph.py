"""A fake of the calendar in Microsoft Graph: an ASGI application that runs inside a test.

Strict where the service is known to be, and where a careful client would give it no occasion. What
is known comes from the pages of the Graph documentation named in `graph_body` and `graph_answer`;
"[not verified]" stands where something had to be assumed. Recurrences, attachments, other calendars
than the user's own and batches are not part of it.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import uuid
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

import anyio
import httpx

from tests.holds.fakes import graph_answer as out
from tests.holds.fakes.faults import Fault, Faults
from tests.holds.fakes.graph_body import Json, Moment, Refusal, check_times, zone_of
from tests.holds.fakes.graph_wire import (
    Answer,
    AnswerLost,
    Call,
    Message,
    Receive,
    Request,
    Send,
    Transport,
    json_or_none,
    read,
)
from tests.holds.fakes.graph_work import DEFAULTS, Calendars, Mailbox

# The header of a 401 as an answer of the service shows it (microsofthackathons/tdi issue 24).
_AUTHENTICATE = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
    'client_id="00000003-0000-0000-c000-000000000000"'
)
_WORDS = {
    400: "BadRequest", 401: "InvalidAuthenticationToken", 403: "ErrorAccessDenied", 404: "ErrorItemNotFound",
    409: "Conflict", 412: "ErrorIrresolvableConflict", 429: "TooManyRequests", 500: "InternalServerError",
    502: "BadGateway", 503: "ServiceUnavailable", 504: "GatewayTimeout",
}  # fmt: skip


@dataclass
class _Token:
    user: str
    scopes: frozenset[str]
    expired: bool
    claims: str | None = None


class FakeGraph(Calendars):
    """The service. Attributes that a test may set:

    - `page`: the most events in one page, whatever `$top` says (the real most is 1000 with `$top`,
      10 without);
    - `remembers`: whether the `transactionId` of an event that was deleted is still known: then the
      repeated POST is answered as before, with the id of an event that is gone. Not documented;
    - `compares`: whether a repeated `transactionId` with another body is refused by 400
      ErrorDuplicateTransactionId. The service is seen to do so (alcionai/corso issue 2490); the
      status, and `@event.existingEventId` in the error, are known from clients that read them;
    - `refuses`: whether every repeated `transactionId` is refused like that;
    - `lingers`: whether a deleted event is still found by its immutable id, in Deleted Items, where
      deleting it again is 403 ErrorCannotDeleteObject. Seen of messages (msgraph-sdk-dotnet issue
      3047); of events [not verified];
    - `documented_zones_only`: refuse IANA names that the documentation does not list;
    - `down`: no connection at all.

    Attributes that a test may read: `calls`, `invitations` (mails that would have gone out).
    """

    def __init__(self, now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        super().__init__(now)
        self.faults = Faults()
        self.calls: list[Call] = []
        self.down = False
        self._tokens: dict[str, _Token] = {}

    # What tests arrange and look at.

    def user(
        self,
        token: str,
        name: str,
        scopes: Collection[str] = frozenset({"Calendars.ReadWrite"}),
        expired: bool = False,
    ) -> None:
        """Let `token` stand for a user. Said again, it replaces what was said of the token."""
        self._tokens[token] = _Token(name, frozenset(scopes), expired)
        self.mailboxes.setdefault(name, Mailbox())

    def challenge(self, token: str, claims: str | None) -> None:
        """Answer `token` with a claims challenge (JSON) from now on; None takes it back."""
        self._tokens[token].claims = claims

    def events(self, user: str) -> list[Json]:
        """The events that stand in a user's calendar, with UTC times and extended properties."""
        return [
            out.render(event, user, out.Prefer(), out.Query(expand=frozenset(event.properties)))
            for event in self.mailboxes[user].events.values()
        ]

    def put(
        self,
        user: str,
        subject: str,
        start: dt.datetime | dt.date,
        end: dt.datetime | dt.date,
        show_as: str = "busy",
        is_all_day: bool = False,
        is_cancelled: bool = False,
        *,
        zone: str = "UTC",
    ) -> str:
        """An event that somebody else made: its id. Times are aware; dates are for whole days, whose
        midnights are those of `zone` (a Windows or IANA name)."""
        first, last = _moment(start, zone), _moment(end, zone)
        fields = {**DEFAULTS, "subject": subject, "isAllDay": is_all_day, "showAs": show_as}
        check_times(first, last, is_all_day)
        event = self.store(user, first, last, fields, {})
        event.cancelled = is_cancelled
        return event.id

    def remove(self, user: str, event_id: str) -> None:
        """Delete an event as its user would. Raises KeyError when there is none."""
        try:
            found = self.find(user, event_id)
        except Refusal as refusal:
            raise KeyError(event_id) from refusal
        self.drop(user, found)

    def count(self, operation: str) -> int:
        """How many calls of an operation came."""
        return Counter(call.operation for call in self.calls)[operation]

    def transport(self) -> httpx.AsyncBaseTransport:
        """For `httpx.AsyncClient(transport=...)`. A lost answer is httpx.ReadError; one slower than
        the request's read timeout is httpx.ReadTimeout, after that time."""
        return Transport(self)

    # The application.

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        request = await read(scope, receive)
        call = Call(
            request.operation, request.method, request.path, request.raw_query, dict(request.headers),
            json_or_none(request.content),
        )  # fmt: skip
        self.calls.append(call)
        fault = self.faults.take(request.operation) or Fault("*")
        answer = self._respond(request, fault)
        call.status, call.answer = answer.status, answer.body
        answer.headers |= {"request-id": str(uuid.uuid4()), "odata-version": "4.0"}
        if client := request.header("client-request-id"):
            answer.headers["client-request-id"] = client
        content = b"" if answer.body is None else json.dumps(answer.body).encode()
        if content:
            answer.headers["content-type"] = "application/json;odata.metadata=minimal;charset=utf-8"
        answer.headers |= {name.lower(): value for name, value in fault.headers.items()}
        if fault.delay:
            await anyio.sleep(fault.delay)
        if fault.lose:
            raise AnswerLost
        content = content if fault.body is None else fault.body
        headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _respond(self, request: Request, fault: Fault) -> Answer:
        try:
            if fault.status:
                code = fault.reason or _WORDS.get(fault.status, "UnknownError")
                headers = {"www-authenticate": _AUTHENTICATE} if fault.status == 401 else {}
                raise Refusal(fault.status, code, "This is a fault of the test.", headers=headers)
            self._admit(request)
            return self.work(request)
        except Refusal as refusal:
            inner = {
                "date": f"{self.now().astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S}",
                "request-id": str(uuid.uuid4()),
                "client-request-id": request.header("client-request-id") or str(uuid.uuid4()),
            }
            error = {"code": refusal.code, "message": refusal.message, **refusal.more, "innerError": inner}
            return Answer(refusal.status, {"error": error}, dict(refusal.headers))

    def _admit(self, request: Request) -> None:
        kind, _, text = (request.header("authorization") or "").partition(" ")
        token = self._tokens.get(text)
        if kind != "Bearer" or not text:
            raise _unauthorised("Access token is empty.")
        if token is None:
            raise _unauthorised("CompactToken parsing failed with error code: 80049217")
        if token.expired:
            raise _unauthorised("Access token has expired or is not yet valid.")
        if token.claims is not None:
            reason = (
                "Continuous access evaluation resulted in challenge with result: InteractionRequired and "
                "code: TokenIssuedBeforeRevocationTimestamp"
            )
            encoded = base64.b64encode(token.claims.encode()).decode()
            raise _unauthorised(reason, f', error="insufficient_claims", claims="{encoded}"')
        request.user, request.scopes = token.user, token.scopes


def _unauthorised(message: str, more: str = "") -> Refusal:
    return Refusal(
        401, "InvalidAuthenticationToken", message, headers={"www-authenticate": _AUTHENTICATE + more}
    )


def _moment(moment: dt.datetime | dt.date, zone: str) -> Moment:
    if not isinstance(moment, dt.datetime):
        return Moment(dt.datetime.combine(moment, dt.time()), zone)
    if moment.tzinfo is None:
        raise ValueError("times in a calendar are aware")
    return Moment(moment.astimezone(zone_of(zone)).replace(tzinfo=None), zone)
