"""Gmail, end to end: what an event leads to, from the verified token to the card."""

from __future__ import annotations

import datetime as dt
import itertools
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from app.store.errors import StoreError
from app.strings import say
from app.tone.review import Engine
from app.tone.week import WorkingHours
from app.wishes import Wishes, read
from tests.auth.google_fakes import FORGERIES
from tests.gmail.mails import plain
from tests.gmail.stage import BASE, MESSAGE, SCOPES, USER, Stage, actions, card, notice, staged, words
from tests.holds.fakes.faults import Fault

ANGRY = plain(
    "Ana,\n\nI am furious. This is the third time the menus are late and I have had enough of it! "
    "I want them by Thursday at noon.\n\nBo"
)
DRAFT = (
    "Hi Bo,\n\nWe guarantee this will never happen again. As I already told you, the menus are ready.\n\nAna"
)


@pytest.fixture
def stage(portal: BlockingPortal, engine: Engine) -> Iterator[Stage]:
    with staged(portal, engine) as made:
        yield made


def events(stage: Stage) -> list[Any]:
    return list(stage.google.calendar.events("ana"))


class TestTrust:
    @pytest.mark.parametrize("kind", FORGERIES)
    def test_a_forged_token_gets_nothing(self, stage: Stage, kind: Any) -> None:
        answer = stage.send(b"not even read", token=stage.identity.forge(kind))
        assert (answer.status_code, answer.content) == (401, b"")

    def test_no_token_gets_nothing(self, stage: Stage) -> None:
        answer = stage.client.post("/gmail", content=b"{}")
        assert (answer.status_code, answer.content) == (401, b"")

    @pytest.mark.parametrize("query", ["", "?do=home"])
    def test_the_audience_may_hold_the_query_or_not(self, stage: Stage, query: str) -> None:
        for audience in (f"{BASE}/gmail", f"{BASE}/gmail{query}"):
            token = stage.identity.system(aud=audience)
            assert stage.send(stage.event({}, {}), query, token).status_code == 200
        other = stage.identity.system(aud=f"{BASE}/gmail?do=other")
        assert stage.send(stage.event({}, {}), query, other).status_code == 401

    def test_keys_that_cannot_be_had_are_no_card(self, stage: Stage) -> None:
        stage.identity.down = True
        assert stage.send(stage.event({}, {})).status_code == 503

    def test_without_the_add_on_there_is_no_address(self, portal: BlockingPortal, engine: Engine) -> None:
        with staged(portal, engine, gmail_service_account="") as other:
            assert other.send(other.event({}, {})).status_code == 404

    @pytest.mark.parametrize("body", [b"", b"[]", b"{"])
    def test_what_is_no_event_is_refused(self, stage: Stage, body: bytes) -> None:
        assert stage.send(body).status_code == 400


class TestMessage:
    def test_the_card_of_an_angry_client(self, stage: Stage) -> None:
        stage.open(ANGRY)
        shown = stage.trigger("message")
        assert "hostile" in words(shown) or "upset" in words(shown)
        assert "Best answered by phone" in words(shown)
        assert actions(card(shown), "add")
        assert actions(card(shown), "reply")

    @pytest.mark.parametrize(
        ("locale", "said"), [("fr-FR", "téléphone"), ("ar", "هاتف"), ("tr-TR", "telefon")]
    )
    def test_in_the_users_language(self, stage: Stage, locale: str, said: str) -> None:
        stage.open(ANGRY)
        stage.locale = locale
        assert said in words(stage.trigger("message")).lower()

    def test_a_deployment_that_waits_reads_nothing_unasked(
        self, portal: BlockingPortal, engine: Engine
    ) -> None:
        with staged(portal, engine, gmail_wait=True) as waiting:
            waiting.open(ANGRY)
            shown = waiting.trigger("message")
            assert waiting.mail.calls == []
            [ask] = actions(card(shown), "open")
            assert "Best answered by phone" in words(waiting.click(ask))

    def test_ios_sends_little(self, stage: Stage) -> None:
        body = {
            "commonEventObject": {"hostApp": "GMAIL", "platform": "IOS"},
            "authorizationEventObject": {"userOAuthToken": USER}, "newField": 1,
        }  # fmt: skip
        assert stage.send(body, "?do=message").status_code == 200
        assert stage.send({}, "").status_code == 200

    def test_gmail_down_is_a_card(self, stage: Stage) -> None:
        stage.open(ANGRY)
        stage.mail.faults.add(Fault("*", status=503, times=20))
        shown = stage.trigger("message")
        assert actions(card(shown), "refresh")
        stage.mail.faults.clear()
        assert "Best answered by phone" in words(stage.click(actions(card(shown), "refresh")[0]))

    def test_an_expired_token_says_to_open_it_again(self, stage: Stage) -> None:
        stage.open(ANGRY)
        stage.mail.user(USER, "ana", expired=True)
        assert "Open the message again" in words(stage.trigger("message"))

    def test_a_slow_gmail_says_so_in_time(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("app.gmail.endpoints.SECONDS", 1.0)
        stage.open(ANGRY)
        stage.mail.faults.add(Fault("*", delay=2.5, times=20))
        shown = stage.trigger("message")
        assert actions(card(shown), "refresh")

    def test_missing_consent_is_asked_for(self, stage: Stage) -> None:
        stage.open(ANGRY)
        stage.scopes = set()
        asked = stage.trigger("message")["requesting_google_scopes"]["scopes"]
        assert asked == [f"{SCOPES}gmail.addons.current.message.readonly"]

    def test_a_reply_starts_with_what_the_message_calls_for(self, stage: Stage) -> None:
        stage.open(ANGRY)
        [start] = actions(card(stage.trigger("message")), "reply")
        opened = stage.click(start)["renderActions"]["hostAppAction"]["gmailAction"]
        assert opened["openCreatedDraftActionMarkup"]["draftId"]
        [draft] = stage.mail.drafts("ana").values()
        assert stage.message is not None
        assert draft.thread == stage.message.thread


class TestHolds:
    def test_one_click_one_event_under_replay_and_undone(self, stage: Stage) -> None:
        stage.open(ANGRY)
        wanted = actions(card(stage.trigger("message")), "add")
        first = stage.click(wanted[0])
        stage.click(wanted[0])  # Google repeats the click, as it does after consent
        assert len(events(stage)) == 1
        assert notice(first) in ("Added to your calendar", "Added at the next free time")
        left = actions(card(first), "add")
        assert len(left) < len(wanted)
        [undo] = actions(card(first), "undo")
        assert notice(stage.click(undo)) == "Taken out of your calendar"
        assert events(stage) == []

    def test_all_of_them_one_after_the_other_never_clash(self, stage: Stage) -> None:
        stage.open(ANGRY)
        shown = stage.trigger("message")
        for _ in range(8):
            left = actions(card(shown), "add")
            if not left:
                break
            shown = stage.click(left[0])
        found = events(stage)
        assert len(found) >= 2
        timed = sorted(
            (e["start"]["dateTime"], e["end"]["dateTime"]) for e in found if "dateTime" in e["start"]
        )
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(timed))

    def test_without_the_calendars_scopes_just_those_are_asked_for(self, stage: Stage) -> None:
        stage.allow()
        stage.open(ANGRY)
        wanted = actions(card(stage.trigger("message")), "add")
        asked = stage.click(wanted[0])["requesting_google_scopes"]["scopes"]
        assert asked == [f"{SCOPES}calendar.events.owned", f"{SCOPES}calendar.freebusy"]
        stage.allow("calendar.events.owned", "calendar.freebusy")
        stage.click(wanted[0])
        assert len(events(stage)) == 1

    def test_a_deployment_without_calendar_offers_none(self, portal: BlockingPortal, engine: Engine) -> None:
        with staged(portal, engine, gmail_calendar=False) as other:
            other.allow()
            other.open(ANGRY)
            shown = other.trigger("message")
            assert actions(card(shown), "add") == []
            forced = {
                "do": "add",
                "hold": "0a",
                "kind": "check-in",
                "start": "2026-11-30",
                "end": "2026-12-01",
            }
            assert notice(other.click(forced)) == "That did not work"

    def test_a_calendar_that_fails_is_told_and_nothing_is_lost(self, stage: Stage) -> None:
        stage.open(ANGRY)
        wanted = actions(card(stage.trigger("message")), "add")
        stage.google.calendar.faults.add(Fault("insert", status=500, times=2))
        failed = stage.click(wanted[0])
        assert notice(failed) == "That did not work"
        assert len(actions(card(failed), "add")) == len(wanted)
        stage.click(actions(card(failed), "add")[0])
        assert len(events(stage)) == 1

    @pytest.mark.parametrize(
        "change",
        [
            {"kind": "party"},
            {"start": "soon"},
            {"end": ""},
            {"hold": "a b"},
            {"hold": ""},
            {"end": "2026-01-01"},
        ],
    )
    def test_parameters_that_make_no_sense_make_nothing(self, stage: Stage, change: dict[str, str]) -> None:
        stage.open(ANGRY)
        wanted = actions(card(stage.trigger("message")), "add")
        assert notice(stage.click({**wanted[0], **change})) == "That did not work"
        assert events(stage) == []

    def test_the_homepage_shows_the_weeks_holds(self, stage: Stage) -> None:
        stage.open(ANGRY)
        stage.click(actions(card(stage.trigger("message")), "add")[0])
        stage.message = None
        shown = stage.trigger("home")
        assert len(actions(card(shown), "undo")) == 1


class TestCompose:
    def test_a_draft_is_reviewed_and_put_back(self, stage: Stage) -> None:
        [ask] = actions(card(stage.trigger("compose")), "review")
        shown = stage.click(ask, {"text": [DRAFT]})
        [apply] = actions(card(shown), "apply")
        put = stage.click(apply, {"text": [DRAFT], "findings": ["0", "1", "2", "3"]})
        body = put["renderActions"]["hostAppAction"]["gmailAction"]["updateDraftActionMarkup"]["updateBody"]
        assert body["type"] == "REPLACE"
        [content] = [part["content"] for part in body["insertContents"]]
        assert "guarantee" not in content
        assert "menus are ready" in content

    def test_nothing_ticked_puts_back_what_was_there(self, stage: Stage) -> None:
        [apply] = actions(card(stage.click({"do": "review"}, {"text": [DRAFT]})), "apply")
        put = stage.click(apply, {"text": [DRAFT]})
        body = put["renderActions"]["hostAppAction"]["gmailAction"]["updateDraftActionMarkup"]["updateBody"]
        assert "We guarantee this will never happen again" in body["insertContents"][0]["content"]

    def test_a_text_that_changed_since_is_reviewed_again(self, stage: Stage) -> None:
        [apply] = actions(card(stage.click({"do": "review"}, {"text": [DRAFT]})), "apply")
        shown = stage.click(apply, {"text": [DRAFT + "\n\nPS: soon."], "findings": ["0"]})
        assert "has changed" in words(shown)

    @pytest.mark.parametrize("do", ["review", "apply"])
    def test_no_failure_loses_the_text(self, stage: Stage, do: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def fails(*_: object) -> None:
            raise RuntimeError

        monkeypatch.setattr("app.gmail.door.Door._reviewed", fails)
        shown = words(stage.click({"do": do}, {"text": [DRAFT]}))
        assert "Your text is still here" in shown
        assert "the menus are ready" in shown

    def test_an_empty_text_is_said_kindly(self, stage: Stage) -> None:
        assert "There is no text yet" in words(stage.click({"do": "review"}, {"text": [" "]}))


class TestSettings:
    def test_language_and_hours_are_kept_for_the_user(self, stage: Stage) -> None:
        form = {"language": ["fr"], "days": ["0", "1"], "start": ["10:00"], "end": ["12:00"]}
        assert notice(stage.click({"do": "settings"}, form)) == "Réglages enregistrés"
        assert "Réglages" in words(stage.trigger("home"))

    def test_what_the_card_does_not_show_stays_as_it_was(self, stage: Stage) -> None:
        stage.keep(Wishes("tr", time_zone="Asia/Riyadh", muted=frozenset({"arguing"})))
        form = {"language": ["auto"], "days": ["0", "1"], "start": ["10:00"], "end": ["12:00"]}
        assert notice(stage.click({"do": "settings"}, form)) == say("en", "gmail.notice.saved")
        hours = WorkingHours(frozenset({0, 1}), dt.time(10), dt.time(12))
        assert read(stage.kept()) == Wishes(None, hours, "Asia/Riyadh", frozenset({"arguing"}))

    def test_what_was_dismissed_or_muted_is_not_shown(self, stage: Stage, engine: Engine) -> None:
        shown = words(stage.click({"do": "review"}, {"text": [DRAFT]}))
        titles = [
            engine.guidance.guidelines[name].wording("en").title
            for name in ("blaming-the-client", "overpromising")
        ]
        assert all(title in shown for title in titles)
        stage.dismiss("blaming-the-client", "As I already told you, the")
        stage.keep(Wishes(muted=frozenset({"overpromising"})))
        shown = words(stage.click({"do": "review"}, {"text": [DRAFT]}))
        assert not any(title in shown for title in titles)

    def test_a_store_that_fails_stops_no_card(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        async def fails(*_: object) -> None:
            raise StoreError("x")

        monkeypatch.setattr("app.store.store.Store.wishes_of", fails)
        shown = words(stage.click({"do": "review"}, {"text": [DRAFT]}))
        assert say("en", "note.preferences-unavailable") in shown
        assert "As I already told you" in shown

    def test_hours_that_make_no_sense_are_told(self, stage: Stage) -> None:
        form = {"language": ["en"], "days": [], "start": ["10:00"], "end": ["09:00"]}
        assert notice(stage.click({"do": "settings"}, form)) == say("en", "gmail.notice.bad-hours")


def test_nothing_of_mail_or_tokens_is_logged(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stage.open(ANGRY)
    shown = stage.trigger("message")
    stage.click(actions(card(shown), "add")[0])
    stage.click({"do": "review"}, {"text": [DRAFT]})
    stage.mail.faults.add(Fault("*", status=400, times=5))
    stage.trigger("message")
    own = [record for record in caplog.records if record.name.startswith("app")]
    kept = "\n".join(f"{r.getMessage()} {r.__dict__.get('fields')} {r.exc_text}" for r in own)
    assert "gmail" in kept
    for secret in (USER, MESSAGE, "furious", "menus", "guarantee", "client.example", "ana@"):
        assert secret not in kept
