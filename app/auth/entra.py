"""Who calls from Outlook: access tokens of Microsoft Entra ID (v2.0), verified.

Microsoft identity platform, "Secure applications by validating claims", and RFC 7519. What a
token says is believed only after its signature, and a user is (tid, oid), never an address.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from app.auth.keys import BadToken, Keys, key_name

LOGIN = "https://login.microsoftonline.com"
KEYS_AT = f"{LOGIN}/common/discovery/v2.0/keys"
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of personal accounts."""
_SKEW = 60


class WrongScope(BadToken):
    """A good token, but not one for this service's own API."""


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


def authority(tenants: Collection[str]) -> str:
    """Where users sign in: at their one directory, or where those of several do. `tenants` as in
    `TACTLINE_ENTRA_TENANTS`, `any` included."""
    if len(tenants) == 1 and "any" not in tenants:
        return f"{LOGIN}/{next(iter(tenants))}"
    personal = "any" in tenants or CONSUMERS in tenants
    return f"{LOGIN}/{'common' if personal else 'organizations'}"


async def verify(token: str, registration: Registration, keys: Keys, now: dt.datetime) -> Caller:
    """The user that an access token stands for.

    Raises BadToken, WrongScope (a good token without our scope), KeysUnavailable. `now` is aware.
    """
    return read(token, await keys.get(key_name(token)), registration, now)


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
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise BadToken(type(error).__name__) from None
    _in_time(claims, now.timestamp())
    tenant, person = claims.get("tid"), claims.get("oid")
    if not (isinstance(tenant, str) and isinstance(person, str) and tenant and person):
        raise BadToken("names no user")
    if claims["iss"] != f"{LOGIN}/{tenant}/v2.0" or claims.get("ver") != "2.0":
        raise BadToken("another issuer")
    if registration.tenants and tenant not in registration.tenants:
        raise BadToken("a tenant that may not call")
    client = claims.get("azp")
    if not isinstance(client, str) or client not in (registration.clients or {registration.client_id}):
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
