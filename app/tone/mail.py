"""From what was sent to a `Document`: plain text, HTML, or a whole message (.eml)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import CloseBoundaryNotFoundDefect, StartBoundaryNotFoundDefect
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime

from app.tone import charsets
from app.tone.html import to_text
from app.tone.mail_parser import addresses, beginning
from app.tone.segments import segment
from app.tone.types import JUDGED, Document, Note, Segment, Span

_KNOWN_HEADERS = frozenset(
    ("from", "to", "cc", "subject", "date", "message-id", "mime-version", "content-type", "received",
     "reply-to", "sender", "return-path")
)  # fmt: skip
_SKIPPED = (
    ("quote", "quoted-part-skipped"), ("forward", "forwarded-part-skipped"),
    ("signature", "signature-skipped"), ("disclaimer", "disclaimer-skipped"),
)  # fmt: skip
_MAX_PARTS = 500
_TEXT_READ = 60_000  # code points that are cut into segments: twice what is judged
_HTML_READ = 250_000  # code points of markup that are read
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,500}>")
# Halves of surrogate pairs, but for those that stand for a byte (PEP 383).
_HALVES = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_STUB = 0.3  # a plain part with less than this share of the letters of the HTML is only a stand-in


class NotAMail(ValueError):  # noqa: N818 - reads as what it says; callers turn it into a 400
    """There is nothing in these bytes that can be read as a mail."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a mail's header says of it; empty or None where it says nothing.

    `date` may be naive when the mail gives no time zone. `thread_id` is the first message id of
    the thread (References, else In-Reply-To, else the mail's own; RFC 5322, 3.6.4).
    """

    from_name: str
    date: dt.datetime | None
    message_id: str
    thread_id: str


@dataclass(frozen=True, slots=True)
class _Leaf:
    html: bool
    text: str
    charset: str | None


def read_text(text: str, subject: str = "") -> Document:
    """A plain-text message. `source` is `text`, untouched."""
    return _read(text, False, subject, [])


def read_html(html: str, subject: str = "") -> Document:
    """An HTML message. `source` is `html`; `positions` lead from the text back into it."""
    return _read(html, True, subject, [])


def read_eml(raw: bytes) -> Document:
    """A raw message, as any mail program saves it.

    `source` is the body that was read out of it, decoded: the plain text, or the HTML when the
    plain part is missing or a stand-in. Offsets never refer to the raw bytes. Attachments,
    attached messages and calendar parts are left out, which a note says.

    Raises NotAMail when there is no text in it to read.
    """
    return read_mail(raw)[1]


def read_eml_envelope(raw: bytes) -> Envelope:
    """Sender, date and thread of a raw message, whatever its body holds. Raises NotAMail."""
    return _envelope(_parse(raw))


def read_mail(raw: bytes) -> tuple[Envelope, Document]:
    """Envelope and document in one reading; see `read_eml`. Raises NotAMail."""
    message = _parse(raw)
    leaves: list[_Leaf] = []
    ignored = _collect(message, leaves)
    leaves = [leaf for leaf in leaves if leaf.text.strip()]
    if not leaves:
        raise NotAMail("the message has no text to read")
    # Text in several pieces, as around a picture: those of the first one's kind belong together.
    same = [leaf for leaf in leaves if leaf.html == leaves[0].html]
    body = "\n".join(leaf.text for leaf in same)
    notes = [Note("attachments-ignored", {"count": ignored})] if ignored else []
    guessed = next((leaf.charset for leaf in same if leaf.charset), None)
    if guessed:
        notes.append(Note("charset-guessed", {"charset": guessed}))
    if any(isinstance(d, CloseBoundaryNotFoundDefect | StartBoundaryNotFoundDefect) for d in message.defects):
        notes.append(Note("truncated"))
    subject = _header(message, "subject")
    if same[0].html:
        notes.append(Note("html-only"))
    document = _read(body, same[0].html, subject, notes)
    if not document.text.strip():
        raise NotAMail("the message has no text to read")
    return _envelope(message), document


def _read(source: str, is_html: bool, subject: str, notes: list[Note]) -> Document:
    """A body, cut into segments. Of a very long one only the beginning is; the rest joins the last."""
    positions: tuple[tuple[int, int], ...] | None = None
    quotes: tuple[Segment, ...] = ()
    text = source
    if is_html:
        read = to_text(_beginning(source))
        text, positions, quotes = read.text, read.positions, read.quotes
    head = text[:_TEXT_READ]
    known = tuple(q for q in quotes if q.span.end <= len(head))
    segments = segment(head, known)
    if len(head) < len(text):
        last = segments[-1]
        segments = (*segments[:-1], Segment(last.kind, Span(last.span.start, len(text))))
    if len(text) > JUDGED and any(s.kind == "body" and s.span.end > JUDGED for s in segments):
        notes = [*notes, Note("truncated")]
    kinds = {part.kind for part in segments}
    skipped = [Note(code) for kind, code in _SKIPPED if kind in kinds]
    return Document(text, segments, source, positions, subject, (*notes, *skipped))


def _beginning(source: str) -> str:
    """The markup that is read; a tag that the end would cut in two, and show half of, is left out."""
    if len(source) <= _HTML_READ:
        return source
    head = source[:_HTML_READ]
    opened = head.rfind("<", _HTML_READ - 2_000)
    return head[:opened] if opened > head.rfind(">") else head


def _parse(raw: bytes) -> Message:
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    try:
        message = beginning(raw, modern=True)
    except Exception:  # the modern header parser has bugs that damaged mail finds
        message = beginning(raw)
    if not _KNOWN_HEADERS & {name.lower() for name in message}:
        raise NotAMail("no mail header at the beginning")
    return message


def _header(message: Message, name: str) -> str:
    """A header decoded (RFC 2047) on one line; what cannot be decoded stays as it is."""
    try:
        value = message.get(name)
        text = "" if value is None else str(value)
    except Exception:  # the same bugs, met when the value is first looked at
        text = next((str(v) for key, v in message.raw_items() if key.lower() == name), "")
    if "=?" in text:
        text = _decoded(text)
    text = _HALVES.sub("\ufffd", text)
    if any("\udc80" <= char <= "\udcff" for char in text):
        text = charsets.decode(text.encode("utf-8", "surrogateescape"), None)[0]
    return " ".join(text.replace("\x00", "").split())


def _decoded(text: str) -> str:
    try:
        pieces = decode_header(text)
    except Exception:  # binascii and charset errors of many kinds
        return text
    return "".join(
        piece if isinstance(piece, str) else charsets.decode(piece, charset)[0] for piece, charset in pieces
    )


def _envelope(message: Message) -> Envelope:
    name, address = next(iter(addresses(_header(message, "from"))), ("", ""))
    date = None
    try:
        date = parsedate_to_datetime(_header(message, "date"))
    except (TypeError, ValueError, IndexError, OverflowError):
        date = None
    own = _ids(_header(message, "message-id"))
    thread = _ids(_header(message, "references")) or _ids(_header(message, "in-reply-to")) or own
    return Envelope(name or address, date, own[0] if own else "", thread[0] if thread else "")


def _ids(value: str) -> list[str]:
    return _MESSAGE_ID.findall(value)


def _collect(message: Message, leaves: list[_Leaf]) -> int:
    """Gather the readable parts in order; the answer is how many others there were."""
    ignored = 0
    for count, part in enumerate(_walk(message)):
        if count >= _MAX_PARTS:
            return ignored + 1
        if isinstance(part, list):
            leaves += part
        else:
            leaf = _leaf(part)
            if leaf is None:
                ignored += 1
            else:
                leaves.append(leaf)
    return ignored


def _walk(message: Message) -> Iterator[Message | list[_Leaf]]:
    """The parts that are no multiparts; of alternatives the best one. Without recursion."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        children = part.get_payload() if part.is_multipart() else None
        if not isinstance(children, list) or part.get_content_maintype() == "message":
            yield part
        elif part.get_content_subtype() == "alternative":
            best = _best([child for child in children if isinstance(child, Message)])
            if best is None or isinstance(best, list):
                yield best or []
            else:
                waiting.append(best)
        else:
            waiting += [child for child in reversed(children) if isinstance(child, Message)]


def _best(children: list[Message]) -> Message | list[_Leaf] | None:
    """Plain text when it says as much as the HTML; else the HTML, or the multipart that holds it."""
    plain = html = rich = None
    for child in children:
        if child.is_multipart():
            rich = rich or child
            continue
        leaf = _leaf(child)
        if leaf and leaf.html:
            html = html or leaf
        elif leaf:
            plain = plain or leaf
    if html is None and rich is not None:
        # multipart/related: the page and its pictures.
        inner = next((leaf for leaf in map(_leaf, rich.walk()) if leaf and leaf.html), None)
        if inner is None and plain is None:
            return rich
        html = inner
    if plain and html:
        said, shown = _letters(plain.text), _letters(to_text(html.text).text)
        return [plain if said >= shown * _STUB or shown < 20 else html]
    chosen = plain or html
    return [chosen] if chosen else None


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _leaf(part: Message) -> _Leaf | None:
    """A part as text, None when it is not for reading."""
    kind = part.get_content_type()
    if part.is_multipart() or kind not in ("text/plain", "text/html"):
        return None
    try:
        attached = part.get_content_disposition() == "attachment" or bool(part.get_filename())
        declared = part.get_content_charset()
    except Exception:  # damaged parameters
        attached, declared = False, None
    if attached:
        return None
    try:
        raw = part.get_payload(decode=True)
    except Exception:  # damaged transfer encodings
        raw = None
    if not isinstance(raw, bytes):
        return None
    is_html = kind == "text/html"
    if is_html and not declared:
        meta = _META_CHARSET.search(raw[:4096])
        declared = meta.group(1).decode("ascii", "replace") if meta else None
    text, guessed = charsets.decode(raw, declared)
    text = text.replace("\x00", "")
    if not is_html and str(_parameter(part, "format")).lower() == "flowed":
        text = unflow(text, delete_space=str(_parameter(part, "delsp")).lower() == "yes")
    return _Leaf(is_html, text, guessed)


def _parameter(part: Message, name: str) -> object:
    try:
        return part.get_param(name)
    except Exception:  # damaged parameters
        return None


def unflow(text: str, *, delete_space: bool = False) -> str:
    """Join the lines of format=flowed text into paragraphs again (RFC 3676, section 4)."""
    out: list[str] = []
    joining: str | None = None  # the quote marks of the line that goes on
    for line in text.splitlines():
        body = line.lstrip(">")
        depth = line[: len(line) - len(body)]
        body = body.removeprefix(" ")
        flows = body.endswith(" ") and body != "-- "
        kept = body[:-1] if flows and delete_space else body
        if joining is not None and joining == depth and body != "-- ":
            out[-1] += kept
        else:
            out.append(f"{depth} {kept}" if depth else kept)
        joining = depth if flows else None
    joined = "\n".join(line if line == "-- " else line.rstrip(" ") for line in out)
    return joined + ("\n" if text.endswith("\n") else "")
