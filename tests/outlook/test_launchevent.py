"""What happens when a mail is sent: in classic Outlook on Windows (Node, no page) and in Chromium."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from app import strings
from app.guidance import schema
from app.guidance.schema import Guidance
from app.service import Outlook as Deployed
from app.tone.types import LANGUAGES, Language
from tests.conftest import Client
from tests.outlook.event_runtime import ADDRESS, Json, Runtime, sending

pytestmark = pytest.mark.npm

GOOD = (
    "Hello Sam,\n\nYour order leaves today and reaches you on Friday. Call me whenever it suits you.\n\nAna"
)
FINE: Json = {"language": "en", "band": "good", "holds": [], "findings": [], "elements": []}
RUDE: dict[Language, str] = {
    "en": "Hello Sam,\n\nThe price is 400, take it or leave it.\n\nAna",
    "fr": "Bonjour,\n\nVous êtes vraiment un menteur.\n\nAna",
    "ar": "مرحبا،\n\nولو كلفتم أنفسكم عناء قراءة الملحق قبل الشراء لعرفتم المدة.\n\nسارة",
    "tr": "Merhaba,\n\nNedeni basit, muhasebe ekibiniz tablo açmayı bile bilmiyor.\n\nAna",
}
BUTTONS = {language: strings.say(language, "send.button") for language in LANGUAGES}


@pytest.fixture(scope="module")
def guidance() -> Guidance:
    return schema.load()


@pytest.fixture(scope="module")
def runtime(guidance: Guidance, tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    return Runtime(tmp_path_factory.mktemp("events"), guidance)


@pytest.fixture(scope="module")
def signed(guidance: Guidance, tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    """Of a service that its users sign in to."""
    deployed = Deployed(public_url=ADDRESS, client_id="c-1", authority="https://login.test/common")
    return Runtime(tmp_path_factory.mktemp("signed"), guidance, deployed)


def finding(quote: str = "take it or leave it", severity: str = "error", confidence: float = 0.95) -> Json:
    return {
        "quote": quote,
        "message": f"This is why {quote[:9]}.",
        "severity": severity,
        "confidence": confidence,
    }


def poor(**more: Any) -> Json:
    return {
        **FINE,
        "band": "poor",
        "findings": [finding("a", "warning", 0.99), finding(), finding("b", "error", 0.5)],
        **more,
    }


def heated(start: str, band: str = "mixed", **more: Any) -> Json:
    return {
        **poor(),
        "band": band,
        "holds": [{"kind": "check-in", "start": "x"}, {"kind": "cooling-off", "start": start}],
        **more,
    }


def answer(review: Json, **more: Any) -> Json:
    return {"body": json.dumps(review), **more}


def went(sent: Json) -> bool:
    """Whether a mail went out; what holds for every answer is checked, too."""
    assert len(sent["completions"]) == 1, sent
    (options,) = sent["completions"]
    assert sent["took"] < 4500
    if options == {"allowEvent": True}:
        return True
    assert options["allowEvent"] is False
    assert 20 < len(options["errorMessage"]) <= 500
    assert "{" not in options["errorMessage"]
    assert "undefined" not in options["errorMessage"]
    if "commandId" in options:
        assert set(options) == {"allowEvent", "errorMessage", "cancelLabel", "commandId", "contextData"}
        assert options["commandId"] == "composeOpenPane"
        assert options["contextData"] == '{"v":1}'
        assert options["cancelLabel"] in BUTTONS.values()
        assert len(options["cancelLabel"]) <= 20
    else:
        assert set(options) == {"allowEvent", "errorMessage"}
    return False


def message(sent: Json) -> str:
    return str(sent["completions"][0]["errorMessage"])


class TestReview:
    def test_a_good_draft_goes(self, runtime: Runtime) -> None:
        (sent,) = runtime.send(sending(GOOD, answer=answer(FINE)))
        assert went(sent)
        (asked,) = sent["fetched"]
        assert asked["url"] == f"{ADDRESS}/v1/reviews"
        assert asked["method"] == "POST"
        assert asked["credentials"] == "omit"
        assert asked["headers"] == {"Content-Type": "application/json", "Accept-Language": "*"}
        assert asked["body"]["message"] == {"direction": "outgoing", "text": GOOD, "subject": "Your order"}
        assert asked["body"]["time_zone"] == "GMT Standard Time"
        assert set(asked["body"]) == {"message", "now", "time_zone"}
        assert sent["kept"] == {}

    def test_the_service_understands_the_question(self, runtime: Runtime, client: Client) -> None:
        thread = "\n\nFrom: Sam Client <sam@client.test>\nSent: Monday\nTo: Ana\n\nWhere is my order?!"
        (sent,) = runtime.send(sending(GOOD + thread, answer=answer(FINE)))
        (asked,) = sent["fetched"]
        found = client.post("/v1/reviews", json=asked["body"], headers={"Accept-Language": "*"})
        assert found.status_code == 200, found.text
        assert asked["body"]["context"] == [{"direction": "incoming", "text": "Where is my order?!"}]
        assert {"band", "holds", "findings", "elements", "language"} <= set(found.json())

    def test_a_poor_draft_is_asked_about(self, runtime: Runtime) -> None:
        (sent,) = runtime.send(sending(GOOD, answer=answer(poor())))
        assert not went(sent)
        assert message(sent) == (
            "As it stands, this email may upset the reader. “take it or leave it”: This is why take it o. "
            "Send it as it is, or open Tactline to look at it again first."
        )
        assert sent["completions"][0]["cancelLabel"] == "Review the draft"
        (digest,) = sent["kept"].values()
        assert re.fullmatch(r"[0-9a-f]{1,8}-\d+", digest)

    def test_a_heated_draft_is_asked_about_with_a_time_to_rest(self, runtime: Runtime) -> None:
        later = runtime.send(sending(GOOD, answer=answer(heated("2031-03-13T09:15:00+03:00"))))[0]
        assert not went(later)
        assert "sounds heated" in message(later)
        assert "letting it rest until Thursday at 09:15." in message(later)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_it_asks_in_the_mails_language(self, runtime: Runtime, language: Language) -> None:
        reviews = [poor(language=language), heated("2031-03-13T09:15:00+03:00", language=language)]
        sent = runtime.send(*[sending(GOOD, display="de-DE", answer=answer(one)) for one in reviews])
        words = strings.words(language)
        for one, key in zip(sent, ("poor", "heated"), strict=True):
            assert not went(one)
            assert message(one).startswith(words[f"send.{key}"])
            assert message(one).endswith(words["send.now"])
            assert one["completions"][0]["cancelLabel"] == BUTTONS[language]
        assert words["gmail.date.weekday.3"] in message(sent[1])

    def test_a_mail_in_another_language_is_asked_about_in_the_users(self, runtime: Runtime) -> None:
        sent = runtime.send(
            sending(GOOD, display="tr-TR", answer=answer(poor(language="und"))),
            sending(GOOD, display="de-DE", answer=answer(poor(language="und"))),
        )
        assert [went(one) for one in sent] == [False, False]
        assert [one["completions"][0]["cancelLabel"] for one in sent] == [BUTTONS["tr"], BUTTONS["en"]]

    def test_without_findings_it_says_what_is_missing(self, runtime: Runtime) -> None:
        elements = [
            {"status": "present", "message": "No."},
            {"status": "missing", "message": "An apology is missing."},
        ]
        sent = runtime.send(
            sending(GOOD, answer=answer(poor(findings=[], elements=elements))),
            sending(GOOD, answer=answer(poor(findings=[]))),
        )
        assert [went(one) for one in sent] == [False, False]
        assert "reader. An apology is missing. Send" in message(sent[0])
        assert "reader. Send" in message(sent[1])

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_it_is_never_too_long(self, runtime: Runtime, language: Language) -> None:
        long = {"quote": "word " * 200, "message": "Why " * 150, "severity": "error", "confidence": 1}
        one = {"quote": "x" * 900, "message": "y" * 900, "severity": "error", "confidence": 1}
        smile = {
            "quote": "\U0001f600" * 400,
            "message": "\U0001f600" * 400,
            "severity": "error",
            "confidence": 1,
        }
        start = "2031-03-12T09:15:00+03:00"
        sent = runtime.send(
            *[
                sending(GOOD, answer=answer(heated(start, language=language, findings=[f])))
                for f in (long, one, smile)
            ]
        )
        for each in sent:
            assert not went(each)
            assert len(message(each)) > 300
            message(each).encode("utf-8")
        assert "word word…" in message(sent[0])

    def test_the_day_is_named_unless_it_is_today(self, runtime: Runtime) -> None:
        alert = {
            "language": "en",
            "opening": "heated",
            "words": "",
            "why": "",
            "rest": "2026-03-12T17:30:00+01:00",
        }
        now = [{"date": [2026, 3, 12, 16]}, {"date": [2026, 3, 11, 16]}]
        today, tomorrow = runtime.call("messageOf", *[(alert, one) for one in now])
        assert "until 17:30." in today
        assert "until Thursday at 17:30." in tomorrow


class TestWithoutAReview:
    """The rules here decide; the rude mails are asked about, the good one goes."""

    TROUBLES: tuple[tuple[str, Json], ...] = (
        ("down", {"refused": True}),
        ("slow", {"delay": 10_000}),
        ("500", {"status": 500}),
        ("401", {"status": 401, "body": '{"type": "/problems/no-key"}'}),
        ("not JSON", {"body": "<html>"}),
        ("null", {"body": "null"}),
        ("no review", {"body": "{}"}),
        ("a half one", {"body": '{"band": "poor"}'}),
        ("of incoming mail", {"body": json.dumps({**FINE, "band": None})}),
    )

    def test_whatever_the_service_does(self, runtime: Runtime) -> None:
        mails = [
            sending(text, answer=trouble, abort=abort)
            for _, trouble in self.TROUBLES
            for text, abort in ((GOOD, True), (RUDE["ar"], True), (RUDE["fr"], False))
        ]
        for mail, sent in zip(mails, runtime.send(*mails), strict=True):
            assert went(sent) is (mail["body"] == GOOD), (mail, sent)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_it_asks_in_the_language_of_the_words(self, runtime: Runtime, language: Language) -> None:
        (sent,) = runtime.send(sending(RUDE[language], answer={"refused": True}))
        assert not went(sent)
        assert message(sent).startswith(strings.say(language, "send.local"))
        assert sent["completions"][0]["cancelLabel"] == BUTTONS[language]
        quoted = re.search("[“«] ?(.+?) ?[”»]", message(sent))
        assert quoted is not None
        assert quoted[1] in RUDE[language]

    def test_a_review_that_comes_in_time_is_right(self, runtime: Runtime) -> None:
        (sent,) = runtime.send(sending(RUDE["en"], answer=answer(FINE, delay=500)))
        assert went(sent)

    def test_without_fetch_or_timers(self, runtime: Runtime) -> None:
        sent = runtime.send(
            sending(RUDE["en"], without=["fetch"]),
            sending(GOOD, without=["fetch"]),
            sending(GOOD, without=["setTimeout"], answer=answer(FINE)),
        )
        assert [went(one) for one in sent] == [False, True, True]


class TestAskedOnce:
    def test_the_same_words_go_the_second_time(self, runtime: Runtime) -> None:
        for version, names in ((15, {"session.set"}), (8, {"saveAsync"})):
            (first,) = runtime.send(sending(GOOD, set=version, answer=answer(poor())))
            assert not went(first)
            assert names <= set(first["asked"])
            again = [GOOD, GOOD.replace("\n\n", " \r\n \r\n"), GOOD + " Please reply."]
            sent = runtime.send(
                *[sending(text, set=version, kept=first["kept"], answer=answer(poor())) for text in again]
            )
            assert [went(one) for one in sent] == [True, True, False]
            assert [len(one["fetched"]) for one in sent] == [0, 0, 1]
            assert sent[2]["kept"] != first["kept"]

    def test_nothing_of_the_text_is_kept(self, runtime: Runtime) -> None:
        (sent,) = runtime.send(sending(RUDE["en"], answer=answer(poor())))
        kept = json.dumps(sent["kept"]) + sent["completions"][0]["contextData"]
        assert not any(word in kept for word in ("take", "leave", "Sam", "400"))

    def test_what_cannot_be_kept_goes(self, runtime: Runtime) -> None:
        cases: list[Json] = [
            {"fails": ["session.set"]}, {"silent": ["session.set"]}, {"fails": ["session.set!"]},
            {"set": 8, "fails": ["properties"]}, {"set": 8, "silent": ["saveAsync"]},
            {"set": 8, "fails": ["saveAsync!"]},
        ]  # fmt: skip
        for case, sent in zip(
            cases, runtime.send(*[sending(GOOD, answer=answer(poor()), **one) for one in cases]), strict=True
        ):
            assert went(sent), case

    def test_digests_differ(self, runtime: Runtime) -> None:
        texts = ["", "a", "b", "ab", "ba", "é", "ا", "ب", "a b", "x" * 1000]
        found = runtime.call("digest", *[(text,) for text in texts])
        assert len(set(found)) == len(texts)
        # The well-known value for "a", of two bytes here.
        assert found[0] == "811c9dc5-0"


class TestOutlook:
    def test_a_body_that_cannot_be_read_goes(self, runtime: Runtime) -> None:
        cases: list[Json] = [{"fails": ["body"]}, {"fails": ["body!"]}, {"silent": ["body"]}]
        for case, sent in zip(
            cases, runtime.send(*[sending(RUDE["en"], **one) for one in cases]), strict=True
        ):
            assert went(sent), case
            assert sent["fetched"] == []

    def test_other_trouble_does_not_keep_it_from_asking(self, runtime: Runtime) -> None:
        cases: list[Json] = [
            {"fails": ["subject"]}, {"fails": ["subject!"]}, {"silent": ["subject"]}, {"fails": ["to!"]},
            {"silent": ["bcc"]}, {"fails": ["session.get"]}, {"fails": ["session.get!"]},
            {"silent": ["session.get"]}, {"zone": None}, {"display": None}, {"user": None},
            {"set": 12}, {"set": 8},
        ]  # fmt: skip
        for case, sent in zip(
            cases, runtime.send(*[sending(GOOD, answer=answer(poor()), **one) for one in cases]), strict=True
        ):
            assert not went(sent), case

    def test_an_empty_mail_goes(self, runtime: Runtime) -> None:
        assert all(
            went(one) and not one["fetched"] for one in runtime.send(sending(""), sending(" \r\n\u00a0\n"))
        )

    def test_options_wait_for_their_set(self, runtime: Runtime) -> None:
        old, new = runtime.send(*[sending(GOOD, set=n, answer=answer(poor())) for n in (13, 14)])
        assert not went(old)
        assert not went(new)
        assert "commandId" not in old["completions"][0]
        assert "commandId" in new["completions"][0]

    def test_a_very_long_mail_is_answered(self, runtime: Runtime) -> None:
        texts = [
            RUDE["en"] + "\nmore and more" * 20_000,
            "\n".join([">" * 50] * 5000),
            "On Monday 2026 you:\n" * 5000,
        ]
        sent = runtime.send(*[sending(text, answer={"refused": True}) for text in texts])
        assert [went(one) for one in sent] == [False, True, True]

    def test_mail_inside_the_house_goes_unread(self, runtime: Runtime) -> None:
        inside: list[Json] = [
            {"to": ["bo@studio.test"]},
            {"to": ["BO@Studio.Test"], "cc": ["ci@studio.test"], "account": "enterprise"},
        ]
        outside: list[Json] = [
            {}, {"to": ["bo@studio.test", "sam@client.test"]}, {"to": []}, {"to": [""]},
            {"to": ["bo@studio.test"], "bcc": ["sam@client.test"]}, {"to": ["bo@mail.studio.test"]},
            {"to": ["bo@studio.test"], "account": "outlookCom"}, {"to": ["bo@studio.test"], "fails": ["cc"]},
        ]  # fmt: skip
        sent = runtime.send(*[sending(RUDE["en"], answer=answer(poor()), **one) for one in inside + outside])
        assert [went(one) for one in sent] == [True] * len(inside) + [False] * len(outside)
        assert [len(one["fetched"]) for one in sent] == [0] * len(inside) + [1] * len(outside)


class TestSignIn:
    def test_offices_own_token_is_sent(self, signed: Runtime) -> None:
        given, refused, none = signed.send(
            *[sending(GOOD, legacy=token, answer=answer(FINE)) for token in ("t-1", "", None)]
        )
        assert all(went(one) for one in (given, refused, none))
        assert given["fetched"][0]["headers"]["Authorization"] == "Bearer t-1"
        # Without one the service is asked all the same: it may want none.
        assert [len(one["fetched"]) for one in (refused, none)] == [1, 1]
        assert "Authorization" not in {*refused["fetched"][0]["headers"], *none["fetched"][0]["headers"]}

    def test_nested_sign_in_goes_first_and_is_silent(self, signed: Runtime) -> None:
        cases: list[Json] = [{"msal": "n-1"}, {"msal": ""}, {"msal": "n-1", "nested": False}]
        sent = signed.send(
            *[sending(GOOD, answer=answer(FINE), **{"nested": True, "legacy": "t-1", **one}) for one in cases]
        )
        assert all(went(one) for one in sent)
        tokens = [one["fetched"][0]["headers"]["Authorization"] for one in sent]
        assert tokens == ["Bearer n-1", "Bearer t-1", "Bearer t-1"]
        assert sent[0]["signedIn"] == [
            {"auth": {"clientId": "c-1", "authority": "https://login.test/common"}},
            {"scopes": ["api://tactline.test/c-1/access_as_user"]},
        ]

    def test_a_sign_in_that_never_ends_does_not_hold_the_mail(self, signed: Runtime) -> None:
        (sent,) = signed.send(sending(GOOD, nested=True, msal="never", answer=answer(poor())))
        assert not went(sent)
        assert "Authorization" not in sent["fetched"][0]["headers"]

    def test_nobody_signs_in_where_no_one_has_to(self, runtime: Runtime) -> None:
        (sent,) = runtime.send(sending(GOOD, legacy="t-1", answer=answer(FINE)))
        assert went(sent)
        assert sent["tokens"] == 0
