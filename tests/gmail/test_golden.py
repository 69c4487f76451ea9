"""Golden cards: what the cards look like in each language, kept to be looked at when something changes.

`GOLDEN=cards` writes the cards anew, `GOLDEN=reviews` the reviews that they show first, by the engine as
it is. The reviews are kept beside the cards, so that a card changes only when cards do.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from app.gmail import cards
from app.gmail.cards import ComposeView, HoldRow, HomeView, Look, MessageView
from app.holds.propose import Hold, propose
from app.tone.mail import read_text
from app.tone.review import Engine, Message, Request
from app.tone.types import LANGUAGES, Direction, Language, Review
from app.tone.week import WorkingHours, default_hours
from tests.gmail.schemas import check_card
from tests.gmail.strategies import BASE, EVENT_URL, URL, guidance

GOLDEN = Path(__file__).parent / "golden"
WRITES = os.environ.get("GOLDEN", "")
NAMES = (
    "message-calm", "message-hostile", "compose-empty", "compose-findings", "home", "wait", "slow", "error",
)  # fmt: skip
# Invented ones.
MAILS: Mapping[str, Direction] = {"calm": "incoming", "hostile": "incoming", "draft": "outgoing"}
ZONES: Mapping[Language, str] = {
    "en": "Europe/London",
    "fr": "Europe/Paris",
    "ar": "Africa/Cairo",
    "tr": "Europe/Istanbul",
}
AS_JSON = TypeAdapter(Review)
# Written as escapes, so that a reader of the file sees where they stand.
_UNSEEN = re.compile("[\u00a0\u2060\u2066-\u2069]")


def look(language: Language) -> Look:
    return Look(language, URL, BASE, ZONES[language], now(language).date())


def now(language: Language) -> dt.datetime:
    return dt.datetime(2026, 3, 10, 9, 30, tzinfo=ZoneInfo(ZONES[language]))


def hours(language: Language) -> WorkingHours:
    return default_hours(ZONES[language])


def mail(language: Language, name: str) -> str:
    return (GOLDEN / "mails" / language / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")


def review(language: Language, name: str) -> Review:
    return AS_JSON.validate_json((GOLDEN / "reviews" / language / f"{name}.json").read_bytes())


def holds(language: Language, shown: Review) -> tuple[HoldRow, ...]:
    """The holds that are proposed, each as it may come to stand."""
    proposed = propose(
        shown, now=now(language), zone=ZONES[language], hours=hours(language),
        words=guidance().holds[language], sources=guidance().hold_sources, thread="golden",
        situations=shown.heard,
    )  # fmt: skip
    stands: Sequence[Callable[[Hold], HoldRow]] = (
        lambda hold: HoldRow(hold, "added", EVENT_URL, "ab1", moved=True),
        HoldRow,
        lambda hold: HoldRow(hold, "added", EVENT_URL, "ab2", clash=True),
        lambda hold: HoldRow(hold, "undone"),
        lambda hold: HoldRow(hold, "failed"),
    )
    return tuple(stands[number % len(stands)](hold) for number, hold in enumerate(proposed))


def made(language: Language, name: str) -> dict[str, Any]:
    shown = look(language)
    match name:
        case "message-calm":
            calm = review(language, "calm")
            view = MessageView(calm, holds(language, calm), guidance(), "ready", True)
            return cards.message_card(shown, view)
        case "message-hostile":
            hostile = review(language, "hostile")
            view = MessageView(hostile, holds(language, hostile), guidance(), "ready", True)
            return cards.message_card(shown, view)
        case "compose-empty":
            return cards.compose_card(shown, ComposeView("", None, None, guidance(), True))
        case "compose-findings":
            draft = review(language, "draft")
            view_of_draft = ComposeView(draft.document.text, draft, None, guidance(), True)
            return cards.compose_card(shown, view_of_draft)
        case "home":
            rows = holds(language, review(language, "hostile"))
            standing = tuple(
                dataclasses.replace(row, state="added", url=EVENT_URL, undo="ab3", moved=False, clash=False)
                for row in rows[:2]
            )
            return cards.home_card(shown, HomeView(standing, None, hours(language), "ready"))
        case "wait":
            return cards.wait_card(shown)
        case "slow":
            return cards.slow_card(shown, "open")
    return cards.error_card(shown, "unavailable")


def written(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return _UNSEEN.sub(lambda match: f"\\u{ord(match.group()):04x}", text) + "\n"


if WRITES == "reviews":

    @pytest.mark.parametrize("name", MAILS)
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_write_the_reviews(engine: Engine, language: Language, name: str) -> None:
        direction = MAILS[name]
        message = Message(direction, read_text(mail(language, name)))
        before = (Message("incoming", read_text(mail(language, "hostile"))),)
        context = before if direction == "outgoing" else ()
        found = engine.review(Request(message, now(language), hours(language), context))
        path = GOLDEN / "reviews" / language / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(AS_JSON.dump_python(found, mode="json")), encoding="utf-8")


@pytest.mark.parametrize("name", MAILS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reviews_are_of_the_mails(language: Language, name: str) -> None:
    found = review(language, name)
    assert found.document.text == mail(language, name)
    assert found.language == language
    if name == "draft":
        assert len(found.findings) > 2
        assert any(element.status == "missing" for element in found.elements)
    else:
        assert found.reply_channel == {"calm": "email", "hostile": "call"}[name]
        assert found.deadlines


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_cards_are_as_they_were(language: Language, name: str) -> None:
    card = made(language, name)
    check_card(card)
    path = GOLDEN / language / f"{name}.json"
    if WRITES:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(card), encoding="utf-8")
    assert card == json.loads(path.read_text(encoding="utf-8"))


def test_every_golden_card_is_of_a_card() -> None:
    found = {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.glob("*/*.json")}
    assert found == {f"{language}/{name}.json" for language in LANGUAGES for name in NAMES}
