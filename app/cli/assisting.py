"""`tactline mcp`: the tools on standard input and output, for an assistant on this machine."""

from __future__ import annotations

import os

import anyio
from mcp.server.stdio import stdio_server

from app import logs
from app.auth.principal import LOCAL
from app.mcp.server import build
from app.service import Service
from app.settings import load
from app.tone.review import Engine


def run() -> None:
    """Serve until standard input ends. Raises SettingsError, GuidanceError."""
    settings = load()
    # Standard output belongs to the protocol.
    logs.configure("warning", settings.log_format)
    engine = Engine.load(settings.guidance_dir)
    shared = Service(engine=engine, threads=settings.threads or os.cpu_count() or 1)
    server = build(shared, lambda _: LOCAL.owner)

    async def serve() -> None:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    anyio.run(serve)
