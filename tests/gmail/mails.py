"""Mails to read in tests of the Gmail door, and a mailbox to read them from."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping
from email.message import EmailMessage
from typing import Any, TypeVar

import pytest
from anyio.from_thread import BlockingPortal

from app.gmail import messages
from app.gmail.messages import Mailbox
from app.holds.retry import Deadline
from tests.gmail.fakes import ADDON, AsgiHttp, FakeGmail, Fault, Stored

T = TypeVar("T")

USER_TOKEN = "ya29.top-secret-user"
MESSAGE_TOKEN = "AF.top-secret-message"
ANA = "ana@example.com"
CLIENT = "Bo Client <bo@client.example>"
ARABIC = "تأخر الطلب بسبب خطأ في قسم الشحن، ونعتذر عن ذلك."
TURKISH = "Siparişiniz gecikti, işçilik hatası bizde; kapağı değiştiriyoruz."
CRLF = "\r\n"


def head(changes: Mapping[str, str] = {}) -> dict[str, str]:
    """The headers of a mail from a client, with others laid over them; "" leaves one out."""
    usual = {
        "From": CLIENT, "To": f"Ana <{ANA}>", "Subject": "The menus",
        "Date": "Fri, 27 Nov 2026 09:00:00 +0300", "Message-ID": "<m1@client.example>",
    }  # fmt: skip
    return {name: value for name, value in {**usual, **changes}.items() if value}


def plain(
    text: str,
    charset: str = "utf-8",
    label: str | None = None,
    headers: Mapping[str, str] = {},
) -> bytes:
    """A plain text mail in a charset, 8bit, under that charset's label or another; "" is no label."""
    label = charset if label is None else label
    kind = f'text/plain; charset="{label}"' if label else "text/plain"
    whole = head(headers) | {"Content-Type": kind, "Content-Transfer-Encoding": "8bit"}
    top = "".join(f"{name}: {value}{CRLF}" for name, value in whole.items())
    return (top + CRLF).encode() + text.replace("\n", CRLF).encode(charset)


def built(headers: Mapping[str, str] = {}) -> EmailMessage:
    """A mail to put together with the standard library, and `wire` when it is done."""
    message = EmailMessage()
    for name, value in head(headers).items():
        message[name] = value
    return message


def wire(message: EmailMessage) -> bytes:
    return message.as_bytes(policy=message.policy.clone(linesep=CRLF))


def composed(
    html: str,
    text: str,
    attachment: bytes = b"",
    headers: Mapping[str, str] = {},
) -> bytes:
    """A draft of Ana's as Gmail saves it: text and HTML, and what is attached."""
    message = built(
        {"From": f"Ana <{ANA}>", "To": CLIENT, "Message-ID": "<d1@mail.gmail.com>"} | dict(headers)
    )
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    if attachment:
        message.add_attachment(attachment, maintype="application", subtype="pdf", filename="teklif ş.pdf")
    return wire(message)


class Bench:
    """A user's mailbox on the fake, and the object under test as a request has it."""

    def __init__(self, portal: BlockingPortal, deadline: Callable[[], Deadline] = Deadline) -> None:
        self.portal = portal
        self.deadline = deadline
        self.fake = FakeGmail()
        self.lost: type[ConnectionError] = ConnectionResetError
        self.message_token: str | None = MESSAGE_TOKEN
        self.address: str | None = None
        self.sign_in()

    def sign_in(self, scopes: Any = ADDON, *, expired: bool = False) -> None:
        self.fake.user(USER_TOKEN, ANA, scopes, expired=expired)

    def mailbox(self) -> Mailbox:
        return Mailbox(
            USER_TOKEN, self.message_token, self.deadline(),
            lambda seconds: AsgiHttp(self.fake, seconds, self.lost), address=self.address,
        )  # fmt: skip

    def run(self, call: Callable[[Mailbox], Awaitable[T]]) -> T:
        box = self.mailbox()

        async def work() -> T:
            return await call(box)

        return self.portal.call(work)

    def opened(self, raw: bytes, **rest: Any) -> Stored:
        """A message that is delivered and open."""
        stored = self.fake.deliver(ANA, raw, **rest)
        self.fake.open(MESSAGE_TOKEN, ANA, stored)
        return stored

    def asked(self) -> list[str]:
        """The operations in their order, with the format where one is given."""
        return [" ".join([call.operation, *call.query.get("format", [])]) for call in self.fake.calls]

    def fail(self, on: str, status: int = 0, **rest: Any) -> None:
        self.fake.faults.add(Fault(on, status, **rest))


def patient(portal: BlockingPortal, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A bench on which nothing is slow because the machine is; deadlines of its own are met all the same."""
    monkeypatch.setattr(messages, "_ONE_CALL", 60.0)
    monkeypatch.setattr(messages, "_ASIDE", 60.0)
    return Bench(portal, lambda: Deadline(240.0))


def raw_of(call: Any) -> bytes:
    """The raw message in the body of a request."""
    text = call.body["message"]["raw"]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
