"""The card preview, `GET /preview/gmail`: every card of the add-on without Gmail, for whoever works on it.

Invented mails are reviewed by the engine at a fixed time; no calendar, no mailbox and no token comes
in. It is there while one develops: on loopback, without API keys (`Service.preview`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse

from app import service
from app.gmail import cards, preview_html
from app.gmail.cards import CalendarState, ComposeView, HoldRow, HomeView, MessageView
from app.gmail.preview_mails import MAILS
from app.gmail.widgets import Card
from app.holds.propose import Hold, propose
from app.service import Engine, Service
from app.tone import review as tone
from app.tone.mail import read_text
from app.tone.types import LANGUAGES, Direction, Language, Review
from app.tone.week import default_hours

MORNING = dt.datetime(2026, 11, 10, 10, 20)
"""The time of every sample, a Tuesday morning, in the sample's own zone."""
_EVENT = "https://www.google.com/calendar/event?eid=sample"


async def _developing(request: Request) -> Service:
    """The service. Raises HTTPException: to anyone but a developer this page does not exist."""
    shared = service.of(request)
    if not shared.preview:
        raise HTTPException(404)
    return shared


router = APIRouter(include_in_schema=False, prefix="/preview")
Shared = Annotated[Service, Depends(_developing)]


@router.get("/gmail")
async def gmail(
    request: Request, shared: Shared, lang: str = "en", state: str = "message-hostile", mail: str = ""
) -> HTMLResponse:
    """`lang` is the interface's language, `mail` the mail's (the same, unless it is given)."""
    language, written = _language(lang), _language(mail or lang)
    if state not in STATES:
        raise HTTPException(404)
    engine = shared.loaded()
    base = str(request.base_url).rstrip("/")
    scene = Scene(engine, language, written, base)
    card = await shared.aside(lambda: STATES[state](scene))
    html = preview_html.page(card, language=language, state=state, pickers=_pickers(language, written, state))
    return HTMLResponse(html, headers={"Cache-Control": "no-cache", "Content-Language": language})


@router.get("/gmail.css")
async def style(_: Shared) -> FileResponse:
    return FileResponse(
        Path(__file__).parent / "preview.css", media_type="text/css", headers={"Cache-Control": "no-cache"}
    )


def _language(given: str) -> Language:
    for code in LANGUAGES:
        if code == given:
            return code
    raise HTTPException(404)


def _pickers(
    language: Language, written: Language, state: str
) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    # Choosing a language takes the mail's along; only choosing the mail's parts them.
    apart = {"mail": written} if written != language else {}
    here = {"lang": language, "state": state}
    links: dict[str, list[tuple[dict[str, str], str, bool]]] = {
        "lang": [({"lang": code, "state": state}, code, code == language) for code in LANGUAGES],
        "mail": [({**here, "mail": code}, code, code == written) for code in LANGUAGES],
        "state": [({**here, "state": name, **apart}, name, name == state) for name in STATES],
    }
    return [
        (name, [("?" + urlencode(query), label, current) for query, label, current in found])
        for name, found in links.items()
    ]


@dataclass(frozen=True)
class Scene:
    """What a sample card is made of: the engine, the interface's and the mail's language, our address."""

    engine: Engine
    language: Language
    written: Language
    base: str

    @property
    def zone(self) -> str:
        return MAILS[self.written].zone

    @property
    def now(self) -> dt.datetime:
        return MORNING.replace(tzinfo=ZoneInfo(self.zone))

    @property
    def look(self) -> cards.Look:
        return cards.Look(self.language, f"{self.base}/gmail", self.base, self.zone, MORNING.date())

    def review(self, direction: Direction, text: str) -> Review:
        message = tone.Message(direction, read_text(text))
        return self.engine.review(tone.Request(message=message, now=self.now, hours=default_hours(self.zone)))

    def holds(self, review: Review) -> tuple[Hold, ...]:
        guidance = self.engine.guidance
        return propose(
            review, now=self.now, zone=self.zone, hours=default_hours(self.zone),
            words=guidance.holds[self.language], sources=guidance.hold_sources, thread="sample",
            situations=review.heard,
        )  # fmt: skip

    def message(
        self,
        text: str,
        direction: Direction = "incoming",
        *rows: Mapping[str, Any],
        calendar: CalendarState = "ready",
    ) -> Card:
        """The card of an open message; `rows` say how its first holds stand."""
        found = self.review(direction, text)
        proposed = [HoldRow(hold) for hold in self.holds(found)]
        stand = [
            replace(row, **rows[place]) if place < len(rows) else row for place, row in enumerate(proposed)
        ]
        view = MessageView(found, tuple(stand), self.engine.guidance, calendar, direction == "incoming")
        return cards.message_card(self.look, view)

    def compose(self, text: str) -> Card:
        found = self.review("outgoing", text) if text else None
        return cards.compose_card(self.look, ComposeView(text, found, None, self.engine.guidance, True))

    def home(self) -> Card:
        open_holds = self.holds(self.review("incoming", MAILS[self.written].hostile))
        rows = tuple(HoldRow(hold, "added", _EVENT, "sample") for hold in open_holds)
        return cards.home_card(self.look, HomeView(rows, None, default_hours(self.zone), "ready"))


_ADDED: dict[str, Any] = {"state": "added", "url": _EVENT, "undo": "sample"}
STATES: Mapping[str, Callable[[Scene], Card]] = {
    "message-calm": lambda scene: scene.message(MAILS[scene.written].calm),
    "message-hostile": lambda scene: scene.message(MAILS[scene.written].hostile),
    "message-holds": lambda scene: scene.message(
        MAILS[scene.written].hostile, "incoming", _ADDED, {**_ADDED, "moved": True}, {**_ADDED, "clash": True}
    ),
    "message-sent": lambda scene: scene.message(
        MAILS[scene.written].draft, "outgoing", _ADDED, {"state": "undone"}, {"state": "failed"}
    ),
    "needs-consent": lambda scene: scene.message(MAILS[scene.written].hostile, calendar="needs-consent"),
    "compose-empty": lambda scene: scene.compose(""),
    "compose-findings": lambda scene: scene.compose(MAILS[scene.written].draft),
    "home": Scene.home,
    "wait": lambda scene: cards.wait_card(scene.look),
    "slow": lambda scene: cards.slow_card(scene.look, "refresh"),
    "error": lambda scene: cards.error_card(scene.look, "unavailable"),
}
"""The states of the cards by the name that `?state=` calls them."""
