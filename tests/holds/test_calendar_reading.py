"""What Google and Graph read out, page by page, and the two ways in which Graph treats what was deleted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import httpx
import pytest
from anyio.from_thread import BlockingPortal

from app.errors import CalendarError, Changed, Gone, Unavailable
from app.holds.calendar import GENERATIONS
from app.holds.graph import GraphCalendar
from tests.holds.benches import HALF, MONDAY, THREAD, TOKEN, GoogleBench, GraphBench, Online, hold


@pytest.fixture(params=[GoogleBench, GraphBench], ids=["google", "microsoft"])
def bench(request: pytest.FixtureRequest, portal: BlockingPortal) -> Iterator[Online]:
    made: Online = request.param(portal)
    yield made
    assert list(made.mailed) == []
    made.close()


class TestPages:
    def test_all_pages_of_a_list_and_of_what_is_taken(self, bench: Online) -> None:
        assert isinstance(bench, GoogleBench | GraphBench)
        bench.fake.page = 2
        made = [
            bench.create(hold(id=f"{n:032x}", start=MONDAY + n * HALF, end=MONDAY + (n + 1) * HALF))
            for n in range(5)
        ]
        found = bench.run(lambda: bench.calendar.of_thread(THREAD))
        assert [event.id for event in found] == [placed.event.id for placed in made]
        without = made[0].event.id
        taken = bench.run(lambda: bench.calendar.availability(MONDAY, MONDAY + 9 * HALF, without=without))
        assert len(taken.busy) == 4
        assert bench.asked("list") >= 3

    def test_an_empty_first_page_is_not_the_last(self, google: GoogleBench) -> None:
        google.fake.blank_pages = True
        google.create(hold())
        assert len(google.run(lambda: google.calendar.of_thread(THREAD))) == 1

    @pytest.mark.parametrize(
        "link",
        ["https://evil.example.com/v1.0/me", "https://graph.microsoft.com.evil.example.com/v1.0/x",
         "http://graph.microsoft.com/v1.0/me", "https://graph.microsoft.com@evil.example.com/v1.0/", 7,
         "https://graph.microsoft.com/v1.0/\x00"],
    )  # fmt: skip
    def test_a_token_follows_no_link_that_leads_elsewhere(self, portal: BlockingPortal, link: object) -> None:
        seen: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(200, json={"value": [], "@odata.nextLink": link})

        client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        calendar = GraphCalendar(TOKEN, client)
        with pytest.raises(Unavailable):
            portal.call(calendar.of_thread, THREAD)
        portal.call(client.aclose)
        assert [request.url.host for request in seen] == ["graph.microsoft.com"]

    def test_a_redirect_is_not_followed_with_the_token(self, portal: BlockingPortal) -> None:
        seen: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request.url.host)
            return httpx.Response(302, headers={"Location": "https://evil.example.com/"})

        client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        calendar = GraphCalendar(TOKEN, client)
        with pytest.raises(CalendarError):
            portal.call(calendar.of_thread, THREAD)
        portal.call(client.aclose)
        assert set(seen) == {"graph.microsoft.com"}

    def test_what_google_cannot_tell_is_partial(self, google: GoogleBench) -> None:
        google.fake.partial = True
        window = (MONDAY, MONDAY + dt.timedelta(days=1))
        found = google.run(lambda: google.calendar.availability(*window))
        assert (found.busy, found.partial) == ((), True)
        google.fake.partial = False
        assert not google.run(lambda: google.calendar.availability(*window)).partial


class TestWhatGraphRemembers:
    """A transactionId that is known may be answered with the event it made, deleted or not, or refused."""

    @pytest.mark.parametrize("refuses", [False, True])
    @pytest.mark.parametrize("remembers", [False, True])
    def test_a_deleted_event_is_made_again(self, graph: GraphBench, remembers: bool, refuses: bool) -> None:
        graph.fake.remembers, graph.fake.refuses = remembers, refuses
        for turn in range(3):
            placed = graph.create(hold())
            assert graph.ours() == [hold().id]
            (graph.delete if turn % 2 else graph.by_hand)(placed.event.id)
            assert graph.ours() == []

    @pytest.mark.parametrize("remembers", [False, True])
    def test_a_deleted_event_is_made_again_at_another_time(self, graph: GraphBench, remembers: bool) -> None:
        graph.fake.remembers = remembers
        for turn in range(4):
            shift = turn % 3 * HALF
            placed = graph.create(hold(start=MONDAY + shift, end=MONDAY + shift + HALF))
            assert placed.event.start == MONDAY + shift
            graph.by_hand(placed.event.id)

    def test_a_lost_answer_that_is_refused_the_second_time(self, graph: GraphBench) -> None:
        graph.fake.refuses = True
        graph.fail("insert", lose=True)
        placed = graph.create(hold())
        assert graph.ours() == [placed.event.hold]

    def test_a_refusal_that_does_not_name_the_event(self, graph: GraphBench) -> None:
        # The list does not show yet what was made a moment ago; then the refusal, then it does.
        graph.create(hold())
        graph.fail("list", body=b'{"value": []}')
        graph.fail("insert", 400, reason="ErrorDuplicateTransactionId")
        placed = graph.create(hold())
        assert not placed.created
        assert graph.ours() == [hold().id]

    def test_two_at_once_with_other_times_are_one(self, bench: Online) -> None:
        wanted = [hold(), hold(start=MONDAY + HALF, end=MONDAY + 2 * HALF)]
        first, second = bench.create_at_once(wanted)
        assert first.event.id == second.event.id
        assert len(bench.ours()) == 1

    def test_undone_too_often_it_is_refused(self, bench: Online) -> None:
        for _ in range(GENERATIONS):
            bench.by_hand(bench.create(hold()).event.id)
        with pytest.raises(Changed):
            bench.create(hold())
        assert bench.ours() == []

    def test_what_lingers_among_the_deleted_is_gone(self, graph: GraphBench) -> None:
        graph.fake.lingers = True
        placed = graph.create(hold())
        graph.fail("delete", lose=True)
        graph.delete(placed.event.id)
        with pytest.raises(Gone):
            graph.delete(placed.event.id)
        assert graph.create(hold()).created
        assert graph.ours() == [hold().id]
