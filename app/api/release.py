"""Which holds that stand in the calendar the client's answer makes needless."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from app import strings
from app.api.schemas import Asked, HoldKind, StandingIn
from app.holds.slots import moot
from app.tone.types import Language, Review


class ReleaseOut(BaseModel):
    """A standing hold that may be let go; nothing is removed unasked."""

    event: str
    kind: HoldKind
    reason: str


def released(
    review: Review, standing: Sequence[StandingIn], asked: Asked, language: Language
) -> list[ReleaseOut]:
    """Which standing holds the client's message makes needless, and why."""
    if review.direction != "incoming":
        return []
    found = []
    for item in standing:
        why = moot(
            item.kind, item.times()[1], now=asked.request.now, temperature=review.temperature,
            situations=review.situations,
        )  # fmt: skip
        if why is not None:
            reason = strings.say(language, f"release.{why}")
            found.append(ReleaseOut(event=item.event, kind=item.kind, reason=reason))
    return found
