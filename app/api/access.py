"""Who calls /v1, and whether they may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from app.api.problems import FieldError, Problem
from app.auth.principal import Principal, Scope
from app.entrance import USER_HEADER, BadUser, enter
from app.gate import Denied
from app.service import Shared

REALM = 'Bearer realm="tactline"'


async def principal(request: Request, shared: Shared) -> Principal:
    """Who calls: everyone who reaches a service without keys, else a key or a user of the Outlook pane."""
    # RFC 6750, 2.1. What follows the scheme is looked at as it is: a malformed key is a wrong one.
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    given = token.strip() if scheme.lower() == "bearer" else ""
    try:
        return await enter(request, shared, [given])
    except Denied as denied:
        realm = REALM + (', error="invalid_token"' if denied.code == "wrong-key" else "")
        raise Problem(denied.code, headers={"WWW-Authenticate": realm}) from None
    except BadUser:
        raise Problem("bad-fields", [FieldError(f"#/{USER_HEADER}", "not-valid")]) from None


Who = Annotated[Principal, Depends(principal)]
"""For endpoints that need to know who calls."""


def needs(scope: Scope) -> Callable[..., Awaitable[None]]:
    """A dependency that lets pass who has this scope. Raises the 403 problem."""

    async def checked(who: Who) -> None:
        if not who.may(scope):
            header = f'{REALM}, error="insufficient_scope", scope="{scope}"'
            raise Problem("key-lacks-scope", headers={"WWW-Authenticate": header}, scope=scope)

    return checked
