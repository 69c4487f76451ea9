"""What goes wrong on the way to Google and to Graph, through the real libraries, and what it comes to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from anyio.from_thread import BlockingPortal

from app.errors import (
    CalendarError,
    Challenge,
    Changed,
    Gone,
    MoreConsent,
    Refused,
    SignInExpired,
    TooMany,
    TooSlow,
    Unavailable,
)
from app.holds import retry
from app.holds.google import EVENTS, FREE_BUSY
from app.holds.graph import SCOPES
from app.holds.retry import Deadline
from tests.holds.benches import HALF, MONDAY, THREAD, TOKEN, GoogleBench, GraphBench, Online, hold


@dataclass
class Clock:
    """A clock that only waiting moves, so that tests wait for nothing."""

    now: float = 1000.0
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(retry, "anyio", SimpleNamespace(sleep=made.sleep, move_on_after=anyio.move_on_after))
    return made


@pytest.fixture(params=[GoogleBench, GraphBench], ids=["google", "microsoft"])
def bench(request: pytest.FixtureRequest, portal: BlockingPortal, clock: Clock) -> Iterator[Online]:
    made: Online = request.param(portal, lambda: Deadline(clock=clock))
    yield made
    assert list(made.mailed) == []
    made.close()


@pytest.fixture
def google(portal: BlockingPortal, clock: Clock) -> GoogleBench:
    return GoogleBench(portal, lambda: Deadline(clock=clock))


@pytest.fixture
def graph(portal: BlockingPortal, clock: Clock) -> Iterator[GraphBench]:
    made = GraphBench(portal, lambda: Deadline(clock=clock))
    yield made
    made.close()


Work = Callable[[], object]


def works(bench: Online) -> dict[str, Work]:
    """One call of each kind that ends in the operation named."""
    window = (MONDAY, MONDAY + 4 * HALF)
    return {
        "insert": lambda: bench.create(hold()),
        "get": lambda: bench.run(lambda: bench.calendar.get("absent0")),
        "list": lambda: bench.run(lambda: bench.calendar.of_thread(THREAD)),
        bench.query: lambda: bench.run(lambda: bench.calendar.availability(*window)),
    }


class TestRefusals:
    @pytest.mark.parametrize("expired", [True, False], ids=["by the service", "said once"])
    def test_an_expired_token_is_not_tried_again(self, bench: Online, expired: bool) -> None:
        for operation, work in works(bench).items():
            if expired:
                bench.sign_in(expired=True)
            else:
                bench.fail("*", 401)
            before = len(bench.calls)
            with pytest.raises(SignInExpired) as caught:
                work()
            assert caught.value.provider in ("google", "microsoft")
            assert len(bench.calls) == before + 1, operation
        assert bench.live() == []

    def test_what_the_user_has_not_allowed_is_named(self, bench: Online) -> None:
        graph = isinstance(bench, GraphBench)
        bench.sign_in(["Calendars.Read"] if graph else ["calendar.freebusy"])
        before = len(bench.calls)
        with pytest.raises(MoreConsent) as caught:
            bench.create(hold())
        assert caught.value.scopes == (SCOPES if graph else (EVENTS,))
        assert len(bench.calls) <= before + 2
        bench.sign_in(["Calendars.ReadBasic"] if graph else ["calendar.events.owned"])
        if not graph:
            with pytest.raises(MoreConsent) as caught:
                works(bench)["query"]()
            assert caught.value.scopes == (FREE_BUSY,)

    @pytest.mark.parametrize(
        ("status", "error"),
        [(404, Gone), (410, Gone), (412, Changed), (400, Refused), (405, Refused), (413, Refused)],
    )
    def test_a_refusal_is_final(self, bench: Online, status: int, error: type[CalendarError]) -> None:
        for operation, work in works(bench).items():
            bench.fail(operation, status)
            before = bench.asked(operation)
            with pytest.raises(Gone if operation == "get" and status in (404, 410) else error) as caught:
                work()
            if isinstance(caught.value, Refused):
                assert caught.value.status == status
            assert bench.asked(operation) == before + 1

    @pytest.mark.parametrize("status", [404, 410])
    def test_what_is_gone_before_it_is_deleted_is_gone(self, bench: Online, status: int) -> None:
        placed = bench.create(hold())
        bench.fail("get", status)
        with pytest.raises(Gone):
            bench.delete(placed.event.id)
        # Between looking and deleting, somebody else was faster: that is what was wanted.
        bench.fail("delete", status)
        bench.delete(placed.event.id)

    def test_google_tells_a_duplicate_and_the_standing_event_is_taken(self, google: GoogleBench) -> None:
        first = google.create(hold())
        assert google.create(hold(title="Another title")).event == first.event
        assert google.asked("insert") == 2

    def test_graph_relays_a_claims_challenge(self, graph: GraphBench) -> None:
        claims = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}'
        graph.fake.challenge(TOKEN, claims)
        with pytest.raises(Challenge) as caught:
            graph.create(hold())
        assert caught.value.claims == claims
        assert len(graph.calls) == 1


class TestWaiting:
    @pytest.mark.parametrize("other", [False, True], ids=["429", "the provider's other way to say so"])
    def test_a_wait_that_fits_is_honoured_once(self, bench: Online, clock: Clock, other: bool) -> None:
        elsewise = 403 if isinstance(bench, GoogleBench) else 503
        reason = "rateLimitExceeded" if isinstance(bench, GoogleBench) else ""
        for operation, work in works(bench).items():
            clock.waits.clear()
            bench.fail(operation, elsewise if other else 429, reason=reason, headers={"Retry-After": "3"})
            if operation == "get":
                with pytest.raises(Gone):
                    work()
            else:
                work()
            assert clock.waits == [3.0]
        assert len(bench.live()) == 1

    def test_a_wait_that_does_not_fit_is_told(self, bench: Online, clock: Clock) -> None:
        bench.fail("insert", 429, headers={"Retry-After": "60"})
        with pytest.raises(TooMany) as caught:
            bench.create(hold())
        assert caught.value.after == 60
        assert clock.waits == []
        assert bench.asked("insert") == 1

    def test_a_second_one_is_told(self, bench: Online, clock: Clock) -> None:
        bench.fail("insert", 429, headers={"Retry-After": "2"}, times=2)
        with pytest.raises(TooMany) as caught:
            bench.create(hold())
        assert (caught.value.after, clock.waits) == (2, [2.0])
        assert bench.asked("insert") == 2
        assert bench.live() == []

    @pytest.mark.parametrize("said", [None, "Fri, 27 Nov 2026 09:00:00 GMT", "", "-1", "²"])
    def test_a_wait_not_in_seconds_is_a_second(self, bench: Online, clock: Clock, said: str | None) -> None:
        headers = {} if said is None or not said.isascii() else {"Retry-After": said}
        bench.fail("insert", 429, headers=headers)
        bench.create(hold())
        assert clock.waits == [1.0]
        assert retry.retry_after(said) == 1.0

    @pytest.mark.parametrize("reason", ["userRateLimitExceeded", "quotaExceeded"])
    def test_googles_other_words_for_it(self, google: GoogleBench, clock: Clock, reason: str) -> None:
        google.fail("insert", 403, reason=reason)
        google.create(hold())
        assert clock.waits == [1.0]


# Empty answers, which google-api-python-client does not tell apart from an empty object.
_NOTHING = (b"", b"{}", b"null")


class TestBreakdowns:
    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_once_is_tried_again_and_twice_is_told(self, bench: Online, status: int) -> None:
        for operation, work in works(bench).items():
            if operation == "get":
                continue
            bench.fail(operation, status)
            before = bench.asked(operation)
            work()
            assert bench.asked(operation) == before + 2
        bench.by_hand(bench.create(hold()).event.id)
        for operation, work in works(bench).items():
            bench.fail(operation, status, times=2)
            with pytest.raises(Unavailable):
                work()
        assert bench.live() == []

    def test_a_lost_answer_leaves_one_event(self, bench: Online) -> None:
        bench.fail("insert", lose=True)
        placed = bench.create(hold())
        assert bench.asked("insert") == 2
        assert bench.ours() == [hold().id]
        assert bench.run(lambda: bench.calendar.get(placed.event.id)) == placed.event
        assert bench.create(hold()).event == placed.event

    def test_two_lost_answers_are_told_and_the_event_is_found_again(self, bench: Online) -> None:
        bench.fail("insert", lose=True, times=2)
        with pytest.raises(Unavailable):
            bench.create(hold())
        assert bench.create(hold()).created is False
        assert bench.ours() == [hold().id]

    def test_a_lost_answer_of_a_deletion_is_a_deletion(self, bench: Online) -> None:
        placed = bench.create(hold())
        bench.fail("delete", lose=True)
        bench.delete(placed.event.id)
        assert bench.live() == []
        with pytest.raises(Gone):
            bench.delete(placed.event.id)

    @pytest.mark.parametrize(
        "body",
        [b'{"kind": "calendar#ev', b"", b"<html>Sign in to the guest network</html>", b"\xff\xfe", b"[1, 2]",
         b'"text"', b"null", b"{}", b'{"id": "x", "start": 7, "items": ["x"], "value": [0], "calendars": 3}',
         b'{"items": 3, "value": 3, "calendars": {"primary": {"busy": [{}]}}}'],
    )  # fmt: skip
    def test_an_answer_that_makes_no_sense(self, bench: Online, body: bytes) -> None:
        standing = bench.create(hold(id="0e" * 16)).event
        asking = works(bench) | {"get": lambda: bench.run(lambda: bench.calendar.get(standing.id))}
        for operation, work in asking.items():
            bench.fail(operation, body=body, times=2)
            fine = operation == "insert" or (operation in ("list", "query") and body in _NOTHING)
            if isinstance(bench, GoogleBench) and fine:
                work()  # asked again, Google tells a duplicate; and what is empty is nothing
            else:
                with pytest.raises(Unavailable):
                    work()
            bench.faults.clear()
        # What was written all the same is found, not made once more.
        bench.create(hold())
        assert sorted(bench.ours()) == [hold().id, standing.hold]

    def test_what_stands_is_not_made_again_when_it_cannot_be_read(self, bench: Online) -> None:
        bench.create(hold())
        for operation in ("get", "list"):
            bench.fail(operation, body=b"{}", times=2)
        with pytest.raises(Unavailable):
            bench.create(hold())
        assert bench.ours() == [hold().id]

    def test_half_a_body_after_its_length(self, bench: Online) -> None:
        bench.fail("list", headers={"Content-Length": "4000"}, body=b'{"items": [', times=2)
        with pytest.raises(Unavailable):
            works(bench)["list"]()
        assert bench.asked("list") == 2

    def test_no_connection(self, graph: GraphBench) -> None:
        graph.fake.down = True
        with pytest.raises(Unavailable):
            graph.create(hold())


class TestSlowness:
    """With a real clock: the libraries have to give up by themselves."""

    @pytest.fixture
    def slow(self, bench: Online, monkeypatch: pytest.MonkeyPatch) -> Online:
        monkeypatch.setattr(retry, "_ONE_CALL", 0.3)
        bench.deadline = lambda: Deadline(20.0)
        return bench

    def test_once_is_tried_again(self, slow: Online) -> None:
        slow.fail("insert", delay=30)
        placed = slow.create(hold())
        assert slow.asked("insert") == 2
        assert slow.ours() == [hold().id]
        assert placed.event.hold == hold().id

    def test_twice_is_told_with_the_providers_name(self, slow: Online) -> None:
        slow.fail(slow.query, delay=30, times=2)
        with pytest.raises(TooSlow) as caught:
            works(slow)[slow.query]()
        assert caught.value.provider == slow.calendar.provider
        assert str(caught.value).startswith(slow.calendar.provider)
        assert slow.asked(slow.query) == 2

    def test_nothing_is_asked_once_the_time_is_over(self, slow: Online) -> None:
        slow.deadline = lambda: Deadline(0.3)
        slow.fail(slow.query, delay=30, times=2)
        with pytest.raises(TooSlow):
            works(slow)[slow.query]()
        assert slow.asked(slow.query) == 1


class TestSecrets:
    FAULTS: tuple[dict[str, Any], ...] = (
        {"status": 401}, {"status": 403}, {"status": 400}, {"status": 412}, {"status": 500, "times": 2},
        {"status": 429, "headers": {"Retry-After": "99"}}, {"lose": True, "times": 2},
        {"body": b"{", "times": 2},
    )  # fmt: skip

    def test_no_token_comes_out(self, bench: Online, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        told: list[str] = []
        for fault in self.FAULTS:
            for operation, work in works(bench).items():
                bench.fail(operation, **fault)
                try:
                    work()
                except CalendarError as error:
                    seen: BaseException | None = error
                    while seen is not None:
                        told.append(f"{seen} {seen!r} {vars(seen)}")
                        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
                bench.faults.clear()
        assert len(told) > len(self.FAULTS)
        logged = [f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records]
        assert not [text for text in told + logged if TOKEN in text]

    def test_no_token_stands_in_a_calendars_repr(self, bench: Online) -> None:
        assert TOKEN not in repr(bench.calendar) + str(bench.calendar)
