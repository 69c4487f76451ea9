"""The contract of POST /v1/reviews, on the real engine."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import pytest

from app.guidance.schema import Guidance
from app.tone.review import Engine
from app.tone.types import DIMENSIONS, SITUATIONS
from tests.conftest import Client

NOW = "2026-03-10T09:00:00+01:00"  # a Tuesday
DRAFT = (
    "Hi Dana,\n\nAs I already told you, the menus are late because you never sent the photos!!! "
    "We will send them by Friday noon.\n\nBest,\nSam\n\n> Where are my menus, you idiots?\n"
)
COMPLAINT = (
    "This is unacceptable!!! You are liars and thieves. I want my money back by Thursday 5 pm "
    "or I will sue you and post this everywhere."
)


def reviewed(client: Client, **rest: Any) -> dict[str, Any]:
    message = {"direction": "outgoing", "subject": "Menus", "text": DRAFT}
    body = {"now": NOW, "time_zone": "Europe/Paris", "offset_encoding": "code-point", **rest}
    answer = client.review(message, **body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_draft_is_answered_as_the_contract_says(client: Client) -> None:
    got = reviewed(client)
    assert got["language"] == "en"
    assert got["direction"] == "outgoing"
    assert 0 <= got["score"] <= 100
    assert got["band"] in ("good", "mixed", "poor")
    assert list(got["dimensions"]) == list(DIMENSIONS)
    assert all(0 <= value <= 100 for value in got["dimensions"].values())
    assert got["situation"] in SITUATIONS
    assert got["situations"] == []
    assert 0 <= got["politeness"] <= 100
    assert got["temperature"] is None
    assert got["reply_channel"] in ("email", "call")
    assert got["deadlines"] == []
    assert "body" not in got


def test_findings_are_quoted_explained_and_cited(client: Client, engine: Engine) -> None:
    got = reviewed(client)
    assert "blaming-the-client" in {finding["guideline"] for finding in got["findings"]}
    assert got["findings"] == sorted(got["findings"], key=lambda finding: finding["start"])
    articles = engine.guidance.articles
    for finding in got["findings"]:
        assert DRAFT[finding["start"] : finding["end"]] == finding["quote"]
        assert finding["guideline"] in engine.guidance.guidelines
        assert finding["severity"] in ("hint", "warning", "error")
        assert 0 <= finding["confidence"] <= 1
        assert finding["message"]
        assert finding["sources"]
        for source in finding["sources"]:
            assert source["title"] == articles[source["article"]].sections[source["section"]].title["en"]
    assert len({finding["id"] for finding in got["findings"]}) == len(got["findings"])


def test_only_the_writers_own_words_are_judged(client: Client) -> None:
    got = reviewed(client)
    quoted = DRAFT.index("> Where")
    assert all(finding["end"] <= quoted for finding in got["findings"])
    assert "quote" in {segment["kind"] for segment in got["segments"]}
    assert "quoted-part-skipped" in {note["code"] for note in got["notes"]}
    assert all(note["message"] for note in got["notes"])


def test_segments_cover_the_text_in_order(client: Client) -> None:
    segments = reviewed(client)["segments"]
    assert segments[0]["start"] == 0
    assert segments[-1]["end"] == len(DRAFT)
    assert all(a["end"] == b["start"] for a, b in pairwise(segments))


def test_promises_become_dates_and_holds(client: Client) -> None:
    got = reviewed(client)
    [promise] = got["commitments"]
    assert (promise["date"], promise["time"]) == ("2026-03-13", "12:00")
    assert DRAFT[promise["start"] : promise["end"]] == promise["quote"]
    held = {hold["kind"]: hold for hold in got["holds"]}
    assert held["commitment"]["start"] == "2026-03-13T12:00:00+01:00"
    assert held["commitment"]["time_zone"] == "Europe/Paris"
    for hold in got["holds"]:
        assert hold["sources"]
        assert hold["title"]
        assert hold["reason"]
        assert dt.datetime.fromisoformat(hold["start"]) <= dt.datetime.fromisoformat(hold["end"])


def test_an_incoming_message_has_temperature_situations_and_deadlines_but_no_score(client: Client) -> None:
    answer = client.review(
        {"direction": "incoming", "text": COMPLAINT},
        now=NOW,
        time_zone="Europe/Paris",
        offset_encoding="code-point",
    )
    got = answer.json()
    assert (got["score"], got["band"], got["dimensions"], got["situation"]) == (None, None, None, None)
    assert got["temperature"] in ("upset", "hostile")
    assert got["reply_channel"] == "call"
    assert got["situations"]
    assert [(d["date"], d["time"]) for d in got["deadlines"]] == [("2026-03-12", "17:00")]
    assert got["call_brief"]["talking_points"]
    assert got["call_brief"]["email"]
    assert (got["findings"], got["elements"], got["commitments"], got["revised"]) == ([], [], [], None)


def test_a_draft_takes_its_temperature_from_the_latest_incoming_message(client: Client) -> None:
    context = [{"direction": "incoming", "text": COMPLAINT, "sent_at": "2026-03-09T18:00:00Z"}]
    assert reviewed(client, context=context)["temperature"] in ("upset", "hostile")


def test_a_threat_earlier_in_the_thread_calls_for_a_second_reader(client: Client) -> None:
    message = {"direction": "outgoing", "text": "Dear Dana, the menus go out tomorrow. Kind regards, Sam"}
    context = [{"direction": "incoming", "text": COMPLAINT}]
    got = client.review(message, context=context, now=NOW, time_zone="Europe/Paris").json()
    assert "peer-review" in {hold["kind"] for hold in got["holds"]}


def test_explanations_are_in_the_asked_language_and_mail_text_in_the_mails(
    client: Client, engine: Engine
) -> None:
    message = {"direction": "outgoing", "subject": "Menus", "text": DRAFT}
    english = reviewed(client)
    for language, headers, extra in (
        ("ar", {}, {"explain_in": "ar"}),
        ("tr", {"Accept-Language": "tr-TR, en;q=0.5"}, {}),
        ("en", {}, {}),  # the text's own
    ):
        body = {"message": message, "now": NOW, "time_zone": "Europe/Paris", "offset_encoding": "code-point"}
        answer = client.post("/v1/reviews", json={**body, **extra}, headers=headers)
        assert answer.headers["content-language"] == language
        for finding, same in zip(answer.json()["findings"], english["findings"], strict=True):
            words = engine.guidance.guidelines[finding["guideline"]].wording(language)
            assert any(finding["message"].startswith(reason) for reason in words.reasons.values())
            assert finding["title"] == words.title
            assert finding["replacements"] == same["replacements"]
        assert answer.json()["revised"] == english["revised"]


def test_the_same_request_has_the_same_answer(client: Client) -> None:
    assert reviewed(client) == reviewed(client)


def test_a_findings_id_stays_when_its_words_move(client: Client) -> None:
    first = reviewed(client)
    message = {
        "direction": "outgoing",
        "subject": "Menus",
        "text": DRAFT.replace("Hi Dana", "Dear Dana Holm"),
    }
    moved = client.review(message, now=NOW, time_zone="Europe/Paris").json()
    assert {f["id"] for f in moved["findings"]} == {f["id"] for f in first["findings"]}


def test_an_outlook_zone_name_counts_as_its_iana_zone(client: Client) -> None:
    windows = reviewed(client, time_zone="Romance Standard Time")
    assert [h["start"] for h in windows["holds"]] == [h["start"] for h in reviewed(client)["holds"]]
    assert {h["time_zone"] for h in windows["holds"]} == {"Europe/Paris"}


def test_working_hours_move_the_holds(client: Client) -> None:
    hours = {"days": ["sun", "mon"], "start": "13:00", "end": "15:00"}
    for hold in reviewed(client, working_hours=hours)["holds"]:
        start = dt.datetime.fromisoformat(hold["start"])
        assert hold["kind"] == "commitment" or (start.weekday() in (6, 0) and 13 <= start.hour < 15)


def test_what_the_client_is_worth_reaches_the_advice(client: Client) -> None:
    text = (
        "I will not pay the 40 EUR for the extra revision, this was never agreed and I want it off the bill."
    )
    context = [{"direction": "incoming", "text": text}]
    worth = {"name": "Holm AB", "annual_value": {"amount": 48000, "currency": "eur"}}
    message = {"direction": "outgoing", "text": "Dear Ms Holm, the 40 EUR for the revision are on the bill."}
    got = client.review(message, context=context, client=worth, now=NOW).json()
    assert "concede" in {advice["id"] for advice in got["advice"]}
    assert not [advice for advice in got["advice"] if "{" in advice["message"]]


def test_a_raw_mail_is_reviewed_and_its_body_given_back(client: Client) -> None:
    raw = (
        "From: Sam <sam@example.com>\r\nSubject: Menus\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + DRAFT
    )
    query = {
        "direction": "outgoing",
        "now": NOW,
        "time_zone": "Europe/Paris",
        "offset_encoding": "code-point",
    }
    answer = client.post(
        "/v1/reviews", content=raw.encode(), headers={"Content-Type": "message/rfc822"}, params=query
    )
    assert answer.status_code == 200, answer.text
    got = answer.json()
    assert got["body"]["content_type"] == "text/plain"
    same = reviewed(client)
    assert [f["guideline"] for f in got["findings"]] == [f["guideline"] for f in same["findings"]]
    for finding in got["findings"]:
        assert got["body"]["content"][finding["start"] : finding["end"]] == finding["quote"]


def test_a_plus_that_a_query_lost_is_understood(client: Client) -> None:
    raw = b"From: a@example.com\r\nSubject: x\r\n\r\nWe will send it by Friday.\r\n"
    path = "/v1/reviews?direction=outgoing&now=2026-03-10T09:00:00+01:00"
    answer = client.post(path, content=raw, headers={"Content-Type": "message/rfc822"})
    assert [c["date"] for c in answer.json()["commitments"]] == ["2026-03-13"]


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "?", "Danke, bis morgen dann in Hamburg!", "\x00", "😀" * 50]
)
def test_little_or_foreign_text_is_reviewed_and_noted(client: Client, text: str) -> None:
    for direction in ("outgoing", "incoming"):
        answer = client.review({"direction": direction, "text": text})
        assert answer.status_code == 200
        assert {note["code"] for note in answer.json()["notes"]} & {"text-too-short", "language-not-covered"}


def test_severity_falls_by_one_step_when_the_reader_is_unsure(guidance: Guidance) -> None:
    from app.api.answers import Writer
    from app.tone.sentences import whole
    from app.tone.types import Finding, Review, Span

    def severity(confidence: float) -> str:
        finding = Finding("blaming-the-client", Span(0, 5), confidence)
        review = Review(
            whole("words"), "en", "outgoing", None, "routine", (), 50.0, None, "email", (finding,),
            (), (), (), (), None, (), None,
        )  # fmt: skip
        return Writer(review, guidance, "en", "utf-16").answer((), (), "").findings[0].severity

    assert guidance.guidelines["blaming-the-client"].head.severity == "error"
    assert severity(0.95) == "error"
    assert severity(0.59) == "warning"


@pytest.fixture
def guidance(engine: Engine) -> Guidance:
    return engine.guidance
