"""The composition root: settings in, application out."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from app import edge, logs, operation, starting, traces
from app.api import batch, faults, openapi, problems
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
from app.settings import Settings, load
from app.starting import Connect
from app.tone.mail import read_text
from app.tone.review import Engine as ToneEngine
from app.tone.review import Message, Request
from app.tone.types import LANGUAGES
from app.tone.week import default_hours
from app.version import product_version
from app.web import endpoints as web

log = logs.get(__name__)
_BY_STATUS = {
    404: "not-found", 405: "method-not-allowed", 408: "too-slow", 413: "too-large", 415: "wrong-content-type",
}  # fmt: skip


def create_app(
    settings: Settings | None = None, engine: Engine | None = None, connect: Connect | None = None
) -> FastAPI:
    """The application. The engine is loaded when it starts, unless one is given; `connect` opens the ways
    to other servers, and is another one in tests.

    Raises SettingsError.
    """
    settings = settings or load()
    settings.check_sign_in()
    settings.check_gmail()
    service = Service(
        traces=traces.configured(),
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
        threads=settings.threads or max(1, (os.cpu_count() or 1) // settings.workers),
        queue=settings.queue,
        longest_wait=settings.longest_wait,
        max_bytes=settings.max_bytes,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as opened:
            # Sent in a thread: a collector that does not answer is waited for.
            opened.push_async_callback(anyio.to_thread.run_sync, service.traces.close)
            try:
                if service.engine is None:
                    load = partial(ToneEngine.load, settings.guidance_dir)
                    service.engine = await anyio.to_thread.run_sync(load)
                await service.aside(partial(_warm_up, service.engine))
                await opened.enter_async_context(starting.outside(settings, service, connect))
                await opened.enter_async_context(assistants.running())
            except Exception as error:
                logs.event(log, "could not start", level=40, error=error)
                raise
            guidelines = service.engine.guidance.guidelines.values()
            logs.event(
                log, "ready", guidelines=len(guidelines), house_guidelines=sum(g.house for g in guidelines),
                version=product_version(),
            )  # fmt: skip
            service.metrics.ready(True)
            yield

    app = FastAPI(
        title="Tactline",
        version=product_version(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # FastAPI's own would export paths, queries and the words of exceptions: see app.traces.
        telemetry={
            "tracing": False, "metrics": False, "logs": False, "operation_spans": False,
            "auto_configure": False,
        },
        generate_unique_id_function=openapi.name_of,
    )  # fmt: skip
    app.state.service = service
    app.state.readiness = operation.Readiness()
    app.include_router(operation.router)
    app.include_router(api.router)
    app.include_router(gmail.router)
    app.include_router(preview.router)
    outlook.install(app)
    languagetool.install(app, max_bytes=settings.max_bytes, origins=settings.languagetool_origins)
    assistants = mcp.install(app, service, settings.max_bytes)
    web.install(app)

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
        if error.status_code == 405 and (methods := openapi.methods(app, request.url.path)):
            error.headers = {**(error.headers or {}), "Allow": ", ".join(methods)}
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

    async def on_not_ready(request: HttpRequest, error: Exception) -> Response:
        assert isinstance(error, NotReady)  # noqa: S101 - registered for this type
        return render(request, Problem(error.code, headers={"Retry-After": str(error.wait)}))

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
        service=service,
        render=languagetool.rendering(render),
    )
    openapi.describe(app)
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
