"""Numbers in date expressions: days of the month, amounts of time, dates in figures."""

from __future__ import annotations

import re

from app.tone.dates.lexicon import Tokens

_DMY = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})")
_YMD = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_DM = re.compile(r"(\d{1,2})([./])(\d{1,2})")
_ARABIC_GLUED = frozenset(("و", "ل", "ب", "ال", "لل", "بال", "وال", "ف", "ع", "عال"))
_MONEY = frozenset("€$£₺¥#§№@_&=~^+")


class Numbers:
    """Reads numbers at a token index; `month_first` is how the place orders 3/4."""

    def __init__(self, tokens: Tokens, *, month_first: bool) -> None:
        self.t = tokens
        self.language = tokens.lexicon.language
        self.month_first = month_first
        self._counts: dict[int, bool] = {}

    def _glued_after(self, index: int) -> str:
        """The word that is written together with number `index`, "" when none is."""
        nxt = index + 1
        if nxt < len(self.t) and not self.t.gap(nxt) and not self.t.items[nxt].number:
            return self.t.items[nxt].text
        return ""

    def counts(self, index: int) -> bool:
        """Whether the number at `index` may speak of time: no price, version, phone or order number."""
        known = self._counts.get(index)
        if known is None:
            known = self._counts[index] = self._may_count(index)
        return known

    def _may_count(self, index: int) -> bool:
        t = self.t
        before, after = t.before(index), t.after(index)
        if before in _MONEY or (before and before in "./,"):
            return False
        if before.isalpha() and not (self.language == "ar" and t.items[index - 1].text in _ARABIC_GLUED):
            return False
        if before == "-":
            at = t.items[index].start - 2
            if at >= 0 and t.folded.text[at].isalpha():
                return False
        if after and after in "%€$£₺°/":
            return False
        if after == "-" and index + 1 < len(t) and not t.items[index + 1].number and t.gap(index + 1) == "-":
            return False
        nxt = index + 1
        dated = nxt < len(t) and t.tight(nxt) and t.take(nxt, "month") is not None
        if index and t.take(index - 1, "not_after") and t.tight(index) and not dated:
            return False
        return not (nxt < len(t) and t.tight(nxt) and t.take(nxt, "not_before"))

    def small(self, index: int) -> int | None:
        """A plain number of one or two digits."""
        token = self.t.items[index]
        if token.number and len(token.text) <= 2 and token.text.isdecimal() and self.counts(index):
            return int(token.text)
        return None

    def number(self, index: int) -> tuple[int, int] | None:
        """(value, index after) of a number in digits (up to three) or words."""
        if index >= len(self.t):
            return None
        token = self.t.items[index]
        if token.number:
            if len(token.text) <= 3 and token.text.isdecimal() and self.counts(index):
                return int(token.text), index + 1
            return None
        hit = self.t.take(index, "number")
        return (int(hit[0]), hit[1]) if hit else None

    def quantity(self, index: int, *, article: bool) -> tuple[int, str, int] | None:
        """(count, unit, index after) of an amount of time: "two days", "48 h", "يومين".

        `article` lets a lone unit count as one ("within the hour", "sous huitaine").
        """
        t = self.t
        if index >= len(t):
            return None
        # "في ساعة" may be "in an hour" or "at an hour": only with a number
        loose = bool(index) and t.items[index - 1].text in ("في", "ب", "وفي")
        dual = t.take(index, "dual")
        if dual:
            return 2, dual[0], dual[1]
        found = self.number(index)
        if found and t.tight(found[1]):
            unit = t.take(found[1], "unit")
            if unit:
                return found[0], unit[0], unit[1]
        half = t.take(index, "unit")
        if half and (half[0] in ("halfhour", "huitaine", "fortnight") or (article and half[0] == "hour")):
            return 1, half[0], half[1]
        if article or self.language == "ar":
            if (
                half
                and self.language == "ar"
                and half[0] in ("hour", "week", "month", "day", "halfhour")
                and not loose
            ):
                # "خلال ساعة", but "خلال يوم الأحد" names a day
                follows = t.matches(half[1]) if t.tight(half[1]) else {}
                if not ({"weekday", "day", "month"} & follows.keys()) and not (
                    half[1] < len(t) and t.items[half[1]].number
                ):
                    return 1, half[0], half[1]
            the = t.take(index, "link")
            if the and t.tight(the[1]):
                unit = t.take(the[1], "unit")
                if unit and unit[0] in ("hour", "halfhour"):
                    return 1, unit[0], unit[1]
                counted = self.number(the[1])
                if counted and t.tight(counted[1]):
                    unit = t.take(counted[1], "unit")
                    if unit:
                        return counted[0], unit[0], unit[1]
        return None

    def day_number(self, index: int) -> tuple[int, int, bool] | None:
        """(day, index after, marked) of a day of the month behind a weekday: not an hour, not a count."""
        if index >= len(self.t):
            return None
        t = self.t
        at = index
        link = t.take(at, "dom") if not t.items[at].number else None
        if link and t.joins(link[1]):
            at = link[1]
        found = self.ordinal(at)
        if found is None or not t.items[at].number:
            return None
        value, end, marked = found
        if not marked:
            glued = self._glued_after(at)
            if glued:
                return None
            if t.tight(end) and t.take(end, "ampm", "unit", "half"):
                return None
            if at > index and self.language != "fr":
                return None
        return value, end, marked

    def ordinal(self, index: int) -> tuple[int, int, bool] | None:
        """(day, index after, marked as an ordinal) of a day of the month."""
        if index >= len(self.t):
            return None
        t = self.t
        word = t.take(index, "dayordinal")
        if word:
            return int(word[0]), word[1], True
        value = self.small(index)
        if value is None or not 1 <= value <= 31:
            return None
        end = index + 1
        marked = False
        if end < len(t) and not t.gap(end) and not t.items[end].number:
            mark = t.take(end, "ordinal")
            if mark is None:
                return None
            end, marked = mark[1], True
        return value, end, marked

    def plain(self, index: int, end: int, marked: bool, led: bool) -> bool:
        """Whether nothing behind "the 12th" or "le 12" makes it a count or a name.

        `led`: a word like "by" stands before, which makes a day likelier.
        """
        t = self.t
        if not t.tight(end):
            return marked or self.language != "en"
        if self.language == "tr" and t.items[index].suffix:
            return True
        if t.items[end].number or t.take(end, "unit", "not_before", "ampm"):
            return False
        if self.language == "en":
            # "the 3rd draft" is no day; from 13 on, few things are counted this way
            if not marked or t.take(end, "ordinal_noun"):
                return False
            known = t.matches(end).keys() & {"at", "by", "on", "after_hour", "and", "from", "between", "part"}
            return led or bool(known) or (self.small(index) or 0) > 12
        return True

    def numeric(self, index: int) -> tuple[int, int, int, int] | None:
        """(day, month, year or 0, index after) of a date in figures, by the habit of the place."""
        t = self.t
        token = t.items[index]
        if not token.number or not self.counts(index):
            return None
        text = token.text
        match = _YMD.fullmatch(text)
        if match:
            year, month, day = (int(part) for part in match.groups())
            return (day, month, year, index + 1) if _possible(day, month, year) else None
        match = _DMY.fullmatch(text)
        if match:
            first, second = int(match[1]), int(match[3])
            year = int(match[4]) + (2000 if len(match[4]) == 2 else 0)
            day, month = self._order(first, second, match[2])
            return (day, month, year, index + 1) if _possible(day, month, year) else None
        match = _DM.fullmatch(text)
        if match is None:
            return None
        day, month = self._order(int(match[1]), int(match[3]), match[2])
        if not _possible(day, month, 2024):
            return None
        if match[2] == ".":
            # "14.04." is a date where a full stop follows and no sentence ends; else a clock time
            tail = t.folded.text[token.end : token.end + 3]
            if tail[:1] != "." or not (tail[1:2] in (",", ";", ")") or tail[2:3].isalpha()):
                return None
        elif not (index and t.take(index - 1, "by", "on", "from", "weekday", "dom", "next")):
            return None  # "1/2", "24/7": a ratio unless a word says that it is a date
        return day, month, 0, index + 1

    def _order(self, first: int, second: int, mark: str) -> tuple[int, int]:
        if (self.month_first and mark == "/" and first <= 12) or second > 12:
            return second, first
        return first, second


def _possible(day: int, month: int, year: int) -> bool:
    return 1 <= day <= 31 and 1 <= month <= 12 and 1990 <= year <= 2099
