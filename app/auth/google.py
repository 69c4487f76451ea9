"""Who calls from Gmail: the two ID tokens that Google sends with each event of an add-on, verified.

The system token says that Google Workspace calls for this deployment, the user token for whom.
Google, "Build Google Workspace add-ons using HTTP" and "Verify the Google ID token on your server
side". A user is the `sub`: addresses change hands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import jwt

from app.auth.keys import BadToken, Keys, key_name

KEYS_AT = "https://www.googleapis.com/oauth2/v3/certs"
ISSUERS = frozenset({"accounts.google.com", "https://accounts.google.com"})
_SKEW = 30  # seconds that Google's clock and ours may be apart
_LATEST = 2.0**40  # seconds; no time of a token is later, and what is no number fails the comparison
_LONGEST = 255  # characters of a `sub` (OpenID Connect Core 1.0, 2)


@dataclass(frozen=True, slots=True)
class AddonUser:
    """A verified user of the add-on: `subject` alone is the identity."""

    subject: str

    @property
    def key(self) -> str:
        """Tells users apart in the store, where those of other providers are too."""
        return f"google.{self.subject}"


def audiences(url: str, query: str = "") -> frozenset[str]:
    """What the system token may be meant for, when the endpoint's public `url` is called with `query`.

    The documentation says "the URL", not whether with its query, so that either will do.
    """
    return frozenset({url, f"{url}?{query}"} if query else {url})


async def verify_system(
    token: str, allowed: Set[str], service_account: str, keys: Keys, now: dt.datetime
) -> None:
    """Make sure that Google Workspace itself calls.

    `allowed` are the audiences, `service_account` is the address of this deployment's (both from
    its authorization, never from the request), `now` is aware. Raises BadToken, KeysUnavailable;
    ValueError when there is nothing to compare with.
    """
    if not service_account:
        raise ValueError("no service account is set up")
    claims = await _claims(token, allowed, keys, now)
    if claims.get("email") != service_account:
        raise BadToken("another service account")


async def verify_user(token: str, client_id: str, keys: Keys, now: dt.datetime) -> AddonUser:
    """The user that a `userIdToken` stands for; `client_id` is the add-on's OAuth client, `now` is aware.

    Raises BadToken, KeysUnavailable; ValueError when there is nothing to compare with.
    """
    claims = await _claims(token, frozenset({client_id}), keys, now)
    subject = claims.get("sub")
    if not (isinstance(subject, str) and 0 < len(subject) <= _LONGEST and subject.isascii()):
        raise BadToken("names no user")
    return AddonUser(subject)


async def _claims(token: str, allowed: Set[str], keys: Keys, now: dt.datetime) -> Mapping[str, Any]:
    """What both tokens have to prove. Raises BadToken, KeysUnavailable, ValueError."""
    if not allowed or "" in allowed:
        raise ValueError("no audience is set up")
    return read(token, await keys.get(key_name(token)), allowed, now)


def read(token: str, key: jwt.PyJWK, allowed: Set[str], now: dt.datetime) -> Mapping[str, Any]:
    """The claims of a token, with the key at hand: pure, the time passed in. Raises BadToken."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            # All that is left off is compared below: the library has the machine's clock, and takes a
            # list for an audience, which Google never sends.
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False},
        )
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise BadToken(type(error).__name__) from None
    if not _one_of(claims.get("iss"), ISSUERS):
        raise BadToken("another issuer")
    if not _one_of(claims.get("aud"), allowed):
        raise BadToken("meant for another")
    _in_time(claims, now.timestamp())
    if claims.get("email_verified") is not True:
        raise BadToken("an address that is not verified")
    return claims


def _one_of(value: object, allowed: Set[str]) -> bool:
    return isinstance(value, str) and value in allowed


def _in_time(claims: Mapping[str, Any], now: float) -> None:
    issued, expires = _time(claims.get("iat")), _time(claims.get("exp"))
    if now > expires + _SKEW:
        raise BadToken("has expired")
    if now < max(issued, _time(claims.get("nbf", issued))) - _SKEW:
        raise BadToken("is not valid yet")


def _time(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LATEST:
        return value
    raise BadToken("its times are no numbers")
