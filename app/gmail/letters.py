"""What Gmail answers, read: a message to a `Letter`, a draft to a `Draft`. No network.

A message is read from the parsed `payload` of format=full, since that comes without its
attachments. Gmail hands out the texts in there in UTF-8, under headers that still name the charset
they were sent in (reported by several clients), so valid UTF-8 is taken for that and other bytes
for what the header says. Where it had to convert, a wrong label has made a wrong text: `doubtful`
tells, and the raw message sets it right.

Resources: Gmail API v1 reference, `users.messages`, `users.drafts`.
"""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email import policy
from email.message import Message
from typing import Any

from app.gmail import mime
from app.gmail.errors import MailEmpty, MailTooLarge
from app.gmail.mime import Answering
from app.tone.html import splice
from app.tone.mail import NotAMail, read_mail
from app.tone.types import Direction, Document, SegmentKind, Span

LIMIT = 1 << 20
"""Bytes: what is read of a message's texts, of a thread's together, and of a draft in all."""

Resource = Mapping[str, Any]

_MAX_PARTS, _MAX_DEPTH = 500, 20
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_REPLACED = "\ufffd".encode()
_TEXTS = ("text/plain", "text/html")
_UTF8 = frozenset(("utf-8", "utf8"))
_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,90}", re.ASCII)
_DECIMAL = re.compile(r"(?:msg|thread)-f:(\d{1,20})", re.ASCII)


@dataclass(frozen=True)
class Letter:
    """A message of the mailbox.

    `id` and `thread` are the API's own (hexadecimal), which those of an event are not (`api_id`).
    `sent_at` is in UTC. `answering` is what a reply needs of the headers; it is never stored.
    """

    direction: Direction
    subject: str = field(repr=False)
    document: Document = field(repr=False)
    thread: str
    sent_at: dt.datetime | None
    id: str = ""
    answering: Answering = field(default=Answering(), repr=False)


@dataclass(frozen=True)
class Draft:
    """A draft: `message` with the text that Gmail shows of it, and `raw` with everything else.

    The document's segments part the user's own words from signature and quoted tail.
    """

    id: str
    message: Letter
    raw: bytes = field(repr=False)

    @property
    def own(self) -> str:
        """The user's own words, without signature and quoted tail."""
        return self._text("greeting", "body")

    @property
    def signature(self) -> str:
        return self._text("signature", "disclaimer")

    @property
    def tail(self) -> str:
        """What is quoted or forwarded."""
        return self._text("quote", "forward")

    def rewritten(self, words: str) -> str | None:
        """The document's source with the user's own words put anew, signature and tail kept.

        None where the user writes between quoted lines: there is no one place for the words.
        """
        document = self.message.document
        kinds = [part.kind for part in document.segments]
        own = [index for index, kind in enumerate(kinds) if kind in ("greeting", "body")]
        if not own:
            return None
        first, last = document.segments[own[0]].span.start, document.segments[own[-1]].span.end
        if own[-1] - own[0] >= len(own):
            return None
        text = document.text[first:last]
        start, end = first + len(text) - len(text.lstrip()), first + len(text.rstrip())
        at = document.to_source(Span(start, max(start, end)))
        if document.is_html:
            return splice(document.source, [(at.start, at.end, words)])
        return document.source[: at.start] + words + document.source[at.end :]

    def _text(self, *kinds: SegmentKind) -> str:
        document = self.message.document
        found = (part.span for part in document.segments if part.kind in kinds)
        text = "".join(document.text[span.start : span.end] for span in found)
        return text.replace("\r\n", "\n").strip()


def api_id(event_id: str) -> str:
    """The API's id for one of an event: "msg-f:" and "thread-f:" hold the same number in decimal.

    Others ("thread-a:", of conversations begun in this mailbox) say nothing and are left as they are.
    """
    found = _DECIMAL.fullmatch(event_id)
    return f"{int(found[1]):x}" if found else event_id


def decoded(text: str) -> bytes:
    """base64url, with or without its padding (RFC 4648, 5). Raises ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(raw: bytes) -> str:
    """base64url as the API takes it."""
    return base64.urlsafe_b64encode(raw).decode("ascii")


def read_full(message: Resource, own: str | None = None) -> Letter:
    """The letter of a message in format=full; `own` is the user's address, where it is known.

    Raises MailEmpty, MailTooLarge; KeyError, TypeError and the like for what is no message.
    """
    payload = message["payload"]
    if texts_size(payload) > LIMIT:
        raise MailTooLarge
    whole = _rebuilt(payload)
    if "Subject" not in whole:
        whole["Subject"] = mime.one_line(_header(payload, "Subject"))
    if "MIME-Version" not in whole:
        whole["MIME-Version"] = "1.0"
    return _letter(message, whole.as_bytes(policy=policy.compat32), lambda name: _header(payload, name), own)


def read_raw(message: Resource, own: str | None = None) -> Letter:
    """The letter of a message in format=raw. Raises as `read_full` does."""
    raw = _raw(message)
    return _letter(message, raw, mime.header_of(raw), own)


def read_draft(draft: Resource, own: str | None = None) -> Draft:
    """A draft in format=raw. Raises as `read_full` does."""
    message = draft["message"]
    raw = _raw(message)
    try:
        document = mime.read_draft(raw)
    except NotAMail:
        raise MailEmpty from None
    header = mime.header_of(raw)
    return Draft(str(draft["id"]), _with(message, document, header, own, drafted=True), raw)


def doubtful(message: Resource) -> bool:
    """Whether a text in format=full may not be what was sent: it was converted, or is not there."""
    return any(_doubtful(part) for part in _leaves(message["payload"]) if _is_text(part))


def texts_size(payload: Resource) -> int:
    """Bytes of the texts in a payload, nearly: base64 is counted by its length."""
    return sum(len(_data(part)) * 3 // 4 for part in _leaves(payload) if _is_text(part))


def earlier(thread: Resource, letter: Letter, most: int, own: str | None = None) -> list[Letter]:
    """The messages of a thread (format=full) before `letter`, oldest first: at most `most`, the latest.

    Drafts and what lies in the bin or among spam are no part of the conversation; what cannot be
    read is left out. All texts together, with those of `letter`, stay under LIMIT.
    """
    found = sorted(thread["messages"], key=milliseconds)
    at = next((index for index, message in enumerate(found) if message["id"] == letter.id), None)
    found = (
        found[:at] if at is not None else [message for message in found if _before(message, letter.sent_at)]
    )
    room = LIMIT - len(letter.document.source.encode("utf-8", "replace"))
    letters: list[Letter] = []
    for message in reversed(found):
        if _labels(message) & {"DRAFT", "TRASH", "SPAM"}:
            continue
        with suppress(MailEmpty, MailTooLarge, KeyError, TypeError, ValueError, AttributeError):
            room -= texts_size(message["payload"])
            if len(letters) == most or room < 0:
                break
            letters.append(read_full(message, own))
    return letters[::-1]


def _before(message: Resource, moment: dt.datetime | None) -> bool:
    sent = _sent_at(message)
    return sent is not None and moment is not None and sent < moment


def milliseconds(message: Resource) -> int:
    """When Gmail took a message in, in milliseconds since 1970; 0 where it does not say."""
    value = str(message.get("internalDate", ""))
    return int(value) if value.isascii() and value.isdigit() and len(value) < 15 else 0


def _sent_at(message: Resource) -> dt.datetime | None:
    since = milliseconds(message)
    return _EPOCH + dt.timedelta(milliseconds=since) if since else None


def _labels(message: Resource) -> frozenset[str]:
    found = message.get("labelIds", ())
    return frozenset(found) if isinstance(found, list) else frozenset()


def _raw(message: Resource) -> bytes:
    raw = decoded(message["raw"])
    if len(raw) > LIMIT:
        raise MailTooLarge
    return raw


def _letter(message: Resource, raw: bytes, header: Callable[[str], str], own: str | None) -> Letter:
    try:
        _, document = read_mail(raw)
    except NotAMail:
        raise MailEmpty from None
    return _with(message, document, header, own)


def _with(
    message: Resource,
    document: Document,
    header: Callable[[str], str],
    own: str | None,
    *,
    drafted: bool = False,
) -> Letter:
    mine = bool(own) and mime.sender(header).casefold() == str(own).casefold()
    # What one wrote to oneself has the labels of both.
    sent = drafted or mine or bool(_labels(message) & {"SENT", "DRAFT"})
    direction: Direction = "outgoing" if sent else "incoming"
    return Letter(
        direction, document.subject, document, str(message["threadId"]), _sent_at(message),
        str(message["id"]), mime.answering(header, direction),
    )  # fmt: skip


def _header(part: Resource, name: str) -> str:
    """The first header of a name in a part of a payload, "" when it has none."""
    named = (item for item in part.get("headers", ()) if str(item.get("name", "")).lower() == name.lower())
    return next((str(item.get("value", "")) for item in named), "")


def _kind(part: Resource) -> str:
    kind = str(part.get("mimeType", "")).lower()
    return kind if _TYPE.fullmatch(kind) else "application/octet-stream"


def _leaves(payload: Resource) -> Iterator[Resource]:
    """The parts of a payload that hold no others, in order; not those of attached messages."""
    waiting = [(payload, 0)]
    for _ in range(_MAX_PARTS):
        if not waiting:
            return
        part, depth = waiting.pop()
        if _kind(part).startswith("multipart/"):
            if depth < _MAX_DEPTH:
                waiting += [(child, depth + 1) for child in reversed(part.get("parts", ()))]
        else:
            yield part


def _data(part: Resource) -> str:
    found: str = part.get("body", {}).get("data", "")
    return found


def _is_text(part: Resource) -> bool:
    disposition = _header(part, "Content-Disposition").strip().lower()
    named = bool(part.get("filename")) or disposition.startswith("attachment")
    return _kind(part) in _TEXTS and not named


def _text_headers(part: Resource, data: bytes) -> Message:
    """An empty part with the Content-Type of a text of a payload, as it is now."""
    made = Message(policy.compat32)
    kind = _kind(part)
    made["Content-Type"] = mime.one_line(_header(part, "Content-Type")).encode("ascii", "ignore").decode()
    try:
        if made.get_content_type() != kind:
            made.replace_header("Content-Type", kind)
        if _is_utf8(data):
            made.set_param("charset", "utf-8")
        made.get_params()
    except Exception:  # damaged parameters, of which the standard library has met no end
        made = Message(policy.compat32)
        made["Content-Type"] = f"{kind}; charset=utf-8" if _is_utf8(data) else kind
    return made


def _is_utf8(data: bytes) -> bool:
    """Whether bytes are UTF-8 and plainly so: those of Latin, Arabic and Turkish charsets hardly ever are."""
    try:
        data.decode("utf-8")
    except UnicodeError:
        return False
    return not data.isascii()


def _doubtful(part: Resource) -> bool:
    text = _data(part)
    if not text:
        return "attachmentId" in part.get("body", {})
    data = decoded(text)
    if data.isascii():
        return False
    return not _is_utf8(data) or _REPLACED in data or _charset(part) not in _UTF8


def _charset(part: Resource) -> str:
    with suppress(Exception):  # damaged parameters
        made = Message(policy.compat32)
        made["Content-Type"] = mime.one_line(_header(part, "Content-Type"))
        return made.get_content_charset() or ""
    return ""


def _rebuilt(part: Resource, depth: int = 0) -> Message:
    """A payload as the message it was: its texts, and a stand-in for each attachment."""
    kind = _kind(part)
    if kind.startswith("multipart/"):
        whole = Message(policy.compat32)
        whole["Content-Type"] = kind
        children = list(part.get("parts", ()))[:_MAX_PARTS] if depth < _MAX_DEPTH else []
        whole.set_payload([_rebuilt(child, depth + 1) for child in children])
        return whole
    if _is_text(part):
        data = decoded(_data(part))
        made = _text_headers(part, data)
        made["Content-Transfer-Encoding"] = "base64"
        made.set_payload(base64.encodebytes(data).decode("ascii"))
        return made
    made = Message(policy.compat32)
    made["Content-Type"] = "application/octet-stream"
    made["Content-Disposition"] = "attachment"
    return made
