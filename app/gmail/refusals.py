"""What Gmail's refusals stand for (Gmail API guide "Resolve errors")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.gmail.errors import MailError, MailExpired, MailGone, MailNeedsScopes, MailTooLarge, MailUnavailable
from app.holds.google import RATE_LIMITS, told
from app.holds.retry import retry_after


@dataclass(frozen=True)
class Failed:
    """How a call failed: whether a reading may be asked `again`, and after how many seconds."""

    error: MailError
    again: bool = False
    after: float = 0.0


class Refused(MailUnavailable):
    """400: Gmail does not accept what it was asked."""


def failure(status: int, content: bytes, after: str | None, scopes: Sequence[str]) -> Failed:
    """The failure that an answer tells: its status, its body, and its Retry-After header if it has one.

    `scopes` are what the call needs.
    """
    reason, sentence = told(content)
    if status == 401:
        return Failed(MailExpired())
    if status == 429 or (status == 403 and reason in RATE_LIMITS):
        return Failed(MailUnavailable(), again=True, after=retry_after(after))
    if status == 403:
        return Failed(_forbidden(reason, sentence, scopes))
    if status in (404, 410):
        return Failed(MailGone())
    if status == 413:
        return Failed(MailTooLarge())
    if status == 400:
        return Failed(Refused())
    return Failed(MailUnavailable(), again=status >= 500)


def _forbidden(reason: str, sentence: str, scopes: Sequence[str]) -> MailError:
    """A 403: too little consent, a message's token that does not fit, or an API that is switched off.

    How Gmail refuses a message's token is not documented; add-ons report "Expired access token".
    """
    if reason == "insufficientPermissions" or "scope" in sentence:
        return MailNeedsScopes(scopes)
    if reason == "forbidden" or "token" in sentence:
        return MailExpired()
    return MailUnavailable()
