"""The database before anything is served: `tactline migrate`, and whether `tactline serve` can open it."""

from __future__ import annotations

import asyncio
import datetime as dt

import typer

from app import settings, starting, strings
from app.errors import SettingsError
from app.settings import Settings
from app.store.errors import FileError, NotMigrated
from app.tone.types import Language

BEHIND = 1
"""Exit status of `--check` when there is something to do."""


def run(check: bool, language: Language) -> int:
    """Migrate, or only look; the exit status. Raises SettingsError, StoreError."""
    chosen = settings.load()
    try:
        asyncio.run(starting.migrate(chosen, check=check))
    except NotMigrated:
        typer.echo(strings.say(language, "cli.error.not-migrated"), err=True)
        return BEHIND
    except FileError as error:
        raise _no_database(error, language) from None
    typer.echo(strings.say(language, "cli.migrated"))
    return 0


def check_store(chosen: Settings, language: Language) -> None:
    """Open the store once and close it, so that a service that could not is refused in a sentence; and one
    that others reach without a key.

    Raises SettingsError, StoreError.
    """

    async def once() -> bool:
        store = await starting.open_store(chosen)
        try:
            return await store.api_keys.any_good(dt.datetime.now(dt.UTC))
        finally:
            await store.close()

    try:
        chosen.check_reachable(keyed=asyncio.run(once()))
    except NotMigrated:
        raise SettingsError(strings.say(language, "cli.error.not-migrated")) from None
    except FileError as error:
        raise _no_database(error, language) from None


def _no_database(error: FileError, language: Language) -> SettingsError:
    return SettingsError(strings.say(language, "cli.error.no-database", path=error.path))
