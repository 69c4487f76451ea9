"""`tactline keys`: keys for programs, made, listed and revoked in the database that the service uses."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import typer
from rich.console import Console
from rich.table import Table

from app import settings, starting, strings
from app.auth.principal import SCOPES, Scope
from app.errors import TactlineError
from app.store.api_keys import KeyRecord, NameTaken, made
from app.store.database import in_memory
from app.store.store import Store
from app.tone.types import Language

T = TypeVar("T")
_LONGEST = 100


def scopes_of(text: str, language: Language) -> tuple[Scope, ...]:
    """Scopes with commas between them. Raises TactlineError."""
    given = [part.strip() for part in text.split(",") if part.strip()]
    if not given or any(part not in SCOPES for part in given):
        raise TactlineError(strings.say(language, "cli.error.bad-scopes", scopes=", ".join(SCOPES)))
    return tuple(scope for scope in SCOPES if scope in given)


def day_of(text: str | None, language: Language) -> dt.date | None:
    """A day as YYYY-MM-DD. Raises TactlineError."""
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise TactlineError(strings.say(language, "cli.error.bad-expires")) from None


def create(name: str, scopes: Sequence[Scope], expires: dt.date | None, language: Language) -> str:
    """Make a key; it is told here alone. It ends with the day `expires`, in UTC. Raises TactlineError."""
    if not 1 <= len(name) <= _LONGEST or not name.isprintable() or name != name.strip():
        raise TactlineError(strings.say(language, "cli.error.bad-key-name", most=_LONGEST))
    now = dt.datetime.now(dt.UTC)
    end = None
    if expires is not None:
        end = dt.datetime.combine(expires, dt.time(), dt.UTC) + dt.timedelta(days=1)
        if end <= now:
            raise TactlineError(strings.say(language, "cli.error.key-expired"))
    key, identity = made()

    async def add(store: Store) -> None:
        try:
            await store.api_keys.add(identity, name, key, scopes, now, end)
        except NameTaken:
            raise TactlineError(strings.say(language, "cli.error.key-name-taken")) from None

    _with_store(add, language)
    return key


def listed(as_json: bool, language: Language) -> None:
    """Print what is known of all keys: never a key. Raises TactlineError."""
    found = _with_store(lambda store: store.api_keys.listed(), language)
    if as_json:
        typer.echo(json.dumps([_plain(record) for record in found]))
        return
    now = dt.datetime.now(dt.UTC)
    table = Table(box=None, pad_edge=False)
    for column in ("name", "id", "scopes", "created", "used", "state"):
        table.add_column(strings.say(language, f"cli.keys.{column}"), overflow="fold")
    for record in found:
        table.add_row(
            record.name, record.id, " ".join(record.scopes), _day(record.created_at),
            _day(record.last_used_at), _state(record, now, language),
        )  # fmt: skip
    Console(highlight=False, markup=False).print(table)


def revoke(name: str, language: Language) -> None:
    """Let a key open nothing from now on. Raises TactlineError when there is none of this name."""
    if not _with_store(lambda store: store.api_keys.revoke(name, dt.datetime.now(dt.UTC)), language):
        raise TactlineError(strings.say(language, "cli.error.no-such-key"))


def _plain(record: KeyRecord) -> dict[str, object]:
    times = {
        "created_at": record.created_at, "expires_at": record.expires_at, "revoked_at": record.revoked_at,
        "last_used_at": record.last_used_at,
    }  # fmt: skip
    return {
        "name": record.name, "id": record.id, "scopes": list(record.scopes),
        **{name: None if moment is None else moment.isoformat() for name, moment in times.items()},
    }  # fmt: skip


def _state(record: KeyRecord, now: dt.datetime, language: Language) -> str:
    if record.revoked_at is not None:
        return strings.say(language, "cli.keys.revoked")
    if not record.good(now):
        return strings.say(language, "cli.keys.expired")
    if record.expires_at is None:
        return strings.say(language, "cli.keys.good")
    last = record.expires_at - dt.timedelta(days=1)
    return strings.say(language, "cli.keys.good-until", day=_day(last))


def _day(moment: dt.datetime | None) -> str:
    return "-" if moment is None else f"{moment:%Y-%m-%d}"


def _with_store(work: Callable[[Store], Awaitable[T]], language: Language) -> T:
    chosen = settings.load()
    if in_memory(starting.database_url(chosen)):
        raise TactlineError(strings.say(language, "cli.error.keys-in-memory"))

    async def whole() -> T:
        store = await starting.open_store(chosen)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(whole())
