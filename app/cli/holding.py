"""`tactline holds`: the follow-ups of one mail into a calendar, once; what stands there; taking it away."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

import anyio
import typer

from app import strings
from app.api import faults
from app.api.answers import answered, explained_in
from app.api.schemas import Asked, Options
from app.auth.sign_in import Signed
from app.cli import calendars, inputs
from app.cli.calendars import Account, Memory, Opened, Outside
from app.cli.render import clean, when
from app.errors import (
    CalendarError,
    Challenge,
    Gone,
    MoreConsent,
    Provider,
    SignInExpired,
    TactlineError,
    TooMany,
)
from app.holds import place
from app.holds.calendar import Availability, Busy, Calendar, Event, Marked, Placed
from app.holds.propose import Hold, thread_key, thread_name
from app.tone import week
from app.tone.review import Engine, Message, Request
from app.tone.types import Direction, Language

T = TypeVar("T")
Result = Literal["made", "stood", "would-make", "stands", "removed"]


@dataclass(frozen=True)
class Wish:
    """What is to be done. Without `listed` and `remove`: the mail's follow-ups are entered.

    `kinds` are the only ones that count, none: all. `keep` leaves a hold at a time that is taken.
    """

    kinds: frozenset[str] = frozenset()
    keep: bool = False
    listed: bool = False
    remove: bool = False
    yes: bool = False
    dry_run: bool = False
    as_json: bool = False

    def counts(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True)
class Line:
    """One hold, and what became of it; `hold` is at the time where it stands."""

    result: Result
    event: Event
    moved: bool = False
    clash: bool = False
    partial: bool = False
    move_to: tuple[dt.datetime, dt.datetime] | None = None


class Rehearsal:
    """A calendar that is read and not written: what would be made counts as taken, and is forgotten."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._made: list[Busy] = []

    @property
    def provider(self) -> Provider:
        return self._calendar.provider

    async def availability(
        self, start: dt.datetime, end: dt.datetime, without: str | None = None
    ) -> Availability:
        known = await self._calendar.availability(start, end, without)
        made = [busy for busy in self._made if busy.start < end and start < busy.end]
        return replace(known, busy=tuple(sorted((*known.busy, *made), key=lambda busy: busy.start)))

    async def create(self, hold: Hold, marked: Marked) -> Placed:
        if isinstance(hold.start, dt.datetime) and isinstance(hold.end, dt.datetime):
            self._made.append(Busy(hold.start, hold.end))
        made = Event("", None, hold.id, hold.thread, hold.kind, hold.title, hold.start, hold.end)
        return Placed(made, True)

    async def get(self, event_id: str) -> Event:
        return await self._calendar.get(event_id)

    async def of_thread(self, thread: str) -> Sequence[Event]:
        return await self._calendar.of_thread(thread)

    async def ours(self, start: dt.datetime, end: dt.datetime) -> Sequence[Event]:
        return await self._calendar.ours(start, end)

    async def delete(self, event_id: str) -> None:
        """Nothing is removed."""


@dataclass(frozen=True)
class Run:
    """One call of the command. `language` is the mail's, None: found out; `interface` the user's."""

    provider: Provider
    wish: Wish
    options: Options
    direction: Direction
    language: Language | None
    context: Sequence[Path]
    file: Path
    account: Account
    outside: Outside
    interface: Language

    def run(self, name: str) -> None:
        """Read the mail and do what is wished. Raises TactlineError with its sentence."""
        if not logging.getLogger().handlers:
            # Python would print warnings of libraries, which may quote what they were sent.
            logging.getLogger().addHandler(logging.NullHandler())
        mail = inputs.one(name, self.interface)
        earlier = tuple(
            Message("incoming", inputs.one(str(path), self.interface).document) for path in self.context
        )
        subject = mail.document.subject.strip()
        # Without a subject the first message tells threads apart: a draft of its own is its own thread.
        first = earlier[0].document.source if earlier else mail.document.source
        thread = thread_name(mail.thread or ("" if subject else first), subject)
        holds, words = (), self.options.explain_in or self.interface  # type: tuple[Hold, ...], Language
        if not (self.wish.listed or self.wish.remove):
            holds, words = self._proposed(Message(self.direction, mail.document), earlier, thread)
            if not holds:
                self._say("no-holds")
                return
        signed = None
        try:
            if self.provider != "ics":
                signed = calendars.sign_in(self.provider, self.account, self.outside, self.interface)
            Work(self, signed, words, thread_key(thread)).do(holds)
        except CalendarError as error:
            if signed is not None and isinstance(error, SignInExpired | Challenge | MoreConsent):
                # Kept, it would fail the same way the next time.
                Memory(self.account.settings).forget(calendars.owner(self.provider))
            raise TactlineError(self._worded(error)) from None

    def _proposed(
        self, message: Message, earlier: tuple[Message, ...], thread: str
    ) -> tuple[tuple[Hold, ...], Language]:
        """The follow-ups that count, and the language that they are worded in."""
        engine = Engine.load(self.account.settings.guidance_dir)
        request = Request(
            message=message, context=earlier, language=self.language, now=self.options.moment(),
            hours=week.default_hours(self.options.time_zone),
        )  # fmt: skip
        review = engine.review(request)
        words = explained_in(review, self.options.explain_in)
        answer = answered(review, engine.guidance, Asked(request, thread), self.options, words)
        return tuple(hold.proposal() for hold in answer.holds if self.wish.counts(hold.kind)), words

    def _say(self, key: str, **values: object) -> None:
        """A remark that is no result: on standard error, so that results can be piped on."""
        print(strings.say(self.interface, f"cli.{key}", **values), file=sys.stderr)

    def _worded(self, error: CalendarError) -> str:
        provider = faults.NAMES[error.provider]
        if isinstance(error, SignInExpired | Challenge):
            return strings.say(self.interface, "cli.error.sign-in-again", provider=provider)
        if isinstance(error, TooMany):
            seconds = max(1, round(error.after))
            return strings.say(self.interface, "cli.error.wait", provider=provider, seconds=seconds)
        found = faults.problem(error)
        return strings.say(self.interface, f"problem.{found.code}.detail", **found.values)


@dataclass(frozen=True)
class Work:
    """What is done in the calendar once it is known whose it is.

    `signed` is None for a file, `words` the language of what is told, `thread` its digest.
    """

    asked: Run
    signed: Signed | None
    words: Language
    thread: str

    def do(self, holds: Sequence[Hold]) -> None:
        """Raises CalendarError, TactlineError."""
        wish = self.asked.wish
        if wish.remove:
            found = self._within(self._found)
            if not found:
                self.asked._say("none-stand")
            elif self._agreed(found):
                self._within(lambda opened: self._remove(opened, found))
        elif wish.listed:
            self._within(self._list)
        else:
            self._within(lambda opened: self._enter(opened, holds))

    def _within(self, work: Callable[[Opened], Awaitable[T]]) -> T:
        async def opened() -> T:
            async with self._opened() as calendar:
                return await work(calendar)

        return anyio.run(opened)

    def _opened(self) -> AbstractAsyncContextManager[Opened]:
        asked, zone = self.asked, week.zone(self.asked.options.time_zone).key
        if self.signed is not None:
            return calendars.signed_calendar(asked.provider, self.signed, zone, asked.outside)
        stamp = asked.options.moment()
        return nullcontext(
            calendars.file_calendar(
                asked.file, now=stamp, zone=zone, words=self.words, language=asked.interface
            )
        )

    async def _enter(self, opened: Opened, holds: Sequence[Hold]) -> None:
        wish, now = self.asked.wish, self.asked.options.moment()
        calendar: Calendar = Rehearsal(opened.calendar) if wish.dry_run else opened.calendar
        standing = await calendar.of_thread(self.thread)
        told: list[Line] = []
        for hold in holds:
            there = next((event for event in standing if place.stands_for(event, hold, now)), None)
            if there is not None:
                line = Line("stood", there)
            else:
                entered = await place.enter(
                    calendar, hold, Marked(), now=now, move=not wish.keep,
                    hours=week.default_hours(self.asked.options.time_zone),
                )  # fmt: skip
                made: Result = "would-make" if wish.dry_run else "made"
                line = Line(
                    made if entered.created else "stood", entered.event, entered.created and entered.moved,
                    entered.clash, entered.partial,
                )  # fmt: skip
            if opened.path is None:
                self._tell(line)  # at once: should the next one fail, this one stands
            told.append(line)
        if opened.path is not None:
            count = sum(line.result == "made" for line in told)
            if count:
                opened.save()
            for line in told:
                self._tell(line)
            if count:
                self.asked._say("wrote-ics", count=count, path=clean(str(opened.path)))

    async def _found(self, opened: Opened) -> list[Event]:
        found = await opened.calendar.of_thread(self.thread)
        return [event for event in found if self.asked.wish.counts(event.kind)]

    async def _list(self, opened: Opened) -> None:
        options = self.asked.options
        found = [
            item
            for item in await place.standing(
                opened.calendar, self.thread, now=options.moment(),
                hours=week.default_hours(options.time_zone), zone=options.time_zone,
            )
            if self.asked.wish.counts(item.event.kind)
        ]  # fmt: skip
        for item in found:
            self._tell(Line("stands", item.event, clash=item.clash, move_to=item.move_to))
        if not found:
            self.asked._say("none-stand")

    def _agreed(self, found: Sequence[Event]) -> bool:
        """Whether all of it may be taken away; shows it first."""
        wish = self.asked.wish
        if wish.dry_run or not wish.as_json:
            for event in found:
                self._tell(Line("stands", event))
        if wish.dry_run or wish.yes:
            return wish.yes and not wish.dry_run
        if not self.asked.outside.at_terminal():
            raise TactlineError(strings.say(self.asked.interface, "cli.error.needs-yes"))
        question = strings.say(self.asked.interface, "cli.remove-these")
        said = typer.prompt(question, default="", show_default=False, prompt_suffix=" ", err=True)
        agreed = str(said).strip().casefold() in strings.say(self.asked.interface, "cli.yes").split()
        if not agreed:
            self.asked._say("none-removed")
        return agreed

    async def _remove(self, opened: Opened, found: Sequence[Event]) -> None:
        for event in found:
            with suppress(Gone):  # by another hand, meanwhile
                await opened.calendar.delete(event.id)
            if opened.path is None:
                self._tell(Line("removed", event))
        if opened.path is not None:
            opened.save()
            for event in found:
                self._tell(Line("removed", event))

    def _tell(self, line: Line) -> None:
        """One hold on one line, as text in the user's language or as JSON in ASCII."""
        event = line.event
        start, end, all_day = self._times(event)
        move_to = [moment.astimezone(self._zone()).isoformat() for moment in line.move_to or ()]
        if self.asked.wish.as_json:
            content = {
                "result": line.result, "calendar": self.asked.provider, "hold": event.hold,
                "kind": event.kind, "title": event.title, "start": start, "end": end, "all_day": all_day,
                "event": {"id": event.id, "url": event.url} if event.id else None,
                "moved": line.moved, "clash": line.clash, "partial": line.partial,
                "move_to": {"start": move_to[0], "end": move_to[1]} if move_to else None,
            }  # fmt: skip
            print(json.dumps(content), flush=True)
            return
        parts = [f"{when(self.words, start, end, all_day)}  {' '.join(event.title.split())}"]
        told: list[str] = [line.result] if line.result != "stands" else []
        told += [key for key in ("moved", "clash", "partial") if getattr(line, key)]
        parts += [strings.say(self.words, f"cli.{key}") for key in told]
        if move_to:
            free = when(self.words, move_to[0], move_to[1], all_day=False)
            parts.append(strings.say(self.words, "cli.free-at", when=free))
        if event.url and line.result != "removed":
            parts.append(event.url)
        print(clean(" · ".join(parts)), flush=True)

    def _zone(self) -> dt.tzinfo:
        return week.zone(self.asked.options.time_zone)

    def _times(self, event: Event) -> tuple[str, str, bool]:
        """An event's times in the user's zone, as in `app.api.schemas.Hold`."""
        start, end = (
            moment.astimezone(self._zone()) if isinstance(moment, dt.datetime) else moment
            for moment in (event.start, event.end)
        )
        return start.isoformat(), end.isoformat(), not isinstance(event.start, dt.datetime)
