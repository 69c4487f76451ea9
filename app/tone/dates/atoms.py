"""The building blocks of date expressions: weekdays, days of the month, spans of time, edges.

Each reader looks at one place in the tokens and gives what it finds there, or None.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from app.tone.dates.clocks import SURE, WEAK, Clock, Clocks
from app.tone.dates.lexicon import Tokens


@dataclass(frozen=True, slots=True)
class Day:
    """A day as it was said: `kind` tells how `n`, `month`, `year` and `mod` are meant."""

    kind: str
    n: int = 0
    month: int = 0
    year: int = 0
    mod: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """An expression, not yet resolved; `start` and `end` are token indexes."""

    start: int
    end: int
    day: Day | None = None
    clock: Clock | None = None
    part: str = ""
    sure: int = SURE
    past: bool = False


class Atoms:
    """Readers of single pieces of an expression, at a token index."""

    def __init__(self, tokens: Tokens, *, month_first: bool, today: dt.date) -> None:
        self.t = tokens
        self.language = tokens.lexicon.language
        self.numbers = Clocks(tokens, month_first=month_first)
        self.today = today

    def _named(self, index: int) -> Said | None:
        """ "tomorrow", "that evening", "noon", "Christmas", "COB"."""
        found: list[Said] = []
        known = self.t.matches(index)
        for section, kind in (("same", "same"), ("day", "today"), ("day_alone", "alone"), ("part", "")):
            hit = known.get(section)
            if hit is None:
                continue
            value, end = hit
            if not kind:
                found.append(Said(index, end, part=value, sure=WEAK))
                continue
            number, _, part = value.partition(":")
            found.append(Said(index, end, Day(kind, int(number)), part=part))
        hit = known.get("holiday")
        if hit:
            month, _, day = hit[0].partition("-")
            named = Day("date", int(day), int(month)) if day else Day("easter")
            found.append(Said(index, hit[1], named))
        hit = known.get("whole")
        if hit:
            found.append(Said(index, hit[1], Day("end", mod=hit[0])))
        return max(found, key=lambda said: said.end, default=None)

    def _span(self, index: int) -> Said | None:
        """ "in two days", "il y a trois jours", "iki gün içinde", "قبلها بيومين"."""
        t = self.t
        lead = t.take(index, "within")
        back = t.take(index, "ago_before")
        anchored = t.take(index, "before_that_first")
        best: Said | None = None
        for hit, mod in ((lead, "in"), (back, "ago"), (anchored, "same"), (("", index), "")):
            if hit is None:
                continue
            near = not mod or t.tight(hit[1])
            counted = self.numbers.quantity(hit[1], article=mod == "in") if near else None
            if counted is None:
                continue
            count, unit, end = counted
            if unit == "hour" and count <= 24 and t.items[index].text in ("d", "depuis"):
                continue  # "d'ici 14 h" names the hour
            if unit == "year":
                continue
            if not mod:
                # A bare amount of time is a date only with what stands behind it.
                after = t.take(end, "within_after") if t.tight(end) else None
                ago = t.take(end, "ago") if t.tight(end) else None
                that = t.take(end, "before_that") if t.tight(end) else None
                if after:
                    said = Said(index, after[1], Day("within", count, mod=unit))
                elif that and self._looks_back(end, that[1]) and (not ago or that[1] >= ago[1]):
                    said = Said(index, that[1], Day("same_span", count * int(that[0]), mod=unit))
                elif ago:
                    said = Said(index, ago[1], Day("within", -count, mod=unit), past=True)
                else:
                    continue
            elif mod == "in":
                after = t.take(end, "within_after") if t.tight(end) else None
                said = Said(index, after[1] if after else end, Day("within", count, mod=unit))
            elif mod == "ago":
                said = Said(index, end, Day("within", -count, mod=unit), past=True)
            else:
                sign = int(hit[0])
                said = Said(index, end, Day("same_span", count * sign, mod=unit))
            if best is None or said.end > best.end or (said.end == best.end and mod in ("ago", "same")):
                best = said
        return best

    def _looks_back(self, start: int, end: int) -> bool:
        """Whether "two days before" speaks of what was said, not of what follows ("before the launch")."""
        alone = end - start == 1 and self.t.items[start].text in ("before", "after", "avant", "apres")
        return not alone or end >= len(self.t) or not self.t.tight(end)

    def _weekday(self, index: int) -> Said | None:
        t = self.t
        at, mod = index, ""
        # French and Arabic say "last" behind the day.
        leading = ("every", "this", "next", "following", "preceding", "plus7_before")
        for section in (*leading, "last") if self.language in ("en", "tr") else leading:
            hit = t.take(at, section)
            if hit and t.tight(hit[1]) and t.take(hit[1], "weekday", "weekday_weak", "weekday_bare"):
                at, mod = hit[1], section.removesuffix("_before")
                break
        hit = t.take(at, "weekday")
        if hit is None and mod == "every":
            hit = t.take(at, "weekday_bare")
        if hit is None:
            hit = self._weak_weekday(at)
            if hit is None:
                return None
            sure = SURE
        else:
            sure = SURE
        number, end = int(hit[0]), hit[1]
        if not mod and t.tight(end):
            for section in ("next", "last", "plus7", "plus14", "following"):
                after = t.take(end, section)
                if after:
                    mod, end = section, after[1]
                    break
        day = Day("weekday", number, mod=mod)
        if t.joins(end):  # "mercredi 14": the number is a day of the month when the calendar agrees
            dom = self.numbers.day_number(end)
            if dom is not None and self.language != "tr":
                value, stop, marked = dom
                month = t.take(stop, "month") if t.joins(stop) else None
                if month:
                    return Said(index, month[1], Day("date", value, int(month[0])))
                of_month = t.take(stop, "ofmonth") if t.tight(stop) else None
                if of_month:
                    return Said(index, of_month[1], Day("dom", value, mod=of_month[0]))
                spoken = t.take(stop, "part") if t.tight(stop) and self.language == "ar" else None
                if (
                    marked
                    or (self._agrees(value, number) and not spoken)
                    or (self.language == "fr" and self.numbers.clock(end, False) is None)
                ):
                    return Said(index, stop, Day("dom_of", value, number))
        return Said(index, end, day, sure=sure)

    def _weak_weekday(self, index: int) -> tuple[str, int] | None:
        """A weekday's name that is another word too: "Sat" with a capital, spoken Arabic beside a clock."""
        t = self.t
        hit = t.take(index, "weekday_weak")
        if hit is None:
            return None
        if self.language == "ar":
            named = index > 0 and t.take(index - 1, "on") is not None and t.items[index - 1].text != "في"
            beside = t.matches(hit[1]) if t.tight(hit[1]) else {}
            return hit if named or beside.keys() & {"part", "next", "at"} else None
        return hit if t.items[index].capital and len(t.items[index].text) <= 4 else None

    def _agrees(self, day: int, weekday: int) -> bool:
        """Whether a day of that number within some weeks is that weekday."""
        near = (self.today + dt.timedelta(days=n) for n in range(-10, 62))
        return any(date.day == day and date.weekday() == weekday for date in near)

    def _date(self, index: int) -> Said | None:
        """A day of the month: "12 March", "le 12", "ayın 15'i", "3/4/2026", "the first Monday in August"."""
        t = self.t
        numeric = self.numbers.numeric(index)
        if numeric is not None:
            day, month, year, end = numeric
            return Said(index, end, Day("numeric", day, month, year))
        at, article = index, ""
        for section in ("dom_next", "dom", *(("every",) if self.language == "tr" else ())):
            hit = t.take(at, section)
            if hit and t.tight(hit[1]):
                at, article = hit[1], section
                break
        nth = t.take(at, "nth")
        if nth and t.joins(nth[1]):
            said = self._nth(index, nth, article)
            if said:
                return said
        number = self.numbers.ordinal(at)
        if number is not None:
            return self._numbered(index, at, article, number)
        return self._month_first(index) if self.language == "en" else None

    def _numbered(self, index: int, at: int, article: str, number: tuple[int, int, bool]) -> Said | None:
        """A day number with what stands behind it; `at` is where it stands, behind the article."""
        t = self.t
        value, end, marked = number
        # "12 ve 13 Ekim": several days of one month, the first counts
        other = t.take(end, "and") if t.joins(end) else None
        if other and t.joins(other[1]):
            second = self.numbers.ordinal(other[1])
            if second and t.joins(second[1]) and t.take(second[1], "month"):
                end = second[1]
        link = t.take(end, "link", "on") if t.joins(end) else None
        for skip in (end, link[1]) if link else (end,):
            month = t.take(skip, "month") if t.joins(skip) else None
            verb = skip == end and month is not None and t.items[skip].text == "may"
            if month and t.joins(end) and not (verb and not t.items[skip].capital):
                year, stop = self._year(month[1])
                return Said(index, stop, Day("date", value, int(month[0]), year))
        of_month = t.take(end, "ofmonth") if t.tight(end) else None
        if of_month and (article or marked or self.language == "ar"):
            return Said(index, of_month[1], Day("dom", value, mod=of_month[0]))
        several = self.language == "fr" and t.items[index].text == "les"
        alone = article not in ("", "every") and not several
        if alone and self.numbers.plain(at, end, marked, self._led(index)):
            return Said(index, end, Day("dom", value, mod="next" if article == "dom_next" else ""))
        if marked and self.language in ("en", "ar"):
            return Said(index, end, Day("dom", value), sure=WEAK)
        return None

    def _month_first(self, index: int) -> Said | None:
        """ "March 12", "June the 2nd, 2026"."""
        t = self.t
        month = t.take(index, "month")
        if month is None or not t.joins(month[1]):
            return None
        at = month[1]
        link = t.take(at, "link")
        if link and t.joins(link[1]) and self.numbers.ordinal(link[1]):
            at = link[1]
        number = self.numbers.ordinal(at)
        if number is None:
            return None
        year, end = self._year(number[1])
        return Said(index, end, Day("date", number[0], int(month[0]), year))

    def _led(self, index: int) -> bool:
        """Whether a word like "by" or "on" stands before."""
        return index > 0 and bool(self.t.matches(index - 1).keys() & {"by", "on", "from", "at"})

    def _nth(self, index: int, nth: tuple[str, int], article: str) -> Said | None:
        """ "the first Monday in August"."""
        t = self.t
        weekday = t.take(nth[1], "weekday", "weekday_bare")
        if weekday is None:
            return None
        if article in ("dom", "dom_next", "every") and self.language == "tr":
            mod = "next" if article == "dom_next" else "this"
            return Said(index, weekday[1], Day("nth", int(nth[0]), 0, int(weekday[0]), mod))
        if not t.joins(weekday[1]):
            return None
        of_month = t.take(weekday[1], "ofmonth")
        if of_month:
            return Said(index, of_month[1], Day("nth", int(nth[0]), 0, int(weekday[0]), of_month[0]))
        at = weekday[1]
        for _ in range(2):
            month = t.take(at, "month")
            if month:
                return Said(index, month[1], Day("nth", int(nth[0]), int(month[0]), int(weekday[0])))
            link = t.take(at, "link", "within", "on")
            if link is None or not t.joins(link[1]):
                return None
            at = link[1]
        return None

    def _year(self, index: int) -> tuple[int, int]:
        if self.t.joins(index):
            token = self.t.items[index]
            if token.number and len(token.text) == 4 and token.text.isdecimal():
                value = int(token.text)
                if abs(value - self.today.year) <= 20:
                    return value, index + 1
        return 0, index

    def _edge(self, index: int) -> Said | None:
        """ "end of the month", "mid-December", "ay sonu"."""
        t = self.t
        for section in ("end", "middle", "start"):
            hit = t.take(index, section)
            if hit is not None and t.tight(hit[1]):
                what = t.take(hit[1], "period")
                month = t.take(hit[1], "month")
                if month and (what is None or month[1] > what[1]):
                    return Said(index, month[1], Day(f"{section}_month", int(month[0])))
                if what:
                    return Said(index, what[1], Day(section, mod=what[0]))
        if self.language == "tr":
            for section in ("end", "middle", "start"):
                for named in ("month", "period"):
                    first = t.take(index, named)
                    after = t.take(first[1], section) if first and t.tight(first[1]) else None
                    if first and after:
                        if named == "month":
                            return Said(index, after[1], Day(f"{section}_month", int(first[0])))
                        if (
                            first[0] == "week"
                            and section == "end"
                            and not t.items[index].text.startswith("bu")
                        ):
                            return Said(index, after[1], Day("end", mod="weekend"))
                        return Said(index, after[1], Day(section, mod=first[0]))
        return None
