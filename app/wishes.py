"""What a caller wants of every review: language, hours, and what is not to be told (again).

A review is never refused because of them: where the store fails, it is made without, and a note says so.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.service import Service
from app.store.dismissals import Words
from app.store.errors import StoreError
from app.tone import html, week
from app.tone.review import Request
from app.tone.types import LANGUAGES, Dismisses, Language, Note, Review
from app.tone.week import WorkingHours

_PATIENCE = 1.0  # seconds that a review waits for the store
LANGUAGE, HOURS, ZONE, MUTED = "language", "hours", "time_zone", "muted"
"""How what was chosen is called in the store. Days of `HOURS` are numbers, Monday being 0."""


@dataclass(frozen=True)
class Wishes:
    """What one caller has chosen; None where nothing was. `lost`: the store could not be asked."""

    language: Language | None = None
    hours: WorkingHours | None = None
    time_zone: str | None = None
    muted: frozenset[str] = frozenset()
    dismissed: Dismisses | None = field(default=None, repr=False)
    lost: bool = False

    def applied(self, request: Request, *, hours: bool = True) -> Request:
        """The request with these wishes; `hours` False where it came with working hours of its own."""
        return replace(
            request,
            hours=self.hours if hours and self.hours is not None else request.hours,
            muted=request.muted | self.muted,
            dismissed=self.dismissed,
        )

    def written(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """What the store is to have in place of `chosen`: these wishes, and what is there besides."""
        out = {name: value for name, value in chosen.items() if name not in (LANGUAGE, HOURS, ZONE, MUTED)}
        if self.language is not None:
            out[LANGUAGE] = self.language
        if self.hours is not None:
            clock = {"start": f"{self.hours.start:%H:%M}", "end": f"{self.hours.end:%H:%M}"}
            out[HOURS] = {"days": sorted(self.hours.days), **clock}
        if self.time_zone is not None:
            out[ZONE] = self.time_zone
        if self.muted:
            out[MUTED] = sorted(self.muted)
        return out

    def noted(self, review: Review) -> Review:
        """The review, with a note where it was made without the caller's wishes."""
        if not self.lost:
            return review
        return replace(review, notes=(*review.notes, Note("preferences-unavailable")))


async def wishes(shared: Service, owner: str) -> Wishes:
    """What the store holds of an owner (`Principal.owner`): one reading, at most a second, never an error.

    Use it once for a review or a batch: give the engine `wishes.applied(request)`, word
    `wishes.noted(review)`, and fill what the caller left out with `language` and `time_zone`
    (under /v1, `app.api.wishing` does all of it).
    """
    store = shared.gate.store
    if store is None:  # nothing was kept by a service that has not started
        return Wishes()
    try:
        chosen, dismissed = await asyncio.wait_for(store.wishes_of(owner), _PATIENCE)
    except (StoreError, TimeoutError):
        return Wishes(lost=True)
    if not dismissed:
        return read(chosen)
    return replace(read(chosen), dismissed=lambda guideline, quote: known_as(guideline, quote) in dismissed)


def read(chosen: Mapping[str, Any]) -> Wishes:
    """What was chosen, as the store has it; what makes no sense counts as not chosen."""
    language, zone, muted = chosen.get(LANGUAGE), chosen.get(ZONE), chosen.get(MUTED)
    return Wishes(
        language=language if language in LANGUAGES else None,
        hours=hours_of(chosen),
        time_zone=zone if isinstance(zone, str) and _is_zone(zone) else None,
        muted=frozenset(item for item in muted if isinstance(item, str))
        if isinstance(muted, list)
        else frozenset(),
    )


def hours_of(chosen: Mapping[str, Any]) -> WorkingHours | None:
    """The working hours among what was chosen; None when there are none that make sense."""
    try:
        given = chosen[HOURS]
        days = frozenset(int(day) for day in given["days"])
        return WorkingHours(days, dt.time.fromisoformat(given["start"]), dt.time.fromisoformat(given["end"]))
    except (KeyError, TypeError, ValueError):
        return None


def known_as(guideline: str, quote: str) -> Words:
    """What a dismissal of these words is known by. `quote` is a stretch of what was sent, text or HTML.

    The same words are the same again in text and in HTML, composed or not (NFC), and however the lines
    are broken.
    """
    seen = html.to_text(quote).text if "<" in quote or "&" in quote else quote
    folded = " ".join(unicodedata.normalize("NFC", seen).split())
    # A quote that is all markup is still told from another one.
    return guideline, folded or " ".join(unicodedata.normalize("NFC", quote).split())


def _is_zone(name: str) -> bool:
    try:
        week.zone(name)
    except ValueError:
        return False
    return True
