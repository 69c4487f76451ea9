"""How Microsoft Graph reads a query and answers an event.

The shapes are those of the examples in the pages "Create event", "List events", "List
calendarView" and "Get singleValueLegacyExtendedProperty" of the Graph documentation.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import html
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from tests.holds.fakes.graph_body import Json, Moment, Refusal, Stored, property_id, zone_of

ROOT = "https://graph.microsoft.com/v1.0"
NAVIGATION = "singleValueExtendedProperties"
# What the service can be asked to leave out or to keep by $select.
PROPERTIES = frozenset((
    "id", "createdDateTime", "lastModifiedDateTime", "changeKey", "categories", "transactionId",
    "originalStartTimeZone", "originalEndTimeZone", "iCalUId", "reminderMinutesBeforeStart", "isReminderOn",
    "hasAttachments", "subject", "bodyPreview", "importance", "sensitivity", "isAllDay", "isCancelled",
    "isOrganizer", "responseRequested", "seriesMasterId", "showAs", "type", "webLink", "onlineMeetingUrl",
    "isOnlineMeeting", "onlineMeetingProvider", "allowNewTimeProposals", "isDraft", "hideAttendees",
    "responseStatus", "body", "start", "end", "location", "locations", "recurrence", "attendees",
    "organizer", "onlineMeeting", "originalStart",
))  # fmt: skip
_STRING = r"'((?:[^']|'')*)'"
_ANY = re.compile(
    rf"{NAVIGATION}/[Aa]ny\(\s*(\w+)\s*:\s*\1/[Ii]d eq {_STRING} and \1/[Vv]alue eq {_STRING}\s*\)"
)
_EXPAND = re.compile(rf"{NAVIGATION}\(\$filter=(.*)\)", re.DOTALL)
_ID_EQUALS = re.compile(rf"id eq {_STRING}")
_ORDERS = ("start/dateTime", "end/dateTime", "subject", "createdDateTime", "lastModifiedDateTime")
_PREFERENCE = re.compile(r"""\s*([A-Za-z.-]+)\s*(?:=\s*(?:"([^"]*)"|([^",]*)))?\s*(?:,|$)""")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Prefer:
    """What the Prefer headers of a request ask for; `applied` is what is confirmed in the answer."""

    zone: str = "UTC"
    immutable: bool = False
    text: bool = False
    applied: tuple[str, ...] = ()


@dataclass(frozen=True)
class Query:
    """The options of a query that this fake knows, read and checked."""

    select: tuple[str, ...] = ()
    expand: frozenset[str] = frozenset()
    filter: tuple[str, str] | None = None
    order: tuple[str, bool] | None = None
    top: int | None = None
    skip: int = 0


def read_query(raw: str, allowed: Collection[str]) -> tuple[dict[str, str], Query]:
    """A query string, as pairs and as options. Raises Refusal for an option not in `allowed`."""
    given: dict[str, str] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        if name in given:
            raise _bad(f"Query option '{name}' was specified more than once, but it must be at most once.")
        if name not in allowed:
            raise _bad(f"The query parameter '{name}' is not supported here.")
        given[name] = value
    query = Query(
        tuple(part.strip() for part in given["$select"].split(",")) if "$select" in given else (),
        _read_expand(given["$expand"]) if "$expand" in given else frozenset(),
        _read_filter(given["$filter"]) if "$filter" in given else None,
        _read_order(given["$orderby"]) if "$orderby" in given else None,
        _read_number(given, "$top", 1) if "$top" in given else None,
        _read_number(given, "$skip", 0) if "$skip" in given else 0,
    )
    for name in query.select:
        if name not in PROPERTIES:
            raise Refusal(
                400,
                "RequestBroker--ParseUri",
                f"Could not find a property named '{name}' on type 'microsoft.graph.event'.",
            )
    if query.filter and query.order:
        # Documented for messages only; a client that needs an order can sort what it got.
        raise Refusal(
            400, "InefficientFilter", "The restriction or sort order is too complex for this operation."
        )
    return given, query


def read_prefer(values: Iterable[str]) -> Prefer:
    """The preferences of a request. Unknown ones are passed over, as RFC 7240 has it."""
    zone, immutable, text = "UTC", False, False
    applied: list[str] = []
    for match in _PREFERENCE.finditer(",".join(values)):
        name, value = match[1].lower(), (match[2] or match[3] or "").strip()
        if name == "outlook.timezone":
            zone_of(value)
            zone = value
            applied.append(f'outlook.timezone="{value}"')
        elif name == "idtype" and value.lower() == "immutableid":
            immutable = True
        elif name == "outlook.body-content-type" and value.lower() in ("text", "html"):
            text = value.lower() == "text"
            applied.append(f'outlook.body-content-type="{value}"')
    return Prefer(zone, immutable, text, tuple(applied))


def render(event: Stored, user: str, prefer: Prefer, query: Query, *, basic: bool = False) -> Json:
    """An event as it is answered. `basic`: to an app that may not see bodies (Calendars.ReadBasic)."""
    fields = event.fields
    shown = event.immutable_id if prefer.immutable else event.id
    key = change_key(event)
    plain = _plain(fields["body"])
    answer: Json = {
        "id": shown,
        "createdDateTime": stamp(event.created),
        "lastModifiedDateTime": stamp(event.modified),
        "changeKey": key,
        "categories": list(fields["categories"]),
        "originalStartTimeZone": event.start.zone,
        "originalEndTimeZone": event.end.zone,
        "iCalUId": event.uid,
        "reminderMinutesBeforeStart": fields["reminderMinutesBeforeStart"],
        "isReminderOn": fields["isReminderOn"],
        "hasAttachments": False,
        "subject": fields["subject"],
        "bodyPreview": plain[:255],
        "importance": fields["importance"],
        "sensitivity": fields["sensitivity"],
        "isAllDay": fields["isAllDay"],
        "isCancelled": event.cancelled,
        "isOrganizer": True,
        "responseRequested": fields["responseRequested"],
        "seriesMasterId": None,
        "showAs": fields["showAs"],
        "type": "singleInstance",
        "webLink": f"https://outlook.office365.com/owa/?itemid={quote(shown, safe='')}"
        "&exvsurl=1&path=/calendar/item",
        "onlineMeetingUrl": None,
        "isOnlineMeeting": fields["isOnlineMeeting"],
        "onlineMeetingProvider": fields["onlineMeetingProvider"],
        "allowNewTimeProposals": fields["allowNewTimeProposals"],
        "isDraft": False,
        "hideAttendees": fields["hideAttendees"],
        "recurrence": None,
        "onlineMeeting": None,
        "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
        "body": _body(fields["body"], plain, prefer.text),
        "start": _moment(event.start, event.all_day, prefer.zone),
        "end": _moment(event.end, event.all_day, prefer.zone),
        "location": fields["location"] or {"displayName": "", "locationType": "default"},
        "locations": fields["locations"],
        "attendees": fields["attendees"],
        "organizer": {"emailAddress": {"name": user, "address": f"{user}@contoso.test"}},
    }
    if event.transaction is not None:
        # "This property is only returned in a response payload if an app has set it."
        answer["transactionId"] = event.transaction
    if basic:
        for name in ("body", "bodyPreview"):
            del answer[name]
    if query.select:
        answer = {name: value for name, value in answer.items() if name in query.select or name == "id"}
    held = [{"id": name, "value": value} for name, value in event.properties.items() if name in query.expand]
    if held:
        answer[NAVIGATION] = held
    return {"@odata.etag": etag(event), **answer}


def next_link(path: str, given: Mapping[str, str], skip: int) -> str:
    """The address of the next page: the same query, further on."""
    pairs = {**given, "$skip": str(skip)}
    return (
        ROOT
        + path
        + "?"
        + "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs.items())
    )


def sort_key(event: Stored, name: str) -> tuple[dt.datetime, str]:
    """Where an event stands by one of the orders that are known."""
    moments = {
        "start/dateTime": event.start.utc,
        "end/dateTime": event.end.utc,
        "createdDateTime": event.created,
        "lastModifiedDateTime": event.modified,
    }
    return moments.get(name, dt.datetime.min.replace(tzinfo=dt.UTC)), str(event.fields["subject"])


def matches(event: Stored, wanted: tuple[str, str]) -> bool:
    """Whether an event has an extended property: its name counts with its case, its value without."""
    name, value = wanted
    return event.properties.get(name, "\0").casefold() == value.casefold()


def identifier(prefix: bytes, seed: str, length: int) -> str:
    """A made-up id that looks like the service's: base64url, with "-", "_" and a "=" at its end."""
    for turn in range(1000):
        digest = hashlib.shake_256(f"{seed}\0{turn}".encode()).digest(length - len(prefix))
        text = base64.urlsafe_b64encode(prefix + digest).decode()
        if "-" in text and "_" in text and text.endswith("="):
            return text
    raise ValueError("the length leaves no padding")


def is_identifier(text: str) -> bool:
    """Whether a text has the form of an id. The service looks for what other texts name not at all."""
    return re.fullmatch(r"AA[MQk][A-Za-z0-9_-]{20,}={0,2}", text) is not None


def change_key(event: Stored) -> str:
    digest = hashlib.sha256(f"{event.id}\0{event.version}".encode()).digest()[:22]
    return base64.b64encode(digest).decode()


def etag(event: Stored) -> str:
    return f'W/"{change_key(event)}"'


def stamp(moment: dt.datetime) -> str:
    """A DateTimeOffset of the service: UTC, seven digits of a second."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"


def _moment(moment: Moment, all_day: bool, zone: str) -> Json:
    # "All day events always return midnight-to-midnight regardless of time zone", a maintainer says
    # in microsoft-graph-docs issue 1802.
    local = moment.local if all_day else moment.utc.astimezone(zone_of(zone)).replace(tzinfo=None)
    return {"dateTime": f"{local:%Y-%m-%dT%H:%M:%S.%f}0", "timeZone": zone}


def _plain(body: Json) -> str:
    content = str(body["content"])
    return html.unescape(_TAG.sub("", content)) if body["contentType"] == "html" else content


def _body(body: Json, plain: str, as_text: bool) -> Json:
    if as_text:
        return {"contentType": "text", "content": plain}
    if body["contentType"] == "html":
        return {"contentType": "html", "content": body["content"]}
    return {
        "contentType": "html",
        "content": f"<html><head></head><body>{html.escape(plain, quote=False)}</body></html>",
    }


def _read_expand(text: str) -> frozenset[str]:
    match = _EXPAND.fullmatch(text)
    if match is None:
        # Without a filter the service would have to tell all of them: "currently the only way".
        raise _bad(f"The query specified in the URI is not valid: $expand={text}")
    parts = re.split(r" or (?=id eq ')", match[1])
    found = [_ID_EQUALS.fullmatch(part) for part in parts]
    if not all(found):
        raise _bad(f"The query specified in the URI is not valid: $expand={text}")
    return frozenset(property_id(part[1].replace("''", "'")) for part in found if part)


def _read_filter(text: str) -> tuple[str, str]:
    match = _ANY.fullmatch(text)
    if match is None:
        raise Refusal(
            400, "ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes."
        )
    return property_id(match[2].replace("''", "'")), match[3].replace("''", "'")


def _read_order(text: str) -> tuple[str, bool]:
    name, _, direction = text.partition(" ")
    if name in ("start", "end"):
        raise _bad("The $orderby expression must evaluate to a single value of primitive type.")
    if name not in _ORDERS or direction not in ("", "asc", "desc"):
        raise _bad(f"The query specified in the URI is not valid: $orderby={text}")
    return name, direction == "desc"


def _read_number(given: Mapping[str, str], name: str, least: int) -> int:
    text = given[name]
    if not re.fullmatch(r"[0-9]{1,6}", text) or int(text) < least:
        raise _bad(f"Invalid value '{text}' for {name} query option found.")
    return int(text)


def _bad(message: str) -> Refusal:
    return Refusal(400, "BadRequest", message)
