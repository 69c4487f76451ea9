"""Clients that open connections and let them drip: others are served, and theirs are ended."""

from __future__ import annotations

import contextlib
import json
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from app import patience
from app.tone.review import Engine
from tests.faults.sockets import PATIENCE, REVIEW, SLOWLY, Slow, hasty, head, standing
from tests.serving import BODY

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

MANY = 2000  # idle connections


@pytest.fixture(scope="module")
def service(engine: Engine) -> Iterator[str]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with hasty(), standing(engine) as address:
            yield address
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def connected(service: str, count: int = 1, room: int | None = None) -> Iterator[list[Slow]]:
    found: list[Slow] = []
    try:
        for _ in range(count):
            found.append(Slow(service, room))  # noqa: PERF401 - what was opened is closed in any case
        yield found
    finally:
        for one in found:
            one.close()


def review(service: str) -> int:
    return httpx.post(f"{service}/v1/reviews", json=BODY, timeout=SLOWLY).status_code


def test_what_is_waited_for_is_bounded() -> None:
    """Those below meet a service with less patience: this is how much there is."""
    assert (patience.HEAD, patience.BODY, patience.RATE) == (20, 20, 500)
    assert (patience.FLOWING, patience.ANSWER) == (300, 60)


def test_who_drips_is_ended_while_others_are_served(service: str, caplog: pytest.LogCaptureFixture) -> None:
    """Heads, second heads, bodies, and bodies that were answered already, all at once."""
    caplog.set_level("INFO")
    with connected(service, 5) as all_of_them, ThreadPoolExecutor(5) as pool:
        first_head, second_head, body, form, answered = all_of_them
        second_head.send(head("GET", "/healthz"))
        body.send(head("POST", "/v1/reviews", 100_000, Accept_Language="fr") + REVIEW[:50])
        form.send(head("POST", "/v2/check", 100_000, Content_Type="application/x-www-form-urlencoded"))
        answered.send(head("POST", "/v1/nothing-here", 100_000))
        dripping = [
            pool.submit(first_head.drip, head("GET", "/healthz", X_Long="a" * 1000)),
            pool.submit(second_head.drip, head("GET", "/healthz", X_Long="a" * 1000)),
            pool.submit(body.drip, b" " * 1000),
            pool.submit(form.drip, b"text=" + b"a" * 1000),
            pool.submit(answered.drip, b" " * 1000),
        ]
        served = 0
        while not all(one.done() for one in dripping):
            assert review(service) == 200
            served += 1
        took = [one.result() for one in dripping]
    assert served
    assert min(took) > PATIENCE / 2
    assert max(took) < PATIENCE + SLOWLY
    assert first_head.answer == b""  # nothing was asked, so nothing is answered
    assert second_head.answer.count(b"HTTP/1.1 200") == 1
    assert answered.answer.count(b"HTTP/1.1 404") == 1

    told, _, document = body.answer.partition(b"\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in told.lower()
    problem = json.loads(document)
    assert (problem["status"], problem["type"], problem["title"]) == (408, "/problems/too-slow", "Trop lent")
    assert form.answer.startswith(b"HTTP/1.1 408")
    assert b"Error: The request took too long" in form.answer
    logged = [record for record in caplog.records if record.getMessage() == "request"]
    assert logged
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(("seconds", "answers"), [(1, 1), (30, 2)])
def test_a_connection_waits_for_another_request_as_long_as_is_set(
    engine: Engine, seconds: int, answers: int
) -> None:
    """A balancer sends the next request into it: what was closed meanwhile would be a 502."""
    with hasty(), standing(engine, keep_alive=seconds) as address, connected(address) as [one]:
        one.send(head("GET", "/healthz"))
        time.sleep(PATIENCE * 2)
        with contextlib.suppress(ConnectionError):
            one.send(head("GET", "/healthz", Connection="close"))
        assert one.rest().count(b"HTTP/1.1 200") == answers


def test_a_bad_line_is_no_slow_client(service: str) -> None:
    """A mail over a line of some kilobytes a second takes longer than the first seconds, and may."""
    with connected(service) as [patient]:
        content = REVIEW + b" " * 12_000
        patient.send(head("POST", "/v1/reviews", len(content), Connection="close"))
        begun = time.monotonic()
        for start in range(0, len(content), 1200):
            patient.send(content[start : start + 1200])
            time.sleep(PATIENCE / 8)
        assert time.monotonic() - begun > PATIENCE
        assert patient.rest().startswith(b"HTTP/1.1 200")


def test_a_batch_may_pause_and_not_for_ever(service: str) -> None:
    with connected(service) as [batch]:
        lines = {"Content_Type": "application/x-ndjson", "Connection": "close"}
        batch.send(head("POST", "/v1/reviews:batch", 100_000, **lines))
        for _ in range(3):
            batch.send(REVIEW + b"\n")
            time.sleep(PATIENCE / 2)
        found = batch.rest()
    assert found.startswith(b"HTTP/1.1 200")
    assert found.count(b'"review"') == 3
    assert found.endswith(b"0\r\n\r\n")


def test_who_takes_no_answer_is_ended(service: str) -> None:
    """A hundred answers of a connection whose client reads none: no more than fits is ever made."""
    whole = len(httpx.get(f"{service}/openapi.json").content)
    assert whole > 50_000
    with connected(service, room=4096) as [deaf]:
        deaf.send(head("GET", "/openapi.json") * 100)
        time.sleep(PATIENCE * 2)
        assert review(service) == 200
        assert len(deaf.rest()) < 100 * whole


def test_thousands_of_idle_connections_stop_nobody(service: str) -> None:
    """Here both ends are in one process, which may not open as many files as it likes."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    with connected(service, min(MANY, (soft - 400) // 2)) as idle:
        assert review(service) == 200
        assert httpx.get(f"{service}/readyz").status_code == 200
        # Nothing was said on them: they are ended without a word.
        assert [one.rest() for one in idle] == [b""] * len(idle)
