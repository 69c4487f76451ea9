"""Replies that are begun, on the fake Gmail."""

from __future__ import annotations

from email.message import Message
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from app.gmail.messages import REPLY, Letter, MailNeedsScopes
from tests.gmail.mails import ANA, ARABIC, CLIENT, MESSAGE_TOKEN, Bench, patient, plain


@pytest.fixture
def bench(portal: BlockingPortal, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return patient(portal, monkeypatch)


def leaves(mail: Message) -> list[Message]:
    return [part for part in mail.walk() if not part.is_multipart()]


def letter_of(bench: Bench, **headers: str) -> Letter:
    stored = bench.opened(
        plain("Where are my menus?", headers={k.replace("_", "-"): v for k, v in headers.items()})
    )
    return bench.run(lambda box: box.message(stored.event_id))


def begun(bench: Bench, letter: Letter, text: str = "Hello") -> Any:
    """The mail of the draft that a reply makes."""
    identifier, thread = bench.run(lambda box: box.reply(letter, text))
    stored = bench.fake.drafts(ANA)[identifier]
    assert stored.thread == thread
    return stored.mail


def test_a_reply_is_a_draft_in_the_conversation(bench: Bench) -> None:
    bench.sign_in()
    letter = letter_of(bench, References="<m0@client.example>")
    identifier, thread = bench.run(lambda box: box.reply(letter, "Dear Bo,\n\nI am sorry."))
    assert thread == letter.thread
    assert identifier in bench.fake.drafts(ANA)
    assert bench.fake.calls[-1].message_token == MESSAGE_TOKEN
    mail = bench.fake.drafts(ANA)[identifier].mail
    assert mail["To"] == CLIENT
    assert mail["Subject"] == "Re: The menus"
    assert mail["In-Reply-To"] == "<m1@client.example>"
    assert mail["References"] == "<m0@client.example> <m1@client.example>"
    assert mail.get_content_type() == "multipart/alternative"
    text, html = leaves(mail)
    assert text.get_content().strip().splitlines() == ["Dear Bo,", "", "I am sorry."]  # type: ignore[attr-defined]
    lines = '<div dir="auto">Dear Bo,</div><div dir="auto"><br></div><div dir="auto">I am sorry.</div>'
    assert html.get_content().strip() == lines  # type: ignore[attr-defined]


def test_arabic_lines_find_their_own_direction(bench: Bench) -> None:
    letter = letter_of(bench, Subject="=?windows-1256?B?1N/m7A==?=")
    assert letter.subject == "شكوى"
    mail = begun(bench, letter, f"{ARABIC}\n<b>")
    assert mail["Subject"] == "Re: شكوى"
    text, html = leaves(mail)
    assert html.get_content().strip() == f'<div dir="auto">{ARABIC}</div><div dir="auto">&lt;b&gt;</div>'  # type: ignore[attr-defined]
    assert text.get_content().strip() == f"{ARABIC}\n<b>"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("headers", "to"),
    [
        ({"Reply_To": "help@client.example"}, "help@client.example"),
        ({"From": '"Client, Bo" <bo@client.example>'}, '"Client, Bo" <bo@client.example>'),
        ({"From": "=?utf-8?B?2LPYp9mF2Yo=?= <s@client.example>"}, "سامي <s@client.example>"),
        ({"From": "Bo"}, None),
        ({"Reply_To": "a@b.example, c@d.example"}, "a@b.example, c@d.example"),
    ],
)
@pytest.mark.parametrize("decoded", [True, False])
def test_whom_a_reply_goes_to(bench: Bench, headers: dict[str, str], to: str | None, decoded: bool) -> None:
    bench.fake.decoded = decoded
    assert begun(bench, letter_of(bench, **headers))["To"] == to


def test_a_message_of_ones_own_is_answered_to_whom_it_went_to(bench: Bench) -> None:
    sent = plain("Here they are.", headers={"From": f"Ana <{ANA}>", "To": CLIENT})
    stored = bench.opened(sent, labels=("SENT",))
    letter = bench.run(lambda box: box.message(stored.event_id))
    assert begun(bench, letter)["To"] == CLIENT


@pytest.mark.parametrize("decoded", [True, False])
@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?Q?Menus=0D=0ABcc:_x@evil.example?=",
        "=?utf-8?B?TWVudXMKQmNjOiB4QGV2aWwuZXhhbXBsZQ==?=",
        "Menus\r\n Bcc: x@evil.example",
        "Menus\x0b\x0cBcc: x@evil.example",
    ],
)
def test_no_header_of_a_client_becomes_one_of_ours(bench: Bench, subject: str, decoded: bool) -> None:
    bench.fake.decoded = decoded
    mail = begun(bench, letter_of(bench, Subject=subject))
    assert set(mail.keys()) == {
        "Content-Type", "MIME-Version", "To", "Subject", "In-Reply-To", "References",
    }  # fmt: skip
    assert mail["Subject"] == "Re: Menus Bcc: x@evil.example"


def test_no_address_of_a_client_becomes_a_header_of_ours(bench: Bench) -> None:
    for value in ("Bo <bo@client.example\x0bBcc: x@evil.example>", '"Bo\r\n Bcc: y@z.example" <b@c.example>'):
        assert "Bcc" not in begun(bench, letter_of(bench, From=value))


def test_ids_that_are_none_are_left_out(bench: Bench) -> None:
    letter = letter_of(bench, Message_ID="<m 1@x>", References="<a@b> evil <c\u00e9@d> <e@f>")
    mail = begun(bench, letter)
    assert mail["In-Reply-To"] is None
    assert mail["References"] is None
    letter = letter_of(bench, References=" ".join(f"<{n}@client.example>" for n in range(60)))
    ids = begun(bench, letter)["References"].split()
    assert (ids[0], ids[-2:]) == ("<0@client.example>", ["<59@client.example>", "<m1@client.example>"])
    assert len(ids) == 14


def test_long_ids_stay_whole(bench: Bench) -> None:
    long = f"<{'x' * 120}@{'y' * 60}.outlook.example>"
    mail = begun(bench, letter_of(bench, Message_ID=long, References=f"{long[:-1]}.older> {long[:-1]}.old>"))
    assert mail["In-Reply-To"] == long
    assert mail["References"].split()[-1] == long


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("RE: x", "RE: x"),
        ("re : x", "re : x"),
        ("Ynt: x", "Re: Ynt: x"),
        ("", "Re:"),
        ("Really", "Re: Really"),
    ],
)
def test_the_subject_of_a_reply(bench: Bench, subject: str, expected: str) -> None:
    assert begun(bench, letter_of(bench, Subject=subject))["Subject"] == expected


def test_a_reply_needs_the_scope_of_composing_and_a_token(bench: Bench) -> None:
    letter = letter_of(bench)
    bench.sign_in(("gmail.addons.current.message.readonly",))
    with pytest.raises(MailNeedsScopes) as caught:
        bench.run(lambda box: box.reply(letter, "Hello"))
    assert caught.value.scopes == (REPLY,)
    bench.sign_in()
    bench.fake.open("AF.compose", ANA)
    bench.message_token = "AF.compose"
    assert bench.run(lambda box: box.reply(letter, "Hello"))[1] == letter.thread
