"""Requests to the whole application, as a server would hand them over; Google is a fake, the rest is real."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from urllib.parse import unquote

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from starlette.types import Message, Scope

from app.main import create_app
from app.service import Service
from app.settings import Settings
from app.starting import Connections
from app.tone.review import Engine
from tests.auth.google_fakes import CLIENT, SERVICE_ACCOUNT, V1, V3, FakeGoogleIdentity
from tests.fuzz import leaks
from tests.gmail.fakes import ADDON as SCOPES
from tests.gmail.mails import plain
from tests.gmail.stage import BASE, CALENDAR, MESSAGE, USER, Google
from tests.holds.fakes.google import AsgiHttp

KEY = "key-for-fuzzing-0123456789"
ADDON = f"{BASE}/gmail"
_LINE = re.compile(rb"([A-Z]{1,20}) (/[!-~]{0,2000})")
_FIELD = re.compile(rb"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}):[ \t]*([^\r\n\x00]*)")
_LENGTHS = frozenset((b"content-length", b"transfer-encoding", b"host"))
# The calendars of others, which fail here as they may anywhere.
_UPSTREAM = re.compile(r"/v1/holds(?:[/?]|$)")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass(frozen=True)
class _Running:
    portal: BlockingPortal
    app: FastAPI
    identity: FakeGoogleIdentity


class _Elsewhere(httpx.AsyncBaseTransport):
    """Google's keys are there, and nothing else is."""

    def __init__(self, identity: FakeGoogleIdentity) -> None:
        self._keys = identity.transport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if str(request.url) in (V1, V3):
            return await self._keys.handle_async_request(request)
        raise httpx.ConnectError("nobody is there", request=request)


def serving(engine: Engine) -> _Running:
    """Starts the application; `stop` ends it."""
    google, identity = Google(), FakeGoogleIdentity()
    google.mail.user(USER, "ana", SCOPES)
    google.calendar.user(USER, "ana", scopes=set(CALENDAR), zone="Europe/Istanbul")
    stored = google.mail.deliver("ana", plain("Ana,\n\nthis is the third time!\n\nBo"))
    google.mail.open(MESSAGE, "ana", stored)
    given: dict[str, Any] = {
        "public_url": BASE, "gmail_service_account": SERVICE_ACCOUNT, "gmail_client_id": CLIENT,
        "allowed_hosts": "", "host": "127.0.0.1", "api_keys": KEY, "database_url": "sqlite://",
        "rate_limit": "", "rate_limit_address": "", "rate_limit_denied": "",
    }  # fmt: skip

    def connect() -> Connections:
        http = lambda seconds: AsgiHttp(google, seconds)  # noqa: E731
        return Connections(httpx.AsyncClient(transport=_Elsewhere(identity)), http)

    app = create_app(Settings(**given), engine, connect)
    portal = _OPEN.enter_context(start_blocking_portal())
    _OPEN.enter_context(portal.wrap_async_context_manager(app.router.lifespan_context(app)))
    return _Running(portal, app, identity)


_OPEN = ExitStack()
_LOADED: list[Engine] = []


def use(engine: Engine) -> None:
    """Take an engine that is loaded already."""
    _LOADED[:] = [engine]


def engine() -> Engine:
    if not _LOADED:
        use(Engine.load())
    return _LOADED[0]


@cache
def running() -> _Running:
    return serving(engine())


def stop() -> None:
    """End the application and its threads, which would keep the process from ending."""
    _OPEN.close()
    running.cache_clear()


def answer(data: bytes) -> str:
    """A request as text: its line, its fields, an empty line, its body. Never a 5xx, nor what was sent.

    The key, or Google's proof of itself, is put in unless the input has a proof of its own.
    """
    head, _, body = data.replace(b"\r\n", b"\n", 40).partition(b"\n\n")
    first, *rest = head.split(b"\n")
    line = _LINE.fullmatch(first.strip())
    if line is None:
        return "no request"
    fields = [known.groups() for field in rest if (known := _FIELD.fullmatch(field.strip()))]
    headers = [(name.lower(), value.strip()) for name, value in fields if name.lower() not in _LENGTHS]
    identity = running().identity
    if b"@user@" in body:
        body = body.replace(b"@user@", identity.user().encode())
    if not any(name == b"authorization" for name, _ in headers):
        proof = identity.system(aud=ADDON) if line[2].startswith(b"/gmail") else KEY
        headers.append((b"authorization", b"Bearer " + proof.encode()))
    found = asked(line[1].decode(), line[2].decode(), headers, body)
    code = ""
    if found.status >= 400 and found.body[:1] == b"{":
        document = json.loads(found.body)
        code = str(document.get("type", "")) + ",".join(e["detail"] for e in document.get("errors", ()))[:60]
    return f"{line[2].decode().partition('?')[0][:30]} {found.status} {code}"


def asked(method: str, target: str, headers: list[tuple[bytes, bytes]], body: bytes) -> Answer:
    """The application's answer, checked."""
    found = running().portal.call(partial(_ask, method, target, headers, body))
    upstream = bool(_UPSTREAM.match(target)) and found.status in (502, 503, 504)
    assert found.status < 500 or upstream, f"{found.status} to {method} {target[:40]}"
    for name, value in found.headers:
        assert not re.search(rb"[\r\n\x00]", name + value), "a header in two lines"
        if not (target.startswith("/v1/holds") and name == b"location"):
            leaks.refuse(value, f"the header {name.decode()}")
    if found.status >= 400:
        _refused(found)
    service: Service = running().app.state.service
    leaks.refuse(service.metrics.text(), "the figures")
    return found


def _refused(found: Answer) -> None:
    kind = dict(found.headers).get(b"content-type", b"")
    if kind == b"application/problem+json":
        document = json.loads(found.body)
        # A field's name is said again where it looks like one: whoever misspelt it looks for it.
        for error in document.get("errors", ()):
            del error["pointer"]
        leaks.refuse(json.dumps(document, ensure_ascii=False), "a problem document")
    else:
        leaks.refuse(found.body, "a refusal")


async def _ask(method: str, target: str, headers: list[tuple[bytes, bytes]], body: bytes) -> Answer:
    path, _, query = target.partition("?")
    scope: Scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
        "method": method, "scheme": "http", "path": unquote(path), "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"), "root_path": "", "client": ("127.0.0.1", 40_000),
        "server": ("127.0.0.1", 8000), "headers": [(b"host", b"127.0.0.1:8000"), *headers],
    }  # fmt: skip
    sent = iter([{"type": "http.request", "body": body, "more_body": False}])
    status, out, content = 0, [], bytearray()

    async def receive() -> Message:
        return next(sent, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        nonlocal status, out
        if message["type"] == "http.response.start":
            status, out = message["status"], list(message["headers"])
        else:
            content.extend(message.get("body", b""))

    await running().app(scope, receive, send)
    return Answer(status, out, bytes(content))
