"""What is handed to the hosts of the add-ons so that they find this service, written for one address.

The templates lie in `manifests/`, one folder a vendor, with `${BASE_URL}` where the address goes.
They ask for the least; what more a feature needs is added here. Fields: `projects.deployments` of the
Google Workspace add-ons API v1; which links may be opened: guide "Manifests", "Allowlist URLs".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app import manifests_outlook
from app.errors import TactlineError
from app.version import product_version

PLACE = "${BASE_URL}"
GMAIL = "gmail/deployment.json"
CALENDAR_SCOPES = (
    "https://www.googleapis.com/auth/calendar.events.owned",
    "https://www.googleapis.com/auth/calendar.freebusy",
)
"""Sensitive: events of the user's own calendars, and when the user is taken."""
CALENDAR_LINKS = ("https://www.google.com/calendar/", "https://calendar.google.com/")
"""Where an event's link (`htmlLink`) leads."""
DRAFT_SCOPES = ("https://www.googleapis.com/auth/gmail.compose",)
"""Restricted: every draft, to read and to write, and no other mail. Google lets it send as well."""

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HERE = Path(__file__).parent
# An installed package carries the templates inside itself, a checkout has them beside it.
_TEMPLATES = (_HERE / "_manifests", _HERE.parent / "manifests")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# Clients leave 443 out, and the audience of a token is compared letter by letter.
_PORT = r"(?::(?!443$)(?!0)[0-9]{1,5})?"
# A name with a dot that does not end in digits: Google reaches names of the public DNS alone.
_PUBLIC = re.compile(rf"https://(?:{_LABEL}\.)+(?=[a-z]){_LABEL}{_PORT}")
_LOCAL = re.compile(rf"https?://(?:localhost|127\.0\.0\.1|\[::1\]){_PORT}")


class BadAddress(TactlineError):  # noqa: N818 - reads as what it says
    """The address cannot go into a manifest: its "form", or it is "local", known to this machine alone; or
    the "client-id" is none."""

    def __init__(self, reason: Literal["form", "local", "client-id"]) -> None:
        super().__init__(
            {
                "form": "The address needs the form https://tactline.example.com and nothing after it.",
                "local": "Only this machine knows this address.",
                "client-id": "The id of an application has the form 00000000-0000-4000-8000-000000000001.",
            }[reason]
        )
        self.reason: Literal["form", "local", "client-id"] = reason


@dataclass(frozen=True, slots=True)
class Features:
    """What the add-on shall do, where it needs more permissions.

    `calendar`: holds go into the user's calendar. `read_drafts`: the user's draft is read, as with
    TACTLINE_GMAIL_READ_DRAFTS; for add-ons that stay inside one organisation. `entra_client_id`: users of
    Outlook sign in to this application; empty: nobody does.
    """

    calendar: bool = True
    read_drafts: bool = False
    entra_client_id: str = ""


def checked_address(text: str, *, insecure_local: bool = False) -> str:
    """The same text, when it is fit to be this service's public address. Raises BadAddress.

    Tokens are issued for exactly this address, so nothing is mended here: no path, no slash at the end, no
    capitals, no port that goes without saying. `insecure_local` lets loopback addresses pass, http too.
    """
    if _LOCAL.fullmatch(text):
        if not insecure_local:
            raise BadAddress("local")
    elif not _PUBLIC.fullmatch(text) or len(text) > 250:
        raise BadAddress("form")
    if int((re.findall(r":([0-9]+)$", text) or ["1"])[0]) > 65535:
        raise BadAddress("form")
    return text


def render(
    base_url: str, features: Features = Features(), *, insecure_local: bool = False
) -> dict[str, bytes]:
    """Every manifest for this address, by its path under `manifests/`. Raises BadAddress."""
    if features.entra_client_id and not _GUID.fullmatch(features.entra_client_id):
        raise BadAddress("client-id")
    address = checked_address(base_url, insecure_local=insecure_local)
    deployment = _filled(json.loads(template(GMAIL)), lambda text: text.replace(PLACE, address))
    scopes, common = deployment["oauthScopes"], deployment["addOns"]["common"]
    if not features.calendar:
        scopes[:] = [scope for scope in scopes if scope not in CALENDAR_SCOPES]
        common["openLinkUrlPrefixes"] = [
            prefix for prefix in common["openLinkUrlPrefixes"] if prefix not in CALENDAR_LINKS
        ]
    if features.read_drafts:
        scopes += DRAFT_SCOPES
    outlook = manifests_outlook.render(template, address, features.entra_client_id, _version())
    return {GMAIL: (json.dumps(deployment, indent=2, ensure_ascii=False) + "\n").encode(), **outlook}


def _version() -> str:
    """This product's version as n.n.n: Outlook takes numbers alone."""
    numbers = re.findall(r"[0-9]{1,5}", product_version())
    return ".".join([*numbers, "0", "0", "0"][:3])


def template(path: str) -> bytes:
    """A template as it lies in `manifests/`."""
    return next(folder / path for folder in _TEMPLATES if (folder / path).is_file()).read_bytes()


def _filled(value: Any, fill: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, fill) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, fill) for item in value]
    return fill(value) if isinstance(value, str) else value
