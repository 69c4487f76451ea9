"""Two processes behind one address: what one is told, the other knows within seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.acceptance.workers import ROOT, Worker, running

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.servers]

ADMIN = "the-key-of-the-settings-0123456789"
SOON = 6.0  # seconds
TEXT = (
    "Hello Anna,\n\nAs I already told you, the plan is attached. Another customer of ours pays twice as much."
)
GUIDELINE = {
    "guideline": {
        "kind": "avoid", "dimension": "candour", "weight": 0.4, "sources": ["difficult-client/keep-informed"],
    },
    "words": {
        "en": {
            "title": "Naming other clients",
            "advice": "Leave other clients out of it.",
            "reasons": {"default": "This tells one client about another."},
            "rules": [
                {
                    "id": "another-customer", "pattern": r"\banother (?:customer|client) of ours\b[^.!?]*",
                    "flags": [{"text": "[[Another customer of ours pays twice as much]]."}],
                    "allows": ["Another file of ours is attached."],
                }
            ],
        }
    },
}  # fmt: skip


@dataclass
class Pair:
    one: Worker
    two: Worker
    variables: dict[str, str]

    def ask(self, worker: Worker, method: str, path: str, key: str = ADMIN, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}", **more.pop("headers", {})}
        return httpx.request(method, worker.address + path, headers=headers, timeout=30, **more)

    def review(self, worker: Worker, key: str = ADMIN) -> httpx.Response:
        body = {"message": {"direction": "outgoing", "text": TEXT}, "explain_in": "en"}
        return self.ask(worker, "POST", "/v1/reviews", key, json=body)

    def found(self, worker: Worker) -> set[str]:
        answer = self.review(worker)
        assert answer.status_code == 200, answer.text
        return {finding["guideline"] for finding in answer.json()["findings"]}

    def command(self, *words: str) -> str:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", "from app.cli import main; main()", *words],
            cwd=ROOT, env={**os.environ, **self.variables}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout


@pytest.fixture(scope="module")
def pair(postgresql: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    settings = {
        "database_url": postgresql, "secrets": "s" * 40, "api_keys": ADMIN, "rate_limit_url": redis_url,
        "rate_limit": "300/hour",  # however long a busy machine takes
    }  # fmt: skip
    folder = tmp_path_factory.mktemp("workers")
    one, two = (Worker("http://127.0.0.1:1", settings, folder / name) for name in ("one", "two"))
    with running(one, two):
        yield Pair(one, two, {f"TACTLINE_{name.upper()}": value for name, value in settings.items()})


def within(seconds: float, so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < deadline, "the other process was not told in time"
        time.sleep(0.2)


def test_a_revoked_key_opens_neither(pair: Pair) -> None:
    key = pair.command("keys", "create", "the office", "--scopes", "review").strip()
    within(SOON, lambda: all(pair.review(worker, key).status_code == 200 for worker in (pair.one, pair.two)))
    refused = pair.ask(pair.two, "PUT", "/v1/guidelines/naming-other-clients", key, json=GUIDELINE)
    assert refused.status_code == 403
    pair.command("keys", "revoke", "the office")
    within(SOON, lambda: all(pair.review(worker, key).status_code == 401 for worker in (pair.one, pair.two)))


def test_a_guideline_put_on_one_is_judged_by_the_other(pair: Pair) -> None:
    assert "naming-other-clients" not in pair.found(pair.two)
    put = pair.ask(pair.one, "PUT", "/v1/guidelines/naming-other-clients", json=GUIDELINE)
    assert put.status_code == 201, put.text
    assert "naming-other-clients" in pair.found(pair.one)
    within(SOON, lambda: "naming-other-clients" in pair.found(pair.two))
    assert pair.ask(pair.two, "DELETE", "/v1/guidelines/naming-other-clients").status_code == 204
    within(SOON, lambda: "naming-other-clients" not in pair.found(pair.one))


def test_a_dismissal_made_on_one_is_kept_by_the_other(pair: Pair) -> None:
    finding = next(
        f for f in pair.review(pair.one).json()["findings"] if f["guideline"] == "blaming-the-client"
    )
    words = {"guideline": finding["guideline"], "quote": finding["quote"]}
    assert "blaming-the-client" in pair.found(pair.two)
    assert pair.ask(pair.one, "PUT", "/v1/dismissals", json=words).status_code == 204
    # A dismissal is looked up with each review: there is nothing to wait for.
    assert "blaming-the-client" not in pair.found(pair.two)
    assert pair.ask(pair.two, "DELETE", "/v1/me").status_code == 204
    assert "blaming-the-client" in pair.found(pair.one)


def test_both_count_by_one_limit(pair: Pair) -> None:
    key = pair.command("keys", "create", "somebody busy", "--scopes", "review").strip()
    within(SOON, lambda: pair.ask(pair.one, "GET", "/v1/me", key).status_code == 200)
    statuses = [
        pair.ask(worker, "GET", "/v1/me", key).status_code
        for _ in range(160)
        for worker in (pair.one, pair.two)
    ]
    assert set(statuses) == {200, 429}
    # Those before the loop count too.
    assert 300 - 8 <= statuses.count(200) <= 300
    assert statuses == sorted(statuses)


def test_nothing_of_a_mail_and_no_key_is_logged(pair: Pair) -> None:
    for worker in (pair.one, pair.two):
        log = worker.log.read_text()
        assert "already told" not in log
        assert ADMIN not in log
        assert "the office" not in log
