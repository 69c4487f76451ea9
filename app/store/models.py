"""The tables. Without the secrets nothing can be read: owners and keys are keyed digests, payloads sealed.

A change here needs a migration beside it; a test compares the two.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, DateTime, Dialect, LargeBinary, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

DIGEST = 64
"""Hexadecimal digits of an HMAC-SHA256."""


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware moment, kept as UTC. SQLite keeps no zones: there the column holds the UTC clock alone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """To the database. Raises ValueError for a moment without a zone."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a moment needs its zone")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """From the database: always aware, always UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Base(DeclarativeBase):
    """What all tables share. Constraints are named by rule, so that a migration can name them too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class TokenCache(Base):
    """The tokens of one user at one provider, as their library serialises them (some 50 KB)."""

    __tablename__ = "token_caches"

    owner: Mapped[str] = mapped_column(String(DIGEST), primary_key=True)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class Preferences(Base):
    """What one user has chosen: language, working hours."""

    __tablename__ = "preferences"

    owner: Mapped[str] = mapped_column(String(DIGEST), primary_key=True)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class Idempotency(Base):
    """A request that may be sent again: who is at it since when, and what was answered.

    `body` is the digest of the key together with the request's body. The answer's columns are
    null while `state` is "running".
    """

    __tablename__ = "idempotency"
    __table_args__ = (CheckConstraint("state IN ('running', 'done')", name="state"),)

    key: Mapped[str] = mapped_column(String(DIGEST), primary_key=True)
    body: Mapped[str] = mapped_column(String(DIGEST))
    state: Mapped[str] = mapped_column(String(7))
    status: Mapped[int | None]
    media_type: Mapped[str | None] = mapped_column(String(255))
    ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary)
    started_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)


class ApiKey(Base):
    """A key for programs. `id` is the part of it that may be shown; the whole is known by its SHA-256 alone,
    which suffices for what is random, and which no change of secrets touches."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    digest: Mapped[str] = mapped_column(String(DIGEST), unique=True)
    scopes: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


class Dismissal(Base):
    """What one user does not want to be told again: a keyed digest of guideline and words, not the words."""

    __tablename__ = "dismissals"

    owner: Mapped[str] = mapped_column(String(DIGEST), primary_key=True)
    mark: Mapped[str] = mapped_column(String(DIGEST), primary_key=True)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class HouseEntry(Base):
    """A guideline of the organisation's own, or what it changed in a built-in one; sealed JSON."""

    __tablename__ = "house_entries"

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class HouseRevision(Base):
    """One row that counts the changes of the house's entries, so that every copy of the service sees them."""

    __tablename__ = "house_revision"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
