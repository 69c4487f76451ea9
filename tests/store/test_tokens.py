"""Token caches: kept for their owner, until they expire, under whichever secret."""

from __future__ import annotations

import asyncio
import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from app.store.secret import Vault
from app.store.store import Store
from tests.store.conftest import NOW, OLDER, SECRET, VAULT, after, run, run_two

LARGE = bytes(range(256)) * 200  # 50 KB, as msal's cache of a user with many scopes


def test_kept_found_replaced_forgotten(url: str) -> None:
    async def steps(store: Store) -> None:
        assert await store.tokens_of("me", NOW) is None
        await store.keep_tokens("me", LARGE, after(hours=1), NOW)
        await store.keep_tokens("you", b"", after(hours=1), NOW)
        assert await store.tokens_of("me", NOW) == LARGE
        assert await store.tokens_of("you", NOW) == b""
        await store.keep_tokens("me", b"newer", after(hours=2), after(minutes=1))
        assert await store.tokens_of("me", after(minutes=61)) == b"newer"
        await store.forget("me")
        await store.forget("me")
        assert await store.tokens_of("me", NOW) is None
        assert await store.tokens_of("you", NOW) == b""

    run(url, steps)


def test_expired_is_gone(url: str) -> None:
    async def steps(store: Store) -> None:
        await store.keep_tokens("me", b"x", after(hours=1), NOW)
        await store.keep_tokens("you", b"x", after(hours=2), NOW)
        assert await store.tokens_of("me", after(hours=1, microseconds=-1)) == b"x"
        assert await store.tokens_of("me", after(hours=1)) is None
        assert await store.tidy(after(hours=1, microseconds=-1)) == 0
        assert await store.tidy(after(hours=1)) == 1
        assert await store.tidy(after(hours=9)) == 1

    run(url, steps)


def test_moments_are_the_same_in_every_zone(url: str) -> None:
    async def steps(store: Store) -> None:
        for zone in ("Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati"):
            there = ZoneInfo(zone)
            await store.keep_tokens(zone, b"x", after(hours=1).astimezone(there), NOW.astimezone(there))
            for other in (dt.UTC, ZoneInfo("Etc/GMT+12")):
                assert await store.tokens_of(zone, after(minutes=59).astimezone(other)) == b"x"
                assert await store.tokens_of(zone, after(minutes=61).astimezone(other)) is None
        assert await store.tidy(after(minutes=61).astimezone(ZoneInfo("Asia/Kathmandu"))) == 3

    run(url, steps)


def test_a_moment_without_a_zone_is_a_mistake_of_ours(url: str) -> None:
    naive = NOW.replace(tzinfo=None)

    async def steps(store: Store) -> None:
        for mistake in (
            store.tokens_of("me", naive),
            store.keep_tokens("me", b"", naive, NOW),
            store.keep_tokens("me", b"", NOW, naive),
            store.begin("key", b"", naive),
            store.finish("key", 200, "text/plain", b"", {}, naive),
            store.tidy(naive),
        ):
            with pytest.raises(ValueError, match="zone"):
                await mistake

    run(url, steps)


def test_owners_at_once_and_one_owner_at_once(url: str) -> None:
    async def steps(store: Store) -> None:
        await asyncio.gather(
            *(store.keep_tokens(f"owner {n % 5}", b"%d" % n, after(hours=1), NOW) for n in range(50))
        )
        found = await asyncio.gather(*(store.tokens_of(f"owner {n}", NOW) for n in range(5)))
        assert [int(blob or b"-1") % 5 for blob in found] == [0, 1, 2, 3, 4]
        assert await store.tidy(after(hours=1)) == 5

    run(url, steps)


def test_another_secret_finds_nothing(shared: str) -> None:
    run(shared, lambda store: store.keep_tokens("me", b"x", after(hours=1), NOW))
    assert run(shared, lambda store: store.tokens_of("me", NOW), Vault([OLDER])) is None


def test_a_changed_secret_loses_nothing(shared: str) -> None:
    run(shared, lambda store: store.keep_tokens("me", b"x", after(hours=1), NOW), Vault([OLDER]))

    async def changing(store: Store) -> None:
        assert await store.tokens_of("me", NOW) == b"x"
        await store.keep_tokens("me", b"y", after(hours=1), NOW)
        assert await store.tokens_of("me", NOW) == b"y"

    run(shared, changing, Vault([SECRET, OLDER]))

    async def changed(store: Store) -> None:
        assert await store.tokens_of("me", NOW) == b"y"
        assert await store.tidy(after(hours=1)) == 1  # nothing was left under the older one

    run(shared, changed)


def test_forgetting_forgets_under_every_secret(shared: str) -> None:
    async def steps(old: Store, both: Store) -> None:
        await both.keep_tokens("me", b"y", after(hours=1), NOW)
        await old.keep_tokens("me", b"x", after(hours=1), NOW)
        await both.forget("me")
        assert await old.tokens_of("me", NOW) is None
        assert await both.tokens_of("me", NOW) is None

    run_two(shared, steps, Vault([OLDER]), Vault([SECRET, OLDER]))


def test_tokens_moved_to_another_owner_do_not_open(shared: str) -> None:
    """Who can write to the database must not be able to hand one user's tokens to another."""

    async def steps(store: Store) -> None:
        await store.keep_tokens("me", b"mine", after(hours=1), NOW)
        await store.keep_tokens("you", b"yours", after(hours=1), NOW)
        owner = {name: VAULT.digest(f"owner\0{name}") for name in ("me", "you")}
        async with store._session.engine.begin() as connection:
            await connection.execute(
                text(
                    "UPDATE token_caches SET ciphertext = "
                    "(SELECT ciphertext FROM token_caches WHERE owner = :you) WHERE owner = :me"
                ),
                owner,
            )
        assert await store.tokens_of("me", NOW) is None
        assert await store.tokens_of("you", NOW) == b"yours"
        await store.keep_tokens("me", b"anew", after(hours=1), NOW)
        assert await store.tokens_of("me", NOW) == b"anew"

    run(shared, steps)
