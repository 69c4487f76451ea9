"""`tactline settings`: what is in force and where it comes from, or the tables of the documentation."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app import settings_files
from app.settings import Settings, load

BEGIN = "<!-- settings: tactline settings --write README.md -->"
END = "<!-- end of settings -->"
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Where it listens": ("host", "port", "allowed_hosts", "trusted_proxies", "public_url", "max_bytes"),
    "Who may come in, and how often": (
        "api_keys", "rate_limit", "rate_limit_address", "rate_limit_denied", "rate_limit_url",
    ),
    "How it runs": (
        "workers", "threads", "queue", "longest_wait", "keep_alive", "drain_seconds", "log_level",
        "log_format",
    ),
    "What it keeps": ("database_url", "migrate", "secrets"),
    "Guidance of your own": ("guidance_dir",),
    "Microsoft": (
        "entra_client_id", "entra_client_secret", "entra_certificate", "entra_tenants", "entra_clients",
        "outlook_frame_ancestors",
    ),
    "Google": (
        "gmail_service_account", "gmail_client_id", "gmail_calendar", "gmail_read_drafts", "gmail_wait",
        "google_client_file",
    ),
    "LanguageTool's clients": ("languagetool_origins",),
}  # fmt: skip
"""Every setting, by the heading that it stands under."""
Source = Literal["default", "environment", "file"]


@dataclass(frozen=True)
class InForce:
    """A setting as it is. `value` is "set" or "" for a secret; `path` is the file that it comes from."""

    variable: str
    value: str
    source: Source
    path: Path | None = None


def name_of(field: str) -> str:
    return f"TACTLINE_{field.upper()}"


def tables() -> str:
    """All settings in Markdown: under each heading variable, default, meaning."""
    parts = []
    for heading, names in GROUPS.items():
        rows = [_row(name, Settings.model_fields[name]) for name in names]
        parts.append(
            "\n".join((f"### {heading}", "| Variable | Default | Meaning |", "| --- | --- | --- |", *rows))
        )
    return "\n\n".join(parts)


def write(path: Path) -> None:
    """Put the tables between their two marks. Raises ValueError where they are not, OSError."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("no marks")
    path.write_text(f"{before}{BEGIN}\n{tables()}\n{END}{after}", encoding="utf-8")


def in_force() -> Iterator[InForce]:
    """Each setting as the service would take it. Raises SettingsError."""
    settings = load()
    given = {name.upper() for name in os.environ}
    files = settings_files.files(Settings.model_fields)
    for names in GROUPS.values():
        for name in names:
            variable, value = name_of(name), _shown(getattr(settings, name))
            if variable in given:
                yield InForce(variable, value, "environment")
            elif name in files:
                yield InForce(variable, value, "file", files[name])
            else:
                yield InForce(variable, value, "default")


def unknown() -> list[str]:
    """Variables that look like settings and are none: most likely misspelt."""
    known = {name_of(name) for name in Settings.model_fields} | set(settings_files.VARIABLES)
    return sorted(name for name in os.environ if name.startswith("TACTLINE_") and name not in known)


def _row(name: str, field: FieldInfo) -> str:
    return f"| `{name_of(name)}` | {_default(field)} | {_meaning(field)} |"


def _default(field: FieldInfo) -> str:
    value = field.default
    unset = value in ((), None, "") or (isinstance(value, SecretStr) and not value.get_secret_value())
    return "none" if unset else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _meaning(field: FieldInfo) -> str:
    words = (field.description or "").replace("|", "\\|")
    if get_origin(field.annotation) is Literal:
        words += " One of " + ", ".join(f"`{choice}`" for choice in get_args(field.annotation)) + "."
    return words + " Commas between them." * isinstance(field.default, tuple)


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "set" if value.get_secret_value() else ""
    if isinstance(value, tuple):
        secret = any(isinstance(item, SecretStr) for item in value)
        return f"{len(value)} set" if secret else ",".join(map(str, value))
    return "" if value is None else str(value)
