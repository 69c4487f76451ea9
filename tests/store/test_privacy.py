"""Whoever reads the file, the logs or an error learns nothing."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from app.store.database import database_path
from app.store.errors import told
from app.store.store import Done, Store
from tests.store.conftest import NOW, SECRET, after, run

OWNER = "marked-owner@example.com"
KEY = "marked-key-4711"
BLOB = b'{"AccessToken": {"secret": "marked-token-eyJ0eXAiOiJKV1Qi"}}' * 700
BODY = b'{"title": "marked-title for the marked-client"}'
ANSWER = (201, "application/json", b'{"url": "https://marked-event"}', {"X-Marked": "marked-header"})


async def _use(store: Store) -> None:
    await store.keep_tokens(OWNER, b"marked-first " * 300, after(hours=1), NOW)
    await store.keep_tokens(OWNER, BLOB, after(hours=1), NOW)
    await store.keep_tokens("marked-other", BLOB, after(hours=1), NOW)
    assert await store.tokens_of(OWNER, NOW) == BLOB
    await store.begin(KEY, BODY, NOW)
    await store.finish(KEY, *ANSWER, NOW)
    assert await store.begin(KEY, BODY, NOW) == Done(*ANSWER)
    await store.begin("marked-running", BODY, NOW)
    await store.forget("marked-other")
    await store.dismissals.add(OWNER, ("arguing", "marked-quote: you never sent it"), NOW)
    assert ("arguing", "marked-quote: you never sent it") in (await store.wishes_of(OWNER))[1]
    await store.change_preferences(OWNER, lambda _: {"muted": ["marked-guideline"]}, NOW)
    await store.house.put("naming-others", {"words": {"en": {"title": "marked-title"}}}, NOW)
    await store.api_keys.add("k1", "the office", "marked-api-key-0123456789", ["review"], NOW)
    assert await store.api_keys.find("marked-api-key-0123456789")


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_files_show_nothing(file: str) -> None:
    path = database_path(file)
    assert path is not None
    seen: dict[str, bytes] = {}

    async def steps(store: Store) -> None:
        await _use(store)
        seen.update(_bytes(path.parent))  # the write-ahead log ends with the last connection

    run(file, steps)
    assert seen.keys() == {"tactline.db", "tactline.db-wal", "tactline.db-shm"}
    assert len(seen["tactline.db-wal"]) > len(BLOB)
    for content in (*seen.values(), *_bytes(path.parent).values()):
        for part in (b"marked", b"MARKED", b"eyJ0eX", b"AccessToken", b"example.com", SECRET.encode()):
            assert part not in content
    # The test would see what is written in the clear.
    assert b"application/json" in seen["tactline.db-wal"]


def test_the_logs_show_nothing_even_when_everything_is_logged(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for name in ("sqlalchemy.engine", "sqlalchemy.pool", "aiosqlite", "asyncio", "alembic"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        try:
            run(url, _use)
        finally:
            for name in ("sqlalchemy.engine", "sqlalchemy.pool", "aiosqlite", "asyncio", "alembic"):
                logging.getLogger(name).setLevel(logging.NOTSET)
    assert "INSERT INTO token_caches" in caplog.text
    assert "marked" not in caplog.text.lower().replace("marked as", "")
    assert SECRET not in caplog.text


def test_an_error_is_told_by_type_and_code_alone() -> None:
    error = told(ValueError("marked-value"))
    assert str(error) == "The database did not do what was asked: ValueError"
    assert error.code == ""
    assert told(PermissionError(13, "marked-value", "marked-path")).code == "13"
