"""Figures of many reviews, none of which stands for fewer than five mails.

Groups that are too small are put together with their neighbours instead of being left out: what is left out
could be worked out from the sum of all (complementary disclosure; see docs/decisions/0014).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from app.report.rows import Row
from app.tone.types import Band

LEAST = 5
"""Mails in the smallest group that is shown."""

BANDS: tuple[Band, ...] = ("good", "mixed", "poor")
_MOST_WEEKS = 26
_MOST_MONTHS = 36
_OLDEST = dt.date(1995, 1, 1)  # what is dated before has a broken clock

Unit = Literal["week", "month", "year"]


@dataclass
class Tally:
    """Sums over mails."""

    count: int = 0
    score: float = 0.0
    bands: Counter[str] = field(default_factory=Counter)
    dimensions: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)

    def add(self, row: Row) -> None:
        self.count += 1
        self.score += row.score
        self.bands[row.band] += 1
        for name, value in row.dimensions.items():
            self.dimensions[name] += value  # type: ignore[assignment] # sums of figures, not counts
        self.flagged.update(row.flagged)
        self.missing.update(row.missing)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.count + other.count,
            self.score + other.score,
            self.bands + other.bands,
            self.dimensions + other.dimensions,
            self.flagged + other.flagged,
            self.missing + other.missing,
        )

    @property
    def average(self) -> int:
        """The mean score, 0-100, in whole points: more of it would tell of single mails."""
        return round(self.score / self.count)


def total(tallies: Iterable[Tally]) -> Tally:
    return sum(tallies, start=Tally())


@dataclass(frozen=True)
class Group:
    """Neighbouring groups put together: the names from the first to the last, and their sum."""

    names: tuple[str, ...]
    tally: Tally


def merged(groups: Sequence[tuple[str, Tally]], enough: Callable[[Tally], bool]) -> list[Group]:
    """As many groups as there can be, each of neighbours, so that each holds enough.

    One group of all when all of them together are not enough.
    """
    done: list[Group] = []
    names: tuple[str, ...] = ()
    open_sum = Tally()
    for name, tally in groups:
        names, open_sum = (*names, name), open_sum + tally
        if enough(open_sum):
            done.append(Group(names, open_sum))
            names, open_sum = (), Tally()
    if names and done:
        last = done.pop()
        done.append(Group(last.names + names, last.tally + open_sum))
    elif names:
        done.append(Group(names, open_sum))
    return done


@dataclass(frozen=True)
class Span:
    """Days from `first` to `last`; `periods` weeks, months or years of them."""

    first: dt.date
    last: dt.date
    periods: int
    tally: Tally


@dataclass(frozen=True)
class Habit:
    """In how many mails a guideline came up. None: in all but fewer than five, or in all."""

    guideline: str
    count: int | None
    of: int
    course: list[tuple[Span, int]]  # in how many of each span; empty where there is but one

    @property
    def share(self) -> float:
        """0-1."""
        return 1.0 if self.count is None else self.count / self.of


@dataclass(frozen=True)
class Report:
    all: Tally
    bands: list[Group]
    languages: list[Group]
    unit: Unit
    spans: list[Span]
    undated: int
    flagged: list[Habit]
    missing: list[Habit]


class TooFewError(ValueError):
    """There are not as many mails as the smallest group has."""


class Cells:
    """Reviews by day and language: what a report is made of. A review that comes twice counts once."""

    def __init__(self, today: dt.date) -> None:
        self._newest = today + dt.timedelta(days=2)  # the earth's zones, and a clock that is a little off
        self._seen: set[str] = set()
        self._cells: dict[tuple[dt.date | None, str], Tally] = {}

    def add(self, row: Row) -> None:
        if row.id is not None:
            if row.id in self._seen:
                return
            self._seen.add(row.id)
        day = row.day if row.day and _OLDEST <= row.day <= self._newest else None
        self._cells.setdefault((day, row.language), Tally()).add(row)

    def report(self) -> Report:
        """The figures. Raises TooFewError."""
        cells = self._cells
        undated = total(tally for (day, _), tally in cells.items() if day is None)
        dated = {key: tally for key, tally in cells.items() if key[0] is not None}
        if dated and undated.count < LEAST:  # else they are what all have and the spans lack
            cells, undated = dated, Tally()
        everything = total(cells.values())
        if everything.count < LEAST:
            raise TooFewError
        days = _by_day(dated)
        if total(days.values()).count < LEAST:
            days, undated = {}, Tally()
        unit = _unit(days)
        periods = _periods(days, unit)
        return Report(
            all=everything,
            bands=_bands(everything),
            languages=_languages(cells),
            unit=unit,
            spans=_spans(periods, unit, lambda tally: tally.count >= LEAST),
            undated=undated.count,
            flagged=_habits(everything, undated, periods, unit, "flagged"),
            missing=_habits(everything, undated, periods, unit, "missing"),
        )


def _by_day(cells: Mapping[tuple[dt.date | None, str], Tally]) -> dict[dt.date, Tally]:
    days: dict[dt.date, Tally] = {}
    for (day, _), tally in cells.items():
        if day is not None:
            days[day] = days.get(day, Tally()) + tally
    return days


def _bands(everything: Tally) -> list[Group]:
    parts = [(band, Tally(count=everything.bands[band])) for band in BANDS]
    return merged(parts, lambda tally: tally.count >= LEAST)


def _languages(cells: Mapping[tuple[dt.date | None, str], Tally]) -> list[Group]:
    found: dict[str, Tally] = {}
    for (_, language), tally in cells.items():
        found[language] = found.get(language, Tally()) + tally
    # The largest first, so that those put together are the small ones.
    ordered = sorted(found.items(), key=lambda item: (-item[1].count, item[0]))
    return merged(ordered, lambda tally: tally.count >= LEAST)


def _unit(days: Iterable[dt.date]) -> Unit:
    known = sorted(days)
    if not known or (known[-1] - known[0]).days < 7 * _MOST_WEEKS:
        return "week"
    months = (known[-1].year - known[0].year) * 12 + known[-1].month - known[0].month
    return "month" if months < _MOST_MONTHS else "year"


def _start(day: dt.date, unit: Unit) -> dt.date:
    if unit == "week":
        return day - dt.timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day.replace(month=1, day=1)


def _next(start: dt.date, unit: Unit) -> dt.date:
    return _start(start + dt.timedelta(days={"week": 7, "month": 31, "year": 366}[unit]), unit)


def _periods(days: Mapping[dt.date, Tally], unit: Unit) -> list[tuple[str, Tally]]:
    """All weeks, months or years in between by their first day, also those without a mail."""
    found: dict[dt.date, Tally] = {}
    for day, tally in days.items():
        start = _start(day, unit)
        found[start] = found.get(start, Tally()) + tally
    periods = []
    if found:
        start, last = min(found), max(found)
        while start <= last:
            periods.append((start.isoformat(), found.get(start, Tally())))
            start = _next(start, unit)
    return periods


def _spans(periods: Sequence[tuple[str, Tally]], unit: Unit, enough: Callable[[Tally], bool]) -> list[Span]:
    spans = []
    for group in merged(periods, enough):
        first, last = (dt.date.fromisoformat(group.names[index]) for index in (0, -1))
        spans.append(Span(first, _next(last, unit) - dt.timedelta(days=1), len(group.names), group.tally))
    return spans


def _habits(
    everything: Tally,
    undated: Tally,
    periods: Sequence[tuple[str, Tally]],
    unit: Unit,
    kind: Literal["flagged", "missing"],
) -> list[Habit]:
    """The guidelines that came up in enough mails, the most frequent first."""
    habits = []
    counts: Counter[str] = getattr(everything, kind)
    for guideline, count in counts.items():

        def enough(tally: Tally, guideline: str = guideline) -> bool:
            """Neither those with it nor those without it are few."""
            found: int = getattr(tally, kind)[guideline]
            return found >= LEAST and tally.count - found >= LEAST

        if count < LEAST:
            continue
        exact = everything.count - count >= LEAST
        spans = _spans(periods, unit, enough) if exact else []
        if len(spans) < 2 or (undated.count and not enough(undated)):
            spans = []
        course = [(span, getattr(span.tally, kind)[guideline]) for span in spans]
        habits.append(Habit(guideline, count if exact else None, everything.count, course))
    return sorted(habits, key=lambda habit: (-habit.share, habit.guideline))
