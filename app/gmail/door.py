"""What each trigger and click of the add-on does: read, review, answer with a card.

Nothing is remembered between clicks but what the user chose (language, working hours): a card's
form and a few ids come back with each click, and the rest is read again.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from app import strings
from app.accounts import Accounts, Addon
from app.auth.google import AddonUser
from app.errors import CalendarError, Gone, MoreConsent
from app.gmail import cards, given
from app.gmail.compose import as_html, revised
from app.gmail.events import Event
from app.gmail.messages import (
    DRAFTS,
    READ,
    REPLY,
    Draft,
    Letter,
    Mailbox,
    MailError,
    MailNeedsScopes,
    MailSlow,
)
from app.holds import google, place, slots
from app.holds.calendar import Calendar, Marked
from app.holds.calendar import Event as Entry
from app.holds.google import GoogleCalendar
from app.holds.propose import KINDS, Hold, propose
from app.holds.retry import Deadline
from app.service import Busy, Engine, Service
from app.store.errors import StoreError
from app.tone import week
from app.tone.mail import read_text
from app.tone.review import Message, Request
from app.tone.types import LANGUAGES, Language, Review
from app.tone.week import WorkingHours
from app.wishes import HOURS, LANGUAGE, Wishes, read, wishes

SECONDS = 7.0
"""Of each answer: a card that takes longer says so and offers to try again."""
_LONGEST = 100_000  # characters of a draft that is typed into a card
_WEEK = dt.timedelta(days=7)
_NUMBER = re.compile(r"\d{1,4}", re.ASCII)
_DAY = re.compile(r"[0-6]")
_SENTENCES = {
    "expired": "sign-in-expired", "scopes": "consent", "gone": "gone", "changed": "unavailable",
    "too-large": "unreadable", "empty": "unreadable",
}  # fmt: skip
"""What a failure of Gmail is called on the card."""
Answer = dict[str, Any]


@dataclass
class Door:
    """One event, and what answering it needs. `now` is aware."""

    service: Service
    addon: Addon
    event: Event
    user: AddonUser | None
    now: dt.datetime
    language: Language = "en"
    hours: WorkingHours = field(default_factory=lambda: week.default_hours("UTC"))
    wished: Wishes = field(default_factory=Wishes)

    @property
    def accounts(self) -> Accounts:
        return self.service.accounts

    @property
    def engine(self) -> Engine:
        return self.service.loaded()

    @property
    def look(self) -> cards.Look:
        today = self.now.astimezone(ZoneInfo(self.event.zone)).date()
        return cards.Look(self.language, self.addon.url, self.addon.base_url, self.event.zone, today)

    async def prepare(self) -> None:
        """Read what the user has chosen; without a store, or a user, the usual."""
        if self.user is not None:
            self.wished = await wishes(self.service, self.user.key)
        self.language = self.wished.language or self.event.language or "en"
        self.hours = self.wished.hours or week.default_hours(self.event.zone)

    # The triggers

    async def home(self) -> Answer:
        return cards.trigger(await self._home())

    async def message(self) -> Answer:
        if self.addon.wait:
            return cards.trigger(cards.wait_card(self.look))
        return await self._told(self._message, cards.trigger)

    async def compose(self) -> Answer:
        return cards.trigger(await self._compose_start())

    # The clicks

    async def open(self) -> Answer:
        return await self._told(self._message, cards.click)

    async def review(self) -> Answer:
        """Review what was typed into the compose card."""
        text = self._typed()
        if not text.strip():
            return cards.click(self._draft_card("", note="empty"))
        found = await self._reviewed(Message("outgoing", read_text(text)))
        return cards.click(self._draft_card(text, found))

    def unanswered(self, note: str) -> Any:
        """The compose card with the text that was typed, and why there is no review of it."""
        return self._draft_card(self._typed(), note=note)

    def _typed(self) -> str:
        return self.event.first(cards.TEXT)[:_LONGEST]

    def _draft_card(self, text: str, review: Review | None = None, note: str | None = None) -> Any:
        view = cards.ComposeView(text, review, None, self.engine.guidance, True, note)
        return cards.compose_card(self.look, view)

    async def apply(self) -> Answer:
        """Put what is ticked into the draft that the user is writing."""
        text = self._typed()
        found = await self._reviewed(Message("outgoing", read_text(text)))
        if cards.stamp(text) != self.event.parameters.get("seen", ""):
            # The text was changed after the boxes were ticked: they may name other words now.
            return cards.click(self._draft_card(text, found, "changed"))
        ticked = {int(value) for value in self.event.form.get(cards.FINDINGS, ()) if _NUMBER.fullmatch(value)}
        words = revised(found, ticked, set(self.event.form.get(cards.MISSING, ())))
        whole = await self._around(words, text) if self.addon.read_drafts else None
        return cards.insert_body(as_html(words) if whole is None else whole)

    async def _around(self, words: str, text: str) -> str | None:
        """The saved draft with the user's own words put anew, its signature and quoted tail kept.

        None when there is none that holds this text (a compose event need not tell the thread, and
        another draft's tail has no place here), or no one place in it for the words.
        """
        try:
            draft = await self._draft()
        except MailError:
            return None
        if draft is None or cards.stamp(draft.own) != cards.stamp(text):
            return None
        markup = draft.message.document.is_html
        whole = draft.rewritten(as_html(words) if markup else words)
        return whole if whole is None or markup else as_html(whole)

    async def add(self) -> Answer:
        """Put the hold that the button names into the user's calendar."""
        if not self.addon.calendar:
            return await self._again("failed")
        if not self.event.granted(google.EVENTS, google.FREE_BUSY):
            return cards.ask_scopes((google.EVENTS, google.FREE_BUSY))
        hold = given.hold(self.event, self.language, self.engine.guidance)
        calendar = self._calendar()
        if hold is None or calendar is None:
            return await self._again("failed")
        try:
            entered = await place.enter(calendar, hold, Marked(), now=self.now, hours=self.hours)
        except MoreConsent as missing:
            return cards.ask_scopes(missing.scopes)
        except CalendarError:
            return await self._again("failed")
        return await self._again("moved" if entered.moved else "added" if entered.created else "stood")

    async def undo(self) -> Answer:
        if not self.addon.calendar:
            return await self._again("failed")
        calendar = self._calendar()
        if calendar is None:
            return cards.ask_scopes((google.EVENTS, google.FREE_BUSY))
        try:
            with suppress(Gone):
                await calendar.delete(self.event.parameters.get("event", ""))
        except MoreConsent as missing:
            return cards.ask_scopes(missing.scopes)
        except CalendarError:
            return await self._again("failed")
        return await self._again("undone")

    async def reply(self) -> Answer:
        """Start a reply with a skeleton of what the message calls for."""
        if not self.event.granted(REPLY):
            return cards.ask_scopes((REPLY,))

        async def start() -> Answer:
            mailbox = self._mailbox()
            letter = await mailbox.message(self.event.message_id or "")
            request = self._request(Message("incoming", letter.document))
            text = await self.service.aside(lambda: self.engine.skeleton(request))
            draft, thread = await mailbox.reply(letter, text or "")
            return cards.open_draft(draft, thread)

        return await self._guarded(start, cards.click)

    async def settings(self) -> Answer:
        """Keep the language and the working hours that were chosen."""
        notice = "gmail.notice.saved"
        days = [int(day) for day in self.event.form.get(cards.DAYS, ()) if _DAY.fullmatch(day)]
        clock = {"start": self.event.first(cards.START), "end": self.event.first(cards.END)}
        chosen = read({LANGUAGE: self.event.first(cards.LANGUAGE), HOURS: {"days": days, **clock}})
        if chosen.hours is None:
            return cards.click(await self._home(), self._say("gmail.notice.bad-hours"))
        if self.user is None:
            return cards.click(await self._home(), self._say("gmail.notice.not-saved"))

        def change(before: Mapping[str, Any]) -> dict[str, Any]:
            return replace(read(before), language=chosen.language, hours=chosen.hours).written(before)

        try:
            await self.service.store.change_preferences(self.user.key, change, self.now)
        except StoreError:
            notice = "gmail.notice.not-saved"
        await self.prepare()
        return cards.click(await self._home(), self._say(notice))

    async def refresh(self) -> Answer:
        """What was there before: the message when one is open, else the homepage."""
        if self.event.message_id is not None:
            return await self.open()
        return cards.click(await self._home())

    # What they share

    async def _again(self, key: str) -> Answer:
        """The card that was clicked, as things stand now, and a sentence on what became of the click."""
        notice = self._say(f"gmail.notice.{key}")
        if self.event.message_id is not None:
            return await self._told(self._message, lambda card: cards.click(card, notice))
        return cards.click(await self._home(), notice)

    def _say(self, key: str) -> str:
        return strings.say(self.language, key)

    async def _told(self, make: Callable[[], Awaitable[Any]], wrap: Callable[[Any], Answer]) -> Answer:
        async def work() -> Answer:
            return wrap(await make())

        return await self._guarded(work, wrap)

    async def _guarded(self, work: Callable[[], Awaitable[Answer]], wrap: Callable[[Any], Answer]) -> Answer:
        """What fails at Gmail is a card in the user's language."""
        try:
            return await work()
        except MailNeedsScopes as missing:
            if not self.event.granted(*missing.scopes) or self.event.scopes is None:
                return cards.ask_scopes(missing.scopes)
            return wrap(cards.error_card(self.look, "sign-in-expired"))
        except MailSlow:
            return wrap(cards.slow_card(self.look, "refresh"))
        except MailError as error:
            return wrap(cards.error_card(self.look, _SENTENCES.get(error.kind, "unavailable")))

    def _mailbox(self) -> Mailbox:
        event = self.event
        return Mailbox(
            event.user_token or "", event.message_token, Deadline(SECONDS - 1), http=self.accounts.google_http
        )

    def _calendar(self) -> Calendar | None:
        """The user's calendar, None when the add-on may not use it (yet)."""
        token = self.event.user_token
        granted = self.event.granted(google.EVENTS, google.FREE_BUSY)
        if token is None or not granted or not self.addon.calendar:
            return None
        return self.accounts.watch(
            GoogleCalendar(
                token, user=self.user.key if self.user else "", deadline=Deadline(SECONDS - 1),
                http=self.accounts.google_http,
            )
        )  # fmt: skip

    def _state(self) -> cards.CalendarState:
        if not self.addon.calendar:
            return "off"
        return "ready" if self._calendar() is not None else "needs-consent"

    def _request(self, message: Message, context: tuple[Message, ...] = ()) -> Request:
        now = self.now.astimezone(ZoneInfo(self.event.zone))
        return self.wished.applied(Request(message=message, now=now, hours=self.hours, context=context))

    async def _reviewed(self, message: Message, context: tuple[Message, ...] = ()) -> Review:
        request = self._request(message, context)
        return self.wished.noted(await self.service.aside(lambda: self.engine.review(request)))

    async def _message(self) -> Any:
        """The card of the open message."""
        if not self.event.granted(READ):
            raise MailNeedsScopes((READ,))
        if self.service.full:  # before Gmail is asked for anything
            raise Busy
        mailbox = self._mailbox()
        letter = await mailbox.message(self.event.message_id or "")
        earlier = tuple(
            Message(item.direction, item.document) for item in await self._earlier(mailbox, letter)
        )
        found = await self._reviewed(Message(letter.direction, letter.document), earlier)
        holds = propose(
            found, now=self.now, zone=self.event.zone, hours=self.hours,
            words=self.engine.guidance.holds[self.language], sources=self.engine.guidance.hold_sources,
            thread=letter.thread, situations=found.heard,
        )  # fmt: skip
        rows = await self._rows(holds)
        skeleton = letter.direction == "incoming" and found.language in LANGUAGES
        view = cards.MessageView(found, rows, self.engine.guidance, self._state(), skeleton)
        return cards.message_card(self.look, view)

    async def _earlier(self, mailbox: Mailbox, letter: Letter) -> Sequence[Letter]:
        found = await mailbox.thread(self.event.message_id or "")
        return [item for item in found if item.id != letter.id and _before(item, letter)]

    async def _rows(self, holds: Sequence[Hold]) -> tuple[cards.HoldRow, ...]:
        """What stands for the thread, then what is proposed besides; a calendar that fails has nothing."""
        standing: list[Entry] = []
        calendar = self._calendar()
        if calendar is not None and holds:
            with suppress(CalendarError):
                found = await calendar.of_thread(holds[0].thread)
                standing = [e for e in found if e.kind in KINDS and not slots.over(e.end, self.now)]
        wanted = [h for h in holds if not any(place.stands_for(e, h, self.now) for e in standing)]
        return (*map(self._row, standing), *map(cards.HoldRow, wanted))

    def _row(self, entry: Entry) -> cards.HoldRow:
        return given.row(entry, self.language, self.engine.guidance, self.event.zone)

    async def _home(self) -> Any:
        rows: tuple[cards.HoldRow, ...] = ()
        calendar = self._calendar()
        if calendar is not None:
            with suppress(CalendarError):
                found = await calendar.ours(self.now, self.now + _WEEK)
                rows = tuple(self._row(entry) for entry in found if entry.kind in KINDS)
        chosen = self.language if self.language != (self.event.language or "en") else None
        view = cards.HomeView(rows, chosen, self.hours, self._state())
        return cards.home_card(self.look, view)

    async def _compose_start(self) -> Any:
        """The compose card, with the draft where the deployment reads it."""
        if self.addon.read_drafts and self.event.granted(DRAFTS):
            draft = None
            with suppress(MailError):
                draft = await self._draft()
            if draft is not None and draft.own:
                found = await self._reviewed(Message("outgoing", read_text(draft.own)))
                return self._draft_card(draft.own, found, "from-draft")
            return self._draft_card("", note="no-draft")
        return self._draft_card("")

    async def _draft(self) -> Draft | None:
        return await self._mailbox().draft(self.event.thread_id)


def _before(item: Letter, letter: Letter) -> bool:
    return item.sent_at is None or letter.sent_at is None or item.sent_at < letter.sent_at
