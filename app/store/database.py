"""Which database, and how it is spoken to: an SQLite file by default, PostgreSQL by URL, by the same code.

The little that is SQLite's alone is in `_tune_sqlite`.
"""

from __future__ import annotations

import errno
import os
import secrets as randomness
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from app.store.errors import FileError, StoreError
from app.store.secret import Vault, secret_beside

MEMORY = "sqlite+aiosqlite://"
"""A database that lives in this process and ends with it."""
READS = {"tactline_reads": True}
"""Execution options of a transaction that only reads."""
# A URL may name the database alone; these are the drivers that can wait without blocking.
_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}


def default_url(environ: Mapping[str, str] = os.environ) -> str:
    """The URL of `tactline.db` in the user's state folder.

    $XDG_STATE_HOME, or ~/.local/state where it is unset or not absolute (XDG Base Directory
    Specification 0.8).
    """
    named = Path(environ.get("XDG_STATE_HOME", ""))
    home = named if named.is_absolute() else Path.home() / ".local" / "state"
    path = home / "tactline" / "tactline.db"
    return URL.create("sqlite+aiosqlite", database=str(path)).render_as_string()


def database_path(url: str) -> Path | None:
    """The file of an SQLite URL; None for a database in memory and for other kinds. Raises StoreError."""
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    # "file:name?mode=ro" and the like are SQLite's own addresses; what they name is theirs to make.
    return None if "uri" in parsed.query else Path(str(parsed.database))


def vault_for(url: str, secrets: Sequence[str] = ()) -> Vault:
    """The vault of a database: under the given secrets, else under one that is made for it.

    A file gets a secret in a file beside it, a database in memory one that ends with it. Raises
    SecretError for a database that others may share, FileError, and as `Vault` and `secret_beside` do.
    """
    if secrets:
        return Vault(secrets)
    path = database_path(url)
    if path is not None:
        _make_file(path)  # where there is no place for it, there is none for a secret either
        return Vault([secret_beside(path)])
    # Without secrets, `Vault` says what to set.
    return Vault([randomness.token_urlsafe(48)] if in_memory(url) else [])


def in_memory(url: str) -> bool:
    """Whether a URL means a database that ends with the process. Raises StoreError."""
    parsed = _parsed(url)
    return parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:")


def make_engine(url: str) -> AsyncEngine:
    """An engine that shows no parameters in errors and writes no SQL to the log. Raises StoreError.

    The folder and the file of an SQLite database are made for this user alone.
    """
    options: dict[str, Any] = {"hide_parameters": True, "echo": False}
    parsed = _parsed(url)
    path = database_path(url)
    if in_memory(url):
        options["poolclass"] = StaticPool
    elif parsed.get_backend_name() != "sqlite":
        options["pool_pre_ping"] = True  # a server may have been started anew since
    if path is not None:
        _make_file(path)
    try:
        engine = create_async_engine(parsed, **options)
    except SQLAlchemyError:  # no such kind of database, or a driver that would block
        raise _unusable() from None
    except ModuleNotFoundError as error:
        raise StoreError(f"The database's driver is not installed: {error.name}.") from None
    if parsed.get_backend_name() == "sqlite":
        _tune_sqlite(engine)
    return engine


def _make_file(path: Path) -> None:
    """Make an SQLite file and its folder for this user alone, if they are not there. Raises FileError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if not os.access(path.parent, os.W_OK):  # the write-ahead log lies beside it
            raise PermissionError(errno.EACCES, "")
    except OSError as error:
        raise FileError(path, error) from None


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        # From None: the words of the other may repeat a password.
        raise _unusable() from None
    return parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))


def _unusable() -> StoreError:
    return StoreError("TACTLINE_DATABASE_URL is not the URL of a database that can be used.")


def _tune_sqlite(engine: AsyncEngine) -> None:
    """Write-ahead logging, so that readers never wait, and transactions that begin where they are begun."""

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _: object) -> None:
        # The driver would begin a transaction at the first change only, and not for DDL.
        connection.isolation_level = None
        cursor = connection.cursor()
        try:
            cursor.execute("PRAGMA journal_mode")
            # The mode stays with the file. Asking for it again would need a moment without readers.
            if cursor.fetchone()[0] not in ("wal", "memory"):
                cursor.execute("PRAGMA journal_mode = WAL")
        finally:
            cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        # A change that follows a read in one transaction must have the lock before it reads:
        # otherwise two may read the same and one of them is refused when it writes.
        reads = "tactline_reads" in connection.get_execution_options()
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def busy(error: BaseException) -> bool:
    """Whether SQLite refused because another connection was at the file."""
    inner = getattr(error, "orig", error)
    return (
        isinstance(inner, sqlite3.OperationalError) and inner.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    )
