"""Brings a database's tables to what this version needs, by Alembic's commands and without its ini file."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.store.database import busy, database_path, in_memory, make_engine
from app.store.errors import NotMigrated, StoreError, told

HERE = Path(__file__).parent / "migrations"
_POSTGRESQL_LOCK = 0x7AC71  # any number that is ours
# Alembic's commands use names of their module for what is theirs at the time: one at once.
_ONE_AT_A_TIME = threading.Lock()
_OPENINGS = 100
_PAUSE = 0.05  # seconds


async def migrate(url: str, revision: str = "head") -> None:
    """Bring the database up to a revision: all steps or none. Raises StoreError.

    Any number of processes may do so at once.
    """
    engine = make_engine(url)
    try:
        await upgrade(engine, revision)
    except StoreError:
        raise
    except Exception as error:
        # Whatever a driver raises while it connects, it may name the server and the user.
        raise told(error, "The database cannot be migrated") from None
    finally:
        await engine.dispose()


async def checked(url: str) -> None:
    """Raise NotMigrated unless the database has exactly the tables of this version (in memory: always).
    Raises StoreError when it cannot be reached."""
    if in_memory(url):
        return
    path = database_path(url)
    if path is not None and not path.exists():  # to look is not to make one
        raise NotMigrated
    engine = make_engine(url)
    try:
        await check(engine)
    except StoreError:
        raise
    except Exception as error:  # as in `migrate`
        raise told(error, "The database cannot be opened") from None
    finally:
        await engine.dispose()


async def upgrade(engine: AsyncEngine, revision: str = "head") -> None:
    """As `migrate`, through an engine that is there already. Raises StoreError and the driver's own."""
    await wake(engine)
    async with _alone(), engine.begin() as connection:
        await connection.run_sync(_upgrade, revision)


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    """Take the database back to a revision ("base": before the first). Raises as `upgrade`."""
    async with _alone(), engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(config(sync), revision))


async def check(engine: AsyncEngine) -> None:
    """Raise NotMigrated unless the database has exactly the tables of this version."""
    await wake(engine)
    async with engine.connect() as connection:
        there = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_heads())
    if set(there) != set(ScriptDirectory(str(HERE)).get_heads()):
        raise NotMigrated


async def wake(engine: AsyncEngine) -> None:
    """Connect for the first time.

    A new SQLite file is put into write-ahead mode then, which SQLite refuses at once, without
    the wait it is set to, while another process is just doing the same.
    """
    for left in reversed(range(_OPENINGS)):
        try:
            async with engine.connect():
                return
        except DBAPIError as error:
            if not left or not busy(error):
                raise
        await asyncio.sleep(_PAUSE)


def config(connection: Connection, folder: Path = HERE) -> Config:
    """What Alembic's commands take, for a connection in whose transaction they are to work."""
    made = Config(attributes={"connection": connection})
    # ConfigParser reads "%" as its own.
    made.set_main_option("script_location", str(folder).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made


def _upgrade(connection: Connection, revision: str) -> None:
    if connection.dialect.name == "postgresql":
        # SQLite has locked the whole file by now. Here, another copy of the service waits
        # at this line, then finds the work done; the lock ends with the transaction.
        connection.execute(select(func.pg_advisory_xact_lock(_POSTGRESQL_LOCK)))
    try:
        command.upgrade(config(connection), revision)
    except CommandError:
        raise StoreError(
            "The database's tables are not those of this version, nor of one before it."
        ) from None


@asynccontextmanager
async def _alone() -> AsyncIterator[None]:
    # Tasks of one loop and threads with loops of their own both have to wait, and no loop may stand still.
    while not _ONE_AT_A_TIME.acquire(blocking=False):
        await asyncio.sleep(_PAUSE)
    try:
        yield
    finally:
        _ONE_AT_A_TIME.release()
