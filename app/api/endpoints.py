"""The REST door: reviews, holds and the catalogue of guidelines, under /v1."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ValidationError

from app import logs, service, strings
from app.api import problems
from app.api.answers import ReviewOut, answered, body_of, explained_in
from app.api.catalogue import Catalogue, catalogue
from app.api.problems import FieldError, Problem, ProblemDocument
from app.api.schemas import Asked, HoldIn, Options, RawOptions, ReviewIn
from app.auth import api_key
from app.holds import ics
from app.service import Service
from app.tone.mail import NotAMail
from app.tone.types import LANGUAGES, Language

JSON = "application/json"
MAIL = "message/rfc822"
CALENDAR = "text/calendar"
log = logs.get(__name__)
M = TypeVar("M", bound=BaseModel)


Shared = Annotated[Service, Depends(service.of)]


def caller(request: Request, shared: Shared) -> None:
    """Let the request pass when no keys are set up, or when it carries one."""
    if shared.keys:
        verdict = api_key.check(request.headers.get("authorization"), shared.keys)
        if verdict != "ok":
            realm = 'Bearer realm="tactline"' + (', error="invalid_token"' if verdict == "wrong-key" else "")
            raise Problem(verdict, headers={"WWW-Authenticate": realm})


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    words = {s: strings.say("en", f"problem.{code}.title") for code, s in reversed(problems.STATUS.items())}
    return {
        s: {"description": words[s], "content": {problems.MEDIA_TYPE: {"schema": schema}}} for s in statuses
    }


# auto_error off: `caller` decides, this one only tells the OpenAPI document.
router = APIRouter(
    prefix="/v1",
    dependencies=[
        Depends(caller),
        Depends(HTTPBearer(auto_error=False, description="An API key, where any are set up.")),
    ],
    responses=_problems(401, 403, 500),
)


def media_type(request: Request, *allowed: str) -> str:
    """The body's media type. Raises the 415 problem when it is not an allowed one."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in allowed:
        raise Problem("wrong-content-type", headers={"Accept": ", ".join(allowed)}, types=" | ".join(allowed))
    return given


def parse(model: type[M], body: bytes) -> M:
    """A JSON body as `model`. Raises the 400 or 422 problem."""
    try:
        return model.model_validate_json(body.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        raise problems.from_validation(error.errors(include_url=False, include_input=False)) from None


def _body(*contents: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "requestBody": {
            "required": True,
            "content": {media: {"schema": schema} for media, schema in contents},
        }
    }


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


@router.post(
    "/reviews",
    summary="Review a message",
    description="Takes a message with its circumstances as JSON, or a raw e-mail (`message/rfc822`, an .eml "
    "as any client saves it) with the circumstances in the query. Nothing of the message is kept or logged.",
    response_model=ReviewOut,
    responses=_problems(400, 413, 415, 422, 503),
    openapi_extra=_body((JSON, _ref(ReviewIn)), (MAIL, {"type": "string", "format": "binary"})),
)
async def create_review(request: Request, shared: Shared, query: Annotated[RawOptions, Query()]) -> Response:
    media = media_type(request, JSON, MAIL)
    engine = shared.loaded()
    body = await request.body()
    options: Options = query
    build: Callable[[dt.datetime], Asked]
    if media == JSON:
        if request.query_params:
            names = [name for name in RawOptions.model_fields if name in request.query_params]
            raise Problem("bad-fields", [FieldError(f"#/{name}", "raw-only") for name in names])
        incoming = await shared.aside(lambda: parse(ReviewIn, body))
        options, build = incoming, incoming.ask
    else:
        build = lambda now: query.ask(body, now)  # noqa: E731 - reads best beside its twin
    preferred = options.explain_in or strings.negotiate(request.headers.get("accept-language"))

    def work() -> tuple[bytes, Language]:
        try:
            asked = build(options.moment())
        except NotAMail:
            raise Problem("not-a-mail") from None
        review = engine.review(asked.request)
        language = explained_in(review, preferred)
        answer = answered(review, engine.guidance, asked, options, language)
        if media == MAIL:
            answer = answer.model_copy(update={"body": body_of(review.document)})
        logs.event(
            log, "reviewed", language=review.language, direction=review.direction, bytes=len(body),
            findings=len(review.findings), elements=len(review.elements), holds=len(answer.holds),
        )  # fmt: skip
        return answer.model_dump_json(exclude_unset=True).encode(), language

    content, language = await shared.aside(work)
    return Response(
        content, media_type=JSON, headers={"Content-Language": language, "Cache-Control": "no-store"}
    )


@router.post(
    "/holds",
    summary="Put a hold into a calendar",
    description="`ics` answers a calendar file with the hold as a tentative event. "
    "The same hold always makes the same event.",
    response_class=Response,
    responses={
        200: {"description": "The calendar file", "content": {CALENDAR: {"schema": {"type": "string"}}}},
        **_problems(400, 413, 415, 422),
    },
    openapi_extra=_body((JSON, _ref(HoldIn))),
)
async def create_hold(request: Request, shared: Shared) -> Response:
    media_type(request, JSON)
    body = await request.body()
    asked = parse(HoldIn, body)
    if asked.calendar != "ics":
        raise Problem("bad-fields", [FieldError("#/calendar", "calendar")])
    language = strings.negotiate(request.headers.get("accept-language")) or "en"
    content = await shared.aside(
        lambda: ics.calendar([asked.hold.proposal()], now=dt.datetime.now(dt.UTC), lang=language)
    )
    name = f"tactline-{asked.hold.kind}.ics"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=CALENDAR, headers=headers)


class GuidelinesQuery(BaseModel):
    model_config = {"extra": "forbid"}
    language: Language | None = None


@router.get("/guidelines", summary="The catalogue of guidelines", responses=_problems(422, 503))
async def list_guidelines(
    request: Request, shared: Shared, query: Annotated[GuidelinesQuery, Query()]
) -> Catalogue:
    language = query.language or strings.negotiate(request.headers.get("accept-language")) or LANGUAGES[0]
    return catalogue(shared.loaded().guidance, language)


SCHEMAS: tuple[type[BaseModel], ...] = (ReviewIn, HoldIn, ProblemDocument)
"""Models that the OpenAPI document names and that no signature shows to FastAPI."""
