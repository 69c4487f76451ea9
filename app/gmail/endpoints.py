"""The one endpoint of the Gmail add-on: who calls is proved before anything is read.

Whatever happens after that is a card in the user's language with status 200; a caller that is not
Google gets 401 and nothing else.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import anyio
from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from app import logs
from app.accounts import Addon, bearer
from app.auth import google
from app.auth.google import AddonUser
from app.auth.keys import BadToken, KeysUnavailable
from app.gmail import cards
from app.gmail.door import SECONDS, Door
from app.gmail.events import Event, NotAnEvent, read
from app.service import Busy, Shared

log = logs.get(__name__)
router = APIRouter(include_in_schema=False)
TRIGGERS = frozenset(("home", "message", "compose"))
_TYPED = frozenset(("review", "apply"))  # clicks that bring a text of the user's, which no failure may lose
CLICKS = frozenset(("open", "review", "apply", "add", "undo", "reply", "settings", "refresh"))


@router.post("/gmail")
async def gmail(request: Request, shared: Shared) -> Response:
    addon = shared.gate.accounts.addon if shared.gate.accounts is not None else None
    if addon is None:
        return Response(status_code=404)
    now, begun = dt.datetime.now(dt.UTC), time.monotonic()
    token = bearer(request.headers.get("authorization"))
    allowed = google.audiences(addon.url, request.url.query)
    try:
        if token is None:
            return Response(status_code=401)
        await google.verify_system(token, allowed, addon.service_account, addon.keys, now)
    except BadToken:
        return Response(status_code=401)
    except KeysUnavailable:
        return Response(status_code=503)
    try:
        event = read(await request.body())
    except NotAnEvent:
        return Response(status_code=400)
    do, clicked = _wanted(event, request.query_params.get("do", ""))
    door = Door(shared, addon, event, await _user(event, addon, now), now)
    # Fetching Google's keys, once a day, takes from the same time.
    answer = await _within(door, do, clicked, max(1.0, SECONDS - (time.monotonic() - begun)))
    logs.event(log, "gmail", do=do, language=door.language)
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


def _wanted(event: Event, query: str) -> tuple[str, bool]:
    """What is to be done, and whether it is a click. Platforms differ: what is not told is guessed."""
    do = event.parameters.get("do", "")
    if do in CLICKS:
        return do, True
    if query in TRIGGERS:
        return query, False
    return ("message" if event.message_id else "home"), False


async def _user(event: Event, addon: Addon, now: dt.datetime) -> AddonUser | None:
    """The user, None when the event proves none: consent comes in steps, and the first calls may lack it."""
    if event.user_id_token is None:
        return None
    try:
        return await google.verify_user(event.user_id_token, addon.client_id, addon.keys, now)
    except (BadToken, KeysUnavailable):
        return None


async def _within(door: Door, do: str, clicked: bool, seconds: float) -> dict[str, Any]:
    """The answer in time, or a card that says that it was not."""
    wrap = cards.click if clicked else cards.trigger
    try:
        with anyio.fail_after(seconds):
            await door.prepare()
            answer: dict[str, Any] = await getattr(door, do)()
            return answer
    except (TimeoutError, Busy):
        if do in _TYPED:
            return wrap(door.unanswered("slow"))
        again = "refresh" if do in TRIGGERS else do
        return wrap(cards.slow_card(door.look, again, _kept(door.event)))
    except Exception as error:
        logs.event(log, "unexpected error", level=40, error=error)
        if do in _TYPED:
            return wrap(door.unanswered("failed"))
        return wrap(cards.error_card(door.look, "internal"))


def _kept(event: Event) -> dict[str, str]:
    """The click's own parameters, so that it can be tried again."""
    names = ("hold", "kind", "event", "start", "end", "thread", "seen")
    return {name: event.parameters[name] for name in names if name in event.parameters}
