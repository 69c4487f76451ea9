"""The composition root: settings in, application out."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from app import edge, logs, starting
from app.api import batch, faults, problems
from app.api import endpoints as api
from app.api.problems import Problem
from app.api.requests import JSON
from app.auth import entra
from app.errors import TactlineError
from app.gate import Gate
from app.gmail import endpoints as gmail
from app.gmail import preview
from app.languagetool import endpoints as languagetool
from app.mcp import endpoints as mcp
from app.outlook import endpoints as outlook
from app.service import Engine, NotReady, Outlook, Service
from app.settings import Settings
from app.starting import Connect
from app.tone.mail import read_text
from app.tone.review import Engine as ToneEngine
from app.tone.review import Message, Request
from app.tone.types import LANGUAGES
from app.tone.week import default_hours
from app.version import product_version
from app.web import endpoints as web

log = logs.get(__name__)
_BY_STATUS = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "wrong-content-type"}


def create_app(
    settings: Settings | None = None, engine: Engine | None = None, connect: Connect | None = None
) -> FastAPI:
    """The application. The engine is loaded when it starts, unless one is given; `connect` opens the ways
    to other servers, and is another one in tests.

    Raises SettingsError.
    """
    settings = settings or Settings()
    settings.check_sign_in()
    settings.check_gmail()
    service = Service(
        gate=Gate(tuple(key.get_secret_value() for key in settings.api_keys), settings.loopback),
        # A service that others reach is nobody's workbench, even behind a proxy on this machine.
        preview=settings.loopback and not settings.api_keys and not settings.public_url,
        outlook=Outlook(
            settings.public_url,
            settings.entra_client_id,
            entra.authority(settings.entra_tenants),
            settings.outlook_frame_ancestors,
        ),
        trusted_proxies=tuple(ipaddress.ip_network(name) for name in settings.trusted_proxies),
        engine=engine,
        threads=settings.threads or os.cpu_count() or 1,
        max_bytes=settings.max_bytes,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if service.engine is None:
            service.engine = await service.aside(lambda: ToneEngine.load(settings.guidance_dir))
        await service.aside(partial(_warm_up, service.engine))
        guidelines = service.engine.guidance.guidelines.values()
        logs.event(
            log, "ready", guidelines=len(guidelines), house_guidelines=sum(g.house for g in guidelines),
            version=product_version(),
        )  # fmt: skip
        async with starting.outside(settings, service, connect), assistants.running():
            yield

    app = FastAPI(
        title="Tactline", version=product_version(), lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.state.service = service
    app.include_router(api.router)
    app.include_router(gmail.router)
    app.include_router(preview.router)
    outlook.install(app)
    languagetool.install(app, max_bytes=settings.max_bytes, origins=settings.languagetool_origins)
    assistants = mcp.install(app, service, settings.max_bytes)
    web.install(app)

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "live"})

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        ready = service.engine is not None
        return JSONResponse({"status": "ready" if ready else "starting"}, 200 if ready else 503)

    def render(request: HttpRequest, problem: Problem) -> Response:
        """Problem documents for programs, a page for people."""
        if _for_people(request):
            return web.error_page(request, problem.status)
        return problems.answer(problem, request.state.request_id, problems.language_of(request))

    async def on_problem(request: HttpRequest, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101 - registered for this type
        return render(request, error)

    async def on_http(request: HttpRequest, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type
        code = _BY_STATUS.get(error.status_code, "internal" if error.status_code >= 500 else "bad-fields")
        return render(request, Problem(code, headers=error.headers, most=settings.max_bytes, types=JSON))

    async def on_validation(request: HttpRequest, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type
        # FastAPI puts the part of the request first ("query", "now"); pointers name the field alone.
        errors: Sequence[Mapping[str, Any]] = [{**e, "loc": e["loc"][1:]} for e in error.errors()]
        return render(request, problems.from_validation(errors))

    async def on_fault(request: HttpRequest, error: Exception) -> Response:
        assert isinstance(error, TactlineError)  # noqa: S101 - registered for these types
        return render(request, faults.problem(error))

    async def on_not_ready(request: HttpRequest, _: Exception) -> Response:
        return render(request, Problem("not-ready", headers={"Retry-After": "2"}))

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(NotReady, on_not_ready)
    for kind in faults.EXPECTED:
        app.add_exception_handler(kind, on_fault)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    hosts = settings.allowed_hosts or (edge.LOOPBACK_NAMES if settings.loopback else ())
    app.add_middleware(
        edge.Edge,
        hosts=hosts,
        max_bytes=settings.max_bytes,
        flowing=frozenset((batch.PATH,)),
        render=languagetool.rendering(render),
    )
    _describe(app)
    return app


def _warm_up(engine: Engine) -> None:
    """Let the engine load what it loads on first use, so that no caller waits for it."""
    now = dt.datetime.now(dt.UTC)
    for language in (None, *LANGUAGES):
        message = Message("outgoing", read_text("Good morning. We will send it tomorrow."))
        engine.review(Request(message=message, now=now, hours=default_hours("UTC"), language=language))


def _for_people(request: HttpRequest) -> bool:
    path = request.url.path
    return not path.startswith("/v1/") and "text/html" in request.headers.get("accept", "")


def _describe(app: FastAPI) -> None:
    """Add to the OpenAPI document what FastAPI cannot see: bodies that the endpoints read themselves."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                routes=app.routes,
                summary="A second pair of eyes for client mail.",
                description="Reviews the tone of client mail in English, French, Arabic and Turkish. "
                "Errors are problem documents (RFC 9457) and never repeat what was sent.",
                license_info={"name": "MIT", "identifier": "MIT"},
            )
            _, extra = models_json_schema(
                [(model, "validation") for model in api.SCHEMAS], ref_template="#/components/schemas/{model}"
            )
            known = document["components"]["schemas"]
            for name, schema in extra["$defs"].items():
                known.setdefault(name, schema)
            for name in ("HTTPValidationError", "ValidationError"):
                known.pop(name, None)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
