"""Why a mail could not be read or written. None of these carries text of a mail, an address or a token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from app.errors import TactlineError


class MailError(TactlineError):
    """Gmail did not do what was asked. `kind` names the sentence that tells the user."""

    kind: ClassVar[str] = "unavailable"

    def __init__(self) -> None:
        super().__init__(f"gmail: {self.kind}")


class MailExpired(MailError):  # noqa: N818 - reads as what it says
    """The user's token or the message's is no longer good; opening the message again brings fresh ones."""

    kind = "expired"


class MailNeedsScopes(MailError):  # noqa: N818 - reads as what it says
    """403: the user has not allowed what is asked; `scopes` would.

    Where the user has granted these already, asking for them again leads nowhere: it is the token of
    the message that does not fit, as with `MailExpired`.
    """

    kind = "scopes"

    def __init__(self, scopes: Sequence[str]) -> None:
        super().__init__()
        self.scopes = tuple(scopes)


class MailGone(MailError):  # noqa: N818 - reads as what it says
    """404: no such message or draft, any more or for this user."""

    kind = "gone"


class MailChanged(MailError):  # noqa: N818 - reads as what it says
    """The draft is not as it was read; writing would undo what the user has typed since."""

    kind = "changed"


class MailTooLarge(MailError):  # noqa: N818 - reads as what it says
    """More than `letters.LIMIT` bytes: the texts of a message, or a draft with its attachments."""

    kind = "too-large"


class MailEmpty(MailError):  # noqa: N818 - reads as what it says
    """The message has no text to read: pictures, an invitation, nothing."""

    kind = "empty"


class MailSlow(MailError):  # noqa: N818 - reads as what it says
    """No answer within the request's time. Of a write it is unknown whether it was done."""

    kind = "slow"


class MailUnavailable(MailError):  # noqa: N818 - reads as what it says
    """5xx, too many requests, or an answer that makes no sense, after the one retry of a reading."""
