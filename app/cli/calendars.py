"""The calendars of the command line: a file, or the account of a user who signs in at the terminal."""

from __future__ import annotations

import datetime as dt
import os
import secrets as randomness
import stat
import sys
import webbrowser
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import anyio
import requests

from app import strings
from app.api.faults import NAMES
from app.auth.device import DeviceCode
from app.auth.loopback import Loopback
from app.auth.sign_in import NotSignedIn, Signed
from app.cli.render import clean
from app.errors import Provider, TactlineError
from app.holds import google, graph
from app.holds.calendar import Calendar
from app.holds.google import GoogleCalendar
from app.holds.graph import GraphCalendar
from app.holds.ics_file import IcsCalendar, NotACalendar
from app.holds.retry import Deadline
from app.settings import Settings
from app.starting import Connect, connections
from app.store.database import default_url, vault_for
from app.store.store import Store
from app.tone.types import Language

T = TypeVar("T")
FILE = Path("tactline-holds.ics")
_KEEP = dt.timedelta(days=90)
_SECONDS = 60.0  # a person waits longer than the host of an add-on does


def show_page(url: str) -> None:
    """Open a page in a browser with a window of its own, where there is one."""
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return
    text_mode = isinstance(found, webbrowser.GenericBrowser)
    if text_mode and not isinstance(found, webbrowser.BackgroundBrowser):
        return  # it would take the terminal over, and the sign-in would wait for its end
    found.open(url)


@dataclass(frozen=True)
class Outside:
    """What lies beyond the command. Tests put their fakes here."""

    connect: Connect = connections
    show_page: Callable[[str], None] = show_page
    msal_http: Any = None
    google_adapter: requests.adapters.BaseAdapter | None = None
    wait: float = 300.0
    at_terminal: Callable[[], bool] = field(default=lambda: sys.stdin.isatty())


@dataclass(frozen=True)
class Account:
    """Who is asked to sign in, and as which application."""

    settings: Settings
    client_id: str | None = None
    client_file: Path | None = None


class Memory:
    """Sign-ins between two runs: in the user's own database, encrypted. May raise StoreError."""

    def __init__(self, settings: Settings) -> None:
        self._url = default_url()
        self._vault = vault_for(self._url, [secret.get_secret_value() for secret in settings.secrets])

    def get(self, owner: str) -> bytes | None:
        return self._run(lambda store: store.tokens_of(owner, dt.datetime.now(dt.UTC)))

    def keep(self, owner: str, blob: bytes) -> None:
        now = dt.datetime.now(dt.UTC)
        self._run(lambda store: store.keep_tokens(owner, blob, now + _KEEP, now))

    def forget(self, owner: str) -> None:
        self._run(lambda store: store.forget(owner))

    def _run(self, work: Callable[[Store], Awaitable[T]]) -> T:
        async def opened() -> T:
            store = await Store.open(self._url, self._vault, migrate=True)
            try:
                return await work(store)
            finally:
                await store.close()

        return anyio.run(opened)


def owner(provider: Provider) -> str:
    """Whose tokens these are in the store: the user of this command, in one of the two accounts."""
    return f"cli.{provider}"


def sign_in(provider: Provider, account: Account, outside: Outside, language: Language) -> Signed:
    """The user of an account, signed in, and remembered. Raises TactlineError with its sentence.

    Runs outside an event loop: it waits for a person, who may break it off with Ctrl-C.
    """
    memory = Memory(account.settings)
    way = _device if provider == "microsoft" else _loopback
    try:
        signed = way(account, outside, language)(memory.get(owner(provider)))
    except NotSignedIn as error:
        values = {"provider": NAMES[error.provider], "code": clean(error.code), "path": clean(error.code)}
        raise TactlineError(strings.say(language, f"cli.error.{error.why}", **values)) from None
    if signed.keep is not None:
        memory.keep(owner(provider), signed.keep)
    return signed


def _device(account: Account, outside: Outside, language: Language) -> Callable[[bytes | None], Signed]:
    settings = account.settings
    client_id = account.client_id or settings.entra_client_id
    if not client_id:
        raise NotSignedIn("microsoft", "no-client-id")
    # An application of one directory does not take sign-ins by way of "common".
    only = [tenant for tenant in settings.entra_tenants if tenant != "any"]
    tenant = only[0] if len(only) == 1 else "common"

    def tell(url: str, code: str) -> None:
        words = strings.say(language, "cli.sign-in-code", url=clean(url), code=clean(code))
        print(words, file=sys.stderr, flush=True)

    return DeviceCode(client_id, graph.SCOPES, tell, tenant, outside.msal_http).sign_in


def _loopback(account: Account, outside: Outside, language: Language) -> Callable[[bytes | None], Signed]:
    def tell(url: str) -> None:
        print(strings.say(language, "cli.sign-in-page", url=clean(url)), file=sys.stderr, flush=True)
        outside.show_page(url)

    file = account.client_file or account.settings.google_client_file
    scopes = (google.EVENTS, google.FREE_BUSY)
    page = strings.say(language, "cli.sign-in-done")
    return Loopback(file, scopes, tell, page, outside.wait, outside.google_adapter).sign_in


def _nothing() -> None:
    """Providers keep what they are told."""


@dataclass(frozen=True)
class Opened:
    """A calendar in use. `save` makes lasting what was changed; `path` is the file, None for an account."""

    calendar: Calendar
    save: Callable[[], None] = _nothing
    path: Path | None = None


@asynccontextmanager
async def signed_calendar(
    provider: Provider, signed: Signed, zone: str, outside: Outside
) -> AsyncIterator[Opened]:
    """The calendar of a user who is signed in; `zone` (IANA) is where their days begin."""
    ways = outside.connect()
    deadline = Deadline(_SECONDS)
    async with ways.client:
        if provider == "google":
            yield Opened(GoogleCalendar(signed.token, deadline=deadline, http=ways.google_http))
        else:
            yield Opened(
                GraphCalendar(
                    signed.token, ways.client, time_zone=zone, user=signed.user, personal=signed.personal,
                    deadline=deadline,
                )
            )  # fmt: skip


def file_calendar(path: Path, *, now: dt.datetime, zone: str, words: Language, language: Language) -> Opened:
    """A calendar file, which need not exist yet; `words` is the language of new entries.

    Raises TactlineError with its sentence, from `save` too.
    """

    def failed(key: str) -> TactlineError:
        return TactlineError(strings.say(language, f"cli.error.{key}", path=clean(str(path))))

    try:
        before = path.read_bytes() if path.exists() else None
    except OSError:
        raise failed("unreadable") from None
    try:
        calendar = IcsCalendar(before or b"", now=now, time_zone=zone, lang=words)
    except NotACalendar:
        raise failed("not-a-calendar") from None

    def save() -> None:
        try:
            content = calendar.content()
            if (path.read_bytes() if path.exists() else None) != before:
                raise failed("file-changed")
            write_whole(path, content)
        except OSError:
            raise failed("bad-ics") from None
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            # Something in it could be read in part and cannot be written again.
            raise failed("not-a-calendar") from None

    return Opened(calendar, save, path)


def write_whole(path: Path, content: bytes) -> None:
    """Put content in place of a file's, whole or not at all. Raises OSError."""
    path = path.resolve()  # what a link points to is written, the link stays
    aside = path.with_name(f".{path.name}.{randomness.token_hex(4)}")
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
    try:
        with open(aside, "xb", opener=partial(os.open, mode=0o600 if mode is not None else 0o666)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            aside.chmod(mode)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
