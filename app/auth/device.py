"""Signing in to Microsoft from a terminal: a code that the user enters in any browser, by msal.

"Microsoft identity platform and the OAuth 2.0 device authorization grant flow", and RFC 8628. The
registration has to allow public client flows; it proves nothing about this program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msal
import requests

from app.auth.entra import CONSUMERS, LOGIN
from app.auth.sign_in import NotSignedIn, Signed
from app.errors import Challenge, MoreConsent, TooMany, TooSlow, Unavailable

_SECONDS = 10.0
# authorization_pending is what msal gives back when the code has run out while it was waiting.
_NOT_DONE = frozenset((
    "authorization_pending", "authorization_declined", "access_denied", "expired_token", "code_expired",
))  # fmt: skip
_CONFIDENTIAL = 7000218  # AADSTS7000218: the registration wants a secret, so it allows no public client


@dataclass(frozen=True)
class DeviceCode:
    """`tenant` is whose accounts may sign in: a directory's id, or `common` for all.

    `tell` shows a person the page to open and the code to enter there. `http_client` is for tests.
    """

    client_id: str
    scopes: Sequence[str]
    tell: Callable[[str, str], None]
    tenant: str = "common"
    http_client: Any = None

    def sign_in(self, kept: bytes | None) -> Signed:
        """The user signed in by what was kept, silently, or else by a code; waits until it is entered.

        Raises NotSignedIn, and of CalendarError Challenge, MoreConsent, TooMany, TooSlow, Unavailable.
        """
        try:
            return self._silent(kept) or self._anew()
        except requests.Timeout:
            raise TooSlow("microsoft") from None
        except (requests.RequestException, OSError, ValueError):
            # msal reports what it could not make sense of as a ValueError, with the answer in it.
            raise Unavailable("microsoft") from None

    def _silent(self, kept: bytes | None) -> Signed | None:
        if kept is None:
            return None
        cache = msal.SerializableTokenCache()
        try:
            cache.deserialize(kept.decode())
        except ValueError:
            return None
        app = self._app(cache)
        for account in app.get_accounts():
            found = app.acquire_token_silent(list(self.scopes), account=account)
            if found and "access_token" in found:
                return _signed(found, account, cache)
        return None

    def _anew(self) -> Signed:
        # A cache of its own: whoever signs in now takes the place of whoever was signed in before.
        cache = msal.SerializableTokenCache()
        app = self._app(cache)
        flow = app.initiate_device_flow(scopes=list(self.scopes))
        if "user_code" not in flow:
            raise _meaning(flow, self.scopes)
        self.tell(str(flow["verification_uri"]), str(flow["user_code"]))
        answer = app.acquire_token_by_device_flow(flow)
        if "access_token" not in answer:
            raise _meaning(answer, self.scopes)
        return _signed(answer, next(iter(app.get_accounts()), {}), cache)

    def _app(self, cache: msal.SerializableTokenCache) -> Any:
        return msal.PublicClientApplication(
            self.client_id,
            authority=f"{LOGIN}/{self.tenant}",
            token_cache=cache,
            http_client=self.http_client,
            timeout=_SECONDS,
        )


def _signed(
    answer: Mapping[str, Any], account: Mapping[str, Any], cache: msal.SerializableTokenCache
) -> Signed:
    # "oid.tid" of the account's home: the two that name a user to the service too (`entra.Caller`).
    person, _, tenant = str(account.get("home_account_id", "")).partition(".")
    keep = cache.serialize().encode() if cache.has_state_changed else None
    user = f"{tenant}.{person}" if tenant and person else ""
    return Signed(str(answer["access_token"]), keep, user, tenant == CONSUMERS)


def _meaning(answer: Mapping[str, Any], scopes: Sequence[str]) -> Exception:
    """The error of ours that an answer of msal's stands for. Its description may name the user: left out."""
    error, codes = str(answer.get("error", "")), answer.get("error_codes") or ()
    if error in _NOT_DONE:
        return NotSignedIn("microsoft", "sign-in-declined")
    if _CONFIDENTIAL in codes:
        return NotSignedIn("microsoft", "no-public-client")
    if answer.get("claims"):
        return Challenge("microsoft", str(answer["claims"]))
    if answer.get("suberror") == "consent_required" or 65001 in codes:
        return MoreConsent("microsoft", scopes)
    if error == "temporarily_unavailable" or answer.get("status") == 429:
        return TooMany("microsoft", 5.0)
    number = next((f"AADSTS{code}" for code in codes if isinstance(code, int)), "")
    if number or re.fullmatch(r"[a-z_]{1,60}", error):
        return NotSignedIn("microsoft", "sign-in-refused", number or error)
    return Unavailable("microsoft")
