"""How much may be asked in a time: by a key or a user, by an address, and with wrong keys.

Counted in this process, or in Redis for all copies of the service. A Redis that fails stops nobody: this
process then counts for itself, and asks Redis again after some seconds.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.errors import StorageError

from app import logs
from app.auth.principal import Principal
from app.errors import SettingsError, TactlineError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_PATIENCE = 1.0  # seconds that Redis has for an answer
_AT_ONCE = 16  # questions to Redis, each on a connection of its own
_AGAIN = 5.0  # seconds until Redis is asked again after a failure
_COMPLAINT = 60.0  # seconds between two lines in the log that say so
log = logs.get(__name__)
T = TypeVar("T")
Storage = MemoryStorage | RedisStorage


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of one limit, which is `amount` in `window` seconds.

    `seconds`: for how long what `remains` has to do; where it was not enough, until it is.
    """

    name: str
    amount: int
    window: int
    remains: int
    seconds: int

    def headers(self) -> dict[str, str]:
        """As structured fields (draft-ietf-httpapi-ratelimit-headers-10, 2 and 3)."""
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.amount};w={self.window}',
            "RateLimit": f'"{self.name}";r={self.remains};t={self.seconds}',
        }


class TooManyRequests(TactlineError):  # noqa: N818 - reads as what it says
    """No more is left of a limit. `left` tells for how long."""

    def __init__(self, left: Left) -> None:
        super().__init__(f"too many requests: {left.name}")
        self.left = left

    def headers(self) -> dict[str, str]:
        return {**self.left.headers(), "Retry-After": str(max(1, self.left.seconds))}


class Limits:
    """`key`, `address` and `denied` are limits like "600/minute", "" for none. `digest` turns an address or
    a user's name into something that tells nothing."""

    def __init__(
        self,
        key: str,
        address: str,
        denied: str,
        *,
        url: str = "",
        digest: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`url` is empty or `redis://...`. Raises ValueError for what is no limit, SettingsError."""
        given = {"key": key, "address": address, "denied": denied}
        self._items = {name: parse(text) for name, text in given.items() if text}
        self._digest = digest
        self._clock = clock
        self._own = MemoryStorage()
        self._pool = _pool(url) if url else None
        self._shared = None
        if self._pool is not None:
            self._shared = RedisStorage(
                f"async+{url}", wrap_exceptions=True, implementation="redispy", key_prefix="tactline",
                connection_pool=self._pool,
            )  # fmt: skip
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._ask_from = self._complain_from = 0.0

    async def close(self) -> None:
        """Let go of Redis."""
        if self._pool is not None:
            await self._pool.aclose()

    async def spend(self, principal: Principal, cost: int = 1) -> Left | None:
        """Count `cost` requests of whoever calls; what is left, None where nothing is counted.

        Raises TooManyRequests when less than `cost` is left; then nothing is counted.
        """
        item = self._items.get("key")
        if item is None or principal.limited is None:
            return None
        taken = await self._taken("key", item, principal.limited, cost)
        left = await self._left("key", item, principal.limited, 0 if taken else cost)
        if not taken:
            raise TooManyRequests(left)
        return left

    async def knock(self, address: str) -> None:
        """Count a request of an address, before it is known who calls. Raises TooManyRequests, also for an
        address that came with too many wrong keys."""
        item = self._items.get("address")
        if item is not None and not await self._taken("address", item, address, 1):
            raise TooManyRequests(await self._left("address", item, address, 1))
        item = self._items.get("denied")
        if item is not None:
            left = await self._left("denied", item, address)
            if left.remains < 1:
                raise TooManyRequests(left)

    async def wrong(self, address: str) -> None:
        """Count a wrong key of an address."""
        item = self._items.get("denied")
        if item is not None:
            await self._taken("denied", item, address, 1)

    async def _ask(self, work: Callable[[Storage], Awaitable[T]]) -> T:
        """Do it with what all copies share, else with what is this process's own."""
        if self._shared is not None and self._clock() >= self._ask_from:
            # Many at once take turns. Without, they would run out of connections, as if Redis had failed.
            async with self._turns:
                if self._clock() >= self._ask_from:  # it may have failed while this one waited
                    try:
                        return await work(self._shared)
                    except StorageError as error:
                        self._failed(error)
        return await work(self._own)

    def _failed(self, error: StorageError) -> None:
        self._ask_from = self._clock() + _AGAIN
        if self._clock() >= self._complain_from:
            self._complain_from = self._clock() + _COMPLAINT
            logs.event(log, "Redis does not count, this process does", level=30, error=error)

    async def _taken(self, name: str, item: RateLimitItem, who: str, cost: int) -> bool:
        key, expiry = item.key_for(self._mark(name, who)), item.get_expiry()
        return await self._ask(
            lambda storage: storage.acquire_sliding_window_entry(key, item.amount, expiry, cost)
        )

    async def _left(self, name: str, item: RateLimitItem, who: str, wanted: int = 0) -> Left:
        """What is left, and for how long; with `wanted`, how long until there is so much."""
        key, expiry = item.key_for(self._mark(name, who)), item.get_expiry()
        window = Window(
            item.amount, expiry, *await self._ask(lambda storage: storage.get_sliding_window(key, expiry))
        )
        remains = window.remains()
        seconds = window.until(max(wanted, 1)) if wanted > remains or remains < 1 else window.lasts()
        return Left(name, item.amount, expiry, remains, seconds)

    def _mark(self, name: str, who: str) -> str:
        return self._digest(f"limit\0{name}\0{who}")[:32]


@dataclass(frozen=True, slots=True)
class Window:
    """How the library counts: what the window now running holds, and of the one before as large a part as
    it still reaches into the last `expiry` seconds.

    `previous_left` is how long it still does; `current_left` how long the running one is kept, which is
    `expiry` longer than it runs.
    """

    amount: int
    expiry: int
    previous: int
    previous_left: float
    current: int
    current_left: float

    def remains(self) -> int:
        before = self.previous * self.previous_left / self.expiry
        return max(0, self.amount - math.floor(before) - self.current)

    def lasts(self) -> int:
        """Seconds that the running window still runs; 0 where nothing is counted in it."""
        return math.ceil(max(0.0, self.current_left - self.expiry)) if self.current else 0

    def until(self, cost: int) -> int:
        """Seconds until `cost` fits if nothing else comes, or until all does where it never would."""
        room = self.amount - min(cost, self.amount) + 1  # what is counted has to be less than this
        if self.current < room:
            over = self.previous_left - (room - self.current) * self.expiry / max(1, self.previous)
        else:  # only once the running window is the one before
            runs = max(0.0, self.current_left - self.expiry)
            over = runs + self.expiry * (1 - room / self.current)
        # Just after, and its times are exact to a millisecond at best.
        return math.floor(max(0.0, over) + 0.001) + 1


def _pool(url: str) -> Any:
    """Connections to Redis. Raises SettingsError where its client is not installed."""
    try:
        from redis.asyncio import ConnectionPool
    except ModuleNotFoundError:
        raise SettingsError(
            "Counting in Redis needs one more package: pip install 'tactline[redis]'"
        ) from None
    return ConnectionPool.from_url(
        url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE, max_connections=_AT_ONCE
    )


def client_address(peer: str | None, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """Who is at the other end: the peer, or whom a trusted proxy names in X-Forwarded-For.

    Of `forwarded` (the header's values in their order) the last address that is no trusted proxy counts:
    what stands before it anyone may have written. Clients of IPv6 count by their network of 64 bits,
    since they have all of it. "unknown" for a peer without an address.
    """
    address = _address(peer or "")
    if address is None:
        return "unknown"
    hops = [part for value in forwarded for part in value.split(",")]
    while hops and _among(trusted, address):
        before = _address(hops.pop())
        if before is None:
            break
        address = before
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def trusts(trusted: Sequence[Network], peer: str | None) -> bool:
    """Whether a peer is one of the trusted proxies."""
    address = _address(peer or "")
    return address is not None and _among(trusted, address)


def _among(networks: Sequence[Network], address: Address) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _address(text: str) -> Address | None:
    """An address, perhaps with a port, as proxies write it."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped if mapped is not None else found
