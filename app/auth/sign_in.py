"""Signing in at a terminal: what comes of it, and how it can fail, whoever the provider is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.errors import Provider, TactlineError

Failure = Literal[
    "no-client-id", "no-client-file", "bad-client-file", "no-extra", "sign-in-declined", "sign-in-refused",
    "no-public-client",
]  # fmt: skip
"""Why nobody is signed in; each is worded under `cli.error` in `app.strings`."""


@dataclass(frozen=True)
class Signed:
    """A user who is signed in: `token` is the provider's, for its calendar.

    `keep` is what signs them in silently the next time, None when what was kept still does.
    `user` tells users apart ("": not known), `personal` is True for a Microsoft account of nobody's
    directory.
    """

    token: str
    keep: bytes | None
    user: str = ""
    personal: bool = False

    def __repr__(self) -> str:
        return "Signed(...)"  # tokens stay out of tracebacks


class NotSignedIn(TactlineError):  # noqa: N818 - reads as what it says
    """Nobody is signed in. `code` is the provider's own short name for why, or ""; never its sentence."""

    def __init__(self, provider: Provider, why: Failure, code: str = "") -> None:
        super().__init__(f"{provider}: {why}{' ' * bool(code)}{code}")
        self.provider: Provider = provider
        self.why: Failure = why
        self.code = code
