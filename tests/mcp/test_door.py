"""The protocol's SDK is loaded by the first call, once, whatever becomes of that call."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from app.mcp.endpoints import Door
from app.service import Service

pytestmark = pytest.mark.filterwarnings("error")


class Manager:
    """As the SDK's: entered for as long as it serves."""

    def __init__(self) -> None:
        self.serves = False

    def run(self) -> Manager:
        return self

    async def __aenter__(self) -> None:
        self.serves = True

    async def __aexit__(self, *_: object) -> None:
        self.serves = False


class Opened(Door):
    """A door whose loading takes its time, and fails at first as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        super().__init__(Service.__new__(Service), 1_000)
        self.made: list[Manager] = []
        self.failures = failures
        self._make: Any = self.load

    def load(self) -> Manager:
        time.sleep(0.05)
        if self.failures:
            self.failures -= 1
            raise OSError("could not be read")
        self.made.append(Manager())
        return self.made[-1]

    async def open(self) -> Any:
        return await self._opened()


def test_many_first_calls_load_it_once() -> None:
    async def whole() -> None:
        door = Opened()
        async with door.running():
            found = await asyncio.gather(*(door.open() for _ in range(5)))
            assert found == door.made * 5
            assert len(door.made) == 1
            assert door.made[0].serves
        assert not door.made[0].serves

    asyncio.run(whole())


def test_a_first_caller_who_leaves_takes_nothing_away() -> None:
    async def whole() -> None:
        door = Opened()
        async with door.running():
            first = asyncio.create_task(door.open())
            await asyncio.sleep(0.01)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            assert (await door.open()).serves

    asyncio.run(whole())


def test_what_could_not_be_loaded_is_loaded_by_the_next_call() -> None:
    async def whole() -> None:
        door = Opened(failures=1)
        async with door.running():
            with pytest.raises(OSError, match="could not be read"):
                await door.open()
            assert (await door.open()).serves

    asyncio.run(whole())
