"""Raw mails taken apart and put together, by the standard library: the text of a draft, and replies.

Only what has to change is changed: headers, attachments and the order of parts stay as they came.
RFC 5322 (messages), RFC 2045-2047 (MIME), RFC 3676 (flowed text).
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from email import policy
from email.generator import BytesGenerator
from email.header import Header, decode_header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr
from typing import Any
from unicodedata import category

from app.gmail.compose import as_html
from app.tone import charsets
from app.tone.html import to_text
from app.tone.mail import NotAMail, read_mail
from app.tone.mail_parser import TooManyParts, addresses, beginning, parse
from app.tone.types import Direction, Document

_MAX_PARTS = 500
# An id goes into a header of ours: printable ASCII without white space, whatever else it is.
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_ADDRESS = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}", re.ASCII
)
_BREAKS = frozenset(("Cc", "Zl", "Zp"))
_REPLY = re.compile(r"\s*re\s*:", re.IGNORECASE)
_REFERENCES, _RECIPIENTS = 12, 20
_LINE = 900  # a line of a mail may have 998
_FOLD = "\r\n "
_SUBJECT = 500
# What `str.splitlines` breaks at besides ends of lines. The library does, and fears a header in the rest.
_ODD_BREAKS = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_BARE = re.compile(rb"\r\n|\r|\n")


class _Wire(policy.Compat32):
    """Headers keep the lines that they come in: folding anew breaks before long ids, and some readers at
    that. Damaged ones do not keep the mail from being written."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        kept = _ODD_BREAKS.sub(" ", value) if isinstance(value, str) else value
        return _BARE.sub(b"\r\n", super().fold_binary(name, kept))


class _Writer(BytesGenerator):
    """Writes a multipart without parts as it came, which the library cannot where it is not all ASCII."""

    def _handle_multipart(self, msg: Message) -> None:
        library: Any = super()
        (library._handle_multipart if msg.is_multipart() else library._handle_text)(msg)


_WIRE = _Wire(linesep="\r\n", max_line_length=0)


@dataclass(frozen=True)
class Answering:
    """What an answer to a message needs of its headers: whom it goes to (names with addresses), and
    the message ids that thread it (RFC 5322, 3.6.4)."""

    to: tuple[tuple[str, str], ...] = ()
    message_id: str = ""
    references: tuple[str, ...] = ()


def one_line(value: object) -> str:
    """A header's value on one line, without control characters; bytes of an unknown charset are read."""
    text = str(value)
    try:
        text = charsets.decode(text.encode("utf-8", "surrogateescape"), None)[0]
    except UnicodeError:  # half of a surrogate pair, which JSON can hold
        text = text.encode("utf-8", "replace").decode()
    return " ".join("".join(" " if category(char) in _BREAKS else char for char in text).split())


def answering(header: Callable[[str], str], direction: Direction) -> Answering:
    """From a message's headers, by name. A message of one's own is answered to whom it went to."""
    names = ("To",) if direction == "outgoing" else ("Reply-To", "From")
    value = next((found for name in names if (found := one_line(header(name)))), "")
    people = [(_read(name), mail) for name, mail in addresses(value) if _ADDRESS.fullmatch(mail)]
    own = _MESSAGE_ID.findall(header("Message-ID"))
    before = _MESSAGE_ID.findall(header("References")) or _MESSAGE_ID.findall(header("In-Reply-To"))
    return Answering(tuple(people[:_RECIPIENTS]), own[0] if own else "", tuple(before))


def sender(header: Callable[[str], str]) -> str:
    """The address a message comes from, "" when there is none."""
    return next((mail for _, mail in addresses(one_line(header("From"))) if mail), "")


def header_of(raw: bytes) -> Callable[[str], str]:
    """The headers of a raw mail by name, "" for those that it does not have."""
    message = beginning(raw)
    return lambda name: str(message.get(name, ""))


def read_draft(raw: bytes) -> Document:
    """The text of a draft as Gmail shows it: its HTML where it has some, else its plain text.

    Raises NotAMail when there is none.
    """
    message = _parsed(raw)
    found = _bodies(message)
    if found is None:
        raise NotAMail("the draft has no text")
    alone = Message(policy.compat32)
    # To write one that is not all ASCII takes time that grows as the square of its length.
    alone["Subject"] = one_line(message.get("Subject", ""))[:_SUBJECT]
    alone["Content-Type"] = found[0].get("Content-Type", "text/plain")
    _fill(alone, _content(found[0]))
    _, document = read_mail(alone.as_bytes(policy=_WIRE))
    # That the page was read alone is our doing, and no news.
    return replace(document, notes=tuple(note for note in document.notes if note.code != "html-only"))


def with_source(raw: bytes, source: str) -> bytes:
    """The mail with `source` for the text that `read_draft` reads; the plain text beside HTML follows it.

    Raises NotAMail as `read_draft` does.
    """
    message = _parsed(raw)
    found = _bodies(message)
    if found is None:
        raise NotAMail("the draft has no text")
    shown, twin = found
    _set_text(shown, source)
    if twin is not None:
        _set_text(twin, to_text(source).text)
    if "MIME-Version" not in message:
        message["MIME-Version"] = "1.0"
    out = io.BytesIO()
    _Writer(out, mangle_from_=False, policy=_WIRE).flatten(message)
    return out.getvalue()


def reply(subject: str, to: Answering, text: str) -> bytes:
    """A mail that answers, with `text` as its body, to be saved as a draft.

    The text goes out as HTML whose lines find their own direction, with the same in plain text.
    """
    message = MIMEMultipart("alternative")
    if to.to:
        message["To"] = _FOLD.join(
            formataddr((_words(name), mail)) + "," * (at < len(to.to))
            for at, (name, mail) in enumerate(to.to, 1)
        )
    message["Subject"] = _words(answer_subject(subject))
    if to.message_id:
        # The first id names the thread, the last ones are what programs look for.
        ids = (*to.references[:1], *to.references[1:][-_REFERENCES:], to.message_id)
        message["In-Reply-To"] = to.message_id
        message["References"] = _FOLD.join(dict.fromkeys(ids))
    clean = text.encode("utf-8", "replace").decode()
    message.attach(MIMEText(clean, "plain", "utf-8"))
    message.attach(MIMEText(as_html(clean), "html", "utf-8"))
    return message.as_bytes(policy=_WIRE)


def answer_subject(subject: str) -> str:
    """The subject of an answer, which has to match for Gmail to keep the thread together."""
    line = one_line(subject)
    return line if _REPLY.match(line) else f"Re: {line}".strip()


def _parsed(raw: bytes) -> Message:
    try:
        return parse(raw)
    except TooManyParts:  # what is not read would be lost when it is written again
        raise NotAMail("the draft has more parts than are read") from None


def _read(name: str) -> str:
    """A name without the encoded words in it, on one line."""
    try:
        pieces = decode_header(name)
    except Exception:  # of damaged words, errors of many kinds
        return name
    read = (p if isinstance(p, str) else charsets.decode(p, charset)[0] for p, charset in pieces)
    return one_line("".join(read))


def _words(text: str) -> str:
    """Text for a header: ASCII as it is, other in encoded words (RFC 2047), of which each is short.

    What only looks like an encoded word would be decoded by whoever reads it, and is encoded too.
    """
    plain = text.isascii() and "=?" not in text and len(text) < _LINE
    return text if plain else Header(text, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _bodies(message: Message) -> tuple[Message, Message | None] | None:
    """The text part that is shown, and the plain part that is its alternative."""
    waiting: list[tuple[Message, Message | None]] = [(message, None)]
    texts: list[tuple[Message, Message | None]] = []
    for _ in range(_MAX_PARTS):
        if not waiting:
            break
        part, choice = waiting.pop()
        if part.get_content_maintype() == "multipart":
            inside = part if part.get_content_subtype() == "alternative" else choice
            children = part.get_payload()
            if isinstance(children, list):
                waiting += [(child, inside) for child in reversed(children) if isinstance(child, Message)]
        elif part.get_content_type() in ("text/plain", "text/html") and not _attached(part):
            texts.append((part, choice))
    pages = [found for found in texts if found[0].get_content_type() == "text/html"]
    if not pages:
        return (texts[0][0], None) if texts else None
    page, choice = pages[0]
    twins = (part for part, beside in texts if part.get_content_type() == "text/plain" and beside is choice)
    return page, next(twins, None) if choice is not None else None


def _attached(part: Message) -> bool:
    try:
        return part.get_content_disposition() == "attachment" or bool(part.get_filename())
    except Exception:  # damaged parameters
        return False


def _set_text(part: Message, text: str) -> None:
    clean = "\r\n".join(re.split(r"\r\n|\r|\n", text)).encode("utf-8", "replace")
    kind = part.get_content_type()
    try:
        part.set_param("charset", "utf-8", replace=True)
        # Flowed lines were joined when they were read.
        part.del_param("format")
        part.del_param("delsp")
    except Exception:  # damaged parameters
        del part["Content-Type"]
        part["Content-Type"] = f'{kind}; charset="utf-8"'
    del part["Content-Transfer-Encoding"]
    _fill(part, clean)


def _fill(part: Message, content: bytes) -> None:
    part["Content-Transfer-Encoding"] = "base64"
    part.set_payload(base64.encodebytes(content).decode("ascii"))


def _content(part: Message) -> bytes:
    """What a part holds; not as text, of which the standard library makes what it thinks best."""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
