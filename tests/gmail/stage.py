"""The application as Gmail calls it: identity, mail and calendar are fakes, the libraries real."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal
from starlette.types import Receive, Scope, Send

from app.main import create_app
from app.service import Service
from app.settings import Settings
from app.starting import Connections
from app.store.store import Store
from app.tone.review import Engine
from app.wishes import Wishes, known_as
from tests.auth.google_fakes import CLIENT, SERVICE_ACCOUNT, FakeGoogleIdentity
from tests.conftest import Client
from tests.gmail.fakes import ADDON, FakeGmail, Stored
from tests.gmail.schemas import check_answer
from tests.holds.fakes.google import AsgiHttp, FakeGoogle

BASE = "https://tactline.example.test"
USER, MESSAGE = "ya29.user-secret", "AF.message-secret"
SCOPES = "https://www.googleapis.com/auth/"
CALENDAR = ("calendar.events.owned", "calendar.freebusy")


class Google:
    """Gmail and Calendar at one place, as the library finds them by their paths."""

    def __init__(self) -> None:
        self.mail, self.calendar = FakeGmail(), FakeGoogle()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.calendar if scope["path"].startswith("/calendar/") else self.mail
        await app(scope, receive, send)


class Stage:
    """`post` sends an event as Google does; `message` is the one that is open."""

    def __init__(self, portal: BlockingPortal, engine: Engine, **settings: Any) -> None:
        self.google, self.identity = Google(), FakeGoogleIdentity()
        given = {
            "public_url": BASE, "gmail_service_account": SERVICE_ACCOUNT, "gmail_client_id": CLIENT,
            "allowed_hosts": "", "host": "127.0.0.1", **settings,
        }  # fmt: skip

        def connect() -> Connections:
            http = lambda seconds: AsgiHttp(self.google, seconds)  # noqa: E731
            return Connections(httpx.AsyncClient(transport=self.identity.transport()), http)

        self.app = create_app(Settings(**given), engine, connect)
        self.client = Client(self.app, portal)
        self.allow(*CALENDAR)
        self.message: Stored | None = None
        self.locale = "en-GB"

    @property
    def mail(self) -> FakeGmail:
        return self.google.mail

    def allow(self, *more: str) -> None:
        """What the user has granted: the add-on's own scopes, and these."""
        self.scopes = {*ADDON, *more}
        self.mail.user(USER, "ana", ADDON)
        self.google.calendar.user(USER, "ana", scopes=set(more) & set(CALENDAR), zone="Europe/Istanbul")

    def open(self, raw: bytes) -> Stored:
        self.message = self.mail.deliver("ana", raw)
        self.mail.open(MESSAGE, "ana", self.message)
        return self.message

    @property
    def store(self) -> Store:
        found: Service = self.app.state.service
        return found.store

    @property
    def owner(self) -> str:
        """What the user's rows in the store belong to."""
        return f"google.{self.identity.claims('user')['sub']}"

    def keep(self, chosen: Wishes) -> None:
        now = dt.datetime.now(dt.UTC)
        self.client.portal.call(partial(self.store.change_preferences, self.owner, chosen.written, now))

    def kept(self) -> Mapping[str, Any]:
        return self.client.portal.call(partial(self.store.preferences_of, self.owner))

    def dismiss(self, guideline: str, quote: str) -> None:
        words, now = known_as(guideline, quote), dt.datetime.now(dt.UTC)
        self.client.portal.call(partial(self.store.dismissals.add, self.owner, words, now))

    def event(self, parameters: dict[str, str], form: dict[str, list[str]], **parts: Any) -> dict[str, Any]:
        gmail: dict[str, Any] = {}
        if self.message is not None:
            gmail = {
                "messageId": self.message.event_id, "threadId": self.message.event_thread,
                "accessToken": MESSAGE,
            }  # fmt: skip
        return {
            "commonEventObject": {
                "hostApp": "GMAIL", "platform": "WEB", "userLocale": self.locale,
                "timeZone": {"id": "Europe/Istanbul", "offset": 10_800_000},
                "parameters": parameters,
                "formInputs": {name: {"stringInputs": {"value": value}} for name, value in form.items()},
            },
            "authorizationEventObject": {
                "userOAuthToken": USER, "userIdToken": self.identity.user(),
                "authorizedScopes": [SCOPES + scope for scope in sorted(self.scopes)],
            },
            "gmail": gmail,
            **parts,
        }  # fmt: skip

    def send(self, body: Any, query: str = "", token: str | None = None) -> httpx.Response:
        sent = self.identity.system(aud=f"{BASE}/gmail") if token is None else token
        proof = b"Bearer " + sent.encode("utf-8", "surrogatepass")
        headers: Any = {"Authorization": proof, "Content-Type": "application/json"}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(f"/gmail{query}", content=content, headers=headers)

    def trigger(self, do: str, **parts: Any) -> dict[str, Any]:
        return self._checked(self.send(self.event({}, {}, **parts), f"?do={do}"), clicked=False)

    def click(self, parameters: dict[str, str], form: dict[str, list[str]] | None = None) -> dict[str, Any]:
        return self._checked(self.send(self.event(parameters, form or {})), clicked=True)

    def _checked(self, answer: httpx.Response, *, clicked: bool) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        check_answer(found)
        if "requesting_google_scopes" not in found:
            assert ("renderActions" in found) == clicked
        return found


@contextmanager
def staged(portal: BlockingPortal, engine: Engine, **settings: Any) -> Iterator[Stage]:
    stage = Stage(portal, engine, **settings)
    with portal.wrap_async_context_manager(stage.app.router.lifespan_context(stage.app)):
        yield stage


def card(answer: dict[str, Any]) -> dict[str, Any]:
    """The one card of an answer."""
    action = answer.get("renderActions", answer)["action"]
    [navigation] = action["navigations"]
    return next(iter(navigation.values()))


def notice(answer: dict[str, Any]) -> str:
    return str(answer["renderActions"]["action"]["notification"]["text"])


def words(answer: dict[str, Any]) -> str:
    return json.dumps(card(answer), ensure_ascii=False)


def actions(part: Any, do: str) -> list[dict[str, str]]:
    """The parameters of every click of a kind, in the order of the card."""
    found: list[dict[str, str]] = []
    if isinstance(part, dict):
        if "function" in part and "parameters" in part:
            given = {item["key"]: item["value"] for item in part["parameters"]}
            return [given] if given.get("do") == do else []
        for value in part.values():
            found += actions(value, do)
    elif isinstance(part, list):
        for value in part:
            found += actions(value, do)
    return found
