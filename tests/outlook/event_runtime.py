"""The event runtime's script in Node, with no page around it: its parts, and whole mails that are sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app.guidance.schema import Guidance
from app.outlook import launchevent
from app.service import Outlook
from tests.node import node

Json = dict[str, Any]
ADDRESS = "https://tactline.test"
PROGRAM = Path(__file__).with_name("event_runtime.js")


class Runtime:
    """A script, written to a file in `folder`."""

    def __init__(self, folder: Path, guidance: Guidance, outlook: Outlook | None = None) -> None:
        self.path = folder / "launchevent.js"
        self.code = launchevent.script(guidance, ADDRESS, outlook or Outlook())
        self.path.write_text(self.code, encoding="utf-8")

    def _run(self, asked: Json) -> list[Any]:
        done = node(str(PROGRAM), str(self.path), cwd=self.path.parent, input=json.dumps(asked))
        assert done.returncode == 0, done.stderr
        found: list[Any] = json.loads(done.stdout)
        return found

    def catch(self, tries: list[tuple[int, list[str]]]) -> list[list[str | None]]:
        """For each rule (its place) and its texts: what the rule catches there."""
        return self._run({"rules": [{"rule": rule, "texts": texts} for rule, texts in tries]})

    def call(self, part: str, *given: tuple[Any, ...], leaps: int = 0) -> list[Any]:
        """A function of the script, once for each list of arguments; the clock leaps so many ms when read."""
        return self._run({"call": part, "given": given, "leaps": leaps})

    def send(self, *mails: Json) -> list[Json]:
        """What comes of sending mails, one after the other: see `sending`."""
        return self._run({"sends": mails})


def sending(body: str, **more: Any) -> Json:
    """A mail and the Outlook around it. `answer`: {status, body, delay} of the service; `fails`: methods that
    fail ("body!": that throw), `silent`: that never answer; `legacy`: the token that Office's own sign-in
    gives, "" for none, None where Office has no such thing; `msal`: the same for nested sign-in ("never": no
    answer)."""
    answer = {"status": 200, "body": "{}", "delay": 0, "refused": False} | more.pop("answer", {})
    usual: Json = {
        "body": body, "subject": "Your order", "to": ["sam@client.test"], "cc": [], "bcc": [],
        "user": "ana@studio.test", "account": "office365", "zone": "GMT Standard Time", "display": "en-GB",
        "set": 15, "nested": False, "abort": True, "legacy": None, "msal": None, "kept": {},
        "fails": [], "silent": [],
        "without": [], "linger": 50, "answer": answer,
    }  # fmt: skip
    assert set(more) <= set(usual), more
    return usual | more
