"""The organisation's own guidelines and its changes to built-in ones, and a count of those changes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.errors import SealError
from app.store.models import HouseEntry, HouseRevision
from app.store.session import TRIES, Part, check_aware, contended, operation


@dataclass(frozen=True, slots=True)
class Entries:
    """All entries by id, as of one revision. `lost` are ids of those that no secret opens."""

    revision: int
    entries: Mapping[str, Mapping[str, Any]]
    lost: tuple[str, ...] = ()


class House(Part):
    @operation
    async def revision(self) -> int:
        """How many changes there have been; cheap to ask every few seconds."""
        async with self._reading() as connection:
            return await _revision(connection)

    @operation
    async def load(self) -> Entries:
        """Everything, as of one revision."""
        async with self._reading() as connection:
            # The count is read first: a change in between is then seen once more, never missed.
            revision = await _revision(connection)
            rows = (await connection.execute(select(HouseEntry.id, HouseEntry.ciphertext))).all()
        entries: dict[str, Mapping[str, Any]] = {}
        lost: list[str] = []
        for identity, ciphertext in rows:
            if (entry := self._opened(identity, ciphertext)) is None:
                lost.append(identity)
            else:
                entries[identity] = entry
        return Entries(revision, dict(sorted(entries.items())), tuple(sorted(lost)))

    @operation
    async def put(self, identity: str, entry: Mapping[str, Any], now: dt.datetime) -> bool:
        """Keep an entry in place of what was there; whether it is new."""
        check_aware(now)
        sealed = self._vault.seal(json.dumps(dict(entry)).encode(), _at(identity))
        row = {"ciphertext": sealed, "updated_at": now}
        for _ in range(TRIES):
            try:
                async with self._writing() as connection:
                    await _count(connection)
                    there = update(HouseEntry).where(HouseEntry.id == identity).values(row)
                    new = not (await connection.execute(there)).rowcount
                    if new:
                        await connection.execute(insert(HouseEntry).values(id=identity, **row))
            except IntegrityError:  # another has put it there since: change that one
                continue
            return new
        raise contended()

    @operation
    async def change(
        self,
        identity: str,
        change: Callable[[Mapping[str, Any] | None], Mapping[str, Any] | None],
        now: dt.datetime,
    ) -> bool:
        """Keep what `change` makes of an entry, None being none (or one that no secret opens); whether it is
        new. Of changes at the same time each sees what the other made; `change` may be called more than once,
        and what it raises is raised.
        """
        check_aware(now)
        for _ in range(TRIES):
            try:
                async with self._writing() as connection:
                    # First of all: whoever else changes something waits here until this is done.
                    await _count(connection)
                    query = select(HouseEntry.ciphertext).where(HouseEntry.id == identity)
                    there = (await connection.execute(query)).scalar_one_or_none()
                    entry = change(None if there is None else self._opened(identity, there))
                    await connection.execute(delete(HouseEntry).where(HouseEntry.id == identity))
                    if entry is not None:
                        sealed = self._vault.seal(json.dumps(dict(entry)).encode(), _at(identity))
                        row = {"id": identity, "ciphertext": sealed, "updated_at": now}
                        await connection.execute(insert(HouseEntry).values(row))
            except IntegrityError:
                continue
            return there is None
        raise contended()

    def _opened(self, identity: str, ciphertext: bytes) -> Mapping[str, Any] | None:
        try:
            found: Mapping[str, Any] = json.loads(self._vault.unseal(ciphertext, _at(identity)))
        except (SealError, ValueError):
            return None
        return found

    @operation
    async def remove(self, identity: str) -> bool:
        """Remove an entry; whether there was one."""
        for _ in range(TRIES):
            try:
                async with self._writing() as connection:
                    gone = await connection.execute(delete(HouseEntry).where(HouseEntry.id == identity))
                    if gone.rowcount:
                        await _count(connection)
                    return bool(gone.rowcount)
            except IntegrityError:
                continue
        raise contended()


async def _revision(connection: AsyncConnection) -> int:
    found = (await connection.execute(select(HouseRevision.number))).scalar_one_or_none()
    return 0 if found is None else int(found)


async def _count(connection: AsyncConnection) -> None:
    counted = update(HouseRevision).values(number=HouseRevision.number + 1)
    if not (await connection.execute(counted)).rowcount:
        await connection.execute(insert(HouseRevision).values(id=1, number=1))


def _at(identity: str) -> str:
    return f"house\0{identity}"
