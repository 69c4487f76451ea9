"""The homepage: what the add-on does, this week's open holds, settings, privacy."""

from __future__ import annotations

import datetime as dt

from app import strings
from app.gmail.card_parts import footing, hold_widgets
from app.gmail.views import HomeView, Look
from app.gmail.widgets import (
    Card,
    Widget,
    action,
    button,
    buttons,
    card,
    paragraph,
    section,
    selection,
)
from app.gmail.wording import Words
from app.tone.types import LANGUAGES

LANGUAGE, DAYS, START, END = "language", "days", "start", "end"
"""Names of the inputs: a language or `OWN`; days as "0" (Monday) to "6"; times as "HH:MM"."""
OWN = "auto"
"""The language is to be Gmail's own."""

_STEP = 30
_MIDNIGHT = dt.time(0)


def home_card(look: Look, view: HomeView) -> Card:
    """The card that is shown where no message is open. Raises ValueError when the look's zone is unknown."""
    words = Words(look)
    what = [words.html(f"gmail.home.{key}") for key in ("message", "compose", "holds")]
    return card(
        "home",
        words.say("ui.title"),
        words.say("ui.tagline"),
        section([paragraph(line) for line in what], words.say("gmail.home.what")),
        section(_holds(view, words), words.say("gmail.home.week")),
        section(_settings(view, words), words.say("gmail.home.settings")),
        section([paragraph(words.html("gmail.home.private"))], words.say("gmail.home.privacy")),
        footing([], words),
    )


def _holds(view: HomeView, words: Words) -> list[Widget]:
    if view.calendar == "off":
        return []
    rows = hold_widgets(view.open_holds, view.calendar, words)
    return rows or [paragraph(words.html("gmail.home.no-holds"))]


def _settings(view: HomeView, words: Words) -> list[Widget]:
    hours = view.hours
    languages = [(OWN, words.say("gmail.home.own-language"), view.language is None)]
    languages += [(code, strings.OWN_NAMES[code], view.language == code) for code in LANGUAGES]
    days = [(str(day), words.heading(words.weekday(day)), day in hours.days) for day in _week(hours.days)]
    return [
        selection(LANGUAGE, "DROPDOWN", words.say("ui.interface-language"), languages),
        selection(DAYS, "CHECK_BOX", words.say("gmail.home.days"), days),
        selection(START, "DROPDOWN", words.say("gmail.home.start"), _times(hours.start)),
        selection(END, "DROPDOWN", words.say("gmail.home.end"), _times(hours.end)),
        buttons(button(words.say("gmail.home.save"), action(words.look.action_url, "settings", keep=True))),
    ]


def _week(days: frozenset[int]) -> list[int]:
    """The days of the week from the first working day after the days off on."""
    starts = [day for day in range(7) if day in days and (day - 1) % 7 not in days]
    first = starts[0] if len(starts) == 1 else 0
    return [(first + ahead) % 7 for ahead in range(7)]


def _times(chosen: dt.time) -> list[tuple[str, str, bool]]:
    """Every half hour of the day, and the chosen time where it is none of them."""
    grid = {dt.time(minutes // 60, minutes % 60) for minutes in range(0, 24 * 60, _STEP)}
    chosen = chosen.replace(second=0, microsecond=0)
    return [(f"{time:%H:%M}", f"{time:%H:%M}", time == chosen) for time in sorted(grid | {chosen})]
