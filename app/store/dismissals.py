"""What users do not want to be told again: digests of guideline and words, never the words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.models import Dismissal
from app.store.secret import Vault
from app.store.session import Part, check_aware, operation

Words = tuple[str, str]
"""A guideline's id, and words that it found. Who calls folds them: they are compared as they are."""
MOST = 5000
"""How many of an owner's dismissals are kept, the newest."""


@dataclass(frozen=True)
class Dismissed:
    """All that one owner has dismissed, as of one reading. It can be asked about words, and tells none."""

    _owner: str = field(repr=False)
    _vault: Vault = field(repr=False)
    _marks: frozenset[str] = field(repr=False)

    def __contains__(self, words: Words) -> bool:
        return not self._marks.isdisjoint(marks(self._vault, self._owner, words))

    def __len__(self) -> int:
        return len(self._marks)


def marks(vault: Vault, owner: str, words: Words) -> tuple[str, ...]:
    """What a dismissal is known by, under the newest secret first."""
    # The owner is part of it: the same words of two users must not look alike.
    guideline, quote = words
    return vault.digests(f"dismissal\0{len(owner)}\0{owner}\0{guideline}\0{quote}")


class Dismissals(Part):
    @operation
    async def add(self, owner: str, words: Words, now: dt.datetime) -> None:
        """Remember a dismissal; one that is there already stays. The oldest makes room for the newest."""
        check_aware(now)
        whose, mark = self.owners(owner)[0], marks(self._vault, owner, words)[0]
        try:
            async with self._writing() as connection:
                row = {"owner": whose, "mark": mark, "created_at": now}
                await connection.execute(insert(Dismissal).values(row))
                # Under an older secret it would count twice.
                await self._remove(connection, self.owners(owner)[1:], marks(self._vault, owner, words)[1:])
                newest = select(Dismissal.mark).where(Dismissal.owner == whose)
                newest = newest.order_by(Dismissal.created_at.desc(), Dismissal.mark).offset(MOST)
                await connection.execute(
                    delete(Dismissal).where(Dismissal.owner == whose, Dismissal.mark.in_(newest))
                )
        except IntegrityError:
            return

    @operation
    async def remove(self, owner: str, words: Words) -> None:
        """Forget a dismissal, if there is one."""
        async with self._writing() as connection:
            await self._remove(connection, self.owners(owner), marks(self._vault, owner, words))

    @operation
    async def count(self, owner: str) -> int:
        """How many there are."""
        query = select(func.count()).where(Dismissal.owner.in_(self.owners(owner)))
        async with self._reading() as connection:
            return (await connection.execute(query)).scalar_one()

    async def read(self, connection: AsyncConnection, owner: str) -> Dismissed:
        """All of an owner's, within a transaction."""
        query = select(Dismissal.mark).where(Dismissal.owner.in_(self.owners(owner)))
        found = frozenset((await connection.execute(query)).scalars())
        return Dismissed(owner, self._vault, found)

    @staticmethod
    async def _remove(connection: AsyncConnection, owners: tuple[str, ...], known: tuple[str, ...]) -> None:
        if owners:
            there = delete(Dismissal).where(Dismissal.owner.in_(owners), Dismissal.mark.in_(known))
            await connection.execute(there)
