"""The rules of the fake Google Calendar: which events it takes, how it shows them, how it refuses."""

from __future__ import annotations

import copy
import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tests.holds.fakes import google_discovery as discovery

Event = dict[str, Any]

WRITABLE = frozenset((
    "anyoneCanAddSelf", "attendees", "colorId", "description", "end", "eventType", "extendedProperties",
    "focusTimeProperties", "guestsCanInviteOthers", "guestsCanModify", "guestsCanSeeOtherGuests", "iCalUID",
    "id", "location", "outOfOfficeProperties", "privateCopy", "reminders", "sequence", "source", "start",
    "status", "summary", "transparency", "visibility", "workingLocationProperties",
))  # fmt: skip
"""The fields of a body that the fake keeps."""

# In the order of the reference page, as observed.
_ORDER = (
    "kind", "etag", "id", "status", "htmlLink", "created", "updated", "summary", "description", "location",
    "colorId", "creator", "organizer", "start", "end", "transparency", "visibility", "iCalUID", "sequence",
    "attendees", "extendedProperties",
)  # fmt: skip
_IDENTITY = frozenset(("kind", "etag"))
_ID = re.compile(r"[a-v0-9]{5,1024}")
_KEY, _VALUE = 44, 1024
_OVERRIDES, _MINUTES = 5, 40320
# The service's usual word and sentence for a status. 400 and 401 are read in "errors"; the others are
# as public clients quote it or report them; that all of 500 and above say backendError is [not verified].
_USUAL = {
    400: ("badRequest", "Bad Request"),
    401: ("authError", "Invalid Credentials"),
    403: ("forbidden", "Forbidden"),
    404: ("notFound", "Not Found"),
    409: ("duplicate", "The requested identifier already exists."),
    410: ("deleted", "Resource has been deleted"),
    412: ("conditionNotMet", "Precondition Failed"),
    429: ("rateLimitExceeded", "Rate Limit Exceeded"),
    500: ("backendError", "Backend Error"),
}
_LIMITS = {
    "rateLimitExceeded": "Rate Limit Exceeded",
    "userRateLimitExceeded": "User Rate Limit Exceeded",
    "quotaExceeded": "Calendar usage limits exceeded.",
    "dailyLimitExceeded": "Daily Limit Exceeded",
}


class Refusal(Exception):  # noqa: N818 - reads as what it says
    """An answer that is an error; `reason` and `message` default to the service's own for the status.

    `location` is the parameter or header that is to blame, written "parameter timeMax".
    """

    def __init__(
        self, status: int, reason: str = "", message: str = "", *, domain: str = "", location: str = ""
    ) -> None:
        usual = _USUAL.get(status, ("backendError", "Backend Error") if status > 500 else _USUAL[400])
        self.status = status
        self.reason = reason or usual[0]
        self.message = message or _LIMITS.get(self.reason, usual[1])
        self.domain = domain or ("usageLimits" if self.reason in _LIMITS else "global")
        self.location = location
        super().__init__(f"{status} {self.reason}: {self.message}")

    def body(self, method: str) -> dict[str, Any]:
        """The JSON of the error: the calendar's by "errors", those of the front end before it as observed."""
        item = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.location:
            item["locationType"], item["location"] = self.location.split(" ")
        error: dict[str, Any] = {"errors": [item], "code": self.status, "message": self.message}
        if self.status == 403 and self.reason == "insufficientPermissions":
            resource, verb = method.split(".")
            detail = {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
                "domain": "googleapis.com",
                "metadata": {
                    "service": "calendar-json.googleapis.com",
                    "method": f"calendar.v3.{resource.title()}.{verb.title()}",
                },
            }
            item["message"] = "Insufficient Permission"
            error["message"] = "Request had insufficient authentication scopes."
            error |= {"status": "PERMISSION_DENIED", "details": [detail]}
        if self.status == 401:
            error["message"] = (
                "Request had invalid authentication credentials. Expected OAuth 2 access token, "
                "login cookie or other valid authentication credential."
            )
            error["status"] = "UNAUTHENTICATED"
        return {"error": error}


def taken(body: Any, *, patch: bool = False) -> Event:
    """What of a body is to be kept, when it is as described. Raises Refusal."""
    try:
        discovery.check(discovery.schema("Event"), body, removing=patch)
    except discovery.Invalid as error:
        raise Refusal(400, "invalid", f"Invalid value for: {error}") from None
    # What only the service sets is ignored, not refused (observed).
    kept = {
        key: copy.deepcopy(value)
        for key, value in body.items()
        if key not in discovery.read_only("Event") | _IDENTITY
    }
    if unknown := kept.keys() - WRITABLE:
        raise NotImplementedError(f"the fake knows nothing of {', '.join(sorted(unknown))}")
    return kept


def check_new(event: Event) -> None:
    """Raise Refusal unless an event may be inserted."""
    identifier = event.get("id")
    # Either alone is accepted, both are refused in these words (observed).
    if identifier is not None and ("iCalUID" in event or not _ID.fullmatch(identifier)):
        raise Refusal(400, "invalid", "Invalid resource id value.")
    if event.get("eventType") == "fromGmail":
        raise Refusal(400, "invalid", "This type of event cannot be created.")  # the sentence: [not verified]
    if event.get("status") == "cancelled":
        raise Refusal(400, "invalid", "Invalid value for: status")  # [not verified]


def check_event(event: Event) -> None:
    """Raise Refusal unless an event, as it would stand, keeps the rules that are told in prose."""
    for name in ("end", "start"):
        if name not in event:
            raise Refusal(400, "required", f"Missing {name} time.")
    start, end = (_moment(event[name], name) for name in ("start", "end"))
    if isinstance(start, dt.datetime) != isinstance(end, dt.datetime):
        raise Refusal(400, "invalid", "Start and end times must either both be date or both be dateTime.")
    # "errors" has this answer for an empty range; that an event may not be empty is [not verified].
    if not start < end:
        raise Refusal(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")
    reminders = event.get("reminders", {})
    overrides = reminders.get("overrides", [])
    if overrides and reminders.get("useDefault"):
        # The word is [not verified].
        raise Refusal(400, "cannotUseDefaultRemindersAndSpecifyOverride", domain="calendar")
    if len(overrides) > _OVERRIDES:
        raise Refusal(400, "invalid", "Too many override reminders.")
    for reminder in overrides:
        if reminder.keys() != {"method", "minutes"}:
            raise Refusal(400, "required", "Missing override reminder method or minutes.")
        if not 0 <= reminder["minutes"] <= _MINUTES:
            raise Refusal(400, "invalid", "Invalid value for: reminders.overrides.minutes")
    for attendee in event.get("attendees", []):
        if "@" not in attendee.get("email", ""):
            raise Refusal(400, "invalid" if "email" in attendee else "required", "Invalid attendee email.")
    url = event.get("source", {}).get("url", "https:")
    if not url.startswith(("http:", "https:")):
        raise Refusal(400, "invalid", "Invalid value for: source.url")


def trimmed(event: Event) -> None:
    """Drop extended properties with too long a key and cut too long values, silently ("properties")."""
    for kind, values in event.get("extendedProperties", {}).items():
        event["extendedProperties"][kind] = {
            key: value[:_VALUE] for key, value in values.items() if len(key) <= _KEY
        }


def merged(standing: Any, change: Any) -> Any:
    """A patch: objects melt together, null removes, all else replaces."""
    if not isinstance(standing, dict) or not isinstance(change, dict):
        return copy.deepcopy(change)
    found = {key: value for key, value in standing.items() if key not in change}
    for key, value in change.items():
        if value is not None:
            # Into an empty object, so that a null inside a new one is gone too.
            found[key] = merged(standing.get(key, {} if isinstance(value, dict) else None), value)
    return found


def _zone(name: str, which: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # The sentence is [not verified].
        raise Refusal(400, "invalid", f"Invalid time zone definition for {which} time.") from None


def zone(name: str, parameter: str = "timeZone") -> ZoneInfo:
    """The zone of a parameter. Raises Refusal for a name that the tz database lacks."""
    try:
        return _zone(name, "")
    except Refusal:
        raise Refusal(400, "invalid", f"Invalid value for: {parameter}") from None


def _moment(when: Mapping[str, str], which: str) -> dt.datetime | dt.date:
    """An EventDateTime as a moment with an offset, or as a day. Raises Refusal."""
    where = _zone(when["timeZone"], which) if "timeZone" in when else None
    if ("date" in when) == ("dateTime" in when):
        raise Refusal(400, "invalid", f"Invalid {which} time.")
    if "date" in when:
        return discovery.date(when["date"])
    moment = discovery.instant(when["dateTime"], offset=False)
    if moment.tzinfo is not None:
        return moment
    if where is None:
        raise Refusal(400, "required", f"Missing time zone definition for {which} time.")
    return moment.replace(tzinfo=where)


def span(event: Event, where: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    """From when to when an event is; a day begins and ends at midnight `where`."""
    found = []
    for name in ("start", "end"):
        moment = _moment(event[name], name)
        if not isinstance(moment, dt.datetime):
            moment = dt.datetime.combine(moment, dt.time(), tzinfo=where)
        found.append(moment.astimezone(dt.UTC))
    return found[0], found[1]


def stamp(moment: dt.datetime, where: dt.tzinfo | None = None) -> str:
    """A moment to the second, in UTC with a Z or with the offset of `where`."""
    if where is None:
        return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.astimezone(where).isoformat(timespec="seconds")


def shown(
    event: Event, where: ZoneInfo | None = None, *, details: bool = True, bare_deleted: bool = False
) -> Event:
    """An event as it is answered, its times with the offset of `where`, or as they were sent.

    Without `details` only its times are told, as to who may see no more than free and busy
    (which fields those are is [not verified]). With `bare_deleted` a deleted event has no more
    than what is promised of one (`Event.status`).
    """
    if bare_deleted and event["status"] == "cancelled":
        return {key: event[key] for key in ("kind", "etag", "id", "status")}
    found = copy.deepcopy(event)
    for name in ("start", "end"):
        moment = _moment(event[name], name)
        if not isinstance(moment, dt.datetime):
            continue
        if where is not None:
            found[name] = {
                "dateTime": stamp(moment, where),
                "timeZone": event[name].get("timeZone", where.key),
            }
        elif not discovery.has_offset(event[name]["dateTime"]):
            found[name]["dateTime"] = stamp(moment, moment.tzinfo)
    # Said only where it is not the default (observed).
    for name, default in (("transparency", "opaque"), ("visibility", "default")):
        if found.get(name) == default:
            del found[name]
    if not details:
        found = {key: found[key] for key in ("kind", "etag", "id", "status", "start", "end")}
    return {
        key: found[key] for key in sorted(found, key=lambda key: _ORDER.index(key) if key in _ORDER else 99)
    }


def blocks(event: Event) -> bool:
    """Whether an event takes its time: not deleted, not shown as free, and not declined by the user."""
    declined = any(
        attendee.get("self") and attendee.get("responseStatus") == "declined"
        for attendee in event.get("attendees", [])
    )
    return event["status"] != "cancelled" and event.get("transparency") != "transparent" and not declined


def busy(
    events: Iterable[Event], start: dt.datetime, end: dt.datetime, where: dt.tzinfo
) -> list[tuple[dt.datetime, dt.datetime]]:
    """The times between two moments that are taken, melted together and cut to the two [not verified]."""
    found: list[tuple[dt.datetime, dt.datetime]] = []
    for begins, ends in sorted(span(event, where) for event in events if blocks(event)):
        begins, ends = max(begins, start), min(ends, end)
        if begins >= ends:
            continue
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    return found
