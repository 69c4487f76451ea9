"""A process that ends as it should, and several that share a port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.acceptance.workers import ROOT, free_port
from tests.serving import COMMAND, figures, served

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def test_what_is_under_way_is_answered(tmp_path: Path) -> None:
    with served(tmp_path, TACTLINE_LOG_FORMAT="json") as service:
        review = service.half_sent()
        service.tell()
        time.sleep(1.0)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{service.address}/healthz")
        assert service.process.poll() is None
        assert service.whole(review).startswith(b"HTTP/1.1 200")
        assert service.ended() == 0
        assert "Traceback" not in service.log.read_text()
        lines = service.lines()
        assert [line["message"] for line in lines][-1].startswith("Finished server process")
        assert all({"time", "level", "logger", "message", "worker"} <= line.keys() for line in lines)


def test_a_balancer_is_told_first_and_told_twice_it_ends_at_once(tmp_path: Path) -> None:
    with served(tmp_path, TACTLINE_DRAIN_SECONDS="60") as service:
        review = service.half_sent()
        service.tell()
        time.sleep(0.5)
        leaving = httpx.get(f"{service.address}/readyz")
        assert (leaving.status_code, leaving.json()["status"]) == (503, "leaving")
        assert leaving.headers["connection"] == "close"
        assert httpx.get(f"{service.address}/healthz").status_code == 200
        assert service.review().status_code == 200
        service.tell()
        assert service.ended(5) == -signal.SIGTERM
        assert "Traceback" not in service.log.read_text()
        review.close()


def test_connections_that_come_at_once_are_shared(tmp_path: Path) -> None:
    """They last: a process that took them all would do all the work."""

    def sockets(worker: int) -> int:
        links = [
            str(entry.readlink()) for entry in Path(f"/proc/{worker}/fd").iterdir() if entry.is_symlink()
        ]
        return sum(link.startswith("socket:") for link in links)

    with served(tmp_path, "--workers", "2", TACTLINE_LOG_FORMAT="json") as service:
        service.became_ready(2)
        before = {worker: sockets(worker) for worker in service.workers()}
        host, port = service.address.removeprefix("http://").split(":")
        with ExitStack() as opened:
            open_ones = [opened.enter_context(socket.create_connection((host, int(port)))) for _ in range(16)]
            for one in open_ones:
                one.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                one.settimeout(60)
                assert one.recv(1 << 16).startswith(b"HTTP/1.1 200")
            took = [sockets(worker) - count for worker, count in before.items()]
        assert sum(took) == 16
        assert min(took) >= 1  # a process may be late, not missing


def test_several_share_a_port_and_their_figures(tmp_path: Path) -> None:
    settings = {"TACTLINE_LOG_FORMAT": "json", "TACTLINE_THREADS": "3", "TACTLINE_DRAIN_SECONDS": "2"}
    with served(tmp_path, "--workers", "2", **settings) as service:
        deadline = time.monotonic() + 180
        service.became_ready(2)
        # Each request on a connection of its own, so that either process may take it.
        for _ in range(12):
            assert service.review().status_code == 200
        before = figures(httpx.get(f"{service.address}/metrics").text)
        assert before["tactline_reviews_total", (("direction", "outgoing"), ("language", "en"))] == 12
        assert before["tactline_threads", ()] == 6
        assert before["tactline_ready", ()] == 2

        one = service.workers()[0]
        os.kill(one, signal.SIGKILL)
        reviews = 12
        while sum(line["message"] == "ready" for line in service.lines()) < 3:
            assert time.monotonic() < deadline, "a worker that ended was not started anew"
            # The other one goes on answering.
            assert service.review().status_code == 200
            reviews += 1
        assert len(service.workers()) == 2
        assert one not in service.workers()
        after = figures(httpx.get(f"{service.address}/metrics").text)
        # What the dead one counted stays; its threads are gone.
        assert after["tactline_reviews_total", (("direction", "outgoing"), ("language", "en"))] == reviews
        assert after["tactline_threads", ()] == 6
        assert {line["worker"] for line in service.lines() if line["message"] == "ready"} == {1, 2}

        # Ctrl-C reaches every process of a terminal; that must not count as being told twice.
        review = service.half_sent()
        os.killpg(service.process.pid, signal.SIGINT)
        time.sleep(0.7)
        assert httpx.get(f"{service.address}/readyz").json()["status"] == "leaving"
        time.sleep(2.0)
        assert service.whole(review).startswith(b"HTTP/1.1 200")
        assert service.ended() == 0
        assert not list(tmp_path.glob("tactline-metrics-*"))
        log = service.log.read_text()
        assert log.count("Tactline is at ") == 1
        assert "zebra" not in log
        assert "Traceback" not in log


def test_memory_is_no_place_for_several() -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [*COMMAND, "--workers", "2", "--port", str(free_port())], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "LC_ALL": "C", "TACTLINE_DATABASE_URL": "sqlite://"}, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "TACTLINE_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


class Supervised:
    """A supervisor of processes that do nothing."""

    def __init__(self, how: str, folder: Path) -> None:
        self.folder = folder
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "tests.supervised", how, str(folder)], cwd=ROOT,
                stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip

    def begun(self) -> list[tuple[int, int]]:
        """Number and process id of all that were ever started."""
        names = [path.name.split(".") for path in self.folder.glob("[0-9].*")]
        return sorted((int(number), int(pid)) for number, pid in names)

    def alive(self) -> list[int]:
        return [pid for _, pid in self.begun() if Path(f"/proc/{pid}").exists()]

    def until(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not happened():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.02)

    def greeted(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode()


@contextmanager
def supervised(how: str, folder: Path) -> Iterator[Supervised]:
    found = Supervised(how, folder)
    try:
        yield found
    finally:
        found.process.kill()
        found.process.communicate()
        found.until(lambda: found.alive() == [])


def test_one_that_dies_is_started_anew_under_its_number(tmp_path: Path) -> None:
    with supervised("quick", tmp_path) as found:
        assert found.greeted() == "hello\n"
        found.until(lambda: len(found.begun()) == 2)
        number, pid = found.begun()[1]
        os.kill(pid, signal.SIGKILL)
        found.until(lambda: len(found.begun()) == 3)
        assert [n for n, _ in found.begun()].count(number) == 2
        found.process.send_signal(signal.SIGTERM)
        assert found.process.wait(30) == 0
        assert found.alive() == []
        assert "another takes its place" in (tmp_path / "log").read_text()


def test_several_told_twice_end_at_once(tmp_path: Path) -> None:
    with supervised("slow", tmp_path) as found:
        found.greeted()
        found.process.send_signal(signal.SIGINT)
        time.sleep(1.0)
        assert found.process.poll() is None
        found.process.send_signal(signal.SIGTERM)
        assert found.process.wait(10) == 128 + signal.SIGTERM
        assert found.alive() == []


def test_workers_do_not_outlive_the_one_that_looks_after_them(tmp_path: Path) -> None:
    with supervised("quick", tmp_path) as found:
        found.greeted()
        found.until(lambda: len(found.begun()) == 2)
        found.process.kill()
        found.until(lambda: found.alive() == [])


def test_workers_that_cannot_start_are_not_started_for_ever(tmp_path: Path) -> None:
    with supervised("cannot-start", tmp_path) as found:
        assert found.process.wait(60) == 3
        assert len(found.begun()) <= 2
        assert found.greeted() == ""


def test_one_that_is_killed_before_it_answers_is_tried_again_after_a_pause(tmp_path: Path) -> None:
    """As by a machine that was short of memory for a moment."""
    with supervised("killed-early", tmp_path) as found:
        begun = time.monotonic()
        assert found.greeted() == "hello\n"
        assert len(found.begun()) == 3
        assert time.monotonic() - begun > 2.0
