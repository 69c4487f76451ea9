"""Calendars and mailboxes that answer late, by halves or in drops: told in time, and no hold is doubled."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httplib2
import httpx
import pytest
from anyio.from_thread import BlockingPortal

from app.errors import CalendarError, TooSlow, Unavailable
from app.gmail import messages
from app.gmail.errors import MailError, MailSlow, MailUnavailable
from app.gmail.messages import Mailbox
from app.holds import retry
from app.holds.google import GoogleCalendar
from app.holds.graph import GraphCalendar
from app.holds.retry import Deadline
from app.tone.review import Engine
from tests.acceptance.worker import Elsewhere
from tests.api.test_calendar_holds import Stage, staged
from tests.api.test_errors import problem
from tests.gmail import stage as gmail
from tests.gmail.stage import actions, card
from tests.gmail.test_door import ANGRY
from tests.holds.fakes.faults import Fault, Faults

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

SLOWLY = 20.0  # seconds that a busy machine may add
LATE = 30.0
IN_TIME = 10.0  # seconds after which Gmail and Outlook give up on an add-on

both = pytest.mark.parametrize("calendar", ["google", "microsoft"])


@pytest.fixture
def stage(portal: BlockingPortal, engine: Engine) -> Iterator[Stage]:
    yield from staged(portal, engine)


@pytest.fixture
def opened(portal: BlockingPortal, engine: Engine) -> Iterator[gmail.Stage]:
    with gmail.staged(portal, engine) as found:
        found.open(ANGRY)
        yield found


def faults_of(stage: Stage, calendar: str) -> Faults:
    return stage.google.faults if calendar == "google" else stage.graph.faults


def test_thirty_seconds_late_is_told_in_time(stage: Stage, opened: gmail.Stage) -> None:
    """With the service's own patience, of all three at once."""

    def timed(ask: Callable[[], Any]) -> tuple[Any, float]:
        begun = time.monotonic()
        return ask(), time.monotonic() - begun

    for calendar in ("google", "microsoft"):
        faults_of(stage, calendar).add(Fault("*", delay=LATE, times=20))
    opened.mail.faults.add(Fault("*", delay=LATE, times=20))
    with ThreadPoolExecutor(3) as pool:
        asked = {
            "google": pool.submit(timed, lambda: stage.post("google")),
            "microsoft": pool.submit(timed, lambda: stage.post("microsoft")),
            "gmail": pool.submit(timed, lambda: opened.trigger("message")),
        }
        found = {name: one.result() for name, one in asked.items()}
    # Half of what would come to thirty: that none of them waited for the provider.
    assert max(took for _, took in found.values()) < IN_TIME + LATE / 4
    for calendar in ("google", "microsoft"):
        document = problem(found[calendar][0], 504, "calendar-slow")
        assert document["provider"] == calendar
        assert stage.events(calendar) == []
        faults_of(stage, calendar).clear()
        assert stage.post(calendar).status_code == 201
    [again] = actions(card(found["gmail"][0]), "refresh")
    opened.mail.faults.clear()
    assert actions(card(opened.click(again)), "add")


@both
@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault("insert", delay=LATE, times=2), 504, "calendar-slow"),
        (Fault("insert", body=b'{"kind": "calendar#ev', times=2), 502, "calendar-unavailable"),
        (Fault("insert", lose=True, times=2), 502, "calendar-unavailable"),
    ],
    ids=["late", "half", "lost"],
)
def test_what_was_made_without_an_answer_is_made_once(
    stage: Stage, calendar: str, fault: Fault, status: int, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "_ONE_CALL", 0.5)
    faults_of(stage, calendar).add(fault)
    first = stage.post(calendar)
    if first.status_code != 200:  # Google, asked again, may tell what it made the first time
        problem(first, status, code)
    faults_of(stage, calendar).clear()
    for _ in range(2):
        assert stage.post(calendar).status_code == 200
    assert len(stage.events(calendar)) == 1


class Provider(threading.Thread):
    """A server that answers every request in its own way: "late", by "half", or in "drops"."""

    def __init__(self, way: str) -> None:
        super().__init__(daemon=True)
        self._way = way
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self.asked = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def run(self) -> None:
        threads = []
        while True:
            connection, _ = self._listener.accept()
            if self._over.is_set():
                connection.close()
                break
            self.asked += 1
            threads.append(threading.Thread(target=self._answer, args=(connection,)))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(1 << 16)
                if self._way == "late":
                    self._over.wait(LATE)
                    return
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
                connection.sendall(b'Content-Length: 4000\r\n\r\n{"items": [')
                while self._way == "drops" and not self._over.wait(0.1):
                    connection.sendall(b" ")
            except OSError:
                pass  # who asked has left

    def end(self) -> None:
        self._over.set()
        with socket.create_connection(self._listener.getsockname()):
            self.join(10)
        self._listener.close()


@contextmanager
def provider(way: str) -> Iterator[Provider]:
    made = Provider(way)
    made.start()
    try:
        yield made
    finally:
        made.end()


def elsewhere(address: str) -> Callable[[float], httplib2.Http]:
    class Http(httplib2.Http):  # type: ignore[misc]  # httplib2 publishes no types
        def request(self, uri: str, *args: Any, **more: Any) -> Any:
            path = uri.partition("//")[2].partition("/")[2]
            return super().request(f"{address}/{path}", *args, **more)

    return lambda timeout: Http(timeout=timeout)


@pytest.mark.parametrize("of", ["google", "microsoft", "gmail"])
@pytest.mark.parametrize("way", ["late", "half", "drops"])
def test_over_a_real_connection_each_try_is_bounded(
    of: str, way: str, portal: BlockingPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The libraries' timeouts are of silence: against drops they do nothing."""
    monkeypatch.setattr(retry, "_ONE_CALL", 0.5)
    monkeypatch.setattr(messages, "_ONE_CALL", 0.5)

    async def ask(address: str) -> None:
        if of == "google":
            await GoogleCalendar("T", deadline=Deadline(60), http=elsewhere(address)).get("e1")
        elif of == "gmail":
            await Mailbox("T", deadline=Deadline(60), http=elsewhere(address)).message("18d0000000000001")
        else:
            ways = {"all://graph.microsoft.com": Elsewhere(address)}
            async with httpx.AsyncClient(mounts=ways) as client:
                await GraphCalendar("T", client, deadline=Deadline(60)).get("e1")

    with provider(way) as made:
        begun = time.monotonic()
        with pytest.raises((CalendarError, MailError)) as caught:
            portal.call(ask, made.address)
        assert time.monotonic() - begun < SLOWLY
    assert made.asked == 2
    expected = (Unavailable, MailUnavailable) if way == "half" else (TooSlow, MailSlow)
    assert isinstance(caught.value, expected)
