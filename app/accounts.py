"""Whose calendar a request means: tokens in, a calendar out.

Google's and Graph's own tokens come in a header of their own and are used as they are. The
Outlook pane sends the token of our API, which is verified and exchanged on behalf of the user.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import httplib2
import httpx

from app.auth import entra
from app.auth.entra import Caller, Registration
from app.auth.keys import Keys
from app.errors import TactlineError
from app.holds import google, graph
from app.holds.calendar import Calendar
from app.holds.google import GoogleCalendar
from app.holds.graph import GraphCalendar
from app.holds.retry import Deadline

if TYPE_CHECKING:
    from app.auth.on_behalf import Exchange

Account = Literal["google", "microsoft"]


class NoToken(TactlineError):  # noqa: N818 - reads as what it says
    """The request carries no token for the calendar that it names."""


def bearer(header: str | None) -> str | None:
    """The token of an `Authorization`-like header, None when it has none (RFC 6750, 2.1)."""
    scheme, _, token = (header or "").strip().partition(" ")
    token = token.strip()
    plain = token.isascii() and token.isprintable() and " " not in token
    return token if scheme.lower() == "bearer" and token and plain else None


@dataclass(frozen=True)
class Addon:
    """The Gmail add-on as it is deployed: what a call has to prove, and what it may read.

    `url` is the one address that Google calls, without a query.
    """

    url: str
    base_url: str
    service_account: str
    client_id: str
    keys: Keys
    calendar: bool = True
    read_drafts: bool = False
    wait: bool = False


@dataclass
class Accounts:
    """`registration`, `keys` and `exchange` are None where Microsoft sign-in is not set up.

    `client` speaks to Graph and Entra; `google_http` makes the transport of one Google call; `watch` counts
    what is done in a calendar.
    """

    client: httpx.AsyncClient
    registration: Registration | None = None
    keys: Keys | None = None
    exchange: Exchange | None = None
    google_http: Callable[[float], httplib2.Http] = google.plain_http
    addon: Addon | None = None
    watch: Callable[[Calendar], Calendar] = lambda calendar: calendar

    async def caller(self, token: str | None, now: dt.datetime) -> Caller | None:
        """The user of the Outlook pane that a token proves; None without a token, or where sign-in is
        not set up.

        Raises BadToken, KeysUnavailable.
        """
        if token is None or self.registration is None or self.keys is None:
            return None
        return await entra.verify(token, self.registration, self.keys, now)

    async def calendar(
        self,
        account: Account,
        *,
        own: str | None,
        ours: str | None,
        zone: str,
        now: dt.datetime,
    ) -> Calendar:
        """The calendar of an account.

        `own` is the provider's token, `ours` the caller's bearer token for this service; `zone`
        is where the user's days begin. Raises NoToken, BadToken, CalendarError, StoreError.
        """
        deadline = Deadline()
        if account == "google":
            if own is None:
                raise NoToken(account)
            return self.watch(GoogleCalendar(own, deadline=deadline, http=self.google_http))
        if own is not None:
            return self.watch(GraphCalendar(own, self.client, time_zone=zone, deadline=deadline))
        caller = await self.caller(ours, now)
        if caller is None or ours is None or self.exchange is None:
            raise NoToken(account)
        token = await self.exchange.graph_token(caller, ours, graph.SCOPES, now)
        return self.watch(
            GraphCalendar(
                token, self.client, time_zone=zone, user=caller.key, personal=caller.personal,
                deadline=deadline,
            )
        )  # fmt: skip
