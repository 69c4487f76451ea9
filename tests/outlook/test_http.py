"""The pane's calls over real HTTP: from the token that Outlook gives to the entry in the calendar.

What each part does with each kind of input is tested beside it; here is what has to hold of the whole.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from app.tone.review import Engine
from tests.api.test_errors import problem
from tests.auth.tokens import FORGERIES, OTHER_TENANT, STRANGER, Forgery
from tests.holds.fakes.faults import Fault
from tests.outlook.signed import KEY, Signed, challenge, hold, serving

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

Json = dict[str, Any]
TEXT = "Mrs Quill, the brochure is late and that is our fault. We will call you on Tuesday."


class Caller:
    """Somebody's pane: every call bears `token`, None for none."""

    def __init__(self, signed: Signed, **claims: Any) -> None:
        self.signed, self.oid = signed, signed.user()
        self.token: str | None = signed.entra.token(**{"oid": self.oid, **claims})
        self.http = httpx.Client(base_url=signed.address, timeout=20)

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**more.pop("headers", {})}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        return self.http.request(method, path, headers=headers, **more)

    def review(self) -> httpx.Response:
        return self.send("POST", "/v1/reviews", json={"message": {"direction": "outgoing", "text": TEXT}})

    def make(self, proposed: Json, key: str | None = None) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        body = {"hold": proposed, "calendar": "microsoft"}
        return self.send("POST", "/v1/holds", json=body, headers=headers)

    def standing(self, proposed: Json) -> list[Json]:
        query = {"thread": proposed["thread"], "calendar": "microsoft", "time_zone": "Europe/Istanbul"}
        found: list[Json] = self.send("GET", "/v1/holds", params=query).json()["holds"]
        return found

    def renew(self, **claims: Any) -> None:
        self.token = self.signed.entra.token(oid=self.oid, **claims)


@contextmanager
def calling(signed: Signed, **claims: Any) -> Iterator[Caller]:
    """Somebody new, whose token says `claims` in place of the usual."""
    caller = Caller(signed, **claims)
    with caller.http:
        yield caller


@pytest.fixture
def pane(signed: Signed) -> Iterator[Caller]:
    with calling(signed) as found:
        yield found


def test_from_a_review_to_an_entry_and_back(pane: Caller) -> None:
    review = pane.review()
    assert review.status_code == 200, review.text
    proposed = hold()
    free = {
        "kind": proposed["kind"], "calendar": "microsoft", "time_zone": proposed["time_zone"],
        "start": proposed["start"], "after": proposed["start"], "count": 1,
    }  # fmt: skip
    looked = pane.send("POST", "/v1/holds/slots", json=free).json()
    assert (looked["clash"], looked["slots"][0]["start"]) == (False, proposed["start"])
    made = pane.make(proposed)
    assert made.status_code == 201, made.text
    [stands] = pane.standing(proposed)
    assert (stands["undo"], stands["start"]) == (made.json()["undo"], proposed["start"])
    assert pane.send("DELETE", made.json()["undo"]).status_code == 204
    assert pane.signed.events(pane.oid) == pane.standing(proposed) == []
    problem(pane.send("DELETE", made.json()["undo"]), 404, "hold-gone")


def test_what_a_review_proposes_can_be_made_as_it_is(pane: Caller) -> None:
    proposals = pane.review().json()["holds"]
    assert proposals
    for proposed in proposals:
        made = pane.make(proposed)
        assert made.status_code == 201, made.text
        assert made.json()["hold"]["id"] == proposed["id"]
    assert len(pane.signed.events(pane.oid)) == len(proposals)


def test_a_key_serves_in_place_of_a_token_but_opens_no_calendar(pane: Caller) -> None:
    pane.token = KEY
    assert pane.review().status_code == 200
    assert pane.make(hold()).status_code == 401
    assert pane.signed.events(pane.oid) == []
    pane.token = None
    problem(pane.review(), 401, "no-key")


class TestOnce:
    def test_repeated_with_and_without_a_key(self, pane: Caller) -> None:
        proposed = hold()
        first, again = pane.make(proposed, "press-1"), pane.make(proposed, "press-1")
        assert (first.status_code, again.content) == (201, first.content)
        other = pane.make(proposed, "press-2")
        assert (other.status_code, other.json()["event"]) == (200, first.json()["event"])
        assert len(pane.signed.events(pane.oid)) == 1

    def test_at_the_same_time(self, pane: Caller) -> None:
        proposed = hold()
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda n: pane.make(proposed, f"press-{n % 2}"), range(6)))
        assert {answer.status_code for answer in answers} <= {200, 201, 409}
        events = {answer.json()["event"]["id"] for answer in answers if answer.status_code != 409}
        assert len(events) == len(pane.signed.events(pane.oid)) == 1

    def test_when_graphs_answer_got_lost(self, pane: Caller) -> None:
        pane.signed.graph.faults.add(Fault("insert", lose=True))
        made = pane.make(hold(), "press-1")
        assert made.status_code in (200, 201), made.text
        assert len(pane.signed.events(pane.oid)) == 1

    def test_when_our_answer_got_lost(self, pane: Caller) -> None:
        proposed = hold()
        pane.signed.graph.faults.add(Fault("insert", delay=1.0))
        pane.http.timeout = httpx.Timeout(0.5)
        with pytest.raises(httpx.ReadTimeout):
            pane.make(proposed, "press-1")
        pane.http.timeout = httpx.Timeout(20)
        answers = [pane.make(proposed, "press-1")]
        while answers[-1].status_code == 409:
            problem(answers[-1], 409, "still-running")
            assert answers[-1].headers["retry-after"]
            answers.append(pane.make(proposed, "press-1"))
        assert answers[-1].status_code in (200, 201)
        assert len(pane.signed.events(pane.oid)) == 1

    def test_with_another_token_of_the_same_user(self, pane: Caller) -> None:
        proposed = hold()
        first = pane.make(proposed, "press-1")
        pane.renew()
        again = pane.make(proposed, "press-1")
        assert (again.status_code, again.json()["event"]) == (200, first.json()["event"])

    def test_two_users_have_two_calendars(self, pane: Caller, signed: Signed) -> None:
        proposed = hold()
        with calling(signed) as other:
            assert [caller.make(proposed, "press-1").status_code for caller in (pane, other)] == [201, 201]
            undo = pane.make(proposed).json()["undo"]
            assert other.send("DELETE", undo).status_code == 404
        assert [len(signed.events(oid)) for oid in (pane.oid, other.oid)] == [1, 1]


class TestInTheWay:
    def relayed(self, answer: httpx.Response) -> Any:
        """The claims that a challenge hands on."""
        problem(answer, 401, "claims-challenge")
        told = answer.headers["www-authenticate"]
        assert 'error="insufficient_claims"' in told
        return json.loads(base64.b64decode(told.split('claims="')[1].split('"')[0]))

    def test_a_challenge_of_entra(self, pane: Caller) -> None:
        proposed = hold()
        pane.signed.entra.claims(pane.oid, challenge())
        assert self.relayed(pane.make(proposed, "press-1")) == json.loads(challenge())
        pane.signed.entra.claims(pane.oid, None)
        pane.renew()
        assert pane.make(proposed, "press-1").status_code == 201

    def test_a_challenge_of_graph(self, pane: Caller) -> None:
        """Continuous access evaluation: a token that was good until now."""
        proposed = hold()
        assert pane.standing(proposed) == []
        [token] = pane.signed.tokens_for_graph(pane.oid)
        pane.signed.graph.challenge(token, challenge("p1"))
        assert self.relayed(pane.make(proposed, "press-1")) == json.loads(challenge("p1"))
        # Who has done what was asked comes with a new token; the old one for Graph is of no use any more.
        pane.renew()
        assert pane.make(proposed, "press-1").status_code == 201
        assert len(pane.signed.events(pane.oid)) == 1

    def test_consent(self, pane: Caller) -> None:
        proposed = hold()
        pane.signed.entra.consent(pane.oid)
        found = problem(pane.make(proposed), 403, "more-consent")
        assert found["scopes"] == ["https://graph.microsoft.com/Calendars.ReadWrite"]
        pane.signed.entra.consent(pane.oid, given=True)
        assert pane.make(proposed).status_code == 201


class TestWhoIsLetIn:
    @pytest.mark.parametrize("kind", FORGERIES)
    def test_a_forged_token_opens_nothing(self, pane: Caller, kind: Forgery) -> None:
        pane.token = pane.signed.entra.forge(kind, oid=pane.oid)
        status = 403 if kind in ("scp", "scp-substring") else 401
        code = "wrong-scope" if status == 403 else "bad-token"
        asked = len(pane.signed.entra.forms)
        for answer in (pane.make(hold()), pane.send("GET", "/v1/holds?thread=x&calendar=microsoft")):
            found = problem(answer, status, code)
            assert answer.headers["www-authenticate"].startswith("Bearer ")
            # Why is nobody's business who forges.
            assert pane.token not in json.dumps(found)
        assert pane.review().status_code == status
        assert (pane.signed.events(pane.oid), len(pane.signed.entra.forms)) == ([], asked)

    @pytest.mark.parametrize(
        ("claims", "status"),
        [
            ({}, 200),
            ({"idp": f"https://sts.windows.net/{OTHER_TENANT}/", "acct": 1}, 200),  # a guest
            ({"scp": "openid access_as_user profile"}, 200),
            ({"preferred_username": None, "name": None}, 200),
            ({"tid": OTHER_TENANT}, 401),
            ({"azp": STRANGER}, 401),
            ({"azp": None, "scp": None}, 401),  # an ID token
            ({"scp": "access_as_user_admin"}, 403),
            ({"exp": 1}, 401),
        ],
    )
    def test_a_signed_token_says_who(self, signed: Signed, claims: Json, status: int) -> None:
        with calling(signed, **claims) as pane:
            assert pane.review().status_code == status
            assert pane.make(hold()).status_code == (201 if status == 200 else status)

    def test_keys_that_change_between_two_calls(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Unknown names have the keys fetched every five minutes at most; here without the wait.
        monkeypatch.setattr("app.auth.keys._LEAST", 0.0)
        with serving(engine) as fresh, calling(fresh) as pane:
            old = pane.token
            assert pane.review().status_code == 200
            fresh.entra.rotate()
            pane.renew()
            assert pane.make(hold()).status_code == 201
            assert fresh.entra.counts["keys"] == 2
            # What was signed before is good while its key is published.
            pane.token = old
            assert pane.review().status_code == 200
            fresh.entra.rotate(keep=False)
            pane.renew()
            assert pane.review().status_code == 200
            pane.token = old
            problem(pane.review(), 401, "bad-token")

    def test_no_keys_of_entra_no_answer_and_no_guess(self, engine: Engine) -> None:
        with serving(engine) as fresh:
            fresh.entra.down = True
            with calling(fresh) as pane:
                answer = pane.make(hold())
            problem(answer, 503, "identity-unavailable")
            assert answer.headers["retry-after"]
            assert fresh.events(pane.oid) == []


def test_nothing_of_mail_user_or_token_is_logged(pane: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    proposed = hold(title="Call Mrs Quill")
    assert pane.review().status_code == 200
    pane.signed.entra.claims(pane.oid, challenge())
    assert pane.make(proposed, "press-1").status_code == 401
    pane.signed.entra.claims(pane.oid, None)
    pane.signed.entra.consent(pane.oid)
    assert pane.make(proposed, "press-1").status_code == 403
    pane.signed.entra.consent(pane.oid, given=True)
    assert pane.make(proposed, "press-1").status_code == 201
    assert len(pane.standing(proposed)) == 1
    good, pane.token = pane.token or "", pane.signed.entra.forge("hs256", oid=pane.oid)
    assert pane.review().status_code == 401
    kept = "\n".join(
        f"{record.getMessage()} {record.__dict__.get('fields')} {record.exc_text}"
        for record in caplog.records
        if not record.name.startswith(("tests", "httpcore", "asyncio"))
    )
    assert "reviewed" in kept
    assert "hold" in kept
    secrets = [good, pane.token, *pane.signed.tokens_for_graph(pane.oid)]
    # A token's last part alone would do to find the whole.
    for word in ("Quill", "brochure", "ada@contoso.test", pane.oid, *(t.rsplit(".", 1)[-1] for t in secrets)):
        assert word == "" or word not in kept
