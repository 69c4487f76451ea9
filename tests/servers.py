"""Real servers that tests talk to: PostgreSQL and Redis, each in a folder of its own while the tests run.

The service needs neither. `bash .ci/packages` installs them; tests that use these fixtures, or bear the
marker `servers`, are skipped without them, unless TACTLINE_REQUIRE_SERVERS is set. PostgreSQL listens on a
Unix socket alone; who talks to Redis needs `@pytest.mark.allow_hosts(["127.0.0.1"])`.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import random
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

FIXTURES = frozenset({"postgresql_server", "redis_server"})
_PATIENCE = 60.0  # seconds that a server may take to start or to end: others may be using this machine
_PORTS = range(20_000, 32_000)  # below those that the system gives away


def _program(name: str) -> str | None:
    """Where a program is. Debian keeps PostgreSQL's off the path."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *map(str, places)]))


def missing() -> str:
    """What is not there of all that the marker `servers` stands for, in words; "" when nothing is missing."""
    absent = [name for name in ("initdb", "postgres", "redis-server") if _program(name) is None]
    return f"needs {', '.join(absent)} (bash .ci/packages installs them)" if absent else ""


class _Server:
    """A program that runs in a temporary folder until it is stopped."""

    def __init__(self) -> None:
        # A short path: that of a Unix socket has some hundred characters at most.
        self.folder = Path(tempfile.mkdtemp(prefix="tactline-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._identity: dict[str, int | list[int]] = {}

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _run(self, arguments: list[str], ready: str) -> bool:
        """Start it; whether it came to say `ready`."""
        log = self.folder / "log"
        with log.open("wb") as stream:
            self._process = subprocess.Popen(  # type: ignore[call-overload] # noqa: S603 - our own arguments
                arguments, cwd=self.folder, stdout=stream, stderr=subprocess.STDOUT, **self._identity
            )
        deadline = time.monotonic() + _PATIENCE
        while self.running and time.monotonic() < deadline:
            if ready in log.read_text(errors="replace"):
                return True
            time.sleep(0.02)
        self.stop()
        return False

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it, politely unless told otherwise. What it kept in its folder stays for the next start."""
        if self._process is not None:
            if self.running:
                self._process.send_signal(how)
            self._process.wait(_PATIENCE)
        self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)


class PostgresServer(_Server):
    """PostgreSQL, careless of power cuts and therefore fast."""

    def __init__(self) -> None:
        super().__init__()
        self.scratch = ""
        if os.geteuid() == 0:  # it refuses to run as root
            names = {entry.pw_name for entry in pwd.getpwall()}
            user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        subprocess.run(  # type: ignore[call-overload] # noqa: S603 - our own arguments
            [
                _program("initdb"), "--pgdata=data", "--username=tactline", "--auth=trust",
                "--encoding=UTF8", "--locale=C", "--no-sync",
            ],
            cwd=self.folder, capture_output=True, timeout=_PATIENCE, check=True, **self._identity,
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        settings = {
            "listen_addresses": "", "unix_socket_directories": str(self.folder), "max_connections": "200",
            "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "32MB",
        }  # fmt: skip
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        if not self._run([_program("postgres") or "", "-D", "data", *options], "ready to accept connections"):
            raise RuntimeError("PostgreSQL did not start")

    def url(self, database: str) -> str:
        """The URL of a database, as TACTLINE_DATABASE_URL takes it."""
        return f"postgresql://tactline@/{database}?host={self.folder}"

    def new(self, template: str = "template1") -> str:
        """Make a database, empty or as another one is, and give its name."""
        name = f"t{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, database: str) -> None:
        """Remove a database, also from those who are still connected."""
        self.execute(f"DROP DATABASE {database} WITH (FORCE)")

    def empty(self, database: str) -> None:
        """Empty a database, also for those who are still connected: ten times as fast as to make one."""
        self.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"  # noqa: S608
        )
        self.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public", database)

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run statements in a database."""

        async def whole() -> None:
            connection = await asyncpg.connect(host=str(self.folder), user="tactline", database=database)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(whole())


class RedisServer(_Server):
    """Redis on a port of this machine, which it keeps over a restart. It forgets everything when it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.port = 0
        for _ in range(20):
            self.port = random.choice(_PORTS)
            if self._started():
                return
        raise RuntimeError("Redis did not start")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        if not self._started():
            raise RuntimeError("Redis did not start")

    def restart(self) -> None:
        self.stop()
        self.start()

    def suspend(self) -> None:
        """Let it keep its connections and answer nothing."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def _started(self) -> bool:
        arguments = [
            _program("redis-server") or "", "--port", str(self.port), "--bind", "127.0.0.1",
            "--save", "", "--appendonly", "no", "--dir", str(self.folder),
        ]  # fmt: skip
        return self._run(arguments, "Ready to accept connections")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def postgresql(postgresql_server: PostgresServer) -> str:
    """The URL of a database that all tests of the run share; it is empty before the first."""
    return postgresql_server.url(postgresql_server.new())


@pytest.fixture
def fresh_postgresql(postgresql_server: PostgresServer) -> str:
    """The URL of a database of PostgreSQL that is empty and, for this test, nobody else's."""
    if not postgresql_server.scratch:
        postgresql_server.scratch = postgresql_server.new()
    postgresql_server.empty(postgresql_server.scratch)
    return postgresql_server.url(postgresql_server.scratch)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def redis_url(redis_server: RedisServer) -> str:
    """The URL of a Redis that all tests of the run share. Who has to stop one makes a `RedisServer()`."""
    return redis_server.url
