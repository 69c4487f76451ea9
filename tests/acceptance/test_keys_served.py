"""Keys made by the command while `tactline serve` runs, on both databases."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.workers import ROOT
from tests.serving import Served, served
from tests.store.conftest import POSTGRESQL

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

SOON = 5.0  # seconds until a key that was made or revoked elsewhere is known
SLOWLY = 3.0  # seconds that a busy machine may add


@dataclass
class Office:
    """A service on loopback, and the command beside it."""

    served: Served
    variables: dict[str, str]
    folder: Path

    def keys(self, *words: str) -> str:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", "from app.cli import main; main()", "keys", *words],
            cwd=ROOT, env={**os.environ, **self.variables}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def known(self, name: str) -> dict[str, Any]:
        records: list[dict[str, Any]] = json.loads(self.keys("list", "--json"))
        (found,) = (record for record in records if record["name"] == name)
        return found

    def status(self, key: str | None = None, **headers: str) -> int:
        given = {} if key is None else {"Authorization": f"Bearer {key}"}
        return httpx.get(f"{self.served.address}/v1/me", headers=given | headers, timeout=30).status_code


@pytest.fixture(params=["file", POSTGRESQL])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    url = f"sqlite:///{tmp_path / 'db'}"
    if request.param != "file":
        url = str(request.getfixturevalue("fresh_postgresql"))
    variables = {
        "TACTLINE_DATABASE_URL": url, "TACTLINE_SECRETS": "s" * 40, "TACTLINE_LOG_LEVEL": "debug",
        "TACTLINE_RATE_LIMIT_DENIED": "3/hour",
    }  # fmt: skip
    with served(tmp_path, **variables) as running:
        yield Office(running, variables, tmp_path)


def within(seconds: float, so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < deadline, "the service was not told in time"
        time.sleep(0.2)


def test_from_the_first_key_to_the_last(office: Office) -> None:
    assert office.status() == 200  # for this machine alone, and no key was made yet
    key = office.keys("create", "the portal", "--scopes", "review")
    other = office.keys("create", "the archive", "--scopes", "review")
    within(SOON + SLOWLY, lambda: office.status() == 401)
    begun = dt.datetime.now(dt.UTC)
    assert office.status(key, **{"Tactline-User": "ana-quill"}) == 200

    def noted() -> bool:
        used = office.known("the portal")["last_used_at"]
        return used is not None and dt.datetime.fromisoformat(used) >= begun

    within(SOON + SLOWLY, noted)
    assert office.known("the archive")["last_used_at"] is None

    office.keys("revoke", "the portal")
    within(SOON + SLOWLY, lambda: office.status(key) == 401)
    assert office.status(other) == 200

    said = office.served.log.read_text()
    kept = b"".join(part.read_bytes() for part in office.folder.glob("db*"))
    for secret in (key, other, "ana-quill"):
        assert secret not in said
        assert secret.encode() not in kept
    for line in said.splitlines():
        assert "the portal" not in line
        assert "the archive" not in line


@pytest.mark.parametrize("office", ["file"], indirect=True)
def test_nobody_on_this_machine_chooses_an_address(office: Office) -> None:
    """No proxy is trusted, and a server's own belief in loopback does not count."""
    office.keys("create", "the portal", "--scopes", "review")
    within(SOON + SLOWLY, lambda: office.status() == 401)
    wrong = "a-wrong-key-0123456789"
    statuses = [office.status(wrong, **{"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert "198.51.100" not in office.served.log.read_text()
