"""Who calls from Outlook: access tokens of Microsoft Entra ID (v2.0), verified.

Microsoft identity platform, "Secure applications by validating claims", and RFC 7519. What a
token says is believed only after its signature, and a user is (tid, oid), never an address.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx
import jwt

from app.errors import TactlineError

LOGIN = "https://login.microsoftonline.com"
KEYS_AT = f"{LOGIN}/common/discovery/v2.0/keys"
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of personal accounts."""
_SKEW = 60
_LASTS = 24 * 3600.0
_LEAST = 300.0  # a key that is not known is looked for again, but no more often than this
_SECONDS = 5.0


class BadToken(TactlineError):  # noqa: N818 - reads as what it says
    """The token does not prove who calls. The reason is for the log, and quotes nothing of it."""


class WrongScope(BadToken):
    """A good token, but not one for this service's own API."""


class KeysUnavailable(TactlineError):  # noqa: N818 - reads as what it says
    """The provider's signing keys could not be fetched, and none are known."""


@dataclass(frozen=True)
class Registration:
    """This service as Entra knows it.

    `tenants` lists the directories whose users may call (empty: any), `clients` the
    applications that may call for them (empty: only our own).
    """

    client_id: str
    tenants: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    scope: str = "access_as_user"


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified user: `tenant` and `person` together are the identity."""

    tenant: str
    person: str

    @property
    def key(self) -> str:
        return f"{self.tenant}.{self.person}"

    @property
    def personal(self) -> bool:
        return self.tenant == CONSUMERS


@dataclass
class Keys:
    """The provider's signing keys, fetched when needed, kept for a day, and fetched again when a
    token names one that is not known (keys are rotated without notice)."""

    client: httpx.AsyncClient
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, jwt.PyJWK] = field(default_factory=dict)
    _fetched: float | None = None
    _lock: anyio.Lock | None = None

    async def get(self, kid: str) -> jwt.PyJWK:
        """Raises BadToken for an unknown key, KeysUnavailable."""
        age = None if self._fetched is None else self.clock() - self._fetched
        if kid in self._known and age is not None and age < _LASTS:
            return self._known[kid]
        if age is None or age >= _LEAST or not self._known:
            await self._fetch(kid)
        if kid not in self._known:
            raise BadToken("signed with an unknown key")
        return self._known[kid]

    async def _fetch(self, kid: str) -> None:
        if self._lock is None:
            self._lock = anyio.Lock()
        async with self._lock:
            if kid in self._known and self._fetched is not None and self.clock() - self._fetched < _LASTS:
                return  # while this call waited, another fetched them
            try:
                answer = await self.client.get(KEYS_AT, timeout=_SECONDS)
                answer.raise_for_status()
                found = {
                    key["kid"]: jwt.PyJWK(key, "RS256")
                    for key in answer.json()["keys"]
                    if key.get("kty") == "RSA" and key.get("use", "sig") == "sig"
                }
            except (httpx.HTTPError, ValueError, KeyError, TypeError, jwt.PyJWTError):
                if self._known:
                    return  # yesterday's keys are better than none
                raise KeysUnavailable("the signing keys of Microsoft Entra could not be fetched") from None
            self._known, self._fetched = found, self.clock()


async def verify(token: str, registration: Registration, keys: Keys, now: dt.datetime) -> Caller:
    """The user that an access token stands for.

    Raises BadToken, WrongScope (a good token without our scope), KeysUnavailable. `now` is aware.
    """
    try:
        head = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise BadToken("not a token") from None
    if head.get("alg") != "RS256" or not isinstance(head.get("kid"), str):
        raise BadToken("not signed with RS256")
    return read(token, await keys.get(head["kid"]), registration, now)


def read(token: str, key: jwt.PyJWK, registration: Registration, now: dt.datetime) -> Caller:
    """`verify` with the key at hand: pure, the time passed in."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=registration.client_id,
            # The library compares with the machine's clock; these three are compared below.
            options={"require": ["exp", "iss", "aud"], "verify_exp": False, "verify_nbf": False,
                     "verify_iat": False},
        )  # fmt: skip
    except jwt.PyJWTError as error:
        raise BadToken(type(error).__name__) from None
    _in_time(claims, now.timestamp())
    tenant, person = claims.get("tid"), claims.get("oid")
    if not (isinstance(tenant, str) and isinstance(person, str) and tenant and person):
        raise BadToken("names no user")
    if claims["iss"] != f"{LOGIN}/{tenant}/v2.0" or claims.get("ver") != "2.0":
        raise BadToken("another issuer")
    if registration.tenants and tenant not in registration.tenants:
        raise BadToken("a tenant that may not call")
    if claims.get("azp") not in (registration.clients or {registration.client_id}):
        raise BadToken("an application that may not call")
    scopes = claims.get("scp")
    if claims.get("idtyp") == "app" or not isinstance(scopes, str):
        raise BadToken("stands for an application, not for a user")
    if registration.scope not in scopes.split():
        raise WrongScope("lacks the scope of this service")
    return Caller(tenant, person)


def _in_time(claims: Mapping[str, Any], now: float) -> None:
    exp, nbf = claims["exp"], claims.get("nbf", 0)
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in (exp, nbf)):
        raise BadToken("its times are no numbers")
    if now >= exp + _SKEW:
        raise BadToken("has expired")
    if now < nbf - _SKEW:
        raise BadToken("is not valid yet")
