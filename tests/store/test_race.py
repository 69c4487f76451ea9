"""Several processes and threads at one database: one alone begins, and what a dead one left is taken over."""

from __future__ import annotations

import asyncio
import datetime as dt
import multiprocessing
import os
import signal
import threading
from collections import Counter
from multiprocessing.synchronize import Barrier
from pathlib import Path

from app.store.store import Fresh, Running, Store
from tests.store.conftest import NOW, VAULT, after, run

SPAWN = multiprocessing.get_context("spawn")


async def _ask(url: str, wait: threading.Barrier | Barrier, times: int, when: dt.datetime) -> list[str]:
    wait.wait(60)
    # All of them also make the file and its tables, if they are not there yet.
    store = await Store.open(url, VAULT, migrate=True)
    try:
        wait.wait(60)
        return [
            type(answer).__name__
            for answer in await asyncio.gather(*(store.begin("key", b"body", when) for _ in range(times)))
        ]
    finally:
        await store.close()


def _process(url: str, wait: Barrier, times: int, when: dt.datetime, found: Path) -> None:
    found.write_text(" ".join(asyncio.run(_ask(url, wait, times, when))))


def _processes(url: str, folder: Path, count: int, when: dt.datetime) -> Counter[str]:
    wait = SPAWN.Barrier(count)
    files = [folder / f"found-{number}" for number in range(count)]
    workers = [SPAWN.Process(target=_process, args=(url, wait, 50 // count, when, file)) for file in files]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert worker.exitcode == 0
    return Counter(word for file in files for word in file.read_text().split())


def test_two_processes(shared: str, tmp_path: Path) -> None:
    assert _processes(shared, tmp_path, 2, NOW) == {"Fresh": 1, "Running": 49}


def test_five_processes_and_a_request_that_was_left(shared: str, tmp_path: Path) -> None:
    run(shared, lambda store: store.begin("key", b"body", NOW))
    assert _processes(shared, tmp_path, 5, after(seconds=61)) == {"Fresh": 1, "Running": 49}


def test_fifty_threads_with_a_store_each(shared: str) -> None:
    wait = threading.Barrier(50)
    found: list[str] = []

    def thread() -> None:
        found.extend(asyncio.run(_ask(shared, wait, 1, NOW)))

    threads = [threading.Thread(target=thread) for _ in range(50)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(120)
    assert Counter(found) == {"Fresh": 1, "Running": 49}


async def _begin_and_die(url: str) -> None:
    store = await Store.open(url, VAULT, migrate=True)
    assert isinstance(await store.begin("key", b"body", NOW), Fresh)
    await store.keep_tokens("me", b"kept", after(hours=1), NOW)
    # In the middle of a transaction, too.
    async with store._writing():
        os.kill(os.getpid(), signal.SIGKILL)


def _dies(url: str) -> None:
    asyncio.run(_begin_and_die(url))


def test_what_a_killed_process_left_is_taken_over(shared: str) -> None:
    worker = SPAWN.Process(target=_dies, args=(shared,))
    worker.start()
    worker.join(60)
    assert worker.exitcode == -signal.SIGKILL

    async def steps(store: Store) -> None:
        assert await store.tokens_of("me", NOW) == b"kept"
        assert await store.begin("key", b"body", after(seconds=60)) == Running()
        late = after(seconds=61)
        assert await store.begin("key", b"body", late) == Fresh(late)

    run(shared, steps)
