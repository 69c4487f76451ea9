"""What the caller has chosen, under /v1: `me` with preferences, and dismissals of findings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, StringConstraints, ValidationError
from pydantic_core import from_json

from app.api import problems
from app.api.access import Who
from app.api.problems import FieldError, Problem
from app.api.requests import JSON, body_schema, media_type, parse, problem_answers, reference
from app.api.schemas import DAYS, HoursIn, Strict, ZoneName
from app.service import Shared
from app.tone.types import Language
from app.wishes import Wishes, known_as, read

MERGE = "application/merge-patch+json"
_MOST_MUTED = 200
router = APIRouter()
GuidelineId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


class PreferencesIn(Strict):
    """What a caller can choose. Whatever a review's request names itself counts before it."""

    language: Language | None = Field(default=None, description="In place of `explain_in`.")
    working_hours: HoursIn | None = Field(default=None, description="The hours in which holds are proposed.")
    time_zone: ZoneName | None = Field(default=None, description="IANA name or Windows name.")
    muted: list[GuidelineId] = Field(
        default=[], max_length=_MOST_MUTED, description="Ids of guidelines that are not to be judged."
    )


class HoursOut(BaseModel):
    """The caller's working hours, in `time_zone`."""

    days: list[str]
    start: str
    end: str


class MeOut(BaseModel):
    """What is kept of the caller; null where nothing was chosen."""

    language: Language | None
    working_hours: HoursOut | None
    time_zone: str | None
    muted: list[str] = Field(description="Ids of guidelines that are not judged.")
    dismissals: int = Field(ge=0, description="How many findings they do not want to see again.")


class DismissalIn(Strict):
    """A finding that the caller does not want to see again, or wants to see again."""

    guideline: GuidelineId
    quote: Annotated[str, StringConstraints(min_length=1, max_length=100_000)] = Field(
        description="The finding's `quote`. It is kept as a digest only, and known again in HTML, in plain "
        "text and with its lines broken elsewhere."
    )


@router.get("/me", summary="What is kept of the caller", responses=problem_answers(503))
async def get_me(shared: Shared, who: Who, response: Response) -> MeOut:
    response.headers["Cache-Control"] = "no-store"
    chosen = await shared.store.preferences_of(who.owner)
    return _out(chosen, await shared.store.dismissals.count(who.owner))


@router.patch(
    "/me",
    summary="Choose",
    description="A JSON merge patch (RFC 7396): what is left out stays, null takes away.",
    response_model=MeOut,
    responses=problem_answers(400, 413, 415, 422, 503),
    openapi_extra=body_schema((MERGE, reference(PreferencesIn)), (JSON, reference(PreferencesIn))),
)
async def patch_me(request: Request, shared: Shared, who: Who, response: Response) -> MeOut:
    media_type(request, MERGE, JSON)
    patch = _json(await request.body())
    known = shared.loaded().guidance.guidelines

    def change(chosen: Mapping[str, Any]) -> Mapping[str, Any]:
        shown = _out(chosen, 0).model_dump(exclude={"dismissals"}, exclude_none=True)
        given = _checked(merged(shown, patch))
        # One that was muted before it was removed may stay; a new one is to be no typing error.
        unknown = set(given.muted) - known.keys() - read(chosen).muted
        if unknown:
            at = next(n for n, name in enumerate(given.muted) if name in unknown)
            raise Problem("bad-fields", [FieldError(f"#/muted/{at}", "guideline")])
        hours = given.working_hours.hours() if given.working_hours else None
        return Wishes(given.language, hours, given.time_zone, frozenset(given.muted)).written(chosen)

    chosen = await shared.store.change_preferences(who.owner, change, dt.datetime.now(dt.UTC))
    response.headers["Cache-Control"] = "no-store"
    return _out(chosen, await shared.store.dismissals.count(who.owner))


@router.delete(
    "/me",
    summary="Forget the caller",
    description="Removes preferences, dismissals and sign-ins.",
    status_code=204,
    responses=problem_answers(503),
)
async def delete_me(shared: Shared, who: Who) -> Response:
    await shared.store.forget(who.owner)
    return Response(status_code=204)


_DISMISSAL: dict[str, Any] = {
    "status_code": 204,
    "responses": problem_answers(400, 413, 415, 422, 503),
    "openapi_extra": body_schema((JSON, reference(DismissalIn))),
    "response_class": Response,
}


@router.put("/dismissals", summary="Dismiss a finding", **_DISMISSAL)
async def put_dismissal(request: Request, shared: Shared, who: Who) -> Response:
    media_type(request, JSON)
    words = parse(DismissalIn, await request.body())
    if words.guideline not in shared.loaded().guidance.guidelines:
        raise Problem("bad-fields", [FieldError("#/guideline", "guideline")])
    known = known_as(words.guideline, words.quote)
    await shared.store.dismissals.add(who.owner, known, dt.datetime.now(dt.UTC))
    return Response(status_code=204)


@router.delete("/dismissals", summary="Show a finding again", **_DISMISSAL)
async def delete_dismissal(request: Request, shared: Shared, who: Who) -> Response:
    media_type(request, JSON)
    words = parse(DismissalIn, await request.body())
    await shared.store.dismissals.remove(who.owner, known_as(words.guideline, words.quote))
    return Response(status_code=204)


def merged(target: Any, patch: Any) -> Any:
    """`target` after a JSON merge patch (RFC 7396, 2)."""
    if not isinstance(patch, dict):
        return patch
    out = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            out.pop(name, None)
        else:
            out[name] = merged(out.get(name), value)
    return out


def _json(body: bytes) -> Any:
    try:
        return from_json(body.removeprefix(b"\xef\xbb\xbf"), allow_inf_nan=False)
    except ValueError:
        raise Problem("not-json") from None


def _checked(document: Any) -> PreferencesIn:
    try:
        return PreferencesIn.model_validate(document)
    except ValidationError as error:
        raise problems.from_validation(error.errors(include_url=False, include_input=False)) from None


def _out(chosen: Mapping[str, Any], dismissals: int) -> MeOut:
    kept = read(chosen)
    hours = None
    if kept.hours is not None:
        days = [DAYS[day] for day in sorted(kept.hours.days)]
        hours = HoursOut(days=days, start=f"{kept.hours.start:%H:%M}", end=f"{kept.hours.end:%H:%M}")
    return MeOut(
        language=kept.language, working_hours=hours, time_zone=kept.time_zone, muted=sorted(kept.muted),
        dismissals=dismissals,
    )  # fmt: skip


SCHEMAS: tuple[type[BaseModel], ...] = (PreferencesIn, DismissalIn)
"""Models that the OpenAPI document names and that no signature shows to FastAPI."""
