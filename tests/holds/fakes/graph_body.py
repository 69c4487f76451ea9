"""What Microsoft Graph takes for an event, and how it words its refusals.

Names, types and enumerations are those of `Event` in the vendor's own description
(npm `@microsoft/microsoft-graph-types`); the rules are those of the pages "event resource type",
"Create event" and "Outlook extended properties overview" of the Graph documentation. What the
service is not known to refuse, but no careful client would send, is refused here too.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import tz_win, win_tz

Json = dict[str, Any]

SHOW_AS = ("unknown", "free", "tentative", "busy", "oof", "workingElsewhere")
SENSITIVITY = ("normal", "personal", "private", "confidential")
IMPORTANCE = ("low", "normal", "high")
BODY_TYPE = ("text", "html")
MEETING_PROVIDER = ("unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness")
ATTENDEE_TYPE = ("required", "optional", "resource")

# Set by the service only. It lets some of them pass in silence [not verified]; here they are refused.
READ_ONLY = frozenset((
    "id", "iCalUId", "changeKey", "createdDateTime", "lastModifiedDateTime", "bodyPreview", "hasAttachments",
    "isCancelled", "isDraft", "isOrganizer", "organizer", "onlineMeeting", "onlineMeetingUrl",
    "originalStart", "originalStartTimeZone", "originalEndTimeZone", "responseStatus", "seriesMasterId",
    "type", "webLink",
))  # fmt: skip

# The names besides Windows' own that the page "dateTimeTimeZone resource type" lists.
_NAMES = """
Etc/GMT+12 Etc/GMT+11 Pacific/Honolulu America/Anchorage America/Santa_Isabel America/Los_Angeles
America/Phoenix America/Chihuahua America/Denver America/Guatemala America/Chicago
America/Mexico_City America/Regina America/Bogota America/New_York America/Indiana/Indianapolis
America/Caracas America/Asuncion America/Halifax America/Cuiaba America/La_Paz America/Santiago
America/St_Johns America/Sao_Paulo America/Argentina/Buenos_Aires America/Cayenne America/Godthab
America/Montevideo America/Bahia Etc/GMT+2 Atlantic/Azores Atlantic/Cape_Verde Africa/Casablanca
Etc/GMT Europe/London Atlantic/Reykjavik Europe/Berlin Europe/Budapest Europe/Paris Europe/Warsaw
Africa/Lagos Africa/Windhoek Europe/Bucharest Asia/Beirut Africa/Cairo Asia/Damascus
Africa/Johannesburg Europe/Kyiv Europe/Istanbul Asia/Jerusalem Asia/Amman Asia/Baghdad
Europe/Kaliningrad Asia/Riyadh Africa/Nairobi Asia/Tehran Asia/Dubai Asia/Baku Europe/Moscow
Indian/Mauritius Asia/Tbilisi Asia/Yerevan Asia/Kabul Asia/Karachi Asia/Tashkent Asia/Kolkata
Asia/Colombo Asia/Kathmandu Asia/Almaty Asia/Dhaka Asia/Yekaterinburg Asia/Rangoon Asia/Bangkok
Asia/Novosibirsk Asia/Shanghai Asia/Krasnoyarsk Asia/Singapore Australia/Perth Asia/Taipei
Asia/Ulaanbaatar Asia/Irkutsk Asia/Tokyo Asia/Seoul Australia/Adelaide Australia/Darwin
Australia/Brisbane Australia/Sydney Pacific/Port_Moresby Australia/Hobart Asia/Yakutsk
Pacific/Guadalcanal Asia/Vladivostok Pacific/Auckland Etc/GMT-12 Pacific/Fiji Asia/Magadan
Pacific/Tongatapu Pacific/Apia Pacific/Kiritimati
"""
DOCUMENTED_ZONES = frozenset(_NAMES.split())

_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?")
_PROPERTY = re.compile(
    r"String \{([0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12})\} Name (\S.*)"
)


class Refusal(Exception):  # noqa: N818 - an answer of the service, not a fault of the program
    """An error that Graph answers: a status, its word for it and a sentence for developers."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.more = dict(more or {})


@dataclass(frozen=True)
class Moment:
    """A dateTimeTimeZone: a local time and the zone's name as the client wrote it."""

    local: dt.datetime
    zone: str

    @cached_property
    def utc(self) -> dt.datetime:
        return self.local.replace(tzinfo=zone_of(self.zone)).astimezone(dt.UTC)


@dataclass
class Stored:
    """An event in a mailbox. `fields` are the writable properties under the vendor's names."""

    id: str
    immutable_id: str
    uid: str
    start: Moment
    end: Moment
    fields: Json
    created: dt.datetime
    modified: dt.datetime
    properties: dict[str, str] = field(default_factory=dict)
    version: int = 1
    transaction: str | None = None
    request: str = ""
    cancelled: bool = False

    @property
    def all_day(self) -> bool:
        return bool(self.fields["isAllDay"])

    @property
    def addresses(self) -> list[str]:
        return [str(attendee["emailAddress"]["address"]) for attendee in self.fields["attendees"]]


def zone_of(name: str) -> ZoneInfo:
    """The zone of a Windows name, or of an IANA name that has a Windows equivalent.

    Raises Refusal (400 TimeZoneNotSupportedException) for any other: Exchange keeps Windows zones.
    """
    if name in win_tz:
        return ZoneInfo(win_tz[name])
    if name and (name in tz_win or name in DOCUMENTED_ZONES):
        return ZoneInfo(name)
    raise unknown_zone(name)


def is_documented(name: str) -> bool:
    """Whether the documentation says that a zone can be named like this."""
    return name in win_tz or name in DOCUMENTED_ZONES


def unknown_zone(name: str) -> Refusal:
    return Refusal(
        400, "TimeZoneNotSupportedException", f"The following TimeZone value is not supported: '{name}'."
    )


def property_id(text: str) -> str:
    """The id of an extended property as the service answers it.

    The namespace is a GUID, in lower case in every answer [not verified]; the name is case-sensitive.
    """
    match = _PROPERTY.fullmatch(text)
    if match is None:
        raise _unread(f"The property id '{text}' is not valid: String {{guid}} Name name is expected.")
    return f"String {{{match[1].lower()}}} Name {match[2]}"


def read_event(body: Json, *, zones: Callable[[str], object] = zone_of) -> Json:
    """The properties of a request's body, each checked by itself; start and end become `Moment`.

    `zones` may refuse more zone names than `zone_of` does. Raises Refusal.
    """
    read: Json = {}
    for name, value in body.items():
        if name in READ_ONLY:
            raise Refusal(400, "ErrorInvalidPropertySet", f"The property '{name}' is read-only.")
        if name not in _READERS:
            raise _unknown(name, "Event")
        read[name] = _READERS[name](value, name)
    for name in ("start", "end"):
        if name in read:
            zones(read[name].zone)
    return read


def check_times(start: Moment, end: Moment, all_day: bool) -> None:
    """What start and end have to be to one another. Raises Refusal."""
    if all_day:
        for name, moment in (("Start", start), ("End", end)):
            if moment.local.time() != dt.time():
                raise Refusal(
                    400,
                    "ErrorInvalidRequest",
                    f"The Event.{name} property for an all-day event needs to be set to midnight.",
                )
        if start.zone != end.zone:
            raise Refusal(
                400, "ErrorInvalidRequest", "An all-day event has to start and end in the same time zone."
            )
        if end.local - start.local < dt.timedelta(days=1):
            raise Refusal(
                400,
                "ErrorInvalidRequest",
                "The duration of an event marked as All day must be at least 24 hours.",
            )
    if end.utc < start.utc:
        # The wording is known; which word goes with it is [not verified].
        raise Refusal(400, "ErrorPropertyValidationFailure", "At least one property failed validation.")


def canonical(body: Json) -> str:
    """A body as text, the same for the same content."""
    return json.dumps(body, sort_keys=True, ensure_ascii=False)


def _unread(message: str) -> Refusal:
    return Refusal(400, "RequestBodyRead", message)


def _unknown(name: str, kind: str) -> Refusal:
    return _unread(
        f"The property '{name}' does not exist on type 'microsoft.graph.{kind}'. Make sure to only use "
        "property names that are defined by the type or mark the type as open type."
    )


def _members(value: Any, name: str, kind: str, allowed: frozenset[str]) -> Json:
    if not isinstance(value, dict):
        raise _unread(f"'{name}' is not a {kind}.")
    for member in value:
        if member not in allowed:
            raise _unknown(member, kind)
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise _unread(f"Cannot read the value of '{name}' as the expected type 'Edm.String'.")
    return value


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise _unread(f"Cannot read the value of '{name}' as the expected type 'Edm.Boolean'.")
    return value


def _minutes(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise _unread(f"Cannot read the value of '{name}' as the expected type 'Edm.Int32'.")
    return value


def _one_of(*values: str) -> Callable[[Any, str], str]:
    def read(value: Any, name: str) -> str:
        # Examples of the documentation write "HTML" and "Required" too: it is more tolerant than this.
        if _text(value, name) not in values:
            raise _unread(f"Requested value '{value}' was not found.")
        return str(value)

    return read


def _list_of(read: Callable[[Any, str], Any]) -> Callable[[Any, str], list[Any]]:
    def read_all(value: Any, name: str) -> list[Any]:
        if not isinstance(value, list):
            raise _unread(f"'{name}' is not a collection.")
        return [read(entry, name) for entry in value]

    return read_all


def _body(value: Any, name: str) -> Json:
    given = _members(value, name, "itemBody", frozenset(("contentType", "content")))
    return {
        "contentType": _one_of(*BODY_TYPE)(given.get("contentType", "text"), "contentType"),
        "content": _text(given.get("content", ""), "content"),
    }


def _moment(value: Any, name: str) -> Moment:
    given = _members(value, name, "dateTimeTimeZone", frozenset(("dateTime", "timeZone")))
    text = _text(given.get("dateTime"), "dateTime")
    if _LOCAL.fullmatch(text) is None:
        # The service takes a "Z" in some places; the type says a local time and a zone beside it.
        raise _unread(f"'{text}' is not a local date and time without an offset.")
    try:
        local = dt.datetime.fromisoformat(text)
    except ValueError:
        raise _unread(f"'{text}' is not a date and time.") from None
    return Moment(local, _text(given.get("timeZone"), "timeZone"))


def _location(value: Any, name: str) -> Json | None:
    if value is None:
        return None
    given = _members(value, name, "location", frozenset(("displayName", "locationType", "locationUri")))
    return {key: _text(entry, key) for key, entry in given.items()}


def _attendee(value: Any, name: str) -> Json:
    given = _members(value, name, "attendee", frozenset(("emailAddress", "type")))
    address = _members(
        given.get("emailAddress"), "emailAddress", "emailAddress", frozenset(("address", "name"))
    )
    return {
        "type": _one_of(*ATTENDEE_TYPE)(given.get("type", "required"), "type"),
        "status": {"response": "none", "time": "0001-01-01T00:00:00Z"},
        "emailAddress": {
            "name": _text(address.get("name", ""), "name"),
            "address": _text(address.get("address"), "address"),
        },
    }


def _extended(value: Any, name: str) -> tuple[str, str]:
    given = _members(value, name, "singleValueLegacyExtendedProperty", frozenset(("id", "value")))
    return property_id(_text(given.get("id"), "id")), _text(given.get("value"), "value")


def _never(value: Any, name: str) -> None:
    if value is not None:
        raise NotImplementedError(f"this fake keeps no {name}")


_READERS: dict[str, Callable[[Any, str], Any]] = {
    "subject": _text,
    "body": _body,
    "start": _moment,
    "end": _moment,
    "isAllDay": _flag,
    "showAs": _one_of(*SHOW_AS),
    "sensitivity": _one_of(*SENSITIVITY),
    "importance": _one_of(*IMPORTANCE),
    "isReminderOn": _flag,
    "reminderMinutesBeforeStart": _minutes,
    "responseRequested": _flag,
    "allowNewTimeProposals": _flag,
    "hideAttendees": _flag,
    "isOnlineMeeting": _flag,
    "onlineMeetingProvider": _one_of(*MEETING_PROVIDER),
    "categories": _list_of(_text),
    "location": _location,
    "locations": _list_of(_location),
    "attendees": _list_of(_attendee),
    "recurrence": _never,
    "transactionId": _text,
    "singleValueExtendedProperties": _list_of(_extended),
}
