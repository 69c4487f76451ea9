"""`tactline health`: whether the service of these settings is ready. Containers and scripts ask by it."""

from __future__ import annotations

import http.client

from app import settings
from app.errors import SettingsError
from app.settings import Settings

_SECONDS = 5.0
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what listens everywhere is asked on loopback


def ready() -> bool:
    """Ask `/readyz` of the service on this machine. False where nothing answers or it is not ready.

    Raises SettingsError where the settings name no port.
    """
    chosen = settings.load()
    if not chosen.port:
        raise SettingsError("TACTLINE_PORT: 0 takes a free port, which nobody else knows.")
    host = chosen.host.strip("[]")
    connection = http.client.HTTPConnection(_ANY.get(host, host), chosen.port, timeout=_SECONDS)
    try:
        connection.request("GET", "/readyz", headers={"Host": _name(chosen)} if chosen.allowed_hosts else {})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _name(chosen: Settings) -> str:
    """A host by which the service lets itself be called."""
    return chosen.allowed_hosts[0]
