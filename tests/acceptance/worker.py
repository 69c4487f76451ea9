"""One process of the service, as it is deployed, but for Microsoft Graph: the test has that one, at GRAPH.

`python -m tests.acceptance.worker PORT GRAPH`; all else comes by TACTLINE_ variables. ABANDONED_AFTER may say
after how many seconds another takes over what a killed process was at: a test that waits a minute waits long.
"""

from __future__ import annotations

import datetime as dt
import os
import sys

import httpx
import uvicorn

from app import logs
from app.main import create_app
from app.settings import load
from app.starting import Connections
from app.store import store


class Elsewhere(httpx.AsyncBaseTransport):
    """Takes every request to another address."""

    def __init__(self, address: str) -> None:
        self._base = httpx.URL(address)
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host=self._base.host, port=self._base.port)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def main(port: str, graph: str) -> None:
    settings = load(port=int(port))
    if seconds := os.environ.get("ABANDONED_AFTER"):
        store.ABANDONED = dt.timedelta(seconds=int(seconds))
    logs.configure(settings.log_level, settings.log_format)

    def connect() -> Connections:
        return Connections(httpx.AsyncClient(mounts={"all://graph.microsoft.com": Elsewhere(graph)}))

    uvicorn.run(
        create_app(settings, connect=connect), host="127.0.0.1", port=settings.port, log_config=None,
        access_log=False, ws="none", lifespan="on",
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
