"""httplib2 without a network: its own code, with an application of this process for the connection."""

from __future__ import annotations

import email.utils
import http.client
import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import anyio
import httplib2
from starlette.types import ASGIApp, Message


class AsgiHttp(httplib2.Http):  # type: ignore[misc]  # httplib2 publishes no types
    """An `httplib2.Http` whose every request is answered by `app`, in the calling thread.

    Only the connection is made up; what httplib2 does around it (sending again, redirects,
    decompression) is httplib2's. Waits longer than `timeout` seconds end in the TimeoutError
    of a socket, and the application's ConnectionError, with which a fake says that an answer
    is lost, becomes `lost`:

    - ConnectionResetError, BrokenPipeError: the connection breaks; httplib2 lets it through.
    - http.client.RemoteDisconnected: the server hangs up without a word; httplib2 takes the
      connection for a stale one and sends the request again by itself, once, a POST too
      (`Http._conn_request`).
    """

    def __init__(
        self,
        app: ASGIApp,
        timeout: float | None = None,
        lost: type[ConnectionError] = ConnectionResetError,
    ) -> None:
        super().__init__(timeout=timeout)
        self._connection = type("_Bound", (_Connection,), {"app": staticmethod(app), "lost": lost})

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        redirections: int = httplib2.DEFAULT_MAX_REDIRECTS,
        connection_type: object = None,
    ) -> tuple[httplib2.Response, bytes]:
        """As httplib2's; `connection_type` is ignored. Raises as a socket does."""
        answer: tuple[httplib2.Response, bytes] = super().request(
            uri, method, body, dict(headers or {}), redirections, self._connection
        )
        return answer


class _Connection:
    """What httplib2 needs of an `http.client.HTTPConnection`."""

    app: ASGIApp
    lost: type[ConnectionError]

    def __init__(self, host: str, timeout: float | None = None, proxy_info: object = None) -> None:
        self.host = host
        self.timeout = timeout
        self.sock: object = None

    def set_debuglevel(self, level: int) -> None:
        """Nothing to tell."""

    def connect(self) -> None:
        self.sock = self

    def close(self) -> None:
        self.sock = None

    def request(self, method: str, uri: str, body: str | bytes | None, headers: Mapping[str, str]) -> None:
        self._asked = (method, uri, body.encode() if isinstance(body, str) else body or b"", dict(headers))

    def getresponse(self) -> http.client.HTTPResponse:
        method, uri, body, headers = self._asked
        try:
            status, head, content = anyio.run(self._answer, method, uri, body, headers)
        except ConnectionError as error:
            raise self.lost(*error.args) from None
        # Read back by http.client itself, so that what it makes of an answer is the real thing.
        lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, '')}".encode()]
        lines += [key + b": " + value for key, value in head]
        response = http.client.HTTPResponse(_Wire(b"\r\n".join([*lines, b"", content])), method=method)  # type: ignore[arg-type]
        response.begin()
        return response

    async def _answer(
        self, method: str, uri: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        split = urlsplit(uri)
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
            "scheme": "https", "path": unquote(split.path), "raw_path": split.path.encode(),
            "query_string": split.query.encode(), "root_path": "", "server": (self.host, 443),
            "client": ("127.0.0.1", 123),
            "headers": [(b"host", self.host.encode())]
            + [(key.lower().encode(), str(value).encode()) for key, value in headers.items()],
        }  # fmt: skip
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        # A timer only where there is one to run out.
        with anyio.fail_after(self.timeout):
            await self.app(scope, receive, send)
        head = next(message for message in sent if message["type"] == "http.response.start")
        content = b"".join(message.get("body", b"") for message in sent)
        date = email.utils.formatdate(usegmt=True).encode()
        return head["status"], [*head["headers"], (b"date", date)], content


class _Wire:
    """A socket that has received all that it will."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._content)
