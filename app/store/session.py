"""What every part of the store works with: one database, one vault, and operations that end once begun."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    nullcontext,
)
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import StaticPool

from app.store.database import READS
from app.store.errors import StoreError, told
from app.store.secret import Vault

TRIES = 5
"""How often a change is tried that another copy of the service was faster with."""

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound="Part")


class Session:
    """A database that is open, with what is under way in it. `watch` is entered around each operation, by its
    name."""

    def __init__(self, engine: AsyncEngine, vault: Vault) -> None:
        self.engine = engine
        self.vault = vault
        # SQLite has one writer at a time; in line here, no connection sleeps and asks again. A
        # database in memory has one connection alone, which cannot hold a second transaction either.
        line = asyncio.Lock() if engine.dialect.name == "sqlite" else nullcontext()
        self._to_write: AbstractAsyncContextManager[Any] = line
        self._to_read = line if isinstance(engine.pool, StaticPool) else nullcontext()
        self.going: set[asyncio.Task[Any]] = set()
        self.watch: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        async with self._to_write, self.engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        async with self._to_read, self.engine.connect() as connection:
            yield await connection.execution_options(**READS)

    async def close(self) -> None:
        """Wait for what is going on, then let go of the database."""
        while self.going:
            await asyncio.gather(*self.going, return_exceptions=True)
        await self.engine.dispose()


class Part:
    """One kind of what is kept."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._vault = session.vault
        self._writing = session.writing
        self._reading = session.reading

    def owners(self, owner: str) -> tuple[str, ...]:
        """What an owner is known by in every table, under the newest secret first."""
        return self._vault.digests(f"owner\0{owner}")


def operation(
    work: Callable[Concatenate[S, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """An operation that ends once begun, and fails as StoreError only.

    A caller that is cancelled (its user has left) must not break off what has been begun: an
    answer would be lost, and a connection is closed then, which for a database in memory is its end.
    """

    async def translated(part: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with part._session.watch(work.__name__):
            try:
                return await work(part, *args, **kwargs)
            except (SQLAlchemyError, OSError) as error:
                raise told(error) from None

    @functools.wraps(work)
    async def whole(part: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.create_task(translated(part, *args, **kwargs))
        part._session.going.add(task)
        task.add_done_callback(part._session.going.discard)
        return await asyncio.shield(task)

    return whole


def check_aware(*moments: dt.datetime) -> None:
    for moment in moments:
        if moment.utcoffset() is None:
            raise ValueError("a moment needs its zone")


def contended() -> StoreError:
    return StoreError("Too many were at the same record at once.")
