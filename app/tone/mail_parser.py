"""The standard library's mail parser within bounds: what it costs stays in proportion to the mail.

It reads a part in a part by recursion, and a header's value in time that grows as the square of its length
or by recursion too, so that a mail made for it holds it up for minutes or breaks it off.
"""

from __future__ import annotations

from collections.abc import Callable
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import EmailPolicy
from email.utils import getaddresses
from typing import Any, cast

MOST_PARTS = 1_000
"""What comes after this many parts is not read."""
DEEPEST = 40
"""A part so deep inside others is taken as one piece. Mail programs do with five."""
LONGEST_HEADER = 4_096
"""Characters of a header that are read."""


class TooManyParts(Exception):  # noqa: N818 - reads as what it says
    """The mail has more than `MOST_PARTS`; `message` is what was read until then."""

    def __init__(self, message: Message) -> None:
        super().__init__("more parts than are read")
        self.message = message


class _Bounded(Message):
    """A part that knows how deep it is inside others, and holds none itself where that is too deep."""

    depth = 0

    def attach(self, payload: Any) -> None:
        payload.depth = self.depth + 1
        super().attach(payload)

    def get_content_type(self) -> str:
        found: str = super().get_content_type()
        deep = self.depth >= DEEPEST and found.startswith(("multipart/", "message/"))
        return "application/octet-stream" if deep else found


class _BoundedModern(_Bounded, EmailMessage):
    """The same for the modern policy."""


class _Cut(EmailPolicy):
    """The modern policy, that reads headers as far as `LONGEST_HEADER`."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:LONGEST_HEADER]


class _CutContent(policy.Compat32):
    """The old policy, that reads what tells of a part's content no further; all else stays as it came."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:LONGEST_HEADER] if name.lower().startswith("content-") else value


_MODERN, _OLD = _Cut(), _CutContent()


def parse(raw: bytes, *, modern: bool = False) -> Message:
    """A raw message; of a `modern` one headers are decoded, and only as far as they are read.

    Raises TooManyParts.
    """
    made: list[Message] = []
    kind: type[Message] = _BoundedModern if modern else _Bounded

    def part(policy: Any = policy.compat32) -> Message:
        if len(made) >= MOST_PARTS:
            # The parser makes one to see how that is done: the message itself is the first with headers.
            raise TooManyParts(next((one for one in made if one.keys()), made[0]))
        made.append(kind(policy))
        return made[-1]

    chosen: Any = _MODERN if modern else _OLD
    parser: Any = BytesParser(cast(Callable[[], Message], part), policy=chosen)
    return cast(Message, parser.parsebytes(raw))


def beginning(raw: bytes, *, modern: bool = False) -> Message:
    """The same as far as it is read: one with too many parts has the first of them."""
    try:
        return parse(raw, modern=modern)
    except TooManyParts as error:
        return error.message


def addresses(value: str) -> list[tuple[str, str]]:
    """Names and addresses of a header's value, none where it is made to be endless."""
    try:
        return getaddresses([value[:LONGEST_HEADER]])
    except RecursionError:  # comments in comments
        return []
