"""Asks the service every request of the OpenAPI document's examples: `python -m tests.api.exampled` writes
the answers beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from anyio.from_thread import start_blocking_portal

from app.api.openapi import EXAMPLES
from app.main import create_app
from app.settings import Settings
from app.starting import Connections
from app.tone.review import Engine
from tests.conftest import Client
from tests.holds.fakes.graph import FakeGraph

TOKEN = "the-user's-own-token"
ORDER = (
    "create_review", "review_batch", "list_guidelines", "test_guideline", "put_guideline", "get_guideline",
    "patch_guideline", "delete_guideline", "patch_me", "put_dismissal", "delete_dismissal", "get_me",
    "delete_me", "create_hold", "list_holds", "find_slots", "undo_hold",
)  # fmt: skip
"""Each finds what those before it left."""


class Exampled:
    """The service beside a Graph in memory."""

    def __init__(self, client: Client, graph: FakeGraph) -> None:
        self.client = client
        self.graph = graph
        self.document: dict[str, Any] = client.app.openapi()
        self.known: dict[str, str] = {}

    def ask(self, operation: str, example: dict[str, Any]) -> httpx.Response:
        """The answer to one request of an operation."""
        method, path = next(
            (method, path)
            for path, methods in self.document["paths"].items()
            for method, found in methods.items()
            if found["operationId"] == operation
        )
        for name, value in {**example.get("path", {}), **self.known}.items():
            path = path.replace("{" + name + "}", str(value))
        calendar = "hold" in operation or "slot" in operation
        headers = {"Calendar-Authorization": f"Bearer {TOKEN}"} if calendar else {}
        content = None
        if "media" in example:
            headers["Content-Type"] = example["media"]
            value = example["value"]
            content = (value if isinstance(value, str) else json.dumps(value)).encode()
        answer = self.client.request(
            method, path, params=example.get("query"), headers=headers, content=content
        )
        if operation == "create_hold" and answer.headers["content-type"] == "application/json":
            calendar, event = answer.json()["undo"].removeprefix("/v1/holds/").split("/")
            self.known = {"calendar": calendar, "event": event}
        return answer


@contextmanager
def exampled(engine: Engine) -> Iterator[Exampled]:
    graph = FakeGraph()
    graph.user(TOKEN, "ana")

    def connect() -> Connections:
        return Connections(httpx.AsyncClient(mounts={"all://graph.microsoft.com": graph.transport()}))

    with start_blocking_portal() as portal:
        app = create_app(Settings(database_url="sqlite://"), engine, connect)  # type: ignore[arg-type]
        with portal.wrap_async_context_manager(app.router.lifespan_context(app)):
            yield Exampled(Client(app, portal), graph)


def examples(operation: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EXAMPLES / f"{operation}.json").read_text("utf-8"))
    return found


def value_of(answer: httpx.Response) -> Any:
    kind = answer.headers.get("content-type", "").partition(";")[0]
    return answer.json() if kind == "application/json" else answer.text


def main() -> None:
    with exampled(Engine.load()) as service:
        for operation in ORDER:
            content = examples(operation)
            content["responses"] = {}
            for example in content["requests"].values():
                answer = service.ask(operation, example)
                assert answer.is_success, (operation, answer.text)
                status = str(answer.status_code)
                kind = answer.headers.get("content-type", "").partition(";")[0]
                if answer.content and status not in content["responses"]:
                    value = value_of(answer)
                    if operation == "list_guidelines":  # two show the form
                        value["guidelines"] = value["guidelines"][:2]
                    content["responses"][status] = {"media": kind, "value": value}
            text = json.dumps(content, ensure_ascii=False, indent=1)
            (EXAMPLES / f"{operation}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
