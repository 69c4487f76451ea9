"""The REST door: reviews, holds and the catalogue of guidelines, under /v1."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from app import logs, strings
from app.api import batch, holds, house, me
from app.api.access import Who, needs, principal
from app.api.answers import ReviewOut, body_of
from app.api.catalogue import Catalogue, catalogue
from app.api.problems import FieldError, Problem, ProblemDocument
from app.api.requests import JSON, body_schema, media_type, parse, problem_answers, reference
from app.api.reviewing import answer_to
from app.api.schemas import Asked, Options, RawOptions, ReviewIn
from app.api.wishing import asked_with, filled
from app.service import SMALL, Service, Shared
from app.tone.mail import NotAMail
from app.tone.types import LANGUAGES, Language
from app.wishes import wishes

MAIL = "message/rfc822"
log = logs.get(__name__)

# auto_error off: `principal` decides, this one only tells the OpenAPI document.
router = APIRouter(
    prefix="/v1",
    dependencies=[
        Depends(principal),
        Depends(HTTPBearer(auto_error=False, description="An API key, where any are set up.")),
    ],
    responses=problem_answers(401, 403, 500),
)


router.include_router(holds.router, dependencies=[Depends(needs("holds"))])
router.include_router(batch.router)
router.include_router(house.router)
router.include_router(me.router, dependencies=[Depends(needs("review"))])


async def _parsed(shared: Service, body: bytes) -> ReviewIn:
    """What was asked; read in a thread where that takes longer than to find one."""
    if len(body) <= SMALL:
        return parse(ReviewIn, body)
    return await shared.aside(lambda: parse(ReviewIn, body), placed=True)


@router.post(
    "/reviews",
    summary="Review a message",
    description="Takes a message with its circumstances as JSON, or a raw e-mail (`message/rfc822`, an .eml "
    "as any client saves it) with the circumstances in the query. Nothing of the message is kept or logged.",
    response_model=ReviewOut,
    dependencies=[Depends(needs("review"))],
    responses=problem_answers(400, 413, 415, 422, 503),
    openapi_extra=body_schema((JSON, reference(ReviewIn)), (MAIL, {"type": "string", "format": "binary"})),
)
async def create_review(
    request: Request, shared: Shared, who: Who, query: Annotated[RawOptions, Query()]
) -> Response:
    media = media_type(request, JSON, MAIL)
    shared.loaded()  # who cannot be served is told before a body is taken
    body = await request.body()
    preferred = strings.negotiate(request.headers.get("accept-language"))
    with shared.place() as engine:
        options: Options
        build: Callable[[dt.datetime], Asked]
        if media == JSON:
            _refuse_options(query)
            # The store is asked while the body is read, so that mostly nobody waits for it.
            incoming, wished = await asyncio.gather(_parsed(shared, body), wishes(shared, who.owner))
            incoming = filled(incoming, wished)
            options, build = incoming, incoming.ask
        else:
            wished = await wishes(shared, who.owner)
            raw = filled(query, wished)
            options, build = raw, lambda now: raw.ask(body, now)

        def work() -> tuple[bytes, Language]:
            try:
                asked = asked_with(build(options.moment()), options, wished)
            except NotAMail:
                raise Problem("not-a-mail") from None
            review, answer, language = answer_to(engine, options, asked, wished, preferred)
            if media == MAIL:
                answer = answer.model_copy(update={"body": body_of(review.document)})
            logs.event(
                log, "reviewed", language=review.language, direction=review.direction, bytes=len(body),
                findings=len(review.findings), elements=len(review.elements), holds=len(answer.holds),
            )  # fmt: skip
            return answer.model_dump_json(exclude_unset=True).encode(), language

        content, language = await shared.aside(work, placed=True)
    return Response(
        content, media_type=JSON, headers={"Content-Language": language, "Cache-Control": "no-store"}
    )


def _refuse_options(query: RawOptions) -> None:
    """Raises the 400 problem for what the query tells of a review that is asked for in JSON."""
    # Clients that are made of the OpenAPI document send the defaults along: these say nothing.
    known = RawOptions.model_fields.items()
    names = [name for name, field in known if getattr(query, name) != field.default]
    if names:
        raise Problem("bad-fields", [FieldError(f"#/{name}", "raw-only") for name in names])


class GuidelinesQuery(BaseModel):
    model_config = {"extra": "forbid"}
    language: Language | None = None


@router.get("/guidelines", summary="The catalogue of guidelines", responses=problem_answers(422, 503))
async def list_guidelines(
    request: Request, shared: Shared, query: Annotated[GuidelinesQuery, Query()]
) -> Catalogue:
    language = query.language or strings.negotiate(request.headers.get("accept-language")) or LANGUAGES[0]
    return catalogue(shared.loaded().guidance, language, shared.house.broken if shared.house else ())


SCHEMAS: tuple[type[BaseModel], ...] = (
    ReviewIn,
    batch.BatchLineIn,
    ProblemDocument,
    *holds.SCHEMAS,
    *me.SCHEMAS,
    *house.SCHEMAS,
)
"""Models that the OpenAPI document names and that no signature shows to FastAPI."""
