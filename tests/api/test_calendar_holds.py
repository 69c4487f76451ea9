"""Holds into calendars through the door: the real libraries against fakes of both providers and of Entra."""

from __future__ import annotations

import datetime as dt
import json
import logging
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal

from app.main import create_app
from app.settings import Settings
from app.starting import Connections
from app.tone.review import Engine
from tests.api.test_errors import pointers, problem
from tests.auth.fakes import FakeEntra
from tests.auth.tokens import FORGERIES
from tests.conftest import Client
from tests.holds.fakes.faults import Fault
from tests.holds.fakes.google import AsgiHttp, FakeGoogle
from tests.holds.fakes.graph import FakeGraph

NOW = "2026-11-27T09:00:00+03:00"
HOLD: dict[str, Any] = {
    "id": "0a" * 16,
    "kind": "client-call",
    "title": "Call the client",
    "start": "2026-11-30T10:00:00+03:00",
    "end": "2026-11-30T10:30:00+03:00",
    "all_day": False,
    "time_zone": "Turkey Standard Time",
    "reason": "A voice carries more than a mail.",
    "thread": "0f" * 16,
}
MEETING = dt.datetime.fromisoformat(HOLD["start"]), dt.datetime.fromisoformat(HOLD["end"])
OWN = {"Calendar-Authorization": "Bearer T"}
KEY = "a-key-of-sixteen-and-more"


class Stage:
    """The application with both providers and Entra beside it."""

    def __init__(self, portal: BlockingPortal, engine: Engine, **settings: Any) -> None:
        self.google, self.graph, self.entra = FakeGoogle(), FakeGraph(), FakeEntra()
        self.google.user("T", "ana")
        self.graph.user("T", "ana")
        self.entra.register(self.graph)
        ways = {
            "all://graph.microsoft.com": self.graph.transport(),
            "all://login.microsoftonline.com": self.entra.transport(),
        }

        def connect() -> Connections:
            http = lambda seconds: AsgiHttp(self.google, seconds)  # noqa: E731
            return Connections(httpx.AsyncClient(mounts=ways), http, self.entra.msal_client())

        app = create_app(Settings(**settings), engine, connect)
        self.client = Client(app, portal)

    def post(self, calendar: str, hold: dict[str, Any] = HOLD, **more: Any) -> httpx.Response:
        headers = {**OWN, **more.pop("headers", {})}
        body = {"hold": hold, "calendar": calendar, "now": NOW, **more}
        return self.client.post("/v1/holds", json=body, headers=headers)

    def events(self, calendar: str) -> list[Any]:
        return list(self.google.events("ana") if calendar == "google" else self.graph.events("ana"))

    def meeting(self, calendar: str) -> None:
        if calendar == "google":
            self.google.put("ana", summary="Board", start=MEETING[0], end=MEETING[1])
        else:
            self.graph.put("ana", "Board", *MEETING)


def staged(portal: BlockingPortal, engine: Engine, **settings: Any) -> Iterator[Stage]:
    stage = Stage(portal, engine, **settings)
    app = stage.client.app
    with portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        yield stage


@pytest.fixture
def stage(portal: BlockingPortal, engine: Engine) -> Iterator[Stage]:
    yield from staged(portal, engine)


@pytest.fixture
def signed(portal: BlockingPortal, engine: Engine) -> Iterator[Stage]:
    """With API keys and Microsoft sign-in set up."""
    entra = FakeEntra()
    yield from staged(
        portal,
        engine,
        api_keys=KEY,
        entra_client_id=entra.client_id,
        entra_client_secret=entra.secret,
        entra_tenants=entra.claims_of()["tid"],
    )


both = pytest.mark.parametrize("calendar", ["google", "microsoft"])


@both
def test_one_click_makes_the_event_and_a_second_finds_it(stage: Stage, calendar: str) -> None:
    first, second = stage.post(calendar), stage.post(calendar)
    assert (first.status_code, second.status_code) == (201, 200), first.text
    made = first.json()
    assert made["event"] == second.json()["event"]
    assert made["event"]["url"].startswith("https://")
    assert (made["moved"], made["clash"], made["partial"]) == (False, False, False)
    assert len(stage.events(calendar)) == 1


@both
def test_undo_removes_it_and_undoing_twice_says_that_it_is_gone(stage: Stage, calendar: str) -> None:
    undo = stage.post(calendar).json()["undo"]
    assert undo.startswith(f"/v1/holds/{calendar}/")
    assert stage.client.request("DELETE", undo, headers=OWN).status_code == 204
    assert stage.events(calendar) == []
    problem(stage.client.request("DELETE", undo, headers=OWN), 404, "hold-gone")


@both
def test_a_taken_time_moves_the_hold_and_says_so(stage: Stage, calendar: str) -> None:
    stage.meeting(calendar)
    made = stage.post(calendar).json()
    assert made["moved"]
    assert made["hold"]["start"] == "2026-11-30T10:30:00+03:00"
    assert made["hold"]["id"] == HOLD["id"]
    kept = stage.post(calendar, {**HOLD, "id": "0c" * 16}, when_taken="keep").json()
    assert (kept["moved"], kept["clash"], kept["hold"]["start"]) == (False, True, HOLD["start"])


@both
def test_the_holds_of_a_thread_with_what_clashes_by_now(stage: Stage, calendar: str) -> None:
    made = stage.post(calendar).json()
    where = "/v1/holds"
    query = {"thread": HOLD["thread"], "calendar": calendar, "time_zone": "Europe/Istanbul", "now": NOW}
    [found] = stage.client.get(where, params=query, headers=OWN).json()["holds"]
    assert (found["hold"], found["event"], found["undo"]) == (HOLD["id"], made["event"], made["undo"])
    assert not found["clash"]
    stage.meeting(calendar)
    [found] = stage.client.get(where, params=query, headers=OWN).json()["holds"]
    assert found["clash"]
    assert dt.datetime.fromisoformat(found["move_to"]["start"]) == MEETING[1]
    assert len(stage.events(calendar)) == 2


@both
def test_free_slots_go_around_what_is_taken(stage: Stage, calendar: str) -> None:
    stage.meeting(calendar)
    asked = {
        "kind": "client-call", "now": "2026-11-30T09:30:00+03:00", "time_zone": "Europe/Istanbul",
        "calendar": calendar, "start": HOLD["start"], "count": 2,
    }  # fmt: skip
    found = stage.client.post("/v1/holds/slots", json=asked, headers=OWN).json()
    assert [slot["start"][11:16] for slot in found["slots"]] == ["09:30", "10:30"]
    assert found["clash"] is True
    nobody = stage.client.post("/v1/holds/slots", json={**asked, "calendar": "ics"}).json()
    assert [slot["start"][11:16] for slot in nobody["slots"]] == ["09:30", "10:00"]


@both
def test_an_idempotency_key_gives_the_same_answer(stage: Stage, calendar: str) -> None:
    key = {"Idempotency-Key": "click-1"}
    first = stage.post(calendar, headers=key)
    again = stage.post(calendar, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    problem(stage.post(calendar, {**HOLD, "title": "Another"}, headers=key), 422, "key-reused")
    other = {"Idempotency-Key": "click-2"}
    assert stage.post(calendar, headers=other).status_code == 200
    long = stage.post(calendar, headers={"Idempotency-Key": "k" * 256})
    assert pointers(problem(long, 422, "bad-fields")) == {"#/Idempotency-Key"}


@both
def test_a_failure_is_not_kept_under_the_key(stage: Stage, calendar: str) -> None:
    key = {"Idempotency-Key": "click-1"}
    faults = stage.google.faults if calendar == "google" else stage.graph.faults
    faults.add(Fault("insert", status=500, times=2))
    problem(stage.post(calendar, headers=key), 502, "calendar-unavailable")
    assert stage.post(calendar, headers=key).status_code == 201


@both
@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault("insert", status=401), 401, "sign-in-expired"),
        (Fault("insert", status=403, reason="insufficientPermissions"), 403, "more-consent"),
        (Fault("insert", status=412), 412, "hold-changed"),
        (Fault("insert", status=400), 502, "calendar-refused"),
        (Fault("insert", status=429, headers={"Retry-After": "60"}), 429, "calendar-busy"),
        (Fault("insert", status=503, times=2), 502, "calendar-unavailable"),
    ],
)
def test_what_goes_wrong_there_is_told_here(
    stage: Stage, calendar: str, fault: Fault, status: int, code: str
) -> None:
    (stage.google.faults if calendar == "google" else stage.graph.faults).add(fault)
    answer = stage.post(calendar)
    document = problem(answer, status, code)
    assert document["provider"] == calendar
    if code == "more-consent":
        assert document["scopes"]
        assert all(scope.startswith("https://") for scope in document["scopes"])
    if code == "calendar-busy":
        assert answer.headers["retry-after"] == "60"
    # Nothing is lost: the same proposal is still a file.
    assert stage.post("ics").status_code == 200


def test_without_the_calendars_token_it_is_asked_for(stage: Stage) -> None:
    body = {"hold": HOLD, "calendar": "google"}
    problem(stage.client.post("/v1/holds", json=body), 401, "no-calendar-token")
    problem(stage.client.post("/v1/holds", json={**body, "calendar": "microsoft"}), 401, "no-calendar-token")


@pytest.mark.parametrize("link", ["http://x.example", "javascript:alert(1)", "https://x y", 'https://x"y'])
def test_only_an_https_link_leads_back(stage: Stage, link: str) -> None:
    assert pointers(problem(stage.post("google", link=link), 422, "bad-fields")) == {"#/link"}


class TestOutlook:
    """The pane's own token, exchanged on behalf of the user."""

    def headers(self, stage: Stage, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {stage.entra.token(**claims)}"}

    def post(self, stage: Stage, headers: dict[str, str]) -> httpx.Response:
        body = {"hold": HOLD, "calendar": "microsoft", "now": NOW}
        return stage.client.post("/v1/holds", json=body, headers=headers)

    def test_the_pane_needs_no_key_and_no_other_token(self, signed: Stage) -> None:
        headers = self.headers(signed)
        assert self.post(signed, headers).status_code == 201
        assert self.post(signed, headers).status_code == 200
        message = {"direction": "outgoing", "text": "Thank you, we will call you."}
        assert (
            signed.client.post("/v1/reviews", json={"message": message}, headers=headers).status_code == 200
        )

    @pytest.mark.parametrize("kind", [f for f in FORGERIES if f not in ("scp", "scp-substring")])
    def test_a_forged_token_opens_nothing(self, signed: Stage, kind: Any) -> None:
        token = signed.entra.forge(kind)
        answer = self.post(signed, {"Authorization": f"Bearer {token}"})
        problem(answer, 401, "bad-token")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]

    def test_the_wrong_scope_is_forbidden(self, signed: Stage) -> None:
        problem(self.post(signed, self.headers(signed, scp="something.else")), 403, "wrong-scope")

    def test_no_token_at_all_needs_a_key(self, signed: Stage) -> None:
        problem(self.post(signed, {}), 401, "no-key")
        headers: Any = {"Authorization": b"Bearer \xe9\xe9"}
        problem(self.post(signed, headers), 401, "wrong-key")

    def test_a_claims_challenge_is_relayed(self, signed: Stage) -> None:
        claims = json.dumps({"access_token": {"acrs": {"essential": True, "value": "c1"}}})
        oid = signed.entra.claims_of()["oid"]
        signed.entra.claims(oid, claims)
        answer = self.post(signed, self.headers(signed))
        problem(answer, 401, "claims-challenge")
        told = answer.headers["www-authenticate"]
        assert 'error="insufficient_claims"' in told
        assert json.loads(b64decode(told.split('claims="')[1].split('"')[0])) == json.loads(claims)

    def test_missing_consent_names_the_scope(self, signed: Stage) -> None:
        signed.entra.consent(signed.entra.claims_of()["oid"])
        document = problem(self.post(signed, self.headers(signed)), 403, "more-consent")
        assert document["scopes"] == ["https://graph.microsoft.com/Calendars.ReadWrite"]

    def test_two_users_have_two_calendars(self, signed: Stage) -> None:
        for oid in ("11111111-0000-0000-0000-000000000001", "11111111-0000-0000-0000-000000000002"):
            assert self.post(signed, self.headers(signed, oid=oid)).status_code == 201
            assert len(signed.graph.events(oid)) == 1


def test_no_token_title_or_address_is_logged(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = {"Calendar-Authorization": "Bearer SECRET-TOKEN"}
    stage.google.user("SECRET-TOKEN", "ana")
    body = {
        "hold": {**HOLD, "title": "Call Mrs Quill"},
        "calendar": "google",
        "link": "https://quill.example/1",
    }
    assert stage.client.post("/v1/holds", json=body, headers=secret).status_code in (200, 201)
    stage.google.faults.add(Fault("insert", status=400))
    stage.client.post("/v1/holds", json={**body, "hold": {**body["hold"], "id": "0d" * 16}}, headers=secret)  # type: ignore[dict-item]
    kept = "\n".join(
        f"{record.getMessage()} {record.__dict__.get('fields')} {record.exc_text}"
        for record in caplog.records
        if record.name.startswith("app")
    )
    assert "hold" in kept
    for word in ("SECRET-TOKEN", "Quill", "quill"):
        assert word not in kept
