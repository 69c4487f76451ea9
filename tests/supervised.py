"""`python -m tests.supervised HOW FOLDER`: a supervisor whose processes only tell who they are, in files."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from app import logs
from app.cli.workers import Supervisor


def work(number: int, listener: socket.socket, answering: Callable[[], None], how: str, folder: Path) -> None:
    """Be a process that ends a second after it was told to, or one that fails in the way of `how`."""
    # A name in one step, so that whoever reads it finds it whole.
    part = folder / f".{number}.{os.getpid()}"
    part.touch()
    part.rename(folder / f"{number}.{os.getpid()}")
    if how == "cannot-start":
        raise SystemExit(3)
    if how == "killed-early" and len(list(folder.glob("1.*"))) < 3:
        os.kill(os.getpid(), signal.SIGKILL)
    told = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    answering()
    while not told.is_set():
        time.sleep(0.02)
    time.sleep(60.0 if how == "slow" else 1.0)


def main(how: str, folder: str) -> int:
    logs.configure("info", "json")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(dir=folder)
    listener = socket.create_server(("127.0.0.1", 0))
    count = 1 if how == "killed-early" else 2
    return Supervisor(count, work, (how, Path(folder)), listener, lambda: print("hello", flush=True)).run()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
