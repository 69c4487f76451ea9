"""The keys that an identity provider signs with, as it publishes them, and which of them a token names.

JSON Web Keys (RFC 7517), tokens in the compact form (RFC 7515, 7.1). Only RS256 is read: it is what
Microsoft Entra ID and Google sign with, and a token never chooses how it is verified.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx
import jwt

from app.errors import TactlineError

_LASTS = 24 * 3600.0  # at most; Cache-Control may say less
_LEAST = 300.0  # a key that is not known is looked for again, but no more often than this
_AGAIN = 5.0  # after a failure
_OUTAGE = 24 * 3600.0  # how long keys that are out of date still do while no new ones can be had
_SECONDS = 5.0  # for the whole answer
_MOST = 256 * 1024  # bytes; Google's are two thousand, Microsoft's thirty thousand
_BITS = range(2048, 8193)  # RFC 7518, 3.3, and what can be verified without being slowed down
_LONGEST = 32 * 1024  # characters of a token
_COMPACT = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){2}")
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?([0-9]{1,9})", re.IGNORECASE)


class BadToken(TactlineError):  # noqa: N818 - reads as what it says
    """The token does not prove who calls. The reason is for the log, and quotes nothing of it."""


class KeysUnavailable(TactlineError):  # noqa: N818 - reads as what it says
    """The provider's signing keys could not be fetched, and the one that is needed is not known."""


@dataclass
class Keys:
    """A provider's signing keys, fetched when needed, and kept for as long as it says (Cache-Control),
    five minutes at least and a day at most.

    A token that names a key that is not known has them fetched again (keys are rotated without notice),
    at most every five minutes, so that made-up names do not become requests. `url` is that of the
    keys, `provider` its name for the error's sentence; `clock` counts seconds.
    """

    client: httpx.AsyncClient
    url: str
    provider: str
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, jwt.PyJWK] = field(default_factory=dict, init=False, repr=False)
    _good_until: float = field(default=-math.inf, init=False, repr=False)
    _next: float = field(default=-math.inf, init=False, repr=False)
    _failed: bool = field(default=False, init=False, repr=False)
    _lock: anyio.Lock = field(default_factory=anyio.Lock, init=False, repr=False)

    async def get(self, kid: str) -> jwt.PyJWK:
        """The key of that name. Raises BadToken for one that is not published, KeysUnavailable."""
        # Who can make do with a key that is out of date does not wait for who is fetching new ones.
        if self._wanting(kid) and not (self._lock.locked() and self._will_do(kid)):
            async with self._lock:
                if self._wanting(kid):  # unless another fetched them, or failed to, during the wait
                    await self._fetch()
        if self._will_do(kid):
            return self._known[kid]
        if self._failed:
            raise KeysUnavailable(f"the signing keys of {self.provider} could not be fetched")
        raise BadToken("signed with an unknown key")

    def _wanting(self, kid: str) -> bool:
        now = self.clock()
        return now >= self._next and not (kid in self._known and now < self._good_until)

    def _will_do(self, kid: str) -> bool:
        return kid in self._known and self.clock() < self._good_until + _OUTAGE

    async def _fetch(self) -> None:
        try:
            with anyio.fail_after(_SECONDS):
                known, lasts = await self._ask()
        except (httpx.HTTPError, TimeoutError, ValueError, RecursionError):
            # What is known stays: yesterday's keys are better than none.
            self._failed, self._next = True, self.clock() + _AGAIN
            return
        now = self.clock()
        self._known, self._failed = known, False
        self._good_until, self._next = now + lasts, now + _LEAST

    async def _ask(self) -> tuple[dict[str, jwt.PyJWK], float]:
        """The keys by name, and for how many seconds they are good."""
        body = bytearray()
        async with self.client.stream("GET", self.url, timeout=_SECONDS, follow_redirects=False) as answer:
            if answer.status_code != 200:
                raise ValueError("no keys")
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > _MOST:
                    raise ValueError("too long to be keys")
        return _published(bytes(body)), _fresh(answer.headers)


def _published(body: bytes) -> dict[str, jwt.PyJWK]:
    """The keys of a JWK set that verify RS256. Raises ValueError when there are none, RecursionError."""
    content = json.loads(body)
    listed = content.get("keys") if isinstance(content, dict) else None
    found: dict[str, jwt.PyJWK] = {}
    for entry in listed if isinstance(listed, list) else ():
        key = _key(entry) if isinstance(entry, dict) else None
        if key is not None:
            found[entry["kid"]] = key
    if not found:
        raise ValueError("no keys")
    return found


def _key(entry: dict[str, Any]) -> jwt.PyJWK | None:
    """None for one that is not ours to use: "implementations SHOULD ignore" those (RFC 7517, 5)."""
    kid, n, e = entry.get("kid"), entry.get("n"), entry.get("e")
    if (entry.get("kty"), entry.get("use", "sig"), entry.get("alg", "RS256")) != ("RSA", "sig", "RS256"):
        return None
    if not (isinstance(kid, str) and kid and isinstance(n, str) and isinstance(e, str)):
        return None
    try:
        key = jwt.PyJWK({"kty": "RSA", "n": n, "e": e}, "RS256")
    except (jwt.PyJWTError, ValueError):
        return None
    return key if key.key.key_size in _BITS else None


def _fresh(headers: httpx.Headers) -> float:
    """Seconds that an answer is fresh for (RFC 9111, 4.2), within what is sensible."""
    said = _MAX_AGE.search(headers.get("cache-control", ""))
    if said is None:
        return _LASTS
    age = headers.get("age", "0")
    spent = int(age) if age.isascii() and age.isdigit() and len(age) < 10 else 0
    return min(max(float(said[1]) - spent, _LEAST), _LASTS)


def key_name(token: str) -> str:
    """The name of the key (`kid`) that a token says it is signed with; nothing is believed of it yet.

    Raises BadToken for what is no token, or not one of RS256.
    """
    # Some versions of the library overlook characters that are not of the alphabet.
    if len(token) > _LONGEST or not _COMPACT.fullmatch(token):
        raise BadToken("not a token")
    try:
        head = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise BadToken("not a token") from None
    kid = head.get("kid")
    if head.get("alg") != "RS256" or not isinstance(kid, str):
        raise BadToken("not signed with RS256")
    return kid
