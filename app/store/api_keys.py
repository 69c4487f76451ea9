"""Keys for programs: made once, known by their digest, revocable."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
import secrets as randomness
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.store.models import ApiKey
from app.store.session import Part, check_aware, operation


class NameTaken(Exception):  # noqa: N818 - reads as what it says
    """A key of this name exists, perhaps a revoked one: names are not used twice, so that a list stays
    readable."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is known of a key; never the key."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: dt.datetime
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None
    last_used_at: dt.datetime | None

    def good(self, now: dt.datetime) -> bool:
        """Whether it opens anything at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


_KEY = re.compile(r"tl_[a-z2-7]{8}_[A-Za-z0-9_-]{43}")


def made() -> tuple[str, str]:
    """A new key and the part of it that may be shown: `tl_`, eight letters, and 256 bits at random.

    The form is its own, so that people and scanners know one where they see it.
    """
    identity = base64.b32encode(randomness.token_bytes(5)).decode().lower()
    return f"tl_{identity}_{randomness.token_urlsafe(32)}", identity


def looks_like_key(text: str) -> bool:
    """Whether a text has the form of a key."""
    return _KEY.fullmatch(text) is not None


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


_COLUMNS = (
    ApiKey.id, ApiKey.name, ApiKey.scopes, ApiKey.created_at, ApiKey.expires_at, ApiKey.revoked_at,
    ApiKey.last_used_at,
)  # fmt: skip


class ApiKeys(Part):
    @operation
    async def add(
        self,
        identity: str,
        name: str,
        key: str,
        scopes: Sequence[str],
        now: dt.datetime,
        expires: dt.datetime | None = None,
    ) -> None:
        """Keep a new key's digest. `identity` may be shown. Raises NameTaken."""
        check_aware(now, *([expires] if expires else []))
        row = {
            "id": identity, "name": name, "digest": digest_of(key), "scopes": " ".join(scopes),
            "created_at": now, "expires_at": expires,
        }  # fmt: skip
        try:
            async with self._writing() as connection:
                await connection.execute(insert(ApiKey).values(row))
        except IntegrityError:
            raise NameTaken from None

    @operation
    async def find(self, key: str) -> KeyRecord | None:
        """What is known of a key, revoked or not; None for one that was never made here."""
        query = select(*_COLUMNS).where(ApiKey.digest == digest_of(key))
        async with self._reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _record(*row)

    @operation
    async def listed(self) -> tuple[KeyRecord, ...]:
        """All keys, the oldest first."""
        query = select(*_COLUMNS).order_by(ApiKey.created_at, ApiKey.id)
        async with self._reading() as connection:
            return tuple(_record(*row) for row in (await connection.execute(query)).all())

    @operation
    async def any_good(self, now: dt.datetime) -> bool:
        """Whether any key opens anything at `now`."""
        check_aware(now)
        unexpired = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
        query = select(ApiKey.id).where(ApiKey.revoked_at.is_(None), unexpired).limit(1)
        async with self._reading() as connection:
            return (await connection.execute(query)).first() is not None

    @operation
    async def revoke(self, name: str, now: dt.datetime) -> bool:
        """Let a key open nothing from now on; whether there was one that did."""
        check_aware(now)
        there = update(ApiKey).where(ApiKey.name == name, ApiKey.revoked_at.is_(None))
        async with self._writing() as connection:
            return bool((await connection.execute(there.values(revoked_at=now))).rowcount)

    @operation
    async def used(self, identity: str, now: dt.datetime) -> None:
        """Note that a key was used."""
        check_aware(now)
        async with self._writing() as connection:
            await connection.execute(update(ApiKey).where(ApiKey.id == identity).values(last_used_at=now))


def _record(
    identity: str,
    name: str,
    scopes: str,
    created_at: dt.datetime,
    expires_at: dt.datetime | None,
    revoked_at: dt.datetime | None,
    last_used_at: dt.datetime | None,
) -> KeyRecord:
    return KeyRecord(identity, name, tuple(scopes.split()), created_at, expires_at, revoked_at, last_used_at)
