"""Words for cards in the user's language: sentences, days and times, quotations, sources."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from urllib.parse import quote

from app import strings
from app.gmail.views import Look
from app.gmail.widgets import Html, clean, escape, field_text, foreign, isolated, link
from app.guidance.schema import Guidance, Guideline
from app.tone import week
from app.tone.types import DateMention, Review, Span

QUOTED = 120
"""Most code points of a mail that are quoted at once."""
SENTENCE = 300
"""Most code points of a replacement or a sentence to add that are shown."""


def stamp(text: str) -> str:
    """What tells a click on an older text from one on this: 12 hexadecimal digits, not its words.

    How lines end, and spaces around them, do not count: a browser may send those back otherwise than
    they came.
    """
    lines = "\n".join(clean(line) for line in field_text(text).strip().split("\n"))
    return hashlib.sha256(lines.encode("utf-8", "replace")).hexdigest()[:12]


class Words:
    """Says things as one look has them."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.language = look.language

    def say(self, key: str, **values: object) -> str:
        """A sentence of `app.strings`."""
        return strings.say(self.language, key, **values)

    def html(self, key: str, **values: object) -> Html:
        return escape(self.say(key, **values))

    def own(self, value: str) -> str:
        """A time, a number or a name among words of the interface that may run right to left."""
        return isolated(value) if strings.direction(self.language) == "rtl" else value

    def apart(self, sentence: str) -> str:
        """A sentence that may be in another language than the interface's: a house guideline's."""
        return isolated(clean(sentence))

    def date(self, date: dt.date) -> str:
        """A day as it is said: weekday, day and month, and the year when it is another than today's."""
        today = self.look.today
        key = "gmail.date.day" if today is None or today.year == date.year else "gmail.date.day-of-year"
        return self.say(
            key,
            weekday=self.weekday(date.weekday()),
            day=self.say("gmail.date.first") if date.day == 1 else date.day,
            month=self.say(f"gmail.date.month.{date.month}"),
            year=date.year,
        )

    def weekday(self, number: int) -> str:
        """The name of a day of the week, 0 for Monday, as it stands within a sentence."""
        return self.say(f"gmail.date.weekday.{number}")

    def heading(self, text: str) -> str:
        """The same words where they open a line: with a capital."""
        return text[:1].upper() + text[1:]

    def when(self, start: dt.datetime | dt.date, end: dt.datetime | dt.date) -> str:
        """The time of a hold in the user's zone. Raises ValueError for an unknown zone."""
        if not isinstance(start, dt.datetime) or not isinstance(end, dt.datetime):
            return self._timed(start, self.say("ui.all-day"))
        where = week.zone(self.look.zone)
        begins, ends = start.astimezone(where), end.astimezone(where)
        hours = self.say("ui.hours", start=self._clock(begins.time()), end=self._clock(ends.time()))
        # A narrow card would break at the dash.
        return self._timed(begins.date(), hours.replace("–", "\u2060–\u2060"))

    def mention(self, mention: DateMention) -> str:
        """A date of a mail, which is in the user's zone already."""
        if mention.time is None:
            return self.date(mention.date)
        return self._timed(mention.date, self._clock(mention.time))

    def _timed(self, date: dt.date, time: str) -> str:
        return f"{self.date(date)}{self.say('gmail.comma')} {time}"

    def _clock(self, time: dt.time) -> str:
        return self.own(f"{time:%H:%M}")

    def quoted(self, text: str, most: int = QUOTED) -> str:
        """Words of a mail in quotation marks; "" when there are none."""
        words = foreign(text, most)
        return self.say("gmail.quoted", words=words) if words else ""

    def cited(self, review: Review, span: Span, most: int = QUOTED) -> str:
        """A stretch of the reviewed message in quotation marks."""
        return self.quoted(review.document.text[span.start : span.end].lstrip(" ,،;؛"), most)

    def source(self, guidance: Guidance, references: Iterable[str]) -> str:
        """The first of some article sections, by its titles; "" when there is none."""
        for reference in references:
            article, _, section = reference.partition("/")
            found = guidance.articles[article]
            title = found.sections[section].title[self.language]
            return f"{found.title[self.language]} · {title}"
        return ""

    def guideline_url(self, identity: str) -> str:
        """The page of a guideline in the user's language."""
        return f"{self.look.base_url}/guidelines/{quote(identity, safe='')}?lang={self.language}"

    def titled(self, guideline: Guideline) -> Html:
        """A guideline's title, linked to its page."""
        title = self.own(clean(guideline.wording(self.language).title))
        return link(escape(title), self.guideline_url(guideline.id))

    def left_out(self, count: int) -> Html:
        """The line under a list that was cut short."""
        return self.html("gmail.left-out", count=count)
