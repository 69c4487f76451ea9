"""Every section of the articles is reachable: for each, a mail that brings it up."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache

import pytest

from app.guidance.schema import load
from app.holds.propose import propose
from app.tone.mail import read_text
from app.tone.review import Engine, Message, Request
from app.tone.week import default_hours

NOW = dt.datetime.fromisoformat("2026-03-10T09:30:00+01:00")
ZONE = "Europe/Paris"

# name -> direction, text, earlier messages of the client, what the client is worth a year
MAILS: dict[str, tuple[str, str, tuple[str, ...], int | None]] = {
    "late brochures": (
        "outgoing",
        "Dear Ms Roux,\n\nJared from our print team forgot to book the courier. As I already told you, you "
        "sent the file late. We guarantee that this will never happen again.\n\nKind regards,\nPaul",
        ("The brochures never arrived and our fair opens tomorrow. I am furious, you promised Monday.",),
        None,
    ),
    "sarcastic answer": (
        "outgoing",
        "Dear Ms Roux,\n\nCalm down, it's only one day. Your old logo was embarrassing anyway. As I did not "
        "hear back from you, I took it as a yes.\n\nPaul",
        ("Where is my file? I am very disappointed.",),
        None,
    ),
    "angry client": (
        "incoming",
        "Monday was the deadline and nothing has arrived. The files were due last week. I am upset.",
        (),
        None,
    ),
    "public threat": (
        "incoming",
        "I will post about you everywhere and my lawyer will write to you on Monday. You are crooks.",
        (),
        None,
    ),
    "mistaken client": (
        "incoming",
        "I believe there has been a mix-up. I thought the training day was on Tuesday, but your mail says "
        "Thursday. Did I get that wrong?",
        (),
        None,
    ),
    "disputed bill": (
        "incoming",
        "The quote was 410 € but the invoice says 585 €. I will not pay the extra until you explain it.",
        (),
        50_000,
    ),
    "large disputed bill": (
        "incoming",
        "The quote was 410 € but the invoice says 585 €. I will not pay the extra until you explain it.",
        (),
        2_000,
    ),
    "settled at last": (
        "incoming",
        "Thank you so much, everything works beautifully now and we are delighted with the result!",
        ("The quote was 410 € but the invoice says 585 €. I will not pay the extra, this is wrong.",),
        None,
    ),
    "worried client": (
        "incoming",
        "I have not seen anything for two weeks. Could you tell me where we stand? I am getting nervous.",
        (),
        None,
    ),
    "criticism": (
        "incoming",
        "The photos you delivered are a little blurred, and the logo on page 3 is stretched. Could you "
        "have another look at the quality, please?",
        (),
        None,
    ),
    "more work": (
        "incoming",
        "We would also like to add a shop and a newsletter to the site. What would that cost on top?",
        (),
        None,
    ),
}  # fmt: skip

BROUGHT_UP_BY = {
    "turned-client/own-it": "angry client",
    "turned-client/damage-control": "late brochures",
    "turned-client/make-client-look-good": "sarcastic answer",
    "turned-client/malicious-client": "public threat",
    "dropped-ball/united-front": "late brochures",
    "dropped-ball/acknowledge": "late brochures",
    "dropped-ball/bring-a-solution": "late brochures",
    "dropped-ball/talk-live": "angry client",
    "dropped-ball/thoughtful-email": "angry client",
    "dropped-ball/follow-up": "late brochures",
    "mistaken-client/keep-calm": "sarcastic answer",
    "mistaken-client/dont-point-at-the-mistake": "mistaken client",
    "mistaken-client/be-the-expert": "mistaken client",
    "mistaken-client/prove-your-worth": "settled at last",
    "mistaken-client/let-go": "disputed bill",
    "difficult-client/show-mastery": "worried client",
    "difficult-client/no-complaints": "sarcastic answer",
    "difficult-client/keep-informed": "more work",
    "difficult-client/quick-solutions": "angry client",
    "difficult-client/patience": "criticism",
    "difficult-client/stand-firm": "large disputed bill",
}


@cache
def _engine() -> Engine:
    return Engine.load()


@cache
def _cited(name: str) -> frozenset[str]:
    """Every section that the product names to the writer of, or about, this mail."""
    direction, text, context, worth = MAILS[name]
    guidance = _engine().guidance
    hours = default_hours(ZONE)
    review = _engine().review(
        Request(
            message=Message("incoming" if direction == "incoming" else "outgoing", read_text(text)),
            now=NOW,
            hours=hours,
            context=tuple(Message("incoming", read_text(message)) for message in context),
            annual_value=None if worth is None else (Decimal(worth), "EUR"),
        )
    )
    holds = propose(
        review,
        now=NOW,
        zone=ZONE,
        hours=hours,
        words=guidance.holds["en"],
        sources=guidance.hold_sources,
        situations=review.heard,
    )
    cited = {source for hold in holds for source in hold.sources}
    for name_of in (*(f.guideline for f in review.findings), *(e.guideline for e in review.elements)):
        cited |= set(guidance.guidelines[name_of].head.sources)
    for advice in review.advice:
        cited |= set(guidance.advice_sources[advice.id])
    return frozenset(cited)


def test_the_list_is_the_articles() -> None:
    sections = {f"{name}/{key}" for name, article in load().articles.items() for key in article.sections}
    assert set(BROUGHT_UP_BY) == sections


@pytest.mark.parametrize(("section", "name"), BROUGHT_UP_BY.items(), ids=BROUGHT_UP_BY)
def test_a_mail_brings_the_section_up(section: str, name: str) -> None:
    assert section in _cited(name)
