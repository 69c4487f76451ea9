"""Keys and limits at the door of /v1 and /v2: scopes, headers, and who a program acts for."""

from __future__ import annotations

import datetime as dt
import hmac
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from app.auth.principal import SCOPES, Scope
from app.store.api_keys import made
from app.tone.review import Engine
from tests.api.test_errors import problem
from tests.conftest import Client

SET = "a-key-of-the-settings-012345"
MESSAGE = {"direction": "outgoing", "text": "As I already told you, the plan is attached."}
FREE = frozenset(("GET /v1/guidelines",))
"""What any good key may read: the catalogue is on public pages too."""


class Keyed:
    """An application that has started, with keys of each scope."""

    def __init__(self, client: Client, **settings: Any) -> None:
        self.client = client
        self.keys: dict[str, str] = {}

    def do(self, work: Callable[[], Awaitable[Any]]) -> Any:
        return self.client.portal.call(work)

    @property
    def shared(self) -> Any:
        return self.client.app.state.service

    def add(self, name: str, *scopes: Scope) -> str:
        key, identity = made()
        now = dt.datetime.now(dt.UTC)
        self.do(lambda: self.shared.store.api_keys.add(identity, name, key, scopes, now))
        return key

    def ask(self, method: str, path: str, key: str | None, **more: Any) -> Any:
        headers = {**({} if key is None else {"Authorization": f"Bearer {key}"}), **more.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **more)

    def review(self, key: str | None, **headers: str | bytes) -> Any:
        return self.ask("POST", "/v1/reviews", key, json={"message": MESSAGE}, headers=headers)


@contextmanager
def started(client: Client) -> Iterator[Keyed]:
    """Its lifespan runs in the portal's loop, as a server runs it."""
    with client.portal.wrap_async_context_manager(client.app.router.lifespan_context(client.app)):
        yield Keyed(client)


@pytest.fixture(scope="module")
def keyed(make_client: Callable[..., Client], engine: Engine) -> Iterator[Keyed]:
    settings = {"api_keys": SET, "rate_limit": "", "rate_limit_address": "", "rate_limit_denied": ""}
    with started(make_client(engine, **settings)) as running:
        yield running


@pytest.fixture
def limited(make_client: Callable[..., Client], engine: Engine) -> Iterator[Keyed]:
    limits = {"rate_limit": "3/minute", "rate_limit_address": "40/minute", "rate_limit_denied": "2/minute"}
    with started(make_client(engine, api_keys=SET, **limits)) as running:
        yield running


def routes(app: Any) -> list[tuple[str, str]]:
    """All that the application answers under /v1, also what its description does not name."""
    return [
        (method, route.path or "")
        for route in iter_route_contexts(app.routes)
        for method in sorted(route.methods or ())
        if (route.path or "").startswith("/v1/")
    ]


def test_all_that_is_described_is_walked(keyed: Keyed) -> None:
    described = keyed.client.app.openapi()["paths"]
    named = {(method.upper(), path) for path, found in described.items() for method in found}
    assert {pair for pair in named if pair[1].startswith("/v1/")} <= set(routes(keyed.client.app))


def test_no_route_of_v1_is_open_to_those_without_a_key(keyed: Keyed) -> None:
    every = routes(keyed.client.app)
    assert len(every) > 8
    for method, path in every:
        problem(keyed.ask(method, _filled(path), None), 401, "no-key")
        problem(keyed.ask(method, _filled(path), "tl_aaaaaaaa_" + "x" * 43), 401, "wrong-key")


def test_every_route_of_v1_asks_for_a_scope(keyed: Keyed) -> None:
    """A key that may nothing of it is refused, whatever else is wrong with the request."""
    none = keyed.add("may nothing")
    for method, path in routes(keyed.client.app):
        answer = keyed.ask(method, _filled(path), none)
        if f"{method} {path}" in FREE:
            assert answer.status_code == 200
        else:
            problem(answer, 403, "key-lacks-scope")
            assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


def _filled(path: str) -> str:
    return path.replace("{calendar}", "google").replace("{event}", "e").replace("{identity}", "arguing")


def test_a_key_for_reviews_reaches_no_calendar(keyed: Keyed) -> None:
    key = keyed.add("reviews alone", "review")
    assert keyed.review(key).status_code == 200
    problem(keyed.ask("GET", "/v1/holds", key), 403, "key-lacks-scope")
    assert keyed.ask("POST", "/v2/check", key, data={"text": "Hello", "language": "en"}).status_code == 200


def test_a_key_for_holds_reviews_nothing(keyed: Keyed) -> None:
    key = keyed.add("holds alone", "holds")
    problem(keyed.review(key), 403, "key-lacks-scope")
    refused = keyed.ask("POST", "/v2/check", key, data={"text": "Hello", "language": "en"})
    assert refused.status_code == 403


def test_v2_takes_a_key_as_its_clients_send_it(keyed: Keyed) -> None:
    key = keyed.add("an editor", "review")
    form = {"text": "Hello", "language": "en", "username": "ana", "apiKey": key}
    assert keyed.client.post("/v2/check", data=form).status_code == 200
    keyed.do(lambda: keyed.shared.store.api_keys.revoke("an editor", dt.datetime.now(dt.UTC)))
    keyed.shared.gate._known.clear()  # as after the seconds for which it is believed
    assert keyed.client.post("/v2/check", data=form).status_code == 403


def test_a_key_of_the_settings_may_all(keyed: Keyed) -> None:
    who = keyed.do(lambda: keyed.shared.gate.admit([SET], dt.datetime.now(dt.UTC)))
    assert who.scopes == set(SCOPES)


def test_keys_are_compared_in_constant_time_and_all_of_them(
    keyed: Keyed, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []
    compare = hmac.compare_digest

    def watched(one: bytes, two: bytes) -> bool:
        compared.append((one, two))
        return compare(one, two)

    monkeypatch.setattr("app.gate.hmac.compare_digest", watched)
    monkeypatch.setattr(keyed.shared.gate, "keys", ("first-key-0123456789", SET, "third-key-0123456789"))
    for key in ("first-key-0123456789", SET):
        compared.clear()
        assert keyed.review(key).status_code == 200
        assert [two.decode() for _, two in compared] == list(keyed.shared.gate.keys)


@pytest.mark.parametrize("name", ["", "x" * 256, "a\tb", b"a\x00b", "\u202eabc".encode()])
def test_a_users_name_that_is_none(keyed: Keyed, name: str | bytes) -> None:
    found = problem(keyed.review(SET, **{"Tactline-User": name}), 422, "bad-fields")
    assert found["errors"][0]["pointer"] == "#/Tactline-User"


def test_a_program_speaks_for_people_that_are_apart(keyed: Keyed) -> None:
    key = keyed.add("a portal", "review")
    dismissal = {"guideline": "blaming-the-client", "quote": "As I already told you, the"}
    put = keyed.ask("PUT", "/v1/dismissals", key, json=dismissal, headers={"Tactline-User": "ana"})
    assert put.status_code == 204
    assert not keyed.review(key, **{"Tactline-User": "ana"}).json()["findings"]
    assert keyed.review(key, **{"Tactline-User": "bo"}).json()["findings"]
    assert keyed.review(key).json()["findings"]


@pytest.mark.parametrize("name", ["Ayşe Yıldız", "ليلى", "René"])
def test_names_of_all_scripts_are_names(keyed: Keyed, name: str) -> None:
    assert keyed.review(SET, **{"Tactline-User": name.encode()}).status_code == 200


def test_a_name_is_the_same_in_both_encodings_of_headers(keyed: Keyed) -> None:
    """Browsers send Latin-1 where it does, most other programs UTF-8."""
    key = keyed.add("an agency", "review")
    dismissal = {"guideline": "blaming-the-client", "quote": "As I already told you, the"}
    for sent, other in (("latin-1", "utf-8"), ("utf-8", "latin-1")):
        name = f"René by {sent}"
        put = keyed.ask(
            "PUT", "/v1/dismissals", key, json=dismissal, headers={"Tactline-User": name.encode(sent)}
        )
        assert put.status_code == 204
        assert not keyed.review(key, **{"Tactline-User": name.encode(other)}).json()["findings"]


def test_neither_key_nor_name_nor_address_is_kept(
    make_client: Callable[..., Client], engine: Engine, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    with started(make_client(engine, api_keys=SET, database_url=url, trusted_proxies="127.0.0.1")) as keyed:
        key = keyed.add("a portal", "review")
        dismissal = {"guideline": "blaming-the-client", "quote": "As I already told you, the"}
        about = {"Tactline-User": "ana-quill", "X-Forwarded-For": "198.51.100.77"}
        for token in (key, SET):
            put = keyed.ask("PUT", "/v1/dismissals", token, json=dismissal, headers=about)
            assert put.status_code == 204
        content = b"".join(part.read_bytes() for part in tmp_path.iterdir())
    content += b"".join(part.read_bytes() for part in tmp_path.iterdir())
    assert b"a portal" in content
    for secret in (key, SET, "ana-quill", "198.51.100"):
        assert secret.encode() not in content


def test_links_begin_as_a_trusted_proxy_says(make_client: Callable[..., Client], engine: Engine) -> None:
    form = {"text": "As I already told you, the plan is attached.", "language": "en"}
    for trusted, scheme in (("127.0.0.1", "https"), ("", "http")):
        client = make_client(engine, trusted_proxies=trusted)
        answer = client.post("/v2/check", data=form, headers={"X-Forwarded-Proto": "https"})
        (match, *_) = answer.json()["matches"]
        assert match["rule"]["urls"][0]["value"].startswith(f"{scheme}://127.0.0.1:8000/")


class TestLimits:
    def test_answers_tell_what_is_left(self, limited: Keyed) -> None:
        for left in (2, 1, 0):
            answer = limited.review(SET)
            assert answer.status_code == 200
            assert answer.headers["ratelimit-policy"] == '"key";q=3;w=60'
            assert answer.headers["ratelimit"].startswith(f'"key";r={left};t=')
        refused = limited.review(SET)
        problem(refused, 429, "too-many-requests")
        assert int(refused.headers["retry-after"]) >= 1
        assert limited.review(limited.add("another", "review")).status_code == 200

    def test_errors_tell_it_too(self, limited: Keyed) -> None:
        answer = limited.ask("POST", "/v1/reviews", SET, json={"message": 1})
        problem(answer, 422, "bad-fields")
        assert answer.headers["ratelimit"].startswith('"key";r=2;')

    def test_v2_says_it_in_a_line(self, limited: Keyed) -> None:
        form = {"text": "Hello", "language": "en"}
        for _ in range(3):
            assert limited.ask("POST", "/v2/check", SET, data=form).status_code == 200
        refused = limited.ask("POST", "/v2/check", SET, data=form)
        assert (refused.status_code, refused.text[:7]) == (429, "Error: ")
        assert int(refused.headers["retry-after"]) >= 1

    def test_guessing_keys_ends_soon(self, limited: Keyed) -> None:
        wrong = "tl_aaaaaaaa_" + "x" * 43
        for _ in range(2):
            problem(limited.review(wrong), 401, "wrong-key")
        problem(limited.review(wrong), 429, "too-many-requests")
        # Behind the same address, a good key has to wait too: else a guess could be told from a miss.
        problem(limited.review(SET), 429, "too-many-requests")

    def test_no_key_is_no_guess(self, limited: Keyed) -> None:
        for _ in range(5):
            problem(limited.review(None), 401, "no-key")
        assert limited.review(SET).status_code == 200

    def test_assistants_are_counted_with_all_others(self, limited: Keyed) -> None:
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        accepts = {"Accept": "application/json, text/event-stream"}
        for left in (2, 1, 0):
            answer = limited.ask("POST", "/mcp", SET, json=call, headers=accepts)
            assert answer.status_code == 200
            assert answer.headers["ratelimit"].startswith(f'"key";r={left};t=')
        refused = limited.ask("POST", "/mcp", SET, json=call, headers=accepts)
        problem(refused, 429, "too-many-requests")
        assert int(refused.headers["retry-after"]) >= 1

    @pytest.mark.parametrize("trusted", [True, False])
    def test_an_address_is_whom_a_trusted_proxy_names(
        self, make_client: Callable[..., Client], engine: Engine, trusted: bool
    ) -> None:
        settings = {"rate_limit_denied": "1/minute", "trusted_proxies": "127.0.0.1" if trusted else ""}
        with started(make_client(engine, api_keys=SET, **settings)) as keyed:
            one, two = ({"X-Forwarded-For": f"192.0.2.9, 198.51.100.{n}"} for n in (1, 2))
            problem(keyed.review("a-wrong-key-0123456789", **one), 401, "wrong-key")
            problem(keyed.review(SET, **one), 429, "too-many-requests")
            assert keyed.review(SET, **two).status_code == (200 if trusted else 429)

    def test_pages_are_not_counted(self, limited: Keyed) -> None:
        for _ in range(60):
            assert limited.client.get("/healthz").status_code == 200

    def test_nothing_of_it_is_logged(self, limited: Keyed, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG, "app")
        key = limited.add("the office", "review")
        limited.review(key, **{"Tactline-User": "ana quill"})
        limited.review("tl_aaaaaaaa_" + "x" * 43)
        said = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
        for secret in (key, "ana quill", "the office", "127.0.0.1", "x" * 43):
            assert secret not in said


def test_an_open_service_counts_nothing(make_client: Callable[..., Client], engine: Engine) -> None:
    with started(make_client(engine, rate_limit="1/minute")) as keyed:
        for _ in range(3):
            answer = keyed.review(None)
            assert answer.status_code == 200
            assert "ratelimit" not in answer.headers
