"""Whatever happens to holds, in any order: one event for each that is wanted, none for the rest.

TACTLINE_MACHINE_EXAMPLES raises the number of sequences that each calendar goes through.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

import pytest
from anyio.from_thread import BlockingPortal
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.errors import CalendarError, Gone, Refused, TooMany, Unavailable
from app.holds.calendar import GENERATIONS, Event
from app.holds.propose import Hold
from tests.holds.benches import (
    HALF,
    MONDAY,
    THREAD,
    Bench,
    FileBench,
    GoogleBench,
    GraphBench,
    Online,
    day,
    hold,
)

T = TypeVar("T")
EXAMPLES = int(os.environ.get("TACTLINE_MACHINE_EXAMPLES", "60"))
STEPS = 12
HOLDS = (
    hold(),
    hold(id="0c" * 16, kind="prepare", start=MONDAY - HALF, end=MONDAY),
    hold(id="0d" * 16, kind="check-in", thread=""),
    day(),
)
MOST = GENERATIONS // 2
"""How often a hold is undone in a sequence, at most."""

which = st.sampled_from(range(len(HOLDS)))
shifts = st.sampled_from([0, 0, 0, 1, 3])
faults = st.sampled_from([
    {"lose": True}, {"lose": True}, {"status": 500}, {"status": 429, "headers": {"Retry-After": "0"}},
    {"body": b'{"half'},
])  # fmt: skip


class Machine(RuleBasedStateMachine):
    """A user, the service and other people at one calendar.

    `standing` has the event of each hold that is wanted and stands, `known` the ids that each
    hold's events have had, `undone` how often each was taken away, `kept` other people's events.
    """

    def __init__(self, bench: Bench, count: Callable[[], object]) -> None:
        super().__init__()
        self.bench = bench
        self.count = count
        self.standing: dict[str, Event] = {}
        self.known: dict[str, list[str]] = {item.id: [] for item in HOLDS}
        self.undone = dict.fromkeys(self.known, 0)
        self.kept: list[Any] = []

    def teardown(self) -> None:
        self.bench.close()
        self.count()

    def wanted(self, number: int, shift: int) -> Hold:
        """A hold, at the time at which it would be asked for now: its id stays."""
        made = HOLDS[number]
        if isinstance(made.start, dt.datetime):
            return replace(made, start=MONDAY + shift * HALF, end=MONDAY + (shift + 1) * HALF)
        return made

    def stands(self, wanted: Hold, event: Event, *, asked: bool = True) -> None:
        """An event was answered for a hold: the one that stood, as it stood, or a new one."""
        assert event.hold == wanted.id
        if wanted.id in self.standing:
            assert event == self.standing[wanted.id]
        elif asked:
            assert event.id not in self.known[wanted.id] or isinstance(self.bench, FileBench)
            assert (event.start, event.end) == (wanted.start, wanted.end)
        self.standing[wanted.id] = event
        self.known[wanted.id].append(event.id)

    def look(self, wanted: Hold) -> None:
        """A request failed: what it did shows in the calendar only."""
        there = self.bench.ours().count(wanted.id)
        assert there <= 1
        if there:
            # Asked once more, there is an answer, and it is about the event that stands.
            placed = self.bench.create(wanted)
            assert self.bench.ours().count(wanted.id) == 1
            self.stands(wanted, placed.event, asked=False)
        else:
            self.gone(wanted.id)

    def gone(self, identifier: str) -> None:
        if self.standing.pop(identifier, None):
            self.undone[identifier] += 1
            assert self.undone[identifier] <= MOST

    # What is asked for.

    @rule(number=which, shift=shifts, again=st.sampled_from([1, 1, 2]))
    def create(self, number: int, shift: int, again: int) -> None:
        wanted = self.wanted(number, shift)
        for turn in range(again):
            stood = wanted.id in self.standing
            placed = self.bench.create(wanted)
            assert placed.created is not stood, turn
            self.stands(wanted, placed.event)

    @rule(number=which, shift=shifts, other=shifts)
    def create_twice_at_once(self, number: int, shift: int, other: int) -> None:
        wanted = [self.wanted(number, shift), self.wanted(number, other)]
        first, second = self.bench.create_at_once(wanted)
        assert first.event == second.event
        taken = wanted[0] if first.event.start == wanted[0].start else wanted[1]
        self.stands(taken, first.event)

    @precondition(lambda self: isinstance(self.bench, Online))
    @rule(
        number=which, shift=shifts, operation=st.sampled_from(["insert", "insert", "get", "list", "*"]),
        fault=faults, times=st.sampled_from([1, 1, 2]),
    )  # fmt: skip
    def create_with_a_fault(
        self, number: int, shift: int, operation: str, fault: dict[str, Any], times: int
    ) -> None:
        assert isinstance(self.bench, Online)
        wanted = self.wanted(number, shift)
        self.bench.fail(operation, times=times, **fault)
        # A refusal whose words are broken cannot be told from any other.
        final = (Refused,) if "body" in fault else ()
        placed = self.got_over(lambda: self.bench.create(wanted), times, final)
        if placed is None:
            self.look(wanted)
        else:
            self.stands(wanted, placed.event)

    @precondition(lambda self: self.some())
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        event = self.pick(data)
        self.bench.delete(event.id)
        self.gone(event.hold)

    @precondition(lambda self: self.some() and isinstance(self.bench, Online))
    @rule(
        data=st.data(), operation=st.sampled_from(["delete", "delete", "get", "*"]), fault=faults,
        times=st.sampled_from([1, 1, 2]),
    )  # fmt: skip
    def undo_with_a_fault(
        self, data: st.DataObject, operation: str, fault: dict[str, Any], times: int
    ) -> None:
        assert isinstance(self.bench, Online)
        event = self.pick(data)
        self.bench.fail(operation, times=times, **fault)

        def work() -> bool:
            self.bench.delete(event.id)
            return True

        if self.got_over(work, times):
            assert event.hold not in self.bench.ours()
        if event.hold not in self.bench.ours():
            self.gone(event.hold)

    @precondition(lambda self: any(self.known.values()))
    @rule(number=which)
    def undo_what_is_gone(self, number: int) -> None:
        known, standing = self.known[HOLDS[number].id], self.standing.get(HOLDS[number].id)
        for identifier in {*known} - {standing.id if standing else ""}:
            with pytest.raises(Gone):
                self.bench.delete(identifier)

    # What happens by hand.

    @precondition(lambda self: self.some())
    @rule(data=st.data())
    def delete_by_hand(self, data: st.DataObject) -> None:
        event = self.pick(data)
        self.bench.by_hand(event.id)
        self.gone(event.hold)

    @precondition(lambda self: self.some())
    @rule(data=st.data(), shift=st.integers(4, 20))
    def move_by_hand(self, data: st.DataObject, shift: int) -> None:
        event = self.pick(data)
        start, end = MONDAY + shift * HALF, MONDAY + (shift + 2) * HALF
        self.bench.move(event.id, start, end)
        self.standing[event.hold] = replace(event, start=start, end=end)

    @rule(shift=st.integers(0, 8))
    def somebody_else_makes_a_meeting(self, shift: int) -> None:
        theirs = self.bench.meeting(MONDAY + shift * HALF, MONDAY + (shift + 1) * HALF)
        self.kept = self.bench.others()
        with pytest.raises(Gone):
            self.bench.delete(theirs)

    # What always holds.

    def got_over(
        self, work: Callable[[], T], times: int, final: tuple[type[CalendarError], ...] = ()
    ) -> T | None:
        """Work while something fails `times` times: its answer, or None when that was too often."""
        assert isinstance(self.bench, Online)
        try:
            return work()
        except final:
            return None
        except (Unavailable, TooMany):
            if times == 1:  # one fault is got over
                raise
            return None
        finally:
            self.bench.faults.clear()

    def some(self) -> bool:
        return any(self.undone[name] < MOST for name in self.standing)

    def pick(self, data: st.DataObject) -> Event:
        """One of those that stand and may be undone once more."""
        often = [name for name in sorted(self.standing) if self.undone[name] < MOST]
        return self.standing[data.draw(st.sampled_from(often))]

    @rule()
    def list_the_thread(self) -> None:
        found = self.bench.run(lambda: self.bench.calendar.of_thread(THREAD))
        expected = [event for event in self.standing.values() if event.thread == THREAD]
        assert sorted(found, key=lambda event: event.hold) == sorted(expected, key=lambda event: event.hold)

    @invariant()
    def one_event_for_each_that_is_wanted(self) -> None:
        assert sorted(self.bench.ours()) == sorted(self.standing)

    @invariant()
    def nothing_else_is_touched(self) -> None:
        assert self.bench.others() == self.kept
        if isinstance(self.bench, Online):
            assert list(self.bench.mailed) == []


def _forgetful(portal: BlockingPortal) -> GraphBench:
    made = GraphBench(portal)
    made.fake.remembers = False
    return made


def _refusing(portal: BlockingPortal) -> GraphBench:
    made = GraphBench(portal)
    made.fake.refuses = True
    return made


@pytest.mark.parametrize(
    ("make", "share"),
    [(GoogleBench, 1.0), (GraphBench, 0.4), (_forgetful, 0.3), (_refusing, 0.3), (FileBench, 1.0)],
    ids=["google", "microsoft", "microsoft-forgets", "microsoft-refuses", "ics"],
)
def test_one_event_for_each_wanted_hold(
    make: Callable[[BlockingPortal], Bench], share: float, portal: BlockingPortal
) -> None:
    run: list[None] = []
    factory = lambda: Machine(make(portal), lambda: run.append(None))  # noqa: E731 - it stands for the class
    run_state_machine_as_test(
        cast("type[Machine]", factory),
        settings=settings(
            max_examples=max(1, round(EXAMPLES * share)),
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"{len(run)} sequences")  # for `pytest -s`
