"""What the store's tests share: the databases they run on, and how the steps of a test run in one loop."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import text

from app.store.database import MEMORY, make_engine
from app.store.models import Base
from app.store.secret import Vault
from app.store.store import Store

T = TypeVar("T")
NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
SECRET = "the-secret-of-these-tests-0123456789"
OLDER = "the-secret-before-that-9876543210-abcdef"
VAULT = Vault([SECRET])
# Whoever has PostgreSQL at hand names a database that may be emptied; a driver has to be installed too.
POSTGRESQL = os.environ.get("STORE_TEST_URL")


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


async def _emptied(url: str) -> None:
    engine = make_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    await engine.dispose()


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The URL of a database's file that is not there yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'state' / 'tactline.db'}"


@pytest.fixture(params=["file", *(["postgresql"] if POSTGRESQL else [])])
def shared(request: pytest.FixtureRequest, file: str) -> Iterator[str]:
    """The URL of a database that several can open at once."""
    if request.param == "file":
        yield file
    else:
        assert POSTGRESQL
        asyncio.run(_emptied(POSTGRESQL))
        yield POSTGRESQL


@pytest.fixture(params=["memory", "file", *(["postgresql"] if POSTGRESQL else [])])
def url(request: pytest.FixtureRequest, file: str) -> Iterator[str]:
    """The URL of an empty database of each kind."""
    if request.param == "memory":
        yield MEMORY
    elif request.param == "file":
        yield file
    else:
        assert POSTGRESQL
        asyncio.run(_emptied(POSTGRESQL))
        yield POSTGRESQL
