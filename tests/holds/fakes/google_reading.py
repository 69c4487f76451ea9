"""What the fake Google Calendar reads out: the check of a query, lists of events, free and busy times."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from tests.holds.fakes import google_discovery as discovery
from tests.holds.fakes import google_events as rules
from tests.holds.fakes.google_events import Event, Refusal

PRIMARY = "primary"
HONOURED = frozenset((
    "alt", "eventTypes", "fields", "iCalUID", "maxResults", "orderBy", "pageToken", "prettyPrint",
    "privateExtendedProperty", "quotaUser", "sendNotifications", "sendUpdates", "sharedExtendedProperty",
    "showDeleted", "showHiddenInvitations", "singleEvents", "timeMax", "timeMin", "timeZone", "updatedMin",
))  # fmt: skip
"""The parameters that are understood; any other that exists raises NotImplementedError."""

_CALENDARS = 50
_PAGE = 250
# The service answers timeRangeTooLong to a long query; how long is not told. Public clients
# report about two months, and later about three: the shorter is taken here [not verified].
_BUSY_DAYS = 62


@dataclass
class User:
    """Somebody's calendar; `zone` is None where times are to be answered as they were sent."""

    email: str
    zone: ZoneInfo | None = None
    events: dict[str, Event] = field(default_factory=dict)

    @property
    def where(self) -> ZoneInfo:
        return self.zone or ZoneInfo("UTC")


@dataclass(frozen=True)
class Ask:
    """A request that has passed the door: who asks, for what, and whether details may be shown."""

    user: User
    query: Mapping[str, list[str]]
    body: Any
    if_match: str | None
    details: bool
    bare_deleted: bool

    def one(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[-1]

    def zone(self) -> ZoneInfo | None:
        return rules.zone(self.one("timeZone")) if "timeZone" in self.query else self.user.zone

    def show(self, event: Event) -> Event:
        """An event as this asker may see it."""
        return rules.shown(event, self.zone(), details=self.details, bare_deleted=self.bare_deleted)


def check_query(method: str, query: Mapping[str, list[str]]) -> None:
    """Raise Refusal unless a method takes a query, the path's parameters left out of it."""
    known = discovery.parameters(method)
    for name, values in query.items():
        where = f"parameter {name}"
        if name not in known:
            raise Refusal(400, "invalidParameter", f"Unknown parameter: {name}", location=where)
        if name not in HONOURED:
            raise NotImplementedError(f"the fake knows nothing of the parameter {name}")
        if len(values) > 1 and not known[name].get("repeated"):
            raise Refusal(400, "invalidParameter", f"Repeated parameter: {name}", location=where)
        try:
            for value in values:
                discovery.check_parameter(known[name], value, name)
        except discovery.Invalid as error:
            raise Refusal(400, "invalidParameter", f"Invalid value for: {error}", location=where) from None


def listed(
    ask: Ask, *, version: int, now: str, any_property: bool, largest: int, blank: bool
) -> dict[str, Any]:
    """A page of `events.list`, as the attributes of `FakeGoogle` have it."""
    found = _matching(ask, any_property)
    asked = sorted(
        (key, values) for key, values in ask.query.items() if key not in ("pageToken", "maxResults", "fields")
    )
    mark = hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:8]
    first = _position(ask.one("pageToken"), mark) if "pageToken" in ask.query else 0
    # "The page size can never be larger than 2500", and may always be smaller (`maxResults`).
    size = min(int(ask.one("maxResults", str(_PAGE))), largest)
    if blank and "pageToken" not in ask.query:
        size = 0
    answer: dict[str, Any] = {
        "kind": "calendar#events", "etag": f'"p{version}"', "summary": ask.user.email, "updated": now,
        "timeZone": (ask.zone() or ask.user.where).key, "accessRole": "owner",
        "defaultReminders": [{"method": "popup", "minutes": 10}],
    }  # fmt: skip
    if first + size < len(found):
        token = f"{mark}/{first + size}".encode()
        answer["nextPageToken"] = base64.urlsafe_b64encode(token).decode()
    else:
        answer["nextSyncToken"] = base64.urlsafe_b64encode(str(version).encode()).decode()
    page = found[first : first + size]
    return answer | {"items": [ask.show(event) for event in page]}


def _position(token: str, mark: str) -> int:
    """Where a page begins. A token belongs to the list that gave it [not verified]."""
    try:
        of, position = base64.urlsafe_b64decode(token).decode("ascii").split("/")
        if of == mark:
            return int(position)
    except ValueError:
        pass
    raise Refusal(400, "invalid", "Invalid page token value.", location="parameter pageToken")


def _matching(ask: Ask, any_property: bool) -> list[Event]:
    """The events that a list asks for, in its order."""
    start, end, updated = (
        discovery.instant(ask.one(name)) if name in ask.query else None
        for name in ("timeMin", "timeMax", "updatedMin")
    )
    if start and end and start >= end:
        raise Refusal(
            400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar",
            location="parameter timeMax",
        )  # fmt: skip
    order = ask.one("orderBy")
    if order == "startTime" and ask.one("singleEvents") != "true":
        message = "The requested ordering is not available for the particular query."  # observed
        raise Refusal(400, "badRequest", message)
    where = ask.user.where
    found = []
    for event in ask.user.events.values():
        begins, ends = rules.span(event, where)
        touched = discovery.instant(event["updated"])
        # "When updatedMin is specified, entries deleted since are always included."
        hidden = event["status"] == "cancelled" and ask.one("showDeleted") != "true" and updated is None
        if (
            not hidden
            and (start is None or ends > start)
            and (end is None or begins < end)
            and (updated is None or touched >= updated)
            and ask.one("iCalUID", event["iCalUID"]) == event["iCalUID"]
            and event["eventType"] in ask.query.get("eventTypes", [event["eventType"]])
            and _has(event, "private", ask.query.get("privateExtendedProperty", []), any_property)
            and _has(event, "shared", ask.query.get("sharedExtendedProperty", []), any_property)
        ):
            found.append(event)
    if order == "startTime":
        found.sort(key=lambda event: rules.span(event, where)[0])
    elif order == "updated":
        found.sort(key=lambda event: discovery.instant(event["updated"]))
    return found


def _has(event: Event, kind: str, wanted: Iterable[str], any_property: bool) -> bool:
    """Whether an event meets constraints of the form name=value."""
    properties = event.get("extendedProperties", {}).get(kind, {})
    met = []
    for constraint in wanted:
        name, equals, value = constraint.partition("=")
        if not name or not equals:
            raise Refusal(400, "invalid", f"Invalid value for: {kind}ExtendedProperty")  # [not verified]
        met.append(properties.get(name) == value)
    return (any(met) if any_property else all(met)) if met else True


def free_busy(ask: Ask, *, partial: bool) -> dict[str, Any]:
    """The answer of `freebusy.query`."""
    try:
        discovery.check(discovery.schema("FreeBusyRequest"), ask.body)
        for name in ("timeMin", "timeMax"):
            if name not in ask.body:
                raise Refusal(400, "required", "Required")
        start, end = (discovery.instant(ask.body[name]) for name in ("timeMin", "timeMax"))
    except ValueError as error:
        raise Refusal(400, "invalid", f"Invalid value for: {error}") from None
    if start >= end:
        raise Refusal(
            400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar",
            location="parameter timeMax",
        )  # fmt: skip
    if end - start > dt.timedelta(days=_BUSY_DAYS):
        raise Refusal(400, "timeRangeTooLong", "The requested time range is too long.", domain="calendar")
    items = ask.body.get("items", [])
    # The word is the document's, for one calendar; that the whole is refused is [not verified].
    if len(items) > _CALENDARS or ask.body.get("calendarExpansionMax", 0) > _CALENDARS:
        raise Refusal(400, "tooManyCalendarsRequested", "Too many calendars requested.")
    where = rules.zone(ask.body["timeZone"]) if "timeZone" in ask.body else None
    calendars: dict[str, Any] = {}
    for name in (item.get("id", "") for item in items):
        if name != PRIMARY or partial:
            reason = "notFound" if name != PRIMARY else "internalError"
            # An empty "busy" stands beside the errors (observed).
            calendars[name] = {"errors": [{"domain": "global", "reason": reason}], "busy": []}
        else:
            times = rules.busy(ask.user.events.values(), start, end, ask.user.where)
            calendars[name] = {
                "busy": [{"start": rules.stamp(a, where), "end": rules.stamp(b, where)} for a, b in times]
            }
    return {
        "kind": "calendar#freeBusy", "timeMin": rules.stamp(start), "timeMax": rules.stamp(end),
        "calendars": calendars,
    }  # fmt: skip
