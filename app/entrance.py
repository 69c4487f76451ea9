"""What every door that asks for a key does first: count, see who calls, count again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import HTTPConnection

from app import limits
from app.auth.keys import BadToken
from app.auth.principal import Principal
from app.errors import TactlineError
from app.gate import Denied
from app.limits import TooManyRequests
from app.service import Service

USER_HEADER = "Tactline-User"
"""Names the person that a program acts for, so that each has preferences of their own."""
_LONGEST = 255


class BadUser(TactlineError):  # noqa: N818 - reads as what it says
    """The header that names a user is not one to 255 printable characters, or no program sent it."""


async def enter(connection: HTTPConnection, shared: Service, tokens: Sequence[str]) -> Principal:
    """Who calls with these tokens.

    What is left of the limit goes into the answer's headers, whatever the answer is. Raises
    TooManyRequests, BadUser and what `Gate.admit` raises.
    """
    counted = shared.limits
    if counted is None or shared.gate.open:
        return _acting(connection, await shared.gate.admit(tokens, dt.datetime.now(dt.UTC)))
    peer = connection.client.host if connection.client else None
    address = limits.client_address(
        peer, connection.headers.getlist("x-forwarded-for"), shared.trusted_proxies
    )
    try:
        await counted.knock(address)
    except TooManyRequests as error:
        shared.metrics.limited(error.left.name)
        raise
    try:
        principal = await shared.gate.admit(tokens, dt.datetime.now(dt.UTC))
    except (Denied, BadToken) as error:
        # Who sends none guesses nothing, and would only make others behind the same address wait.
        if not (isinstance(error, Denied) and error.code == "no-key"):
            await counted.wrong(address)
        raise
    try:
        left = await counted.spend(principal)
    except TooManyRequests as error:
        shared.metrics.limited(error.left.name)
        raise
    if left is not None:
        connection.state.answer_headers = left.headers()
    return _acting(connection, principal)


def _acting(connection: HTTPConnection, principal: Principal) -> Principal:
    """The principal, with the person whom a program names."""
    given = connection.headers.get(USER_HEADER)
    if given is None:
        return principal
    name = _name(given)
    if not principal.program or not 1 <= len(name) <= _LONGEST or not name.isprintable():
        raise BadUser("a user's name was not understood")
    return replace(principal, owner=f"{principal.owner}\0{name}", program=False)


def _name(header: str) -> str:
    """A name as it was meant. Headers are read as Latin-1, while most programs send UTF-8."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header
