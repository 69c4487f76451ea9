"""A muted guideline is not judged: it neither shows nor counts nor words a mail, in either direction."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from app.guidance.house import without
from app.guidance.schema import (
    Examples,
    Flag,
    Guideline,
    GuidelineHead,
    GuidelineWords,
    Rule,
)
from app.tone.mail import read_text
from app.tone.review import Engine, Message, Request
from app.tone.types import Review
from app.tone.week import default_hours

NOW = dt.datetime.fromisoformat("2026-03-10T09:30:00+01:00")
BLAME = "Hello Dana,\n\nThe menus are late because you never sent the photos.\n\nBest,\nTom"
LATE = (
    "Hello Dana,\n\nWe did not meet the deadline; the brochure is not ready. Our printer had a failure.\n\n"
    "Best regards,\nTom"
)
ANGRY = "I am furious. You missed the deadline again and nobody told us! This is unacceptable!!!"


def asked(text: str, *muted: str, direction: str = "outgoing") -> Request:
    document = read_text(text)
    message = Message("incoming" if direction == "incoming" else "outgoing", document)
    return Request(message, NOW, default_hours("Europe/Paris"), muted=frozenset(muted))


def flagged(review: Review) -> set[str]:
    return {finding.guideline for finding in review.findings}


def test_a_muted_guideline_finds_nothing_and_costs_nothing(engine: Engine) -> None:
    before = engine.review(asked(BLAME))
    after = engine.review(asked(BLAME, "blaming-the-client"))
    assert "blaming-the-client" in flagged(before)
    assert "blaming-the-client" not in flagged(after)
    assert before.score is not None
    assert after.score is not None
    assert after.score.overall > before.score.overall
    assert "you never sent the photos" not in (before.revised or "")
    assert "you never sent the photos" in (after.revised or BLAME)


def test_a_muted_act_is_neither_missed_nor_added(engine: Engine) -> None:
    before = engine.review(asked(LATE))
    missing = {e.guideline for e in before.elements if e.status == "missing"}
    assert len(missing) > 1
    for muted in missing:
        after = engine.review(asked(LATE, muted))
        assert {e.guideline for e in after.elements if e.status == "missing"} == missing - {muted}
        assert after.score is not None
        assert before.score is not None
        assert after.score.overall >= before.score.overall
    nothing = engine.review(asked(LATE, *missing))
    assert not [e for e in nothing.elements if e.status == "missing"]


def test_a_muted_guideline_takes_no_sentence_from_another(engine: Engine) -> None:
    """The likeliest guideline of a sentence hides those that are less sure: one that is muted must not."""
    text = (
        "Hello Dana,\n\nYou are wrong, it is your own fault, and frankly your brief was stupid.\n\nBest,\nTom"
    )
    first = {hit.guideline for hit in engine.review(asked(text)).findings}
    assert first
    others = flagged(engine.review(asked(text, *first)))
    assert others
    assert not others & first


def test_a_reply_is_worded_without_it(engine: Engine) -> None:
    before = engine.skeleton(asked(ANGRY, direction="incoming"))
    after = engine.skeleton(asked(ANGRY, "sincere-apology", direction="incoming"))
    assert before is not None
    assert after is not None
    assert "sorry" in before.casefold()
    assert "sorry" not in after.casefold()


def test_a_call_is_prepared_without_it(engine: Engine) -> None:
    before = engine.review(asked(ANGRY, direction="incoming")).call_brief
    after = engine.review(asked(ANGRY, "sincere-apology", direction="incoming")).call_brief
    assert before is not None
    assert after is not None
    assert len(after.talking_points) == len(before.talking_points) - 1
    assert set(after.talking_points) < set(before.talking_points)


def test_muted_by_the_organisation_is_muted_for_everybody(engine: Engine) -> None:
    assert engine.untaught is not None
    known = engine.guidance.guidelines
    changed = {**known, "blaming-the-client": replace(known["blaming-the-client"], muted=True)}
    other = Engine.of(replace(engine.guidance, guidelines=changed), engine.untaught)
    there, asked_for = other.review(asked(BLAME)), engine.review(asked(BLAME, "blaming-the-client"))
    assert there == asked_for
    assert "blaming-the-client" in other.guidance.guidelines


@pytest.mark.parametrize("muted", [frozenset(), frozenset({"no-such-guideline"})])
def test_nothing_muted_changes_nothing(engine: Engine, muted: frozenset[str]) -> None:
    assert without(engine.guidance, muted) is engine.guidance
    assert engine.review(asked(BLAME, *muted)) == replace(engine.review(asked(BLAME)))


def test_an_act_of_the_organisations_own_is_present_and_no_finding(engine: Engine) -> None:
    assert engine.untaught is not None
    positive = [
        "[[You can follow every order on our status page]].",
        "[[Our status page shows where your order is]].",
        "[[The status page tells you each step of the order]].",
        "[[Look at the status page for the progress]].",
        "[[You see the state of the work on our status page at any time]].",
        "[[Every step is shown on the status page]].", "[[The page with the status is updated each hour]].",
        "[[Please find the current state on the status page]].",
    ]  # fmt: skip
    words = GuidelineWords(
        title="Naming the status page",
        advice="Say where the client can look.",
        reasons={"default": "The mail does not say where to look."},
        rules=[
            Rule(
                id="status-page",
                pattern=r"\bstatus portal\b",
                flags=[Flag(text="It is on the [[status portal]].")],
                allows=["It is on the portal."],
            )
        ],
        examples=Examples(
            positive=[Flag(text=text) for text in positive],
            near_miss=["Your order is on its way.", "The page is printed.", "We look at your order.",
                       "The state of the wall is bad.", "Every step is steep."],
        ),
    )  # fmt: skip
    head = GuidelineHead(
        kind="include", dimension="candour", weight=0.3, sources=["difficult-client/keep-informed"],
        called_for_by=["failure", "routine"],
    )  # fmt: skip
    own = Guideline("status-page", head, {"en": words}, house=True)
    guidelines = {**engine.guidance.guidelines, "status-page": own}
    other = Engine.of(replace(engine.guidance, guidelines=guidelines), engine.untaught)
    said = LATE.replace("Our printer had a failure.", "You can follow the order on our status page.")
    review = other.review(asked(said))
    assert "status-page" not in flagged(review)
    assert "status-page" in {e.guideline for e in review.elements if e.status == "present"}
    missed = other.review(asked(LATE))
    assert "status-page" in {e.guideline for e in missed.elements if e.status == "missing"}
