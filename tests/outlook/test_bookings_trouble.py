"""What is in the way of a hold: consent, challenges, windows that are closed, and who is not reached."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Route

from tests.holds.fakes.faults import Fault
from tests.outlook.broker import GRAPH_SCOPE, Json, Sit, refusal
from tests.outlook.diary import Diary
from tests.outlook.signed import challenge, hold

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"])]


class TestWhatIsInTheWay:
    def test_a_challenge_is_answered_by_a_window(self, diary: Diary) -> None:
        oid, entra = diary.broker.oid, diary.signed.entra
        entra.claims(oid, challenge())
        diary.broker.agreed = lambda _: entra.claims(oid, None)
        assert diary.make(hold())["state"] == "made"
        assert diary.broker.wanted() == [json.loads(challenge())["access_token"]]
        assert len(set(diary.posts())) == 1
        tokens = [call.headers["authorization"] for call in diary.desk.calls("POST", "/v1/holds")]
        assert len(set(tokens)) == len(tokens) == 2

    def test_a_challenge_that_stays_is_told_after_one_window(self, diary: Diary) -> None:
        diary.signed.entra.claims(diary.broker.oid, challenge())
        booking = diary.make(hold())
        assert (booking["state"], len(diary.broker.of("GetTokenPopup"))) == ("failed", 1)
        assert "Microsoft Outlook" in booking["problem"]
        assert diary.events == []

    def test_consent_is_asked_for_in_a_window(self, diary: Diary) -> None:
        oid, entra = diary.broker.oid, diary.signed.entra
        entra.consent(oid)
        diary.broker.agreed = lambda _: entra.consent(oid, given=True)
        assert diary.make(hold())["state"] == "made"
        assert [asked["scope"] for asked in diary.broker.of("GetTokenPopup")] == [GRAPH_SCOPE]
        # Graph's own token went nowhere.
        tokens = {call.headers["authorization"] for call in diary.desk.calls("POST", "/v1/holds")}
        assert len(tokens) == 1

    def test_consent_that_is_not_given_is_told(self, diary: Diary) -> None:
        diary.signed.entra.consent(diary.broker.oid)
        booking = diary.make(hold())
        assert (booking["state"], len(diary.broker.of("GetTokenPopup"))) == ("failed", 1)
        assert GRAPH_SCOPE in booking["problem"]

    def test_first_one_and_then_the_other(self, diary: Diary) -> None:
        oid, entra = diary.broker.oid, diary.signed.entra
        entra.consent(oid)
        entra.claims(oid, challenge())

        def agreed(asked: Json) -> None:
            if asked["scope"] == GRAPH_SCOPE:
                entra.consent(oid, given=True)
            else:
                entra.claims(oid, None)

        diary.broker.agreed = agreed
        assert diary.make(hold())["state"] == "made"
        assert len(diary.broker.of("GetTokenPopup")) == 2

    @pytest.mark.parametrize("before", ["unknown", "free", "taken"])
    def test_a_closed_window_changes_nothing(self, diary: Diary, before: str) -> None:
        call = hold()
        if before == "taken":
            diary.signed.meeting(diary.broker.oid, call)
        if before != "unknown":
            diary.look(call)
        was = diary.of(call)
        diary.signed.entra.consent(diary.broker.oid)
        # The token for Graph that looking brought is still good: Graph itself has to say no.
        diary.signed.graph.faults.add(Fault("insert", status=403, reason="ErrorAccessDenied"))
        diary.broker.window = refusal("USER_CANCEL")["error"]
        booking = diary.make(call)
        assert (booking["state"], booking["problem"]) == (before, "")
        assert was is None or booking == was
        assert (len(diary.posts()), diary.standing) == (1, [])

    def test_a_blocked_window_is_told(self, diary: Diary) -> None:
        diary.broker.signed_in = False
        diary.broker.window = refusal("PERSISTENT_ERROR", "popup_window_error")["error"]
        booking = diary.make(hold())
        assert (booking["state"], booking["problem"]) == ("failed", "[popup-text]")
        assert diary.posts() == []

    def test_a_sign_in_that_expired_is_renewed(self, diary: Diary) -> None:
        diary.signed.graph.faults.add(Fault("insert", status=401))
        assert diary.make(hold())["state"] == "made"
        assert diary.broker.of("GetToken")[-1]["forceRefresh"] is True
        assert diary.broker.of("GetTokenPopup") == []

    def test_a_token_that_ran_out_unseen_is_renewed(self, diary: Diary) -> None:
        # The clock of this machine is slow, say.
        past = int(diary.signed.entra.now()) - 3600
        diary.broker.claims = {"iat": past - 60, "nbf": past - 60, "exp": past}
        diary.desk.token()
        diary.broker.claims = {}
        assert diary.make(hold())["state"] == "made"
        assert len(diary.broker.of("GetToken")) == 2

    def test_the_service_is_not_reached(self, diary: Diary) -> None:
        keys: list[str] = []

        def abort(route: Route) -> None:
            keys.append(route.request.headers["idempotency-key"])
            route.abort()

        diary.desk.page.route("**/v1/holds", abort)
        booking = diary.make(hold())
        assert (booking["state"], booking["problem"]) == ("failed", "[away-text]")
        assert (len(keys), len(set(keys))) == (2, 1)
        assert diary.seen == ["working", "failed"]

    def test_the_calendar_is_not_reached(self, diary: Diary) -> None:
        call = hold()
        diary.signed.graph.down = True
        booking = diary.make(call)
        assert (booking["state"], len(diary.posts())) == ("failed", 1)
        assert booking["problem"].startswith("Microsoft Outlook")
        diary.signed.graph.down = False
        assert diary.make(call)["state"] == "made"
        assert len(diary.events) == 1

    def test_no_sign_in_at_all(self, sit: Sit) -> None:
        diary = Diary(*sit(supported=False))
        call = hold()
        diary.look(call)
        assert diary.state(call) == "unknown"
        assert diary.make(call)["problem"] == "[failed-title]"
        assert diary.asked() == 0
