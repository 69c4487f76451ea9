"""The organisation's guidelines: sealed, replaced whole, and every change of them is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlalchemy import text

from app.store.house import Entries
from app.store.secret import Vault
from app.store.store import Store
from tests.store.conftest import NOW, OLDER, SECRET, run, run_two

OLD, TURNED, NEW = Vault([OLDER]), Vault([SECRET, OLDER]), Vault([SECRET])
ENTRY = {"guideline": {"weight": 0.4}, "words": {"ar": {"title": "عنوان"}}}


def test_kept_replaced_removed_and_counted(url: str) -> None:
    async def steps(store: Store) -> None:
        house = store.house
        assert await house.load() == Entries(0, {})
        assert not await house.remove("a")
        assert await house.revision() == 0
        assert await house.put("b", ENTRY, NOW)
        assert await house.put("a", {}, NOW)
        assert not await house.put("a", {"weight": 1}, NOW)
        assert await house.load() == Entries(3, {"a": {"weight": 1}, "b": ENTRY})
        assert await house.remove("b")
        assert not await house.remove("b")
        assert await house.load() == Entries(4, {"a": {"weight": 1}})
        assert await house.revision() == 4

    run(url, steps)


def test_every_change_at_once_is_counted(url: str) -> None:
    async def steps(store: Store) -> None:
        new = await asyncio.gather(*(store.house.put(f"g{n % 5}", {"n": n}, NOW) for n in range(40)))
        assert new.count(True) == 5
        gone = await asyncio.gather(*(store.house.remove("g0") for _ in range(10)))
        assert gone.count(True) == 1
        assert await store.house.revision() == 41

    run(url, steps)


def test_two_services_count_together(shared: str) -> None:
    async def steps(one: Store, two: Store) -> None:
        # From nothing: both want to make the row that counts.
        new = await asyncio.gather(
            *(store.house.put("g", {"n": n}, NOW) for n in range(4) for store in (one, two))
        )
        assert new.count(True) == 1
        assert await one.house.revision() == await two.house.revision() == 8
        assert await one.house.load() == await two.house.load()

    run_two(shared, steps, NEW, NEW)


def test_of_changes_at_once_none_is_lost(shared: str) -> None:
    async def steps(one: Store, two: Store) -> None:
        def one_more(name: str) -> Callable[[Mapping[str, Any] | None], Mapping[str, Any] | None]:
            return lambda entry: {**(entry or {}), name: True}

        names = [f"n{n}" for n in range(6)]
        new = await asyncio.gather(
            *(
                store.house.change("g", one_more(f"{name}{number}"), NOW)
                for name in names
                for number, store in enumerate((one, two))
            )
        )
        assert new.count(True) == 1
        found = await one.house.load()
        assert found == Entries(12, {"g": {f"{name}{number}": True for name in names for number in (0, 1)}})
        assert not await two.house.change("g", lambda _: None, NOW)
        assert await one.house.load() == Entries(13, {})

    run_two(shared, steps, NEW, NEW)


def test_a_change_that_fails_changes_nothing(url: str) -> None:
    async def steps(store: Store) -> None:
        def fails(_: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
            raise KeyError("no")

        await store.house.put("g", ENTRY, NOW)
        with pytest.raises(KeyError):
            await store.house.change("g", fails, NOW)
        assert await store.house.load() == Entries(1, {"g": ENTRY})

    run(url, steps)


def test_a_lost_secret_loses_entries_by_name_and_nothing_else(shared: str) -> None:
    run(shared, lambda store: store.house.put("old", ENTRY, NOW), OLD)
    run(shared, lambda store: store.house.put("new", ENTRY, NOW), TURNED)
    assert run(shared, lambda store: store.house.load(), TURNED) == Entries(2, {"new": ENTRY, "old": ENTRY})
    assert run(shared, lambda store: store.house.load(), NEW) == Entries(2, {"new": ENTRY}, ("old",))
    # Put anew, it is there again; and what cannot be read can be removed.
    assert not run(shared, lambda store: store.house.put("old", {}, NOW), NEW)
    assert run(shared, lambda store: store.house.remove("new"), OLD)
    assert run(shared, lambda store: store.house.load(), NEW) == Entries(4, {"old": {}})


@pytest.mark.parametrize("statement", [
    "UPDATE house_entries SET ciphertext = (SELECT ciphertext FROM house_entries WHERE id = 'b') "
    "WHERE id = 'a'",
    "UPDATE house_entries SET id = 'c' WHERE id = 'a'",
])  # fmt: skip
def test_an_entry_that_was_moved_does_not_open(shared: str, statement: str) -> None:
    async def steps(store: Store) -> None:
        await store.house.put("a", {"whose": "a"}, NOW)
        await store.house.put("b", {"whose": "b"}, NOW)
        async with store._session.engine.begin() as connection:
            await connection.execute(text(statement))
        found = await store.house.load()
        assert found.entries == {"b": {"whose": "b"}}
        assert len(found.lost) == 1

    run(shared, steps)
