"""Where the database is, who may read its file, and what is said when it does not work."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from app.errors import TactlineError
from app.store.database import MEMORY, database_path, default_url, in_memory, make_engine, vault_for
from app.store.errors import SecretError, StoreError
from app.store.migrate import migrate
from app.store.store import Fresh, Store
from tests.store.conftest import NOW, SECRET, VAULT, after, run

MARKED = b"marked-payload"


def path_of(url: str) -> Path:
    path = database_path(url)
    assert path is not None
    return path


def test_the_default_is_a_file_of_the_users_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert path_of(default_url({"XDG_STATE_HOME": str(tmp_path)})) == tmp_path / "tactline" / "tactline.db"
    monkeypatch.setenv("HOME", str(tmp_path))
    usual = tmp_path / ".local" / "state" / "tactline" / "tactline.db"
    for environ in ({}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "relative"}):
        assert path_of(default_url(environ)) == usual
    url = default_url({"XDG_STATE_HOME": str(tmp_path / "100% own state")})
    assert isinstance(run(url, lambda store: store.begin("key", b"", NOW)), Fresh)
    assert (tmp_path / "100% own state" / "tactline" / "tactline.db").is_file()


@pytest.mark.parametrize(
    ("url", "path", "memory"),
    [
        (MEMORY, None, True),
        ("sqlite://", None, True),
        ("sqlite:///:memory:", None, True),
        ("sqlite:///a.db", "a.db", False),
        ("sqlite+aiosqlite:////tmp/a.db?timeout=1", "/tmp/a.db", False),  # noqa: S108 - only a name
        ("sqlite:///file:a.db?mode=ro&uri=true", None, False),
        ("postgresql://user@host/name", None, False),
    ],
)
def test_what_a_url_means(url: str, path: str | None, memory: bool) -> None:
    assert database_path(url) == (None if path is None else Path(path))
    assert in_memory(url) is memory


def test_whose_secret_it_is(file: str) -> None:
    given = vault_for("postgresql://user@host/name", [SECRET])
    assert given.digest("x") == VAULT.digest("x")
    made = vault_for(file)
    assert made.digest("x") == vault_for(file).digest("x") != given.digest("x")
    assert path_of(file).with_name("tactline.db.secret").is_file()
    assert vault_for(MEMORY).digest("x") != vault_for(MEMORY).digest("x")
    with pytest.raises(SecretError, match="TACTLINE_SECRETS"):
        vault_for("postgresql://user@host/name")


def test_the_file_is_its_users_alone_and_in_write_ahead_mode(file: str) -> None:
    async def steps(store: Store) -> None:
        await store.begin("key", b"", NOW)
        entries = list(path_of(file).parent.iterdir())
        assert {entry.name for entry in entries} == {"tactline.db", "tactline.db-wal", "tactline.db-shm"}
        assert {stat.S_IMODE(entry.stat().st_mode) for entry in entries} == {0o600}

    run(file, steps)
    assert stat.S_IMODE(path_of(file).parent.stat().st_mode) == 0o700
    with closing(sqlite3.connect(path_of(file))) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "no url at all marked-password",
        "mysql+nodriver://user:marked-password@host/name",
        "marked-password://user@host/name",
        "postgresql://user:marked-password@host:port/name",
        "postgresql+nodriver://user:marked-password@host/name",
        "sqlite+pysqlite:///marked-password.db",
    ],
)
def test_a_url_that_cannot_be_used_is_said_without_it(url: str, monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for work in (Store.open(url, VAULT), migrate(url)):
        with pytest.raises(StoreError) as raised:
            asyncio.run(work)
        assert "marked-password" not in "".join(traceback.format_exception(raised.value))


def test_a_server_that_cannot_be_reached_is_said_without_its_password() -> None:
    # Without the driver it is said that it is missing.
    url = "postgresql://marked-user:marked-password@/name?host=/nowhere"
    for work in (Store.open(url, VAULT), migrate(url)):
        with pytest.raises(StoreError) as raised:
            asyncio.run(work)
        assert "marked" not in "".join(traceback.format_exception(raised.value))


def fails(url: str, vault_steps: Any, code: str) -> None:
    with pytest.raises(StoreError) as raised:
        run(url, vault_steps)
    assert isinstance(raised.value, TactlineError)
    assert raised.value.code == code
    assert code in str(raised.value)
    shown = "".join(traceback.format_exception(raised.value))
    assert MARKED.decode() not in shown
    assert "INSERT" not in shown
    assert "UPDATE" not in shown


def test_a_full_disk(file: str) -> None:
    run(file, lambda store: store.begin("key", b"", NOW))

    async def steps(store: Store) -> None:
        await store.keep_tokens("before", b"kept", after(hours=1), NOW)
        engine = store._session.engine.sync_engine

        def small(connection: Any, *_: Any) -> None:
            cursor = connection.cursor()
            cursor.execute("PRAGMA max_page_count = 1")  # it stays at what is used already
            cursor.close()

        event.listen(engine, "checkout", small)
        try:
            await store.keep_tokens("owner", MARKED * 5000, after(hours=1), NOW)
        finally:
            # The failure has left nothing half done and nothing locked.
            event.remove(engine, "checkout", small)
            assert await store.tokens_of("owner", NOW) is None
            assert await store.tokens_of("before", NOW) == b"kept"

    fails(file, steps, "SQLITE_FULL")


def test_a_file_that_may_only_be_read(file: str) -> None:
    run(file, lambda store: store.keep_tokens("owner", MARKED, after(hours=1), NOW))
    url = f"sqlite+aiosqlite:///file:{path_of(file)}?mode=ro&uri=true"

    async def steps() -> None:
        store = await Store.open(url, VAULT)
        try:
            assert await store.tokens_of("owner", NOW) == MARKED
            await store.keep_tokens("owner", MARKED, after(hours=1), NOW)
        finally:
            await store.close()

    with pytest.raises(StoreError, match="SQLITE_READONLY") as raised:
        asyncio.run(steps())
    assert MARKED.decode() not in "".join(traceback.format_exception(raised.value))


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another program that does not let go of the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_a_file_that_another_program_holds(file: str) -> None:
    run(file, lambda store: store.keep_tokens("owner", b"kept", after(hours=1), NOW))

    async def steps(store: Store) -> None:
        with held(path_of(file)):
            # Write-ahead mode: what was committed can be read all the while.
            assert await store.tokens_of("owner", NOW) == b"kept"
            try:
                await store.begin("key", MARKED, NOW)
            finally:
                assert await store.tokens_of("owner", NOW) == b"kept"

    fails(f"{file}?timeout=0.1", steps, "SQLITE_BUSY")


def test_a_write_waits_for_a_program_that_holds_the_file_for_a_moment(file: str) -> None:
    async def steps(store: Store) -> object:
        with closing(sqlite3.connect(path_of(file), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            waiting = asyncio.create_task(store.begin("key", b"", NOW))
            await asyncio.sleep(0.2)
            assert not waiting.done()
            other.execute("ROLLBACK")
            return await waiting

    assert isinstance(run(file, steps), Fresh)


def test_a_file_that_is_no_database(file: str) -> None:
    path = path_of(file)
    path.parent.mkdir()
    path.write_bytes(MARKED * 1000)
    fails(file, lambda store: store.begin("key", b"", NOW), "SQLITE_NOTADB")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for url in (f"sqlite:///{tmp_path}/file/a.db", f"sqlite:///{tmp_path}"):
        with pytest.raises(StoreError, match="cannot be opened"):
            asyncio.run(Store.open(url, VAULT, migrate=True))


def test_errors_and_logs_of_the_engine_show_no_values(caplog: pytest.LogCaptureFixture) -> None:
    async def steps() -> str:
        engine = make_engine(MEMORY)
        assert not engine.echo
        try:
            async with engine.connect() as connection:
                await connection.execute(text("SELECT :x FROM nowhere"), {"x": MARKED})
        except Exception as error:
            return str(error)
        finally:
            await engine.dispose()
        return ""

    with caplog.at_level("INFO"):
        assert "hide_parameters" in (words := asyncio.run(steps()))
    assert MARKED.decode() not in words + caplog.text
