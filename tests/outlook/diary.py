"""The pane's bookings on an empty page, and the calendar behind them."""

from __future__ import annotations

from typing import Any

import httpx

from tests.outlook.broker import Broker, Desk, Json
from tests.outlook.signed import ZONE

THREAD = "AAQkADAwthread="
SETUP = """
  globalThis.seen = [];
  globalThis.bookings = new Bookings({
    client, signIn, say: (key) => `[${key}]`,
    changed: () => watched && seen.push(bookings.of(watched)?.state ?? "none"),
  });
  globalThis.watched = null;
"""


class Diary:
    """A desk with bookings on it."""

    def __init__(self, desk: Desk, broker: Broker) -> None:
        self.desk, self.broker, self.signed = desk, broker, broker.signed
        desk.run(SETUP)

    def look(self, *holds: Json, thread: str = THREAD, **more: Any) -> None:
        given = [list(holds), {"thread": thread, "zone": ZONE, **more}]
        self.desk.run("await bookings.look(...given)", given)

    def make(self, hold: Json) -> Json:
        self.desk.run("watched = given; await bookings.make(given)", hold)
        return self.of(hold)

    def undo(self, hold: Json) -> Json:
        self.desk.run("watched = given; await bookings.undo(given)", hold)
        return self.of(hold)

    def of(self, hold: Json) -> Json:
        found: Json = self.desk.run("return bookings.of(given) ?? null", hold)
        return found

    def state(self, hold: Json) -> str:
        return str(self.of(hold)["state"])

    @property
    def seen(self) -> list[str]:
        """The states that the page was told of, of the hold last worked on."""
        found: list[str] = self.desk.run("return seen.filter((state, n) => state !== seen[n - 1])")
        return found

    @property
    def standing(self) -> list[Json]:
        found: list[Json] = self.desk.run("return JSON.parse(JSON.stringify(bookings.standing))")
        return found

    @property
    def events(self) -> list[Json]:
        return self.signed.events(self.broker.oid)

    def posts(self) -> list[str]:
        """The idempotency keys of what was sent to make holds."""
        sent = self.desk.calls("POST", "/v1/holds")
        return [call.headers["idempotency-key"] for call in sent if not call.url.endswith("/slots")]

    def asked(self) -> int:
        """How often the calendar was looked into."""
        return len(self.desk.calls("GET", "/v1/holds")) + len(self.desk.calls("POST", "/v1/holds/slots"))

    def later(self, seconds: int) -> None:
        self.desk.run("const now = Date.now; Date.now = () => now.call(Date) + given * 1000", seconds)

    def elsewhere(self, hold: Json) -> Json:
        """Make a hold from another window of Outlook."""
        headers = {"Authorization": f"Bearer {self.signed.entra.token(oid=self.broker.oid)}"}
        body = {"hold": hold, "calendar": "microsoft"}
        answer = httpx.post(f"{self.signed.address}/v1/holds", json=body, headers=headers, timeout=20)
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        return made
