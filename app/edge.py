"""What every request passes first and every answer last, whatever the door.

One ASGI layer: names the request, checks the Host header, counts and times the body while it
streams in, catches what nobody caught, adds the security headers, and logs one line.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import suppress

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import limits, logs
from app.api.problems import Problem
from app.patience import Body
from app.service import Service
from app.traces import NOTHING, Span

log = logs.get(__name__)

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_LOOKED_AT = frozenset({"/healthz", "/readyz", "/metrics"})
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")

Render = Callable[[Request, Problem], Response]


class TooLarge(HTTPException):
    """Raised while a body is read; an HTTPException because the framework lets those pass."""

    def __init__(self) -> None:
        super().__init__(413)


class Edge:
    """See the module. `hosts` are the names that a Host header may carry; empty allows any. Bodies of the
    paths in `flowing` may have any length: these count by themselves what they keep."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: tuple[str, ...],
        max_bytes: int,
        render: Render,
        service: Service,
        flowing: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self._hosts = tuple(host.lower() for host in hosts)
        self._max_bytes = max_bytes
        self._render = render
        self._flowing = flowing
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        peer = (scope.get("client") or (None,))[0]
        trusted = limits.trusts(self._service.trusted_proxies, peer)
        if trusted and headers.get("x-forwarded-proto") in ("http", "https"):
            scope["scheme"] = headers["x-forwarded-proto"]  # what links in answers begin with
        identity = _identity(headers) if trusted else str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = identity
        # Those who look after the service ask every few seconds: that would be most of all traces.
        traces = NOTHING if scope["path"] in _LOOKED_AT else self._service.traces
        with (
            traces.request(headers.get("traceparent")) as span,
            logs.request(identity, span.trace_id),
        ):
            await self._answer(scope, receive, send, span)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, span: Span) -> None:
        begun = time.perf_counter()
        headers = Headers(scope=scope)
        identity = scope["state"]["request_id"]
        status = 0
        limited = scope["path"] not in self._flowing
        body = Body(receive, flowing=not limited)

        async def counted() -> Message:
            message = await body()
            if limited and body.received > self._max_bytes:
                raise TooLarge
            return message

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                out = MutableHeaders(scope=message)
                # A page with a policy of its own says there who may frame it: the old header knows no names.
                framed = "content-security-policy" in out
                for name, value in SECURITY_HEADERS.items():
                    if not (framed and name == "X-Frame-Options"):
                        out.setdefault(name, value)
                # Else browsers guess how long a file is good for, and mix modules of two releases.
                out.setdefault("Cache-Control", "no-cache")
                out["X-Request-ID"] = identity
                if self._service.leaving:
                    # What keeps its connection would have it broken off; it is to come back on another one.
                    out["Connection"] = "close"
                out.update(scope["state"].get("answer_headers", {}))
            await send(message)

        async def refuse(code: str) -> None:
            problem = Problem(code, most=self._max_bytes)
            await self._render(Request(scope), problem)(scope, receive, dressed)

        try:
            if not self._host_allowed(headers.get("host", "")):
                await refuse("host-not-allowed")
            elif limited and _declared(headers) > self._max_bytes:
                await refuse("too-large")
            else:
                await self._app(scope, counted, dressed)
        except Exception as error:
            logs.event(log, "unexpected error", level=40, error=error)
            span.failed(type(error).__name__)
            if status == 0:
                await refuse("internal")
        finally:
            seconds, route, method = time.perf_counter() - begun, _route(scope), _method(scope)
            self._service.metrics.answered(route, method, status, seconds)
            span.name(f"{method} {route}")
            span.set({
                "http.request.method": method, "http.route": route, "http.response.status_code": status,
                "tactline.request_id": identity,
            })  # fmt: skip
            logs.event(
                log, "request", method=method, route=route, status=status, bytes=body.received,
                ms=round(seconds * 1000, 1),
            )  # fmt: skip

    def _host_allowed(self, host: str) -> bool:
        if not self._hosts:
            return True
        name = host.lower()
        # A port may follow; an IPv6 address stands in brackets (RFC 9110, 7.2).
        name = name[: name.find("]") + 1] if name.startswith("[") else name.partition(":")[0]
        return name in self._hosts


def _identity(headers: Headers) -> str:
    """The UUID that a proxy gave the request, else a new one."""
    with suppress(ValueError):
        return str(uuid.UUID(headers.get("x-request-id", "")))
    return str(uuid.uuid4())


def _declared(headers: Headers) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0


def _method(scope: Scope) -> str:
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return scope["method"] if scope["method"] in known else "other"


def _route(scope: Scope) -> str:
    """The route's template: a path itself may hold anything a caller types."""
    # Of a router within a router the route knows its own part alone; FastAPI keeps the whole beside it.
    route = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    return str(getattr(route, "path_format", None) or getattr(route, "path", None) or "none")
