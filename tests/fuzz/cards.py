"""Gmail's cards of a review, made and checked as the tests of cards do."""

from __future__ import annotations

from app.gmail import cards
from app.gmail.cards import ComposeView, HoldRow, Look, MessageView
from app.guidance.schema import Guidance
from app.holds.propose import propose
from app.tone.review import Request
from app.tone.types import LANGUAGES, Review
from tests.gmail.strategies import BASE, URL, guidance
from tests.gmail.test_cards import check as check_card

_NOTES = (None, "changed", "from-draft", "slow")


def check(found: Review, asked: Request, draw: int) -> str:
    """The card of the open message, or of the draft, in a language that the input draws."""
    known: Guidance = guidance()
    zone, language = str(asked.now.tzinfo), LANGUAGES[draw % len(LANGUAGES)]
    look = Look(language, URL, BASE, zone, asked.now.date())
    holds = propose(
        found, now=asked.now, zone=zone, hours=asked.hours, words=known.holds[language],
        sources=known.hold_sources, situations=found.heard,
    )  # fmt: skip
    rows = tuple(HoldRow(hold) for hold in holds)
    if found.direction == "incoming":
        check_card(cards.message_card(look, MessageView(found, rows, known, "ready", draw % 2 == 0)))
        return f"message{len(rows)}"
    note = _NOTES[draw % len(_NOTES)]
    view = ComposeView(found.document.text, found, None, known, draw % 2 == 0, note)
    check_card(cards.compose_card(look, view))
    return f"draft{min(3, len(found.findings))}"
