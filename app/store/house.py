"""The organisation's own guidelines and its changes to built-in ones, and a count of those changes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
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
            try:
                entries[identity] = json.loads(self._vault.unseal(ciphertext, _at(identity)))
            except (SealError, ValueError):
                lost.append(identity)
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
