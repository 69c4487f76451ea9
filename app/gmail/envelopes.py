"""What an endpoint of an add-on may answer: the envelopes around cards and Gmail's own actions.

Triggers are answered by RenderActions as it is, clicks by SubmitFormResponse, which wraps it. Both
are written as documented; what Gmail tolerates besides is not relied upon.
(Workspace add-ons reference, google.apps.card.v1 and apps.extensions.markup.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.gmail.widgets import Card, clean, field_text

Answer = dict[str, Any]


def trigger(card: Card) -> Answer:
    """A card, as the answer to a trigger."""
    return {"action": {"navigations": [{"pushCard": card}]}}


def click(card: Card, notice: str | None = None, push: bool = False) -> Answer:
    """A card, as the answer to a click: in place of the one that was clicked, or on top of it (`push`).

    `notice` is a sentence that is shown for a moment, plain text.
    """
    action: dict[str, Any] = {"navigations": [{"pushCard" if push else "updateCard": card}]}
    if notice is not None:
        action["notification"] = {"text": clean(notice)}
    return {"renderActions": {"action": action}, "stateChanged": True}


def insert_body(html: str) -> Answer:
    """Put a body in place of the one of the draft that the user is writing.

    REPLACE is younger than the other types; what Gmail then does with a signature is not verified.
    """
    content = {"content": field_text(html), "contentType": "MUTABLE_HTML"}
    markup = {"updateBody": {"type": "REPLACE", "insertContents": [content]}}
    return _gmail({"updateDraftActionMarkup": markup})


def open_draft(draft_id: str, thread_id: str) -> Answer:
    """Open a draft that was just made, by the ids that Gmail's API gave for it and its thread."""
    return _gmail({"openCreatedDraftActionMarkup": {"draftId": draft_id, "draftThreadId": thread_id}})


def ask_scopes(scopes: Sequence[str]) -> Answer:
    """Have Google ask the user for scopes; it then repeats the click that led here."""
    return {"requesting_google_scopes": {"scopes": list(scopes)}}


def _gmail(action: dict[str, Any]) -> Answer:
    return {"renderActions": {"hostAppAction": {"gmailAction": action}}}
