"""How the service is set up: environment variables that start with `TACTLINE_`.

Every field is described in docs/deploying.md; a test compares the two.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.errors import SettingsError

MEBIBYTE = 1024 * 1024
_ORIGIN = r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{2,5})?"


class Settings(BaseSettings):
    """What can be set. Lists are written with commas between their items."""

    model_config = SettingsConfigDict(env_prefix="TACTLINE_", extra="ignore", frozen=True)

    host: str = Field(
        default="127.0.0.1", description="Address to listen on. Anything but loopback needs API keys."
    )
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Keys that callers of /v1 send as `Authorization: Bearer KEY`; 16 characters or more.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Hosts that requests may name. Empty: the loopback names when on loopback, else any.",
    )
    guidance_dir: Path | None = Field(
        default=None, description="Folder of house guidelines (docs/writing-guidance.md)."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is logged."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="One line of text or of JSON an event."
    )
    max_bytes: int = Field(
        default=MEBIBYTE, ge=1024, le=64 * MEBIBYTE, description="Largest request body, in bytes."
    )
    threads: int = Field(
        default=0, ge=0, le=256, description="Reviews that run at once; 0: as many as there are cores."
    )

    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="Where sign-ins and answers to repeated requests are kept, encrypted: "
        "`sqlite:///PATH` or `postgresql://...`. Empty: in memory, gone with the process.",
    )
    secrets: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="What is kept is encrypted under the first, and opened by all; 32 characters or more. "
        "Empty: made at random, and for an SQLite file kept beside it.",
    )
    entra_client_id: str = Field(
        default="",
        description="Application id of this service in Microsoft Entra. Empty: no Microsoft sign-in.",
    )
    entra_client_secret: SecretStr = Field(
        default=SecretStr(""), description="Its client secret; a certificate is better."
    )
    entra_certificate: Path | None = Field(
        default=None, description="PEM file with its private key and public certificate."
    )
    entra_tenants: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Ids of the directories whose users may sign in, or `any`."
    )
    entra_clients: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Application ids that may call for a user. Empty: only `entra_client_id`."
    )
    google_client_file: Path | None = Field(
        default=None,
        description="Client secrets file of a desktop app, as Google's console downloads it: for "
        "`tactline holds --calendar google`. The service needs none.",
    )
    public_url: str = Field(
        default="",
        description="https address under which others reach this service, without a slash at the end. The "
        "add-ons need it.",
    )
    gmail_service_account: str = Field(
        default="", description="Address of the deployment's add-ons service account. Empty: no Gmail add-on."
    )
    gmail_client_id: str = Field(default="", description="OAuth client id of the Gmail add-on.")
    gmail_calendar: bool = Field(default=True, description="Offer the user's calendar in Gmail.")
    gmail_read_drafts: bool = Field(
        default=False, description="Read the user's draft of the open thread: restricted scopes."
    )
    gmail_wait: bool = Field(
        default=False, description="Read nothing of an opened message before the user asks for it."
    )

    languagetool_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Web origins whose pages may read answers of /v2, besides those of browser extensions; "
        "`*` for any.",
    )
    outlook_frame_ancestors: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Origins that may show the Outlook pane besides Microsoft's own: an Outlook on the web "
        "of your own, like `https://mail.example.com`.",
    )

    @field_validator(
        "api_keys", "allowed_hosts", "secrets", "entra_tenants", "entra_clients", "outlook_frame_ancestors",
        "languagetool_origins", mode="before",
    )  # fmt: skip
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("api_keys")
    @classmethod
    def _long_enough(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in keys:
            text = key.get_secret_value()
            if len(text) < 16 or not text.isascii() or not text.isprintable() or " " in text:
                raise ValueError("each key needs 16 or more ASCII characters and no spaces")
        return keys

    @field_validator("guidance_dir", "entra_certificate", "google_client_file", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @property
    def loopback(self) -> bool:
        """Whether only programs on this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    def check_sign_in(self) -> None:
        """Raise SettingsError when Microsoft sign-in is half set up."""
        if self.entra_client_id and not (
            self.entra_client_secret.get_secret_value() or self.entra_certificate
        ):
            raise SettingsError(
                "TACTLINE_ENTRA_CLIENT_ID needs TACTLINE_ENTRA_CERTIFICATE or TACTLINE_ENTRA_CLIENT_SECRET."
            )
        if self.entra_client_id and not self.entra_tenants:
            raise SettingsError(
                "TACTLINE_ENTRA_TENANTS: name the directories whose users may sign in, or write any."
            )

    def check_gmail(self) -> None:
        """Raise SettingsError when the Gmail add-on is half set up."""
        if not self.gmail_service_account:
            return
        if not self.gmail_client_id or not self.public_url:
            raise SettingsError(
                "TACTLINE_GMAIL_SERVICE_ACCOUNT needs TACTLINE_GMAIL_CLIENT_ID and TACTLINE_PUBLIC_URL."
            )

    @field_validator("outlook_frame_ancestors")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not re.fullmatch(_ORIGIN, origin):
                raise ValueError("each needs the form https://mail.example.com, and nothing after it")
        return value

    @field_validator("public_url")
    @classmethod
    def _base(cls, value: str) -> str:
        if value and not re.fullmatch(_ORIGIN, value):
            raise ValueError("https://, a host in small letters, perhaps a port, and nothing after it")
        return value

    def check_reachable(self) -> None:
        """Raise SettingsError when the service would be open to others without a key."""
        if not self.loopback and not self.api_keys:
            raise SettingsError(
                f"Listening on {self.host} lets other machines in: set TACTLINE_API_KEYS to one or more keys "
                "(16 characters or longer, commas between them), or listen on 127.0.0.1."
            )


def load(**given: object) -> Settings:
    """The settings of this process; `given` overrides the environment.

    Raises SettingsError naming the variable that is wrong, never its value.
    """
    try:
        return Settings(**{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        name = "TACTLINE_" + str(first["loc"][0]).upper()
        raise SettingsError(f"{name}: {first['msg']}") from None
