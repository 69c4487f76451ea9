"""The servers that tests start are real, keep apart what is apart, and can be stopped and started."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import redis

from tests import servers
from tests.servers import PostgresServer, RedisServer


def ask(url: str, statement: str) -> object:
    async def whole() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(whole())


def test_each_test_has_a_database_of_its_own(fresh_postgresql: str, postgresql: str) -> None:
    for url in (fresh_postgresql, postgresql):
        assert str(ask(url, "SELECT version()")).startswith("PostgreSQL")
    # The other one is shared, and may hold what tests before this one put there.
    assert ask(fresh_postgresql, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    ask(fresh_postgresql, "CREATE TABLE mine (x INTEGER)")
    assert ask(postgresql, "SELECT to_regclass('mine')") is None


def test_a_database_is_emptied_for_the_next_test(postgresql_server: PostgresServer) -> None:
    name = postgresql_server.new()
    url = postgresql_server.url(name)
    ask(url, "CREATE TABLE mine (x INTEGER)")

    async def whole() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("BEGIN; LOCK TABLE mine")  # what a killed process may leave
        await asyncio.to_thread(postgresql_server.empty, name)
        assert connection.is_closed()

    asyncio.run(whole())
    assert ask(url, "SELECT to_regclass('mine')") is None
    postgresql_server.drop(name)


def test_a_database_can_be_a_copy(postgresql_server: PostgresServer) -> None:
    first = postgresql_server.new()
    postgresql_server.execute("CREATE TABLE mine (x INTEGER)", first)
    second = postgresql_server.new(first)
    assert ask(postgresql_server.url(second), "SELECT count(*) FROM mine") == 0
    for name in (first, second):
        postgresql_server.drop(name)
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        ask(postgresql_server.url(second), "SELECT 1")


@pytest.fixture
def own() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    if server.folder.exists():
        server.remove()


@pytest.mark.servers
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_redis_can_be_stopped_and_comes_back_empty(own: RedisServer) -> None:
    with redis.Redis.from_url(own.url) as client:
        client.set("a", "b")
        assert client.get("a") == b"b"
        own.stop(signal.SIGKILL)
        assert not own.running
        with pytest.raises(redis.ConnectionError):
            client.ping()
        own.start()
        assert client.get("a") is None
        own.restart()
        assert client.ping()
    own.remove()
    assert not own.folder.exists()


@pytest.mark.servers
def test_a_port_that_is_taken_is_noticed(redis_server: RedisServer, own: RedisServer) -> None:
    own.stop()
    own.port = redis_server.port
    with pytest.raises(RuntimeError, match="did not start"):
        own.start()
    assert redis_server.running


def test_what_is_absent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_program", lambda name: None if name == "initdb" else os.devnull)
    assert servers.missing() == "needs initdb (bash .ci/packages installs them)"
    monkeypatch.setattr(servers, "_program", lambda name: Path(os.devnull))
    assert servers.missing() == ""
