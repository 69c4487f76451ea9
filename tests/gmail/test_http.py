"""Gmail over real HTTP: the same door behind uvicorn, on a port of this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from anyio.from_thread import BlockingPortal

from app.tone.review import Engine
from tests.gmail.mails import plain
from tests.gmail.schemas import check_answer
from tests.gmail.stage import BASE, Stage, actions, card

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
ANGRY = plain("Ana,\n\nI am furious. This is the third time the menus are late!\n\nBo")


@pytest.fixture
def served(portal: BlockingPortal, engine: Engine) -> Iterator[tuple[Stage, str]]:
    stage = Stage(portal, engine)
    config = uvicorn.Config(
        stage.app, host="127.0.0.1", port=0, log_config=None, access_log=False, ws="none", lifespan="on"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < deadline, "the service did not start"
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield stage, f"http://127.0.0.1:{port}/gmail"
    server.should_exit = True
    thread.join(10)


def test_open_add_replay_and_forged(served: tuple[Stage, str]) -> None:
    stage, url = served
    stage.open(ANGRY)
    good = {"Authorization": f"Bearer {stage.identity.system(aud=f'{BASE}/gmail')}"}
    with httpx.Client(timeout=20) as client:
        opened = client.post(f"{url}?do=message", json=stage.event({}, {}), headers=good)
        assert opened.status_code == 200
        check_answer(opened.json())
        add = actions(card(opened.json()), "add")[0]
        for _ in range(2):
            added = client.post(url, json=stage.event(add, {}), headers=good)
            check_answer(added.json())
        assert len(stage.google.calendar.events("ana")) == 1
        forged = {"Authorization": f"Bearer {stage.identity.forge('other-account')}"}
        refused = client.post(url, json=stage.event(add, {}), headers=forged)
        assert (refused.status_code, refused.content) == (401, b"")
