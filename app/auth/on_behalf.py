"""Tokens for Microsoft Graph on behalf of a verified caller, by msal.

msal never looks into its cache when it exchanges a token, so it is asked for a silent answer
first. Each user has a cache of their own, which the store keeps encrypted; what msal answers
are dictionaries, and their error descriptions stay out of our errors (they may name the user).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import anyio.to_thread
import msal
import requests

from app.auth.entra import LOGIN, Caller
from app.errors import Challenge, MoreConsent, SignInExpired, TooMany, TooSlow, Unavailable

_KEEP = dt.timedelta(days=90)  # how long a refresh token lives unused
_SECONDS = 5.0


class TokenCaches(Protocol):
    """Where each user's cache lies between requests."""

    async def tokens_of(self, owner: str, now: dt.datetime) -> bytes | None: ...

    async def keep_tokens(self, owner: str, blob: bytes, expires: dt.datetime, now: dt.datetime) -> None: ...

    async def forget(self, owner: str) -> None: ...


@dataclass(frozen=True)
class Exchange:
    """Exchanges a caller's token for one of Graph's.

    `credential` is what msal takes: a client secret, or {"private_key": PEM, "public_certificate":
    PEM}. `http_client` is for tests.
    """

    client_id: str
    credential: str | Mapping[str, str]
    caches: TokenCaches
    http_client: Any = None

    async def graph_token(
        self, caller: Caller, assertion: str, scopes: Sequence[str], now: dt.datetime
    ) -> str:
        """`assertion` is the caller's verified token.

        Raises Challenge, MoreConsent, SignInExpired, TooMany, TooSlow, Unavailable.
        """
        kept = await self.caches.tokens_of(caller.key, now)
        # Tokens serve only with the assertion that they were given for. The pane comes with another when
        # Graph has refused one (a claims challenge, a sign-in that was revoked): what is kept would be
        # refused again until it runs out.
        whose = hashlib.sha256(assertion.encode()).digest()
        cache = msal.SerializableTokenCache()
        if kept is not None and kept.startswith(whose):
            cache.deserialize(kept.removeprefix(whose).decode())
        try:
            answer = await anyio.to_thread.run_sync(self._ask, caller, assertion, list(scopes), cache)
        except requests.Timeout:
            raise TooSlow("microsoft") from None
        except (requests.RequestException, OSError, ValueError):
            raise Unavailable("microsoft") from None
        if cache.has_state_changed:
            await self.caches.keep_tokens(caller.key, whose + cache.serialize().encode(), now + _KEEP, now)
        token = answer.get("access_token")
        if isinstance(token, str):
            return token
        raise _meaning(answer, scopes)

    def _ask(
        self, caller: Caller, assertion: str, scopes: list[str], cache: msal.SerializableTokenCache
    ) -> dict[str, Any]:
        app = msal.ConfidentialClientApplication(
            self.client_id,
            client_credential=self.credential,
            authority=f"{LOGIN}/{caller.tenant}",
            token_cache=cache,
            client_capabilities=["CP1"],  # then Graph says what it misses, and the pane can be told
            http_client=self.http_client,
            timeout=_SECONDS,
        )
        # A guest has another oid at home: the cache is this caller's alone, so any account in it is theirs.
        for account in app.get_accounts():
            found = app.acquire_token_silent(scopes, account=account)
            if found and "access_token" in found:
                return dict(found)
        return dict(app.acquire_token_on_behalf_of(assertion, scopes))


def _meaning(answer: Mapping[str, Any], scopes: Sequence[str]) -> Exception:
    error, codes = answer.get("error"), answer.get("error_codes") or ()
    if answer.get("claims"):
        return Challenge("microsoft", str(answer["claims"]))
    if answer.get("suberror") == "consent_required" or 65001 in codes:
        return MoreConsent("microsoft", scopes)
    if error in ("invalid_grant", "interaction_required", "login_required"):
        return SignInExpired("microsoft")
    if error == "temporarily_unavailable" or 90055 in codes or answer.get("status") == 429:
        return TooMany("microsoft", 5.0)
    return Unavailable("microsoft")
