"""The service as a load test calls it: Google is a fake in the same process, all else is real.

`python -m tests.load.service PORT GIVEN.json` writes what callers need (tokens, mails, events, holds) into
GIVEN.json and serves until it is ended.
"""

from __future__ import annotations

import datetime as dt
import json
import socket
import sys
import time
import uuid
from collections import deque
from pathlib import Path
from typing import Any

from anyio.from_thread import start_blocking_portal

from app import logs
from app.cli import serving
from app.tone.review import Engine
from app.tone.types import LANGUAGES
from tests.bench.mails import unseen
from tests.gmail.mails import plain
from tests.gmail.stage import BASE, MESSAGE, USER, Stage

MAILS = 60  # of each language; a running number makes each of them new
HOLDS = 300  # asked for again and again: the fake calendar must not be what grows
HOURS = 3
CLIENTS = {
    "en": "I am furious. This is the third time that the menus are late, and I want my money back!",
    "fr": "Je suis furieux. C'est la troisième fois que les menus arrivent en retard !",
    "ar": "أنا غاضب جدا. هذه هي المرة الثالثة التي تتأخر فيها القوائم!",
    "tr": "Çok kızgınım. Menüler üçüncü kez gecikiyor ve paramı geri istiyorum!",
}


def hold(number: int) -> dict[str, Any]:
    start = dt.datetime(2027, 3, 1, 9, tzinfo=dt.UTC) + dt.timedelta(days=number // 8, hours=number % 8)
    return {
        "id": uuid.uuid5(uuid.NAMESPACE_OID, str(number)).hex, "kind": "client-call", "title": "Call",
        "reason": "A voice carries more.", "sources": [], "start": start.isoformat(),
        "end": (start + dt.timedelta(minutes=30)).isoformat(), "all_day": False,
        "time_zone": "Europe/Istanbul", "thread": uuid.uuid5(uuid.NAMESPACE_OID, f"thread {number}").hex,
    }  # fmt: skip


def given(stage: Stage) -> dict[str, Any]:
    until = int(time.time()) + 3600 * HOURS
    events = []
    for language, text in CLIENTS.items():
        message = stage.open(plain(f"{text}\n\nBo"))
        stage.locale = language
        event = stage.event({}, {})
        event["authorizationEventObject"]["userIdToken"] = stage.identity.user(exp=until)
        # A token opens one message: all four are open at the same time.
        token = event["gmail"]["accessToken"] = f"{MESSAGE}-{language}"
        stage.mail.open(token, "ana", message)
        events.append(event)
    return {
        "system": stage.identity.system(aud=f"{BASE}/gmail", exp=until),
        "events": events,
        "token": USER,
        "mails": [unseen(200, language, plain=n % 3 > 0) for n in range(MAILS) for language in LANGUAGES],
        "clients": list(CLIENTS.values()),
        "holds": [hold(number) for number in range(HOLDS)],
    }


def main(port: str, path: str) -> None:
    logs.configure("warning", "json")
    with start_blocking_portal() as portal:
        stage = Stage(portal, Engine.load())
    # What the fakes note for tests would be what grows.
    for fake in (stage.google.calendar, stage.google.mail):
        fake.calls = deque(maxlen=100)  # type: ignore[assignment]
    Path(path).write_text(json.dumps(given(stage)), "utf-8")
    listener = socket.create_server(("127.0.0.1", int(port)), backlog=512)
    serving.Server(stage.app, drain=0, answering=lambda: None).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
