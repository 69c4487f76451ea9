"""The service over HTTP: beside an echo, with more clients, with more processes, and what a process keeps."""

from __future__ import annotations

from tests.bench.machine import Row, percentile, resident

# ruff: isort: split
import asyncio
import contextlib
import itertools
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from app.tone.types import LANGUAGES
from tests.acceptance.workers import ROOT, free_port
from tests.bench.mails import unseen

COUNT = 160  # mails for each figure
CLIENTS = (1, 8, 64)
_languages = itertools.cycle(LANGUAGES)


def body(*, plain: bool = True) -> dict[str, object]:
    return {
        "message": {"direction": "outgoing", "text": unseen(200, next(_languages), plain=plain)},
        "now": "2026-03-10T09:30:00+01:00",
        "time_zone": "Europe/Paris",
    }


@contextlib.contextmanager
def started(*command: str, port: int, path: str) -> Iterator[int]:
    """A program as long as the block lasts, once it answers at `path`; its number."""
    with tempfile.TemporaryDirectory() as state:
        made = f"sqlite:///{state}/tactline.db"
        process = subprocess.Popen(  # noqa: S603 - our own programs
            [sys.executable, *command], cwd=ROOT, stderr=subprocess.DEVNULL,
            env={**os.environ, "TACTLINE_DATABASE_URL": made}, start_new_session=True,
        )  # fmt: skip
        try:
            for _ in range(1200):
                with contextlib.suppress(httpx.TransportError):
                    if httpx.get(f"http://127.0.0.1:{port}{path}").status_code == 200:
                        break
                time.sleep(0.05)
            else:
                raise RuntimeError("the program did not start")
            yield process.pid
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


@contextlib.contextmanager
def service(workers: int) -> Iterator[tuple[str, int]]:
    port = free_port()
    command = (
        "-c",
        "from app.cli import main; main()",
        "serve",
        "--port",
        str(port),
        "--workers",
        str(workers),
    )
    with started(*command, port=port, path="/readyz") as process:
        yield f"http://127.0.0.1:{port}", process


async def asked(address: str, bodies: list[dict[str, object]], clients: int) -> tuple[list[float], float]:
    """The seconds of each request, and of all together, by this many clients at once."""
    waiting = iter(bodies)
    spent: list[float] = []

    async def client() -> None:
        async with httpx.AsyncClient(timeout=120) as http:
            for content in waiting:
                begun = time.perf_counter()
                answer = await http.post(address, json=content)
                answer.raise_for_status()
                spent.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return spent, time.perf_counter() - begun


def run(address: str, clients: int, count: int = COUNT) -> tuple[list[float], float]:
    # The mails are made before the clock starts.
    return asyncio.run(asked(address, [body() for _ in range(count)], clients))


def warm(address: str) -> None:
    asyncio.run(asked(address, [body() for _ in range(16)], 4))


def against_echo() -> Iterator[Row]:
    port = free_port()
    echo = started("-m", "uvicorn", "--port", str(port), "--log-level", "error", "tests.bench.echo:app",
                   port=port, path="/docs")  # fmt: skip
    with service(1) as (address, _), echo:
        warm(f"{address}/v1/reviews")
        ours, theirs = [], []
        for content in [body() for _ in range(COUNT // 2)]:  # side by side, one after the other
            one, _ = asyncio.run(asked(f"{address}/v1/reviews", [content], 1))
            other, _ = asyncio.run(asked(f"http://127.0.0.1:{port}/echo", [content], 1))
            ours += one
            theirs += other
        review, bare = statistics.median(ours), statistics.median(theirs)
        yield Row(
            "POST /v1/reviews of 200 unseen words, against a FastAPI endpoint that answers the same body",
            f"{1000 * review:.0f} ms against {1000 * bare:.1f} ms", f"{review / bare:.0f}x",
        )  # fmt: skip


def with_clients() -> Iterator[Row]:
    with service(1) as (address, process):
        warm(f"{address}/v1/reviews")
        for clients in CLIENTS:
            spent, whole = run(f"{address}/v1/reviews", clients, max(COUNT, 3 * clients))
            middle, late = percentile(spent, 0.5), percentile(spent, 0.99)
            yield Row(
                f"{clients} client{'s' if clients > 1 else ''}, one process, 200 unseen words",
                f"p50 {1000 * middle:.0f} ms, p99 {1000 * late:.0f} ms, {len(spent) / whole:.0f} a second",
                f"p99 {late / middle:.1f}x p50", "10x" if clients == CLIENTS[-1] else "",
            )  # fmt: skip
        yield Row("Memory of the process after it", "", f"{resident(process):.0f} MiB", "500 MiB")


def with_workers() -> Iterator[Row]:
    rates: dict[int, float] = {}
    for workers in (1, 2):
        with service(workers) as (address, process):
            warm(f"{address}/v1/reviews")
            spent, whole = run(f"{address}/v1/reviews", 8)
            rates[workers] = len(spent) / whole
            kept = [resident(child) for child in children(process)] or [resident(process)]
        yield Row(
            f"Throughput with {workers} process{'es' if workers > 1 else ''}, 8 clients, 200 unseen words",
            f"{rates[workers]:.1f} mails a second, {max(kept):.0f} MiB a process",
            f"{rates[workers] / rates[1]:.2f}x one", "50 a second" if workers > 1 else "",
        )  # fmt: skip


def children(process: int) -> list[int]:
    """The processes that hold a model among those that this one started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            text = status.read_text()
            if re.search(rf"^PPid:\s+{process}$", text, re.MULTILINE):
                found.append(int(status.parent.name))
    return [child for child in found if resident(child) > 200]


def rows() -> list[Row]:
    return [*against_echo(), *with_clients(), *with_workers()]
