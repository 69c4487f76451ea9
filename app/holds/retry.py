"""When a provider is asked again: at most once, never after a refusal, always within the request's time."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import anyio

from app.errors import CalendarError, Provider, TactlineError, TooMany, TooSlow

T = TypeVar("T")

SECONDS = 8.0
"""What a request may take with all its calls: an add-on is given up on by its host at ten."""
_ONE_CALL = 5.0
_LEAST = 0.05


@dataclass
class Deadline:
    """The time that is left for a request, in seconds of a steady clock."""

    seconds: float = SECONDS
    clock: Callable[[], float] = time.monotonic
    _end: float = field(init=False)

    def __post_init__(self) -> None:
        self._end = self.clock() + self.seconds

    def left(self) -> float:
        return self._end - self.clock()


class Again(TactlineError):  # noqa: N818 - reads as what it says
    """A call failed in a way that may pass: `error` is what it comes to when it does not.

    `after` is the provider's Retry-After in seconds, where it gave one.
    """

    def __init__(self, error: CalendarError, after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after


async def attempt(provider: Provider, call: Callable[[float], Awaitable[T]], deadline: Deadline) -> T:
    """Run `call(timeout_seconds)`, and once more when it raises Again and time is left.

    Only for calls that may safely happen twice: reading, deleting, and making an event under
    an id of ours. Raises CalendarError.
    """
    for last in (False, True):
        left = deadline.left()
        if left < _LEAST:
            raise TooSlow(provider)
        timeout = min(left, _ONE_CALL)
        failed = Again(TooSlow(provider))
        try:
            # The libraries' own timeouts are of silence: an answer that trickles in is cut off here.
            with anyio.move_on_after(timeout):
                return await call(timeout)
        except Again as told:
            failed = told
        wait = failed.after or 0.0
        if last or wait > deadline.left() - _LEAST:
            raise failed.error from None
        await anyio.sleep(wait)
    raise AssertionError("unreachable")


def retry_after(value: str | None) -> float:
    """Seconds of a Retry-After header (RFC 9110, 10.2.3); a date, or nothing, counts as a second."""
    text = (value or "").strip()
    return float(min(int(text), 86_400)) if text.isascii() and text.isdigit() and len(text) < 10 else 1.0


def too_many(provider: Provider, header: str | None) -> Again:
    """The provider's 429, to be honoured once."""
    after = retry_after(header)
    return Again(TooMany(provider, after), after)
