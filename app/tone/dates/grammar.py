"""What may follow what in a date expression: tokens to unresolved mentions.

An expression is built of atoms (a weekday, a day of the month, a clock time, a part of the
day, a span of time ...) that complete one another, with small words between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from app.tone.dates.atoms import Atoms, Day, Said
from app.tone.dates.clocks import INTRODUCED, SURE, WEAK

_PREFIXES = ("by", "at", "from", "on", "since", "between", "latest", "end")
_LINKS = ("link", "at", "by", "on", "between", "from", "by_after", "latest", "and_day")
_TIMED = frozenset(("at", "by", "from", "between"))
_MAX_LINKS = 4


class Grammar(Atoms):
    """Reads the expressions of one text, left to right, in one pass."""

    def read(self) -> Iterator[Said]:
        index = 0
        while index < len(self.t):
            said = self._expression(index)
            if said is None:
                index += 1
            else:
                yield said
                index = said.end

    # -- expressions ---------------------------------------------------------------------

    def _expression(self, index: int) -> Said | None:
        token = self.t.items[index]
        if not token.number and token.text not in self.t.lexicon.first:
            return None
        at, introduced, past, every = index, False, False, False
        for _ in range(_MAX_LINKS):
            atom = self._atom(at, introduced)
            if every and (atom is None or (atom.day is None and atom.part)):
                atom = self._every(at) or atom
            if atom is not None:
                if atom.clock and atom.sure == WEAK and not introduced:
                    return None  # a number before a day word is an hour only after "at" and the like
                said = self._grow(replace(atom, start=index, past=atom.past or past))
                if every and said.day and said.day.kind == "weekday":
                    said = replace(said, day=replace(said.day, mod="every"))
                return said if self._stands(said) else None
            if token.number and at == index:
                return None
            known = self.t.matches(at)
            ends = [(known[kind][1], kind) for kind in (*_PREFIXES, "every") if kind in known]
            if not ends:
                return None
            end = max(ends)[0]
            kinds = {kind for stop, kind in ends if stop == end}
            introduced = bool(kinds & _TIMED)
            past = past or "since" in kinds
            every = every or "every" in kinds
            if not self.t.tight(end):
                return None
            at = end
        return None

    def _every(self, index: int) -> Said | None:
        """What "every" and "each" may stand before, besides a weekday: a day, a part of the day."""
        part = self.t.take(index, "part")
        if part and part[0] in ("morning", "evening", "afternoon", "noon", "day"):
            return Said(index, part[1], Day("every", mod=part[0]), part=part[0])
        unit = self.t.take(index, "unit")
        return Said(index, unit[1], Day("every")) if unit and unit[0] in ("day", "workday") else None

    def _stands(self, said: Said) -> bool:
        if said.day is not None:
            return said.sure >= INTRODUCED
        return said.clock is not None and said.sure >= INTRODUCED

    def _grow(self, said: Said) -> Said:
        while True:
            grown = self._next(said)
            if grown is None:
                break
            said = grown
        return self._tail(said)

    def _next(self, said: Said) -> Said | None:
        """`said` with the next atom taken in, when one that completes it follows."""
        at, introduced = said.end, False
        for _ in range(_MAX_LINKS):
            if not self.t.joins(at):
                return None
            atom = self._atom(at, introduced or said.day is not None)
            if atom is not None:
                joined = self._join(said, atom)
                if joined is not None:
                    return joined
            known = self.t.matches(at)
            ends = [(known[kind][1], kind) for kind in _LINKS if kind in known]
            if not ends:
                return None
            at = max(ends)[0]
            introduced = any(stop == at and kind in _TIMED for stop, kind in ends)
        return None

    def _join(self, said: Said, atom: Said) -> Said | None:
        if said.clock and atom.clock:
            return None
        if said.part and atom.part and said.part != atom.part and not (atom.day or atom.clock):
            if {said.part, atom.part} == {"noon", "midnight"}:
                return None
            return replace(said, end=atom.end) if atom.part in ("day",) else None
        day = said.day
        if atom.day:
            if day is None:
                day = atom.day
            elif atom.day.kind in ("weekday", "date", "dom") and (day.kind == "same_span" or day.n < 0):
                day = atom.day  # "two days earlier, by noon on May 31"
            elif atom.day.kind == "weekday" and day.kind in ("today", "date", "dom", "numeric"):
                if atom.day.mod not in ("", "this"):
                    return None
            elif (day.kind == "weekday" and atom.day.kind in ("date", "dom", "numeric")) or (
                day.kind == "today" and atom.day.kind in ("date", "numeric")
            ):
                day = atom.day
            elif day.kind == "same" and atom.day.kind == "same":
                pass
            elif atom.day.kind == "alone" or day.kind == "alone":
                day = atom.day if day.kind == "alone" else day
            else:
                return None
        if atom.sure == WEAK and not (said.day or said.part or (said.clock and atom.part)):
            return None
        sure = max(said.sure, atom.sure) if (atom.day or said.day or atom.clock) else said.sure
        if said.sure == WEAK and (atom.day or atom.part):
            sure = SURE
        return Said(
            said.start, atom.end, day, said.clock or atom.clock, said.part or atom.part,
            SURE if day and sure > WEAK else sure, said.past or atom.past,
        )  # fmt: skip

    def _tail(self, said: Said) -> Said:
        """Take in the words that close an expression: "at the latest", "kadar"."""
        for _ in range(3):
            if not self.t.tight(said.end):
                break
            hit = self.t.take(said.end, "latest", "by_after", "since_after")
            if hit is None:
                break
            past = said.past or "since_after" in self.t.matches(said.end)
            said = replace(said, end=hit[1], past=past)
        return said

    def _atom(self, index: int, introduced: bool) -> Said | None:
        """The longest atom that starts at `index`."""
        if index >= len(self.t):
            return None
        token = self.t.items[index]
        found: list[Said] = []
        if token.number or token.text in self.t.lexicon.first:
            for reader in (self._named, self._span, self._weekday, self._date, self._edge):
                hit = reader(index)
                if hit is not None:
                    found.append(hit)
            clock = self.numbers.clock(index, introduced)
            if clock is not None:
                value, end, sure = clock
                found.append(Said(index, end, clock=value, sure=sure))
        return max(found, key=lambda said: (said.end, said.day is not None), default=None)
