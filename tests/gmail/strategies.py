"""Random views for cards: reviews that no mail has, made of words that break things."""

from __future__ import annotations

import dataclasses
import datetime as dt
from functools import cache

from hypothesis import strategies as st

from app.gmail.cards import CalendarState, ComposeView, HoldRow, HomeView, Look, MessageView
from app.guidance.schema import Guidance, load
from app.holds.propose import KINDS, Hold
from app.tone.types import (
    DIMENSIONS,
    INCOMING_SITUATIONS,
    LANGUAGES,
    SITUATIONS,
    TEMPERATURES,
    Advice,
    CallBrief,
    DateMention,
    Document,
    Element,
    Finding,
    Insert,
    Note,
    Review,
    Score,
    Segment,
    Span,
)
from app.tone.week import WorkingHours

URL = "https://addon.example.com/gmail"
BASE = "https://addon.example.com"
EVENT_URL = "https://www.google.com/calendar/event?eid=abc&ctz=UTC"
ZONES = ("UTC", "Europe/Paris", "Africa/Cairo", "Europe/Istanbul", "Asia/Kathmandu", "America/St_Johns")
MARK = "Quokkaword"
"""Stands in every text that comes from a mail, so that tests can look for it where it must not be."""

ODD = (
    "<b>", "</b>", "<script>alert(1)</script>", "&", "&amp;", "&lt;b&gt;", "&#60;", "&#x3c", '"', "'",
    "<!--", "]]>", "<a href='https://evil.example/?a=1&b=2'>here</a>", "<", ">", "\u202e", "\u202b",
    "\u2066", "\u2067", "\u2069", "\u2069\u2069", "\u200f", "\ud800", "\udc00", "\x00", "\x1b[31m", "\x85",
    "\u2028", "\ufeff", "\r\n", "\n\n", "\t", "{words}", "{0}", "%s", "İ", "ß", "e\u0301",
    "\U0001f469\u200d\U0001f4bb", "مرحبا", "سيتأخّر", "Çok geç", "déjà", MARK,
)  # fmt: skip

NOTES = (
    Note("text-too-short"), Note("placeholders-to-fill"), Note("attachments-ignored", {"count": 3}),
    Note("charset-guessed", {"charset": "<b>\u202ex-odd & co"}), Note("too-long"), Note("signature-skipped"),
    Note("language-not-covered"),
)  # fmt: skip


class _Known(Guidance):
    """The guidance, which is too long to be printed with every example."""

    def __repr__(self) -> str:
        return "guidance()"


@cache
def guidance() -> Guidance:
    loaded = load()
    return _Known(**{field.name: getattr(loaded, field.name) for field in dataclasses.fields(loaded)})


mail_text = st.builds(
    lambda parts, many: " ".join(parts) * many,
    st.lists(st.sampled_from(ODD) | st.text(max_size=8), max_size=8),
    st.sampled_from((1, 1, 1, 40)),
)
days = st.dates(dt.date(2020, 1, 1), dt.date(2035, 12, 31))
moments = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1), timezones=st.just(dt.UTC))
clocks = st.times().map(lambda time: time.replace(second=0, microsecond=0))
looks = st.builds(
    Look, st.sampled_from(LANGUAGES), st.just(URL), st.just(BASE), st.sampled_from(ZONES), st.none() | days
)
# Lists as long as a mail can make them cost little when what is in them repeats.
often = st.sampled_from((0, 1, 1, 2, 5, 13, 60))


@st.composite
def spans(draw: st.DrawFn, length: int) -> Span:
    start = draw(st.integers(0, length))
    return Span(start, draw(st.integers(start, length)))


@st.composite
def findings(draw: st.DrawFn, length: int) -> Finding:
    guideline = draw(st.sampled_from(guidance().avoid))
    return Finding(
        guideline.id,
        draw(spans(length)),
        draw(st.floats(0, 1)),
        draw(st.sampled_from(("default", "no-such-reason", *guideline.wording("en").reasons))),
        replacements=tuple(draw(st.lists(st.just("") | mail_text, max_size=2))),
    )


@st.composite
def elements(draw: st.DrawFn, length: int) -> Element:
    insert = draw(st.none() | st.builds(Insert, st.integers(0, length), mail_text))
    identity = draw(st.sampled_from(guidance().include)).id
    return Element(identity, draw(st.sampled_from(("present", "missing"))), draw(spans(length)), insert)


@st.composite
def reviews(draw: st.DrawFn) -> Review:
    text = draw(mail_text)
    length = len(text)
    incoming = draw(st.booleans())
    mentions = st.builds(DateMention, spans(length), days, st.none() | clocks)
    known = st.sampled_from(tuple(guidance().advice_sources))
    value = {name: draw(mail_text) for name in ("amount", "value", "share")}
    missing = draw(st.lists(elements(length), max_size=3))
    return Review(
        document=Document(text, (Segment("body", Span(0, length)),), text),
        language=draw(st.sampled_from((*LANGUAGES, "und"))),
        direction="incoming" if incoming else "outgoing",
        score=draw(
            st.none()
            | st.builds(
                Score,
                st.floats(0, 100),
                st.dictionaries(st.sampled_from(DIMENSIONS), st.floats(0, 100)),
                st.sampled_from(("good", "mixed", "poor")),
            )
        ),
        situation=draw(st.none() | st.sampled_from(SITUATIONS)),
        situations=tuple(draw(st.lists(st.sampled_from(INCOMING_SITUATIONS), max_size=12))),
        politeness=draw(st.floats(0, 100)),
        temperature=draw(st.none() | st.sampled_from(TEMPERATURES)),
        reply_channel=draw(st.sampled_from(("email", "call"))),
        findings=tuple(draw(st.lists(findings(length), max_size=4))) * draw(often),
        # An act stands once in a review; a house may have many.
        elements=tuple({element.guideline: element for element in missing}.values()),
        commitments=tuple(draw(st.lists(mentions, max_size=2))) * draw(often),
        deadlines=tuple(draw(st.lists(mentions, max_size=2))) * draw(often),
        advice=tuple(Advice(name, value) for name in draw(st.lists(known, max_size=3))) * draw(often),
        call_brief=draw(
            st.none()
            | st.builds(CallBrief, st.lists(mail_text, max_size=20).map(tuple), mail_text, mail_text)
        ),
        notes=tuple(draw(st.lists(st.sampled_from(NOTES), max_size=7))),
        revised=draw(st.none() | mail_text),
        heard=(),
    )


@st.composite
def holds(draw: st.DrawFn) -> HoldRow:
    kind = draw(st.sampled_from(KINDS))
    identity = draw(st.text("0123456789abcdef", min_size=32, max_size=32))
    all_day = draw(st.booleans())
    start: dt.datetime | dt.date = draw(days)
    end = start + dt.timedelta(days=1)
    if not all_day:
        start = draw(
            st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1), timezones=st.just(dt.UTC))
        )
        end = start + dt.timedelta(minutes=30)
    # In the calendar the user may give an event any title.
    hold = Hold(
        identity, kind, draw(mail_text), start, end, all_day, "Europe/Paris", "Why.", (), identity[:8]
    )
    return HoldRow(
        hold,
        draw(st.sampled_from(("proposed", "added", "undone", "failed"))),
        draw(
            st.sampled_from(
                (None, "https://www.google.com/calendar/event?eid=abc&ctz=UTC", "javascript:alert(1)")
            )
        ),
        draw(st.none() | st.just("icovhfbo6naa60v2ma7fb672119u8ci8")),
        draw(st.booleans()),
        draw(st.booleans()),
    )


calendars: st.SearchStrategy[CalendarState] = st.sampled_from(("ready", "needs-consent", "off"))
rows = st.builds(lambda made, many: tuple(made) * many, st.lists(holds(), max_size=2), often)
indices = st.none() | st.frozensets(st.integers(0, 70))
messages = st.builds(MessageView, reviews(), rows, st.builds(guidance), calendars, st.booleans())
drafts = st.builds(
    ComposeView,
    mail_text,
    st.none() | reviews(),
    indices,
    st.builds(guidance),
    st.booleans(),
    st.sampled_from((None, "empty", "changed", "slow", "failed", "no-draft", "from-draft")),
    st.none() | st.frozensets(st.sampled_from(("sincere-apology", "offer-to-talk"))),
)
hours = st.builds(
    lambda days, times: WorkingHours(days, *sorted(times)),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.lists(clocks, min_size=2, max_size=2, unique=True),
)
homes = st.builds(HomeView, rows, st.none() | st.sampled_from(LANGUAGES), hours, calendars)
