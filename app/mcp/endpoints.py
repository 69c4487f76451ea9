"""The door at /mcp: streamable HTTP without sessions, so that any copy of the service can answer any call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup, TaskStatus
from fastapi import FastAPI
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app import service
from app.api.access import REALM, principal
from app.api.problems import Problem
from app.service import Service

if TYPE_CHECKING:
    from mcp.server import ServerRequestContext
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

PATH = "/mcp"


class Door:
    """An ASGI application. Answers while `running` is entered.

    The SDK is loaded when an assistant first calls: it takes half a second and 16 MiB, and most copies of
    the service never meet one.
    """

    def __init__(self, shared: Service, max_bytes: int) -> None:
        self._make = partial(_manager, shared, max_bytes)
        self._manager: StreamableHTTPSessionManager | None = None
        self._opening = anyio.Lock()
        self._tasks: TaskGroup | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with anyio.create_task_group() as self._tasks:
            yield
            self._tasks.cancel_scope.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises Problem for who may not come in."""
        request = Request(scope, receive)
        who = await principal(request, service.of(request))
        if not who.may("review"):
            header = f'{REALM}, error="insufficient_scope", scope="review"'
            raise Problem("key-lacks-scope", headers={"WWW-Authenticate": header}, scope="review")
        request.state.owner = who.owner
        await (await self._opened()).handle_request(scope, receive, send)

    async def _opened(self) -> StreamableHTTPSessionManager:
        async with self._opening:
            if self._manager is None:
                assert self._tasks is not None  # noqa: S101 - nothing is asked before the service runs
                # In a task of its own: what it opens outlasts the call that came first.
                self._manager = await self._tasks.start(self._served)
            return self._manager

    async def _served(self, *, task_status: TaskStatus[StreamableHTTPSessionManager]) -> None:
        manager = await anyio.to_thread.run_sync(self._make)
        async with manager.run():
            task_status.started(manager)
            try:
                await anyio.sleep_forever()
            finally:
                self._manager = None


def _manager(shared: Service, max_bytes: int) -> StreamableHTTPSessionManager:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from app.mcp.server import build

    # The edge has checked the Host header, and a page of another origin cannot send JSON here.
    return StreamableHTTPSessionManager(
        build(shared, _owner), json_response=True, stateless=True, max_request_body_size=max_bytes
    )


def _owner(context: ServerRequestContext[Any, Any]) -> str:
    request = context.request
    assert isinstance(request, Request)  # noqa: S101 - the HTTP transport puts it there
    owner: str = request.state.owner
    return owner


def install(app: FastAPI, shared: Service, max_bytes: int) -> Door:
    door = Door(shared, max_bytes)
    app.router.routes.append(Route(PATH, door, methods=["GET", "POST", "DELETE"], include_in_schema=False))
    return door
