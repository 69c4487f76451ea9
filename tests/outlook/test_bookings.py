"""Holds from the pane: the page's own modules in Chromium, the real service, and fakes of Entra and Graph.

The service has no other clock than the machine's here, so holds lie in the week to come.
"""

from __future__ import annotations

import datetime as dt
import json

import pytest
from playwright.sync_api import Route

from tests.outlook.diary import Diary
from tests.outlook.signed import hold

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"])]

HALF_PAST = "T10:30:00+03:00"


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
        diary.elsewhere(first)
        diary.desk.run(
            """const send = client.send.bind(client);
            client.send = async (method, path, call) => {
              const answer = await send(method, path, call);
              if (path.includes(given[0].thread) || call.json?.start === given[0].start) {
                await new Promise((resolve) => (globalThis.release = resolve));
              }
              return answer;
            };
            globalThis.late = bookings.look([given[0]], { thread: given[0].thread, zone: "UTC" });
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
