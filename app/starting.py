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
from app.auth.on_behalf import Exchange
from app.errors import SettingsError
from app.holds import google
from app.settings import Settings
from app.store.database import MEMORY, vault_for
from app.store.errors import StoreError
from app.store.store import Store

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
    settings: Settings, connect: Connect | None = None
) -> AsyncIterator[tuple[Accounts, Store]]:
    """The accounts and the store, while the service runs. Raises SettingsError, StoreError."""
    ways = (connect or connections)()
    async with ways.client:
        url = settings.database_url.get_secret_value() or MEMORY
        secrets = [secret.get_secret_value() for secret in settings.secrets]
        store = await Store.open(url, vault_for(url, secrets), migrate=True)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_tidy, store)
                yield _accounts(settings, ways, store), store
                tasks.cancel_scope.cancel()
        finally:
            await store.close()


async def _tidy(store: Store) -> None:
    """Delete what has expired, now and every hour. One that fails is made up for by the next."""
    while True:
        try:
            await store.tidy(dt.datetime.now(dt.UTC))
        except StoreError as error:
            logs.event(log, "tidying failed", level=30, error=error)
        await anyio.sleep(_HOUR)


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
