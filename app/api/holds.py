"""Holds under /v1: proposals into calendars, free slots, what stands, and undoing it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from app import logs, strings
from app.accounts import Account, bearer
from app.api.hold_schemas import (
    EnteredOut,
    HoldIn,
    HoldsQuery,
    SlotOut,
    SlotsIn,
    SlotsOut,
    StandingOut,
    StandingsOut,
)
from app.api.problems import FieldError, Problem
from app.api.requests import JSON, body_schema, media_type, parse, problem_answers, reference
from app.holds import ics, place, slots
from app.holds.calendar import Busy, Calendar, Marked
from app.holds.propose import thread_key
from app.service import Service, Shared
from app.store.errors import StoreError
from app.store.store import Done, OtherBody, Running
from app.tone import week

CALENDAR = "text/calendar"
router = APIRouter()
log = logs.get(__name__)
_FAULTS = problem_answers(400, 401, 403, 404, 412, 413, 415, 422, 429, 502, 503, 504)
_TOKEN_HEADER = {
    "name": "Calendar-Authorization",
    "in": "header",
    "schema": {"type": "string"},
    "description": "`Bearer` and the user's own Google or Graph token. Outlook's pane leaves it out.",
}
_KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 255},
    "description": "Any text of the caller's; the same key and body again get the same answer for a day.",
}


async def calendar_of(request: Request, shared: Service, account: Account, zone: str) -> Calendar:
    return await shared.accounts.calendar(
        account,
        own=bearer(request.headers.get("calendar-authorization")),
        ours=bearer(request.headers.get("authorization")),
        zone=week.zone(zone).key,
        now=dt.datetime.now(dt.UTC),
    )


@router.post(
    "/holds",
    summary="Put a hold into a calendar",
    description="`ics` answers a calendar file with the hold as a tentative event. `google` and `microsoft` "
    "make the event in the user's calendar, at the first free time when the one proposed is taken. "
    "The same hold always makes the same event.",
    response_class=Response,
    responses={
        200: {
            "description": "The event stood already, or the calendar file",
            "content": {CALENDAR: {"schema": {"type": "string"}}, JSON: {"schema": reference(EnteredOut)}},
        },
        201: {"description": "The event was made", "content": {JSON: {"schema": reference(EnteredOut)}}},
        **problem_answers(409),
        **_FAULTS,
    },
    openapi_extra={**body_schema((JSON, reference(HoldIn))), "parameters": [_TOKEN_HEADER, _KEY_HEADER]},
)
async def create_hold(request: Request, shared: Shared) -> Response:
    media_type(request, JSON)
    body = await request.body()
    asked = parse(HoldIn, body)
    marked = Marked(asked.link, asked.link_title)
    if asked.calendar == "ics":
        language = strings.negotiate(request.headers.get("accept-language")) or "en"
        content = await shared.aside(
            lambda: ics.calendar(
                [asked.hold.proposal()], now=dt.datetime.now(dt.UTC), lang=language, marked=marked
            )
        )
        name = f"tactline-{asked.hold.kind}.ics"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(content, media_type=CALENDAR, headers=headers)

    account: Account = asked.calendar

    async def work() -> Response:
        hold = asked.hold.proposal()
        calendar = await calendar_of(request, shared, account, hold.time_zone)
        entered = await place.enter(
            calendar, hold, marked, now=asked.moment(), hours=asked.hours(), move=asked.when_taken == "move"
        )
        answer = EnteredOut.of(entered, account, asked.hold)
        logs.event(
            log, "hold", calendar=account, kind=hold.kind, created=entered.created, moved=entered.moved,
            clash=entered.clash,
        )  # fmt: skip
        return _json(answer, 201 if entered.created else 200)

    return await _once(request, shared, body, work)


async def _once(
    request: Request, shared: Service, body: bytes, work: Callable[[], Awaitable[Response]]
) -> Response:
    """Do the work, or answer as it was answered under the same Idempotency-Key.

    A failure is not kept: asked again, the work is done. Keys of different callers are apart.
    """
    given = request.headers.get("idempotency-key")
    if given is None:
        return await work()
    if not 1 <= len(given) <= 255:
        raise Problem("bad-fields", [FieldError("#/Idempotency-Key", "too-long", {"most": "255"})])
    who = [request.headers.get(name, "") for name in ("authorization", "calendar-authorization")]
    key = "\0".join(("POST /v1/holds", *who, given))
    begun = await shared.store.begin(key, body, dt.datetime.now(dt.UTC))
    if isinstance(begun, Running):
        raise Problem("still-running", headers={"Retry-After": "1"})
    if isinstance(begun, OtherBody):
        raise Problem("key-reused")
    if isinstance(begun, Done):
        return Response(begun.body, begun.status, begun.headers, begun.media_type)
    try:
        answer = await work()
    except BaseException:
        with suppress(StoreError):  # what went wrong first is what is told
            await shared.store.abandon(key, begun)
        raise
    now, headers = dt.datetime.now(dt.UTC), {"Cache-Control": "no-store"}
    try:
        await shared.store.finish(key, answer.status_code, JSON, bytes(answer.body), headers, now, begun)
    except StoreError as error:
        # The event stands, so that nobody is to hear that nothing was changed. Asked again, it is found.
        logs.event(log, "an answer was not kept", level=30, error=error)
        with suppress(StoreError):
            await shared.store.abandon(key, begun)
    return answer


@router.post(
    "/holds/slots",
    summary="Free slots for a hold",
    description="The first free times in the working hours. With `start`, whether that very time is taken.",
    responses={200: {"model": SlotsOut}, **_FAULTS},
    openapi_extra={**body_schema((JSON, reference(SlotsIn))), "parameters": [_TOKEN_HEADER]},
    response_class=Response,
)
async def find_slots(request: Request, shared: Shared) -> Response:
    media_type(request, JSON)
    asked = parse(SlotsIn, await request.body())
    now, minutes = asked.moment(), asked.minutes()
    after = max(now, asked.after) if asked.after else now
    busy: tuple[Busy, ...] = ()
    partial, clash = False, None  # type: bool, bool | None
    if asked.calendar != "ics":
        calendar = await calendar_of(request, shared, asked.calendar, asked.time_zone)
        known = await calendar.availability(after, after + slots.HORIZON)
        busy, partial = known.busy, known.partial
        if asked.start is not None:
            beside = await calendar.availability(asked.start, week.later(asked.start, minutes))
            clash, partial = bool(beside.busy), partial or beside.partial
    elif asked.start is not None:
        clash = False
    found = await shared.aside(
        lambda: slots.free(
            asked.kind, busy, after=after, hours=asked.hours(), where=week.zone(asked.time_zone),
            minutes=minutes, before=asked.before, count=asked.count,
        )
    )  # fmt: skip
    free = [SlotOut(start=start.isoformat(), end=end.isoformat()) for start, end in found]
    return _json(
        SlotsOut(slots=free, clash=clash, partial=partial, time_zone=week.zone(asked.time_zone).key), 200
    )


@router.get(
    "/holds",
    summary="Holds of a thread",
    description="The events that this service made for a thread, with what clashes with them by now.",
    responses={200: {"model": StandingsOut}, **_FAULTS},
    openapi_extra={"parameters": [_TOKEN_HEADER]},
    response_class=Response,
)
async def list_holds(request: Request, shared: Shared, query: Annotated[HoldsQuery, Query()]) -> Response:
    calendar = await calendar_of(request, shared, query.calendar, query.time_zone)
    found = await place.standing(
        calendar, query.key(thread_key), now=query.moment(), hours=week.default_hours(query.time_zone),
        zone=query.time_zone,
    )  # fmt: skip
    return _json(
        StandingsOut(
            holds=[StandingOut.of(item, query.calendar, week.zone(query.time_zone)) for item in found]
        ),
        200,
    )


@router.delete(
    "/holds/{calendar}/{event}",
    summary="Undo a hold",
    description="Removes an event that this service made, and no other.",
    status_code=204,
    responses=_FAULTS,
    openapi_extra={"parameters": [_TOKEN_HEADER]},
    response_class=Response,
)
async def undo_hold(request: Request, shared: Shared, calendar: Account, event: str) -> Response:
    found = await calendar_of(request, shared, calendar, "UTC")
    await found.delete(event)
    logs.event(log, "hold undone", calendar=calendar)
    return Response(status_code=204)


def _json(answer: BaseModel, status: int) -> Response:
    return Response(
        answer.model_dump_json(exclude_none=True).encode(), status, {"Cache-Control": "no-store"}, JSON
    )


SCHEMAS: tuple[type[BaseModel], ...] = (HoldIn, SlotsIn, EnteredOut)
"""Models that the OpenAPI document names and that no signature shows to FastAPI."""
