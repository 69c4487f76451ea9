"""Inputs that are made to break a reader of mail, each with what comes of it."""

from __future__ import annotations

import base64
import gzip
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from typing import Any

import pytest

from app.gmail import mime
from app.tone.mail import NotAMail, read_html, read_mail, read_text
from app.tone.mail_parser import DEEPEST, MOST_PARTS
from app.tone.review import Engine
from app.tone.sentences import clauses
from app.tone.types import LANGUAGES, Document
from tests.api.test_errors import JSON, MAIL, problem
from tests.conftest import Client
from tests.fuzz import served, targets

HEAD = b"From: Bo <bo@client.example>\nSubject: Menus\nMIME-Version: 1.0\n"
MIXED = b"Content-Type: multipart/mixed; boundary=b\n\n"
RLO, PDF = "\u202e", "\u202c"


@pytest.fixture(autouse=True, scope="module")
def _one_engine(engine: Engine) -> Iterator[None]:
    served.use(engine)
    yield
    served.stop()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Of this process's own time: were it the square of the length, it would be minutes."""
    begun = time.process_time()
    yield
    assert time.process_time() - begun < seconds


def own(document: Document) -> str:
    return "".join(document.text[s.span.start : s.span.end] for s in document.judged()).strip()


def nested(depth: int, inner: bytes = b"Content-Type: text/plain\n\nwe ship it today.\n") -> bytes:
    """Multiparts in one another, a text before each but the first, and one in the innermost."""
    opened = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (at, at) for at in range(depth)
    )
    return HEAD + opened + inner + b"".join(b"--b%d--\n" % at for at in reversed(range(depth)))


# Parts


def test_ten_thousand_nested_parts_are_refused_in_time(client: Client) -> None:
    raw = nested(10_000)
    with within(10):
        with pytest.raises(NotAMail):
            read_mail(raw)
        with pytest.raises(NotAMail):
            mime.read_draft(raw)
        assert mime.header_of(raw)("Subject") == "Menus"
    problem(client.post("/v1/reviews", content=raw, headers=MAIL), 400, "not-a-mail")


def test_what_stands_before_parts_that_are_too_deep_is_read() -> None:
    raw = HEAD + b"Content-Type: multipart/mixed; boundary=a\n\n--a\n\nwe ship it today.\n--a\n"
    raw += nested(10_000).partition(b"1.0\n")[2] + b"--a--\n"
    _, document = read_mail(raw)
    assert own(document) == "we ship it today."
    assert "attachments-ignored" in {note.code for note in document.notes}


def test_parts_as_deep_as_any_program_makes_them_are_read() -> None:
    assert own(read_mail(nested(DEEPEST - 1))[1]) == "we ship it today."


def test_attached_messages_in_attached_messages_are_refused() -> None:
    with within(10), pytest.raises(NotAMail):
        read_mail(HEAD + b"Content-Type: message/rfc822\n\n" * 10_000 + b"we ship it today.")


def test_sixty_thousand_parts_are_read_as_far_as_the_limit() -> None:
    raw = HEAD + MIXED + b"--b\n\nwe ship it.\n" * 60_000 + b"--b--\n"
    with within(10):
        _, document = read_mail(raw)
    assert 100 < document.text.count("we ship it.") <= MOST_PARTS


def test_a_draft_with_more_parts_than_are_read_is_not_written_again() -> None:
    raw = HEAD + MIXED + b"--b\n\na\n" * 2 * MOST_PARTS + b"--b--\n"
    for act in (lambda: mime.read_draft(raw), lambda: mime.with_source(raw, "words")):
        with pytest.raises(NotAMail):
            act()


def test_alternatives_of_one_boundary_do_not_multiply() -> None:
    raw = HEAD + b"Content-Type: multipart/alternative; boundary=b\n\n"
    raw += b"--b\nContent-Type: multipart/alternative; boundary=b\n\n" * 10_000 + b"--b\n\nwe ship it."
    with within(10), pytest.raises(NotAMail):
        read_mail(raw)


# What is packed stays packed


def test_a_packed_attachment_is_not_unpacked() -> None:
    packed = base64.encodebytes(gzip.compress(b"\x00" * (64 << 20)))
    raw = HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nwe ship it today.\n--b\n"
    raw += b"Content-Type: application/gzip\nContent-Encoding: gzip\nContent-Transfer-Encoding: base64\n\n"
    with within(5):
        _, document = read_mail(raw + packed + b"--b--\n")
    assert own(document) == "we ship it today."
    assert [dict(n.values) for n in document.notes if n.code == "attachments-ignored"] == [{"count": 1}]


def test_a_packed_text_is_not_unpacked() -> None:
    packed = base64.encodebytes(gzip.compress(b"we ship it today. " * 1_000_000))
    raw = HEAD + b"Content-Type: text/plain\nContent-Encoding: gzip\nContent-Transfer-Encoding: base64\n\n"
    assert len(read_mail(raw + packed)[1].text) <= len(packed)


def test_a_packed_request_is_not_unpacked(client: Client) -> None:
    body = gzip.compress(b" " * (64 << 20) + b'{"message": {"direction": "outgoing", "text": "Hello."}}')
    answer = client.post("/v1/reviews", content=body, headers={**JSON, "Content-Encoding": "gzip"})
    problem(answer, 400, "not-json")


def test_markup_that_defines_entities_is_text() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><p>&b;&b; we ship it.</p>'
    assert len(read_html(bomb).text) < len(bomb)


# Length


@pytest.mark.parametrize("unit", ["word ", "w", "a,", "é", "كلمة ", "<", "&", "> ", "\r", "http://a.b/"])
def test_a_line_of_a_mebibyte_is_read_in_time(unit: str) -> None:
    line = (unit * (1 << 20))[: (1 << 20) // len(unit[0].encode())]
    with within(20):
        _, mail = read_mail(HEAD + b"\nHi " + line.encode())
        for document in (read_text(line), read_html(line), mail):
            for language in ("en", "ar"):
                clauses(document, language)


def test_a_line_of_a_mebibyte_is_reviewed_as_far_as_is_judged(client: Client) -> None:
    raw = HEAD + b"\nyou are wrong about the menus " * 34_000
    answer = client.post("/v1/reviews", content=raw[: (1 << 20) - 1], headers=MAIL)
    assert answer.status_code == 200
    assert "truncated" in {note["code"] for note in answer.json()["notes"]}


def test_a_hundred_thousand_combining_marks_belong_to_their_letter(client: Client) -> None:
    text = "You are wrong" + "\u0301" * 100_000 + ", and you never sent it!!!"
    with within(20):
        answer = client.review({"direction": "outgoing", "text": text}, offset_encoding="code-point")
    assert answer.status_code == 200
    for finding in answer.json()["findings"]:
        assert text[finding["start"] : finding["end"]] == finding["quote"]


@pytest.mark.parametrize("tag", ["div", "b", "blockquote", "table><tr><td", "pre", "p"])
def test_a_hundred_thousand_nested_tags_are_read_in_time(tag: str) -> None:
    names = [name.split()[0] for name in tag.split("><")]
    ends = "".join(f"</{name}>" for name in reversed(names))
    source = f"<{tag}>" * 100_000 + "we ship it today." + ends * 100_000
    with within(20):
        document = read_html(source)
    # Markup is read up to a length; the text behind it is not there, which is no error.
    assert document.text in ("", "we ship it today.")


def test_deep_markup_gets_an_answer(client: Client) -> None:
    html = "<div>" * 20_000 + "you are wrong." + "</div>" * 20_000
    answer = client.review({"direction": "outgoing", "html": html})
    assert answer.status_code == 200
    for finding in answer.json()["findings"]:
        assert html[finding["start"] : finding["end"]] == finding["quote"]


@pytest.mark.parametrize(
    "header",
    [
        b"From: " + b"a@b.example," * 80_000, b"From: " + b"(" * 500_000, b"From: " + b"<" * 500_000,
        b"From: " + b'"' * 500_001, b"From: a:" + b"b:" * 200_000, b"Subject: " + b"=?utf-8?q?" * 80_000,
        b"Subject: " + b"a" * 1_000_000, b"Date: " + b"1 " * 400_000, b"References: " + b"<a " * 300_000,
        b"Content-Type: text/plain" + b"; a=b" * 150_000, b"Content-Type: text/plain" + b"; a*1*=b" * 100_000,
        b"Content-Type: text/plain; a=" + b'"\\' * 300_000,
        b"Content-Disposition: inline" + b"; a=b" * 150_000,
        b"Content-Type: text/plain; " + b"(" * 500_000, b"To: " + b"a@b.example," * 80_000,
        b"Content-Type: multipart/mixed; boundary=" + b"(" * 300_000,
        b"Content-Transfer-Encoding: " + b"(" * 300_000,
        b"Message-ID: " + b"<" * 500_000, b"X: y\n" * 100_000 + b"X: z", b"MIME-Version: " + b"(" * 300_000,
    ],
    ids=lambda header: re.sub(rb"\W+", b"-", header[:30]).decode(),
)  # fmt: skip
def test_a_header_of_a_mebibyte_is_read_in_time(header: bytes) -> None:
    raw = b"X-First: yes\n" + header + b"\nReply-To: a@b.example\n\nwe ship it today.\n"
    with within(10):
        try:
            _, document = read_mail(raw)
            assert "\n" not in document.subject
        except NotAMail:
            assert b"boundary" in header or b"Encoding" in header
        read = mime.header_of(raw)
        mime.answering(read, "incoming")
        mime.answering(read, "outgoing")
        mime.sender(read)
        try:
            mime.read_draft(raw)
        except NotAMail:
            assert b"boundary" in header


# Letters


def test_bidi_overrides_move_no_offset_and_hide_no_words(client: Client) -> None:
    plain = "Ann, you are wrong and you never sent it!!!"
    hidden = f"Ann, {RLO}you are wrong{PDF} and \u2066you never\u2069 sent it!!!"
    found = []
    for text in (plain, hidden):
        answer = client.review({"direction": "outgoing", "text": text}, offset_encoding="code-point")
        found.append(answer.json()["findings"])
    # Who hides words is not trusted more; a reader may even find more in it.
    assert set() != {one["guideline"] for one in found[0]} <= {one["guideline"] for one in found[1]}
    assert all(hidden[one["start"] : one["end"]] == one["quote"] for one in found[1])


@pytest.mark.parametrize("name", ["\u202egnorw", "\u2067\u2067\u2067", "a\u202eb\u2066c"])
def test_bidi_overrides_do_not_reach_over_a_card(name: str) -> None:
    raw = f"From: {name} <b@c.example>\nSubject: {name}\nMIME-Version: 1.0\n\n{name} you are wrong!!!\n"
    targets.card(raw.encode())  # which checks that every direction that is opened is closed again


@pytest.mark.parametrize("escape", ["\\ud800", "\\udc00", "\\udc00\\ud83d", "\\ud83d\\u0041"])
def test_half_a_surrogate_pair_in_json_is_no_json(client: Client, escape: str) -> None:
    body = f'{{"message": {{"direction": "outgoing", "text": "you are {escape} wrong"}}}}'
    problem(client.post("/v1/reviews", content=body.encode(), headers=JSON), 400, "not-json")


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "raw_unicode_escape"])
def test_half_a_surrogate_pair_of_a_charset_does_not_come_out(client: Client, charset: str) -> None:
    raw = f"Subject: =?{charset}?q?+2AA-_=5Cud800?= x\nContent-Type: text/plain; charset={charset}\n\n"
    raw += "you are +2AA- \\ud800 wrong\n"
    answer = client.post("/v1/reviews", content=raw.encode(), headers=MAIL)
    assert answer.status_code == 200
    assert not re.search("[\ud800-\udfff]", read_mail(raw.encode())[1].text)


def test_half_a_surrogate_pair_reads_as_a_letter_of_its_own(engine: Engine) -> None:
    assert targets.review("you are \ud800 wrong, \udc00\ud83d never!!!".encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    ("path", "kind", "body", "status"),
    [
        (
            "/v1/reviews", "application/json",
            b'{"message":{"direction":"outgoing","text":"a\\u0000 you are wrong"}}', 200,
        ),
        ("/v1/reviews", "message/rfc822", HEAD + b"\nyou\x00 are\x00 wrong\x00\n", 200),
        ("/v1/reviews", "message/rfc822", b"Subject\x00: x\n\nyou are wrong\n", 400),
        ("/v1/reviews", "application/json", b'{"message":\x00{}}', 400),
        ("/v2/check", "application/x-www-form-urlencoded", b"language=en-US&text=you%00+are+wrong", 200),
        ("/v2/check", "application/x-www-form-urlencoded", b"language=en%00&text=you+are+wrong", 400),
    ],
)  # fmt: skip
def test_nuls(path: str, kind: str, body: bytes, status: int) -> None:
    headers = [(b"content-type", kind.encode()), (b"authorization", b"Bearer " + served.KEY.encode())]
    assert served.asked("POST", path, headers, body).status == status


# Headers


def test_of_a_header_that_comes_twice_the_first_counts() -> None:
    raw = (
        b"Subject: one\nSubject: two\nFrom: Bo <bo@client.example>\nFrom: Eve <eve@evil.example>\n"
        b"Message-ID: <1@a.example>\nMessage-ID: <2@a.example>\nContent-Type: text/plain; charset=utf-8\n"
        b"Content-Type: text/html\nMIME-Version: 1.0\nMIME-Version: 2.0\n\n<b>you are wrong</b>\n"
    )
    envelope, document = read_mail(raw)
    assert (document.subject, envelope.from_name, envelope.message_id) == ("one", "Bo", "<1@a.example>")
    assert not document.is_html
    header = mime.header_of(raw)
    answer = message_from_bytes(mime.reply(header("Subject"), mime.answering(header, "incoming"), "Words."))
    assert answer.get_all("Subject") == ["Re: one"]
    assert answer.get_all("To") == ["Bo <bo@client.example>"]


@pytest.mark.parametrize("mark", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\r"])
def test_a_draft_with_a_damaged_header_can_be_written_again(mark: str) -> None:
    raw = f"Subject: Menus\nX-Odd: one{mark}Bcc: x@evil.example\nMIME-Version: 1.0\n\nyou are wrong\n"
    made = mime.with_source(raw.encode(), "we are wrong")
    assert mime.read_draft(made).text.strip() == "we are wrong"
    assert (message_from_bytes(made)["Bcc"] is None) or mark == "\r"  # which ends a line, and did before


def test_a_draft_is_written_with_whole_line_ends_whatever_its_headers_hold() -> None:
    raw = b"Subject: caf\xe9\n au lait\nMIME-Version: 1.0\n\nyou are wrong\n"
    assert b"\n" not in mime.with_source(raw, "we are wrong").replace(b"\r\n", b"")


def test_a_draft_is_written_with_what_a_broken_multipart_in_it_holds() -> None:
    broken = b"Content-Type: multipart/mixed; boundary=none\n\ncaf\xc3\xa9\n"
    raw = HEAD + MIXED + b"--b\n\nyou are wrong\n--b\n" + broken + b"--b--\n"
    made = mime.with_source(raw, "we are wrong")
    assert b"caf\xc3\xa9" in made
    assert mime.read_draft(made).text.strip() == "we are wrong"


INJECTED = [
    "=?utf-8?q?Menus=0D=0ABcc:_x@evil.example?=", "=?utf-8?b?TWVudXMNCkJjYzogeEBldmlsLmV4YW1wbGU=?=",
    "Menus\r Bcc: x@evil.example", "Menus\x0bBcc: x@evil.example", "Menus\u2028Bcc: x@evil.example",
    "Menus\x85Bcc: x@evil.example", "=?utf-8?q?=0A?= =?utf-8?q?Bcc:_x@evil.example?=",
    "Menus\n Bcc: x@evil.example",
]  # fmt: skip


@pytest.mark.parametrize("subject", INJECTED)
def test_no_header_comes_of_a_header(subject: str) -> None:
    raw = f"From: {subject} <bo@c.example>\nSubject: {subject}\nMessage-ID: <a@b.example>\n\nyou are wrong\n"
    envelope, document = read_mail(raw.encode())
    assert not re.search("[\r\n]", document.subject + envelope.from_name)
    header = mime.header_of(raw.encode())
    made = mime.reply(header("Subject"), mime.answering(header, "incoming"), "Words.")
    assert b"\nBcc:" not in made.replace(b"\r", b"\n")
    assert "Bcc" not in message_from_bytes(made)
    targets.mail(raw.encode())


@pytest.mark.parametrize("subject", INJECTED)
def test_no_line_of_a_calendar_entry_comes_of_a_header(client: Client, subject: str) -> None:
    raw = f"From: {subject} <bo@c.example>\nSubject: {subject}\n\nI am furious. The third time! Call me.\n"
    asked = {"direction": "incoming", "now": "2026-03-10T09:30:00Z"}
    answer = client.post("/v1/reviews", content=raw.encode(), headers=MAIL, params=asked)
    holds: list[dict[str, Any]] = answer.json()["holds"]
    assert holds
    for hold in holds:
        assert not re.search("[\r\n]", hold["title"] + hold["id"] + hold["thread"])
        made = client.post("/v1/holds", json={"calendar": "ics", "hold": hold})
        assert made.status_code == 200, made.text
        assert not re.search("^bcc", made.text, re.MULTILINE | re.IGNORECASE)
        assert not [name for name in made.headers if "bcc" in name.lower()]


@pytest.mark.parametrize("value", [b"a\x0bb", b"\xff\xfe", "\u202ea".encode(), b"a" * 300])
def test_a_key_of_a_request_that_is_no_line_is_refused_or_kept_apart(value: bytes) -> None:
    body = json.dumps({"calendar": "google", "hold": {}}).encode()
    headers = [
        (b"content-type", b"application/json"), (b"idempotency-key", value),
        (b"authorization", b"Bearer " + served.KEY.encode()),
    ]  # fmt: skip
    assert 400 <= served.asked("POST", "/v1/holds", headers, body).status < 500


# Time


@pytest.mark.parametrize("now", ["2199-12-31T23:59:00+02:00", "1970-01-01T00:00:00+14:00"])
@pytest.mark.parametrize("direction", ["incoming", "outgoing"])
def test_at_the_ends_of_the_years_there_is_an_answer(client: Client, now: str, direction: str) -> None:
    text = "I am furious, this is the third time! Call me. I will send it tomorrow, and again next week."
    message = {"direction": direction, "text": text}
    for zone in ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        answer = client.review(message, now=now, time_zone=zone)
        assert answer.status_code == 200, answer.text
        assert all("1970" <= hold["start"][:4] <= "2199" for hold in answer.json()["holds"])


@pytest.mark.parametrize(
    "day", ["3 March 2500", "03/03/9999", "9999-12-31", "31 December 2199", "1 January 0001", "in 9000 years"]
)
def test_a_date_beyond_the_years_makes_no_hold(client: Client, day: str) -> None:
    for direction in ("incoming", "outgoing"):
        text = f"We will send the menus by {day} at 11 pm. Answer by {day}."
        answer = client.review({"direction": direction, "text": text}, now="2026-03-10T09:30:00Z")
        assert answer.status_code == 200, answer.text


def test_languages_of_the_hard_inputs_are_all_four() -> None:
    folder = targets.TARGETS["text"].seeds
    assert {f"mail_{language}.txt" for language in LANGUAGES} <= {path.name for path in _kept(folder)}


def _kept(folder: str) -> list[Any]:
    from tests.fuzz.driver import CORPUS

    return list((CORPUS / folder).iterdir())
