"""`tactline holds` beside a calendar with somebody's own entries in it, whoever keeps it."""

from __future__ import annotations

import datetime as dt
import json
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from google.oauth2.credentials import Credentials
from icalendar import Calendar
from typer.testing import CliRunner, Result

from app import cli
from app.cli.calendars import Memory, Outside
from app.settings import load
from app.starting import Connections
from app.tone.review import Engine, Request
from app.tone.types import Review
from tests.auth.device import DeviceEntra
from tests.auth.google_tokens import CLIENT, SCOPE, SCOPES, TOKEN, GoogleTokens
from tests.holds.fakes.faults import Fault, Faults
from tests.holds.fakes.google import AsgiHttp, FakeGoogle
from tests.holds.fakes.graph import FakeGraph

DAY = "2026-03-10T09:00:00+01:00"
NOW = ("--now", DAY, "--time-zone", "Europe/Paris")
DUE = dt.datetime.fromisoformat("2026-03-13T12:00:00+01:00")
CHECK_IN = dt.datetime.fromisoformat("2026-03-17T09:00:00+01:00")
HALF = dt.timedelta(minutes=30)
MAIL = """\
From: Sam <sam@example.com>
To: Dana Quill <dana@example.com>
Subject: Menus for Quillwood
Message-ID: <{name}@example.com>
Date: Tue, 10 Mar 2026 09:00:00 +0100

Hi Dana,

We will send the menus by Friday at noon.
"""


class Remembering:
    """An engine that reads each mail once: these tests ask for the same few again and again."""

    _known: ClassVar[dict[tuple[object, ...], Review]] = {}

    def __init__(self, engine: Engine) -> None:
        self.guidance = engine.guidance
        self._engine = engine

    def review(self, request: Request) -> Review:
        messages = [(m.direction, m.document.source) for m in (request.message, *request.context)]
        key = (*messages, request.now, request.language)
        if key not in self._known:
            self._known[key] = self._engine.review(request)
        return self._known[key]


def plain(monkeypatch: pytest.MonkeyPatch, engine: Engine, folder: Path) -> None:
    """One engine for all runs, an English user, a wide terminal, a home of their own."""
    monkeypatch.setattr(Engine, "load", classmethod(lambda cls, house=None: Remembering(engine)))
    for name, value in (("LC_ALL", "C.UTF-8"), ("COLUMNS", "200"), ("TERM", "dumb")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.chdir(folder)


class Bench:
    """One user's calendar of one kind, and the command that is run on it in `folder`."""

    name = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.terminal = False
        self.arguments: list[str] = []
        self.outside = Outside(connect=self.connect, show_page=self.page, at_terminal=lambda: self.terminal)

    def connect(self) -> Connections:
        raise AssertionError("no connection is needed for a file")

    def page(self, url: str) -> None:
        raise AssertionError("no page is needed")

    def mail(self, name: str = "first", text: str = MAIL) -> Path:
        path = self.folder / f"{name}.eml"
        path.write_text(text.format(name=name), encoding="utf-8")
        return path

    def run(self, *arguments: str | Path, now: Sequence[str] = NOW, text: str | None = None) -> Result:
        """The command on `arguments`, at the benches' moment unless told otherwise."""
        words = ["holds", *map(str, arguments), "--calendar", self.name, *self.arguments, *now]
        return CliRunner().invoke(cli.app, words, input=text, obj=self.outside, catch_exceptions=False)

    def rows(self, *arguments: str | Path, **options: Any) -> list[dict[str, Any]]:
        """What it prints as JSON. It has to succeed."""
        done = self.run(*arguments, "--json", **options)
        assert done.exit_code == 0, done.output
        assert done.stdout.isascii()
        return [json.loads(line) for line in done.stdout.splitlines()]

    def titles(self) -> list[str]:
        """The titles of all that stands in the calendar."""
        raise NotImplementedError

    def meeting(self, start: dt.datetime, end: dt.datetime, title: str = "Board") -> None:
        raise NotImplementedError

    def clear(self) -> None:
        """The user deletes all entries by hand."""
        raise NotImplementedError


class FileBench(Bench):
    name = "ics"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.file = folder / "mine.ics"
        self.arguments = ["--file", str(self.file)]

    def events(self) -> list[Any]:
        if not self.file.exists():
            return []
        return list(Calendar.from_ical(self.file.read_bytes()).walk("VEVENT"))

    def titles(self) -> list[str]:
        return [str(event["summary"]) for event in self.events()]

    def meeting(self, start: dt.datetime, end: dt.datetime, title: str = "Board") -> None:
        stamp = "%Y%m%dT%H%M%SZ"
        lines = (
            "BEGIN:VEVENT", f"UID:{title}@x", "DTSTAMP:20260101T000000Z",
            f"DTSTART:{start.astimezone(dt.UTC):{stamp}}", f"DTEND:{end.astimezone(dt.UTC):{stamp}}",
            f"SUMMARY:{title}", "X-BOARD-ROOM;X-FLOOR=3:Green", "END:VEVENT",
        )  # fmt: skip
        head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Somebody//Else//EN\r\n"
        before = self.file.read_bytes().decode() if self.file.exists() else head + "END:VCALENDAR\r\n"
        entry = "\r\n".join(lines)
        self.file.write_bytes(
            before.replace("END:VCALENDAR\r\n", f"{entry}\r\nEND:VCALENDAR\r\n").encode(),
        )

    def clear(self) -> None:
        self.file.unlink()


class GoogleBench(Bench):
    """The user has signed in before; `tokens` is where a sign-in goes otherwise."""

    name = "google"
    operation = "query"

    def __init__(self, folder: Path, *, signed: bool = True) -> None:
        super().__init__(folder)
        self.fake = FakeGoogle()
        self.tokens = GoogleTokens(self.fake)
        self.fake.user("ya29.known", "ana", {scope.removeprefix(SCOPE) for scope in SCOPES})
        self.outside = Outside(
            connect=self.connect, show_page=self.page, google_adapter=self.tokens, wait=5.0,
            at_terminal=lambda: self.terminal,
        )  # fmt: skip
        if signed:
            later = dt.datetime.now(dt.UTC).replace(tzinfo=None) + dt.timedelta(hours=1)
            known = Credentials(  # type: ignore[no-untyped-call]
                "ya29.known", "1//known", token_uri=TOKEN, client_id=CLIENT["client_id"],
                client_secret=CLIENT["client_secret"], scopes=list(SCOPES), expiry=later,
            )  # fmt: skip
            kept: str = known.to_json()  # type: ignore[no-untyped-call]
            Memory(load()).keep("cli.google", kept.encode())

    @property
    def faults(self) -> Faults:
        return self.fake.faults

    def connect(self) -> Connections:
        return Connections(httpx.AsyncClient(), lambda seconds: AsgiHttp(self.fake, seconds))

    def page(self, url: str) -> None:
        self.tokens.open(url)

    def titles(self) -> list[str]:
        return [str(event["summary"]) for event in self.fake.events("ana")]

    def meeting(self, start: dt.datetime, end: dt.datetime, title: str = "Board") -> None:
        self.fake.put("ana", summary=title, start=start, end=end)

    def clear(self) -> None:
        for event in self.fake.events("ana"):
            self.fake.remove("ana", event["id"])


class GraphBench(Bench):
    """The user signs in by a code in the first run; the fake of Entra enters it."""

    name = "microsoft"
    operation = "view"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.fake = FakeGraph()
        self.entra = DeviceEntra()
        self.fake.user("nobody", "ana")
        self.entra.register(self.fake, lambda tenant, oid: "ana")
        self.outside = Outside(
            connect=self.connect, msal_http=self.entra.public_client(), at_terminal=lambda: self.terminal
        )
        self.arguments = ["--client-id", self.entra.client_id]

    @property
    def faults(self) -> Faults:
        return self.fake.faults

    def connect(self) -> Connections:
        return Connections(httpx.AsyncClient(mounts={"all://graph.microsoft.com": self.fake.transport()}))

    def titles(self) -> list[str]:
        return [str(event["subject"]) for event in self.fake.events("ana")]

    def meeting(self, start: dt.datetime, end: dt.datetime, title: str = "Board") -> None:
        self.fake.put("ana", title, start, end)

    def clear(self) -> None:
        for event in self.fake.events("ana"):
            self.fake.remove("ana", event["id"])

    def secrets(self) -> list[str]:
        """All that was issued and must not be seen: tokens, and the parts of them that can be read."""
        tokens = [*self.entra.issued, *self.entra.refresh]
        bodies = [token.split(".")[1] for token in self.entra.issued]
        return [*tokens, *(urlsafe_b64decode(body + "==").decode() for body in bodies)]


def skip_one(operation: str) -> Fault:
    """A fault that does no harm: the next one waits for the operation's second call."""
    return Fault(operation)
