"""The door at /mcp: streamable HTTP without sessions, so that any copy of the service can answer any call."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI
from mcp.server import ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app import service
from app.api.access import REALM, principal
from app.api.problems import Problem
from app.mcp.server import build
from app.service import Service

PATH = "/mcp"


class Door:
    """An ASGI application. Answers while `running` is entered."""

    def __init__(self, shared: Service, max_bytes: int) -> None:
        # The edge has checked the Host header, and a page of another origin cannot send JSON here.
        self._manager = StreamableHTTPSessionManager(
            build(shared, _owner), json_response=True, stateless=True, max_request_body_size=max_bytes
        )

    def running(self) -> AbstractAsyncContextManager[None]:
        return self._manager.run()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises Problem for who may not come in."""
        request = Request(scope, receive)
        who = await principal(request, service.of(request))
        if not who.may("review"):
            header = f'{REALM}, error="insufficient_scope", scope="review"'
            raise Problem("key-lacks-scope", headers={"WWW-Authenticate": header}, scope="review")
        request.state.owner = who.owner
        await self._manager.handle_request(scope, receive, send)


def _owner(context: ServerRequestContext[Any, Any]) -> str:
    request = context.request
    assert isinstance(request, Request)  # noqa: S101 - the HTTP transport puts it there
    owner: str = request.state.owner
    return owner


def install(app: FastAPI, shared: Service, max_bytes: int) -> Door:
    door = Door(shared, max_bytes)
    app.router.routes.append(Route(PATH, door, methods=["GET", "POST", "DELETE"], include_in_schema=False))
    return door
