"""An application with the door for LanguageTool's clients, with and without a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal

from app.main import create_app
from app.service import Engine
from app.settings import Settings
from tests.browser import service
from tests.conftest import Client

DRAFT = "Dear John,\n\nYou never sent us the logo. We will send the layout on Friday.\n\nBest regards,\nAnna"


class Door(Client):
    """Sends checks straight into an application."""

    def check(self, **fields: str) -> httpx.Response:
        return self.post("/v2/check", data=fields)

    def matches(self, text: str, language: str = "en-US", **fields: str) -> list[dict[str, Any]]:
        answer = self.check(text=text, language=language, **fields)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["matches"]
        return found


@pytest.fixture(scope="session")
def make_door(portal: BlockingPortal) -> Callable[..., Door]:
    def make(engine: Any, origins: tuple[str, ...] = (), **settings: Any) -> Door:
        return Door(create_app(Settings(languagetool_origins=origins, **settings), engine), portal)

    return make


@pytest.fixture(scope="session")
def door(make_door: Callable[..., Door], engine: Engine) -> Door:
    return make_door(engine)


@pytest.fixture(scope="package")
def address(engine: Engine) -> Iterator[str]:
    """A real service on loopback."""
    with service.serving(engine) as running:
        yield running
