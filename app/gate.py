"""Who may come in: a key of the settings or of the store, or a user of the Outlook pane.

What the store says of a key is believed for a few seconds, so that a key which is made or revoked on another
copy of the service is known here soon, and not every request has to ask.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from app import logs
from app.accounts import Accounts, bearer
from app.auth.principal import LOCAL, SCOPES, Principal, Scope
from app.errors import TactlineError
from app.store.api_keys import KeyRecord, looks_like_key
from app.store.errors import StoreError
from app.store.store import Store

BELIEVED = 3.0
"""Seconds for which what the store said of a key, and of whether there are any, is believed."""
_REMEMBERED = 1_000  # keys
_NOTED = dt.timedelta(minutes=1)  # a key's use is written down no more often
_SETTLING = 5.0  # seconds that the last notes have at the end
_USERS: frozenset[Scope] = frozenset(("review", "holds"))
log = logs.get(__name__)


class Denied(TactlineError):  # noqa: N818 - reads as what it says
    """Nobody comes in like this. `code` is "no-key" or "wrong-key"."""

    def __init__(self, code: Literal["no-key", "wrong-key"]) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Gate:
    """`keys` are those of the settings; `accounts` and `store` are None until the service has started.

    `local`: the service listens on this machine alone, and may do without a key.
    """

    keys: tuple[str, ...] = ()
    local: bool = True
    accounts: Accounts | None = None
    store: Store | None = None
    clock: Callable[[], float] = time.monotonic
    _keyed: bool = field(default=False, init=False)
    _known: OrderedDict[str, tuple[KeyRecord, float]] = field(
        default_factory=OrderedDict, init=False, repr=False
    )
    _used: dict[str, dt.datetime] = field(default_factory=dict, init=False, repr=False)
    _notes: set[asyncio.Task[None]] = field(default_factory=set, init=False, repr=False)

    @property
    def open(self) -> bool:
        """Whether everybody comes in: the service is for this machine alone, and no key was made for it."""
        return self.local and not self.keys and not self._keyed

    async def look(self, now: dt.datetime) -> None:
        """See whether the store holds a key that is good: then one is needed. Raises StoreError."""
        if self.store is not None:
            self._keyed = await self.store.api_keys.any_good(now)

    async def admit(self, tokens: Sequence[str], now: dt.datetime) -> Principal:
        """Who calls with these tokens; empty ones count as none.

        Raises Denied, and what verifying the token of a user raises: BadToken, KeysUnavailable, StoreError.
        """
        if self.open:
            return LOCAL
        given = [token for token in tokens if token]
        for token in given:
            found = self._of_settings(token) or await self._of_store(token, now)
            if found is not None:
                return found
        if self.accounts is not None:
            for token in given:
                user = await self.accounts.caller(_plain(token), now)
                if user is not None:
                    return Principal(user.key, _USERS, f"user.{user.key}")
        raise Denied("wrong-key" if given else "no-key")

    def _of_settings(self, token: str) -> Principal | None:
        # In constant time, and with every key, so that timing tells nothing of them.
        content = token.encode("utf-8", "surrogateescape")
        matches = [hmac.compare_digest(content, key.encode()) for key in self.keys]
        if not any(matches):
            return None
        mark = hashlib.sha256(f"tactline owner\0{token}".encode()).hexdigest()
        return Principal(f"key.{mark}", frozenset(SCOPES), f"key.{mark[:32]}", program=True)

    async def _of_store(self, token: str, now: dt.datetime) -> Principal | None:
        if self.store is None or not looks_like_key(token):
            return None
        record = await self._record(self.store, token)
        if record is None or not record.good(now):
            return None
        self._note(self.store, record, now)
        scopes = frozenset(scope for scope in SCOPES if scope in record.scopes)
        return Principal(f"key.{record.id}", scopes, f"key.{record.id}", program=True)

    async def _record(self, store: Store, token: str) -> KeyRecord | None:
        mark = hashlib.sha256(token.encode()).hexdigest()
        known = self._known.get(mark)
        if known is not None and self.clock() < known[1]:
            return known[0]
        record = await store.api_keys.find(token)
        self._known.pop(mark, None)
        # One that is not known is asked for each time: guesses would drive out the keys in use.
        if record is not None:
            self._known[mark] = record, self.clock() + BELIEVED
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return record

    def _note(self, store: Store, record: KeyRecord, now: dt.datetime) -> None:
        """Write down that a key was used, at leisure: it holds up nobody, and its failure hurts nobody."""
        last = self._used.get(record.id) or record.last_used_at
        if last is not None and now - last < _NOTED:
            return
        if len(self._used) >= _REMEMBERED:
            self._used.clear()
        self._used[record.id] = now

        async def write() -> None:
            try:
                await store.api_keys.used(record.id, now)
            except StoreError as error:
                logs.event(log, "a key's use was not noted", level=30, error=error)

        task = asyncio.create_task(write())
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    async def settle(self) -> None:
        """Wait for what is being written down, before the store is closed."""
        if self._notes:
            await asyncio.wait(self._notes, timeout=_SETTLING)


def _plain(token: str) -> str | None:
    """What may be the token of a user at all."""
    return bearer(f"Bearer {token}")
