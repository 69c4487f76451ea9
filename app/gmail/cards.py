"""The cards of the Gmail add-on: pure functions from what is to be shown to `google.apps.card.v1` JSON.

No card holds 100 widgets, whatever the mail; no action parameter holds text of a mail.
"""

from __future__ import annotations

from app.gmail.card_compose import FINDINGS, MISSING, TEXT, compose_card
from app.gmail.card_home import DAYS, END, LANGUAGE, OWN, START, home_card
from app.gmail.card_message import message_card
from app.gmail.envelopes import ask_scopes, click, insert_body, open_draft, trigger
from app.gmail.views import CalendarState, ComposeView, HoldRow, HomeView, Look, MessageView
from app.gmail.widgets import Card, action, button, buttons, card, paragraph, section
from app.gmail.wording import Words, stamp

__all__ = [
    "DAYS",
    "END",
    "FINDINGS",
    "LANGUAGE",
    "MISSING",
    "OWN",
    "START",
    "TEXT",
    "CalendarState",
    "ComposeView",
    "HoldRow",
    "HomeView",
    "Look",
    "MessageView",
    "ask_scopes",
    "click",
    "compose_card",
    "error_card",
    "home_card",
    "insert_body",
    "message_card",
    "open_draft",
    "slow_card",
    "stamp",
    "trigger",
    "wait_card",
]


def wait_card(look: Look) -> Card:
    """Before anything of a message is read: it is when the user says so."""
    return _saying(look, "wait", "gmail.wait.text", "gmail.wait.open", "open")


def slow_card(look: Look, do: str, parameters: dict[str, str] | None = None) -> Card:
    """What was to be done (`do`, with its parameters) took too long; it can be tried again."""
    return _saying(look, "slow", "gmail.slow.text", "ui.retry", do, parameters)


def error_card(look: Look, key: str, retry: str | None = "refresh") -> Card:
    """What went wrong: the sentence `gmail.error.KEY`, with a button to try again unless `retry` is None.

    Raises KeyError for a key that has no sentence.
    """
    return _saying(look, "error", f"gmail.error.{key}", "ui.retry", retry)


def _saying(
    look: Look, name: str, key: str, label: str, do: str | None, parameters: dict[str, str] | None = None
) -> Card:
    """A card with one sentence and, when there is something to do, one button."""
    words = Words(look)
    widgets = [paragraph(words.html(key))]
    if do is not None:
        widgets.append(buttons(button(words.say(label), action(look.action_url, do, parameters))))
    return card(name, words.say("ui.title"), "", section(widgets))
