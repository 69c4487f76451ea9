"""Who may come in: a key of the settings or of the store, or a user of the Outlook pane."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.accounts import Accounts, bearer
from app.auth.principal import LOCAL, SCOPES, Principal
from app.errors import TactlineError
from app.store.store import Store

_USERS: frozenset[Literal["review", "holds", "admin"]] = frozenset(("review", "holds"))


class Denied(TactlineError):  # noqa: N818 - reads as what it says
    """Nobody comes in like this. `code` is "no-key" or "wrong-key"."""

    def __init__(self, code: Literal["no-key", "wrong-key"]) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Gate:
    """`keys` are those of the settings; `accounts` and `store` are None until the service has started."""

    keys: tuple[str, ...] = ()
    accounts: Accounts | None = None
    store: Store | None = None

    @property
    def open(self) -> bool:
        """Whether everybody comes in: no key is set up."""
        return not self.keys

    async def admit(self, tokens: Sequence[str], now: dt.datetime) -> Principal:
        """Who calls with these tokens; empty ones count as none.

        Raises Denied, and what verifying the token of a user raises: BadToken, KeysUnavailable, StoreError.
        """
        given = [token for token in tokens if token]
        if self.open:
            return LOCAL
        for token in given:
            if self._of_settings(token):
                # The key itself is secret, and so is what could be tried against it.
                mark = hashlib.sha256(f"tactline owner\0{token}".encode()).hexdigest()
                return Principal(f"key.{mark}", frozenset(SCOPES), f"key.{mark[:32]}", program=True)
        if self.accounts is not None:
            for token in given:
                user = await self.accounts.caller(bearer(f"Bearer {token}"), now)
                if user is not None:
                    return Principal(user.key, _USERS, f"user.{user.key}")
        raise Denied("wrong-key" if given else "no-key")

    def _of_settings(self, token: str) -> bool:
        """Compares in constant time, and with every key, so that timing tells nothing of them."""
        content = token.encode("utf-8", "surrogateescape")
        matches = [hmac.compare_digest(content, key.encode()) for key in self.keys]
        return any(matches)
