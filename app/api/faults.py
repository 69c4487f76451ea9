"""What goes wrong beyond this service, as problem documents: calendars, sign-in, the store."""

from __future__ import annotations

import base64

from app.accounts import NoToken
from app.api.problems import Problem
from app.auth.entra import LOGIN, WrongScope
from app.auth.keys import BadToken, KeysUnavailable
from app.errors import (
    CalendarError,
    Challenge,
    Changed,
    Gone,
    MoreConsent,
    Refused,
    SignInExpired,
    TactlineError,
    TooMany,
    TooSlow,
)
from app.limits import TooManyRequests
from app.store.errors import StoreError

NAMES = {"google": "Google Calendar", "microsoft": "Microsoft Outlook", "ics": "ics"}
"""The providers as people know them: product names, the same in every language."""
EXPECTED = (CalendarError, NoToken, BadToken, KeysUnavailable, StoreError, TooManyRequests)
_EXPIRED = 'Bearer realm="tactline", error="invalid_token"'
_CODES: tuple[tuple[type[CalendarError], str], ...] = (
    (Gone, "hold-gone"),
    (Changed, "hold-changed"),
    (Refused, "calendar-refused"),
    (TooSlow, "calendar-slow"),
)


def problem(error: TactlineError) -> Problem:
    """The problem that one of the `EXPECTED` errors is answered with."""
    if isinstance(error, CalendarError):
        found = _of_calendar(error)
        found.provider = error.provider
        return found
    if isinstance(error, TooManyRequests):
        return Problem("too-many-requests", headers=error.headers())
    if isinstance(error, NoToken):
        return Problem("no-calendar-token", provider=NAMES[str(error)])
    if isinstance(error, WrongScope):
        return Problem(
            "wrong-scope", headers={"WWW-Authenticate": 'Bearer realm="tactline", error="insufficient_scope"'}
        )
    if isinstance(error, BadToken):
        return Problem("bad-token", headers={"WWW-Authenticate": _EXPIRED})
    if isinstance(error, KeysUnavailable):
        return Problem("identity-unavailable", headers={"Retry-After": "5"})
    return Problem("store-unavailable", headers={"Retry-After": "5"})


def _of_calendar(error: CalendarError) -> Problem:
    name = NAMES[error.provider]
    if isinstance(error, SignInExpired):
        return Problem("sign-in-expired", headers={"WWW-Authenticate": _EXPIRED}, provider=name)
    if isinstance(error, Challenge):
        # Claims challenges, Microsoft identity platform: the pane hands the claims to its own sign-in.
        claims = base64.b64encode(error.claims.encode()).decode()
        header = (
            f'Bearer realm="", authorization_uri="{LOGIN}/common/oauth2/authorize", '
            f'error="insufficient_claims", claims="{claims}"'
        )
        return Problem("claims-challenge", headers={"WWW-Authenticate": header}, provider=name)
    if isinstance(error, MoreConsent):
        found = Problem("more-consent", provider=name, scopes=", ".join(error.scopes))
        found.scopes = error.scopes
        return found
    if isinstance(error, TooMany):
        return Problem(
            "calendar-busy", headers={"Retry-After": str(max(1, round(error.after)))}, provider=name
        )
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "calendar-unavailable")
    return Problem(code, provider=name)
