"""What must outlive a request: the users' token caches, and the answers to requests that may be sent again.

The clock comes in with every call, aware. Everything may raise StoreError. What is said of one
caller here holds for all copies of the service that share a database.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.api_keys import ApiKeys
from app.store.database import in_memory, make_engine
from app.store.dismissals import Dismissals, Dismissed
from app.store.errors import SealError, StoreError, told
from app.store.house import House
from app.store.migrate import check, upgrade
from app.store.models import Dismissal, Idempotency, Preferences, TokenCache
from app.store.secret import Vault
from app.store.session import TRIES, Part, Session, check_aware, contended, operation

KEPT = dt.timedelta(hours=24)
"""How long a request that was sent again is known."""
ABANDONED = dt.timedelta(seconds=60)
"""A request that runs for longer was left by a process that ended; another may take it over."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """Nobody is at this request and nobody was: the caller is, from now on, and has to finish or abandon it.

    Give it to `finish` and `abandon`: they then do nothing if another has taken over meanwhile.
    """

    started_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Running:
    """Somebody else is at this request."""


@dataclass(frozen=True, slots=True)
class OtherBody:
    """The key was used for a request with another body."""


@dataclass(frozen=True, slots=True)
class Done:
    """What the request was answered."""

    status: int
    media_type: str
    body: bytes
    headers: Mapping[str, str]


Begun = Fresh | Running | OtherBody | Done
Owned = TokenCache | Preferences


class Store(Part):
    """The one way to what is kept. Made by `open`; belongs to the event loop it was opened in."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.api_keys = ApiKeys(session)
        self.dismissals = Dismissals(session)
        self.house = House(session)

    @classmethod
    async def open(cls, url: str, vault: Vault, *, migrate: bool = False) -> Store:
        """Open a database; `migrate` brings its tables up to this version first (in memory: always).

        Raises StoreError when it cannot be reached or has other tables than this version needs.
        """
        engine = make_engine(url)
        try:
            await (upgrade(engine) if migrate or in_memory(url) else check(engine))
        except BaseException as error:
            await engine.dispose()
            if isinstance(error, StoreError) or not isinstance(error, Exception):
                raise
            # As in `app.store.migrate.migrate`.
            raise told(error, "The database cannot be opened") from None
        return cls(Session(engine, vault))

    def watch(self, watch: Callable[[str], AbstractContextManager[None]]) -> None:
        """Enter this around each operation, by its name. It sees StoreError pass."""
        self._session.watch = watch

    async def close(self) -> None:
        """Wait for what is going on, then let go of the database."""
        await self._session.close()

    def digest(self, text: str) -> str:
        """64 hexadecimal digits that stand for a text where it must not be told."""
        return self._vault.digest(text)

    @operation
    async def ping(self) -> None:
        """Ask the database for nothing but a sign of life."""
        async with self._reading() as connection:
            await connection.execute(select(1))

    @operation
    async def tokens_of(self, owner: str, now: dt.datetime) -> bytes | None:
        """What was kept for an owner; None when there is nothing, it has expired, or it cannot be opened.

        A cache that cannot be opened is worth as much as none: the next one is written over it.
        """
        check_aware(now)
        async with self._reading() as connection:
            there = TokenCache.expires_at > now
            return await self._opened(connection, TokenCache, owner, _tokens_at, there)

    @operation
    async def keep_tokens(self, owner: str, blob: bytes, expires: dt.datetime, now: dt.datetime) -> None:
        """Keep an owner's tokens in place of what was kept before, until `expires`. The last writer wins."""
        check_aware(expires, now)
        mark, *older = self.owners(owner)
        sealed = self._vault.seal(blob, _tokens_at(mark))
        row = {"ciphertext": sealed, "expires_at": expires, "updated_at": now}
        for _ in range(TRIES):
            try:
                async with self._writing() as connection:
                    if older:
                        await connection.execute(delete(TokenCache).where(TokenCache.owner.in_(older)))
                    there = update(TokenCache).where(TokenCache.owner == mark).values(row)
                    if not (await connection.execute(there)).rowcount:
                        await connection.execute(insert(TokenCache).values(owner=mark, **row))
            except IntegrityError:  # another has put it there since: change that one
                continue
            return
        raise contended()

    @operation
    async def preferences_of(self, owner: str) -> Mapping[str, Any]:
        """What an owner has chosen; empty when nothing, or when it cannot be opened."""
        async with self._reading() as connection:
            return _chosen(await self._opened(connection, Preferences, owner, _preferences_at))

    @operation
    async def wishes_of(self, owner: str) -> tuple[Mapping[str, Any], Dismissed]:
        """What an owner has chosen and dismissed, in one reading."""
        async with self._reading() as connection:
            chosen = _chosen(await self._opened(connection, Preferences, owner, _preferences_at))
            return chosen, await self.dismissals.read(connection, owner)

    @operation
    async def change_preferences(
        self, owner: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]], now: dt.datetime
    ) -> Mapping[str, Any]:
        """Keep what `change` makes of what an owner has chosen, and answer it. Of changes at the same time
        each sees what the other made; `change` may be called more than once, and what it raises is raised.
        """
        check_aware(now)
        mark, *older = self.owners(owner)
        locked = select(Preferences.owner).where(Preferences.owner.in_(self.owners(owner)))
        for _ in range(TRIES):
            try:
                async with self._writing() as connection:
                    # SQLite knows no row locks: the transaction has locked the file.
                    query = locked.order_by(Preferences.owner).with_for_update()
                    known = set((await connection.execute(query)).scalars())
                    opened = await self._opened(connection, Preferences, owner, _preferences_at)
                    chosen = dict(change(_chosen(opened)))
                    content = self._vault.seal(json.dumps(chosen).encode(), _preferences_at(mark))
                    row = {"ciphertext": content, "updated_at": now}
                    if older:
                        await connection.execute(delete(Preferences).where(Preferences.owner.in_(older)))
                    if mark in known:
                        await connection.execute(
                            update(Preferences).where(Preferences.owner == mark).values(row)
                        )
                    else:
                        await connection.execute(insert(Preferences).values(owner=mark, **row))
            except IntegrityError:  # another has put it there since: change that one
                continue
            return chosen
        raise contended()

    async def _opened(
        self,
        connection: AsyncConnection,
        table: type[Owned],
        owner: str,
        place: Callable[[str], str],
        *more: ColumnElement[bool],
    ) -> bytes | None:
        """The newest of an owner's rows that one of our secrets opens; None when none does."""
        query = (
            select(table.owner, table.ciphertext)
            .where(table.owner.in_(self.owners(owner)), *more)
            .order_by(table.updated_at.desc())
        )
        for row in (await connection.execute(query)).all():
            try:
                return self._vault.unseal(row.ciphertext, place(row.owner))
            except SealError:
                continue
        return None

    @operation
    async def forget(self, owner: str) -> None:
        """Remove all that was kept for an owner, if anything was."""
        owners = self.owners(owner)
        async with self._writing() as connection:
            await connection.execute(delete(TokenCache).where(TokenCache.owner.in_(owners)))
            await connection.execute(delete(Preferences).where(Preferences.owner.in_(owners)))
            await connection.execute(delete(Dismissal).where(Dismissal.owner.in_(owners)))

    @operation
    async def begin(self, key: str, body: bytes, now: dt.datetime) -> Begun:
        """Ask for a request to be the caller's: of all who ask at once, one gets Fresh.

        `key` has to name the caller and the route beside what the caller sent as the key. Raises
        SealError for an answer that cannot be opened: it must not be worked out a second time.
        """
        check_aware(now)
        keys = self._keys(key)
        content = f"body\0{len(key)}\0{key}".encode("utf-8", "surrogatepass") + body
        bodies = dict(zip(keys, self._vault.digests(content), strict=True))
        # It is put under every secret's digest, so that copies of the service see each other's
        # while a secret is being changed. The order is the same everywhere: none waits for the other.
        rows = [
            {
                "key": mark, "body": bodies[mark], "state": "running",
                "started_at": now, "expires_at": now + KEPT,
            }
            for mark in sorted(keys)
        ]  # fmt: skip
        for _ in range(TRIES):
            try:
                async with self._writing() as connection:
                    there = await self._locked(connection, keys)
                    known = [row for row in there if row.expires_at > now]
                    if any(row.body != bodies[row.key] for row in known):
                        return OtherBody()
                    done = [row for row in known if row.state == "done"]
                    if done:
                        return self._answer(done)
                    if any(row.started_at >= now - ABANDONED for row in known):
                        return Running()
                    # Only what was seen and is locked: what another has put there since is its own.
                    left = [row.key for row in there]
                    await connection.execute(delete(Idempotency).where(Idempotency.key.in_(left)))
                    await connection.execute(insert(Idempotency).values(rows))
            except IntegrityError:  # another was faster: look again at what it left
                continue
            return Fresh(now)
        raise contended()

    @operation
    async def finish(
        self,
        key: str,
        status: int,
        media_type: str,
        body: bytes,
        headers: Mapping[str, str],
        now: dt.datetime,
        claim: Fresh | None = None,
    ) -> None:
        """Keep the answer to a request that is running, for 24 hours. Nothing happens to one that is not."""
        check_aware(now)
        answer = json.dumps(dict(headers)).encode() + b"\n" + body
        async with self._writing() as connection:
            for mark in sorted(self._keys(key)):
                sealed = self._vault.seal(answer, _answer_at(mark, status, media_type))
                await connection.execute(
                    update(Idempotency)
                    .where(*_running([mark], claim))
                    .values(
                        state="done", status=status, media_type=media_type, ciphertext=sealed,
                        expires_at=now + KEPT,
                    )
                )  # fmt: skip

    @operation
    async def abandon(self, key: str, claim: Fresh | None = None) -> None:
        """Give back a running request, as if it had never begun. Nothing happens to another one."""
        async with self._writing() as connection:
            await connection.execute(delete(Idempotency).where(*_running(self._keys(key), claim)))

    @operation
    async def tidy(self, now: dt.datetime) -> int:
        """Delete what has expired; how much that was."""
        check_aware(now)
        async with self._writing() as connection:
            tokens = await connection.execute(delete(TokenCache).where(TokenCache.expires_at <= now))
            answers = await connection.execute(delete(Idempotency).where(Idempotency.expires_at <= now))
        return int(tokens.rowcount + answers.rowcount)

    @staticmethod
    async def _locked(connection: AsyncConnection, keys: Sequence[str]) -> Sequence[Row[Any]]:
        """The records of a key. Nobody else changes them until this transaction ends."""
        query = (
            select(*Idempotency.__table__.columns)
            .where(Idempotency.key.in_(keys))
            .order_by(Idempotency.key)
            .with_for_update()  # SQLite knows no row locks: the transaction has locked the file
        )
        return (await connection.execute(query)).all()

    def _answer(self, done: Sequence[Row[Any]]) -> Done:
        """The answer, from the first record that one of our secrets opens."""
        for row in done:
            try:
                opened = self._vault.unseal(row.ciphertext, _answer_at(row.key, row.status, row.media_type))
            except SealError:
                continue
            headers, _, body = opened.partition(b"\n")
            return Done(row.status, row.media_type, body, json.loads(headers))
        raise SealError("An answer is kept that cannot be opened with the secrets that are given.")

    def _keys(self, key: str) -> tuple[str, ...]:
        return self._vault.digests(f"key\0{key}")


def _running(keys: Sequence[str], claim: Fresh | None) -> list[ColumnElement[bool]]:
    # Who takes a request over begins it anew at least a minute later, so the moment tells them apart.
    mine = [] if claim is None else [Idempotency.started_at == claim.started_at]
    return [Idempotency.key.in_(keys), Idempotency.state == "running", *mine]


def _chosen(opened: bytes | None) -> Mapping[str, Any]:
    found: object = None
    with suppress(ValueError):
        found = json.loads(opened or b"{}")
    return found if isinstance(found, dict) else {}


def _tokens_at(mark: str) -> str:
    return f"tokens\0{mark}"


def _preferences_at(mark: str) -> str:
    return f"preferences\0{mark}"


def _answer_at(mark: str, status: int, media_type: str) -> str:
    return f"answer\0{mark}\0{status}\0{media_type}"
