"""Clock times, in figures and in words: "half past nine", "9h30", "الثامنة والنصف", "dokuz buçukta"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.tone.dates.numbers import Numbers

# How sure it is that words speak of time: alone, after a word like "at", or only beside a day.
SURE, INTRODUCED, WEAK = 3, 2, 1
_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})(?::\d{2})?")


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock time as said. `full`: written out so that 03:00 means three in the morning.

    `half` is "am", "pm" or "" when the words beside it do not say.
    """

    hour: int
    minute: int
    half: str = ""
    full: bool = False


class Clocks(Numbers):
    """Reads clock times at a token index."""

    def clock(self, index: int, introduced: bool) -> tuple[Clock, int, int] | None:
        """(clock, index after, how sure) of a clock time at `index`."""
        read = self._clock(index, introduced)
        if read is None:
            return None
        clock, end, sure = read
        t = self.t
        # "8 to 10", "between 9 and 11", "10.00-11.30": the beginning counts.
        if end < len(t) and (t.joins(end)):
            gap = t.gap(end)
            link = t.take(end, "and")
            at = end if "-" in gap and t.items[end].number else link[1] if link and t.joins(link[1]) else None
            if at is not None:
                other = self._clock(at, True)
                if other is not None and not (other[2] == WEAK and sure == SURE):
                    # "8 to 10 pm": what is said of the end holds for the beginning before it
                    shared = other[0].half if clock.hour <= other[0].hour < 12 else ""
                    half = clock.half or shared
                    return Clock(clock.hour, clock.minute, half, clock.full), other[1], max(sure, other[2])
        return clock, end, sure

    def _clock(self, index: int, introduced: bool) -> tuple[Clock, int, int] | None:
        t = self.t
        if index >= len(t):
            return None
        token = t.items[index]
        if token.number:
            return self._digits(index, introduced)
        half = t.take(index, "half") if self.language == "en" else None
        if half and t.tight(half[1]):
            hour = self._hour(half[1])
            if hour:
                value, end = hour
                minutes = int(half[0])
                clock = _shift(value, minutes)
                clock, end = self._ampm(clock, end)
                return clock, end, SURE
        past = self._minutes_past(index) if self.language == "en" else None
        if past:
            return past
        hour = self._hour(index)
        if hour is None:
            return None
        value, end = hour
        said_hour = self.language == "ar" and t.take(index, "hour") is not None
        fraction = self._fraction(end) if t.tight(end) else None
        if fraction:
            clock = _shift(value, fraction[0])
            clock, end = self._ampm(clock, fraction[1])
            return clock, end, SURE if self.language != "ar" or introduced or said_hour else INTRODUCED
        clock, stop = self._ampm(Clock(value, 0), end)
        if stop > end:
            return clock, stop, SURE
        if self.language == "en" and t.take(end, "link") and t.tight(end) and t.items[end].text == "o":
            return Clock(value, 0), t.take(end, "link")[1], SURE  # type: ignore[index]
        if self.language == "fr":
            unit = t.take(end, "unit") if t.tight(end) else None
            if unit and unit[0] == "hour" and introduced:
                return self._french(value, unit[1], INTRODUCED)
            return None
        if said_hour:
            return clock, end, INTRODUCED if introduced else WEAK
        if self.language == "tr" and introduced and t.take(index, "hour"):
            return clock, end, INTRODUCED if self._at(index) else WEAK
        if self.language == "en" and value == 1 and t.tight(end):
            return None  # "one by one", "at one point"
        if introduced and (self._free(end) or self._told(index, end)):
            return clock, end, INTRODUCED if self._at(index) else WEAK
        return None

    def _minutes_past(self, index: int) -> tuple[Clock, int, int] | None:
        """ "ten past four", "twenty to nine"."""
        t = self.t
        minutes = self.number(index)
        if minutes is None or minutes[0] not in (5, 10, 20, 25) or not t.tight(minutes[1]):
            return None
        way = t.items[minutes[1]].text
        if way not in ("past", "to") or not t.tight(minutes[1] + 1):
            return None
        hour = self._hour(minutes[1] + 1)
        if hour is None:
            return None
        clock, end = self._ampm(_shift(hour[0], minutes[0] if way == "past" else -minutes[0]), hour[1])
        return clock, end, SURE

    def _at(self, index: int) -> bool:
        """Whether a word that only speaks of the clock or a deadline stands right before."""
        hit = self.t.take(index - 1, "clock_word", "told") if index else None
        return hit is not None and hit[1] == index

    def _told(self, index: int, end: int) -> bool:
        """Whether "الساعة" or "saat" says outright that the number is an hour."""
        if not index or not self.t.take(index - 1, "told"):
            return False
        return not (self.t.tight(end) and self.t.take(end, "unit", "not_before"))

    def _free(self, end: int) -> bool:
        """Whether the word behind a bare number leaves it an hour ("at 3 we ...")."""
        t = self.t
        if not t.tight(end):
            return True
        if t.items[end].number or t.take(end, "unit", "not_before", "month", "number"):
            return False
        known = t.matches(end)
        return bool(known.keys() - {"number", "hour", "unit", "start", "every", "nth"})

    def _hour(self, index: int) -> tuple[int, int] | None:
        if index >= len(self.t):
            return None
        value = self.small(index)
        if value is not None:
            return (value, index + 1) if 0 <= value <= 24 else None
        hit = self.t.take(index, "hour") or self.t.take(index, "number")
        if hit is None or self.t.items[index].text in ("a", "an", "un", "une", "bir"):
            return None
        return (int(hit[0]), hit[1]) if 1 <= int(hit[0]) <= 12 else None

    def _fraction(self, index: int) -> tuple[int, int] | None:
        hit = self.t.take(index, "half") if self.language != "en" else None
        return (int(hit[0]), hit[1]) if hit else None

    def _ampm(self, clock: Clock, end: int) -> tuple[Clock, int]:
        if end < len(self.t) and self.t.tight(end):
            hit = self.t.take(end, "ampm")
            if hit and clock.hour <= 12 and self._closed(hit[1]):
                return Clock(clock.hour, clock.minute, hit[0], clock.full), hit[1]
        return clock, end

    def _closed(self, end: int) -> bool:
        """Arabic "ص" and "م" stand alone: no title ("م. خالد") follows."""
        return self.language != "ar" or self.t.after(end - 1) in ("", " ", ",", ")")

    def _french(self, hour: int, end: int, sure: int) -> tuple[Clock, int, int]:
        t = self.t
        if t.tight(end):
            text = t.items[end].text
            minutes = int(text) if len(text) == 2 and text.isdecimal() else 60
            if minutes < 60:
                return Clock(hour, minutes, full=True), end + 1, sure
            fraction = self._fraction(end)
            if fraction:
                clock = _shift(hour, fraction[0])
                return Clock(clock.hour, clock.minute, full=True), fraction[1], sure
        return Clock(hour, 0, full=True), end, sure

    def _digits(self, index: int, introduced: bool) -> tuple[Clock, int, int] | None:
        t = self.t
        token = t.items[index]
        text = token.text
        if not self.counts(index):
            return None
        end = index + 1
        match = _CLOCK.fullmatch(text)
        if match:
            hour, minute = int(match[1]), int(match[2])
            if hour > 24 or minute > 59:
                return None
            padded = len(match[1]) == 2 and match[1][0] in "0٠"
            clock, stop = self._ampm(Clock(hour, minute, full=padded or self.language in ("fr", "tr")), end)
            dotted = "." in text
            glued = self._glued_after(index)
            if stop > end:
                return clock, stop, SURE
            if glued:
                return None
            if dotted:
                sure = SURE if self.language == "tr" and token.suffix else INTRODUCED if introduced else WEAK
                return clock, end, sure
            return clock, end, SURE
        if not text.isdecimal():
            return None
        if len(text) == 4 and self.language == "en" and introduced:
            hour, minute = int(text[:2]), int(text[2:])
            phone = end < len(t) and t.items[end].number
            if hour < 24 and minute < 60 and text[0] == "0" and not phone and self._at(index):
                return Clock(hour, minute, full=True), end, WEAK
            return None
        value = self.small(index)
        if value is None or value > 24:
            return None
        # "9h30", "15 h", "18h": French and South African hours
        unit = t.take(end, "unit") if end < len(t) and t.tight(end) else None
        glued = self._glued_after(index)
        if unit and unit[0] == "hour" and unit[1] == end + 1 and self.language in ("fr", "en"):
            if t.items[end].text == "h" or self.language == "fr":
                minutes = unit[1] < len(t) and t.items[unit[1]].number
                strict = self.language == "en" and not (minutes or introduced)
                if not strict:
                    clock, stop, _ = self._french(value, unit[1], SURE)
                    return clock, stop, SURE if introduced or clock.minute or self.language == "fr" else WEAK
            return None
        clock, stop = self._ampm(Clock(value, 0), end)
        if stop > end:
            return clock, stop, SURE
        if glued:
            return None
        fraction = self._fraction(end) if end < len(t) and t.tight(end) else None
        if fraction:
            return _shift(value, fraction[0]), fraction[1], SURE
        if self.language == "en" and end < len(t) and t.items[end].text == "o":
            hit = t.take(end, "link")
            if hit:
                return clock, hit[1], SURE
        if self.language == "fr":
            return None
        if not self._free(end) and not token.suffix and not self._told(index, end):
            return None
        if introduced:
            return clock, end, INTRODUCED if self._at(index) else WEAK
        if (
            self.language == "tr"
            and end < len(t)
            and t.tight(end)
            and t.items[end].text in ("gibi", "civari")
        ):
            return clock, end, INTRODUCED
        return clock, end, WEAK


def _shift(hour: int, minutes: int) -> Clock:
    total = (hour * 60 + minutes) % (24 * 60)
    return Clock(total // 60, total % 60)
