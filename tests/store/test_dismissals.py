"""Dismissals: known again by their words alone, each once, under whichever secret; the newest are kept."""

from __future__ import annotations

import asyncio

import pytest

from app.store import dismissals
from app.store.secret import Vault
from app.store.store import Store
from tests.store.conftest import NOW, OLDER, SECRET, after, run, run_two

OLD, BOTH, TURNED, NEW = Vault([OLDER]), Vault([OLDER, SECRET]), Vault([SECRET, OLDER]), Vault([SECRET])
WORDS = ("blaming-the-client", "you never sent")
OTHERS = [
    ("blaming-the-client", "you never sen"),
    ("blaming-the-clien", "tyou never sent"),
    ("arguing", "you never sent"),
    ("blaming-the-client", "You never sent"),
    ("blaming-the-client", ""),
]


async def known(store: Store, owner: str, words: dismissals.Words = WORDS) -> bool:
    return words in (await store.wishes_of(owner))[1]


def test_kept_once_found_and_forgotten(url: str) -> None:
    async def steps(store: Store) -> None:
        assert not await known(store, "ana")
        for _ in range(2):
            await store.dismissals.add("ana", WORDS, NOW)
        await store.dismissals.add("ben", OTHERS[0], NOW)
        assert await known(store, "ana")
        assert [await known(store, "ana", other) for other in OTHERS] == [False] * len(OTHERS)
        assert not await known(store, "ben")
        assert not await known(store, "an")
        assert [await store.dismissals.count(owner) for owner in ("ana", "ben", "eve")] == [1, 1, 0]
        for _ in range(2):
            await store.dismissals.remove("ana", WORDS)
        assert not await known(store, "ana")
        await store.dismissals.add("ana", WORDS, NOW)
        await store.forget("ana")
        assert await store.dismissals.count("ana") == 0
        assert await known(store, "ben", OTHERS[0])

    run(url, steps)


def test_fifty_at_once_are_one_and_fifty_others_are_fifty(url: str) -> None:
    async def steps(store: Store) -> None:
        await asyncio.gather(*(store.dismissals.add("ana", WORDS, NOW) for _ in range(50)))
        assert await store.dismissals.count("ana") == 1
        await asyncio.gather(*(store.dismissals.add("ana", ("arguing", str(n)), NOW) for n in range(50)))
        assert await store.dismissals.count("ana") == 51
        _, dismissed = await store.wishes_of("ana")
        assert all(("arguing", str(n)) in dismissed for n in range(50))
        assert len(dismissed) == 51

    run(url, steps)


def test_adding_and_removing_at_once_ends_in_one_of_both(shared: str) -> None:
    async def steps(one: Store, two: Store) -> None:
        for _ in range(10):
            await asyncio.gather(
                one.dismissals.add("ana", WORDS, NOW), two.dismissals.remove("ana", WORDS),
                two.dismissals.add("ana", WORDS, NOW), one.dismissals.remove("ana", WORDS),
            )  # fmt: skip
            assert await one.dismissals.count("ana") == int(await known(two, "ana"))

    run_two(shared, steps, NEW, NEW)


def test_what_one_service_dismisses_the_other_knows_at_once(shared: str) -> None:
    async def steps(one: Store, two: Store) -> None:
        await one.dismissals.add("ana", WORDS, NOW)
        assert await known(two, "ana")
        await two.dismissals.remove("ana", WORDS)
        assert not await known(one, "ana")

    run_two(shared, steps, NEW, NEW)


def test_a_changed_secret_loses_nothing_and_counts_nothing_twice(shared: str) -> None:
    run(shared, lambda store: store.dismissals.add("ana", WORDS, NOW), OLD)
    assert run(shared, lambda store: known(store, "ana"), BOTH)
    assert run(shared, lambda store: known(store, "ana"), TURNED)
    assert not run(shared, lambda store: known(store, "ana"), NEW)

    async def again(store: Store) -> None:
        await store.dismissals.add("ana", WORDS, NOW)
        assert await store.dismissals.count("ana") == 1

    run(shared, again, TURNED)
    assert run(shared, lambda store: known(store, "ana"), NEW)
    run(shared, lambda store: store.dismissals.remove("ana", WORDS), BOTH)
    assert not run(shared, lambda store: known(store, "ana"), TURNED)


@pytest.mark.parametrize("vault", [BOTH, TURNED], ids=["both", "turned"])
def test_forgetting_forgets_under_every_secret(shared: str, vault: Vault) -> None:
    async def steps(one: Store, two: Store) -> None:
        await one.dismissals.add("ana", WORDS, NOW)
        await two.dismissals.add("ana", OTHERS[0], NOW)
        await two.forget("ana")
        assert await one.dismissals.count("ana") == await two.dismissals.count("ana") == 0

    run_two(shared, steps, OLD, vault)


def test_the_oldest_make_room(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dismissals, "MOST", 3)

    async def steps(store: Store) -> None:
        await store.dismissals.add("ben", WORDS, NOW)
        for n in range(6):
            await store.dismissals.add("ana", ("arguing", str(n)), after(seconds=n))
        _, dismissed = await store.wishes_of("ana")
        assert [("arguing", str(n)) in dismissed for n in range(6)] == [False] * 3 + [True] * 3
        assert await known(store, "ben")

    run(url, steps)


def test_what_was_dismissed_cannot_be_read_out_of_what_is_returned() -> None:
    found = dismissals.Dismissed("marked-owner", NEW, frozenset({"f" * 64}))
    assert "marked" not in repr(found)
    assert "ffff" not in repr(found)
