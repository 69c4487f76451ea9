"""Drafts that are read and put back, and replies that are begun, on the fake Gmail."""

from __future__ import annotations

import http.client
from email import message_from_bytes, policy
from email.message import Message
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from app.gmail.messages import (
    DRAFTS,
    Draft,
    MailChanged,
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
from tests.gmail.fakes import ADDON
from tests.gmail.mails import (
    ANA,
    ARABIC,
    Bench,
    built,
    composed,
    patient,
    plain,
    wire,
)

HTML = (
    '<div dir="ltr"><div>Hi Bo,</div><div><br></div><div>Calm down, it will be there tomorrow.</div><br>'
    '<div><div dir="ltr" class="gmail_signature">Ana Kaya<br>Atelier</div></div></div><br>'
    '<div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Fri, 27 Nov 2026 at 09:00, Bo Client &lt;'
    '<a href="mailto:bo@client.example">bo@client.example</a>&gt; wrote:<br></div><blockquote '
    'class="gmail_quote" style="margin:0px 0px 0px 0.8ex"><div>Where are my menus?</div></blockquote></div>'
)
TEXT = (
    "Hi Bo,\n\nCalm down, it will be there tomorrow.\n\nAna Kaya\nAtelier\n\n"
    "On Fri, 27 Nov 2026 at 09:00, Bo Client <bo@client.example> wrote:\n\n> Where are my menus?\n"
)
REPLYING = {
    "Subject": "Re: The menus", "In-Reply-To": "<m1@client.example>", "References": "<m1@client.example>",
}  # fmt: skip


@pytest.fixture
def bench(portal: BlockingPortal, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = patient(portal, monkeypatch)
    made.sign_in((*ADDON, "gmail.compose"))
    return made


def answered(bench: Bench, raw: bytes | None = None, **rest: Any) -> tuple[str, str]:
    """The event's id of a conversation with a draft in it, and the draft's id."""
    first = bench.opened(plain("Where are my menus?"))
    draft = composed(HTML, TEXT, headers=REPLYING, **rest) if raw is None else raw
    return first.event_thread, bench.fake.save_draft(ANA, draft, first.thread)


def draft_of(bench: Bench, thread: str | None) -> Draft:
    found = bench.run(lambda box: box.draft(thread))
    assert found is not None
    return found


def leaves(mail: Message) -> list[Message]:
    return [part for part in mail.walk() if not part.is_multipart()]


# Reading a draft.


def test_a_draft_is_read_as_gmail_shows_it(bench: Bench) -> None:
    thread, identifier = answered(bench)
    found = draft_of(bench, thread)
    assert found.id == identifier
    assert found.message.direction == "outgoing"
    assert found.message.subject == "Re: The menus"
    assert found.message.document.is_html
    assert found.own == "Hi Bo,\n\nCalm down, it will be there tomorrow."
    assert found.signature == "Ana Kaya\nAtelier"
    assert found.tail.startswith("On Fri, 27 Nov 2026")
    assert found.tail.endswith("Where are my menus?")
    assert found.raw == bench.fake.drafts(ANA)[identifier].raw
    assert {note.code for note in found.message.document.notes} == {
        "signature-skipped",
        "quoted-part-skipped",
    }
    assert bench.asked() == ["list", "get minimal", "get raw"]
    # The message's token is for the open message; all drafts are another matter.
    assert {call.message_token for call in bench.fake.calls} == {None}


def test_the_newest_draft_of_the_conversation_is_the_one(bench: Bench) -> None:
    for newest_first in (True, False):
        bench.fake.newest_first = newest_first
        thread, old = answered(bench)
        new = bench.fake.save_draft(ANA, plain("Newer"), bench.fake.drafts(ANA)[old].thread)
        bench.fake.save_draft(ANA, plain("Elsewhere"))
        assert draft_of(bench, thread).id == new
        bench.fake.type_on(ANA, old, plain("Newest"))
        assert draft_of(bench, thread).own == "Newest"
        assert draft_of(bench, bench.fake.drafts(ANA)[old].thread).own == "Newest"


def test_without_a_conversation_it_is_the_newest_of_all(bench: Bench) -> None:
    answered(bench)
    new = bench.fake.save_draft(ANA, plain("Newest"))
    assert draft_of(bench, None).id == new


def test_dates_that_are_not_told_leave_one_draft(bench: Bench) -> None:
    bench.fake.bare = True
    thread, identifier = answered(bench)
    assert draft_of(bench, thread).id == identifier


def test_no_draft(bench: Bench) -> None:
    first = bench.opened(plain("Where?"))
    assert bench.run(lambda box: box.draft(first.event_thread)) is None
    bench.fake.save_draft(ANA, plain("Elsewhere"))
    assert bench.run(lambda box: box.draft(first.event_thread)) is None


def test_a_draft_on_a_later_page_is_found(bench: Bench) -> None:
    bench.fake.page, bench.fake.newest_first = 2, True
    thread, identifier = answered(bench)
    for _ in range(5):
        bench.fake.save_draft(ANA, plain("Elsewhere"))
    assert draft_of(bench, thread).id == identifier
    assert bench.asked().count("list") == 3
    for _ in range(5):
        bench.fake.save_draft(ANA, plain("Elsewhere"))
    assert bench.run(lambda box: box.draft(thread)) is None


def test_the_id_of_a_conversation_begun_here_is_asked_for(bench: Bench) -> None:
    thread, identifier = answered(bench)
    local = thread.replace("thread-f:", "thread-a:r")
    assert draft_of(bench, local).id == identifier
    assert bench.asked()[0] == "thread minimal"
    bench.fake.event_ids = False
    assert bench.run(lambda box: box.draft(local)) is None


def test_a_draft_that_goes_meanwhile_is_none(bench: Bench) -> None:
    thread, _ = answered(bench)
    bench.fail("get", 404)
    assert bench.run(lambda box: box.draft(thread)) is None
    bench.fail("get", 200)
    bench.fake.faults.clear()

    async def sent_meanwhile(box: Any) -> Any:
        stub = box._stub

        async def then_gone(draft_id: str) -> Any:
            found = await stub(draft_id)
            bench.fake.discard(ANA, draft_id)
            return found

        box._stub = then_gone
        return await box.draft(thread)

    assert bench.run(sent_meanwhile) is None


def test_a_draft_without_words_is_empty_and_one_with_much_attached_too_large(bench: Bench) -> None:
    picture = built(REPLYING)
    picture.set_content(b"\x89PNG", maintype="image", subtype="png")
    for raw in (wire(picture), plain(" ", headers=REPLYING)):
        thread, _ = answered(bench, raw)
        with pytest.raises(MailEmpty):
            bench.run(lambda box, thread=thread: box.draft(thread))  # type: ignore[misc]
    for bare in (False, True):
        bench.fake.bare = bare
        thread, _ = answered(bench, attachment=b"x" * (1 << 20))
        with pytest.raises(MailTooLarge):
            bench.run(lambda box, thread=thread: box.draft(thread))  # type: ignore[misc]


def test_drafts_need_a_scope_of_their_own(bench: Bench) -> None:
    thread, _ = answered(bench)
    found = draft_of(bench, thread)
    bench.sign_in()
    for call in (lambda box: box.draft(thread), lambda box: box.put(found, HTML)):
        with pytest.raises(MailNeedsScopes) as caught:
            bench.run(call)
        assert caught.value.scopes == (DRAFTS,)


# Putting it back.


def test_a_revised_text_keeps_signature_tail_headers_and_attachments(bench: Bench) -> None:
    thread, identifier = answered(bench, attachment=b"%PDF \x00\xff binary")
    found = draft_of(bench, thread)
    revised = found.message.document.source.replace("Calm down, it will", "I am sorry. It will")
    bench.run(lambda box: box.put(found, revised))
    after = bench.fake.drafts(ANA)[identifier]
    assert after.thread == found.message.thread
    assert draft_of(bench, thread).own == "Hi Bo,\n\nI am sorry. It will be there tomorrow."
    assert draft_of(bench, thread).message.document.source == revised
    mail = after.mail
    text, html, attached = leaves(mail)
    assert "I am sorry. It will" in text.get_content()  # type: ignore[attr-defined]
    assert "Calm down" not in text.get_content() + html.get_content()  # type: ignore[attr-defined]
    assert "Where are my menus?" in text.get_content()  # type: ignore[attr-defined]
    assert "gmail_signature" in html.get_content()  # type: ignore[attr-defined]
    assert attached.get_payload(decode=True) == b"%PDF \x00\xff binary"
    assert attached.get_filename() == "teklif ş.pdf"
    before = message_from_bytes(found.raw, policy=policy.default)
    for name in ("From", "To", "Subject", "In-Reply-To", "References", "Message-ID", "Date", "Content-Type"):
        assert mail[name] == before[name]
    call = bench.fake.calls[4]
    assert (call.operation, call.body["message"]["threadId"]) == ("update", found.message.thread)


def test_a_plain_draft_stays_plain(bench: Bench) -> None:
    flowed = plain("Calm down, \nit is on its way.\n\n-- \nAna", headers=REPLYING)
    raw = flowed.replace(b'charset="utf-8"', b'charset="utf-8"; format=flowed; delsp=no')
    thread, identifier = answered(bench, raw)
    found = draft_of(bench, thread)
    assert found.own == "Calm down, it is on its way."
    revised = found.rewritten("It is on its way.\nI am sorry.")
    assert revised is not None
    bench.run(lambda box: box.put(found, revised))
    mail = bench.fake.drafts(ANA)[identifier].mail
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == ["It is on its way.", "I am sorry.", "", "-- ", "Ana"]
    assert mail["Content-Type"].params == {"charset": "utf-8"}
    assert draft_of(bench, thread).own == "It is on its way.\nI am sorry."


def test_own_words_put_anew_leave_the_rest(bench: Bench) -> None:
    thread, _ = answered(bench)
    found = draft_of(bench, thread)
    revised = found.rewritten("Hello Bo,\n1 < 2 & so on")
    assert revised is not None
    assert "Hello Bo,<br>1 &lt; 2 &amp; so on" in revised
    bench.run(lambda box: box.put(found, revised))
    after = draft_of(bench, thread)
    assert after.own == "Hello Bo,\n1 < 2 & so on"
    assert (after.signature, after.tail) == (found.signature, found.tail)


def test_words_between_quoted_lines_have_no_one_place(bench: Bench) -> None:
    thread, _ = answered(bench, plain("> Where?\n\nHere.\n\n> When?\n\nNow.", headers=REPLYING))
    assert draft_of(bench, thread).rewritten("x") is None
    thread, _ = answered(bench, plain("> Where?\n> When?", headers=REPLYING))
    assert draft_of(bench, thread).rewritten("x") is None


def test_arabic_and_turkish_drafts_in_old_charsets_come_back_in_utf8(bench: Bench) -> None:
    thread, identifier = answered(bench, plain(ARABIC, "windows-1256", headers=REPLYING))
    found = draft_of(bench, thread)
    assert found.own == ARABIC
    bench.run(lambda box: box.put(found, f"{ARABIC} Şükran."))
    mail = bench.fake.drafts(ANA)[identifier].mail
    assert mail.get_content_charset() == "utf-8"
    assert mail.get_content().strip() == f"{ARABIC} Şükran."


def test_what_the_user_types_meanwhile_is_not_undone(bench: Bench) -> None:
    thread, identifier = answered(bench)
    found = draft_of(bench, thread)
    bench.fake.type_on(ANA, identifier, plain("Newer", headers=REPLYING))
    with pytest.raises(MailChanged):
        bench.run(lambda box: box.put(found, HTML))
    bench.fake.discard(ANA, identifier)
    with pytest.raises(MailGone):
        bench.run(lambda box: box.put(found, HTML))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 500}, MailUnavailable),
        ({"status": 429}, MailUnavailable),
        ({"lose": True}, MailUnavailable),
        ({"status": 401}, MailExpired),
        ({"status": 404}, MailGone),
        ({"status": 413}, MailTooLarge),
    ],
)
def test_a_writing_is_tried_once(bench: Bench, fault: dict[str, Any], kind: type[MailError]) -> None:
    thread, _ = answered(bench)
    found = draft_of(bench, thread)
    letter = bench.run(lambda box: box.message(found.message.thread))
    for operation, call in (
        ("update", lambda box: box.put(found, HTML)),
        ("create", lambda box: box.reply(letter, "Hello")),
    ):
        bench.fail(operation, **fault)
        with pytest.raises(kind):
            bench.run(call)
        assert bench.asked().count(operation) == 1


def test_a_slow_writing_is_not_tried_again(portal: BlockingPortal) -> None:
    bench = Bench(portal, lambda: Deadline(1.0))
    stored = bench.opened(plain("Where?"))
    letter = bench.run(lambda box: box.message(stored.event_id))
    bench.fail("create", delay=3.0)
    with pytest.raises(MailSlow):
        bench.run(lambda box: box.reply(letter, "Hello"))
    assert bench.asked().count("create") == 1


def test_where_gmail_hangs_up_the_library_itself_sends_again(bench: Bench) -> None:
    stored = bench.opened(plain("Where?"))
    letter = bench.run(lambda box: box.message(stored.event_id))
    bench.lost = http.client.RemoteDisconnected
    bench.fail("create", lose=True)
    bench.run(lambda box: box.reply(letter, "Hello"))
    # Known and rare: another draft does less harm than none.
    assert len(bench.fake.drafts(ANA)) == 2
