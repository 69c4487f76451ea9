"""Reading mail from Gmail, through the vendor's library, from a fake that answers as strictly."""

from __future__ import annotations

import datetime as dt
import logging

import pytest
from anyio.from_thread import BlockingPortal

from app.gmail.messages import (
    READ,
    MailEmpty,
    MailError,
    MailExpired,
    MailGone,
    MailNeedsScopes,
    MailSlow,
    MailTooLarge,
    MailUnavailable,
)
from app.holds.retry import Deadline
from tests.gmail.mails import (
    ANA,
    ARABIC,
    CLIENT,
    MESSAGE_TOKEN,
    TURKISH,
    USER_TOKEN,
    Bench,
    built,
    patient,
    plain,
    wire,
)

SECRET = "I want my money back, you crooks."


@pytest.fixture
def bench(portal: BlockingPortal, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return patient(portal, monkeypatch)


def refused(bench: Bench, message_id: str) -> MailError:
    with pytest.raises(MailError) as caught:
        bench.run(lambda box: box.message(message_id))
    return caught.value


# The open message.


def test_the_open_message_is_read_by_both_tokens(bench: Bench) -> None:
    stored = bench.opened(plain("Hi Ana,\n\nwhere are the menus?\n\nBo"))
    letter = bench.run(lambda box: box.message(stored.event_id))
    assert letter.direction == "incoming"
    assert letter.subject == letter.document.subject == "The menus"
    assert "where are the menus?" in letter.document.text
    assert (letter.id, letter.thread) == (stored.id, stored.thread)
    assert letter.sent_at == dt.datetime.fromtimestamp(stored.milliseconds / 1000, dt.UTC)
    assert bench.asked() == ["message full"]
    assert bench.fake.calls[0].query["id"] == [stored.event_id]
    assert bench.fake.calls[0].message_token == MESSAGE_TOKEN


def test_it_is_read_once_in_a_request(bench: Bench) -> None:
    stored = bench.opened(plain("Where are they?"))

    async def twice(box: object) -> None:
        assert await box.message(stored.event_id) is await box.message(stored.event_id)  # type: ignore[attr-defined]

    bench.run(twice)
    assert bench.asked() == ["message full"]


def test_ids_of_the_api_do_too_and_take_over_where_those_of_events_are_refused(bench: Bench) -> None:
    stored = bench.opened(plain("Where are they?"))
    assert bench.run(lambda box: box.message(stored.id)).id == stored.id
    bench.fake.event_ids = False
    assert bench.run(lambda box: box.message(stored.event_id)).id == stored.id
    assert [call.query["id"] for call in bench.fake.calls] == [[stored.id], [stored.event_id], [stored.id]]
    assert isinstance(refused(bench, "msg-a:r-17"), MailUnavailable)


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize(
    ("text", "charset", "label"),
    [
        (ARABIC, "windows-1256", "windows-1256"),
        (ARABIC, "windows-1256", "iso-8859-1"),
        (ARABIC, "windows-1256", ""),
        (ARABIC, "utf-8", "iso-8859-1"),
        (ARABIC, "iso-8859-6", "iso-8859-6"),
        (TURKISH, "windows-1254", "windows-1254"),
        (TURKISH, "windows-1254", "iso-8859-1"),
        (TURKISH, "iso-8859-9", "iso-8859-9"),
        (TURKISH, "utf-8", "utf-8"),
        (TURKISH, "utf-8", "no-such-charset"),
    ],
)
@pytest.mark.parametrize("converted", [True, False])
def test_charsets(bench: Bench, text: str, charset: str, label: str, converted: bool, padded: bool) -> None:
    bench.fake.converted, bench.fake.padded = converted, padded
    stored = bench.opened(plain(text, charset, label))
    assert bench.run(lambda box: box.message(stored.event_id)).document.text.strip() == text


def test_the_raw_message_is_asked_for_only_where_the_charset_leaves_a_doubt(bench: Bench) -> None:
    for raw in (plain("Where?"), plain(ARABIC), plain("Where?", "ascii", "iso-8859-9")):
        stored = bench.opened(raw)
        bench.run(lambda box, stored=stored: box.message(stored.event_id))  # type: ignore[misc]
    assert bench.asked() == ["message full"] * 3
    stored = bench.opened(plain(TURKISH, "windows-1254"))
    bench.run(lambda box: box.message(stored.event_id))
    assert bench.asked()[3:] == ["message full", "message raw"]
    assert bench.fake.calls[-1].message_token == MESSAGE_TOKEN


@pytest.mark.parametrize("converted", [True, False])
@pytest.mark.parametrize(("text", "charset"), [(ARABIC, "windows-1256"), (TURKISH, "windows-1254")])
def test_without_the_raw_message_the_parsed_one_has_to_do(
    bench: Bench, text: str, charset: str, converted: bool
) -> None:
    bench.fake.converted, bench.fake.raw_by_token = converted, False
    stored = bench.opened(plain(text, charset))
    assert bench.run(lambda box: box.message(stored.event_id)).document.text.strip() == text
    bench.fail("message", times=1)
    bench.fail("message", 500)
    assert bench.run(lambda box: box.message(stored.event_id)).document.text.strip() == text


@pytest.mark.parametrize("decoded", [True, False])
def test_subjects_in_encoded_words(bench: Bench, decoded: bool) -> None:
    bench.fake.decoded = decoded
    message = built({"Subject": "رد: الطلب المتأخر منذ أسبوعين وما زلنا ننتظر الرد منكم"})
    message.set_content(ARABIC)
    stored = bench.opened(wire(message))
    expected = "رد: الطلب المتأخر منذ أسبوعين وما زلنا ننتظر الرد منكم"
    assert bench.run(lambda box: box.message(stored.event_id)).subject == expected


@pytest.mark.parametrize(
    ("labels", "address", "direction"),
    [
        (("INBOX", "UNREAD"), None, "incoming"),
        ((), None, "incoming"),
        (("SENT",), None, "outgoing"),
        (("SENT", "INBOX"), None, "outgoing"),
        (("DRAFT",), None, "outgoing"),
        (("INBOX",), "BO@client.example", "outgoing"),
        (("INBOX",), ANA, "incoming"),
    ],
)
def test_whose_message_it_is(
    bench: Bench, labels: tuple[str, ...], address: str | None, direction: str
) -> None:
    bench.address = address
    stored = bench.opened(plain("Where are they?"), labels=labels)
    assert bench.run(lambda box: box.message(stored.event_id)).direction == direction


def test_without_labels_the_sender_decides(bench: Bench) -> None:
    bench.fake.labelled = False
    stored = bench.opened(plain("Here they are.", headers={"From": f"Ana <{ANA}>"}), labels=("SENT",))
    assert bench.run(lambda box: box.message(stored.event_id)).direction == "incoming"
    bench.address = ANA.upper()
    assert bench.run(lambda box: box.message(stored.event_id)).direction == "outgoing"


def test_attachments_are_not_fetched(bench: Bench) -> None:
    message = built()
    message.set_content("The photos are blurred.")
    message.add_attachment(b"\x00" * (5 << 18), maintype="image", subtype="png", filename="photo.png")
    stored = bench.opened(wire(message))
    document = bench.run(lambda box: box.message(stored.event_id)).document
    assert document.text.strip() == "The photos are blurred."
    assert [dict(note.values) for note in document.notes if note.code == "attachments-ignored"] == [
        {"count": 1}
    ]
    assert bench.asked() == ["message full"]


def test_a_doubtful_text_beside_a_large_attachment_is_read_as_it_is(bench: Bench) -> None:
    message = built()
    message.set_content(TURKISH, charset="iso-8859-9")
    message.add_attachment(b"\x00" * (5 << 18), maintype="image", subtype="png", filename="photo.png")
    stored = bench.opened(wire(message))
    assert bench.run(lambda box: box.message(stored.event_id)).document.text.strip() == TURKISH
    assert bench.asked() == ["message full"]


def test_a_mail_beyond_a_mebibyte_is_too_large(bench: Bench) -> None:
    stored = bench.opened(plain("All work and no play. " * 60_000))
    assert isinstance(refused(bench, stored.event_id), MailTooLarge)


def test_a_text_that_is_told_by_an_id_only_is_read_raw(bench: Bench) -> None:
    bench.fake.large = 1000
    stored = bench.opened(plain("Where are the menus? " * 100))
    assert "Where are the menus?" in bench.run(lambda box: box.message(stored.event_id)).document.text
    bench.fake.raw_by_token = False
    assert isinstance(refused(bench, stored.event_id), MailEmpty)


def test_what_has_no_text_is_empty(bench: Bench) -> None:
    picture, invitation = built(), built()
    picture.set_content(b"\x89PNG", maintype="image", subtype="png")
    invitation.set_content("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", subtype="calendar")
    for raw in (wire(picture), wire(invitation), plain(" \n \n"), plain("")):
        stored = bench.opened(raw)
        assert isinstance(refused(bench, stored.event_id), MailEmpty)


# What can go wrong.


def test_expired_tokens(bench: Bench) -> None:
    stored = bench.opened(plain(SECRET))
    bench.fake.open(MESSAGE_TOKEN, ANA, stored, expired=True)
    for answer in ((403, "forbidden", "Access denied: Expired access token."), (401, "", "")):
        bench.fake.refused_token = answer
        assert isinstance(refused(bench, stored.event_id), MailExpired)
    bench.sign_in(expired=True)
    assert isinstance(refused(bench, stored.event_id), MailExpired)


def test_a_token_of_another_message_opens_nothing(bench: Bench) -> None:
    stored, other = bench.opened(plain(SECRET)), bench.opened(plain("Thanks!"))
    assert isinstance(refused(bench, stored.event_id), MailExpired)
    assert bench.run(lambda box: box.message(other.event_id)).document.text.strip() == "Thanks!"


@pytest.mark.parametrize(
    "scopes",
    [
        ("gmail.addons.current.action.compose",),
        ("gmail.addons.current.message.metadata",),
        ("gmail.metadata",),
    ],
)
def test_too_little_consent_names_what_is_missing(bench: Bench, scopes: tuple[str, ...]) -> None:
    stored = bench.opened(plain(SECRET))
    bench.sign_in(scopes)
    error = refused(bench, stored.event_id)
    assert isinstance(error, MailNeedsScopes)
    assert error.scopes == (READ,)


def test_without_a_message_token_the_scopes_of_add_ons_count_for_nothing(bench: Bench) -> None:
    stored = bench.opened(plain(SECRET))
    bench.message_token = None
    assert isinstance(refused(bench, stored.event_id), MailNeedsScopes)
    bench.sign_in(("gmail.readonly",))
    assert bench.run(lambda box: box.message(stored.event_id)).id == stored.id


def test_the_scope_for_clicks_reads_after_a_click(bench: Bench) -> None:
    bench.sign_in(("gmail.addons.current.message.action",))
    stored = bench.opened(plain(SECRET))
    assert bench.run(lambda box: box.message(stored.event_id)).id == stored.id
    bench.fake.open(MESSAGE_TOKEN, ANA, stored, clicked=False)
    assert isinstance(refused(bench, stored.event_id), MailNeedsScopes)


def test_what_is_gone(bench: Bench) -> None:
    bench.opened(plain(SECRET))
    assert isinstance(refused(bench, "msg-f:17"), MailGone)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 503},
        {"lose": True},
        {"body": b'{"id": "18d', "status": 0},
        {"body": b"[]"},
        {"body": b"<html>"},
        {"body": b'{"id": "1", "payload": []}'},
        {"body": b'{"id":"1","threadId":"1","payload":{"body":{"data":"A"},"mimeType":"text/plain"}}'},
        {"body": b'{"a":' * 20_000},
        {"status": 429, "headers": {"Retry-After": "0"}},
        {"status": 403, "reason": "userRateLimitExceeded", "headers": {"Retry-After": "0"}},
    ],
)
def test_a_reading_is_asked_again_once(bench: Bench, fault: dict[str, object]) -> None:
    stored = bench.opened(plain(SECRET))
    bench.fail("message", **fault)  # type: ignore[arg-type]
    assert bench.run(lambda box: box.message(stored.event_id)).id == stored.id
    assert len(bench.fake.calls) == 2
    bench.fail("message", times=2, **fault)  # type: ignore[arg-type]
    assert isinstance(refused(bench, stored.event_id), MailUnavailable)
    assert len(bench.fake.calls) == 4


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (400, "failedPrecondition", MailUnavailable),
        (403, "accessNotConfigured", MailUnavailable),
        (403, "domainPolicy", MailUnavailable),
        (410, "", MailGone),
        (413, "", MailTooLarge),
        (418, "", MailUnavailable),
    ],
)
def test_a_refusal_is_not_asked_again(bench: Bench, status: int, reason: str, kind: type[MailError]) -> None:
    stored = bench.opened(plain(SECRET))
    bench.fail("message", status, reason=reason)
    assert isinstance(refused(bench, stored.id), kind)
    assert len(bench.fake.calls) == 1


def test_a_wait_longer_than_the_request_is_not_waited_for(bench: Bench) -> None:
    stored = bench.opened(plain(SECRET))
    bench.fail("message", 429, headers={"Retry-After": "600"})
    assert isinstance(refused(bench, stored.event_id), MailUnavailable)
    assert len(bench.fake.calls) == 1


def test_slow_answers_end_with_the_request(portal: BlockingPortal) -> None:
    bench = Bench(portal, lambda: Deadline(0.3))
    stored = bench.opened(plain(SECRET))
    bench.fail("message", delay=2.0, times=2)
    assert isinstance(refused(bench, stored.event_id), MailSlow)


def test_nothing_is_asked_when_no_time_is_left(portal: BlockingPortal) -> None:
    bench = Bench(portal, lambda: Deadline(0.0))
    stored = bench.opened(plain(SECRET))
    assert isinstance(refused(bench, stored.event_id), MailSlow)
    assert bench.fake.calls == []


def test_errors_and_logs_tell_nothing_of_the_mail(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stored = bench.opened(plain(SECRET))
    said = []
    for status in (0, 400, 401, 403, 404, 500):
        if status:
            bench.fail("message", status, times=2)
            error = refused(bench, stored.event_id)
            # What an exception drags along can end in a log as well.
            assert error.__context__ is None
            assert error.__cause__ is None
            said.append(f"{error!r} {error}")
        else:
            said.append(repr(bench.run(lambda box: box.message(stored.event_id))))
    for secret in (SECRET, "The menus", "bo@client", CLIENT, USER_TOKEN, MESSAGE_TOKEN):
        assert secret not in " ".join(said)
        assert secret not in caplog.text


def test_a_token_that_is_no_header_is_not_told(bench: Bench) -> None:
    stored = bench.opened(plain(SECRET))
    bench.message_token = "AF\r\nX-Evil: 1"
    assert "Evil" not in repr(refused(bench, stored.event_id))
