"""Parts that more than one card has: holds, advice, dates, the score, notes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from app.gmail.views import CalendarState, HoldRow
from app.gmail.widgets import (
    Button,
    Html,
    Section,
    Widget,
    action,
    bold,
    button,
    decorated,
    escape,
    foreign,
    lines,
    link,
    paragraph,
    section,
)
from app.gmail.wording import QUOTED, Words
from app.guidance.schema import Guidance
from app.tone.types import DIMENSIONS, DateMention, Review, Score

# Together these stay well below what a card may hold (`widgets.MOST_WIDGETS`).
MOST_HOLDS = 20
MOST_ADVICE = 12
MOST_DATES = 10
_MOST_VALUE = 40
_MOST_POINT = 600
_MOST_POINTS = 12
_ADVICE_SHOWN = 2

T = TypeVar("T")


def capped(items: Sequence[T], most: int, row: Callable[[T], Widget], words: Words) -> list[Widget]:
    """A widget an item, at most `most`, and a line that says how many are left out."""
    rows = [row(item) for item in items[:most]]
    return [*rows, paragraph(words.left_out(len(items) - most))] if len(items) > most else rows


def title_and_text(title: str, text: str) -> Html:
    return lines(bold(escape(title)), escape(text))


def hold_widgets(rows: Sequence[HoldRow], calendar: CalendarState, words: Words) -> list[Widget]:
    """A row a hold: what it is, its day and time, and what can be done with it."""
    if not rows:
        return []
    found = capped(rows, MOST_HOLDS, lambda row: _hold(row, calendar, words), words)
    if calendar == "needs-consent" and all(row.state != "added" for row in rows):
        found.append(paragraph(words.html("gmail.hold.consent")))
    return found


def _hold(row: HoldRow, calendar: CalendarState, words: Words) -> Widget:
    hold = row.hold
    # Of an event in the calendar the title may be the user's own.
    title = foreign(hold.title, QUOTED)
    said = [bold(escape(title)), escape(words.heading(words.when(hold.start, hold.end)))]
    if row.state == "added":
        done = words.html("gmail.hold.added")
        said.append(Html(f"{done} {link(words.html('gmail.hold.open'), row.url)}") if row.url else done)
    elif row.state == "undone":
        said.append(words.html("gmail.hold.undone"))
    elif row.state == "failed":
        said.append(words.html("gmail.hold.failed"))
    if row.moved:
        said.append(words.html("gmail.hold.moved"))
    if row.clash:
        said.append(words.html("gmail.hold.clash"))
    return decorated(
        lines(*said),
        bottom="" if row.state == "added" else hold.reason,
        icon=("INVITE", words.say("ui.holds")),
        button=_hold_button(row, calendar, words, title),
    )


def _hold_button(row: HoldRow, calendar: CalendarState, words: Words, title: str) -> Button | None:
    if calendar == "off":
        return None
    named = {"hold": row.hold.id, "kind": row.hold.kind}
    if row.state != "added":
        do, label = "add", words.say("gmail.hold.add")
        # Enough to make the event without reading the mail again; its title is the guidance's.
        times = {"start": row.hold.start.isoformat(), "end": row.hold.end.isoformat()}
        named |= {**times, "thread": row.hold.thread}
    elif row.undo is not None:
        do, label = "undo", words.say("ui.undo")
        named["event"] = row.undo
    else:
        return None
    return button(label, action(words.look.action_url, do, named), says=f"{label}: {title}")


def date_widgets(mentions: Sequence[DateMention], review: Review, words: Words) -> list[Widget]:
    """A row a date that the message names, with the words that name it."""

    def row(mention: DateMention) -> Widget:
        return decorated(
            lines(
                bold(escape(words.heading(words.mention(mention)))),
                escape(words.cited(review, mention.span)),
            ),
            icon=("CLOCK", words.say("gmail.date.icon")),
        )

    return capped(mentions, MOST_DATES, row, words)


def advice_widgets(
    review: Review, guidance: Guidance, words: Words, *, without: Collection[str] = ()
) -> list[Widget]:
    """A row a piece of advice, most urgent first, with its source."""
    given = [advice for advice in review.advice if advice.id not in without]

    def row(index: int) -> Widget:
        advice = given[index]
        wording = guidance.advice[words.language][advice.id]
        values = {name: foreign(value, _MOST_VALUE) for name, value in advice.values.items()}
        text = wording.text.format_map(values) if values else wording.text
        source = words.source(guidance, guidance.advice_sources[advice.id])
        return decorated(title_and_text(wording.title, text), bottom=source)

    return capped(range(len(given)), MOST_ADVICE, row, words)


def advice_section(review: Review, guidance: Guidance, words: Words) -> list[Section]:
    widgets = advice_widgets(review, guidance, words)
    return section(widgets, words.say("ui.advice"), shown=_ADVICE_SHOWN)


def call_section(review: Review, words: Words) -> list[Section]:
    """What to say in the call and on the voicemail, behind "show more". It may quote the draft."""
    brief = review.call_brief
    if brief is None:
        return []
    points = [
        escape(f"{number}. {foreign(point, _MOST_POINT)}")
        for number, point in enumerate(brief.talking_points, start=1)
    ]
    said = points[:_MOST_POINTS]
    if len(points) > len(said):
        said.append(words.left_out(len(points) - len(said)))
    voicemail = escape(foreign(brief.voicemail, _MOST_POINT))
    widgets = [paragraph(lines(*said))] if said else []
    if voicemail:
        widgets.append(paragraph(lines(bold(words.html("ui.voicemail")), voicemail)))
    return section(widgets, words.say("ui.brief"), shown=0)


def score_widgets(score: Score, words: Words) -> list[Widget]:
    """The score with its band, and how each dimension fares."""
    whole = words.own(f"{score.overall:.0f}")
    band = words.say(f"word.band.{score.band}")
    dimensions = [
        escape(f"{words.say(f'word.dimension.{name}')} · {words.own(f'{score.dimensions[name]:.0f}')}")
        for name in DIMENSIONS
        if name in score.dimensions
    ]
    widgets = [
        decorated(
            bold(words.html("gmail.score", score=whole, band=band)),
            top=words.say("ui.score"),
            icon=("STAR", words.say("ui.score")),
        )
    ]
    return [*widgets, paragraph(lines(*dimensions))] if dimensions else widgets


def notes(
    review: Review, words: Words, *, only: Collection[str] | None = None, without: Collection[str] = ()
) -> list[Html]:
    """What was left out of the review and why, a line each: all codes, or `only` some, `without` others."""
    return [
        words.html(
            f"note.{note.code}",
            **{name: foreign(str(value), _MOST_VALUE) for name, value in note.values.items()},
        )
        for note in review.notes
        if (only is None or note.code in only) and note.code not in without
    ]


def footing(said: Sequence[Html], words: Words) -> list[Section]:
    """What closes a card: notes, and the way to the guidelines."""
    url = f"{words.look.base_url}/guidelines?lang={words.language}"
    all_of_them = link(words.html("web.all"), url)
    return section([paragraph(lines(*said, all_of_them))])
