"""Errors that carry a sentence for a person. None ever holds text of a mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal


class TactlineError(Exception):
    """The base of every error this product raises on purpose."""


class GuidanceError(TactlineError):
    """A guidance file is wrong; the message names file and key."""


class SettingsError(TactlineError):
    """The service cannot start as it is set up; the message says what to set."""


Provider = Literal["google", "microsoft", "ics"]


class CalendarError(TactlineError):
    """A calendar did not do what was asked. Carries no text of the mail and no token."""

    def __init__(self, provider: Provider, reason: str = "") -> None:
        super().__init__(f"{provider}: {type(self).__name__}{': ' * bool(reason)}{reason}")
        self.provider: Provider = provider


class SignInExpired(CalendarError):  # noqa: N818 - reads as what it says
    """401: the token is no longer good; the user has to open the add-on again."""


class MoreConsent(CalendarError):  # noqa: N818 - reads as what it says
    """403: the user has not allowed what is asked; `scopes` would."""

    def __init__(self, provider: Provider, scopes: Sequence[str]) -> None:
        super().__init__(provider)
        self.scopes = tuple(scopes)


class Challenge(CalendarError):  # noqa: N818 - reads as what it says
    """The provider wants the user to prove more (a claims challenge): `claims` is its JSON, to be relayed."""

    def __init__(self, provider: Provider, claims: str) -> None:
        super().__init__(provider)
        self.claims = claims


class Gone(CalendarError):  # noqa: N818 - reads as what it says
    """404, 410: no such event, or none that this service made."""


class Changed(CalendarError):  # noqa: N818 - reads as what it says
    """412, or a hold undone too often: the event is not as it was."""


class TooMany(CalendarError):  # noqa: N818 - reads as what it says
    """429: the provider asks to wait `after` seconds, longer than this request may take."""

    def __init__(self, provider: Provider, after: float) -> None:
        super().__init__(provider)
        self.after = after


class Refused(CalendarError):  # noqa: N818 - reads as what it says
    """Another 4xx: the provider does not accept what it was sent; `status` is its answer."""

    def __init__(self, provider: Provider, status: int) -> None:
        super().__init__(provider, str(status))
        self.status = status


class Unavailable(CalendarError):  # noqa: N818 - reads as what it says
    """5xx, or an answer that makes no sense, after the one retry."""


class TooSlow(CalendarError):  # noqa: N818 - reads as what it says
    """No answer within the request's time."""
