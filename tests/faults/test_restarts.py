"""PostgreSQL and Redis started anew while the service is asked for reviews and holds all the time."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import redis

from tests.acceptance import workers
from tests.acceptance.test_killed import DAY, PEOPLE, wanted
from tests.acceptance.workers import Worker, graph_served, running
from tests.api.test_errors import problem
from tests.holds.fakes.graph import FakeGraph
from tests.servers import PostgresServer, RedisServer
from tests.serving import BODY, figures

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.servers]

KEY = "a-key-of-sixteen-and-more"
SOON = 5.0  # seconds until holds are made again
SLOWLY = 30.0  # seconds that a busy machine may add
PATIENCE = 90.0  # seconds for one hold: one that was broken off in the middle is taken over after a minute


class Load:
    """Programs that ask all the time. A review that is not answered well ends its program with an error."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.reviews = 0
        self.held: dict[int, Any] = {}
        self.refusals: list[httpx.Response] = []
        self._next = iter(range(1000))
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._programs: list[Future[None]] = []

    @contextmanager
    def running(self, reviewing: int, holding: int = 0) -> Iterator[None]:
        with ThreadPoolExecutor(reviewing + holding) as pool:
            self._programs = [pool.submit(self._review) for _ in range(reviewing)]
            self._programs += [pool.submit(self._hold) for _ in range(holding)]
            try:
                yield
            finally:
                self._over.set()
        for program in self._programs:
            program.result()

    def until(self, so: Callable[[], bool], seconds: float = SLOWLY) -> None:
        deadline = time.monotonic() + seconds
        while not so():
            for program in self._programs:
                if program.done():
                    program.result()
            assert time.monotonic() < deadline, "not in time"
            time.sleep(0.02)

    def more(self, seconds: float = SLOWLY, count: int = 20) -> None:
        """Until so many holds more, and reviews, are answered."""
        held, reviews = len(self.held), self.reviews
        self.until(lambda: len(self.held) >= held + count and self.reviews > reviews + 2, seconds)

    def refused(self) -> None:
        """Until some holds more are refused."""
        before = len(self.refusals)
        self.until(lambda: len(self.refusals) > before + 3)

    def _review(self) -> None:
        with httpx.Client(timeout=SLOWLY, headers={"Authorization": f"Bearer {KEY}"}) as client:
            while not self._over.is_set():
                answer = client.post(f"{self.address}/v1/reviews", json=BODY)
                assert answer.status_code == 200, answer.text
                with self._lock:
                    self.reviews += 1
                time.sleep(0.02)

    def _hold(self) -> None:
        while not self._over.is_set():
            with self._lock:
                number = next(self._next)
            self.hold(number)
            time.sleep(0.05)

    def hold(self, number: int, *, again: bool = False) -> Any:
        """Ask for a hold until there is one; `again` as by somebody who knows of no request before."""
        body = {"hold": wanted(number), "calendar": "microsoft", "now": DAY.isoformat()}
        headers = {
            "Authorization": f"Bearer {KEY}", "Calendar-Authorization": f"Bearer token-{number % PEOPLE}",
        }  # fmt: skip
        if not again:
            headers["Idempotency-Key"] = f"hold-{number}"
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = httpx.post(f"{self.address}/v1/holds", json=body, headers=headers, timeout=SLOWLY)
            if answer.status_code in (200, 201):
                self.held[number] = answer.json()
                return answer.json()
            with self._lock:
                self.refusals.append(answer)
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.2)


@dataclass
class Beside:
    """The service in a process of its own, with what it needs beside it."""

    worker: Worker
    graph: FakeGraph
    database: PostgresServer
    counting: RedisServer

    def get(self, path: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {KEY}"}
        return httpx.get(f"{self.worker.address}{path}", headers=headers, timeout=SLOWLY)

    def said(self, words: str) -> int:
        return self.worker.log.read_text().count(words)

    def looked_in_vain(self) -> bool:
        """Whether the service wanted to see if keys or guidelines changed, as every few seconds, and told."""
        return self.said("keys were not looked at") + self.said("house guidelines were not looked at") > 0


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    database, counting = PostgresServer(), RedisServer()
    patch = pytest.MonkeyPatch()
    patch.setattr(workers, "STARTING", 240.0)  # a busy machine loads the model slowly
    try:
        settings = {
            "database_url": database.url(database.new()), "secrets": "s" * 40, "api_keys": KEY,
            "rate_limit_url": counting.url, "rate_limit": "9999/second",
        }  # fmt: skip
        with graph_served() as (graph, address):
            worker = Worker(address, settings, tmp_path_factory.mktemp("restarts") / "log")
            for person in range(PEOPLE):
                graph.user(f"token-{person}", f"person-{person}")
            with running(worker):
                yield Beside(worker, graph, database, counting)
            assert "unexpected error" not in worker.log.read_text()
            assert "Traceback" not in worker.log.read_text()
    finally:
        patch.undo()
        database.remove()
        counting.remove()


def test_postgresql_restarted(beside: Beside) -> None:
    """Politely, and as if it had crashed: reviews never fail, holds wait, none is lost and none doubled."""
    load, database = Load(beside.worker.address), beside.database
    with load.running(reviewing=2, holding=4):
        load.more()
        for how in (signal.SIGINT, signal.SIGQUIT):
            database.stop(how)
            load.until(lambda: beside.get("/readyz").json()["store"] == "unavailable")
            load.refused()
            load.until(beside.looked_in_vain)
            database.start()
            begun = time.monotonic()
            load.more(count=1)
            assert time.monotonic() - begun < SOON + SLOWLY / 3
            load.more()
    time.sleep(1.0)  # for so long the answer before counts
    assert beside.get("/readyz").json()["status"] == "ready"
    for answer in load.refusals:
        code = "store-unavailable" if answer.status_code == 503 else "still-running"
        problem(answer, 409 if code == "still-running" else 503, code)
        assert int(answer.headers["retry-after"]) >= 1
    # Asked once more, each is the event that was told.
    before = {number: answer["event"]["id"] for number, answer in load.held.items()}
    assert {number: load.hold(number, again=True)["event"]["id"] for number in before} == before
    there = [event for number in range(PEOPLE) for event in beside.graph.events(f"person-{number}")]
    assert sorted(event["subject"] for event in there) == sorted(f"Call {number}" for number in before)
    told = figures(beside.get("/metrics").text)
    assert "tactline_store_errors_total" in {name for name, _ in told}
    assert beside.looked_in_vain()


def test_redis_restarted(beside: Beside) -> None:
    """Killed and started anew: nobody is refused, the process counts for itself meanwhile, told once."""
    load, counting = Load(beside.worker.address), beside.counting
    with redis.Redis.from_url(counting.url) as client, load.running(reviewing=4):
        load.until(lambda: load.reviews > 4 and bool(client.keys("*")))
        counting.stop(signal.SIGKILL)
        reviews = load.reviews
        load.until(lambda: load.reviews > reviews + 8)
        counting.start()
        load.until(lambda: bool(client.keys("*")))
    assert beside.said("Redis does not count, this process does") == 1
