"""SIGTERM under load: a balancer has time to look elsewhere, and whoever was let in is answered."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.serving import BODY, Served, served

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


class Balancer:
    """Sends requests until /readyz says that it should not."""

    def __init__(self, service: Served) -> None:
        self._service = service
        self._elsewhere = threading.Event()
        self.answered: list[tuple[float, int]] = []

    def watch(self) -> None:
        while httpx.get(f"{self._service.address}/readyz").status_code == 200:
            time.sleep(0.1)
        self._elsewhere.set()

    def keep(self) -> None:
        """Over a connection that is kept as long as the service keeps it."""
        with httpx.Client(timeout=60) as client:
            while not self._elsewhere.is_set():
                self._ask(client)

    def renew(self) -> None:
        while not self._elsewhere.is_set():
            with httpx.Client(timeout=60) as client:
                self._ask(client)

    def _ask(self, client: httpx.Client) -> None:
        # A connection that is refused or reset raises here.
        answer = client.post(f"{self._service.address}/v1/reviews", json=BODY)
        self.answered.append((time.monotonic(), answer.status_code))


def test_who_was_let_in_is_answered(tmp_path: Path) -> None:
    with served(tmp_path, TACTLINE_LOG_FORMAT="json", TACTLINE_DRAIN_SECONDS="4") as service:
        balancer = Balancer(service)
        with ThreadPoolExecutor(9) as pool:
            programs = [pool.submit(balancer.watch)]
            programs += [pool.submit(way) for way in (balancer.keep, balancer.renew) for _ in range(4)]
            while len(balancer.answered) < 30:
                assert not any(program.done() for program in programs)
                time.sleep(0.02)
            told = time.monotonic()
            service.tell()
            for program in programs:
                program.result(60)
        assert service.ended() == 0
        assert {status for _, status in balancer.answered} == {200}
        assert [moment for moment, _ in balancer.answered if moment > told]
        assert "Traceback" not in service.log.read_text()
        # One line a request, so that none was begun and dropped.
        logged = [line for line in service.lines() if line.get("route") == "/v1/reviews"]
        assert len(logged) == len(balancer.answered)
