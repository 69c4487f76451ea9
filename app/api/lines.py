"""Lines out of a body as it comes, and answers kept for a client that does not read yet; both bounded."""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator

AHEAD = 32 * 1024 * 1024
"""Bytes of compressed answers that are kept for a client that writes all before it reads: some ten thousand
reviews. Beyond them it has to read for more to be taken from it."""


async def lines(body: AsyncIterator[bytes], most: int) -> AsyncGenerator[bytes | None]:
    """The lines of a body without their ends; None for one that is longer than `most` bytes.

    At most `most` bytes and one part of the body are kept.
    """
    kept, overlong = bytearray(), False
    async for part in body:
        *whole, rest = part.split(b"\n")
        for end in whole:
            if overlong or len(kept) + len(end) > most:
                yield None
            else:
                yield bytes(kept + end).removesuffix(b"\r")
            kept.clear()
            overlong = False
        if not overlong:
            kept += rest
        if len(kept) > most:
            kept.clear()
            overlong = True
    if overlong or kept:
        yield None if overlong else bytes(kept).removesuffix(b"\r")


class Outbox:
    """Answers in their order between who makes them and who sends them.

    Who makes them may be ahead by `limit` bytes, compressed; then `put` waits.
    """

    def __init__(self, limit: int = AHEAD) -> None:
        self._limit = limit
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._done = False
        self._changed = asyncio.Condition()

    async def put(self, answer: bytes) -> None:
        packed = zlib.compress(answer, 1)
        async with self._changed:
            await self._changed.wait_for(lambda: self._size < self._limit)
            self._waiting.append(packed)
            self._size += len(packed)
            self._changed.notify_all()

    async def close(self) -> None:
        """No more will come."""
        async with self._changed:
            self._done = True
            self._changed.notify_all()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._waiting or self._done)
                if not self._waiting:
                    return
                packed = self._waiting.popleft()
                self._size -= len(packed)
                self._changed.notify_all()
            yield zlib.decompress(packed)
