"""Who may come in: keys of the settings and of the store, and what each may do."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from app.auth.principal import LOCAL, SCOPES
from app.gate import BELIEVED, Denied, Gate
from app.store.api_keys import NameTaken, looks_like_key, made
from app.store.database import MEMORY, database_path
from app.store.errors import StoreError
from app.store.store import Store
from tests.store.conftest import NOW, after, run

T = TypeVar("T")
SET = "a-key-of-the-settings-012345"


class Bench:
    """A gate on a store, with a clock of its own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.seconds = 0.0
        self.gate = Gate((SET,), store=store, clock=lambda: self.seconds)

    async def add(self, name: str = "desk", *scopes: str, expires: dt.datetime | None = None) -> str:
        key, identity = made()
        await self.store.api_keys.add(identity, name, key, scopes or SCOPES, NOW, expires)
        return key

    async def denied(self, *tokens: str, now: dt.datetime = NOW) -> str:
        with pytest.raises(Denied) as caught:
            await self.gate.admit(tokens, now)
        return caught.value.code


def on(url: str, steps: Callable[[Bench], Awaitable[T]]) -> T:
    return run(url, lambda store: steps(Bench(store)))


def test_keys_have_a_form_of_their_own_and_are_random() -> None:
    keys = {made()[0] for _ in range(100)}
    assert len(keys) == 100
    for key in keys:
        assert looks_like_key(key)
        assert len(key) == 55
    assert not looks_like_key(SET)
    assert not looks_like_key("tl_aaaaaaaa_" + "é" * 43)


def test_a_key_opens_what_it_was_made_for(url: str) -> None:
    async def steps(bench: Bench) -> None:
        key = await bench.add("desk", "review")
        who = await bench.gate.admit(["", key], NOW)
        assert who.program
        assert who.scopes == {"review"}
        assert who.may("review")
        assert not who.may("admin")
        assert key not in who.owner
        assert (await bench.gate.admit([SET], NOW)).scopes == set(SCOPES)

    on(url, steps)


def test_owners_are_apart_and_stay_the_same(url: str) -> None:
    async def steps(bench: Bench) -> None:
        one, two = await bench.add("one"), await bench.add("two")
        owners = [(await bench.gate.admit([key], NOW)).owner for key in (one, two, SET)]
        assert len(set(owners)) == 3
        assert owners == [(await bench.gate.admit([key], NOW)).owner for key in (one, two, SET)]

    on(url, steps)


def test_what_opens_nothing(url: str) -> None:
    async def steps(bench: Bench) -> None:
        key = await bench.add()
        assert await bench.denied() == "no-key"
        assert await bench.denied("", "") == "no-key"
        for wrong in (key[:-1], key + "x", key.upper(), made()[0], "tl_", SET[:-1], "\udc80", "x" * 100_000):
            assert await bench.denied(wrong) == "wrong-key"

    on(url, steps)


def test_a_key_ends_with_its_day(url: str) -> None:
    async def steps(bench: Bench) -> None:
        key = await bench.add(expires=after(hours=1))
        await bench.gate.admit([key], after(minutes=59))
        assert await bench.denied(key, now=after(hours=1)) == "wrong-key"

    on(url, steps)


def test_a_revoked_key_is_believed_for_seconds_at_most(url: str) -> None:
    async def steps(bench: Bench) -> None:
        key = await bench.add()
        await bench.gate.admit([key], NOW)
        # Another copy of the service, or the command, does it: this gate is not told.
        assert await bench.store.api_keys.revoke("desk", NOW)
        bench.seconds += BELIEVED
        assert await bench.denied(key) == "wrong-key"
        assert not await bench.store.api_keys.revoke("desk", NOW)

    on(url, steps)


def test_a_name_is_not_used_twice(url: str) -> None:
    async def steps(bench: Bench) -> None:
        await bench.add("desk")
        with pytest.raises(NameTaken):
            await bench.add("desk")
        await bench.store.api_keys.revoke("desk", NOW)
        with pytest.raises(NameTaken):
            await bench.add("desk")

    on(url, steps)


def test_the_last_use_is_noted_and_not_at_every_request(url: str) -> None:
    async def steps(bench: Bench) -> None:
        key = await bench.add()
        for seconds in (0, 30, 59, 61):
            await bench.gate.admit([key], after(seconds=seconds))
            await asyncio.gather(*bench.gate._notes)
        (record,) = await bench.store.api_keys.listed()
        assert record.last_used_at == after(seconds=61)
        await bench.gate.admit([key], after(seconds=90))
        assert not bench.gate._notes

    on(url, steps)


def test_a_note_that_fails_hurts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps(bench: Bench) -> None:
        async def fails(*_: object) -> None:
            raise StoreError("The database did not do what was asked.")

        monkeypatch.setattr(bench.store.api_keys, "used", fails)
        await bench.gate.admit([await bench.add()], NOW)
        await asyncio.gather(*bench.gate._notes)

    on(MEMORY, steps)


def test_guesses_do_not_fill_the_memory() -> None:
    async def steps(bench: Bench) -> None:
        for _ in range(50):
            await bench.denied(made()[0])
        assert not bench.gate._known

    on(MEMORY, steps)


def test_a_service_for_this_machine_is_open_until_a_key_is_made(url: str) -> None:
    async def steps(bench: Bench) -> None:
        gate = Gate(store=bench.store)
        await gate.look(NOW)
        assert gate.open
        assert await gate.admit([], NOW) == LOCAL
        key = await bench.add()
        await gate.look(NOW)
        assert not gate.open
        with pytest.raises(Denied):
            await gate.admit([], NOW)
        await gate.admit([key], NOW)
        await bench.store.api_keys.revoke("desk", NOW)
        await gate.look(NOW)
        assert gate.open

    on(url, steps)


def test_one_that_others_reach_is_never_open() -> None:
    async def steps(bench: Bench) -> None:
        gate = Gate(local=False, store=bench.store)
        await gate.look(NOW)
        assert not gate.open

    on(MEMORY, steps)


def test_only_digests_are_kept(file: str) -> None:
    async def steps(bench: Bench) -> str:
        return await bench.add("desk")

    key = on(file, steps)
    path = database_path(file)
    assert path is not None
    content = b"".join(part.read_bytes() for part in path.parent.glob(f"{path.name}*"))
    assert b"desk" in content
    assert key.encode() not in content
    assert key.split("_", 2)[2].encode()[:20] not in content
