"""`tactline serve`: start the service, or say in one sentence why it cannot start."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

import uvicorn
from fastapi import FastAPI

from app import logs, settings, starting, strings
from app.cli import workers
from app.cli.migrating import check_store
from app.errors import SettingsError
from app.guidance.house import load_all
from app.main import create_app
from app.patience import Connection
from app.service import Service
from app.settings import Settings
from app.store.database import in_memory
from app.tone.review import Engine
from app.tone.types import Language

log = logs.get(__name__)
_BREATH = 0.005  # seconds
_PAUSE = 0.5  # seconds until a connection is tried again after a failure
FINISHING = 30
"""Seconds that requests under way have when the process is told to end."""


class Server(uvicorn.Server):
    """Told to end by a signal, it first says so at /readyz and goes on answering for some seconds, so that a
    balancer can look elsewhere; then it finishes what is under way. Told twice, it ends at once."""

    def __init__(
        self,
        app: FastAPI,
        *,
        drain: float,
        answering: Callable[[], None],
        keep_alive: int = 5,
        shared: bool = False,
        signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
    ) -> None:
        """`drain` and `keep_alive` in seconds; `answering` is called once requests are answered; `shared`:
        other processes take connections from the same socket."""
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, lifespan="on", ws="none",
            http=Connection, timeout_graceful_shutdown=FINISHING, timeout_keep_alive=keep_alive,
            # The library would believe whom anybody on this machine names: `trusted_proxies` says whom we do.
            proxy_headers=False,
        )  # fmt: skip
        super().__init__(config)
        self._service: Service = app.state.service
        self._drain = drain
        self._answering = answering
        self._breath = _BREATH if shared else 0.0
        self._listeners: list[socket.socket] = []
        self._begun: set[asyncio.Task[None]] = set()
        self._signals = signals
        self._leaves_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # The library would take all connections that wait, at once and in the process that looks first. They
        # stay with it as long as they last, and the other processes stand idle.
        await super().startup([])
        if self.started:
            self._listeners = list(sockets or ())
            for listener in self._listeners:
                listener.setblocking(False)
                self._look_at(listener)
            self._answering()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener)
        self._listeners = []
        await super().shutdown(sockets)

    def _look_at(self, listener: socket.socket) -> None:
        if listener in self._listeners:
            asyncio.get_running_loop().add_reader(listener, self._take, listener)

    def _take(self, listener: socket.socket) -> None:
        """Take one connection, and then a breath in which other processes may take theirs."""
        breath = self._breath
        try:
            connection, _ = listener.accept()
        except (BlockingIOError, ConnectionError):  # another process has it, or its client has left
            return
        except OSError as error:  # mostly that the process may open no more files
            logs.event(log, "no connection was taken", level=30, error=error)
            breath = _PAUSE
        else:
            connection.setblocking(False)
            task = asyncio.create_task(self._speak(connection))
            self._begun.add(task)
            task.add_done_callback(self._begun.discard)
        if breath:
            loop = asyncio.get_running_loop()
            loop.remove_reader(listener)
            loop.call_later(breath, self._look_at, listener)

    async def _speak(self, connection: socket.socket) -> None:
        def protocol() -> Connection:
            return Connection(self.config, self.server_state, self.lifespan.state)

        with contextlib.suppress(OSError):  # its client has left
            await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The library's would raise the signal once more when all is done: the status would tell of a failure.
        for sig in self._signals:
            signal.signal(sig, self.handle_exit)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._leaves_at is not None:
            end_by(sig)
        self._leaves_at = time.monotonic() + (self._drain if self.started else 0)
        self._service.leaving = True

    async def on_tick(self, counter: int) -> bool:
        # Not from the handler of the signal, which could come while the loop sleeps.
        if self._leaves_at is not None and time.monotonic() >= self._leaves_at:
            self.should_exit = True
        return await super().on_tick(counter)


def end_by(sig: int) -> None:
    """End this process as the signal does where nobody handles it: at once."""
    signal.signal(sig, signal.SIG_DFL)
    os.kill(os.getpid(), sig)


def run(host: str | None, port: int | None, count: int | None, language: Language) -> None:
    """Serve until told to end. Raises SettingsError, StoreError or GuidanceError before anything listens."""
    chosen = settings.load(host=host, port=port, workers=count)
    logs.configure(chosen.log_level, chosen.log_format)
    check_store(chosen, language)
    if chosen.workers > 1:
        _run_many(chosen, language)
        return
    engine = Engine.load(chosen.guidance_dir)
    listener = _listen(chosen.host.strip("[]"), chosen.port, language)
    greet = _greeting(chosen, listener, language)
    server = Server(
        create_app(chosen, engine), drain=drain_of(chosen), keep_alive=keep_alive_of(chosen), answering=greet
    )
    server.run(sockets=[listener])


def _run_many(chosen: Settings, language: Language) -> None:
    """Several processes on one port. Ends the program with their status."""
    if in_memory(starting.database_url(chosen)):
        raise SettingsError(strings.say(language, "cli.error.workers-in-memory"))
    load_all(chosen.guidance_dir)  # what is wrong with the guidance is said once, and here
    listener = _listen(chosen.host.strip("[]"), chosen.port, language)
    with tempfile.TemporaryDirectory(prefix="tactline-metrics-") as folder:
        # Read by the library when a process imports it (app.metrics).
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        greet = _greeting(chosen, listener, language)
        status = workers.Supervisor(chosen.workers, serve_one, (chosen,), listener, greet).run()
    if status:
        raise SystemExit(status)


def serve_one(number: int, listener: socket.socket, answering: Callable[[], None], chosen: Settings) -> None:
    """Be one of several processes."""
    logs.configure(chosen.log_level, chosen.log_format, worker=number)
    # What a terminal sends to all of them, the one that started them passes on as SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = Server(
        create_app(chosen), drain=drain_of(chosen), keep_alive=keep_alive_of(chosen), answering=answering,
        shared=chosen.workers > 1, signals=(signal.SIGTERM,),
    )  # fmt: skip
    server.run(sockets=[listener])


def drain_of(chosen: Settings) -> float:
    """Seconds that a service which others reach goes on answering when it is told to end."""
    if chosen.drain_seconds is not None:
        return chosen.drain_seconds
    return 0 if chosen.loopback else 5


def keep_alive_of(chosen: Settings) -> int:
    """Seconds that a connection waits for another request: longer than most balancers keep theirs, since one
    that sends while its connection is closed answers its client 502."""
    if chosen.keep_alive is not None:
        return chosen.keep_alive
    return 5 if chosen.loopback else 75


def _greeting(chosen: Settings, listener: socket.socket, language: Language) -> Callable[[], None]:
    words = strings.say(language, "cli.serving", url=_url(chosen.host, listener))
    return lambda: print(words, flush=True)


def _listen(host: str, port: int, language: Language) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError:
        raise SettingsError(strings.say(language, "cli.error.no-address", host=host, port=port)) from None


def _url(host: str, listener: socket.socket) -> str:
    name = host.strip("[]")
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{listener.getsockname()[1]}"
