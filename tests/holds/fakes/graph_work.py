"""The calendars behind the fake of Microsoft Graph, and what can be done with them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from tests.holds.fakes import graph_answer as out
from tests.holds.fakes.graph_body import (
    Json,
    Moment,
    Refusal,
    Stored,
    canonical,
    check_times,
    is_documented,
    read_event,
    unknown_zone,
    zone_of,
)
from tests.holds.fakes.graph_wire import Answer, Invitation, Kind, Request, json_of

_WRITE = frozenset(("Calendars.ReadWrite", "Calendars.ReadWrite.Shared"))
_READ = _WRITE | {"Calendars.Read", "Calendars.Read.Shared"}
_BASIC = _READ | {"Calendars.ReadBasic"}
_LIST = frozenset(("$select", "$expand", "$filter", "$orderby", "$top", "$skip"))
_VIEW = frozenset(("startDateTime", "endDateTime", "$select", "$orderby", "$top", "$skip"))
DEFAULTS: Json = {
    "subject": "", "body": {"contentType": "text", "content": ""}, "isAllDay": False, "showAs": "busy",
    "sensitivity": "normal", "importance": "normal", "isReminderOn": True, "reminderMinutesBeforeStart": 15,
    "responseRequested": True, "allowNewTimeProposals": True, "hideAttendees": False,
    "isOnlineMeeting": False, "onlineMeetingProvider": "unknown", "categories": [], "location": None,
    "locations": [], "attendees": [],
}  # fmt: skip
_MOST = 1000
_LONGEST_VIEW = dt.timedelta(days=1825)


@dataclass
class Mailbox:
    """One user's events by id, those deleted by immutable id, and whom each of the ids names."""

    events: dict[str, Stored] = field(default_factory=dict)
    deleted: dict[str, Stored] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    transactions: dict[str, Stored] = field(default_factory=dict)
    made: int = 0


class Calendars:
    """The users' calendars. What a test may set is described in `FakeGraph`."""

    def __init__(self, now: Callable[[], dt.datetime]) -> None:
        self.now = now
        self.invitations: list[Invitation] = []
        self.page = 10
        self.remembers = True
        self.compares = True
        self.refuses = False
        self.lingers = False
        self.documented_zones_only = False
        self.mailboxes: dict[str, Mailbox] = {}

    def _allow(self, request: Request, scopes: frozenset[str]) -> None:
        if not request.scopes & scopes:
            raise Refusal(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")

    def work(self, request: Request) -> Answer:
        """What a request of an admitted user is answered. Raises Refusal."""
        work = {
            "insert": self._insert, "get": self._get, "list": self._list, "view": self._view,
            "update": self._update, "delete": self._delete,
        }.get(request.operation)  # fmt: skip
        if work is None:
            raise Refusal(400, "BadRequest", f"Resource not found for the segment '{request.target}'.")
        return work(request)

    def _insert(self, request: Request) -> Answer:
        self._allow(request, _WRITE)
        _, query = out.read_query(request.raw_query, ())
        prefer = self._prefer(request)
        body = json_of(request)
        read = read_event(body, zones=self._zone)
        for name in ("start", "end"):
            if name not in read:
                # Left out, they are seen to become "now"; no client can want that.
                raise Refusal(400, "ErrorInvalidRequest", f"Set the property '{name}'.")
        fields = {**DEFAULTS, **read}
        start, end = fields.pop("start"), fields.pop("end")
        check_times(start, end, fields["isAllDay"])
        properties = dict(fields.pop("singleValueExtendedProperties", ()))
        transaction = fields.pop("transactionId", None)
        event = self._repeated(request.user, transaction, canonical(body))
        if event is None:
            event = self.store(request.user, start, end, fields, properties)
            event.transaction, event.request = transaction, canonical(body)
            if transaction is not None:
                self.mailboxes[request.user].transactions[transaction] = event
            self._tell("invitation", request.user, event, event.addresses)
        answer = out.render(event, request.user, prefer, query)
        return Answer(201, _entity(request.user, answer), _applied(prefer))

    def _repeated(self, user: str, transaction: str | None, request: str) -> Stored | None:
        mailbox = self.mailboxes[user]
        known = mailbox.transactions.get(transaction) if transaction is not None else None
        if known is None or (known.id not in mailbox.events and not self.remembers):
            return None
        if self.refuses or (self.compares and known.request != request):
            raise Refusal(
                400,
                "ErrorDuplicateTransactionId",
                "Your request can't be completed. The TransactionId specified in the request has already "
                "been used to create a different event.",
                more={"@event.existingEventId": known.id},
            )
        return known

    def _get(self, request: Request) -> Answer:
        self._allow(request, _BASIC)
        _, query = out.read_query(request.raw_query, ("$select", "$expand"))
        prefer = self._prefer(request)
        basic = self._basic(request, query)
        event = self.find(request.user, request.target)
        answer = out.render(event, request.user, prefer, query, basic=basic)
        return Answer(200, _entity(request.user, answer), _applied(prefer))

    def _list(self, request: Request) -> Answer:
        self._allow(request, _BASIC)
        given, query = out.read_query(request.raw_query, _LIST)
        events = list(self.mailboxes[request.user].events.values())
        if query.filter:
            events = [event for event in events if out.matches(event, query.filter)]
        return self._paged(request, given, query, events)

    def _view(self, request: Request) -> Answer:
        self._allow(request, _BASIC)
        given, query = out.read_query(request.raw_query, _VIEW)
        start, end = (_instant(given, name) for name in ("startDateTime", "endDateTime"))
        if end < start or end - start > _LONGEST_VIEW:
            raise Refusal(
                400, "ErrorInvalidRequest", "The range between the start and end dates is not allowed."
            )
        if {"createdDateTime", "lastModifiedDateTime"} & set(query.select):
            # "do not support $select"; what becomes of such a request is [not verified].
            raise Refusal(400, "BadRequest", "These properties do not support $select here.")
        events = [
            event
            for event in self.mailboxes[request.user].events.values()
            if event.start.utc < end and event.end.utc > start
        ]
        return self._paged(request, given, query, events)

    def _paged(
        self, request: Request, given: dict[str, str], query: out.Query, events: list[Stored]
    ) -> Answer:
        prefer = self._prefer(request)
        basic = self._basic(request, query)
        if query.order:
            name, descending = query.order
            events.sort(key=lambda event: out.sort_key(event, name), reverse=descending)
        if (query.top or 0) > _MOST:
            raise Refusal(400, "BadRequest", f"The limit of '{_MOST}' for Top query has been exceeded.")
        size = min(query.top or 10, self.page)
        page = events[query.skip : query.skip + size]
        body: Json = {
            "@odata.context": f"{out.ROOT}/$metadata#users('{request.user}')/events",
            "value": [out.render(event, request.user, prefer, query, basic=basic) for event in page],
        }
        if query.skip + size < len(events):
            body["@odata.nextLink"] = out.next_link(request.path, given, query.skip + size)
        return Answer(200, body, _applied(prefer))

    def _update(self, request: Request) -> Answer:
        self._allow(request, _WRITE)
        _, query = out.read_query(request.raw_query, ())
        prefer = self._prefer(request)
        event = self._held(request)
        read = read_event(json_of(request), zones=self._zone)
        if read.pop("transactionId", event.transaction) != event.transaction:
            raise Refusal(400, "ErrorInvalidPropertySet", "The property 'transactionId' cannot be changed.")
        start, end = read.pop("start", event.start), read.pop("end", event.end)
        check_times(start, end, read.get("isAllDay", event.all_day))
        before = event.addresses
        event.properties |= dict(read.pop("singleValueExtendedProperties", ()))
        event.start, event.end = start, end
        event.fields = {**event.fields, **read}
        event.version += 1
        event.modified = self.now()
        self._tell("update", request.user, event, sorted({*before, *event.addresses}))
        return Answer(
            200, _entity(request.user, out.render(event, request.user, prefer, query)), _applied(prefer)
        )

    def _delete(self, request: Request) -> Answer:
        self._allow(request, _WRITE)
        out.read_query(request.raw_query, ())
        self._prefer(request)
        event = self._held(request)
        if event.id not in self.mailboxes[request.user].events:
            raise Refusal(403, "ErrorCannotDeleteObject", "Object cannot be deleted.")
        self.drop(request.user, event)
        self._tell("cancellation", request.user, event, event.addresses)
        return Answer(204)

    # What these share.

    def _zone(self, name: str) -> None:
        zone_of(name)
        if self.documented_zones_only and not is_documented(name):
            raise unknown_zone(name)

    def _prefer(self, request: Request) -> out.Prefer:
        prefer = request.prefer()
        self._zone(prefer.zone)
        return prefer

    def _basic(self, request: Request, query: out.Query) -> bool:
        """Whether bodies are kept back; extended properties take Calendars.Read."""
        if query.expand or query.filter:
            self._allow(request, _READ)
        return not request.scopes & _READ

    def find(self, user: str, event_id: str) -> Stored:
        """The event of either of its ids. Raises Refusal."""
        if not out.is_identifier(event_id):
            raise Refusal(400, "ErrorInvalidIdMalformed", "Id is malformed.")
        mailbox = self.mailboxes[user]
        found = mailbox.events.get(mailbox.ids.get(event_id, ""))
        if found is None and self.lingers:
            found = mailbox.deleted.get(event_id)
        if found is None:
            raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        return found

    def drop(self, user: str, event: Stored) -> None:
        """Delete an event: it moves to Deleted Items, where it has another id, but its immutable one."""
        mailbox = self.mailboxes[user]
        mailbox.deleted[event.immutable_id] = mailbox.events.pop(event.id)

    def _held(self, request: Request) -> Stored:
        event = self.find(request.user, request.target)
        if request.header("if-match") not in (None, "*", out.etag(event)):
            # The status is the documented one; the word for it is [not verified].
            raise Refusal(
                412, "ErrorIrresolvableConflict", "The change key passed in the request does not match."
            )
        return event

    def store(
        self, user: str, start: Moment, end: Moment, fields: Json, properties: dict[str, str]
    ) -> Stored:
        """A new event in a user's calendar."""
        mailbox = self.mailboxes.setdefault(user, Mailbox())
        mailbox.made += 1
        seed = f"{user}\0{mailbox.made}"
        event = Stored(
            out.identifier(b"\x00\x03\x24\x00", seed, 113),
            out.identifier(b"\x00\x09\x00\x2e\x00\x00", seed, 56),
            "040000008200E00074C5B7101A82E008" + uuid.uuid5(uuid.NAMESPACE_OID, seed).hex.upper(),
            start, end, dict(fields), self.now(), self.now(), dict(properties),
        )  # fmt: skip
        mailbox.events[event.id] = event
        mailbox.ids |= {event.id: event.id, event.immutable_id: event.id}
        return event

    def _tell(self, kind: Kind, user: str, event: Stored, addresses: Collection[str]) -> None:
        self.invitations += [Invitation(kind, user, event.id, address) for address in addresses]


def _entity(user: str, answer: Json) -> Json:
    return {"@odata.context": f"{out.ROOT}/$metadata#users('{user}')/events/$entity", **answer}


def _applied(prefer: out.Prefer) -> dict[str, str]:
    return {"preference-applied": ", ".join(prefer.applied)} if prefer.applied else {}


def _instant(given: dict[str, str], name: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(given[name])
    except (KeyError, ValueError):
        raise Refusal(
            400,
            "ErrorInvalidParameter",
            "This request requires a time window specified by the query string parameters StartDateTime and "
            "EndDateTime.",
        ) from None
    # "If no timezone offset is included in the value, it is interpreted as UTC."
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
