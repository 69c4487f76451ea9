"""`tactline serve` as a process of its own, and what a collector of traces gets."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.workers import ROOT, free_port

TEXT = "Hello Anna,\n\nAs I already told you, the plan is attached, says zebra."
BODY = {"message": {"direction": "outgoing", "text": TEXT}}
COMMAND = [sys.executable, "-c", "from app.cli import main; main()", "serve"]
_STARTING = 240.0  # seconds; a busy machine loads the model slowly
Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def figures(text: str) -> Figures:
    """Prometheus's text by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@dataclass
class Served:
    process: subprocess.Popen[bytes]
    address: str
    log: Path

    def review(self, **headers: str) -> httpx.Response:
        return httpx.post(f"{self.address}/v1/reviews", json=BODY, headers=headers, timeout=60)

    def tell(self, sig: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(sig)

    def ended(self, seconds: float = 60) -> int:
        return self.process.wait(seconds)

    def lines(self) -> list[dict[str, Any]]:
        """What it logged, where it logs JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def became_ready(self, times: int) -> None:
        """Wait until so many workers have said that they are ready; it must log JSON."""
        deadline = time.monotonic() + 180
        while sum(line["message"] == "ready" for line in self.lines()) < times:
            assert time.monotonic() < deadline, "a worker does not start"
            time.sleep(0.1)

    def half_sent(self) -> socket.socket:
        """A review under way: the second half of its body is still to come, by `whole`."""
        body = json.dumps(BODY).encode()
        host, port = self.address.removeprefix("http://").split(":")
        connection = socket.create_connection((host, int(port)))
        head = f"POST /v1/reviews HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:20])
        time.sleep(0.5)
        return connection

    @staticmethod
    def whole(connection: socket.socket) -> bytes:
        """The answer to the review that was half sent; the connection is closed by the service."""
        connection.sendall(json.dumps(BODY).encode()[20:])
        connection.settimeout(60)
        answer = b""
        while got := connection.recv(1 << 16):
            answer += got
        connection.close()
        return answer

    def workers(self) -> list[int]:
        """The processes below it that serve, and not the one that tracks what they share."""
        return [pid for pid, command in _children(self.process.pid) if b"resource_tracker" not in command]


def _children(parent: int) -> Iterator[tuple[int, bytes]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if int(stat[1]) == parent and stat[0] != "Z":
            yield int(folder.name), command


@contextmanager
def served(tmp_path: Path, *more: str, **variables: str) -> Iterator[Served]:
    """`tactline serve`, ready, in a process group of its own."""
    port, log = free_port(), tmp_path / "log"
    environment = {
        **os.environ, "TACTLINE_DATABASE_URL": f"sqlite:///{tmp_path / 'db'}", "TMPDIR": str(tmp_path),
        **variables,
    }  # fmt: skip
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [*COMMAND, "--port", str(port), *more], cwd=ROOT, env=environment, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    found = Served(process, f"http://127.0.0.1:{port}", log)
    try:
        deadline = time.monotonic() + _STARTING
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            try:
                if httpx.get(f"{found.address}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.05)
        yield found
    finally:
        left = found.workers()
        if process.poll() is None:
            process.kill()
        process.wait(30)
        for worker in left:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)


class Collector(ThreadingHTTPServer):
    """An OpenTelemetry collector: keeps what is sent to it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receives)
        self.bodies: list[bytes] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def spans(self, trace: str) -> list[Any]:
        """All that came of a trace."""
        return [
            span
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
            if span.trace_id.hex() == trace
        ]


class _Receives(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        self.server.bodies.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        collector.shutdown()
        thread.join()
        collector.server_close()
