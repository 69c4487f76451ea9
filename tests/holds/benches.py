"""A calendar of each kind to test on, with what its user and other people do to it by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import anyio.lowlevel
import httpx
from anyio.from_thread import BlockingPortal

from app.holds import ics
from app.holds.calendar import Calendar, Marked, Placed
from app.holds.google import GoogleCalendar
from app.holds.graph import GraphCalendar
from app.holds.ics_file import IcsCalendar
from app.holds.propose import Hold, thread_key
from app.holds.retry import Deadline
from app.tone.week import default_hours, zone
from tests.holds.fakes.faults import Fault, Faults
from tests.holds.fakes.google import HOLDS, AsgiHttp, FakeGoogle
from tests.holds.fakes.graph import FakeGraph
from tests.holds.fakes.graph_body import Moment

T = TypeVar("T")
ISTANBUL = zone("Europe/Istanbul")
NOW = dt.datetime(2026, 11, 27, 9, tzinfo=ISTANBUL)
MONDAY = dt.datetime(2026, 11, 30, 10, tzinfo=ISTANBUL)
HALF = dt.timedelta(minutes=30)
HOURS = default_hours("Europe/Istanbul")
THREAD = thread_key("thread-1")
LINK = Marked("https://mail.example.com/t/1", "Thread")
TOKEN = "ya29.top-secret-token"
_WRITE = frozenset(("Calendars.ReadWrite",))


def patient() -> Deadline:
    """Time enough on a machine that is busy with other things."""
    return Deadline(120.0)


def hold(**changes: Any) -> Hold:
    made = Hold(
        "0a" * 16, "client-call", "Call the client", MONDAY, MONDAY + HALF, False, "Europe/Istanbul",
        "A voice carries more than a mail.", (), THREAD,
    )  # fmt: skip
    return replace(made, **changes)


def day(**changes: Any) -> Hold:
    made = hold(
        id="0b" * 16, kind="commitment", start=dt.date(2026, 12, 1), end=dt.date(2026, 12, 2), all_day=True
    )
    return replace(made, **changes)


class Bench:
    """A calendar with somebody's own entries beside it, whoever keeps it."""

    def __init__(self, portal: BlockingPortal) -> None:
        self.portal = portal

    @property
    def calendar(self) -> Calendar:
        """The calendar as a request has it: with a deadline that begins now."""
        raise NotImplementedError

    def run(self, call: Callable[[], Awaitable[T]]) -> T:
        return self.portal.call(call)

    def create(self, wanted: Hold, marked: Marked = LINK) -> Placed:
        return self.run(lambda: self.calendar.create(wanted, marked))

    def create_at_once(self, wanted: Sequence[Hold]) -> list[Placed]:
        """Several creations that begin at the same moment, each in a request of its own."""

        async def both() -> list[Placed]:
            found: list[Placed] = []

            async def one(each: Hold) -> None:
                found.append(await self.calendar.create(each, LINK))

            async with anyio.create_task_group() as group:
                for each in wanted:
                    group.start_soon(one, each)
            return found

        return self.run(both)

    def delete(self, event_id: str) -> None:
        self.run(lambda: self.calendar.delete(event_id))

    def live(self) -> list[Any]:
        """The events that stand in the calendar."""
        raise NotImplementedError

    def ours(self) -> list[str]:
        """The holds of the events that this service made and that stand, in no order."""
        raise NotImplementedError

    def others(self) -> list[Any]:
        """The events that somebody else made, as they stand, whole."""
        raise NotImplementedError

    def meeting(self, start: dt.datetime, end: dt.datetime) -> str:
        """Somebody else's event: its id."""
        raise NotImplementedError

    def away(self, date: dt.date, where: str, *, free: bool = False) -> None:
        """A whole day that the user is out of office, or a holiday that is shown as `free`."""
        raise NotImplementedError

    def by_hand(self, event_id: str) -> None:
        """The user deletes an event in the calendar's own program."""
        raise NotImplementedError

    def move(self, event_id: str, start: dt.datetime, end: dt.datetime) -> None:
        """The user moves an event in the calendar's own program."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is left open."""


class Online(Bench):
    """A calendar behind a network that can fail."""

    query = ""
    """The operation that tells what is taken."""
    fake: FakeGoogle | FakeGraph

    def __init__(self, portal: BlockingPortal, deadline: Callable[[], Deadline]) -> None:
        super().__init__(portal)
        self.deadline = deadline

    @property
    def faults(self) -> Faults:
        return self.fake.faults

    @property
    def calls(self) -> Sequence[Any]:
        """What was asked: each with its `operation` and `body`."""
        return self.fake.calls

    def live(self) -> list[Any]:
        return list(self.fake.events("ana"))

    def by_hand(self, event_id: str) -> None:
        self.fake.remove("ana", event_id)

    @property
    def mailed(self) -> Sequence[object]:
        """The mails that the service would have sent."""
        raise NotImplementedError

    def fail(self, on: str, status: int = 0, **rest: Any) -> None:
        self.faults.add(Fault(on, status, **rest))

    def asked(self, operation: str) -> int:
        """How often an operation was asked for."""
        return sum(call.operation == operation for call in self.calls)

    def sign_in(self, scopes: Iterable[str] | None = None, *, expired: bool = False) -> None:
        """Say anew what the token is good for."""
        raise NotImplementedError


class GoogleBench(Online):
    fake: FakeGoogle
    query = "query"

    def __init__(self, portal: BlockingPortal, deadline: Callable[[], Deadline] = patient) -> None:
        super().__init__(portal, deadline)
        self.fake = FakeGoogle()
        self.fake.user(TOKEN, "ana", zone="Europe/Istanbul")

    @property
    def calendar(self) -> Calendar:
        return GoogleCalendar(
            TOKEN, user="ana", deadline=self.deadline(), http=lambda seconds: AsgiHttp(self.fake, seconds)
        )

    @property
    def mailed(self) -> Sequence[object]:
        return self.fake.mailed

    def sign_in(self, scopes: Iterable[str] | None = None, *, expired: bool = False) -> None:
        self.fake.user(TOKEN, "ana", HOLDS if scopes is None else tuple(scopes), expired=expired)

    def ours(self) -> list[str]:
        marks = [item.get("extendedProperties", {}).get("private", {}) for item in self.live()]
        return [found["tactlineHold"] for found in marks if "tactlineHold" in found]

    def others(self) -> list[Any]:
        return [item for item in self.live() if "extendedProperties" not in item]

    def meeting(self, start: dt.datetime, end: dt.datetime) -> str:
        return str(self.fake.put("ana", summary="Board", start=start, end=end)["id"])

    def away(self, date: dt.date, where: str, *, free: bool = False) -> None:
        self.fake.user(TOKEN, "ana", zone=where)
        shown = {"transparency": "transparent"} if free else {}
        self.fake.put("ana", summary="Away", start=date, end=date + dt.timedelta(days=1), **shown)

    def move(self, event_id: str, start: dt.datetime, end: dt.datetime) -> None:
        self.fake.change("ana", event_id, start=start, end=end)


class _Yielding(httpx.AsyncBaseTransport):
    """Lets others go first before and after each request, as a network does."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await anyio.lowlevel.checkpoint()
        answer = await self._inner.handle_async_request(request)
        await anyio.lowlevel.checkpoint()
        return answer


class GraphBench(Online):
    fake: FakeGraph
    query = "view"

    def __init__(self, portal: BlockingPortal, deadline: Callable[[], Deadline] = patient) -> None:
        super().__init__(portal, deadline)
        self.fake = FakeGraph()
        self.fake.user(TOKEN, "ana")
        self.client = httpx.AsyncClient(transport=_Yielding(self.fake.transport()))
        self.time_zone = "Europe/Istanbul"

    @property
    def calendar(self) -> Calendar:
        return GraphCalendar(
            TOKEN, self.client, time_zone=self.time_zone, user="ana", deadline=self.deadline()
        )

    @property
    def mailed(self) -> Sequence[object]:
        return self.fake.invitations

    def sign_in(self, scopes: Iterable[str] | None = None, *, expired: bool = False) -> None:
        self.fake.user(TOKEN, "ana", _WRITE if scopes is None else tuple(scopes), expired)

    def ours(self) -> list[str]:
        marks = [mark for item in self.live() for mark in item.get("singleValueExtendedProperties", ())]
        return [mark["value"] for mark in marks if mark["id"].endswith("Name TactlineHold")]

    def others(self) -> list[Any]:
        return [item for item in self.live() if "singleValueExtendedProperties" not in item]

    def meeting(self, start: dt.datetime, end: dt.datetime) -> str:
        return str(self.fake.put("ana", "Board", start, end))

    def away(self, date: dt.date, where: str, *, free: bool = False) -> None:
        self.time_zone = where
        shown, after = "free" if free else "oof", date + dt.timedelta(days=1)
        self.fake.put("ana", "Away", date, after, shown, is_all_day=True, zone=where)

    def move(self, event_id: str, start: dt.datetime, end: dt.datetime) -> None:
        found = self.fake.find("ana", event_id)
        found.start, found.end = (
            Moment(moment.astimezone(dt.UTC).replace(tzinfo=None), "UTC") for moment in (start, end)
        )
        found.fields["isAllDay"] = False
        found.version += 1

    def close(self) -> None:
        self.portal.call(self.client.aclose)


class FileBench(Bench):
    def __init__(self, portal: BlockingPortal) -> None:
        super().__init__(portal)
        self.time_zone = "Europe/Istanbul"
        self.file = IcsCalendar(now=NOW, time_zone=self.time_zone, lang="en")

    @property
    def calendar(self) -> Calendar:
        # As whoever owns the file does: written after each request, and read before the next.
        self.file = IcsCalendar(self.file.content(), now=NOW, time_zone=self.time_zone, lang="en")
        return self.file

    @property
    def _inside(self) -> list[Any]:
        return self.file._file.subcomponents

    def live(self) -> list[Any]:
        return list(IcsCalendar(self.file.content(), now=NOW)._entries())

    def ours(self) -> list[str]:
        return [str(item[ics.HOLD]) for item in self._inside if ics.HOLD in item]

    def others(self) -> list[Any]:
        return [item.to_ical() for item in self._inside if item.name == "VEVENT" and ics.HOLD not in item]

    def meeting(self, start: dt.datetime, end: dt.datetime) -> str:
        first, last = (f":{moment.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}" for moment in (start, end))
        return self._put(first, last)

    def away(self, date: dt.date, where: str, *, free: bool = False) -> None:
        self.time_zone = where
        shown = "TRANSP:TRANSPARENT" if free else "X-MICROSOFT-CDO-BUSYSTATUS:OOF"
        after = date + dt.timedelta(days=1)
        self._put(f";VALUE=DATE:{date:%Y%m%d}", f";VALUE=DATE:{after:%Y%m%d}", shown)

    def _put(self, start: str, end: str, more: str = "SUMMARY:Board") -> str:
        uid = f"board{len(self._inside)}@x"
        made = "\r\n".join((
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Somebody//Else//EN", "BEGIN:VEVENT", f"UID:{uid}",
            "DTSTAMP:20260101T000000Z", f"DTSTART{start}", f"DTEND{end}", more, "END:VEVENT",
            "END:VCALENDAR", "",
        ))  # fmt: skip
        self._inside.append(IcsCalendar(made.encode(), now=NOW)._entries()[0])
        return uid

    def by_hand(self, event_id: str) -> None:
        self.file._file.subcomponents = [
            item for item in self._inside if str(item.get("uid", "")) != event_id
        ]

    def move(self, event_id: str, start: dt.datetime, end: dt.datetime) -> None:
        for item in self._inside:
            if str(item.get("uid", "")) == event_id:
                del item["dtstart"], item["dtend"]
                item.add("dtstart", start)
                item.add("dtend", end)
