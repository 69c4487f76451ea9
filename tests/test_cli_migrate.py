"""Where the service keeps things unless it is told otherwise, and when its tables are brought up to date."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner, Result

from app import cli
from app.main import create_app
from app.settings import Settings
from app.store.database import default_url, vault_for
from app.store.errors import FileError, NotMigrated
from app.store.migrate import downgrade, migrate
from app.tone.review import Engine
from tests.conftest import Client
from tests.store.conftest import POSTGRESQL
from tests.store.test_migrations import with_engine

WORDS = {"guideline": "arguing", "quote": "marked words"}
Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch, engine: Engine) -> None:
    """One engine for all runs, an English user."""
    monkeypatch.setattr(Engine, "load", classmethod(lambda cls, house=None: engine))
    monkeypatch.setattr(cli, "_LANGUAGE", "en")


@pytest.fixture
def run() -> Run:
    return lambda *arguments: CliRunner().invoke(cli.app, list(arguments))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's state folder, with no database named."""
    monkeypatch.delenv("TACTLINE_DATABASE_URL")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "tactline"


@pytest.fixture(params=["file", POSTGRESQL])
def named(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty database that the settings name."""
    file = f"sqlite:///{tmp_path / 'named.db'}"
    url = file if request.param == "file" else str(request.getfixturevalue("fresh_postgresql"))
    monkeypatch.setenv("TACTLINE_DATABASE_URL", url)
    monkeypatch.setenv("TACTLINE_SECRETS", "s" * 40)
    return url


def use(engine: Engine, portal: BlockingPortal, steps: Callable[[Client], object]) -> None:
    """Start the service, do something, and end it."""
    app = create_app(Settings(), engine)
    with portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        steps(Client(app, portal))


def test_unless_told_otherwise_a_file_of_the_users_is_kept(
    state: Path, engine: Engine, portal: BlockingPortal
) -> None:
    def dismiss(client: Client) -> None:
        assert client.request("PUT", "/v1/dismissals", json=WORDS).status_code == 204
        # Nobody else may read it, nor what SQLite lays beside it.
        files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()}
        assert files == {
            "tactline.db": 0o600, "tactline.db-wal": 0o600, "tactline.db-shm": 0o600,
            "tactline.db.secret": 0o600,
        }  # fmt: skip
        assert stat.S_IMODE(state.stat().st_mode) == 0o700

    def remember(client: Client) -> None:
        assert client.get("/v1/me").json()["dismissals"] == 1

    use(engine, portal, dismiss)
    use(engine, portal, remember)
    with closing(sqlite3.connect(state / "tactline.db")) as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert b"marked" not in (state / "tactline.db").read_bytes()


def test_the_tests_keep_nothing(tmp_path: Path, engine: Engine, portal: BlockingPortal) -> None:
    def look(client: Client) -> None:
        client.request("PUT", "/v1/dismissals", json=WORDS)
        assert client.get("/v1/me").json()["dismissals"] == 1

    use(engine, portal, look)
    use(engine, portal, lambda client: client.request("DELETE", "/v1/me"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_without_a_place_for_it_one_is_told_what_to_set(
    state: Path, run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    state.parent.parent.mkdir(exist_ok=True)
    state.parent.touch()  # a file where the folder should be: root is refused too
    sentences = set()
    for language in ("en", "fr", "ar", "tr"):
        monkeypatch.setattr(cli, "_LANGUAGE", language)
        done = run(command)
        assert done.exit_code == 2
        assert "TACTLINE_DATABASE_URL" in done.stderr
        assert str(state / "tactline.db") in done.stderr
        assert done.stderr.count("\n") == 1
        sentences.add(done.stderr)
    assert len(sentences) == 4


def test_a_folder_that_may_not_be_written_is_refused(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(FileError, match="TACTLINE_DATABASE_URL"):
        vault_for(default_url())


def test_tables_are_brought_up_at_the_start_or_by_the_command(
    named: str, run: Run, engine: Engine, portal: BlockingPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACTLINE_MIGRATE", "command")
    refused = run("serve")
    assert refused.exit_code == 2
    assert "tactline migrate" in refused.stderr
    with pytest.raises(NotMigrated, match="tactline migrate"):
        use(engine, portal, lambda _: None)
    behind = run("migrate", "--check")
    assert (behind.exit_code, behind.stdout) == (1, "")
    assert "tactline migrate" in behind.stderr
    for arguments in (("migrate",), ("migrate", "--check"), ("migrate",)):
        done = run(*arguments)
        assert (done.exit_code, done.stderr) == (0, "")
        assert done.stdout == "The database's tables are those of this version.\n"
    use(engine, portal, lambda client: client.request("PUT", "/v1/dismissals", json=WORDS))
    # Of a version before: the command says so, the start mends it.
    with_engine(named, lambda other: downgrade(other, "0002"))
    assert run("migrate", "--check").exit_code == 1
    monkeypatch.setenv("TACTLINE_MIGRATE", "start")
    use(engine, portal, lambda client: client.get("/v1/me"))
    assert run("migrate", "--check").exit_code == 0


def test_to_look_makes_no_file(state: Path, run: Run) -> None:
    assert run("migrate", "--check").exit_code == 1
    assert not state.parent.exists()


def test_memory_needs_no_migration(run: Run) -> None:
    assert run("migrate", "--check").exit_code == run("migrate").exit_code == 0


def test_a_database_that_cannot_be_reached_is_said(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    password = "a-password"
    monkeypatch.setenv("TACTLINE_DATABASE_URL", f"postgresql://me:{password}@/db?host={tmp_path}")
    monkeypatch.setenv("TACTLINE_SECRETS", "s" * 40)
    for arguments in (("migrate",), ("migrate", "--check"), ("serve",)):
        done = run(*arguments)
        assert done.exit_code == 2
        assert done.stderr.startswith("The database cannot be")
        assert password not in done.output


def test_tables_of_a_later_version_are_refused(named: str, run: Run) -> None:
    asyncio.run(migrate(named))

    async def later(other: AsyncEngine) -> None:
        async with other.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with_engine(named, later)
    for arguments, status in ((("migrate",), 2), (("migrate", "--check"), 1), (("serve",), 2)):
        done = run(*arguments)
        assert done.exit_code == status
        assert "this version" in done.stderr
