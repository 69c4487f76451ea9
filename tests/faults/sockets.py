"""The service as `tactline serve` runs it, in a thread, and clients that send to it by hand and slowly."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app import patience
from app.cli.serving import Server, keep_alive_of
from app.main import create_app
from app.settings import Settings
from app.starting import Connect
from app.tone.review import Engine
from tests.serving import BODY

PATIENCE = 2.0  # seconds, for each of what app.patience waits for
SLOWLY = 30.0  # seconds that a busy machine may add
REVIEW = json.dumps(BODY).encode()


class _Server(Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # those are for the main thread


@contextlib.contextmanager
def standing(engine: Engine, connect: Connect | None = None, **settings: Any) -> Iterator[str]:
    """The service's address, as long as the block lasts."""
    chosen = Settings(host="127.0.0.1", **settings)
    answers = threading.Event()
    app = create_app(chosen, engine, connect)
    server = _Server(app, drain=0, keep_alive=keep_alive_of(chosen), answering=answers.set)
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            assert answers.wait(60), "the service did not start"
            yield address
        finally:
            server.should_exit = True
            thread.join(60)


@contextlib.contextmanager
def hasty() -> Iterator[None]:
    """Less patience with clients than there is."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HEAD", "BODY", "FLOWING", "ANSWER"):
            patch.setattr(patience, name, PATIENCE)
        yield


class Slow:
    """One connection. `answer` grows by what is received; `room` is what the system may keep for it."""

    def __init__(self, address: str, room: int | None = None) -> None:
        host, port = address.removeprefix("http://").split(":")
        self._socket = socket.socket()
        if room is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self._socket.settimeout(SLOWLY)
        self._socket.connect((host, int(port)))
        self.answer = b""

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def drip(self, content: bytes, pause: float = 0.2) -> float:
        """Send byte by byte until the service ends the connection: the seconds that took."""
        begun = time.monotonic()
        self._socket.settimeout(pause)
        for byte in content:
            assert time.monotonic() - begun < PATIENCE + SLOWLY, "the service goes on waiting"
            try:
                self._socket.sendall(bytes([byte]))
                got = self._socket.recv(1 << 16)
            except TimeoutError:
                continue
            except ConnectionError:
                break
            self.answer += got
            if not got:
                break
        else:
            raise AssertionError("all was sent")
        return time.monotonic() - begun

    def rest(self) -> bytes:
        """All that is received until the service ends the connection."""
        deadline = time.monotonic() + PATIENCE + SLOWLY
        self._socket.settimeout(PATIENCE + SLOWLY)
        with contextlib.suppress(ConnectionError):
            while got := self._socket.recv(1 << 16):
                assert time.monotonic() < deadline, "the service goes on"
                self.answer += got
        return self.answer

    def close(self) -> None:
        self._socket.close()


def head(method: str, path: str, length: int | None = None, **headers: str) -> bytes:
    """The head of a request. Of JSON, where it has a length and no other type."""
    given = {"Host": "127.0.0.1", **{name.replace("_", "-"): value for name, value in headers.items()}}
    if length is not None:
        given = {"Content-Type": "application/json", "Content-Length": str(length), **given}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode()
