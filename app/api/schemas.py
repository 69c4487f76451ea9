"""What callers send: the fields of /v1, checked strictly and turned into the engine's words.

An unknown field is refused: a typo in `explain_in` should not pass unseen. No message of
these models repeats a value.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from app.api.problems import BadField
from app.holds.propose import Hold as Proposal
from app.tone import mail, week
from app.tone.review import Message, Request
from app.tone.text import OffsetEncoding
from app.tone.types import Direction, Document, Language

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
YEARS = range(1970, 2200)
"""Years in which the service counts: calendar arithmetic stays far from the ends of `datetime`."""
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _moment(value: object) -> object:
    """Only RFC 3339 text: Pydantic alone would also take a number for a date."""
    if isinstance(value, dt.datetime):
        return value
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise BadField("date-time")
    return value.upper()


def _in_range(value: dt.datetime) -> dt.datetime:
    if value.tzinfo is None or value.year not in YEARS:
        raise BadField("date-time")
    return value


def _zone(name: str) -> str:
    try:
        week.zone(name)
    except ValueError:
        raise BadField("time-zone") from None
    return name


def single_line(text: str) -> str:
    """A text that will stand in one line of a header or a calendar entry."""
    if _CONTROL.search(text):
        raise BadField("control")
    return text


def _clock(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise BadField("clock")
    return value


Moment = Annotated[dt.datetime, BeforeValidator(_moment), AfterValidator(_in_range)]
ZoneName = Annotated[str, StringConstraints(max_length=100), AfterValidator(_zone)]
Clock = Annotated[dt.time, BeforeValidator(_clock)]
OneLine = Annotated[str, AfterValidator(single_line)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Text(Strict):
    """The words of one message: plain or HTML."""

    text: str | None = Field(
        default=None, description="Plain text. Exactly one of `text` and `html` is given."
    )
    html: str | None = Field(
        default=None, description="The message as HTML. Offsets in the answer refer to this source."
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.text is None) == (self.html is None):
            raise BadField("text-or-html")
        return self

    def read(self, subject: str = "") -> Document:
        if self.html is not None:
            return mail.read_html(self.html, subject)
        return mail.read_text(self.text or "", subject)


class MessageIn(_Text):
    """The message to review."""

    direction: Direction = Field(description="`outgoing`: written by the user; `incoming`: from the client.")
    subject: str = Field(default="", max_length=2000, description="Subject line, if there is one.")
    language: Language | None = Field(default=None, description="Of the message; found out when left off.")


class ContextIn(_Text):
    """An earlier message of the same thread."""

    direction: Direction
    sent_at: Moment | None = Field(default=None, description="When it was sent, RFC 3339 with an offset.")


class AmountIn(Strict):
    amount: Decimal = Field(ge=0, max_digits=15, decimal_places=4, allow_inf_nan=False)
    currency: Annotated[str, StringConstraints(max_length=3)] = Field(description="ISO 4217 code, like EUR.")

    @model_validator(mode="after")
    def _code(self) -> Self:
        if not re.fullmatch(r"[A-Za-z]{3}", self.currency):
            raise BadField("currency", "currency")
        return self


class ClientIn(Strict):
    """What is known of the client; used for the advice whether to concede or persuade."""

    name: Annotated[OneLine, StringConstraints(max_length=200)] | None = None
    annual_value: AmountIn | None = Field(default=None, description="What the account is worth in a year.")


class HoursIn(Strict):
    """The user's working hours, in `time_zone`."""

    days: Annotated[list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]], Field(max_length=7)]
    start: Clock = Field(description="Like 09:00.")
    end: Clock = Field(description="Like 17:30.")

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if not self.days or self.start >= self.end:
            raise BadField("hours")
        return self

    def hours(self) -> week.WorkingHours:
        return week.WorkingHours(frozenset(DAYS.index(day) for day in self.days), self.start, self.end)


def hours_of(given: HoursIn | None, zone_name: str) -> week.WorkingHours:
    """The working hours that were given, else the usual ones of the zone."""
    return given.hours() if given else week.default_hours(zone_name)


class Options(Strict):
    """How to review: the clock, the zone, the languages. The same for JSON and for a raw mail."""

    now: Moment | None = Field(default=None, description="RFC 3339 with offset; default: the server's clock.")
    time_zone: ZoneName = Field(
        default="UTC", description="IANA name (`Europe/Paris`) or Windows name (`Romance Standard Time`)."
    )
    explain_in: Language | None = Field(
        default=None,
        description="Language of messages, titles and reasons; default: Accept-Language, else the message's. "
        "Words that go into the mail are always in the mail's language.",
    )
    offset_encoding: OffsetEncoding = Field(
        default="utf-16", description="What offsets count: JavaScript counts `utf-16`."
    )

    def moment(self) -> dt.datetime:
        """Now, in the user's zone."""
        return (self.now if self.now is not None else dt.datetime.now(dt.UTC)).astimezone(
            week.zone(self.time_zone)
        )


@dataclass(frozen=True)
class Asked:
    """A request to the engine, and text that names its thread ("": its subject does)."""

    request: Request
    thread: str = ""


HoldKind = Literal[
    "commitment",
    "client-call",
    "prepare",
    "check-in",
    "team-retro",
    "cooling-off",
    "peer-review",
    "plan-briefing",
]


class _Timed(Strict):
    start: str = Field(description="RFC 3339 date-time, or a date when `all_day`.")
    end: str = Field(description="RFC 3339 date-time, or the date after the last day when `all_day`.")
    all_day: bool

    @model_validator(mode="after")
    def _times(self) -> Self:
        start, end = self._read(self.start, "start"), self._read(self.end, "end")
        if start > end or (self.all_day and start == end):
            raise BadField("order", "end")
        return self

    def times(self) -> tuple[dt.date, dt.date]:
        """Start and end: date-times, or dates when `all_day`."""
        if self.all_day:
            return dt.date.fromisoformat(self.start), dt.date.fromisoformat(self.end)
        return self._read(self.start, "start"), self._read(self.end, "end")

    def _read(self, value: str, name: str) -> dt.datetime:
        try:
            if self.all_day:
                day = dt.date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else None
                moment = dt.datetime.combine(day, dt.time(), dt.UTC) if day else None
            else:
                moment = dt.datetime.fromisoformat(value.upper()) if _RFC3339.fullmatch(value) else None
        except ValueError:
            moment = None
        if moment is None or moment.year not in YEARS:
            raise BadField("date-or-time", name)
        return moment


class StandingIn(_Timed):
    """A hold of this thread that stands in the user's calendar."""

    event: Annotated[OneLine, StringConstraints(min_length=1, max_length=1024)] = Field(
        description="The event's id; it comes back with the proposal to let it go."
    )
    kind: HoldKind


class ReviewIn(Options):
    """A message to review, with what surrounds it."""

    message: MessageIn
    context: list[ContextIn] = Field(
        default=[], max_length=100, description="Earlier messages of the thread, oldest first."
    )
    client: ClientIn | None = None
    standing: list[StandingIn] = Field(
        default=[],
        max_length=50,
        description="Holds of this thread in the user's calendar: the answer to an incoming message tells "
        "which of them may be let go.",
    )
    working_hours: HoursIn | None = Field(
        default=None,
        description="Default: 09:00 to 17:30, Sunday to Thursday where that is usual, else Monday to Friday.",
    )
    thread: Annotated[str, StringConstraints(max_length=2000)] | None = Field(
        default=None,
        description="Any text that names the conversation, like the provider's id of it: its holds are found "
        "again by it. Default: the subject names it.",
    )
    reply: bool = Field(
        default=False, description="Whether to word a reply to begin with; for incoming messages."
    )

    def ask(self, now: dt.datetime) -> Asked:
        """What the engine is asked. Reading HTML takes time: call this off the event loop."""
        hours = hours_of(self.working_hours, self.time_zone)
        client = self.client
        value = client.annual_value if client else None
        request = Request(
            message=Message(self.message.direction, self.message.read(self.message.subject)),
            context=tuple(Message(item.direction, item.read()) for item in self.context),
            language=self.message.language,
            now=now,
            hours=hours,
            annual_value=(value.amount, value.currency.upper()) if value else None,
            client_name=client.name if client else None,
        )
        # Without a subject the first message tells threads apart; the draft itself changes as one types.
        first = request.context[0].document.source if request.context else ""
        return Asked(request, self.thread or ("" if self.message.subject.strip() else first))


def _plus_lost(value: object) -> object:
    """In a query, "+" means a space: an offset that lost its plus is given it back."""
    return re.sub(r" (\d\d:\d\d)$", r"+\1", value) if isinstance(value, str) else value


class RawOptions(Options):
    """The query of a review of a raw mail (`message/rfc822`)."""

    direction: Direction = Field(
        default="outgoing", description="Whether it is the user's mail or the client's."
    )
    now: Annotated[Moment | None, BeforeValidator(_plus_lost)] = Field(
        default=None, description="RFC 3339 with offset; default: the server's clock."
    )

    def ask(self, raw: bytes, now: dt.datetime) -> Asked:
        """What the engine is asked. Raises NotAMail."""
        envelope, document = mail.read_mail(raw)
        message = Message(self.direction, document)
        request = Request(message=message, now=now, hours=week.default_hours(self.time_zone))
        return Asked(request, envelope.thread_id)


class SourceRef(Strict):
    """A section of one of the articles that the guidance comes from."""

    article: Annotated[OneLine, StringConstraints(max_length=60)] = Field(description="Id of the article.")
    section: Annotated[OneLine, StringConstraints(max_length=60)] = Field(description="Id of the section.")
    title: Annotated[OneLine, StringConstraints(max_length=300)] = Field(
        description="Title of the section, in `explain_in`."
    )
    article_title: Annotated[OneLine, StringConstraints(max_length=300)] = Field(
        default="", description="Title of the article."
    )


class Hold(_Timed):
    """A proposal for the calendar: tentative, and nothing is sent to anyone."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,100}$")] = Field(
        description="The same for the same thread, kind and slot, so that pressing twice makes one event."
    )
    kind: HoldKind
    title: Annotated[OneLine, StringConstraints(min_length=1, max_length=200)]
    time_zone: ZoneName
    reason: Annotated[OneLine, StringConstraints(max_length=1000)] = Field(
        default="", description="Why, in `explain_in`."
    )
    sources: list[SourceRef] = Field(default=[], max_length=10)
    thread: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{32})?$")] = Field(
        default="", description="A digest that finds the holds of this thread again; not its text."
    )

    def proposal(self) -> Proposal:
        """The same hold in the words of `app.holds`."""
        start, end = self.times()
        cited = tuple(f"{source.article}/{source.section}" for source in self.sources)
        where = week.zone(self.time_zone).key
        return Proposal(
            self.id, self.kind, self.title, start, end, self.all_day, where, self.reason, cited, self.thread
        )
