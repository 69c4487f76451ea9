from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tone import charsets
from app.tone.mail import NotAMail, read_eml, read_eml_envelope, read_html, read_mail, read_text, unflow
from app.tone.types import Document

CORPUS = Path(__file__).parent.parent / "corpus"


def load(name: str) -> bytes:
    return (CORPUS / f"{name}.eml").read_bytes()


def words(document: Document, kind: str) -> str:
    return "|".join(
        document.text[s.span.start : s.span.end].strip() for s in document.segments if s.kind == kind
    )


def notes(document: Document) -> dict[str, dict[str, str | int]]:
    return {note.code: dict(note.values) for note in document.notes}


def test_plain_text_is_its_own_source() -> None:
    document = read_text("Hi Ann,\r\n\r\nDone.\r\n\r\n-- \r\nTom", "Re: menus")
    assert document.source == document.text
    assert not document.is_html
    assert document.subject == "Re: menus"
    assert notes(document) == {"signature-skipped": {}}


def test_html_text_leads_back_to_its_source() -> None:
    document = read_html("<p>Hi Ann,</p><p>It&rsquo;s done.</p>")
    assert document.is_html
    assert document.text == "Hi Ann,\n\nIt’s done."
    assert notes(document) == {}


def test_a_gmail_reply() -> None:
    document = read_eml(load("gmail_en"))
    assert document.subject == "Re: café menus"
    assert not document.is_html
    assert words(document, "greeting") == "Hi Ann,"
    assert words(document, "body").startswith("the menus went out")
    assert words(document, "signature") == "Cheers, Tom"
    assert words(document, "quote").startswith("On Mon, 2 Mar 2026")
    assert set(notes(document)) == {"signature-skipped", "quoted-part-skipped"}


def test_an_outlook_reply_in_html() -> None:
    document = read_eml(load("outlook_fr"))
    assert document.is_html
    assert document.source.startswith("<html>")
    assert document.subject == "RE : commande réglée"
    assert words(document, "greeting") == "Madame Roy,"
    assert words(document, "body").startswith("l’erreur vient de chez nous")
    assert words(document, "signature") == "Bien à vous,\nLuc Perret\nAtelier Perret"
    assert words(document, "quote").endswith("Toujours rien reçu.")
    assert "html-only" in notes(document)


def test_text_around_a_picture_is_one_text() -> None:
    document = read_eml(load("apple_ar"))
    assert document.subject == "رد: الطلب"
    assert words(document, "greeting") == "السلام عليكم أستاذ سامي،"
    assert words(document, "body").startswith("وصلت الشحنة")
    assert words(document, "signature") == "مع التحية،\nلينا حداد"
    assert words(document, "quote").endswith("> أين الطلب؟")
    assert notes(document)["attachments-ignored"] == {"count": 1}


@pytest.mark.parametrize(
    ("name", "expected", "charset"),
    [
        ("turkish_called_latin1", "işçilik hatası bizde, kapağı değiştirip", "cp1254"),
        ("arabic_unlabelled", "تأخر الطلب بسبب خطأ في قسم الشحن", "cp1256"),
        ("utf8_called_latin1", "le modèle corrigé est prêt, désolé", "utf-8"),
    ],
)
def test_wrong_and_unknown_charsets(name: str, expected: str, charset: str) -> None:
    document = read_eml(load(name))
    assert expected in document.text
    assert notes(document)["charset-guessed"] == {"charset": charset}


def test_flowed_lines_are_joined() -> None:
    document = read_eml(load("flowed_en"))
    assert "tomorrow at ten to go through them with you" in words(document, "body")
    assert "> You said Monday, and I have waited for them all day long." in words(document, "quote")
    assert "That was my mistake." in words(document, "body")
    assert words(document, "signature") == "-- \nTom Bell"


def test_flowed_text_can_lose_the_space_at_the_break() -> None:
    assert unflow("soft \nware\n", delete_space=True) == "software\n"
    assert unflow(">> a \n>> b\n> c") == ">> a b\n> c"


def test_a_forwarded_message() -> None:
    document = read_eml(load("forward_tr"))
    assert document.subject == "İLT: teklif"
    assert words(document, "forward").startswith("---------- İletilen mesaj")
    assert "forwarded-part-skipped" in notes(document)


def test_calendar_parts_and_attached_messages_are_ignored() -> None:
    document = read_eml(load("invitation_en"))
    assert words(document, "body") == "shall we talk on Thursday at ten? Tom"
    assert "Where are they?" not in document.text
    assert notes(document)["attachments-ignored"] == {"count": 2}


def test_html_is_read_when_the_plain_part_only_stands_in() -> None:
    document = read_eml(load("stand_in_plain"))
    assert document.is_html
    assert words(document, "body").startswith("the menus went out")


def test_a_message_cut_off_is_read_as_far_as_it_goes() -> None:
    document = read_eml(load("cut_off"))
    assert words(document, "body") == "the menus went out at no"
    assert "truncated" in notes(document)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n",
        b"just words",
        b"\x00\x01\x02",
        b"Foo: bar\n\nwords",
        b"Subject: x\n\n",
        load("only_attachment"),
    ],
)
def test_what_is_not_a_mail_is_refused(raw: bytes) -> None:
    with pytest.raises(NotAMail):
        read_eml(raw)


def test_the_envelope() -> None:
    envelope = read_eml_envelope(load("gmail_en"))
    assert envelope.from_name == "Tom Bell"
    assert envelope.date == dt.datetime(2026, 3, 3, 10, 15, tzinfo=dt.UTC)
    assert envelope.message_id == "<third@press.example>"
    assert envelope.thread_id == "<first@shop.example>"


def test_the_thread_of_a_reply_without_references_and_of_a_first_mail() -> None:
    assert read_eml_envelope(load("apple_ar")).thread_id == "<ar0@sami.example>"
    assert read_eml_envelope(load("apple_ar")).from_name == "لينا حداد"
    assert read_eml_envelope(load("outlook_fr")).thread_id == "<fr1@perret.example>"


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Tue, 99 Mar 2026 10:15:00 +0000", "Tue, 3 Mar 2026 10:15:00 +9999"]
)
def test_a_date_that_is_none(date: str) -> None:
    assert read_eml_envelope(b"From: a@b.example\nDate: " + date.encode() + b"\n\nx").date is None


def test_unreadable_headers_stay_as_they_are() -> None:
    raw = b"From: =?x-none?B?////?= <a@b.example>\nSubject: =?utf-8?B?a?= caf\xe9\n\nwords"
    envelope, document = read_mail(raw)
    assert "caf" in document.subject
    assert isinstance(envelope.from_name, str)


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Ça a été réglé hier à midi, désolé", "cp1252"),
        ("Özür dileriz, yarın gönderiyoruz, teşekkür ederiz şimdiden", "cp1254"),
        ("نعتذر عن التأخير ونرسل الطلب غدا", "cp1256"),
        ("نعتذر عن التأخير ونرسل الطلب غدا", "iso8859-6"),
        ("نعتذر", "utf-8"),
        ("Désolé", "utf-16"),
    ],
)
def test_charsets_are_told_from_the_bytes(text: str, codec: str) -> None:
    assert charsets.guess(text.encode(codec)) == codec
    assert charsets.decode(text.encode(codec), "x-unknown") == (text, codec)


def test_a_charset_that_fits_is_believed() -> None:
    assert charsets.decode("Straße".encode("latin-1"), "ISO-8859-1") == ("Straße", None)
    assert charsets.decode("Привет".encode("koi8-r"), "koi8-r") == ("Привет", None)
    assert charsets.decode(b"plain", None) == ("plain", None)


@given(
    st.binary(max_size=300),
    st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["utf-8", "utf-16", "big5", "base64"])),
)
def test_any_bytes_give_a_text(raw: bytes, declared: str | None) -> None:
    text, _ = charsets.decode(raw, declared)
    assert isinstance(text, str)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_mail_or_refused(raw: bytes) -> None:
    try:
        document = read_eml(b"Subject: x\nContent-Type: text/html\n" + raw)
    except NotAMail:
        return
    assert document.text.strip()


@pytest.mark.parametrize("label", ["windows-1256", "windows-1254", "iso-8859-9", "iso-8859-6"])
@pytest.mark.parametrize("text", ["نعتذر عن التأخير في الطلب", "Sipariş geciktiği için özür dileriz"])
def test_utf8_under_a_label_of_one_byte_is_utf8(label: str, text: str) -> None:
    head = (
        f"Subject: x\r\nContent-Type: text/plain; charset={label}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    _, document = read_mail(head.encode() + text.encode())
    assert document.text.strip() == text


@pytest.mark.parametrize(
    ("label", "text"), [("windows-1256", "نعتذر عن التأخير"), ("iso-8859-9", "Sipariş geciktiği için özür")]
)
def test_and_what_is_labelled_right_stays(label: str, text: str) -> None:
    head = (
        f"Subject: x\r\nContent-Type: text/plain; charset={label}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    _, document = read_mail(head.encode() + text.encode(label))
    assert document.text.strip() == text


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_tag_at_the_end_of_what_is_read_of_markup_is_not_shown_in_half(cut: int) -> None:
    words = "words " * ((250_000 - 6) // 6)
    source = f"{words:<{250_000 - cut}}<a href=x>more</a>" + "x" * 100
    assert set(read_html(source).text.split()) <= {"words", "m"}
