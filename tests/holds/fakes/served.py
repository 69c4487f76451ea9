"""How the fakes of Google's APIs serve a request: one at a time, by the routes of the discovery document."""

from __future__ import annotations

import re
import threading

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.holds.fakes.faults import Fault


class Served:
    """An ASGI application. `_routes` has the verb, the path's pattern and the operation of each method."""

    _lock: threading.RLock
    _routes: list[tuple[str, re.Pattern[str], str]]

    def _served(self, request: Request, content: bytes) -> tuple[Response, Fault | None]:
        """The answer, and the fault that it meets."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request of ASGI. Raises ConnectionResetError for an answer that shall be lost."""
        request = Request(scope, receive)
        content = await request.body()
        # Whoever comes first is served whole; waiting is done outside, so that the slow hold up nobody.
        with self._lock:
            response, fault = self._served(request, content)
        if fault and fault.delay:
            await anyio.sleep(fault.delay)
        if fault and fault.lose:
            raise ConnectionResetError(104, "Connection reset by peer")
        await response(scope, receive, send)

    def routed(self, request: Request) -> tuple[str, dict[str, str]] | None:
        """The operation and what its path names; None where the API has nothing."""
        for verb, path, operation in self._routes:
            if verb == request.method and (matched := path.fullmatch(request.url.path)):
                return operation, matched.groupdict()
        return None


def no_such_page() -> Response:
    """What Google answers where there is no API."""
    page = "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>"
    return Response(page, 404, media_type="text/html")
