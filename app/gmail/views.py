"""What the cards are asked to show: plain values, no vendor's types and nothing of the request."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from app.guidance.schema import Guidance
from app.holds.propose import Hold
from app.tone.types import Language, Review
from app.tone.week import WorkingHours

CalendarState = Literal["ready", "needs-consent", "off"]


@dataclass(frozen=True)
class Look:
    """How cards are worded and where they lead.

    Clicks go to `action_url`, links begin with `base_url` (without a slash at its end). `zone` is
    the user's, an IANA name: times are shown in it. `today` is the user's date; where it is known,
    dates of other years carry their year.
    """

    language: Language
    action_url: str
    base_url: str
    zone: str
    today: dt.date | None = None


@dataclass(frozen=True)
class HoldRow:
    """A hold and how it stands. `url` opens its event, `undo` is the event's id."""

    hold: Hold
    state: Literal["proposed", "added", "undone", "failed"] = "proposed"
    url: str | None = None
    undo: str | None = None
    moved: bool = False
    clash: bool = False


@dataclass(frozen=True)
class MessageView:
    """An open message. `skeleton`: a reply can be started from one."""

    review: Review
    holds: tuple[HoldRow, ...]
    guidance: Guidance
    calendar: CalendarState
    skeleton: bool


@dataclass(frozen=True)
class ComposeView:
    """A draft. `text` fills the input; `review`, when there is one, is of that text.

    `ticked` are places in `review.findings`, `inserted` guidelines of missing elements; None: all that
    can be. `can_insert`: there is a draft that text can be put into. `note` is a key of
    `gmail.note`.
    """

    text: str
    review: Review | None
    ticked: frozenset[int] | None
    guidance: Guidance
    can_insert: bool
    note: str | None = None
    inserted: frozenset[str] | None = None


@dataclass(frozen=True)
class HomeView:
    """The homepage. `language` is the one that was chosen, None for Gmail's own."""

    open_holds: tuple[HoldRow, ...]
    language: Language | None
    hours: WorkingHours
    calendar: CalendarState
