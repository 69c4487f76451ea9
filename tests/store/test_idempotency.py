"""A request that is sent again is done once: one begins it, all get its answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text

from app.store.database import MEMORY
from app.store.errors import SealError
from app.store.secret import Vault
from app.store.store import Begun, Done, Fresh, OtherBody, Running, Store
from tests.store.conftest import NOW, OLDER, SECRET, after, run, run_two

ANSWER = (201, "application/json", b'{"event":\n"\xff"}', {"Location": "/v1/holds/1", "X-Tür": "é\n"})
DONE = Done(*ANSWER)


def counted(answers: Sequence[Begun]) -> Counter[str]:
    return Counter(type(answer).__name__ for answer in answers)


async def many(stores: Sequence[Store], when: Any, key: str = "key") -> Counter[str]:
    asked = [stores[turn % len(stores)].begin(key, b"body", when) for turn in range(50)]
    return counted(await asyncio.gather(*asked))


def test_begun_running_done(url: str) -> None:
    async def steps(store: Store) -> None:
        assert await store.begin("key", b"body", NOW) == Fresh(NOW)
        assert await store.begin("key", b"body", after(seconds=1)) == Running()
        assert await store.begin("other key", b"body", NOW) == Fresh(NOW)
        await store.finish("key", *ANSWER, after(seconds=2))
        assert await store.begin("key", b"body", after(seconds=3)) == DONE
        assert await store.begin("key", b"body", after(hours=24, seconds=1)) == DONE
        assert await store.begin("other key", b"body", after(seconds=3)) == Running()

    run(url, steps)


def test_another_body_is_told_apart(url: str) -> None:
    async def steps(store: Store) -> None:
        await store.begin("key", b"body", NOW)
        for moment in (NOW, after(minutes=5)):  # also when it was left: that one may have had an effect
            assert await store.begin("key", b"another", moment) == OtherBody()
        await store.finish("key", *ANSWER, NOW)
        assert await store.begin("key", b"", NOW) == OtherBody()
        assert await store.begin("key", b"body", NOW) == DONE

    run(url, steps)


def test_an_abandoned_request_may_begin_again(url: str) -> None:
    async def steps(store: Store) -> None:
        claim = await store.begin("key", b"body", NOW)
        assert isinstance(claim, Fresh)
        await store.abandon("key", claim)
        assert await store.begin("key", b"another", NOW) == Fresh(NOW)
        await store.abandon("key")
        await store.abandon("key")
        await store.finish("key", *ANSWER, NOW)  # nobody is at it: nothing is kept
        assert await store.begin("key", b"body", NOW) == Fresh(NOW)

    run(url, steps)


def test_an_answer_is_neither_abandoned_nor_changed(url: str) -> None:
    async def steps(store: Store) -> None:
        await store.begin("key", b"body", NOW)
        await store.finish("key", *ANSWER, NOW)
        await store.abandon("key")
        await store.finish("key", 500, "text/plain", b"", {}, NOW)
        assert await store.begin("key", b"body", NOW) == DONE

    run(url, steps)


def test_it_is_known_for_a_day(url: str) -> None:
    async def steps(store: Store) -> None:
        for key in ("answered", "never answered"):
            await store.begin(key, b"body", NOW)
        await store.finish("answered", *ANSWER, after(seconds=30))
        assert await store.tidy(after(hours=24, microseconds=-1)) == 0
        assert await store.tidy(after(hours=24)) == 1
        assert await store.begin("answered", b"body", after(hours=24)) == DONE
        # What has expired does not count, tidied or not.
        late = after(hours=24, seconds=30)
        assert await store.begin("answered", b"another", late) == Fresh(late)
        assert await store.tidy(late) == 0
        assert await store.begin("never answered", b"another", late) == Fresh(late)

    run(url, steps)


def test_one_of_many_at_once(url: str) -> None:
    async def steps(store: Store) -> None:
        assert await many([store], NOW) == {"Fresh": 1, "Running": 49}
        await store.finish("key", *ANSWER, NOW)
        assert await many([store], NOW) == {"Done": 50}

    run(url, steps)


def test_what_was_left_is_taken_over_by_one(url: str) -> None:
    async def steps(store: Store) -> None:
        await store.begin("key", b"body", NOW)
        assert await many([store], after(seconds=60)) == {"Running": 50}
        assert await many([store], after(seconds=60, microseconds=1)) == {"Fresh": 1, "Running": 49}
        assert await many([store], after(seconds=120)) == {"Running": 50}
        # Expired is taken over likewise.
        assert await many([store], after(hours=48)) == {"Fresh": 1, "Running": 49}

    run(url, steps)


def test_who_was_taken_over_from_changes_nothing(url: str) -> None:
    async def steps(store: Store) -> None:
        slow = await store.begin("key", b"body", NOW)
        quick = await store.begin("key", b"body", after(seconds=61))
        assert isinstance(slow, Fresh)
        assert isinstance(quick, Fresh)
        await store.abandon("key", slow)
        assert await store.begin("key", b"body", after(seconds=62)) == Running()
        await store.finish("key", 500, "text/plain", b"late", {}, after(seconds=62), slow)
        assert await store.begin("key", b"body", after(seconds=62)) == Running()
        await store.finish("key", *ANSWER, after(seconds=63), quick)
        assert await store.begin("key", b"body", after(seconds=64)) == DONE

    run(url, steps)


def test_an_answer_that_comes_late_is_kept_if_nobody_took_over(url: str) -> None:
    async def steps(store: Store) -> None:
        claim = await store.begin("key", b"body", NOW)
        assert isinstance(claim, Fresh)
        await store.finish("key", *ANSWER, after(minutes=10), claim)
        assert await store.begin("key", b"body", after(minutes=11)) == DONE

    run(url, steps)


def test_the_two_kinds_of_names_do_not_meet(url: str) -> None:
    async def steps(store: Store) -> None:
        await store.keep_tokens("same", b"x", after(hours=1), NOW)
        await store.begin("same", b"x", NOW)
        await store.forget("same")
        assert await store.begin("same", b"x", NOW) == Running()

    run(url, steps)


def test_a_large_answer_and_none(url: str) -> None:
    async def steps(store: Store) -> None:
        for key, body in (("large", bytes(1024) * 1024), ("none", b"")):
            await store.begin(key, b"body", NOW)
            await store.finish(key, 200, "text/calendar", body, {}, NOW)
            assert await store.begin(key, b"body", NOW) == Done(200, "text/calendar", body, {})

    run(url, steps)


# From step to step of changing a secret, copies of both steps run at once.
STEPS = [[OLDER], [OLDER, SECRET], [SECRET, OLDER], [SECRET]]


@pytest.mark.parametrize(
    ("first", "second"), [*pairwise(STEPS), *pairwise(STEPS[::-1]), (STEPS[0], STEPS[2])]
)
def test_copies_see_each_other_while_a_secret_is_changed(
    shared: str, first: list[str], second: list[str]
) -> None:
    async def steps(one: Store, two: Store) -> None:
        assert await many([one, two], NOW) == {"Fresh": 1, "Running": 49}
        assert await many([one, two], after(minutes=2)) == {"Fresh": 1, "Running": 49}
        assert await two.begin("key", b"another", after(minutes=2)) == OtherBody()
        assert await one.begin("key", b"another", after(minutes=2)) == OtherBody()
        await one.abandon("key")
        assert await many([two, one], after(minutes=2)) == {"Fresh": 1, "Running": 49}
        await one.finish("key", *ANSWER, after(minutes=2))
        if first[0] in second:  # who can open it
            assert await two.begin("key", b"body", after(minutes=3)) == DONE
        else:
            with pytest.raises(SealError):
                await two.begin("key", b"body", after(minutes=3))
        assert await one.begin("key", b"body", after(minutes=3)) == DONE

    run_two(shared, steps, Vault(first), Vault(second))


def test_a_changed_secret_loses_no_answer(shared: str) -> None:
    async def old(store: Store) -> None:
        await store.begin("key", b"body", NOW)
        await store.finish("key", *ANSWER, NOW)

    run(shared, old, Vault([OLDER]))
    again = run(shared, lambda store: store.begin("key", b"body", NOW), Vault([SECRET, OLDER]))
    assert again == DONE


def test_another_secret_knows_nothing_of_it(shared: str) -> None:
    run(shared, lambda store: store.begin("key", b"body", NOW))
    assert run(shared, lambda store: store.begin("key", b"body", NOW), Vault([OLDER])) == Fresh(NOW)


@pytest.mark.parametrize(
    "change", ["status = 500", "media_type = 'text/html'", "ciphertext = :other", "key = :key"]
)
def test_an_answer_that_was_tampered_with_is_not_given(shared: str, change: str) -> None:
    async def steps(store: Store) -> None:
        await store.begin("key", b"body", NOW)
        await store.finish("key", *ANSWER, NOW)
        values = {"other": Vault([SECRET]).seal(b"{}\n"), "key": Vault([SECRET]).digest("key\0elsewhere")}
        async with store._session.engine.begin() as connection:
            used = {name: value for name, value in values.items() if f":{name}" in change}
            await connection.execute(text(f"UPDATE idempotency SET {change}"), used)  # noqa: S608 - ours
        asked = "elsewhere" if "key" in change else "key"
        if "key" in change:  # the body's digest is bound to the key as well
            assert await store.begin(asked, b"body", NOW) == OtherBody()
        else:
            with pytest.raises(SealError):
                await store.begin(asked, b"body", NOW)

    run(shared, steps)


@pytest.mark.parametrize("ticks", range(6))
def test_a_caller_that_is_cancelled_breaks_nothing_off(url: str, ticks: int) -> None:
    async def steps(store: Store) -> None:
        await store.begin("key", b"body", NOW)
        task = asyncio.ensure_future(store.finish("key", *ANSWER, NOW))
        for _ in range(ticks + 1):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        while store._session.going:
            await asyncio.sleep(0.01)
        assert await many([store], NOW) == {"Done": 50}

    run(url, steps)


def test_closing_waits_for_what_is_going_on(shared: str) -> None:
    async def steps() -> None:
        store = await Store.open(shared, Vault([SECRET]), migrate=True)
        asking = [asyncio.ensure_future(store.begin(f"key {turn}", b"", NOW)) for turn in range(20)]
        await asyncio.sleep(0)
        for task in asking:
            task.cancel()
        await store.close()

    asyncio.run(steps())
    assert isinstance(run(shared, lambda store: store.begin("key 7", b"", NOW)), Running)


def test_a_database_in_memory_is_its_stores_own() -> None:
    async def steps(store: Store) -> None:
        other = await Store.open(MEMORY, Vault([SECRET]))
        try:
            assert isinstance(await store.begin("key", b"", NOW), Fresh)
            assert isinstance(await other.begin("key", b"", NOW), Fresh)
        finally:
            await other.close()

    run(MEMORY, steps)
