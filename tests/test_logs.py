"""Nothing of a mail, no address and no token reaches a log, a stream or an error's body."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app import logs
from app.errors import GuidanceError
from app.tone.review import Engine
from tests.conftest import Client

CANARIES = {
    "text": "canarytextwords",
    "html": "canaryhtmlwords",
    "subject": "canarysubject",
    "context": "canarycontext",
    "name": "canaryclient",
    "address": "canary.address@example.com",
    "token": "canary-token-0123456789",
    "query": "canaryquery",
    "header": "canaryheader",
    "field": "canaryfieldname",
    "path": "canarypath",
}
KEY = "key-for-tests-0123456789"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Everything that is logged, at the most talkative level."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    found = io.StringIO()
    logs.configure("debug", "json", found)
    root.setLevel(logging.DEBUG)
    yield found
    root.handlers[:], level = before
    root.setLevel(level)
    logging.captureWarnings(False)


class Failing:
    """Fails in the middle of a review, with the mail in the error's words and in its cause's."""

    def __init__(self, engine: Engine) -> None:
        self.guidance = engine.guidance

    def review(self, request: Any) -> Any:
        text = request.message.document.text
        logging.getLogger("some.library").error("could not read %s", text)
        warnings.warn(f"odd value {text}", stacklevel=1)
        try:
            raise ValueError(text)
        except ValueError as error:
            raise RuntimeError(f"failed on {text}") from error


def calls(client: Client) -> Iterator[Any]:
    """Requests full of canaries, good and bad."""
    c = CANARIES
    headers = {"Authorization": f"Bearer {KEY}", "X-Extra": c["header"], "User-Agent": c["header"]}
    text = f"Hi, you never sent the {c['text']}!!! Write to {c['address']} by Friday. {c['text']} {c['name']}"
    message = {"direction": "outgoing", "subject": f"Re: {c['subject']}", "text": text}
    good: dict[str, Any] = {
        "message": message,
        "context": [{"direction": "incoming", "text": f"I am angry about {c['context']}!"}],
        "client": {"name": c["name"]},
    }
    raw = f"From: {c['name']} <{c['address']}>\r\nSubject: {c['subject']}\r\n\r\n{text}\r\n".encode()
    mail = {**headers, "Content-Type": "message/rfc822"}
    as_json = {**headers, "Content-Type": "application/json"}
    yield client.post("/v1/reviews", json=good, headers=headers)
    yield client.post(
        "/v1/reviews", json={"message": {**message, "text": None, "html": f"<p>{c['html']}"}}, headers=headers
    )
    yield client.post("/v1/reviews", content=raw, headers=mail)
    yield client.post(f"/v1/reviews?now={c['query']}&{c['field']}={c['query']}", content=raw, headers=mail)
    yield client.post("/v1/reviews", content=c["text"].encode(), headers=mail)
    yield client.post("/v1/reviews", json={**good, c["field"]: 1, f"{c['text']} words": 2}, headers=headers)
    yield client.post("/v1/reviews", json={**good, "now": c["text"], "time_zone": c["text"]}, headers=headers)
    yield client.post("/v1/reviews", json={"message": {**message, "html": c["html"]}}, headers=headers)
    yield client.post("/v1/reviews", content=f'{{"a": "{c["text"]}'.encode(), headers=as_json)
    yield client.post("/v1/reviews", content=c["text"] * 100_000, headers=as_json)
    yield client.post("/v1/reviews", content=c["text"], headers={**headers, "Content-Type": c["header"]})
    yield client.post("/v1/reviews", json=good, headers={"Authorization": f"Bearer {c['token']}"})
    yield client.post(
        "/v1/holds", json={"hold": {"title": c["text"]}, "calendar": c["text"]}, headers=headers
    )
    yield client.get(f"/v1/{c['path']}?q={c['query']}", headers=headers)
    yield client.get(f"/{c['path']}", headers={**headers, "Accept": "text/html"})
    yield client.get(f"/guidelines/{c['path']}", headers={**headers, "Accept": "text/html"})
    yield client.get(f"/guidelines?lang={c['query']}", headers=headers)
    yield client.request(c["path"].upper(), "/v1/reviews", headers=headers)
    yield client.get("/healthz", headers={**headers, "Host": f"{c['header']}.example"})


# A typo in a field's name is pointed at by that name: that is what a caller needs to find it.
ECHOED = {CANARIES["field"]}


@pytest.mark.parametrize("failing", [False, True])
def test_no_canary_gets_out(
    make_client: Callable[..., Client],
    engine: Engine,
    stream: io.StringIO,
    capfd: pytest.CaptureFixture[str],
    failing: bool,
) -> None:
    records: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name.startswith(("app", "uvicorn")):
                records.append(repr(vars(record)))

    keeper = Keeper()
    logging.getLogger().addHandler(keeper)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        client = make_client(Failing(engine) if failing else engine, api_keys=KEY)
        answers = list(calls(client))
    logging.getLogger().removeHandler(keeper)
    refused = [answer for answer in answers if answer.status_code >= 400]
    assert len(refused) >= (16 if failing else 13)
    assert {answer.status_code for answer in refused} >= {400, 401, 403, 404, 405, 413, 415, 422}
    assert (500 in {answer.status_code for answer in refused}) is failing
    said = stream.getvalue()
    assert said.count('"message": "request"') == len(answers)
    streams = capfd.readouterr()
    for canary in CANARIES.values():
        assert canary not in said
        assert canary.upper() not in said
        assert canary not in streams.out + streams.err
        if not failing:
            assert not [record for record in records if canary in record]
        for answer in refused:
            assert canary not in answer.text or canary in ECHOED
            assert canary not in str(answer.headers)


def test_an_error_is_logged_with_its_place_and_request(
    make_client: Callable[..., Client], engine: Engine, stream: io.StringIO
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        answer = make_client(Failing(engine)).review({"direction": "outgoing", "text": "hello there"})
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    [line] = [line for line in lines if line["message"] == "unexpected error"]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert "RuntimeError at " in line["exception"]
    assert "ValueError at test_logs.py:" in line["exception"]
    assert "hello" not in stream.getvalue()


def test_a_request_is_one_line_of_counts(client: Client, stream: io.StringIO) -> None:
    client.review({"direction": "outgoing", "text": "It is your fault!!!"})
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    [line] = [line for line in lines if line["message"] == "request"]
    assert (line["method"], line["route"], line["status"]) == ("POST", "/v1/reviews", 200)
    assert line["ms"] > 0
    assert line["bytes"] > 10
    [review] = [line for line in lines if line["message"] == "reviewed"]
    assert (review["language"], review["direction"]) == ("en", "outgoing")
    assert review["findings"] >= 1


def test_only_known_fields_can_be_logged() -> None:
    with pytest.raises(ValueError, match="subject"):
        logs.event(logs.get("app.test"), "request", subject="hello")


def test_an_error_meant_for_a_person_keeps_its_sentence() -> None:
    assert "guideline.toml is missing" in logs.describe(GuidanceError("x: guideline.toml is missing"))


def test_the_text_form_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    found = io.StringIO()
    handler = logging.StreamHandler(found)
    handler.setFormatter(logs.TextFormatter())
    logger = logging.getLogger("app.test_text_form")
    logger.addHandler(handler)
    logger.setLevel("INFO")
    logs.event(logger, "request", status=200, route=None)
    assert found.getvalue().count("\n") == 1
    assert "request" in found.getvalue()
    assert "status=200" in found.getvalue()
