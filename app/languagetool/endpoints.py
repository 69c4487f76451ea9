"""The endpoints under /v2, as LanguageTool's server has them.

Errors are lines of plain text (see `refusals`), keys come as fields of the form, and pages of browser
extensions may read the answers.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app import logs, service, strings
from app.accounts import bearer
from app.auth.keys import BadToken
from app.auth.principal import Principal
from app.entrance import USER_HEADER, BadUser, enter
from app.gate import Denied
from app.languagetool import answers, asking, forms, languages, refusals, rules
from app.languagetool.asking import Check
from app.languagetool.refusals import Refused
from app.limits import TooManyRequests
from app.service import SMALL, Engine, NotReady
from app.tone.types import Language
from app.wishes import Wishes, wishes

PREFIX = "/v2/"
_EXTENSION = re.compile(r"(?:chrome|moz|safari-web)-extension://[A-Za-z0-9.-]{1,100}")
_SECRETS = ("apiKey", "token", "tokenV2", "password")
_NO_STORE = {"Cache-Control": "no-store"}
log = logs.get(__name__)
_PATHS: set[str] = set()
router = APIRouter(include_in_schema=False)


class _Problem(Protocol):
    @property
    def code(self) -> str: ...

    @property
    def status(self) -> int: ...


_METHODS = ["GET", "HEAD", "POST", "OPTIONS"]
P = TypeVar("P", bound=_Problem)
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Door:
    """How the door is set up: the longest text, in UTF-16 code units, and which web origins may read its
    answers besides those of browser extensions ("*": any)."""

    most: int
    origins: tuple[str, ...] = ()


def longest(max_bytes: int) -> int:
    """The longest text that surely fits into a request: a character of three bytes, escaped, takes nine."""
    return (max_bytes - min(4096, max_bytes // 2)) // 9


def install(app: FastAPI, *, max_bytes: int, origins: tuple[str, ...] = ()) -> None:
    app.state.languagetool = Door(longest(max_bytes), origins)
    app.include_router(router)


def rendering(otherwise: Callable[[Request, P], Response]) -> Callable[[Request, P], Response]:
    """Renders what goes wrong before or behind the endpoints: in a line under /v2, else `otherwise`."""

    def render(request: Request, problem: P) -> Response:
        if not request.url.path.startswith(PREFIX):
            return otherwise(request, problem)
        return _refused(request, refusals.of(problem.code, problem.status, _door(request).most))

    return render


def _door(request: Request) -> Door:
    found: Door = request.app.state.languagetool
    return found


def _shared(request: Request) -> dict[str, str]:
    """The headers that let a page of another origin read an answer (Fetch standard, CORS protocol)."""
    origin, allowed = request.headers.get("origin"), _door(request).origins
    headers = {"Vary": "Origin"}
    if "*" in allowed:
        headers["Access-Control-Allow-Origin"] = "*"
    elif origin is not None and (origin in allowed or _EXTENSION.fullmatch(origin)):
        headers["Access-Control-Allow-Origin"] = origin
    return headers


def _refused(request: Request, refusal: Refused, headers: Mapping[str, str] | None = None) -> Response:
    answer = PlainTextResponse(refusal.line, refusal.status, headers=_shared(request) | _NO_STORE)
    answer.headers.update(headers or {})
    return answer


def _line(endpoint: Endpoint) -> Endpoint:
    """Turns what an endpoint raises into the line that clients expect."""

    async def answered(request: Request) -> Response:
        if request.method == "OPTIONS":
            asked = {
                "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
                "Access-Control-Allow-Headers": "Accept, Accept-Language, Content-Type",
                "Access-Control-Max-Age": "600",
            }
            return Response(status_code=204, headers=_shared(request) | asked)
        try:
            answer = await endpoint(request)
        except Refused as refusal:
            return _refused(request, refusal)
        except NotReady as error:
            return _refused(request, refusals.of(error.code, 503, 0), {"Retry-After": str(error.wait)})
        except HTTPException as error:  # the body was longer than is read, or did not come
            code = {408: "too-slow", 413: "too-large"}.get(error.status_code, "")
            told = refusals.of(code, error.status_code, _door(request).most)
            return _refused(request, told, error.headers)
        answer.headers.update(_shared(request))
        return answer

    answered.__name__ = endpoint.__name__
    return answered


def _at(path: str) -> Callable[[Endpoint], Endpoint]:
    def add(endpoint: Endpoint) -> Endpoint:
        # The Java client posts what others get.
        _PATHS.add(PREFIX + path)
        router.add_api_route(PREFIX + path, _line(endpoint), methods=_METHODS)
        return endpoint

    return add


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a request's form and query. Raises Refused for a secret in the query: addresses end
    up in logs and histories."""
    query = forms.fields(request.scope["query_string"])
    if any(name in query for name in _SECRETS):
        raise Refused(400, "Send 'apiKey' and the like in the form of a POST request, never in the address")
    body = await request.body() if request.method == "POST" else b""
    if len(body) <= SMALL:
        return forms.fields(body) | query
    return await service.of(request).aside(lambda: forms.fields(body)) | query


async def _authorize(request: Request, fields: Mapping[str, str]) -> Principal:
    """Who asks: anyone when no keys are set up, else whose key it carries. Raises Refused."""
    if fields.get("apiKey") and fields.get("password"):
        raise Refused(400, "Set only 'apiKey' or 'password', not both")
    if fields.get("apiKey") and not fields.get("username"):
        raise Refused(400, "'apiKey' needs a 'username' beside it; any will do")
    given = [bearer(request.headers.get("authorization")) or ""]
    given += [fields[name] for name in _SECRETS if name in fields]
    try:
        principal = await enter(request, service.of(request), given)
    except TooManyRequests as error:
        request.state.answer_headers = error.headers()
        raise Refused(429, "Too many requests. Please wait a moment") from None
    except BadUser:
        raise Refused(400, f"'{USER_HEADER}' needs 1 to 255 printable characters") from None
    except (Denied, BadToken) as error:
        known = isinstance(error, Denied) and error.code == "no-key"
        raise Refused(
            403, "A key is needed: 'username' and 'apiKey'" if known else "The key is not known here"
        ) from None
    if not principal.may("review"):
        raise Refused(403, "The key may not be used for reviews")
    return principal


def _base(request: Request) -> str:
    """The address that the pages of guidelines stand under, without a slash at the end."""
    return service.of(request).outlook.public_url or str(request.base_url).rstrip("/")


@_at("check")
async def check(request: Request) -> Response:
    """Reviews a text. Nothing of it is kept or logged."""
    fields = await _fields(request)
    shared, door = service.of(request), _door(request)
    principal = await _authorize(request, fields)
    base, version, now = _base(request), str(request.app.version), dt.datetime.now(dt.UTC)
    with shared.place() as engine:
        wished = await wishes(shared, principal.owner)
        accepted = wished.language or strings.negotiate(request.headers.get("accept-language"))

        def work() -> tuple[bytes, Language]:
            wanted = asking.read(fields, door.most)
            return _checked(engine, wanted, wished, accepted, base, version, now)

        content, language = await shared.aside(work, placed=True)
    return Response(
        content, media_type="application/json", headers={"Content-Language": language} | _NO_STORE
    )


def _checked(
    engine: Engine,
    wanted: Check,
    wished: Wishes,
    accepted: Language | None,
    base: str,
    version: str,
    now: dt.datetime,
) -> tuple[bytes, Language]:
    """The answer to a check, and the language that it is worded in."""
    document = answers.read(wanted)
    detected = answers.found_out(document, wanted)
    language = wanted.given or detected
    review = None
    if wanted.given is None and language.code[:2] in wanted.unwanted:
        language = languages.NONE
    else:
        review = engine.review(wished.applied(answers.asked(wanted, document, language, now)))
        logs.event(
            log, "checked", language=review.language, findings=len(review.findings),
            elements=len(review.elements),
        )  # fmt: skip
    explain = answers.explained_in(wanted, accepted, language)
    out = answers.answer(wanted, review, language, detected, engine.guidance, explain, base, version)
    return json.dumps(out, ensure_ascii=False, separators=(",", ":")).encode(), explain


@_at("languages")
async def list_languages(_: Request) -> Response:
    return JSONResponse(languages.listed())


@_at("healthcheck")
async def healthcheck(request: Request) -> Response:
    service.of(request).loaded()
    return PlainTextResponse("OK")


@_at("maxtextlength")
async def max_text_length(request: Request) -> Response:
    return PlainTextResponse(str(_door(request).most))


@_at("info")
async def info(request: Request) -> Response:
    return JSONResponse({"software": answers.software(str(request.app.version))})


@_at("configinfo")
async def config_info(request: Request) -> Response:
    fields = await _fields(request)
    if "language" not in fields:
        raise Refused(400, "'language' parameter missing")
    spoken = asking.language(fields)
    guidance = service.of(request).loaded().guidance
    return JSONResponse(
        {
            "software": answers.software(str(request.app.version)),
            "parameter": {"maxTextLength": _door(request).most},
            "rules": rules.catalogue(guidance, spoken.language or "en"),
        }
    )


async def _nowhere(request: Request) -> Response:
    if request.url.path not in _PATHS:
        raise Refused(404, "There is no such path here")
    request.state.answer_headers = {"Allow": ", ".join(_METHODS)}  # RFC 9110, 15.5.6
    raise Refused(405, "This path takes GET and POST")


# Behind all others: without it, a wrong path or method would get a problem document.
router.add_api_route(
    PREFIX + "{path:path}",
    _line(_nowhere),
    methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
)
