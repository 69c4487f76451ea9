"""The mailboxes of the fake Gmail: messages, drafts, and what makes a draft part of a conversation."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any

_PREFIX = re.compile(r"^(?:(?:re|fwd?)\s*:\s*)+", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")


@dataclass
class Stored:
    """A message in a mailbox. An event names it by `event_id` and `event_thread`, the API by the others."""

    id: str
    thread: str
    raw: bytes
    labels: tuple[str, ...]
    milliseconds: int

    @property
    def event_id(self) -> str:
        return f"msg-f:{int(self.id, 16)}"

    @property
    def event_thread(self) -> str:
        return f"thread-f:{int(self.thread, 16)}"

    @property
    def mail(self) -> Any:
        """The raw message, parsed."""
        return message_from_bytes(self.raw, policy=policy.default)


@dataclass
class Books:
    """What all mailboxes share: the last id that was given, and a clock that goes by minutes."""

    next: int = 0x18D3_2F00_0000_0000
    milliseconds: int = 1_795_000_000_000

    def fresh(self) -> str:
        self.next += 1
        self.milliseconds += 60_000
        return f"{self.next:x}"


@dataclass
class Box:
    """A user's messages by id, and drafts: the draft's id to its message's."""

    books: Books
    messages: dict[str, Stored] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)

    def add(self, raw: bytes, labels: tuple[str, ...], thread: str | None) -> Stored:
        identifier = self.books.fresh()
        made = Stored(identifier, thread or identifier, raw, labels, self.books.milliseconds)
        self.messages[identifier] = made
        return made

    def save(self, raw: bytes, thread: str | None) -> str:
        """A new draft: its id, in one of the two forms that are seen."""
        message = self.add(raw, ("DRAFT",), thread)
        identifier = f"r{'-' * (len(self.drafts) % 2)}{int(message.id, 16)}"
        self.drafts[identifier] = message.id
        return identifier

    def replace(self, draft: str, raw: bytes, thread: str | None) -> None:
        """A draft saved anew is another message, in the conversation that is named or in one of its own."""
        del self.messages[self.drafts[draft]]
        self.drafts[draft] = self.add(raw, ("DRAFT",), thread).id


def joins(mail: Any, beside: Collection[Stored]) -> bool:
    """Whether a mail may join these of a conversation, by what `Message.threadId` says of it: headers
    that name one of them, and the same subject."""
    named = set(_MESSAGE_ID.findall(f"{mail.get('In-Reply-To', '')} {mail.get('References', '')}"))
    known = {str(message.mail.get("Message-ID", "")).strip() for message in beside}
    subjects = {_PREFIX.sub("", str(message.mail.get("Subject", ""))) for message in beside}
    return bool(named & known) and _PREFIX.sub("", str(mail["Subject"])) in subjects
