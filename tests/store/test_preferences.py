"""What users have chosen: kept sealed, changed without losing another change, forgotten with the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.store.secret import Vault
from app.store.store import Store
from tests.store.conftest import NOW, OLDER, SECRET, after, run, run_two

OLD, BOTH, NEW, OTHER = Vault([OLDER]), Vault([SECRET, OLDER]), Vault([SECRET]), Vault(["x" * 32])


async def keep(store: Store, owner: str, chosen: Mapping[str, Any]) -> None:
    assert await store.change_preferences(owner, lambda _: chosen, NOW) == chosen


def test_they_are_kept_replaced_and_forgotten(url: str) -> None:
    async def steps(store: Store) -> None:
        assert await store.preferences_of("ana") == {}
        await keep(store, "ana", {"language": "fr"})
        await keep(store, "ben", {"language": "tr"})
        await keep(store, "ana", {"hours": ["09:00", "17:30"]})
        assert await store.preferences_of("ana") == {"hours": ["09:00", "17:30"]}
        assert (await store.wishes_of("ana"))[0] == {"hours": ["09:00", "17:30"]}
        await store.forget("ana")
        assert await store.preferences_of("ana") == {}
        assert await store.preferences_of("ben") == {"language": "tr"}

    run(url, steps)


def test_a_new_secret_keeps_them_and_a_lost_one_loses_them(shared: str) -> None:
    run(shared, lambda store: keep(store, "ana", {"language": "fr"}), OLD)

    async def turning(store: Store) -> None:
        assert await store.preferences_of("ana") == {"language": "fr"}
        await keep(store, "ana", {"language": "ar"})

    run(shared, turning, BOTH)
    assert run(shared, lambda store: store.preferences_of("ana"), NEW) == {"language": "ar"}
    assert run(shared, lambda store: store.preferences_of("ana"), OLD) == {}
    assert run(shared, lambda store: store.preferences_of("ana"), OTHER) == {}


def test_the_file_shows_nothing(file: str) -> None:
    run(file, lambda store: keep(store, "marked-ana", {"language": "fr"}))
    files = list(Path(file.removeprefix("sqlite+aiosqlite:///")).parent.iterdir())
    assert files
    for path in files:
        assert b"language" not in path.read_bytes()
        assert b"marked-ana" not in path.read_bytes()


def test_of_fifty_changes_at_once_none_is_lost(url: str) -> None:
    def one_more(chosen: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"n": chosen.get("n", 0) + 1}

    async def steps(store: Store) -> None:
        await asyncio.gather(*(store.change_preferences("ana", one_more, NOW) for _ in range(50)))
        assert await store.preferences_of("ana") == {"n": 50}

    run(url, steps)


@pytest.mark.parametrize("secrets", [(BOTH, BOTH), (OLD, Vault([OLDER, SECRET])), (NEW, BOTH)])
def test_of_changes_by_two_services_none_is_lost(shared: str, secrets: tuple[Vault, Vault]) -> None:
    async def steps(one: Store, two: Store) -> None:
        def put(name: str) -> Any:
            return lambda chosen: {**chosen, name: True}

        await keep(one, "ana", {"first": True})
        await asyncio.gather(
            *(
                store.change_preferences("ana", put(f"{n}"), after(seconds=n))
                for n in range(10)
                for store in (one, two)
            )
        )
        assert await two.preferences_of("ana") == {"first": True, **{str(n): True for n in range(10)}}

    run_two(shared, steps, *secrets)


def test_what_is_changed_from_an_older_secret_is_seen_by_both_who_change_it(shared: str) -> None:
    run(shared, lambda store: keep(store, "ana", {"first": True}), OLD)

    async def steps(one: Store, two: Store) -> None:
        await asyncio.gather(
            one.change_preferences("ana", lambda chosen: {**chosen, "one": True}, NOW),
            two.change_preferences("ana", lambda chosen: {**chosen, "two": True}, NOW),
        )
        assert await one.preferences_of("ana") == {"first": True, "one": True, "two": True}

    run_two(shared, steps, BOTH, BOTH)


def test_a_change_that_is_refused_changes_nothing(url: str) -> None:
    def refuse(chosen: Mapping[str, Any]) -> Mapping[str, Any]:
        raise LookupError(str(chosen))

    async def steps(store: Store) -> None:
        await keep(store, "ana", {"language": "fr"})
        with pytest.raises(LookupError, match="fr"):
            await store.change_preferences("ana", refuse, NOW)
        assert await store.preferences_of("ana") == {"language": "fr"}

    run(url, steps)
