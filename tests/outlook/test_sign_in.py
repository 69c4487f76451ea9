"""Signing in from the pane: the vendored library in Chromium, against a fake of Outlook's broker."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest

from tests.outlook.broker import GRAPH_SCOPE, SCOPE, Desk, Json, Sit, refusal
from tests.outlook.signed import challenge

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"])]

# Office's own single sign-on: what it was asked goes into `asked`, `answers` are given one by one.
OFFICE = """
globalThis.OfficeRuntime = { auth: { asked: [], answers: [], open: 0, most: 0, async getAccessToken(options) {
  this.asked.push(options);
  this.most = Math.max(this.most, (this.open += 1));
  await new Promise((resolve) => setTimeout(resolve, 20));
  this.open -= 1;
  const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
  if (typeof answer === "number") throw { code: answer, message: "ada@contoso.test" };
  return answer;
} } };
"""
ABSENT = refusal("NESTED_APP_AUTH_UNAVAILABLE")["error"]


def oid_of(token: str) -> str:
    return str(jwt.decode(token, options={"verify_signature": False})["oid"])


def review(desk: Desk) -> Json:
    """A review with what the page's credential is, or what went wrong."""
    found: Json = desk.run(
        """try {
          return await client.review({ message: { direction: "outgoing", text: "Thank you for waiting." } });
        } catch (failure) {
          return { kind: failure.kind, code: failure.code };
        }"""
    )
    return found


class TestSilently:
    def test_the_service_believes_the_token(self, sit: Sit) -> None:
        desk, broker = sit()
        assert desk.run("return signIn.available") is True
        assert review(desk)["direction"] == "outgoing"
        [asked] = broker.of("GetToken")
        assert asked["scope"] == SCOPE
        assert broker.of("GetTokenPopup") == []
        [sent] = desk.calls("POST", "/v1/reviews")
        token = sent.headers["authorization"].removeprefix("Bearer ")
        # The access token, never the one that only says who somebody is.
        claims = jwt.decode(token, options={"verify_signature": False})
        assert (claims["scp"], claims["oid"]) == ("access_as_user", broker.oid)

    def test_calls_at_once_share_one_answer(self, sit: Sit) -> None:
        desk, broker = sit()
        tokens = desk.run("return Promise.all([1, 2, 3, 4, 5].map(() => signIn.token()))")
        assert len(set(tokens)) == 1
        assert len(broker.of("GetToken")) == 1

    def test_the_library_keeps_it_until_it_runs_out(self, sit: Sit) -> None:
        desk, broker = sit()
        first = desk.token()
        assert desk.token() == first
        assert len(broker.of("GetToken")) == 1
        fresh = desk.token(fresh=True)
        assert fresh != first
        assert broker.of("GetToken")[-1]["forceRefresh"] is True
        assert desk.token() == fresh

    def test_one_that_is_about_to_run_out_is_replaced(self, sit: Sit) -> None:
        desk, broker = sit()
        broker.expires_in = 200
        assert desk.token() != desk.token()
        assert len(broker.of("GetToken")) == 2

    def test_it_stays_with_one_account(self, sit: Sit) -> None:
        desk, broker = sit()
        desk.token()
        desk.token(fresh=True)
        first, second = broker.of("GetToken")
        assert "platformBrokerId" not in first
        assert second["platformBrokerId"].startswith(broker.oid)

    def test_without_the_user_nothing_is_asked_of_them(self, sit: Sit) -> None:
        desk, broker = sit()
        broker.signed_in = False
        assert desk.token() == {"token": None}
        assert broker.of("GetTokenPopup") == []

    @pytest.mark.parametrize("status", ["TRANSIENT_ERROR", "PERSISTENT_ERROR", "ACCOUNT_UNAVAILABLE", "ODD"])
    def test_what_a_window_may_settle_is_left_to_it(self, sit: Sit, status: str) -> None:
        desk, broker = sit()
        broker.trouble = refusal(status, "native_executor_error")["error"]
        assert desk.token() == {"token": None}
        assert oid_of(desk.token(interactive=True)["token"]) == broker.oid
        assert len(broker.of("GetTokenPopup")) == 1

    def test_without_a_network_there_is_nothing_to_settle(self, sit: Sit) -> None:
        desk, broker = sit()
        broker.trouble = refusal("NO_NETWORK")["error"]
        assert desk.token() == {"kind": "away", "code": ""}
        assert desk.token(interactive=True) == {"kind": "away", "code": ""}
        broker.trouble = None
        assert oid_of(desk.token()["token"]) == broker.oid


class TestWithAWindow:
    def test_it_is_shown_once_and_then_no_more(self, sit: Sit) -> None:
        desk, broker = sit()
        broker.signed_in = False
        tokens = desk.run("return Promise.all([1, 2, 3].map(() => signIn.token({ interactive: true })))")
        assert len(set(tokens)) == 1
        assert [asked["scope"] for asked in broker.of("GetTokenPopup")] == [SCOPE]
        assert desk.token() == {"token": tokens[0]}
        assert review(desk)["direction"] == "outgoing"

    def test_who_is_signed_in_sees_none(self, sit: Sit) -> None:
        desk, broker = sit()
        assert oid_of(desk.token(interactive=True)["token"]) == broker.oid
        assert broker.of("GetTokenPopup") == []

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (refusal("USER_CANCEL"), "cancelled"),
            (refusal("PERSISTENT_ERROR", "user_cancelled"), "cancelled"),
            (refusal("PERSISTENT_ERROR", "access_denied"), "cancelled"),
            (refusal("PERSISTENT_ERROR", "popup_window_error"), "popup"),
            (refusal("NO_NETWORK"), "away"),
            (refusal("PERSISTENT_ERROR", "native_executor_error"), "sign-in"),
            (refusal("USER_INTERACTION_REQUIRED", "login_required"), "sign-in"),
            (refusal("ODD"), "sign-in"),
        ],
    )
    def test_what_becomes_of_it(self, sit: Sit, error: Json, kind: str) -> None:
        desk, broker = sit()
        broker.signed_in = False
        broker.window = error["error"]
        assert desk.token(interactive=True) == {"kind": kind, "code": ""}
        assert len(broker.of("GetTokenPopup")) == 1
        broker.window = "agree"
        assert oid_of(desk.token(interactive=True)["token"]) == broker.oid

    def test_a_challenge_is_answered_by_a_window_and_its_token_replaces_the_old(self, sit: Sit) -> None:
        desk, broker = sit()
        old = desk.token()
        assert desk.token(claims=challenge()) == {"token": None}
        new = desk.token(interactive=True, claims=challenge())
        assert broker.wanted() == [json.loads(challenge())["access_token"]]
        assert [asked["scope"] for asked in broker.of("GetTokenPopup")] == [SCOPE]
        assert new != old
        assert desk.token() == new

    def test_consent_to_graph_ends_with_a_token_of_ours(self, sit: Sit) -> None:
        desk, broker = sit()
        assert desk.token(scopes=[GRAPH_SCOPE]) == {"token": None}
        token = desk.token(interactive=True, scopes=[GRAPH_SCOPE])["token"]
        assert [asked["scope"] for asked in broker.of("GetTokenPopup")] == [GRAPH_SCOPE]
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["aud"] == broker.signed.entra.client_id

    def test_there_is_one_window_at_a_time(self, sit: Sit) -> None:
        desk, broker = sit()
        broker.delays["GetTokenPopup"] = 30
        wanted = [challenge(value) for value in ("c1", "c2", "c3")]
        desk.run(
            "return Promise.all(given.map((claims) => signIn.token({ interactive: true, claims })))", wanted
        )
        assert broker.wanted() == [json.loads(claims)["access_token"] for claims in wanted]
        assert desk.run("return fakeBroker.most") == 1


class TestWhatIsMissing:
    def test_a_set_that_is_promised_without_a_bridge(self, sit: Sit) -> None:
        desk, _ = sit(bridge=False)
        assert desk.token() == {"kind": "key", "code": "unsupported"}
        assert desk.run("return signIn.available") is False
        assert desk.token(interactive=True) == {"kind": "key", "code": "unsupported"}

    def test_a_bridge_that_turns_out_to_be_none(self, sit: Sit) -> None:
        desk, broker = sit()
        broker.trouble = ABSENT
        assert desk.token() == {"kind": "key", "code": "unsupported"}
        assert desk.run("return signIn.available") is False

    def test_a_bridge_that_never_answers(self, sit: Sit) -> None:
        desk, broker = sit(patience=200, arrange=lambda broker: broker.mute.add("GetInitContext"))
        assert desk.token() == {"token": None}
        assert desk.token(interactive=True) == {"kind": "sign-in", "code": "slow"}
        # It was asked once, and no window was tried.
        assert [message["method"] for message in broker.asked] == ["GetInitContext"]

    def test_a_bridge_that_answers_late(self, sit: Sit) -> None:
        desk, broker = sit(patience=300, arrange=lambda broker: broker.delays.update({"GetInitContext": 700}))
        assert desk.token() == {"token": None}
        desk.page.wait_for_timeout(800)
        assert oid_of(desk.token()["token"]) == broker.oid

    def test_a_token_that_never_comes(self, sit: Sit) -> None:
        desk, broker = sit(patience=200, arrange=lambda broker: broker.mute.add("GetToken"))
        assert desk.token() == {"token": None}
        assert oid_of(desk.token(interactive=True)["token"]) == broker.oid

    @pytest.mark.parametrize(
        "more",
        [{"supported": False}, {"msal": False}, {"client_id": None, "scope": None}, {"scope": None}],
    )
    def test_no_way_at_all(self, sit: Sit, more: Json) -> None:
        desk, broker = sit(**more)
        assert desk.run("return signIn.available") is False
        assert desk.token(interactive=True) == {"kind": "key", "code": "unsupported"}
        assert broker.asked == []


class TestOlderOutlook:
    """Office's own single sign-on, where nested app authentication is not to be had."""

    def office(self, sit: Sit, answers: list[Any], **more: Any) -> Desk:
        desk, broker = sit(before=OFFICE, **{"supported": False, **more})
        token = broker.signed.entra.token(oid=broker.oid)
        answers = [token if answer == "token" else answer for answer in answers]
        desk.run("OfficeRuntime.auth.answers = given", answers)
        return desk

    def asked(self, desk: Desk) -> list[Json]:
        found: list[Json] = desk.run("return OfficeRuntime.auth.asked")
        return found

    def test_its_token_serves(self, sit: Sit) -> None:
        desk = self.office(sit, ["token"])
        assert review(desk)["direction"] == "outgoing"
        assert self.asked(desk) == [{}]

    @pytest.mark.parametrize("missing", ["bridge", "msal"])
    def test_it_takes_the_place_of_what_is_missing(self, sit: Sit, missing: str) -> None:
        desk = self.office(sit, ["token"], supported=True, **{missing: False})
        assert desk.token()["token"]
        assert desk.run("return signIn.available") is True

    def test_it_takes_the_place_of_a_bridge_that_is_none(self, sit: Sit) -> None:
        desk = self.office(
            sit, ["token"], supported=True, arrange=lambda broker: setattr(broker, "trouble", ABSENT)
        )
        assert desk.token()["token"]

    def test_prompts_only_when_asked(self, sit: Sit) -> None:
        desk = self.office(sit, [13001, 13001, "token"])
        assert desk.token() == {"token": None}
        assert desk.token(interactive=True)["token"]
        prompts = {"allowSignInPrompt": True, "allowConsentPrompt": True}
        assert self.asked(desk) == [{}, {}, prompts]

    def test_a_challenge_goes_along(self, sit: Sit) -> None:
        desk = self.office(sit, ["token"])
        assert desk.token(interactive=True, claims=challenge())["token"]
        [asked] = self.asked(desk)
        assert asked["authChallenge"] == challenge()

    def test_one_call_at_a_time(self, sit: Sit) -> None:
        desk = self.office(sit, ["token"])
        desk.run("return Promise.all([false, true].map((fresh) => signIn.token({ fresh })))")
        assert desk.run("return [OfficeRuntime.auth.asked.length, OfficeRuntime.auth.most]") == [2, 1]

    @pytest.mark.parametrize(
        ("code", "silently", "kind"),
        [
            (13000, "key", "key"), (13001, None, "sign-in"), (13002, "cancelled", "cancelled"),
            (13003, "key", "key"), (13004, "key", "key"), (13005, None, "sign-in"),
            (13006, None, "sign-in"), (13007, None, "sign-in"), (13008, "busy", "busy"),
            (13009, "key", "key"), (13010, "key", "key"), (13012, "key", "key"), (13013, "busy", "busy"),
            (50001, None, "sign-in"), (1, None, "sign-in"),
        ],
    )  # fmt: skip
    def test_its_numbers(self, sit: Sit, code: int, silently: str | None, kind: str) -> None:
        desk = self.office(sit, [code])
        assert desk.token().get("kind") == silently
        assert desk.token(interactive=True)["kind"] == kind
        assert desk.run("return signIn.available") is (kind != "key")
