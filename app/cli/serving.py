"""`tactline serve`: start the service, or say in one sentence why it cannot start."""

from __future__ import annotations

import socket

import uvicorn

from app import logs, settings, strings
from app.cli.migrating import check_store
from app.errors import SettingsError
from app.main import create_app
from app.tone.review import Engine
from app.tone.types import Language


class _Server(uvicorn.Server):
    """Prints the address once requests are answered."""

    greeting = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(self.greeting, flush=True)


def run(host: str | None, port: int | None, language: Language) -> None:
    """Serve until interrupted. Raises SettingsError, StoreError or GuidanceError before anything listens."""
    chosen = settings.load(host=host, port=port)
    logs.configure(chosen.log_level, chosen.log_format)
    check_store(chosen, language)
    engine = Engine.load(chosen.guidance_dir)
    listener = _listen(chosen.host.strip("[]"), chosen.port, language)
    config = uvicorn.Config(
        create_app(chosen, engine), log_config=None, access_log=False, server_header=False, lifespan="on"
    )
    server = _Server(config)
    server.greeting = strings.say(language, "cli.serving", url=_url(chosen.host, listener))
    server.run(sockets=[listener])


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
