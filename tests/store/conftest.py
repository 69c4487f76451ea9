"""What the store's tests share: the databases they run on, and how the steps of a test run in one loop."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from app.store.database import MEMORY
from app.store.secret import Vault
from app.store.store import Store

T = TypeVar("T")
NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
SECRET = "the-secret-of-these-tests-0123456789"
OLDER = "the-secret-before-that-9876543210-abcdef"
VAULT = Vault([SECRET])
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.servers)


def after(**span: float) -> dt.datetime:
    return NOW + dt.timedelta(**span)


def run(url: str, steps: Callable[[Store], Awaitable[T]], vault: Vault = VAULT) -> T:
    """Open a store, go through the steps, close it."""

    async def whole() -> T:
        store = await Store.open(url, vault, migrate=True)
        try:
            return await steps(store)
        finally:
            await store.close()

    return asyncio.run(whole())


def run_two(url: str, steps: Callable[[Store, Store], Awaitable[T]], one: Vault, two: Vault) -> T:
    """The same with two stores on one database, each with its own secrets."""

    async def outer(first: Store) -> T:
        second = await Store.open(url, two)
        try:
            return await steps(first, second)
        finally:
            await second.close()

    return run(url, outer, one)


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The URL of a database's file that is not there yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'state' / 'tactline.db'}"


def _database(request: pytest.FixtureRequest) -> str:
    names = {"memory": None, "file": "file", "postgresql": "fresh_postgresql"}
    name = names[request.param]
    return MEMORY if name is None else str(request.getfixturevalue(name))


@pytest.fixture(params=["file", POSTGRESQL])
def shared(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database that several can open at once."""
    return _database(request)


@pytest.fixture(params=["memory", "file", POSTGRESQL])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of each kind."""
    return _database(request)
