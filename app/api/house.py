"""The organisation's own guidelines under /v1, and its changes of built-in ones: for administrators."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field, StringConstraints, ValidationError
from pydantic_core import from_json

from app import logs
from app.api import problems
from app.api.access import needs
from app.api.answers import ReviewOut, answered
from app.api.me import MERGE, merged
from app.api.problems import FieldError, Problem
from app.api.requests import JSON, body_schema, media_type, parse, problem_answers, reference
from app.api.schemas import Asked, Options, Strict
from app.errors import GuidanceError
from app.guidance.house import Adjustment, Entry, GuidelineData, unknown_words
from app.guidance.schema import Guidance
from app.house import House, TooManyEntries
from app.service import NotReady, Service, Shared
from app.tone.mail import read_text
from app.tone.proofs import GAPS, Failure, Proof, flaws
from app.tone.review import Engine, Message
from app.tone.review import Request as Asking
from app.tone.types import Direction, Language
from app.tone.week import default_hours

log = logs.get(__name__)
router = APIRouter()
GuidelineId = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
TRIED = "guideline-on-trial"
_ADMIN = [Depends(needs("admin"))]
_FAULTS = problem_answers(400, 404, 413, 415, 422, 503)


class FailedOut(BaseModel):
    """An example that does not come out as it says."""

    pointer: str = Field(description="Where it stands in what was sent (RFC 6901, as a URI fragment).")
    failure: Failure


class ExamplesOut(BaseModel):
    """How the examples came out."""

    passed: int = Field(description="Sentences of rules, moves, inserts and near misses that came out.")
    failed: list[FailedOut]
    learnt: int = Field(description="Positive examples that the guideline finds, of `taught`.")
    taught: int

    @classmethod
    def of(cls, proof: Proof) -> ExamplesOut:
        failed = [FailedOut(pointer=item.pointer, failure=item.failure) for item in proof.failed]
        return cls(passed=proof.passed, failed=failed, learnt=proof.learnt, taught=proof.taught)


class HouseGuidelineOut(BaseModel):
    """A guideline with all its data, as it is in force."""

    id: str
    house: bool = Field(description="Whether it is the organisation's own.")
    adjust: Adjustment = Field(description="What the organisation changed in it.")
    guideline: dict[str, Any] = Field(description="As in `guideline.toml`.")
    words: dict[Language, dict[str, Any]] = Field(description="As in the language files.")


class KeptOut(BaseModel):
    guideline: HouseGuidelineOut
    examples: ExamplesOut


class TrialIn(Strict):
    """A guideline to try, and a text to try it on."""

    data: GuidelineData
    text: Annotated[str, StringConstraints(max_length=20_000)] = ""
    direction: Direction = "outgoing"
    language: Language | None = None


class TrialOut(BaseModel):
    examples: ExamplesOut
    review: ReviewOut | None = Field(description="Of `text`, with this guideline in force; null without one.")


def _house(shared: Service) -> House:
    if shared.house is None:
        raise NotReady
    return shared.house


def _out(engine: Engine, house: House, identity: str) -> HouseGuidelineOut:
    found = engine.guidance.guidelines[identity]
    entry = house.entry(identity)
    return HouseGuidelineOut(
        id=identity,
        house=found.house,
        adjust=entry.adjust if entry else Adjustment(),
        guideline=found.head.model_dump(mode="json"),
        words={code: w.model_dump(mode="json", exclude_defaults=True) for code, w in found.words.items()},
    )


def _refuse_flaws(data: GuidelineData, at: str = "#") -> None:
    """Raise the 422 problem that names each pattern and template that cannot be used."""
    errors = [
        FieldError(pointer.replace("#", at, 1), code, {"most": str(GAPS)})
        for pointer, code in flaws(data.words)
    ]
    if errors:
        raise Problem("bad-fields", errors[:50])


def _refuse_sources(data: GuidelineData, guidance: Guidance, at: str = "#") -> None:
    """Raise the 422 problem that names each section which no article has."""
    errors = []
    for number, source in enumerate(data.guideline.sources):
        article, _, section = source.partition("/")
        if section not in getattr(guidance.articles.get(article), "sections", {}):
            errors.append(FieldError(f"{at}/guideline/sources/{number}", "section"))
    if errors:
        raise Problem("bad-fields", errors)


@router.put(
    "/guidelines/{identity}",
    summary="Add a guideline of your own",
    description="The data of a guideline's folder as JSON. Its examples are run first: when one does not "
    "come out, nothing is kept, unless `accept_failures` is true. In force at once here, within seconds on "
    "every copy of the service. A dozen examples in one language work in four.",
    response_model=KeptOut,
    dependencies=_ADMIN,
    responses={201: {"model": KeptOut, "description": "It is new"}, **problem_answers(409), **_FAULTS},
    openapi_extra=body_schema((JSON, reference(GuidelineData))),
)
async def put_guideline(
    request: Request,
    response: Response,
    shared: Shared,
    identity: GuidelineId,
    accept_failures: Annotated[bool, Query(description="Keep it whatever its examples say.")] = False,
) -> KeptOut:
    media_type(request, JSON)
    house = _house(shared)
    data = parse(GuidelineData, await request.body())
    if house.built_in(identity):
        raise Problem("guideline-built-in")
    _refuse_flaws(data)
    _refuse_sources(data, shared.loaded().guidance)
    _, proof = await house.tried(identity, data)
    slow = [item for item in proof.failed if item.failure == "slow"]
    if slow or (proof.failed and not accept_failures):
        failed = (slow or proof.failed)[:50]
        raise Problem("examples-failed", [FieldError(f.pointer, f"example-{f.failure}") for f in failed])
    try:
        new = await house.change(identity, lambda entry: entry.model_copy(update={"data": data}))
    except TooManyEntries:
        raise Problem("too-many-guidelines") from None
    response.status_code = 201 if new else 200
    logs.event(log, "guideline kept", created=new)
    return KeptOut(guideline=_out(_engine(shared), house, identity), examples=ExamplesOut.of(proof))


@router.get(
    "/guidelines/{identity}",
    summary="One guideline, with all its data",
    response_model=HouseGuidelineOut,
    dependencies=[Depends(needs("review"))],
    responses=problem_answers(404, 422, 503),
)
async def get_guideline(shared: Shared, identity: GuidelineId) -> HouseGuidelineOut:
    house = _house(shared)
    if identity not in shared.loaded().guidance.guidelines:
        raise Problem("not-found")
    return _out(_engine(shared), house, identity)


@router.patch(
    "/guidelines/{identity}",
    summary="Mute, reweight or reword a guideline",
    description="A JSON merge patch (RFC 7396) on what your organisation changed in a guideline, built in or "
    "its own: `muted`, `weight`, `severity`, and titles, advice and reasons. null takes a change back.",
    response_model=HouseGuidelineOut,
    dependencies=_ADMIN,
    responses={**problem_answers(409), **_FAULTS},
    openapi_extra=body_schema((MERGE, reference(Adjustment)), (JSON, reference(Adjustment))),
)
async def patch_guideline(request: Request, shared: Shared, identity: GuidelineId) -> HouseGuidelineOut:
    media_type(request, MERGE, JSON)
    house = _house(shared)
    found = shared.loaded().guidance.guidelines.get(identity)
    if found is None:
        raise Problem("not-found")
    try:
        patch = from_json((await request.body()).removeprefix(b"\xef\xbb\xbf"))
    except ValueError:
        raise Problem("not-json") from None

    def patched(entry: Entry) -> Entry:
        before = entry.adjust.model_dump(mode="json", exclude_defaults=True)
        try:
            change = Adjustment.model_validate(merged(before, patch))
        except ValidationError as error:
            raise problems.from_validation(error.errors(include_url=False, include_input=False)) from None
        if unknown := unknown_words(found, change):
            raise Problem("bad-fields", [FieldError(f"#/{path}", "unknown") for path in unknown[:50]])
        return entry.model_copy(update={"adjust": change})

    try:
        await house.change(identity, patched)
    except TooManyEntries:
        raise Problem("too-many-guidelines") from None
    except GuidanceError:  # removed by another copy of the service, and not yet seen to be
        raise Problem("not-found") from None
    logs.event(log, "guideline changed")
    return _out(_engine(shared), house, identity)


@router.delete(
    "/guidelines/{identity}",
    summary="Remove your guideline, or your change of a built-in one",
    status_code=204,
    dependencies=_ADMIN,
    responses=problem_answers(404, 422, 503),
    response_class=Response,
)
async def delete_guideline(shared: Shared, identity: GuidelineId) -> Response:
    if not await _house(shared).drop(identity):
        raise Problem("not-found")
    logs.event(log, "guideline removed")
    return Response(status_code=204)


@router.post(
    "/guidelines:test",
    summary="Try a guideline without keeping it",
    description="Runs its examples, and reviews `text` with it in force. Nothing is kept.",
    response_model=TrialOut,
    response_model_exclude_unset=True,
    dependencies=_ADMIN,
    responses=problem_answers(400, 413, 415, 422, 503),
    openapi_extra=body_schema((JSON, reference(TrialIn))),
)
async def test_guideline(request: Request, response: Response, shared: Shared) -> TrialOut:
    media_type(request, JSON)
    asked = parse(TrialIn, await request.body())
    house = _house(shared)
    _refuse_flaws(asked.data, "#/data")
    _refuse_sources(asked.data, shared.loaded().guidance, "#/data")
    engine, proof = await house.tried(TRIED, asked.data)
    response.headers["Cache-Control"] = "no-store"
    review = await shared.aside(lambda: _reviewed(engine, asked)) if asked.text else None
    examples = ExamplesOut.of(proof)
    for item in examples.failed:
        item.pointer = item.pointer.replace("#", "#/data", 1)
    return TrialOut(examples=examples, review=review)


def _reviewed(engine: Engine, asked: TrialIn) -> ReviewOut:
    request = Asking(
        Message(asked.direction, read_text(asked.text)), dt.datetime.now(dt.UTC), default_hours("UTC"),
        language=asked.language,
    )  # fmt: skip
    review = engine.review(request)
    language = review.language if review.language != "und" else "en"
    return answered(review, engine.guidance, Asked(request, ""), Options(), language)


def _engine(shared: Service) -> Engine:
    if not isinstance(shared.engine, Engine):
        raise NotReady
    return shared.engine


SCHEMAS: tuple[type[BaseModel], ...] = (GuidelineData, Adjustment, TrialIn)
"""Models that the OpenAPI document names and that no signature shows to FastAPI."""
