"""The OpenAPI document as a product: whole, with examples that are so, and good for making a client of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks

from app.api.openapi import EXAMPLES, operations
from app.main import create_app
from app.settings import Settings
from app.tone.review import Engine
from tests.api.exampled import ORDER, Exampled, exampled, examples, value_of

MANY = int(os.environ.get("TACTLINE_API_EXAMPLES", "6"))
"""Requests that schemathesis makes of each operation: `make fuzz-api` makes many more."""


@pytest.fixture(scope="module")
def service(engine: Engine) -> Iterator[Exampled]:
    with exampled(engine) as found:
        yield found


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "components": document["components"]}


def shape(value: Any) -> Any:
    """What a value is made of: names and kinds."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    if isinstance(value, bool) or value is None:
        return "or null"
    return "number" if isinstance(value, int | float) else "text"


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return set(one) == set(other) and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return not one or not other or alike(one[0], other[0])
    return "or null" in (one, other) or one == other


def test_every_operation_is_named_and_exemplified(service: Exampled) -> None:
    found = operations(service.document)
    assert {operation["operationId"] for _, _, operation in found} == set(ORDER)
    assert {path.stem for path in EXAMPLES.glob("*.json")} == set(ORDER)
    for _, _, operation in found:
        assert operation["summary"]
        for media in operation.get("requestBody", {}).get("content", {}).values():
            assert media["examples"], operation["operationId"]
        for status, answer in operation["responses"].items():
            for kind, media in answer.get("content", {}).items():
                if status.startswith("2") and (operation["operationId"], kind) not in _SHOWN_ELSEWHERE:
                    assert media.get("examples"), (operation["operationId"], status, kind)


_SHOWN_ELSEWHERE = {("create_hold", "application/json"), ("put_guideline", "application/json")}
"""Answered with two statuses, of which the examples meet one."""


def test_every_example_is_so(service: Exampled) -> None:
    by_name = {operation["operationId"]: operation for _, _, operation in operations(service.document)}
    for name in ORDER:
        content, operation = examples(name), by_name[name]
        for example in content["requests"].values():
            if example.get("media", "").endswith("json") and "ndjson" not in example["media"]:
                body = operation["requestBody"]["content"][example["media"]]
                jsonschema.validate(example["value"], resolved(service.document, body["schema"]))
            answer = service.ask(name, example)
            assert answer.is_success, (name, answer.text)
            recorded = content["responses"].get(str(answer.status_code))
            kind = answer.headers.get("content-type", "").partition(";")[0]
            if kind == "application/json":
                schema = operation["responses"][str(answer.status_code)]["content"][kind]["schema"]
                jsonschema.validate(answer.json(), resolved(service.document, schema))
            if recorded is not None and recorded["media"] == kind == "application/json":
                first = next(iter(content["requests"].values()))
                if example is first or name not in ("create_review",):
                    assert alike(shape(recorded["value"]), shape(value_of(answer))), name


def test_examples_are_in_several_languages() -> None:
    texts = json.dumps(examples("create_review")["requests"], ensure_ascii=False)
    assert "القوائم" in texts
    assert "Sayın" in texts


@pytest.fixture(scope="module")
def address(engine: Engine) -> Iterator[str]:
    app = create_app(Settings(database_url="sqlite://"), engine)  # type: ignore[arg-type]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


USED = """
import sys
from tactline_client import Client
from tactline_client.api.default import create_hold, create_review, list_guidelines
from tactline_client.models import (
    Hold, HoldIn, HoldInCalendar, MessageIn, MessageInDirection, ProblemDocument, ReviewIn, ReviewOut,
)

client = Client(base_url=sys.argv[1])
text = "As I already told you, the plan is late. We will send it on Friday at noon."
asked = ReviewIn(message=MessageIn(direction=MessageInDirection.OUTGOING, text=text))
review = create_review.sync(client=client, body=asked)
assert isinstance(review, ReviewOut), review
assert review.findings[0].quote in text
names = {item.id for item in list_guidelines.sync(client=client).guidelines}
assert review.findings[0].guideline in names
wanted = HoldIn(hold=review.holds[0], calendar=HoldInCalendar.ICS)
file = create_hold.sync_detailed(client=client, body=wanted)
assert file.status_code == 200 and b"BEGIN:VCALENDAR" in file.content
empty = ReviewIn(message=MessageIn(direction=MessageInDirection.OUTGOING))
wrong = create_review.sync(client=client, body=empty)
assert isinstance(wrong, ProblemDocument) and wrong.errors[0].pointer == "#/message"
print("used")
"""


@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_client_made_of_it_works(service: Exampled, address: str, tmp_path: Path) -> None:
    """By openapi-python-client, in a process of its own."""
    document, config = tmp_path / "openapi.json", tmp_path / "config.yaml"
    document.write_text(json.dumps(service.document))
    config.write_text("post_hooks: []\n")
    made = subprocess.run(  # noqa: S603 - our own tools
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(document), "--config",
         str(config), "--output-path", str(tmp_path / "client"), "--meta", "none"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    assert "WARNING" not in made.stdout, made.stdout
    (tmp_path / "client").rename(tmp_path / "tactline_client")
    used = subprocess.run(  # noqa: S603 - our own tools
        [sys.executable, "-c", USED, address], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert used.stdout == "used\n", used.stderr


@schemathesis.serializer("message/rfc822", "application/x-ndjson")
def _as_it_is(_: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


NOT_MEANT = [
    checks.ignored_auth,  # this service is open; who comes in is tested in test_access
    checks.missing_required_header,  # the same, and Content-Type, of which a body without one is refused
    checks.negative_data_rejection,  # a null or an unknown member may mean nothing in a merge patch
    checks.positive_data_acceptance,  # what a schema cannot say: a time zone, one of two fields
]
schema = schemathesis.openapi.from_dict(
    create_app(Settings(database_url="sqlite://")).openapi(),  # type: ignore[arg-type]
    # The phase that covers every keyword of every schema makes thousands of requests by itself.
    config=SchemathesisConfig.from_dict({"phases": {"coverage": {"enabled": MANY > 100}}}),
)


@pytest.mark.allow_hosts(["127.0.0.1"])
@schema.parametrize()
@settings(
    max_examples=MANY, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck), database=None,
)  # fmt: skip
def test_no_request_breaks_the_service_or_its_word(case: Any, address: str) -> None:
    """Whatever the document allows, and what it does not: no fault of ours, and answers as described."""
    answer = case.call(base_url=address)
    assert answer.status_code < 500, answer.text
    case.validate_response(answer, excluded_checks=NOT_MEANT)
