"""Odd mails, made by the dozen: whatever their shape, what Gmail answers of them is read right."""

from __future__ import annotations

import base64
from contextlib import suppress
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.gmail import letters, mime
from app.gmail.errors import MailEmpty
from app.tone.mail import NotAMail
from tests.gmail import fake_answers as api
from tests.gmail.mails import ARABIC, CLIENT, TURKISH

WORDS = {
    "utf-8": ARABIC + " " + TURKISH,
    "windows-1256": ARABIC,
    "iso-8859-6": ARABIC,
    "windows-1254": TURKISH,
    "iso-8859-9": TURKISH,
    "windows-1252": "Voilà où nous en sommes : désolé, l’été fut très chargé.",
    "us-ascii": "Where are the menus that you promised?",
}
ENCODINGS = ("8bit", "base64", "quoted-printable")


def text_part(kind: str, charset: str, encoding: str, **parameters: str) -> Message:
    text = WORDS[charset]
    body = f"<html><body><p>{text}</p></body></html>" if kind == "html" else text
    part = Message()
    part.add_header("Content-Type", f"text/{kind}", charset=charset, **parameters)
    part["Content-Transfer-Encoding"] = encoding
    raw = body.encode(charset)
    if encoding == "base64":
        part.set_payload(base64.encodebytes(raw).decode())
    elif encoding == "quoted-printable":
        part.set_payload("".join(f"={byte:02X}" if byte > 126 or byte == 61 else chr(byte) for byte in raw))
    else:
        part.set_payload(raw.decode("ascii", "surrogateescape"))
    return part


def other_part(kind: str) -> Message:
    part = Message()
    if kind == "calendar":
        part["Content-Type"] = 'text/calendar; charset="utf-8"; method=REQUEST'
        part.set_payload("BEGIN:VCALENDAR\nSUMMARY:SECRET\nEND:VCALENDAR\n")
    elif kind == "message":
        inner = Message()
        inner["Subject"] = "SECRET"
        inner["Content-Type"] = "text/plain"
        inner.set_payload("SECRET words of an attached message")
        part["Content-Type"] = "message/rfc822"
        part.set_payload([inner])
    elif kind == "note":
        part["Content-Type"] = 'text/plain; name="note.txt"'
        part["Content-Disposition"] = 'attachment; filename="note.txt"'
        part.set_payload("SECRET words of an attached text")
    else:
        part["Content-Type"] = "image/png"
        part["Content-Transfer-Encoding"] = "base64"
        part.add_header("Content-Disposition", "inline", filename=("utf-8", "", "résumé.png"))
        part.set_payload("iVBORw0K\n")
    return part


def multipart(kind: str, parts: list[Message]) -> Message:
    whole = Message()
    whole["Content-Type"] = f"multipart/{kind}"
    whole.set_payload([*parts])
    return whole


def topped(body: Message) -> Message:
    body["From"] = CLIENT
    body["Subject"] = "The menus"
    body["Message-ID"] = "<m1@client.example>"
    body["MIME-Version"] = "1.0"
    return body


OTHERS = st.lists(st.sampled_from(["calendar", "message", "note", "picture"]).map(other_part), max_size=2)
CHARSETS = st.sampled_from(sorted(WORDS))


@st.composite
def bodies(draw: st.DrawFn, *, deep: int = 3) -> tuple[Message, str]:
    """A mail's body with the words that are to be read in it."""
    charset, encoding = draw(CHARSETS), draw(st.sampled_from(ENCODINGS))
    shape = draw(st.sampled_from(["plain", "html", "both", "html first"]))
    texts = {kind: text_part(kind, charset, encoding) for kind in ("plain", "html")}
    body = {
        "plain": lambda: texts["plain"],
        "html": lambda: texts["html"],
        "both": lambda: multipart("alternative", [texts["plain"], texts["html"]]),
        "html first": lambda: multipart("alternative", [texts["html"], texts["plain"]]),
    }[shape]()
    for _ in range(draw(st.integers(0, deep))):
        kind = draw(st.sampled_from(["mixed", "related", "signed", "alternative"]))
        body = multipart(kind, [body, *([] if kind == "alternative" else draw(OTHERS))])
    return topped(body), WORDS[charset]


def answer(raw: bytes, **shape: Any) -> dict[str, Any]:
    usual = {"converted": True, "decoded": True, "padded": True, "large": 1 << 22} | shape
    return {"id": "1a", "threadId": "1b", "payload": api.payload(raw, **usual)}


def squeezed(text: str) -> str:
    return " ".join(text.split())


@given(made=bodies(), converted=st.booleans(), decoded=st.booleans(), padded=st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_payload_is_read_whatever_its_shape(
    made: tuple[Message, str], converted: bool, decoded: bool, padded: bool
) -> None:
    body, words = made
    found = answer(body.as_bytes(), converted=converted, decoded=decoded, padded=padded)
    letter = letters.read_full(found)
    assert squeezed(letter.document.text) == words
    assert letter.subject == "The menus"
    assert letter.answering.to == (("Bo Client", "bo@client.example"),)
    # Only what may have been converted is doubtful.
    if not letters.doubtful(found):
        assert words.isascii() or words == WORDS["utf-8"]


@given(made=bodies(), padded=st.booleans())
@settings(max_examples=100, deadline=None)
def test_raw_and_parsed_are_the_same_mail(made: tuple[Message, str], padded: bool) -> None:
    raw = made[0].as_bytes()
    parsed = letters.read_full(answer(raw))
    whole = letters.read_raw({"id": "1a", "threadId": "1b", "raw": api.written(raw, padded)})
    assert squeezed(whole.document.text) == squeezed(parsed.document.text)
    assert (whole.subject, whole.answering) == (parsed.subject, parsed.answering)
    assert whole.document.is_html == parsed.document.is_html


@given(made=bodies(), flowed=st.booleans(), words=st.sampled_from([ARABIC, TURKISH, "Fine.\n\nThanks."]))
@settings(max_examples=100, deadline=None)
def test_a_draft_put_back_changes_in_its_text_alone(
    made: tuple[Message, str], flowed: bool, words: str
) -> None:
    body, _ = made
    if flowed and body.get_content_type() == "text/plain":
        body.set_param("format", "flowed")
    raw = body.as_bytes(policy=body.policy.clone(linesep="\r\n"))
    document = mime.read_draft(raw)
    source = f"<p>{words}</p>" if document.is_html else words
    after = mime.with_source(raw, source)
    assert squeezed(mime.read_draft(after).text) == squeezed(words)
    assert (mime.read_draft(after).is_html, mime.read_draft(after).subject) == (document.is_html, "The menus")
    assert attachments(after) == attachments(raw)
    # Putting back what is there already changes nothing any more.
    assert mime.with_source(after, source) == after


def attachments(raw: bytes) -> list[Any]:
    def leaves(part: dict[str, Any]) -> list[dict[str, Any]]:
        inside = [leaf for child in part.get("parts", ()) for leaf in leaves(child)]
        return inside if part["mimeType"].startswith("multipart/") else [part]

    found = answer(raw, converted=False)["payload"]
    texts = ("text/plain", "text/html")
    return [leaf for leaf in leaves(found) if leaf["mimeType"] not in texts or leaf["filename"]]


NAMES = ("headers", "parts", "body", "data", "mimeType", "filename", "name", "value", "size")
VALUES = ("text/plain", "multipart/mixed", "text/html", "Content-Type", "SGk", "Subject")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=12) | st.sampled_from(VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)


@given(payload=JSON)
@settings(max_examples=200, deadline=None)
def test_an_answer_that_makes_no_sense_is_no_surprise(payload: Any) -> None:
    found = {"id": "1a", "threadId": "1b", "payload": payload}
    for read in (letters.read_full, letters.doubtful):
        # All of which `messages` expects.
        with suppress(MailEmpty, KeyError, TypeError, ValueError, AttributeError):
            read(found)


@given(raw=st.binary(max_size=300), source=st.text(max_size=80))
@settings(max_examples=100, deadline=None)
def test_a_draft_of_any_bytes_is_read_or_refused(raw: bytes, source: str) -> None:
    raw = b"Subject: x\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n" + raw
    try:
        mime.read_draft(raw)
    except NotAMail:
        return
    mime.with_source(raw, source)


@given(
    subject=st.text(max_size=200),
    name=st.text(max_size=120),
    text=st.text(max_size=200),
    ids=st.lists(st.from_regex(r"[!-;=?-~]{1,240}", fullmatch=True), max_size=20),
)
@settings(max_examples=100, deadline=None)
def test_a_reply_has_the_headers_that_it_should(subject: str, name: str, text: str, ids: list[str]) -> None:
    headers = {
        "From": f"{name} <bo@client.example>", "References": "".join(f"<{i}>" for i in ids),
        "Message-ID": "<m1@client.example>",
    }  # fmt: skip
    to = mime.answering(lambda wanted: headers.get(wanted, ""), "incoming")
    raw = mime.reply(subject, to, text)
    top, _, _ = raw.partition(b"\r\n\r\n")
    names = [line.partition(b":")[0] for line in top.split(b"\r\n") if line[:1] not in b" \t"]
    expected = [b"Content-Type", b"MIME-Version", b"To", b"Subject", b"In-Reply-To", b"References"]
    assert names == [n for n in expected if n != b"To" or to.to]
    assert max(map(len, raw.split(b"\r\n"))) < 998
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    header = mime.header_of(raw)
    assert set(header("References").split()) <= {f"<{i}>" for i in ids} | {"<m1@client.example>"}
    assert header("References").split()[-1] == "<m1@client.example>"
    body = message_from_bytes(raw).get_payload(0)
    assert isinstance(body, Message)
    assert body.get_payload(decode=True) == text.encode()


@pytest.mark.parametrize(
    ("event", "own"),
    [
        ("msg-f:1788812345678901234", "18d32359d2062ff2"),
        ("thread-f:1788812345678900000", "18d32359d2062b20"),
        ("thread-a:r-17", "thread-a:r-17"),
        ("18d3228d9a4af7f2", "18d3228d9a4af7f2"),
        ("msg-f:" + "9" * 21, "msg-f:" + "9" * 21),
        ("msg-f:١٢", "msg-f:١٢"),
    ],
)
def test_ids_of_events_and_of_the_api(event: str, own: str) -> None:
    assert letters.api_id(event) == own


@pytest.mark.parametrize("date", [None, "", "x", "-5", "9" * 40, "0", 7.5])
def test_a_date_that_is_none(date: object) -> None:
    found = answer(topped(text_part("plain", "us-ascii", "8bit")).as_bytes()) | {"internalDate": date}
    assert letters.read_full(found).sent_at is None


def test_half_a_surrogate_pair_in_a_subject() -> None:
    found = answer(topped(text_part("plain", "us-ascii", "8bit")).as_bytes())
    for header in found["payload"]["headers"]:
        if header["name"] == "Subject":
            header["value"] = "a \ud83d b\r\nBcc: x"
    assert letters.read_full(found).subject == "a ? b Bcc: x"


def test_a_payload_nested_beyond_reason_is_read_as_far_as_it_goes() -> None:
    payload: dict[str, Any] = answer(topped(text_part("plain", "us-ascii", "8bit")).as_bytes())["payload"]
    for _ in range(300):
        payload = {"mimeType": "multipart/mixed", "parts": [payload], "headers": []}
    with pytest.raises(MailEmpty):
        letters.read_full({"id": "1a", "threadId": "1b", "payload": payload})
