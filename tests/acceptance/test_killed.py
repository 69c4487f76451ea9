"""kill -9 in the middle of many holds: none is lost, and none is there twice.

A thousand of them where TACTLINE_THOROUGH is set.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.workers import Worker, graph_served, running
from tests.sizes import size

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.servers]

HOLDS = size(300, 1000)
PEOPLE = 50
KILLED_AFTER = (HOLDS // 5, HOLDS * 3 // 5)  # holds that are answered
CLIENTS = 12
PATIENCE = 180.0  # seconds for one hold: what a killed process was at is taken over after a while
DAY = dt.datetime(2027, 3, 2, tzinfo=dt.UTC)


def wanted(number: int) -> dict[str, Any]:
    """Hold `number`: at most twenty for each person, no two at the same time."""
    start = DAY + dt.timedelta(days=7 * (number // PEOPLE % 5), hours=9 + number // PEOPLE // 5)
    return {
        "id": uuid.uuid5(uuid.NAMESPACE_OID, str(number)).hex, "kind": "client-call",
        "title": f"Call {number}", "reason": "A voice carries more.", "sources": [],
        "start": start.isoformat(), "end": (start + dt.timedelta(minutes=30)).isoformat(),
        "all_day": False, "time_zone": "Europe/Paris",
        "thread": uuid.uuid5(uuid.NAMESPACE_OID, f"thread {number}").hex,
    }  # fmt: skip


class Clients:
    """Ask for all holds at once, each until it is answered well, as a mail client behind a bad line does."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.answered: dict[int, tuple[int, dict[str, Any]]] = {}
        self.failures = 0
        self._lock = threading.Lock()
        self.http = httpx.Client(timeout=20)  # one for all: to make one takes longer than a hold

    def ask(self, number: int) -> None:
        body = {"hold": wanted(number), "calendar": "microsoft", "now": DAY.isoformat()}
        headers = {
            "Calendar-Authorization": f"Bearer token-{number % PEOPLE}", "Idempotency-Key": f"hold-{number}",
        }  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = self.http.post(f"{self.worker.address}/v1/holds", json=body, headers=headers)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code in (200, 201):
                with self._lock:
                    self.answered[number] = answer.status_code, answer.json()
                return
            # Killed under it, being started again, another still at it, or the calendar slow on a machine
            # that has more to do: everything else is a defect.
            assert answer is None or answer.status_code in (409, 503, 504), answer.text
            with self._lock:
                self.failures += 1
            time.sleep(0.5)
        raise TimeoutError(number)


def test_none_is_lost_and_none_is_doubled(
    fresh_postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ABANDONED_AFTER", str(size(15, 60)))
    with graph_served() as (graph, address):
        for person in range(PEOPLE):
            graph.user(f"token-{person}", f"person-{person}")
        settings = {"database_url": fresh_postgresql, "secrets": "s" * 40, "log_level": "warning"}
        worker = Worker(address, settings, tmp_path / "log")
        clients = Clients(worker)
        with running(worker), clients.http, ThreadPoolExecutor(CLIENTS) as pool:
            going = [pool.submit(clients.ask, number) for number in range(HOLDS)]
            for enough in KILLED_AFTER:
                while len(clients.answered) < enough:
                    for one in going:
                        if one.done():
                            one.result()
                    time.sleep(0.01)
                worker.kill()
                worker.start()
                worker.wait()
            for one in going:
                one.result()
            # Everything is asked once more: the same event is answered, and nothing is made.
            before = dict(clients.answered)
            list(pool.map(clients.ask, range(HOLDS)))

        assert clients.failures, "nothing was under way when the process was killed"
        assert len(clients.answered) == HOLDS
        events = {n: answer["event"]["id"] for n, (_, answer) in before.items()}
        assert {n: answer["event"]["id"] for n, (_, answer) in clients.answered.items()} == events
        assert len(set(events.values())) == HOLDS
        standing = [event for person in range(PEOPLE) for event in graph.events(f"person-{person}")]
        assert sorted(event["subject"] for event in standing) == sorted(f"Call {n}" for n in range(HOLDS))
        log = worker.log.read_text()
        assert "token-" not in log
        assert "Call " not in log
