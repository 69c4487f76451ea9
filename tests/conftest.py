"""What tests share: one engine for all of them, a client that speaks to the application without a
socket, and the rule that tests which need more than Python say so when they are skipped."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

from app.main import create_app
from app.settings import Settings
from app.tone.review import Engine
from tests import servers
from tests.node import missing
from tests.servers import fresh_postgresql, postgresql, postgresql_server, redis_server, redis_url

__all__ = ["fresh_postgresql", "postgresql", "postgresql_server", "redis_server", "redis_url"]

ROOT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium")
CASES = Path(__file__).parents[2] / "shared" / "cases" / "dev"
FAULTS = frozenset(
    re.findall(r"`(tests/[\w/]+\.py(?:::\w+)+)`", (ROOT / "docs/reliability.md").read_text(encoding="utf-8"))
)
"""The tests that docs/reliability.md names, by id without parameters."""


@pytest.hookimpl(tryfirst=True)  # before those are left out that -m does not ask for
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.partition("[")[0] in FAULTS:
            item.add_marker("faults")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and CHROMIUM is None:
        reason = "needs Debian's chromium (bash .ci/packages installs it)"
        if os.environ.get("TACTLINE_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    if item.get_closest_marker("npm") and (reason := missing()):
        if os.environ.get("TACTLINE_REQUIRE_NPM"):
            pytest.fail(reason)
        pytest.skip(reason)
    uses = servers.FIXTURES & set(getattr(item, "fixturenames", ()))
    if (item.get_closest_marker("servers") or uses) and (reason := servers.missing()):
        if os.environ.get("TACTLINE_REQUIRE_SERVERS"):
            pytest.fail(reason)
        pytest.skip(reason)
    if item.get_closest_marker("cases") and not CASES.is_dir():
        pytest.skip("needs the labelled mails beside the repository")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_this_machine() -> Iterator[None]:
    """Neither settings nor a database of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("TACTLINE_") and not name.startswith("TACTLINE_REQUIRE_"):
                patch.delenv(name)
        patch.setenv("TACTLINE_DATABASE_URL", "sqlite://")
        yield


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine.load()


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    """An event loop in a thread, so that tests can be plain functions."""
    with start_blocking_portal() as running:
        yield running


class Client:
    """Sends requests straight into an application."""

    def __init__(self, app: FastAPI, portal: BlockingPortal) -> None:
        self.app = app
        self.portal = portal
        # What nobody caught would come out here instead of as an answer; the application must answer.
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.portal.call(partial(self.http.request, method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def review(self, message: dict[str, Any], **rest: Any) -> httpx.Response:
        return self.post("/v1/reviews", json={"message": message, **rest})


@pytest.fixture(scope="session")
def make_client(portal: BlockingPortal) -> Callable[..., Client]:
    """Makes a client for an application with the given engine and settings."""

    def make(engine: Any, **settings: Any) -> Client:
        return Client(create_app(Settings(**settings), engine), portal)

    return make


@pytest.fixture(scope="session")
def client(make_client: Callable[..., Client], engine: Engine) -> Client:
    return make_client(engine)
