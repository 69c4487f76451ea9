"""More reviews than can be made: whoever would wait too long is told so, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from app.service import Busy, Service
from app.tone.review import Engine, Request
from app.tone.types import Review
from tests.conftest import Client

MAIL = {"direction": "outgoing", "text": "Hello Anna,\n\nthe plan is attached.\n\nTom"}


class Held:
    """An engine whose reviews begin only when they may."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.guidance = engine, engine.guidance
        self.let = threading.Event()
        self.begun = 0

    def review(self, request: Request) -> Review:
        self.begun += 1
        assert self.let.wait(30)
        return self.engine.review(request)


@pytest.fixture
def held(engine: Engine) -> Held:
    return Held(engine)


@pytest.fixture
def client(make_client: Callable[..., Client], held: Held) -> Client:
    return make_client(held, threads=1, queue=1)


@contextmanager
def full(client: Client, held: Held) -> Iterator[list[Future[httpx.Response]]]:
    """One review is under way and one waits, until the block ends."""
    with ThreadPoolExecutor() as pool:
        going = [pool.submit(client.review, MAIL)]
        while not held.begun:
            time.sleep(0.01)
        going.append(pool.submit(client.review, MAIL))
        service = client.app.state.service
        while service._inside < 2:
            time.sleep(0.01)
        try:
            yield going
        finally:
            held.let.set()


def test_who_would_wait_too_long_is_told_at_once(client: Client, held: Held) -> None:
    with full(client, held) as going:
        refused = client.review(MAIL)
        assert refused.status_code == 503
        assert refused.json()["type"] == "/problems/busy"
        assert int(refused.headers["retry-after"]) > 0
        line = client.post("/v2/check", data={"text": "Hello Anna", "language": "en-GB"})
        assert line.status_code == 503
        assert line.text.startswith("Error: The service has too much to do")
        assert int(line.headers["retry-after"]) > 0
    answers = [each.result().json() for each in going]
    assert answers[0] == answers[1] == client.review(MAIL).json()
    assert client.app.state.service._inside == 0


def test_how_long_the_last_ones_took_tells_who_would_wait_too_long() -> None:
    """Not how many wait: thirty short ones are sooner done than three long ones."""

    async def refused_after(seconds: float) -> int:
        service = Service(threads=2, longest_wait=0.3)
        for _ in range(30):
            await service.aside(lambda: time.sleep(seconds))
        going: list[asyncio.Task[None]] = []
        while not service.full:
            going.append(asyncio.create_task(service.aside(lambda: time.sleep(seconds))))
            await asyncio.sleep(0)
            assert len(going) < 100
        with pytest.raises(Busy):
            await service.aside(lambda: None)
        patient = service.aside(lambda: None, patient=True)
        await asyncio.gather(*going, patient)
        assert not service.full
        return len(going)

    slow, fast = asyncio.run(refused_after(0.1)), asyncio.run(refused_after(0.02))
    assert slow < fast
    assert slow <= 2 + 6  # in 0.3 seconds two threads do six of 0.1, and two are under way


def test_a_place_is_nobody_elses(engine: Engine) -> None:
    """Also while its review waits for the store and is in no thread yet."""
    service = Service(threads=1, queue=1, engine=engine)
    with service.place(), service.place(), pytest.raises(Busy), service.place():
        pass
    with service.place():
        pass


def test_a_batch_waits(client: Client, held: Held) -> None:
    lines = b"".join(json.dumps({"message": MAIL, "id": number}).encode() + b"\n" for number in range(3))
    headers = {"Content-Type": "application/x-ndjson"}
    with full(client, held), ThreadPoolExecutor() as pool:
        batch = pool.submit(client.post, "/v1/reviews:batch", content=lines, headers=headers)
        time.sleep(0.2)
        assert client.review(MAIL).status_code == 503
        held.let.set()
        found: list[dict[str, Any]] = [json.loads(line) for line in batch.result().text.splitlines()]
    assert [item["id"] for item in found] == [0, 1, 2]
    assert all("review" in item for item in found)


def test_an_error_gives_its_place_back(make_client: Callable[..., Client], engine: Engine) -> None:
    client = make_client(engine, threads=1, queue=0)
    for _ in range(5):
        assert client.post("/v1/reviews", json={"message": {}}).status_code == 422
    assert client.review(MAIL).status_code == 200
