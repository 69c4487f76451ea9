"""The report as one HTML file that needs nothing else: no script, no font, no address it would ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import app
from app import strings
from app.guidance.schema import Guidance, Guideline
from app.report.figures import LEAST, Group, Habit, Report, Span, Unit
from app.templating import environment
from app.tone.types import DIMENSIONS, Language

_HERE = Path(__file__).parent
# The guideline pages' style comes first: a report looks like what it speaks of.
_STYLES = (Path(app.__file__).parent / "web" / "pages.css", _HERE / "templates" / "report.css")
_environment = environment(_HERE / "templates")


@dataclass(frozen=True)
class Bar:
    """A row of a plot. `share` (0-1) is the bar's length, `value` what stands beside it."""

    label: str
    share: float
    value: str
    detail: str = ""
    tone: str = ""
    columns: Sequence[Column] = ()


@dataclass(frozen=True)
class Column:
    """A span of time in a plot; `width` is in periods."""

    label: str
    share: float
    value: str
    count: str
    width: int


class Page:
    """Words and figures in one language."""

    def __init__(self, guidance: Guidance, language: Language) -> None:
        self._guidance = guidance
        self._language = language

    def render(self, report: Report, made: dt.date) -> str:
        """The HTML of the page. `made` is the day that it says it was made on."""
        # All courses have one scale, so that the eye may compare them.
        shares = [
            count / span.tally.count
            for habit in (*report.flagged, *report.missing)
            for span, count in habit.course
        ]
        return _environment.get_template("report.html").render(
            language=self._language,
            direction=strings.direction(self._language),
            style="".join(path.read_text("utf-8") for path in _STYLES),
            say=lambda key, **values: strings.say(self._language, key, **values),
            least=LEAST,
            peak=max(shares, default=1.0),
            made=self._day(made),
            count=self._number(report.all.count),
            average=report.all.average,
            bands=self._bands(report),
            dimensions=self._dimensions(report),
            flagged=[self._habit(habit, report.unit) for habit in report.flagged],
            missing=[self._habit(habit, report.unit) for habit in report.missing],
            rare=self._rare(report),
            languages=self._languages(report),
            spans=[self._score_column(span, report.unit) for span in report.spans],
            undated=self._number(report.undated) if report.undated else "",
        )

    def _number(self, number: int) -> str:
        """Digits in threes, from five of them on."""
        return self._threes(number) if number >= 10_000 else str(number)

    def _threes(self, number: int) -> str:
        thousands, rest = divmod(number, 1000)
        if not thousands:
            return str(rest)
        told = self._threes(thousands)
        return strings.say(self._language, "report.number", thousands=told, rest=f"{rest:03}")

    def _percent(self, share: float) -> str:
        # A share that is not all of it is not told as all of it.
        told = min(round(share * 100), 99) if share < 1 else 100
        return strings.say(self._language, "report.percent", share=max(told, 1))

    def _word(self, key: str) -> str:
        return strings.say(self._language, f"word.{key}")

    def _bands(self, report: Report) -> list[Bar]:
        bars = []
        for group in report.bands:
            share = group.tally.count / report.all.count
            tone = group.names[0] if len(group.names) == 1 else ""
            bars.append(Bar(self._names(group, "band"), share, self._percent(share), tone=tone))
        return bars

    def _names(self, group: Group, kind: str) -> str:
        *names, last = (self._word(f"{kind}.{name}") for name in group.names)
        if not names:
            return last
        first = reduce(lambda a, b: strings.say(self._language, "report.list", first=a, last=b), names)
        return strings.say(self._language, "report.pair", first=first, last=last)

    def _dimensions(self, report: Report) -> list[Bar]:
        sums, count = report.all.dimensions, report.all.count
        means = [(name, sums[name] / count) for name in DIMENSIONS if name in sums]
        return [Bar(self._word(f"dimension.{name}"), mean / 100, str(round(mean))) for name, mean in means]

    def _languages(self, report: Report) -> list[Bar]:
        return [
            Bar(
                self._names(group, "language"),
                group.tally.average / 100,
                str(group.tally.average),
                detail=strings.say(
                    self._language, "report.mails-counted", count=self._number(group.tally.count)
                ),
            )
            for group in report.languages
        ]

    def _habit(self, habit: Habit, unit: Unit) -> Bar:
        known = self._guidance.guidelines.get(habit.guideline)
        value = self._percent(habit.share)
        if habit.count is None:
            value = strings.say(self._language, "report.nearly-all")
        columns = [
            Column(
                self._span(span, unit),
                count / span.tally.count,
                self._percent(count / span.tally.count),
                self._number(span.tally.count),
                span.periods,
            )
            for span, count in habit.course
        ]
        title, detail = habit.guideline, ""
        if known is not None:  # else the house has taken it back since
            words = known.wording(self._language)
            title, detail = words.title, words.advice
        return Bar(title, habit.share, value, detail, columns=columns)

    def _score_column(self, span: Span, unit: Unit) -> Column:
        average = span.tally.average
        count = self._number(span.tally.count)
        return Column(self._span(span, unit), average / 100, str(average), count, span.periods)

    def _rare(self, report: Report) -> list[str]:
        """The titles of what came up in too few mails, or in none: which of both is not told."""
        told = {habit.guideline for habit in (*report.flagged, *report.missing)}
        groups: tuple[Sequence[Guideline], ...] = (self._guidance.avoid, self._guidance.include)
        return [
            guideline.wording(self._language).title
            for group in groups
            for guideline in group
            if guideline.id not in told and not guideline.muted
        ]

    def _day(self, day: dt.date) -> str:
        number = self._words("date.first") if day.day == 1 else str(day.day)
        month = self._words(f"date.month.{day.month}")
        return strings.say(self._language, "report.day", day=number, month=month, year=day.year)

    def _words(self, key: str) -> str:
        return strings.say(self._language, f"gmail.{key}")

    def _moment(self, day: dt.date, unit: Unit) -> str:
        if unit == "week":
            return self._day(day)
        if unit == "year":
            return str(day.year)
        month = self._words(f"date.month.{day.month}")
        return strings.say(self._language, "report.month", month=month, year=day.year)

    def _span(self, span: Span, unit: Unit) -> str:
        first, last = (self._moment(day, unit) for day in (span.first, span.last))
        return first if first == last else f"{first} – {last}"
