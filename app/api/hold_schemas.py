"""What callers send and get where holds meet calendars."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Annotated, Literal, Self
from urllib.parse import quote

from pydantic import AfterValidator, Field, StringConstraints

from app.accounts import Account
from app.api.problems import BadField
from app.api.schemas import Hold, HoldKind, HoursIn, Moment, OneLine, Strict, ZoneName, hours_of
from app.holds.calendar import Event
from app.holds.place import Entered, Standing
from app.holds.propose import LENGTH
from app.tone import week


def _link(value: str) -> str:
    """An https address: it is put into the calendar, where one click follows it."""
    if value and not re.fullmatch(r"https://[^\s<>\"\\^`{|}]+", value):
        raise BadField("link")
    return value


class _Clocked(Strict):
    now: Moment | None = Field(default=None, description="RFC 3339 with offset; default: the server's clock.")

    def moment(self) -> dt.datetime:
        return self.now if self.now is not None else dt.datetime.now(dt.UTC)


class HoldIn(_Clocked):
    """A hold to put into a calendar."""

    hold: Hold = Field(description="One of a review's proposals; title, start and end may be edited.")
    calendar: Literal["ics", "google", "microsoft"] = Field(
        description="`ics` answers a calendar file; the others make the event in the user's calendar."
    )
    link: Annotated[OneLine, StringConstraints(max_length=2000), AfterValidator(_link)] = Field(
        default="", description="https address of the thread, so that the event leads back to it."
    )
    link_title: Annotated[OneLine, StringConstraints(max_length=200)] = ""
    working_hours: HoursIn | None = Field(
        default=None, description="Where another time is looked for; default: the usual ones of the zone."
    )
    when_taken: Literal["move", "keep"] = Field(
        default="move",
        description="When something else lies at this time: `move` the hold to the first free time (a "
        "promise with an hour keeps it), or `keep` it there. The answer tells.",
    )

    def hours(self) -> week.WorkingHours:
        return hours_of(self.working_hours, self.hold.time_zone)


class EventOut(Strict):
    id: str = Field(description="The provider's id.")
    url: str | None = Field(default=None, description="Opens the event for the user.")


class EnteredOut(Strict):
    """A hold as it stands in the calendar."""

    hold: Hold = Field(description="At the time where it stands.")
    event: EventOut
    undo: str = Field(description="DELETE this address to take the event away again.")
    moved: bool = Field(description="Whether it is at another time than the one asked for.")
    clash: bool = Field(description="Whether something else lies at its time too.")
    partial: bool = Field(description="Whether the calendar could not tell all that is taken.")

    @classmethod
    def of(cls, entered: Entered, account: Account, asked: Hold) -> Self:
        hold = entered.hold
        shown = asked.model_copy(
            update={
                "title": hold.title, "start": hold.start.isoformat(), "end": hold.end.isoformat(),
                "all_day": hold.all_day, "time_zone": hold.time_zone,
            }
        )  # fmt: skip
        return cls(
            hold=shown, event=EventOut(id=entered.event.id, url=entered.event.url),
            undo=undo(account, entered.event), moved=entered.moved, clash=entered.clash,
            partial=entered.partial,
        )  # fmt: skip


def undo(account: Account, event: Event) -> str:
    return f"/v1/holds/{account}/{quote(event.id, safe='')}"


class SlotsIn(_Clocked):
    """What kind of time is looked for."""

    kind: HoldKind
    duration_minutes: int | None = Field(
        default=None, ge=5, le=480, description="Default: the usual length of the kind."
    )
    time_zone: ZoneName = "UTC"
    working_hours: HoursIn | None = None
    calendar: Literal["ics", "google", "microsoft"] = Field(
        description="Whose entries count as taken; `ics`: none, only the working hours count."
    )
    after: Moment | None = Field(default=None, description="No slot begins before this.")
    before: Moment | None = Field(default=None, description="No slot ends after this.")
    start: Moment | None = Field(default=None, description="A time of the caller's own: is it taken?")
    count: int = Field(default=5, ge=1, le=20)

    def minutes(self) -> int:
        return self.duration_minutes or LENGTH[self.kind]

    def hours(self) -> week.WorkingHours:
        return hours_of(self.working_hours, self.time_zone)


class SlotOut(Strict):
    start: str
    end: str


class SlotsOut(Strict):
    """Free times, earliest first."""

    slots: list[SlotOut]
    clash: bool | None = Field(
        default=None, description="Whether `start` is taken; absent when none was given."
    )
    partial: bool = Field(description="Whether the calendar could not tell all that is taken.")
    time_zone: str


class HoldsQuery(_Clocked):
    thread: Annotated[str, StringConstraints(min_length=1, max_length=2000)] = Field(
        description="The `thread` of a hold, or the text that named the thread in the review."
    )
    calendar: Account
    time_zone: ZoneName = "UTC"

    def key(self, digest: Callable[[str], str]) -> str:
        return self.thread if re.fullmatch(r"[0-9a-f]{32}", self.thread) else digest(self.thread)


def _told(when: dt.date, zone: dt.tzinfo) -> str:
    return (when.astimezone(zone) if isinstance(when, dt.datetime) else when).isoformat()


class StandingOut(Strict):
    """An event that this service made."""

    hold: str = Field(description="The id of the hold that it was made for.")
    kind: str
    title: str
    start: str
    end: str
    all_day: bool
    event: EventOut
    undo: str
    clash: bool = Field(description="Whether something else has come to lie at its time.")
    move_to: SlotOut | None = Field(
        default=None, description="A free time to move it to, when there is a clash."
    )

    @classmethod
    def of(cls, standing: Standing, account: Account, zone: dt.tzinfo) -> Self:
        """`zone` is the one that times are told in: calendars keep them in their own."""
        event, move_to = standing.event, standing.move_to
        return cls(
            hold=event.hold, kind=event.kind, title=event.title, start=_told(event.start, zone),
            end=_told(event.end, zone), all_day=not isinstance(event.start, dt.datetime),
            event=EventOut(id=event.id, url=event.url), undo=undo(account, event), clash=standing.clash,
            move_to=SlotOut(start=_told(move_to[0], zone), end=_told(move_to[1], zone)) if move_to else None,
        )  # fmt: skip


class StandingsOut(Strict):
    holds: list[StandingOut]
