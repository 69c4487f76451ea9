"""How the service is set up: environment variables that start with `TACTLINE_`.

The table in README.md is made of their descriptions: `tactline settings --write README.md`.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import limits
from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app import settings_files
from app.errors import SettingsError

MEBIBYTE = 1024 * 1024
_ORIGIN = r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{2,5})?"


def _limit(value: str) -> str:
    if value:
        try:
            (limit,) = limits.parse_many(value)
        except ValueError:
            raise ValueError("a limit reads like 600/minute") from None
        if limit.amount < 1:
            raise ValueError("a limit of none would let nobody in; empty means no limit")
    return value


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
    rate_limit: Annotated[str, AfterValidator(_limit)] = Field(
        default="600/minute",
        description="Most requests of a key or a signed-in user, each mail of a batch one. Empty: no limit. "
        "Nothing is counted where no key is needed.",
    )
    rate_limit_address: Annotated[str, AfterValidator(_limit)] = Field(
        default="1200/minute", description="Most requests of an address (IPv6: of a network of 64 bits)."
    )
    rate_limit_denied: Annotated[str, AfterValidator(_limit)] = Field(
        default="30/minute", description="Most wrong keys of an address; then it has to wait."
    )
    rate_limit_url: SecretStr = Field(
        default=SecretStr(""),
        description="Where requests are counted for all copies of the service: `redis://...`. Empty: each "
        "process counts for itself.",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are "
        "believed. Empty: of none.",
    )
    max_bytes: int = Field(
        default=MEBIBYTE, ge=1024, le=64 * MEBIBYTE, description="Largest request body, in bytes."
    )
    workers: int = Field(
        default=1, ge=1, le=64, description="Processes that share the port; each has the model in memory."
    )
    drain_seconds: int | None = Field(
        default=None,
        ge=0,
        le=600,
        description="Seconds between SIGTERM, when `/readyz` turns to 503, and the end of new connections. "
        "Empty: 5, and none on loopback.",
    )
    keep_alive: int | None = Field(
        default=None,
        ge=1,
        le=3600,
        description="Seconds that a connection stays open for another request. A balancer that keeps its own "
        "longer sends into closed ones. Empty: 75, and 5 on loopback.",
    )
    threads: int = Field(
        default=0,
        ge=0,
        le=256,
        description="Reviews that run at once in a process; 0: cores divided by `workers`.",
    )
    queue: int = Field(
        default=100,
        ge=0,
        le=10_000,
        description="Reviews that may wait for a thread in a process; more are answered 503 at once.",
    )
    longest_wait: float = Field(
        default=4,
        gt=0,
        le=600,
        description="Seconds that a review may have to wait, by how long the last ones took; one that would "
        "wait longer is answered 503 at once, so that nobody waits for an answer that comes too late.",
    )

    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="Where sign-ins, preferences and answers to repeated requests are kept, encrypted: "
        "`sqlite:///PATH`, `postgresql://...`, or `sqlite://` for memory, gone with the process. "
        "Empty: a file in the user's state folder.",
    )
    migrate: Literal["start", "command"] = Field(
        default="start",
        description="When the database's tables are brought up to this version: at the start, or only by "
        "`tactline migrate`.",
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
        "languagetool_origins", "trusted_proxies", mode="before",
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

    @field_validator(
        "guidance_dir",
        "entra_certificate",
        "google_client_file",
        "drain_seconds",
        "keep_alive",
        mode="before",
    )
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

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ipaddress.ip_network(network)
            except ValueError:
                raise ValueError("each is an address or a network, like 10.0.0.0/8") from None
        return value

    @field_validator("rate_limit_url")
    @classmethod
    def _redis(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not value.get_secret_value().startswith(("redis://", "rediss://")):
            raise ValueError("it begins with redis:// or rediss://")
        return value

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

    def check_reachable(self, *, keyed: bool = False) -> None:
        """Raise SettingsError when the service would be open to others without a key; `keyed`: the store
        holds one."""
        if not self.loopback and not self.api_keys and not keyed:
            raise SettingsError(
                f"Listening on {self.host} lets other machines in: make a key with `tactline keys create`, "
                "or set TACTLINE_API_KEYS to one or more keys (16 characters or longer, commas between "
                "them), or listen on 127.0.0.1."
            )


def load(**given: object) -> Settings:
    """The settings of this process; `given` overrides the environment, and that the files.

    A folder may hold a file for each setting, named as its variable in small letters (app.settings_files).
    Raises SettingsError naming the variable that is wrong, never its value.
    """
    settings_files.files(Settings.model_fields)
    chosen: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    try:
        return Settings(_secrets_dir=settings_files.folders(), **chosen)  # type: ignore[call-arg]
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        name = "TACTLINE_" + str(first["loc"][0]).upper()
        raise SettingsError(f"{name}: {first['msg']}") from None
