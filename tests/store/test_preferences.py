"""What users have chosen: kept sealed, replaced whole, forgotten with the rest."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

from app.store.database import MEMORY
from app.store.secret import Vault
from app.store.store import Store

NOW = dt.datetime(2026, 11, 27, 9, tzinfo=dt.UTC)
OLD, NEW = "o" * 32, "n" * 32


def test_they_are_kept_replaced_and_forgotten() -> None:
    async def run() -> None:
        store = await Store.open(MEMORY, Vault([OLD]))
        assert await store.preferences_of("ana") == {}
        await store.keep_preferences("ana", {"language": "fr"}, NOW)
        await store.keep_preferences("ben", {"language": "tr"}, NOW)
        await store.keep_preferences("ana", {"hours": ["09:00", "17:30"]}, NOW)
        assert await store.preferences_of("ana") == {"hours": ["09:00", "17:30"]}
        await store.forget("ana")
        assert await store.preferences_of("ana") == {}
        assert await store.preferences_of("ben") == {"language": "tr"}
        await store.close()

    asyncio.run(run())


def test_a_new_secret_keeps_them_and_a_lost_one_loses_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"

    async def run() -> None:
        store = await Store.open(url, Vault([OLD]), migrate=True)
        await store.keep_preferences("ana", {"language": "fr"}, NOW)
        await store.close()
        store = await Store.open(url, Vault([NEW, OLD]))
        assert await store.preferences_of("ana") == {"language": "fr"}
        await store.keep_preferences("ana", {"language": "ar"}, NOW)
        await store.close()
        store = await Store.open(url, Vault([NEW]))
        assert await store.preferences_of("ana") == {"language": "ar"}
        await store.close()
        store = await Store.open(url, Vault(["x" * 32]))
        assert await store.preferences_of("ana") == {}
        await store.close()

    asyncio.run(run())
    content = (tmp_path / "a.db").read_bytes()
    assert b"language" not in content
    assert b"ana" not in content


def test_fifty_at_once_leave_one() -> None:
    async def run() -> None:
        store = await Store.open(MEMORY, Vault([OLD]))
        await asyncio.gather(*(store.keep_preferences("ana", {"n": n}, NOW) for n in range(50)))
        assert set(await store.preferences_of("ana")) == {"n"}
        await store.close()

    asyncio.run(run())
