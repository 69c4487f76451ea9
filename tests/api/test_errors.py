"""Every refusal under /v1 is a problem document that names the field and repeats nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import strings
from app.api.problems import STATUS
from app.tone.review import Engine
from app.tone.types import LANGUAGES
from tests.conftest import Client

KEY = "key-for-tests-0123456789"
GOOD: dict[str, Any] = {"message": {"direction": "outgoing", "text": "Hello, the menus are ready."}}
JSON = {"Content-Type": "application/json"}
MAIL = {"Content-Type": "message/rfc822"}


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The document, checked for what all of them have."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"/problems/{code}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert "{" not in document["title"] + document["detail"]
    assert document["instance"] == f"urn:uuid:{answer.headers['x-request-id']}"
    return document


def pointers(document: dict[str, Any]) -> set[str]:
    assert all(set(error) == {"pointer", "detail"} and error["detail"] for error in document["errors"])
    return {error["pointer"] for error in document["errors"]}


def changed(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


def message(**changes: Any) -> dict[str, Any]:
    fields = {**GOOD["message"], **changes}
    return changed(message={key: value for key, value in fields.items() if value is not None})


def worth(amount: Any, currency: str = "EUR") -> dict[str, Any]:
    return changed(client={"annual_value": {"amount": amount, "currency": currency}})


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/message"),
        ({"message": "hello"}, "#/message"),
        (message(direction="sideways"), "#/message/direction"),
        (message(direction=None), "#/message/direction"),
        (message(text=None), "#/message"),
        (message(html="<p>Hello</p>"), "#/message"),
        (message(text=5), "#/message/text"),
        (message(text=["a"]), "#/message/text"),
        (message(language="de"), "#/message/language"),
        (message(subject="x" * 2001), "#/message/subject"),
        (message(txet="hello"), "#/message/txet"),
        (changed(explian_in="fr"), "#/explian_in"),
        (changed(explain_in="fr-FR"), "#/explain_in"),
        (changed(now="2026-03-10T09:00:00"), "#/now"),
        (changed(now="2026-03-10"), "#/now"),
        (changed(now="tomorrow"), "#/now"),
        (changed(now=1773133200), "#/now"),
        (changed(now="9999-12-31T23:59:59Z"), "#/now"),
        (changed(now="0001-01-01T00:00:00+14:00"), "#/now"),
        (changed(now="2026-02-30T09:00:00Z"), "#/now"),
        (changed(now="2026-03-10T09:00:00+99:99"), "#/now"),
        (changed(time_zone="Mars/Olympus"), "#/time_zone"),
        (changed(time_zone="../../etc/passwd"), "#/time_zone"),
        (changed(time_zone="Europe"), "#/time_zone"),
        (changed(time_zone=""), "#/time_zone"),
        (changed(time_zone="Europe/Paris\x00"), "#/time_zone"),
        (changed(time_zone="x" * 500), "#/time_zone"),
        (changed(offset_encoding="utf-32"), "#/offset_encoding"),
        (changed(working_hours={"days": [], "start": "09:00", "end": "17:00"}), "#/working_hours"),
        (changed(working_hours={"days": ["mon"], "start": "17:00", "end": "09:00"}), "#/working_hours"),
        (changed(working_hours={"days": ["mon"], "start": "9:00", "end": "17:00"}), "#/working_hours/start"),
        (changed(working_hours={"days": ["mon"], "start": "09:00", "end": 17}), "#/working_hours/end"),
        (changed(working_hours={"days": ["m"], "start": "09:00", "end": "17:00"}), "#/working_hours/days/0"),
        (changed(context={"text": "hello"}), "#/context"),
        (changed(context=[{"direction": "incoming"}]), "#/context/0"),
        (changed(context=[{"direction": "incoming", "text": "a"}] * 101), "#/context"),
        (changed(context=[{"direction": "incoming", "text": "a", "sent_at": "noon"}]), "#/context/0/sent_at"),
        (changed(client={"name": "Dana\r\nBcc: x"}), "#/client/name"),
        (worth(-1), "#/client/annual_value/amount"),
        (worth("1e999999999"), "#/client/annual_value/amount"),
        (worth("NaN"), "#/client/annual_value/amount"),
        (worth(10**300), "#/client/annual_value/amount"),
        (worth(1, "E1R"), "#/client/annual_value/currency"),
    ],
)  # fmt: skip
def test_a_bad_field_is_named(client: Client, body: dict[str, Any], pointer: str) -> None:
    document = problem(client.post("/v1/reviews", json=body), 422, "bad-fields")
    assert pointers(document) == {pointer}


def test_all_bad_fields_are_named_at_once(client: Client) -> None:
    body = changed(now="x", time_zone="y", explain_in="z")
    document = problem(client.post("/v1/reviews", json=body), 422, "bad-fields")
    assert pointers(document) == {"#/now", "#/time_zone", "#/explain_in"}


def test_a_field_whose_name_is_text_is_not_repeated(client: Client) -> None:
    body = changed(**{"Dear Dana, you idiot": 1})
    answer = client.post("/v1/reviews", json=body)
    document = problem(answer, 422, "bad-fields")
    assert pointers(document) == {"#"}
    assert "Dana" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"hello", b"\xff\xfe{}", b'{"message": NaN', b'{"message": {"text": "\\ud800"}}',
        b'{"message": {"text": "\\x"}}', b"[" * 100_000, b'{"a":' * 50_000,
    ],
)  # fmt: skip
def test_what_is_not_json_is_a_400(client: Client, body: bytes) -> None:
    problem(client.post("/v1/reviews", content=body, headers=JSON), 400, "not-json")


@pytest.mark.parametrize("body", [b"null", b"[]", b"5", b'"text"', b"1" * 10_000, b"-1e400"])
def test_json_that_is_no_object_is_refused(client: Client, body: bytes) -> None:
    answer = client.post("/v1/reviews", content=body, headers=JSON)
    assert answer.status_code in (400, 422)
    problem(answer, answer.status_code, "not-json" if answer.status_code == 400 else "bad-fields")


def test_a_huge_number_in_a_field_is_refused(client: Client) -> None:
    body = b'{"message": {"direction": "outgoing", "text": "a"}, "client": {"annual_value": {"amount": '
    body += b"9" * 20_000 + b', "currency": "EUR"}}}'
    answer = client.post("/v1/reviews", content=body, headers=JSON)
    assert answer.status_code in (400, 422)


def test_a_byte_order_mark_is_forgiven(client: Client) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(GOOD).encode()
    assert client.post("/v1/reviews", content=body, headers=JSON).status_code == 200


@pytest.mark.parametrize("raw", [b"", b"\x00\x01\x02", b"no header, no mail", b"\xff" * 100])
def test_bytes_that_are_no_mail_are_a_400(client: Client, raw: bytes) -> None:
    problem(client.post("/v1/reviews", content=raw, headers=MAIL), 400, "not-a-mail")


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "multipart/form-data", ""])
def test_another_content_type_is_a_415(client: Client, media: str) -> None:
    answer = client.post("/v1/reviews", content=b"hello", headers={"Content-Type": media})
    document = problem(answer, 415, "wrong-content-type")
    assert "message/rfc822" in document["detail"]
    assert client.post("/v1/reviews", content=b"hello").status_code == 415


def test_a_content_type_may_have_parameters_and_capitals(client: Client) -> None:
    headers = {"Content-Type": "Application/JSON; charset=UTF-8"}
    assert client.post("/v1/reviews", content=json.dumps(GOOD), headers=headers).status_code == 200


def test_a_raw_mails_query_is_checked(client: Client) -> None:
    raw = b"From: a@example.com\r\nSubject: x\r\n\r\nHello there.\r\n"
    for query, pointer in (
        ("direction=up", "#/direction"),
        ("now=noon", "#/now"),
        ("dircetion=incoming", "#/dircetion"),
    ):
        answer = client.post(f"/v1/reviews?{query}", content=raw, headers=MAIL)
        assert pointers(problem(answer, 422, "bad-fields")) == {pointer}


def test_the_query_does_not_mix_with_a_json_body(client: Client) -> None:
    answer = client.post("/v1/reviews?explain_in=fr", json=GOOD)
    assert pointers(problem(answer, 422, "bad-fields")) == {"#/explain_in"}


def test_a_body_that_is_announced_too_large_is_not_read(client: Client) -> None:
    body = b'{"message": {"direction": "outgoing", "text": "' + b"a" * 1024 * 1024 + b'"}}'
    problem(client.post("/v1/reviews", content=body, headers=JSON), 413, "too-large")


def test_a_body_is_counted_while_it_streams(client: Client) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 64 * 1024
            yield b" " * 64 * 1024

    for headers in (JSON, MAIL):
        sent = 0
        problem(client.post("/v1/reviews", content=endless(), headers=headers), 413, "too-large")
        assert sent < 3 * 1024 * 1024


def test_unknown_addresses_and_methods_are_problems_too(client: Client) -> None:
    problem(client.get("/v1/nothing"), 404, "not-found")
    problem(client.post("/v1/"), 404, "not-found")
    answer = client.get("/v1/reviews")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"
    problem(client.request("DELETE", "/v1/guidelines"), 405, "method-not-allowed")


@pytest.mark.parametrize("language", LANGUAGES)
def test_problems_speak_the_callers_language(client: Client, language: Any) -> None:
    answer = client.post("/v1/reviews", json={}, headers={"Accept-Language": language})
    document = problem(answer, 422, "bad-fields")
    assert answer.headers["content-language"] == language
    assert document["title"] == strings.say(language, "problem.bad-fields.title")
    assert document["errors"][0]["detail"] == strings.say(language, "field.missing")


def test_with_keys_set_every_call_needs_one(make_client: Callable[..., Client], engine: Engine) -> None:
    client = make_client(engine, api_keys=f"another-key-9876543210,{KEY}")
    for method, path in (("POST", "/v1/reviews"), ("POST", "/v1/holds"), ("GET", "/v1/guidelines")):
        answer = client.request(method, path)
        problem(answer, 401, "no-key")
        assert answer.headers["www-authenticate"] == 'Bearer realm="tactline"'
        for wrong in ("Bearer wrong", f"Basic {KEY}", f"Bearer {KEY}x", "Bearer ", "Bearer \xff"):
            refused = client.request(method, path, headers=[(b"Authorization", wrong.encode("latin-1"))])
            problem(
                refused, 401, "wrong-key" if wrong[7:].strip() and wrong.startswith("Bearer") else "no-key"
            )
            assert "wrong" not in refused.text.replace("wrong-key", "").replace("Wrong key", "")
    good = {"Authorization": f"bearer {KEY}"}
    assert client.post("/v1/reviews", json=GOOD, headers=good).status_code == 200
    assert client.get("/v1/guidelines", headers=good).status_code == 200
    assert client.get("/healthz").status_code == 200


def test_a_strangers_host_name_is_refused_on_loopback(
    client: Client, make_client: Callable[..., Client], engine: Engine
) -> None:
    """A page elsewhere may point its own name at 127.0.0.1; the Host header gives it away."""
    for host in ("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[::2]:8000"):
        problem(client.post("/v1/reviews", json=GOOD, headers={"Host": host}), 403, "host-not-allowed")
    for host in ("localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000"):
        assert client.post("/v1/reviews", json=GOOD, headers={"Host": host}).status_code == 200
    elsewhere = make_client(engine, host="0.0.0.0", api_keys=KEY)  # noqa: S104 - nothing listens
    assert elsewhere.get("/healthz", headers={"Host": "tactline.example"}).status_code == 200
    named = make_client(engine, host="0.0.0.0", api_keys=KEY, allowed_hosts="tactline.example")  # noqa: S104
    assert named.get("/healthz", headers={"Host": "tactline.example"}).status_code == 200
    assert named.get("/healthz", headers={"Host": "other.example"}).status_code == 403


def test_no_other_origin_is_let_in(client: Client) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = client.request("OPTIONS", "/v1/reviews", headers=headers)
    assert answer.status_code == 405
    answer = client.post("/v1/reviews", json=GOOD, headers=headers)
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_before_the_engine_is_loaded_the_service_is_live_but_not_ready(
    make_client: Callable[..., Client],
) -> None:
    client = make_client(None)
    assert client.get("/healthz").json() == {"status": "live"}
    assert client.get("/readyz").status_code == 503
    answer = client.post("/v1/reviews", json=GOOD)
    problem(answer, 503, "not-ready")
    assert answer.headers["retry-after"] == "2"


class Broken:
    """An engine that fails with the mail in its mouth."""

    def __init__(self, engine: Engine) -> None:
        self.guidance = engine.guidance

    def review(self, request: Any) -> Any:
        raise RuntimeError(f"cannot read {request.message.document.text}")


def test_an_unexpected_error_is_a_500_that_says_nothing(
    make_client: Callable[..., Client], engine: Engine
) -> None:
    answer = make_client(Broken(engine)).post("/v1/reviews", json=GOOD)
    problem(answer, 500, "internal")
    assert "menus" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_problem_has_its_page(client: Client) -> None:
    for code in STATUS:
        page = client.get(f"/problems/{code}", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert strings.say("en", f"problem.{code}.title") in page.text
    assert client.get("/problems/none").status_code == 404


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "message",
    "context",
    "client",
    "now",
    "time_zone",
    "working_hours",
    "explain_in",
    "offset_encoding",
)


@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(), json_values, max_size=4))
def test_any_json_gets_an_answer(client: Client, body: dict[str, Any]) -> None:
    content = json.dumps(body).encode()
    answer = client.post("/v1/reviews", content=content, headers=JSON)
    assert answer.status_code in (200, 400, 422)
