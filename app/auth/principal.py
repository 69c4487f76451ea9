"""Who a request comes from, and what they may do: whatever proved it, the doors see this alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Scope = Literal["review", "holds", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""`review` reads and reviews, `holds` reaches calendars, `admin` changes the organisation's guidelines."""


@dataclass(frozen=True, slots=True)
class Principal:
    """`owner` tells in the store whose rows are whose; it is never logged. `limited` is what the rate limit
    counts by, None where nothing is counted; `program` tells a key, which may speak for many people."""

    owner: str
    scopes: frozenset[Scope]
    limited: str | None = None
    program: bool = False

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes


LOCAL = Principal("local", frozenset(SCOPES), program=True)
"""Whoever calls a service that listens on this machine alone and asks for no key."""
