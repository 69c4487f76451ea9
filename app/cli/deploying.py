"""`tactline manifests`: write what Gmail and Outlook need to find the service."""

from __future__ import annotations

from pathlib import Path

import typer

from app import manifests, strings
from app.errors import TactlineError
from app.tone.types import Language


class NotWritten(TactlineError):  # noqa: N818 - reads as what it says
    """The files were not written; the message says why, in the user's language."""


def write(
    base_url: str, folder: Path, features: manifests.Features, insecure_local: bool, language: Language
) -> None:
    """Write the manifests into a folder, and say what the service must be told. Raises NotWritten."""
    try:
        rendered = manifests.render(base_url, features, insecure_local=insecure_local)
    except manifests.BadAddress as error:
        key = {"form": "base-url", "local": "base-url-local", "client-id": "client-id"}[error.reason]
        key = f"cli.error.{key}"
        raise NotWritten(strings.say(language, key)) from None
    for path, content in rendered.items():
        _put(folder / path, content, language)
    typer.echo(strings.say(language, "cli.settings-too"))
    typer.echo(f"  TACTLINE_PUBLIC_URL={base_url}")
    typer.echo(f"  TACTLINE_GMAIL_CALENDAR={int(features.calendar)}")
    typer.echo(f"  TACTLINE_GMAIL_READ_DRAFTS={int(features.read_drafts)}")
    if features.entra_client_id:
        typer.echo(f"  TACTLINE_ENTRA_CLIENT_ID={features.entra_client_id}")
    typer.echo(strings.say(language, "cli.how-to-install"))


def _put(target: Path, content: bytes, language: Language) -> None:
    try:
        if target.is_file() and manifests.PLACE.encode() in target.read_bytes():
            raise NotWritten(strings.say(language, "cli.error.is-template", path=target))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    except OSError:
        raise NotWritten(strings.say(language, "cli.error.bad-ics", path=target)) from None
    typer.echo(strings.say(language, "cli.wrote", path=target))
