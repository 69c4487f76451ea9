"""What the service opens when it starts and closes when it ends: ways to other servers, and the store."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import httplib2
import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from app import logs
from app.accounts import Accounts, Addon
from app.auth.entra import KEYS_AT, Registration
from app.auth.google import KEYS_AT as GOOGLE_KEYS_AT
from app.auth.keys import Keys
from app.errors import SettingsError
from app.gate import BELIEVED, Gate
from app.holds import google
from app.house import House
from app.limits import Limits
from app.service import Service
from app.settings import Settings
from app.store import migrate as migrations
from app.store.database import default_url, vault_for
from app.store.errors import StoreError
from app.store.store import Store
from app.tone.review import Engine
from app.watched import WatchedCalendar, store_watch

log = logs.get(__name__)
_HOUR = 3600.0


@dataclass(frozen=True)
class Connections:
    """How other servers are reached. Tests put their fakes here."""

    client: httpx.AsyncClient
    google_http: Callable[[float], httplib2.Http] = google.plain_http
    msal_http: Any = None


Connect = Callable[[], Connections]


def connections() -> Connections:
    # Never follow a redirect with a user's token, and never wait longer than the caller would.
    return Connections(httpx.AsyncClient(follow_redirects=False, timeout=5.0, trust_env=True))


@asynccontextmanager
async def outside(
    settings: Settings, service: Service, connect: Connect | None = None
) -> AsyncIterator[None]:
    """Give the service its accounts, store and limits, while it runs. Raises SettingsError, StoreError."""
    gate = service.gate
    ways = (connect or connections)()
    async with ways.client:
        store = await open_store(settings)
        try:
            store.watch(store_watch(service.metrics, service.traces))
            gate.accounts, gate.store = _accounts(settings, ways, store), store
            gate.accounts.watch = lambda calendar: WatchedCalendar(calendar, service.metrics, service.traces)
            await gate.look(dt.datetime.now(dt.UTC))
            service.limits = Limits(
                settings.rate_limit,
                settings.rate_limit_address,
                settings.rate_limit_denied,
                url=settings.rate_limit_url.get_secret_value(),
                digest=store.digest,
            )
            service.house = await _house(service, store)
            async with anyio.create_task_group() as tasks:
                if service.house is not None:
                    tasks.start_soon(service.house.watch)
                tasks.start_soon(_tidy, store)
                tasks.start_soon(_look, gate)
                yield
                tasks.cancel_scope.cancel()
        finally:
            if service.limits is not None:
                await service.limits.close()
            await gate.settle()
            gate.store = None  # whoever still asks would open it again
            await store.close()


def database_url(settings: Settings) -> str:
    return settings.database_url.get_secret_value() or default_url()


async def migrate(settings: Settings, *, check: bool = False) -> None:
    """Bring the database's tables up to this version; with `check`, only raise NotMigrated where they are
    not. Raises StoreError."""
    await (migrations.checked if check else migrations.migrate)(database_url(settings))


async def open_store(settings: Settings) -> Store:
    """The store, its tables brought up to this version unless that is left to the command. Raises StoreError:
    FileError and NotMigrated among others."""
    url = database_url(settings)
    secrets = [secret.get_secret_value() for secret in settings.secrets]
    return await Store.open(url, vault_for(url, secrets), migrate=settings.migrate == "start")


async def _tidy(store: Store) -> None:
    """Delete what has expired, now and every hour. One that fails is made up for by the next."""
    while True:
        try:
            await store.tidy(dt.datetime.now(dt.UTC))
        except StoreError as error:
            logs.event(log, "tidying failed", level=30, error=error)
        await anyio.sleep(_HOUR)


async def _house(service: Service, store: Store) -> House | None:
    """The organisation's guidelines, in force; None beside an engine that cannot learn any."""
    engine = service.engine
    if not isinstance(engine, Engine) or engine.untaught is None:
        return None

    def put(made: Engine) -> None:
        service.engine = made

    house = House(store, engine.guidance, engine.untaught, service.aside, put)
    await house.refresh()
    return house


async def _look(gate: Gate) -> None:
    """See whether keys were made or revoked by another copy of the service, or by the command."""
    while True:
        await anyio.sleep(BELIEVED)
        try:
            await gate.look(dt.datetime.now(dt.UTC))
        except StoreError as error:
            logs.event(log, "keys were not looked at", level=30, error=error)


def _accounts(settings: Settings, ways: Connections, store: Store) -> Accounts:
    accounts = Accounts(ways.client, google_http=ways.google_http, addon=_addon(settings, ways))
    if settings.entra_client_id:
        tenants = frozenset(settings.entra_tenants)
        accounts.registration = Registration(
            settings.entra_client_id,
            tenants if tenants != {"any"} else frozenset(),
            frozenset(settings.entra_clients),
        )
        accounts.keys = Keys(ways.client, KEYS_AT, "Microsoft Entra")
        # Seven MiB (msal) for those alone who have set it up.
        from app.auth.on_behalf import Exchange

        accounts.exchange = Exchange(settings.entra_client_id, credential(settings), store, ways.msal_http)
    return accounts


def _addon(settings: Settings, ways: Connections) -> Addon | None:
    if not settings.gmail_service_account:
        return None
    return Addon(
        url=f"{settings.public_url}/gmail",
        base_url=settings.public_url,
        service_account=settings.gmail_service_account,
        client_id=settings.gmail_client_id,
        keys=Keys(ways.client, GOOGLE_KEYS_AT, "Google"),
        calendar=settings.gmail_calendar,
        read_drafts=settings.gmail_read_drafts,
        wait=settings.gmail_wait,
    )


def credential(settings: Settings) -> str | Mapping[str, str]:
    """How this service proves to Entra who it is, as msal takes it: the certificate where there is one.

    Raises SettingsError when the file does not hold a key and a certificate.
    """
    if settings.entra_certificate is None:
        return settings.entra_client_secret.get_secret_value()
    try:
        content = settings.entra_certificate.read_bytes()
        key = load_pem_private_key(content, password=None)
        certificate = x509.load_pem_x509_certificate(content)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError(
            "TACTLINE_ENTRA_CERTIFICATE: no private key and certificate in this file "
            f"({type(error).__name__})."
        ) from None
    return {
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "public_certificate": certificate.public_bytes(Encoding.PEM).decode(),
    }
