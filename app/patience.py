"""How long a client may take: to say what it wants, to send the rest of it, and to take the answer.

The server's library waits for ever. Who opens many connections and lets each drip would hold them all.
"""

from __future__ import annotations

import asyncio
import time

import anyio
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD = 20.0
"""Seconds that a connection may stand open before its first head is whole. After an answer the next one may
begin as late as the server keeps connections, and has these seconds then."""
BODY = 20.0
"""Seconds that a body may keep us waiting, all its pauses together, and one more for every `RATE` bytes."""
RATE = 500
FLOWING = 300.0
"""Seconds that a body which has no end of its own, a batch, may pause."""
ANSWER = 60.0
"""Seconds that an answer may stand full in our memory because nobody takes it."""


class TooSlow(HTTPException):
    """A body did not come; an HTTPException because the framework lets those pass."""

    def __init__(self) -> None:
        # What is still to come of it is not waited for either.
        super().__init__(408, headers={"Connection": "close"})


class Connection(H11Protocol):
    """The library's HTTP/1.1 over one connection, which is ended where nothing comes or goes."""

    _idle: asyncio.TimerHandle | None = None
    _full: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look()

    def handle_events(self) -> None:
        super().handle_events()
        self._look()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._full = self._full or self.loop.call_later(ANSWER, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._full = _stopped(self._full)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._idle, self._full = _stopped(self._idle), _stopped(self._full)

    def _look(self) -> None:
        """Count from when there is nothing to do until there is: pieces of a head, or of a body that was
        answered already, change nothing."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._idle = _stopped(self._idle)
        elif self._idle is None and not self.transport.is_closing():
            # The library itself closes one that stays silent after an answer.
            kept = 0 if self.cycle is None else self.timeout_keep_alive
            self._idle = self.loop.call_later(HEAD + kept, self.transport.abort)


def _stopped(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """Stop a timer, if there is one: the one that there is then, which is none."""
    if timer is not None:
        timer.cancel()
    return None


class Body:
    """Receives a request, as ASGI's `receive` does, while it comes fast enough. `flowing` is for one that is
    worked on as it comes, and may go on for as long as its client likes."""

    def __init__(self, receive: Receive, *, flowing: bool) -> None:
        self.received = 0
        self._receive = receive
        self._flowing = flowing
        self._waited = 0.0
        self._whole = False

    async def __call__(self) -> Message:
        """Raises TooSlow."""
        if self._whole:  # what is waited for now is that the client leaves
            return await self._receive()
        left = FLOWING if self._flowing else BODY + self.received / RATE - self._waited
        begun = time.monotonic()
        message: Message | None = None
        with anyio.move_on_after(left):
            message = await self._receive()
        if message is None:
            if not self._flowing:
                raise TooSlow
            # Its answer has begun: what came is answered, as if there were no more.
            self._whole = True
            return {"type": "http.request", "body": b"", "more_body": False}
        self._waited += time.monotonic() - begun
        self.received += len(message.get("body", b""))
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message
