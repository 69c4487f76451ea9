"""API keys: who may call /v1 when keys are set up."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Literal


def check(authorization: str | None, keys: Iterable[str]) -> Literal["ok", "no-key", "wrong-key"]:
    """Whether an Authorization header carries one of the keys as a bearer token (RFC 6750, 2.1).

    Compares in constant time, and with every key, so that timing tells nothing of them.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return "no-key"
    given = token.strip().encode("utf-8", "surrogateescape")
    matches = [hmac.compare_digest(given, key.encode()) for key in keys]
    return "ok" if any(matches) else "wrong-key"
