"""Starting and killing processes of the service, and the Graph that they all speak to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvicorn

from tests.holds.fakes.graph import FakeGraph

ROOT = Path(__file__).parents[2]
STARTING = 60.0  # seconds; a busy machine loads the model slowly


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@dataclass
class Worker:
    """A process of the service. What it logs is kept, so that a test can look for what must not be there."""

    graph: str
    settings: Mapping[str, str]
    log: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def process(self) -> int | None:
        """The number of the process, None when there is none."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the process; `wait` tells when it answers."""
        variables = {f"TACTLINE_{name.upper()}": value for name, value in self.settings.items()}
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "tests.acceptance.worker", str(self.port), self.graph],
                cwd=ROOT, env={**os.environ, **variables}, stdout=out, stderr=out,
            )  # fmt: skip

    def wait(self) -> None:
        """Raises RuntimeError when the process ends, or is not ready in time."""
        deadline = time.monotonic() + STARTING
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.address}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"the service did not start: {self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None


@contextmanager
def graph_served() -> Iterator[tuple[FakeGraph, str]]:
    """A Graph that answers over HTTP, and its address."""
    graph = FakeGraph()
    server = uvicorn.Server(
        uvicorn.Config(graph, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the fake did not start")
        time.sleep(0.01)
    try:
        yield graph, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def running(*workers: Worker) -> Iterator[None]:
    """These processes, started together, as long as the block lasts."""
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.wait()
        yield
    finally:
        for worker in workers:
            worker.stop()
