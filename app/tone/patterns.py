"""Whether a pattern can take long: told from the pattern alone, before any text meets it.

A matcher that goes back and tries again needs one step for each way in which the pattern can read the same
words, so what is counted is those ways. The pattern becomes an automaton with a state for each character
that it names (Glushkov 1961); two runs of it side by side show where the same words lead along different
ways to the same state (Weber and Seidl 1991). Inside a loop the ways multiply with every round: refused.
In a row of loops they multiply with each loop, and in a row of choices with each choice: refused above
a limit. What is let through never doubles with each character; the matcher's own time limit does the rest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from app.tone import pattern_syntax as syntax
from app.tone.literals import codes
from app.tone.pattern_syntax import LOOKS, REPEATS, SETS

Fault = Literal["pattern-unknown", "pattern-slow"]
"""It holds what we cannot count, or it can take long."""
CHOICES = 10_000
"""Most ways in which choices may lead to one place."""
ROUNDS = 10**12
"""Most ways in which loops in a row may share the same words among them: five of them without an end."""
_STATES = 3_000  # larger patterns are refused, and those on which we count too long ourselves
_STEPS = 4_000_000
_COPIED = 4  # repeats of more rounds count as loops, with as many ways as they have rounds
_ENDLESS = 1_000  # rounds of a loop without an end: no sentence has more characters


class _Slow(Exception):  # noqa: N818 - reads as what it says
    """The pattern may take long, or is too large to tell."""


@lru_cache(maxsize=8192)  # what was told of a pattern stays true when guidelines are loaded anew
def fault(pattern: str) -> Fault | None:
    """Why a folded pattern (`app.tone.rules.fold_pattern`) is not to meet a text; None where it may."""
    try:
        tree = syntax.read(pattern)
        letters = syntax.letters(tree)
        for part in (tree, *syntax.looks(tree)):
            _Automaton(letters).check(part)
    except syntax.Unreadable:
        return "pattern-unknown"
    except (_Slow, RecursionError):
        return "pattern-slow"
    return None


@dataclass
class _Part:
    """What a part of the pattern may begin and end with, each by the number of ways to it; `empty`: in how
    many ways it reads nothing."""

    first: Counter[int] = field(default_factory=Counter)
    last: Counter[int] = field(default_factory=Counter)
    empty: int = 1


class _Automaton:
    """States are the characters that the pattern names, in its order; state 0 is where it begins."""

    def __init__(self, letters: str) -> None:
        self._letters = letters
        self._steps = 0
        self._every = (1 << len(letters) + 1) - 1
        self._reads: list[int] = [0]  # the letters that lead into a state, a bit each
        self._then: list[int] = [self._every]  # the letters that may come after it; the last bit: the end
        self._known: dict[str, int] = {}
        self._next: dict[int, Counter[int]] = defaultdict(Counter)
        self._rounds: dict[int, int] = {}  # by state, of the outermost loop that it is in

    def check(self, tree: Any) -> None:
        whole = self._sequence(tree)
        self._next[0] = whole.first
        loops = _circles(len(self._reads), self._next)
        self._check_loops(loops)
        self._check_ways(loops)

    # From the pattern to the automaton.

    def _sequence(self, items: Iterable[tuple[Any, Any]]) -> _Part:
        whole, before = _Part(), None
        for code, argument in items:
            if code in LOOKS and before in SETS and (wanted := self._next_letters(code, argument)):
                self._then[-1] &= wanted
            whole, before = self._joined(whole, self._item(code, argument)), code
        return whole

    def _next_letters(self, code: Any, argument: Any) -> int:
        """Which letters may come next where this look ahead holds; 0 where that cannot be told."""
        way, body = argument
        if way < 0 or len(body) != 1 or body[0][0] not in SETS:
            return 0
        bits = self._bits(*body[0])
        return bits if code is codes.ASSERT else self._every & ~bits

    def _item(self, code: Any, argument: Any) -> _Part:
        if code in SETS:
            return self._state(code, argument)
        if code is codes.BRANCH:
            return self._either([self._sequence(branch) for branch in argument[1]])
        if code is codes.SUBPATTERN:
            return self._sequence(argument[3])
        if code is codes.ATOMIC_GROUP:
            return self._sequence(argument)
        if code in REPEATS:
            return self._repeated(*argument)
        return _Part()  # an edge of a word or a look around takes no characters

    def _state(self, code: Any, argument: Any) -> _Part:
        self._reads.append(self._bits(code, argument))
        self._then.append(self._every)
        if len(self._reads) > _STATES:
            raise _Slow
        only = len(self._reads) - 1
        return _Part(Counter({only: 1}), Counter({only: 1}), 0)

    def _bits(self, code: Any, argument: Any) -> int:
        key = repr((code, argument))
        if key not in self._known:
            bits = sum(
                1 << n for n, letter in enumerate(self._letters) if syntax.holds(code, argument, letter)
            )
            self._known[key] = bits
        return self._known[key]

    def _joined(self, one: _Part, two: _Part) -> _Part:
        for state, ways in one.last.items():
            for after, more in two.first.items():
                self._next[state][after] += ways * more
        return _Part(
            one.first + _times(two.first, one.empty),
            two.last + _times(one.last, two.empty),
            one.empty * two.empty,
        )

    def _either(self, parts: Sequence[_Part]) -> _Part:
        whole = _Part(empty=0)
        for part in parts:
            whole = _Part(whole.first + part.first, whole.last + part.last, whole.empty + part.empty)
        return whole

    def _repeated(self, least: Any, most: Any, body: Any) -> _Part:
        endless = most is codes.MAXREPEAT
        if not endless and most <= _COPIED:
            whole = _Part()
            for _ in range(least):
                whole = self._joined(whole, self._sequence(body))
            rest = _Part()
            for _ in range(most - least):  # (x(x(x)?)?)?: one way for each number of rounds
                once = self._joined(self._sequence(body), rest)
                rest = _Part(once.first, once.last, once.empty + 1)
            return self._joined(whole, rest)
        begin = len(self._reads)
        part = self._sequence(body)
        self._joined(part, part)
        rounds = _ENDLESS if endless else int(most)
        for state in range(begin, len(self._reads)):
            self._rounds[state] = max(rounds, self._rounds.get(state, 1))
        return _Part(part.first, part.last, max(part.empty, int(least == 0)))

    # What two runs of it show.

    def _pairs_after(self, one: int, two: int) -> Iterator[tuple[int, int]]:
        self._steps += len(self._next[one]) * len(self._next[two])
        if self._steps > _STEPS:
            raise _Slow
        for a in self._next[one]:
            for b in self._next[two]:
                if self._reads[a] & self._reads[b] and self._then[a] & self._then[b]:
                    yield a, b

    def _check_loops(self, loops: Sequence[int]) -> None:
        """Refuse a loop that can go round on the same letters in two ways."""
        members = defaultdict(list)
        for state, loop in enumerate(loops):
            members[loop].append(state)
        for loop, states in members.items():
            for state in states:
                for after, ways in self._next[state].items():
                    if loops[after] == loop and ways > 1:
                        raise _Slow
            apart: set[tuple[int, int]] = set()
            left = [(state, state) for state in states]
            while left:
                pair = left.pop()
                for a, b in self._pairs_after(*pair):
                    if loops[a] != loop or loops[b] != loop:
                        continue
                    if a == b:
                        if pair[0] != pair[1]:
                            raise _Slow
                    elif (a, b) not in apart:
                        apart.add((a, b))
                        left.append((a, b))

    def _check_ways(self, loops: Sequence[int]) -> None:
        """Refuse where the ways into one place, over all that stands before it, may become too many."""
        together = self._together()
        before: dict[int, Counter[int]] = defaultdict(Counter)
        members = defaultdict(list)
        for state, loop in enumerate(loops):
            members[loop].append(state)
            for target, ways in self._next[state].items():
                if loops[target] != loop:
                    before[loops[target]][state] += ways
        choices: dict[int, int] = {}
        rounds: dict[int, int] = {}
        for loop in sorted(members, reverse=True):  # in the pattern's order
            entries = before[loop]
            ways = sum(
                max(choices[loops[state]] * entries[state] for state in group)
                for group in _apart(sorted(entries), together)
            )
            longest = max((rounds[loops[state]] for state in entries), default=1)
            states = [state for state in members[loop] if state in self._rounds]
            if self._enters_later(states, entries, loops, together):
                longest *= max(self._rounds[state] for state in states)
            if ways > CHOICES or longest > ROUNDS:
                raise _Slow
            choices[loop], rounds[loop] = ways or 1, longest

    def _enters_later(
        self,
        states: Sequence[int],
        entries: Iterable[int],
        loops: Sequence[int],
        together: set[tuple[int, int]],
    ) -> bool:
        """Whether one run can come into a loop that another one, on the same words, is in already."""
        return any(
            loops[a] == loops[b] == loops[state]
            for state in states
            for entry in entries
            if _pair(state, entry) in together
            for a, b in self._pairs_after(state, entry)
        )

    def _together(self) -> set[tuple[int, int]]:
        """The pairs of states that two runs on the same words can be in at the same time."""
        found = {(0, 0)}
        left = [(0, 0)]
        while left:
            for a, b in self._pairs_after(*left.pop()):
                pair = _pair(a, b)
                if pair not in found:
                    found.add(pair)
                    left.append(pair)
        return found


def _pair(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a <= b else (b, a)


def _times(ways: Counter[int], more: int) -> Counter[int]:
    return Counter({state: number * more for state, number in ways.items() if more})


def _apart(states: Sequence[int], together: set[tuple[int, int]]) -> list[list[int]]:
    """The states in groups of which a run can be in one alone."""
    groups: list[list[int]] = []
    for state in states:
        for group in groups:
            if not any(_pair(state, other) in together for other in group):
                group.append(state)
                break
        else:
            groups.append([state])
    return groups


def _circles(size: int, following: dict[int, Counter[int]]) -> list[int]:
    """A number for each state, the same for those that lead to one another (Tarjan 1972). A state that leads
    to another one has the higher number."""
    numbers, low, loops = [-1] * size, [0] * size, [-1] * size
    stack: list[int] = []
    count = loop = 0
    for root in range(size):
        work = [(root, iter(following[root]))] if numbers[root] < 0 else []
        while work:
            state, rest = work[-1]
            if numbers[state] < 0:
                numbers[state] = low[state] = count
                count += 1
                stack.append(state)
            for after in rest:
                if numbers[after] < 0:
                    work.append((after, iter(following[after])))
                    break
                if loops[after] < 0:
                    low[state] = min(low[state], numbers[after])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[state])
                if low[state] == numbers[state]:
                    while loops[state] < 0:
                        loops[stack.pop()] = loop
                    loop += 1
    return loops
