"""Holds from the pane: the page's own modules in Chromium, the real service, and fakes of Entra and Graph.

The service has no other clock than the machine's here, so holds lie in the week to come.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Route

from app.tone.review import Engine
from tests.holds.fakes.faults import Fault
from tests.outlook.broker import GRAPH_SCOPE, Broker, Desk, Json, Sit, refusal, sitting
from tests.outlook.signed import ZONE, Signed, challenge, hold, serving

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"])]

THREAD = "AAQkADAwthread="
SETUP = """
  globalThis.seen = [];
  globalThis.bookings = new Bookings({
    client, signIn, say: (key) => `[${key}]`,
    changed: () => watched && seen.push(bookings.of(watched)?.state ?? "none"),
  });
  globalThis.watched = null;
"""
HALF_PAST = "T10:30:00+03:00"


class Diary:
    """A desk with bookings on it."""

    def __init__(self, desk: Desk, broker: Broker) -> None:
        self.desk, self.broker, self.signed = desk, broker, broker.signed
        desk.run(SETUP)

    def look(self, *holds: Json, thread: str = THREAD, **more: Any) -> None:
        given = [list(holds), {"thread": thread, "zone": ZONE, **more}]
        self.desk.run("await bookings.look(...given)", given)

    def make(self, hold: Json) -> Json:
        self.desk.run("watched = given; await bookings.make(given)", hold)
        return self.of(hold)

    def undo(self, hold: Json) -> Json:
        self.desk.run("watched = given; await bookings.undo(given)", hold)
        return self.of(hold)

    def of(self, hold: Json) -> Json:
        found: Json = self.desk.run("return bookings.of(given) ?? null", hold)
        return found

    def state(self, hold: Json) -> str:
        return str(self.of(hold)["state"])

    @property
    def seen(self) -> list[str]:
        """The states that the page was told of, of the hold last worked on."""
        found: list[str] = self.desk.run("return seen.filter((state, n) => state !== seen[n - 1])")
        return found

    @property
    def standing(self) -> list[Json]:
        found: list[Json] = self.desk.run("return JSON.parse(JSON.stringify(bookings.standing))")
        return found

    @property
    def events(self) -> list[Json]:
        return self.signed.events(self.broker.oid)

    def posts(self) -> list[str]:
        """The idempotency keys of what was sent to make holds."""
        sent = self.desk.calls("POST", "/v1/holds")
        return [call.headers["idempotency-key"] for call in sent if not call.url.endswith("/slots")]

    def asked(self) -> int:
        """How often the calendar was looked into."""
        return len(self.desk.calls("GET", "/v1/holds")) + len(self.desk.calls("POST", "/v1/holds/slots"))

    def later(self, seconds: int) -> None:
        self.desk.run("const now = Date.now; Date.now = () => now.call(Date) + given * 1000", seconds)

    def elsewhere(self, hold: Json) -> Json:
        """Make a hold from another window of Outlook."""
        headers = {"Authorization": f"Bearer {self.signed.entra.token(oid=self.broker.oid)}"}
        body = {"hold": hold, "calendar": "microsoft"}
        answer = httpx.post(f"{self.signed.address}/v1/holds", json=body, headers=headers, timeout=20)
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        return made


@pytest.fixture(scope="module")
def signed(engine: Engine) -> Iterator[Signed]:
    with serving(engine) as found:
        yield found


@pytest.fixture
def sit(browser: Browser, signed: Signed) -> Iterator[Sit]:
    with sitting(browser, signed) as found:
        yield found


@pytest.fixture
def diary(sit: Sit) -> Diary:
    return Diary(*sit())


class TestLooking:
    def test_a_time_is_free(self, diary: Diary) -> None:
        call = hold()
        diary.desk.run("watched = given", call)
        diary.look(call)
        assert diary.seen == ["looking", "free"]
        assert diary.of(call)["slot"] is None
        assert diary.events == []

    def test_a_time_is_taken_and_the_next_is_told_where_the_hold_is(self, diary: Diary) -> None:
        call = hold()
        diary.signed.meeting(diary.broker.oid, call)
        diary.look(call)
        booking = diary.of(call)
        assert booking["state"] == "taken"
        assert booking["slot"]["start"] == call["start"].replace("T10:00:00+03:00", HALF_PAST)
        # What is told is what happens.
        assert diary.make(call)["slot"] == booking["slot"]

    def test_it_goes_into_the_users_own_hours(self, diary: Diary) -> None:
        call = hold()
        diary.signed.meeting(diary.broker.oid, call)
        hours = {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "14:00", "end": "18:00"}
        diary.look(call, hours=hours)
        assert diary.of(call)["slot"]["start"][11:16] == "14:00"
        assert diary.make(call)["slot"]["start"][11:16] == "14:00"

    @pytest.mark.parametrize("kind", ["commitment", "prepare"])
    def test_what_will_not_go_later_names_no_other_time(self, diary: Diary, kind: str) -> None:
        held = hold(kind)
        diary.signed.meeting(diary.broker.oid, held)
        diary.look(held)
        assert (diary.state(held), diary.of(held)["slot"]) == ("taken", None)

    def test_whole_days_clash_with_nothing(self, diary: Diary) -> None:
        day = hold()["start"][:10]
        after = (dt.date.fromisoformat(day) + dt.timedelta(days=1)).isoformat()
        whole = hold("commitment", start=day, end=after, all_day=True)
        diary.look(whole)
        assert diary.state(whole) == "unknown"
        assert diary.desk.calls("POST", "/v1/holds/slots") == []

    def test_nobody_is_asked_to_sign_in_for_it(self, diary: Diary) -> None:
        diary.broker.signed_in = False
        call = hold()
        diary.look(call)
        assert diary.state(call) == "unknown"
        assert diary.broker.of("GetTokenPopup") == []
        assert diary.asked() == 0
        diary.broker.signed_in = True
        diary.look(call)
        assert diary.state(call) == "free"

    def test_a_calendar_that_fails_is_left_alone_for_a_while(self, diary: Diary) -> None:
        diary.signed.graph.down = True
        call = hold()
        diary.look(call)
        asked = diary.asked()
        assert (diary.state(call), asked > 0) == ("unknown", True)
        diary.look(call)
        assert diary.asked() == asked
        diary.signed.graph.down = False
        diary.later(20)
        diary.look(call)
        assert diary.state(call) == "free"

    def test_an_answer_serves_for_a_minute(self, diary: Diary) -> None:
        call = hold()
        diary.look(call)
        asked = diary.asked()
        diary.look(call)
        assert diary.asked() == asked == 2
        diary.signed.meeting(diary.broker.oid, call)
        diary.later(61)
        diary.look(call)
        assert diary.state(call) == "taken"

    def test_answers_for_another_message_come_too_late(self, diary: Diary) -> None:
        first, second = hold(), hold()
        diary.elsewhere({**first, "thread": ""})
        diary.desk.run(
            """const send = client.send.bind(client);
            client.send = async (method, path, call) => {
              const answer = await send(method, path, call);
              if (path.includes("first") || call.json?.start === given[0].start) {
                await new Promise((resolve) => (globalThis.release = resolve));
              }
              return answer;
            };
            globalThis.late = bookings.look([given[0]], { thread: "first", zone: "UTC" });
            while (!globalThis.release) await new Promise((resolve) => setTimeout(resolve, 10));
            await bookings.look([given[1]], { thread: "second", zone: "UTC" });""",
            [first, {**second, "start": second["end"], "end": second["end"].replace("10:30", "11:00")}],
        )
        diary.desk.run("release(); await late")
        assert diary.of(first) is None
        assert diary.standing == []


class TestStanding:
    def test_what_stands_is_known_again(self, diary: Diary) -> None:
        call = hold()
        made = diary.elsewhere(call)
        diary.look(call, thread=call["thread"])
        booking = diary.of(call)
        assert (booking["state"], booking["undo"]) == ("made", made["undo"])
        assert booking["url"] == made["event"]["url"]
        # In the zone where it is shown.
        assert booking["slot"] == {"start": call["start"], "end": call["end"]}
        assert diary.make(call)["state"] == "made"
        assert diary.posts() == []

    def test_the_same_follow_up_proposed_anew_stands_already(self, diary: Diary) -> None:
        call, promise = hold(), hold("commitment", 15)
        diary.elsewhere(call)
        diary.elsewhere({**promise, "thread": call["thread"]})
        anew = [{**held, "id": f"{n}" * 32} for n, held in enumerate((call, promise))]
        diary.look(*anew, thread=call["thread"])
        # Of promises there may be several, each with a date of its own.
        assert [diary.state(held) for held in anew] == ["made", "taken"]

    def test_a_review_takes_it_as_it_is(self, diary: Diary) -> None:
        call = hold()
        made = diary.elsewhere(call)
        diary.look(thread=call["thread"])
        assert diary.standing == [
            {
                "event": made["event"]["id"], "kind": "client-call", "all_day": False,
                "start": call["start"], "end": call["end"],
            }
        ]  # fmt: skip
        assert diary.desk.run("return bookings.standing[0].title") == call["title"]
        request = {"message": {"direction": "incoming", "text": "It is all settled, thank you!"}}
        review = diary.desk.run("return client.review({ ...given, standing: bookings.standing })", request)
        assert [entry["event"] for entry in review["release"]] == [made["event"]["id"]]

    def test_an_entry_is_let_go(self, diary: Diary) -> None:
        call = hold()
        made = diary.elsewhere(call)
        diary.look(call, thread=call["thread"])
        diary.desk.run("await bookings.release(given)", made["event"]["id"])
        assert (diary.events, diary.standing, diary.state(call)) == ([], [], "unknown")
        # Once more is nothing.
        diary.desk.run("await bookings.release(given)", made["event"]["id"])
        assert len(diary.desk.calls("DELETE")) == 1

    def test_what_was_deleted_in_outlook_no_longer_stands(self, diary: Diary) -> None:
        call = hold()
        diary.look(call, thread=call["thread"])
        diary.make(call)
        diary.signed.graph.remove(diary.broker.oid, diary.events[0]["id"])
        diary.look(call, thread=call["thread"])
        assert diary.state(call) == "made"  # nothing has told of it yet
        diary.later(61)
        diary.look(call, thread=call["thread"])
        assert diary.state(call) == "free"

    def test_a_new_draft_keeps_what_was_made_when_its_subject_changes(self, diary: Diary) -> None:
        call = hold()
        diary.look(call, thread="")
        diary.make(call)
        changed = hold()
        diary.look(changed, thread="")
        assert (diary.state(changed), len(diary.standing)) == ("made", 1)


class TestMaking:
    def test_one_press_makes_one_entry(self, diary: Diary) -> None:
        call = hold()
        diary.look(call)
        booking = diary.make(call)
        [event] = diary.events
        assert diary.seen == ["working", "made"]
        assert booking["slot"] == {"start": call["start"], "end": call["end"]}
        assert (booking["moved"], booking["clash"], booking["problem"]) == (False, False, "")
        assert booking["url"].startswith("https://")
        assert event["subject"] == call["title"]
        assert [entry["kind"] for entry in diary.standing] == ["client-call"]

    def test_pressed_twice_it_is_sent_once(self, diary: Diary) -> None:
        call = hold()
        diary.desk.run("await Promise.all([1, 2, 3].map(() => bookings.make(given)))", call)
        diary.make(call)
        assert len(diary.posts()) == len(diary.events) == 1

    def test_an_answer_that_got_lost_is_asked_for_again(self, diary: Diary) -> None:
        call = hold()
        lost: list[tuple[int, str]] = []

        def lose(route: Route) -> None:
            if not lost:
                lost.append((route.fetch().status, route.request.headers["idempotency-key"]))
                route.abort()
            else:
                route.fallback()

        diary.desk.page.route("**/v1/holds", lose)
        assert diary.make(call)["state"] == "made"
        [again] = diary.posts()
        assert (lost, len(diary.events)) == ([(201, again)], 1)

    def test_what_still_runs_is_waited_for(self, diary: Diary) -> None:
        call = hold()
        told: list[int] = []

        def running(route: Route) -> None:
            if len(told) < 2:
                told.append(409)
                body = json.dumps({"type": "/problems/still-running", "detail": "Still at it."})
                route.fulfill(status=409, body=body, headers={"Retry-After": "1"})
            else:
                route.fallback()

        diary.desk.page.route("**/v1/holds", running)
        assert diary.make(call)["state"] == "made"
        assert len(diary.events) == 1

    def test_a_taken_time_moves_it(self, diary: Diary) -> None:
        call = hold()
        diary.signed.meeting(diary.broker.oid, call)
        booking = diary.make(call)
        assert (booking["state"], booking["moved"], booking["slot"]["start"][10:]) == (
            "made", True, HALF_PAST,
        )  # fmt: skip

    def test_a_promise_keeps_its_hour_beside_what_lies_there(self, diary: Diary) -> None:
        promise = hold("commitment")
        diary.signed.meeting(diary.broker.oid, promise)
        booking = diary.make(promise)
        assert (booking["moved"], booking["clash"], booking["slot"]["start"]) == (
            False, True, promise["start"],
        )  # fmt: skip

    def test_undo_takes_it_away_and_the_time_is_free(self, diary: Diary) -> None:
        call = hold()
        diary.make(call)
        assert diary.undo(call)["state"] == "free"
        assert (diary.events, diary.standing) == ([], [])
        assert diary.make(call)["state"] == "made"

    def test_what_is_gone_already_is_undone(self, diary: Diary) -> None:
        call = hold()
        diary.make(call)
        diary.signed.graph.remove(diary.broker.oid, diary.events[0]["id"])
        assert diary.undo(call)["state"] == "free"

    def test_undo_that_fails_leaves_it_standing(self, diary: Diary) -> None:
        call = hold()
        diary.make(call)
        diary.signed.graph.down = True
        booking = diary.undo(call)
        assert (booking["state"], bool(booking["problem"])) == ("failed", True)
        diary.signed.graph.down = False
        assert len(diary.events) == 1
        assert diary.undo(call)["state"] == "free"
        assert diary.events == []


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
        # What the exchange gave for looking is still good: this user has to be asked anew.
        diary.signed.graph.faults.add(Fault("insert", status=403, reason="ErrorAccessDenied"))
        diary.broker.window = refusal("USER_CANCEL")["error"]
        booking = diary.make(call)
        assert (booking["state"], booking["problem"]) == (before, "")
        assert was is None or booking == was
        assert len(diary.posts()) == 1 or before == "unknown"

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
        diary.desk.page.route("**/v1/holds", lambda route: route.abort())
        booking = diary.make(hold())
        assert (booking["state"], booking["problem"]) == ("failed", "[away-text]")
        assert len(set(diary.posts())) == 0  # what is aborted here is not sent
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
