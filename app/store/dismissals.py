"""What users do not want to be told again: digests of guideline and words, never the words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from app.store.models import Dismissal
from app.store.session import Part, check_aware, operation

Words = tuple[str, str]
"""A guideline's id and the exact words it found."""


class Dismissals(Part):
    @operation
    async def add(self, owner: str, words: Words, now: dt.datetime) -> None:
        """Remember a dismissal; one that is there already stays."""
        check_aware(now)
        row = {"owner": self.owners(owner)[0], "mark": self._marks(owner, words)[0], "created_at": now}
        try:
            async with self._writing() as connection:
                await connection.execute(insert(Dismissal).values(row))
        except IntegrityError:
            return

    @operation
    async def remove(self, owner: str, words: Words) -> None:
        """Forget a dismissal, if there is one."""
        there = delete(Dismissal).where(
            Dismissal.owner.in_(self.owners(owner)), Dismissal.mark.in_(self._marks(owner, words))
        )
        async with self._writing() as connection:
            await connection.execute(there)

    @operation
    async def among(self, owner: str, words: Sequence[Words]) -> frozenset[Words]:
        """Those of `words` that the owner has dismissed."""
        marks = {mark: pair for pair in words for mark in self._marks(owner, pair)}
        if not marks:
            return frozenset()
        query = select(Dismissal.mark).where(
            Dismissal.owner.in_(self.owners(owner)), Dismissal.mark.in_(list(marks))
        )
        async with self._reading() as connection:
            return frozenset(marks[mark] for mark in (await connection.execute(query)).scalars())

    def _marks(self, owner: str, words: Words) -> tuple[str, ...]:
        # The owner is part of it: the same words of two users must not look alike.
        guideline, quote = words
        return self._vault.digests(f"dismissal\0{len(owner)}\0{owner}\0{guideline}\0{quote}")
