"""The service over HTTP: beside an echo, with more clients, with more processes, and what a process keeps."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
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
from tests.bench.machine import Row, percentile, resident
from tests.bench.mails import unseen
from tests.serving import Served, served

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
def service(workers: int) -> Iterator[Served]:
    # What is measured is the waiting itself: nobody is turned down for it.
    patient = {"TACTLINE_LONGEST_WAIT": "60"}
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder), "--workers", str(workers), **patient) as found,
    ):
        yield found


@contextlib.contextmanager
def echoing() -> Iterator[str]:
    """An endpoint that only answers what it is sent, in a process of its own; its address."""
    port = free_port()
    command = ("-m", "uvicorn", "--port", str(port), "--log-level", "error", "tests.bench.echo:app")
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT)  # noqa: S603 - our own program
    try:
        while process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"http://127.0.0.1:{port}/docs")
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/echo"
    finally:
        process.terminate()
        process.wait(30)


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
    with service(1) as found, echoing() as echo:
        address = found.address
        warm(f"{address}/v1/reviews")
        ours, theirs = [], []
        for content in [body() for _ in range(COUNT // 2)]:  # side by side, one after the other
            one, _ = asyncio.run(asked(f"{address}/v1/reviews", [content], 1))
            other, _ = asyncio.run(asked(echo, [content], 1))
            ours += one
            theirs += other
        review, bare = statistics.median(ours), statistics.median(theirs)
        yield Row(
            "POST /v1/reviews of 200 unseen words, against a FastAPI endpoint that answers the same body",
            f"{1000 * review:.0f} ms against {1000 * bare:.1f} ms", f"{review / bare:.0f}x",
        )  # fmt: skip


def with_clients() -> Iterator[Row]:
    with service(1) as found:
        address = found.address
        warm(f"{address}/v1/reviews")
        for clients in CLIENTS:
            spent, whole = run(f"{address}/v1/reviews", clients, max(COUNT, 3 * clients))
            middle, late = percentile(spent, 0.5), percentile(spent, 0.99)
            yield Row(
                f"{clients} client{'s' if clients > 1 else ''}, one process, 200 unseen words",
                f"p50 {1000 * middle:.0f} ms, p99 {1000 * late:.0f} ms, {len(spent) / whole:.0f} a second",
                f"p99 {late / middle:.1f}x p50", "10x" if clients == CLIENTS[-1] else "",
            )  # fmt: skip
        yield Row("Memory of the process after it", "", f"{resident(found.process.pid):.0f} MiB", "500 MiB")


def with_workers() -> Iterator[Row]:
    rates: dict[int, float] = {}
    for workers in (1, 2):
        with service(workers) as found:
            warm(f"{found.address}/v1/reviews")
            spent, whole = run(f"{found.address}/v1/reviews", 8)
            rates[workers] = len(spent) / whole
            kept = [resident(child) for child in found.workers() or [found.process.pid]]
        yield Row(
            f"Throughput with {workers} process{'es' if workers > 1 else ''}, 8 clients, 200 unseen words",
            f"{rates[workers]:.1f} mails a second, {max(kept):.0f} MiB a process",
            f"{rates[workers] / rates[1]:.2f}x one", "50 a second" if workers > 1 else "",
        )  # fmt: skip


def rows() -> list[Row]:
    return [*against_echo(), *with_clients(), *with_workers()]
