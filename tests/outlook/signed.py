"""The service with Microsoft sign-in, on a port of this machine: all is real but Entra and Graph."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

from app.main import create_app
from app.settings import Settings
from app.starting import Connections
from app.tone.review import Engine
from tests.auth.fakes import FakeEntra
from tests.auth.tokens import TENANT
from tests.holds.fakes.graph import FakeGraph
from tests.holds.fakes.graph_body import Json

KEY = "a-key-of-sixteen-and-more"
ZONE = "Turkey Standard Time"
ISTANBUL = dt.timezone(dt.timedelta(hours=3))


class Signed:
    """The service and what is behind it. Everybody who signs in has a mailbox named by their oid."""

    def __init__(self, engine: Engine, **settings: Any) -> None:
        self.entra, self.graph = FakeEntra(), FakeGraph()
        self.entra.register(self.graph)
        self.address = ""
        given: dict[str, Any] = {
            "api_keys": KEY, "entra_client_id": self.entra.client_id, "host": "127.0.0.1",
            "entra_client_secret": self.entra.secret, "entra_tenants": TENANT,
            "rate_limit_denied": "",  # tests come with many a wrong token
            **settings,
        }  # fmt: skip
        ways = {
            "all://graph.microsoft.com": self.graph.transport(),
            "all://login.microsoftonline.com": self.entra.transport(),
        }

        def connect() -> Connections:
            return Connections(httpx.AsyncClient(mounts=ways), msal_http=self.entra.msal_client())

        self.app = create_app(Settings(**given), engine, connect)

    def user(self) -> str:
        """The oid of somebody new, whose calendar is empty."""
        oid = str(uuid.uuid4())
        self.graph.user(f"own-{oid}", oid)
        return oid

    def events(self, oid: str) -> list[Json]:
        """What stands in somebody's calendar."""
        return self.graph.events(oid)

    def meeting(self, oid: str, hold: Json) -> None:
        """Let something else lie at the time of a hold."""
        start, end = (dt.datetime.fromisoformat(hold[name]) for name in ("start", "end"))
        self.graph.put(oid, "Board", start, end)

    def tokens_for_graph(self, oid: str) -> list[str]:
        return [token for token, whose in self.entra.issued.items() if whose[1] == oid]

    def calm(self) -> None:
        """Take back what the last test let go wrong."""
        self.graph.faults.clear()
        self.graph.down = self.entra.down = self.entra.slow = False
        self.entra.get_status, self.entra.expires_in = 200, 3600
        self.entra.wanted.clear()
        self.entra.unwilling.clear()
        self.entra.failures.clear()


@contextmanager
def serving(engine: Engine, **settings: Any) -> Iterator[Signed]:
    """Such a service, running as long as the block does."""
    signed = Signed(engine, **settings)
    config = uvicorn.Config(
        signed.app, host="127.0.0.1", port=0, log_config=None, access_log=False, ws="none", lifespan="on"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 30
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the service did not start")
            time.sleep(0.02)
        signed.address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        yield signed
    finally:
        server.should_exit = True
        thread.join(10)


def hold(kind: str = "client-call", hour: int = 10, **more: Any) -> Json:
    """A proposal as a review makes it, with an id of its own: half an hour of a Tuesday in Istanbul."""
    today = dt.datetime.now(ISTANBUL).replace(hour=hour, minute=0, second=0, microsecond=0)
    start = today + dt.timedelta(days=7 + (1 - today.weekday()) % 7)
    return {
        "id": uuid.uuid4().hex, "kind": kind, "title": "Call Mrs Quill", "start": start.isoformat(),
        "end": (start + dt.timedelta(minutes=30)).isoformat(), "all_day": False, "time_zone": ZONE,
        "reason": "A voice carries more than a mail.", "sources": [], "thread": uuid.uuid4().hex, **more,
    }  # fmt: skip


def challenge(value: str = "c1") -> str:
    """The claims that Entra may want, as JSON. What they stand for matters to nobody in between."""
    return json.dumps({"access_token": {"acrs": {"essential": True, "value": value}}})
