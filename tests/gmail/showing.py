"""Views made by hand, and reading what a card shows and sends."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from app import strings
from app.gmail import cards
from app.gmail.cards import ComposeView, HoldRow, Look, MessageView
from app.holds.propose import Hold
from app.tone.mail import read_text
from app.tone.types import Finding, Language, Review, Span
from tests.gmail import schemas
from tests.gmail.markup import check_html
from tests.gmail.strategies import BASE, URL, guidance


def look(language: Language = "en", zone: str = "Europe/Paris", today: dt.date | None = None) -> Look:
    return Look(language, URL, BASE, zone, today)


def a_review(text: str = "Dear Nora, you are wrong.", **parts: Any) -> Review:
    document = read_text(text)
    plain: dict[str, Any] = {
        "document": document, "language": "en", "direction": "outgoing", "score": None, "situation": None,
        "situations": (), "politeness": 50.0, "temperature": None, "reply_channel": "email", "findings": (),
        "elements": (), "commitments": (), "deadlines": (), "advice": (), "call_brief": None, "notes": (),
        "revised": None,
    }  # fmt: skip
    return Review(**(plain | parts))


def a_hold(**parts: Any) -> Hold:
    start = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)
    plain: dict[str, Any] = {
        "id": "0a1b", "kind": "client-call", "title": "Call the client", "start": start,
        "end": start + dt.timedelta(minutes=30), "all_day": False, "time_zone": "Europe/Paris",
        "reason": "A voice carries more.", "sources": (), "thread": "ff",
    }  # fmt: skip
    return Hold(**(plain | parts))


def compose(
    review: Review | None, *, text: str = "", language: Language = "en", **parts: Any
) -> dict[str, Any]:
    view = ComposeView(text, review, None, guidance(), True)
    return cards.compose_card(look(language), dataclasses.replace(view, **parts))


def message(review: Review, *rows: HoldRow, shown: Look | None = None, **parts: Any) -> dict[str, Any]:
    view = MessageView(review, rows, guidance(), "ready", True)
    return cards.message_card(shown or look(), dataclasses.replace(view, **parts))


def read(card: dict[str, Any]) -> str:
    """All that a person reads on a card, without the marks that keep directions apart."""
    formatted = set(schemas.formatted(card))
    shown = [check_html(one) if one in formatted else one for one in schemas.strings(card)]
    return re.sub("[\u2060\u2066-\u2069]", "", "\n".join(shown))


def clicks(value: Any) -> Iterator[dict[str, Any]]:
    """Every action of a card."""
    if isinstance(value, dict):
        if "function" in value:
            yield value
        for inner in value.values():
            yield from clicks(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from clicks(inner)


def parameters(action: dict[str, Any]) -> dict[str, str]:
    return {pair["key"]: pair["value"] for pair in action["parameters"]}


def buttons(card: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What the buttons of a card send, by what they do (the last one of each)."""
    found = [parameters(action) for action in clicks(card)]
    return {sent["do"]: sent for sent in found}


def selections(card: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        widget["selectionInput"]["name"]: widget["selectionInput"]
        for widget in schemas.widgets(card)
        if "selectionInput" in widget
    }


def _shown(value: Any) -> Iterator[str]:
    """The strings of a card but for what stands in a field: that is shown as it is, and no markup."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _shown({**part, "value": ""} if key == "textInput" else part)
    elif isinstance(value, list):
        for part in value:
            yield from _shown(part)
    else:
        yield from schemas.strings(value)


def urls(card: dict[str, Any]) -> set[str]:
    found = {action["function"] for action in clicks(card)}
    for string in _shown(card):
        found |= {url.replace("&amp;", "&") for url in re.findall(r'href="([^"]*)"', string)}
        if re.match("https?:", string):
            found.add(string)
    return found


def keys(prefix: str) -> list[str]:
    return [key.removeprefix(prefix) for key in strings.words("en") if key.startswith(prefix)]


def flawed(count: int = 1, text: str = "Dear Nora, you are wrong.") -> Review:
    finding = Finding("arguing", Span(11, len(text) - 1), 0.9, replacements=("let us look at it",))
    return a_review(text, findings=(finding,) * count)
