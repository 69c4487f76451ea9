"""Events of Google Workspace add-ons on the HTTP runtime, read leniently.

Platforms differ in what they send (iOS sends least) and new fields come: what is missing or of
another shape than expected counts as absent. Event objects, Google Workspace add-ons.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.errors import TactlineError
from app.tone import week
from app.tone.types import LANGUAGES, Language

Values = Mapping[str, tuple[str, ...]]


class NotAnEvent(TactlineError):  # noqa: N818 - reads as what it says
    """The body is no JSON object."""


@dataclass(frozen=True)
class Event:
    """One trigger or click. Tokens live as long as the request and are written nowhere.

    `scopes` are those that the user has granted, None where the event does not tell.
    """

    parameters: Mapping[str, str] = field(default_factory=dict)
    form: Values = field(default_factory=dict)
    language: Language | None = None
    zone: str = "UTC"
    platform: str = ""
    user_token: str | None = field(default=None, repr=False)
    user_id_token: str | None = field(default=None, repr=False)
    scopes: frozenset[str] | None = None
    message_id: str | None = None
    thread_id: str | None = None
    message_token: str | None = field(default=None, repr=False)

    def granted(self, *scopes: str) -> bool:
        """Whether the user has granted all of these; unknown counts as granted, Google will tell."""
        return self.scopes is None or self.scopes.issuperset(scopes)

    def first(self, name: str) -> str:
        """The value of an input, "" when it is empty or absent."""
        return next(iter(self.form.get(name, ())), "")


def read(body: bytes) -> Event:
    """The event in a request's body. Raises NotAnEvent."""
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAnEvent from None
    if not isinstance(whole, dict):
        raise NotAnEvent
    common, auth, gmail = (
        _object(whole, name) for name in ("commonEventObject", "authorizationEventObject", "gmail")
    )
    scopes = auth.get("authorizedScopes")
    return Event(
        parameters={k: v for k, v in _object(common, "parameters").items() if isinstance(v, str)},
        form=_form(_object(common, "formInputs")),
        language=_language(_text(common, "userLocale")),
        zone=_zone(_text(_object(common, "timeZone"), "id")),
        platform=_text(common, "platform") or "",
        user_token=_text(auth, "userOAuthToken"),
        user_id_token=_text(auth, "userIdToken"),
        scopes=frozenset(s for s in scopes if isinstance(s, str)) if isinstance(scopes, list) else None,
        message_id=_text(gmail, "messageId"),
        thread_id=_text(gmail, "threadId"),
        message_token=_text(gmail, "accessToken"),
    )  # fmt: skip


def _object(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = whole.get(name)
    return found if isinstance(found, dict) else {}


def _text(whole: Mapping[str, Any], name: str) -> str | None:
    found = whole.get(name)
    return found if isinstance(found, str) and found else None


def _form(inputs: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in inputs.items():
        texts = _object(value, "stringInputs").get("value") if isinstance(value, dict) else None
        if isinstance(texts, list):
            found[name] = tuple(text for text in texts if isinstance(text, str))
            continue
        clock = _object(value, "timeInput") if isinstance(value, dict) else {}
        hours, minutes = clock.get("hours", 0), clock.get("minutes", 0)
        if clock and _whole(hours, 24) and _whole(minutes, 60):
            found[name] = (f"{hours:02}:{minutes:02}",)
    return found


def _whole(value: object, below: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < below


def _language(locale: str | None) -> Language | None:
    code = (locale or "").replace("_", "-").partition("-")[0].lower()
    return next((known for known in LANGUAGES if known == code), None)


def _zone(name: str | None) -> str:
    try:
        return week.zone(name).key if name else "UTC"
    except ValueError:
        return "UTC"
