"""What passes between a client and the fake of Microsoft Graph: requests, answers, the transport."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import unquote

import anyio
import httpx

from tests.holds.fakes.graph_answer import Prefer, read_prefer
from tests.holds.fakes.graph_body import Json, Refusal

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Kind = Literal["invitation", "update", "cancellation"]

HOST = "graph.microsoft.com"


class Application(Protocol):
    """An ASGI application that can be out of reach."""

    down: bool

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None: ...


class AnswerLost(Exception):  # noqa: N818 - what the transport turns into a dropped connection
    """The work is done and its answer does not arrive."""


@dataclass
class Call:
    """A request that the fake got, and what it answered (also when the answer was lost)."""

    operation: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Json | None
    status: int = 0
    answer: Json | None = None


@dataclass(frozen=True)
class Invitation:
    """A mail that the service would have sent to somebody for an event."""

    kind: Kind
    user: str
    event: str
    address: str


@dataclass
class Request:
    method: str
    path: str
    raw_query: str
    headers: list[tuple[str, str]]
    content: bytes
    operation: str
    target: str = ""
    user: str = ""
    scopes: frozenset[str] = frozenset()

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    def prefer(self) -> Prefer:
        return read_prefer(value for key, value in self.headers if key == "prefer")


@dataclass
class Answer:
    status: int
    body: Json | None = None
    headers: dict[str, str] = field(default_factory=dict)


class Transport(httpx.AsyncBaseTransport):
    """Carries requests into the fake, and knows only its host."""

    def __init__(self, fake: Application) -> None:
        self._fake = fake
        self._asgi = httpx.ASGITransport(fake)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._fake.down or (request.url.scheme, request.url.host) != ("https", HOST):
            raise httpx.ConnectError("nobody is there", request=request)
        try:
            with anyio.fail_after(request.extensions.get("timeout", {}).get("read")):
                return await self._asgi.handle_async_request(request)
        except TimeoutError:
            raise httpx.ReadTimeout("the answer is too slow", request=request) from None
        except AnswerLost:
            raise httpx.ReadError("the connection was closed", request=request) from None


async def read(scope: Message, receive: Receive) -> Request:
    """A request as a whole, with what it asks for."""
    content, more = b"", True
    while more:
        message = await receive()
        content += message.get("body", b"")
        more = message.get("more_body", False)
    # The path as it was sent: an id may hold a quoted "/".
    path = scope["raw_path"].split(b"?")[0].decode("ascii")
    headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
    operation, target = _operation(scope["method"], path)
    return Request(
        scope["method"], path.removeprefix("/v1.0"), scope["query_string"].decode("ascii"), headers, content,
        operation, target,
    )  # fmt: skip


def _operation(method: str, path: str) -> tuple[str, str]:
    """What is asked for, and of which event (or which part of the path is unknown)."""
    version, *parts = [unquote(part) for part in path.strip("/").split("/")]
    if parts[:2] == ["me", "calendar"]:
        parts = ["me", *parts[2:]]
    if version == "v1.0" and parts == ["me", "calendarView"] and method == "GET":
        return "view", ""
    if version == "v1.0" and parts == ["me", "events"] and method in ("GET", "POST"):
        return {"GET": "list", "POST": "insert"}[method], ""
    if version == "v1.0" and parts[:2] == ["me", "events"] and len(parts) == 3:
        return {"GET": "get", "PATCH": "update", "DELETE": "delete"}.get(method, method), parts[2]
    return method, path


def json_of(request: Request) -> Json:
    """The object in a request's body. Raises Refusal when there is none."""
    if (request.header("content-type") or "").partition(";")[0].strip() != "application/json":
        raise Refusal(415, "UnsupportedMediaType", "The content type has to be application/json.")
    body = json_or_none(request.content)
    if body is None:
        raise Refusal(400, "BadRequest", "Unable to read JSON request payload.")
    return body


def json_or_none(content: bytes) -> Json | None:
    """The JSON object in some bytes, if there is one."""
    try:
        body = json.loads(content)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
