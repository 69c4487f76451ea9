from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tone.segments import segment
from tests.growth import linear

TAILS = {
    "en": "\n\nOn Mon, 2 Mar 2026 at 09:14, Ann Lee <ann@example.com> wrote:\n> Where is it?\n> Ann",
    "en wrapped": "\n\nOn Mon, 2 Mar 2026 at 09:14, Ann Lee\n<ann@example.com> wrote:\n> Where is it?\n"
    ">\n> Ann\n",
    "fr": "\n\nLe lun. 2 mars 2026 à 09:14, Anne Petit <anne@example.com> a écrit :\n> Où en est-on ?\n",
    "ar": "\n\nفي الاثنين، 2 مارس 2026 في 9:14 ص كتب سامي <sami@example.com>:\n> أين الطلب؟",
    "tr": "\n\nAyşe Kaya <ayse@example.com>, 2 Mar 2026 Pzt, 09:14 tarihinde şunu yazdı:\n> Nerede kaldı?",
    "outlook en": "\n\n-----Original Message-----\nFrom: Ann\nSent: Monday\nTo: Bob\nSubject: late\n\n"
    "Where is it?\n\nAnn",
    "outlook rule": "\n\n________________________________\nFrom: Ann <a@x.org>\nSent: Monday\nSubject: "
    "late\n\nWhere?",
    "outlook fr": "\n\nDe : Anne\nEnvoyé : lundi 2 mars\nÀ : Luc\nObjet : retard\n\nOù en est-on ?",
    "outlook ar": "\n\nمن: سامي\nتاريخ الإرسال: الاثنين\nإلى: لينا\nالموضوع: التأخير\n\nأين الطلب؟",
    "outlook tr": "\n\nKimden: Ayşe\nGönderilen: Pazartesi\nKime: Can\nKonu: gecikme\n\nNerede kaldı?",
    "fr separator": "\n\n-----Message d'origine-----\nDe : Anne\n\nOù en est-on ?",
    "ar separator": "\n\n-----الرسالة الأصلية-----\nمن: سامي\nأين الطلب؟",
    "tr separator": "\n\n-----Özgün İleti-----\nKimden: Ayşe\nNerede kaldı?",
}
FORWARDS = [
    "\n\n---------- Forwarded message ---------\nFrom: Ann\nSubject: x\n\nText",
    "\n\nBegin forwarded message:\n\n> From: Ann\n> Text",
    "\n\n---------- Message transféré ---------\nDe : Anne\n\nTexte",
    "\n\n---------- رسالة محولة ---------\nمن: سامي\n\nنص",
    "\n\n---------- İletilen mesaj ---------\nKimden: Ayşe\n\nMetin",
]


def parts(text: str) -> list[tuple[str, str]]:
    return [(s.kind, text[s.span.start : s.span.end].strip()) for s in segment(text)]


def own(text: str) -> list[tuple[str, str]]:
    return [(kind, words) for kind, words in parts(text) if kind in ("greeting", "body") and words]


@pytest.mark.parametrize(
    ("text", "greeting", "body", "signature"),
    [
        ("Hi Sam,\n\nIt ships today.\n\nBest regards,\nTom Bell\nBell & Co.", "Hi Sam,", "It ships today.",
            "Best regards,"),
        ("Hi Sam, thanks for asking. It ships today.\n\nCheers, Tom", "Hi Sam,", "thanks for asking",
            "Cheers, Tom"),
        ("Dear Mr. Bell,\nIt ships today.\nTom", "Dear Mr. Bell,", "It ships today.", "Tom"),
        ("Trevor,\n\nIt ships today.\n\n-- \nTom", "Trevor,", "It ships today.", "-- \nTom"),
        ("Hello Ann,\n\nDone.\n\nSent from my iPhone", "Hello Ann,", "Done.", "Sent from my iPhone"),
        ("Hello Ann,\n\nCall me.\n\nTom Bell\nTel. +44 20 7946 0000\nwww.example.com", "Hello Ann,",
            "Call me.", "Tom Bell\nTel."),
        ("Bonjour Madame Roy,\n\nC'est parti.\n\nBien à vous,\n\nLuc Roy\nchef d'atelier",
            "Bonjour Madame Roy,", "C'est parti.", "Bien à vous,"),
        ("Madame, Monsieur,\n\nC'est parti.\n\nVeuillez agréer, Madame, Monsieur, mes salutations "
        "distinguées.\n\nLuc", "Madame, Monsieur,", "C'est parti.", "Veuillez agréer"),
        ("Chère Élodie, cher Luc,\n\nC'est parti.\n\nCordialement\nAnne", "Chère Élodie, cher Luc,",
            "C'est parti.", "Cordialement\nAnne"),
        ("الأستاذ سامي المحترم،\n\nتم الإرسال اليوم صباحا.\n\nمع التحية،\nلينا حداد",
            "الأستاذ سامي المحترم،", "تم الإرسال", "مع التحية،"),
        ("السلام عليكم أخوي سامي،\nأرسلنا الطلب.\n\nتحياتي\nلينا", "السلام عليكم أخوي سامي،",
            "أرسلنا الطلب.", "تحياتي"),
        ("Sayın Elif Hanım,\n\nKargo çıktı.\n\nSaygılarımla,\nCan Öz\nMüdür", "Sayın Elif Hanım,",
            "Kargo çıktı.", "Saygılarımla,"),
        ("Elif Hanım merhaba, kargo bugün çıktı.\n\nSevgiler\nCan", "Elif Hanım merhaba,",
            "kargo bugün çıktı.", "Sevgiler\nCan"),
    ],
)  # fmt: skip
def test_the_parts_of_a_mail(text: str, greeting: str, body: str, signature: str) -> None:
    kinds, words = zip(*parts(text), strict=True)
    assert kinds == ("greeting", "body", "signature")
    assert words[0] == greeting
    assert words[1].startswith(body)
    assert words[2].startswith(signature.strip())


@pytest.mark.parametrize(
    "text",
    [
        "Hello this is not what we agreed, and you know it.",
        "You call this a report?\n\nDo it again.",
        "Thanks for your patience.\n\nIt ships today.",
        "See you tomorrow.\n\nBring the keys!",
        "The list:\n- apples\n- pears\n- Tom",
        "Tom",
        "From: Paris\nTo: Lyon\n\nis what I booked.",
        "I forwarded message and invoice to Ann, as you wrote:\nsend them today.",
        "On 5 March you wrote:\n\nthat the banner is wrong. It is not.",
        "Veuillez croire ce que vous voudrez.",
        "Our offer is confidential. Keep this message to yourself.",
    ],
)
def test_what_looks_like_a_part_and_is_text(text: str) -> None:
    assert [kind for kind, _ in parts(text) if kind != "greeting"] == ["body"]


@pytest.mark.parametrize("name", TAILS)
def test_quoted_tails(name: str) -> None:
    assert parts("Hi Ann,\n\nIt ships today.\n\nTom" + TAILS[name]) == [
        ("greeting", "Hi Ann,"),
        ("body", "It ships today."),
        ("signature", "Tom"),
        ("quote", TAILS[name].strip()),
    ]


@pytest.mark.parametrize("tail", FORWARDS)
def test_forwarded_messages(tail: str) -> None:
    assert parts("See below.\n\nTom" + tail)[-1] == ("forward", tail.strip())


def test_answers_between_quotations_are_the_writers_words() -> None:
    text = (
        "Hi Ann,\n\nOn 2 Mar 2026, Ann wrote:\n> When?\n\nToday at five.\n\n> Who?\nTom does it.\n\n> "
        "Noon?\nNoon\n\nTom"
    )
    assert [kind for kind, _ in parts(text)] == [
        "greeting", "quote", "body", "quote", "body", "quote", "body", "signature",
    ]  # fmt: skip
    assert ("body", "Today at five.") in parts(text)
    assert ("body", "Noon") in parts(text)


def test_a_postscript_is_text_again() -> None:
    text = "Hi Ann,\n\nIt ships today.\n\nBest,\nTom\n\nPS: this is the last time I do your work."
    assert parts(text)[-1] == ("body", "PS: this is the last time I do your work.")
    assert parts(text)[-2] == ("signature", "Best,\nTom")


@pytest.mark.parametrize(
    "notice",
    [
        "This e-mail and any attachments are confidential and intended solely for the addressee. If "
        "you received it in error, delete it.",
        "CONFIDENTIALITY NOTICE: for the named person only.",
        "Ce message est confidentiel et destiné à l'usage exclusif de son destinataire. En cas de "
        "réception par erreur, merci de le supprimer.",
        "هذه الرسالة سرية وموجهة إلى المرسل إليه فقط، فإذا وصلتك عن طريق الخطأ فيرجى حذفها فورا وإبلاغ "
        "مرسلها.",
        "Bu e-posta gizli olup yalnızca alıcısına yöneliktir. Yanlışlıkla elinize geçtiyse lütfen "
        "siliniz ve göndereni uyarınız.",
        "Yasal Uyarı: bu iletideki bilgiler gizlidir.",
    ],
)
def test_disclaimers(notice: str) -> None:
    assert [kind for kind, _ in parts(f"Hi Ann,\n\nIt ships today.\n\nTom\n\n{notice}")] == [
        "greeting", "body", "signature", "disclaimer",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change", [lambda t: t.replace("\n", "\r\n"), lambda t: unicodedata.normalize("NFD", t)]
)
def test_line_ends_and_normal_forms_make_no_difference(change: object) -> None:
    assert callable(change)
    text = change(
        "Chère Anaïs,\n\nC'est réglé.\n\nÀ bientôt,\nZoé\n\nLe 2 mars 2026 à 9:14, Anaïs a écrit :\n> Alors ?"
    )
    assert [kind for kind, _ in parts(text)] == ["greeting", "body", "signature", "quote"]


def test_bidi_marks_do_not_hide_a_part() -> None:
    text = (
        "\u200fالسلام عليكم سامي،\n\nأرسلنا الطلب اليوم.\n\n\u200fمع التحية،\n\u200fلينا\n\n\u200f> "
        "أين الطلب؟"
    )
    assert [kind for kind, _ in parts(text)] == ["greeting", "body", "signature", "quote"]


LINES = st.sampled_from([
    "", "Hi Sam,", "Merhaba", "It ships today.", "> quoted", "Best regards,", "Tom", "-- ", "___", "-----",
    "From: Ann",
    "On Monday", "Sent: today", "PS: one more", "wrote:", "- item", "مع التحية", "كتب سامي:", "\u200f", " ",
    "x" * 500,
    "This e-mail is confidential, intended solely for the addressee; delete it, if received in error.", "\r",
    "2 Mar 2026:",
    "On 2 Mar 2026, Ann wrote:", '"words"', "---------- Forwarded message ---------",
    "-----Original Message-----",
])  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(LINES, max_size=14).map("\n".join))


@given(TEXTS)
def test_segments_tile_the_text(text: str) -> None:
    found = segment(text)
    assert "".join(text[s.span.start : s.span.end] for s in found) == text
    assert all(s.span.start < s.span.end for s in found)
    assert all(a.kind != b.kind and a.span.end == b.span.start for a, b in pairwise(found))


@pytest.mark.parametrize("name", TAILS)
@given(text=TEXTS)
def test_a_quoted_tail_changes_nothing_before_it(name: str, text: str) -> None:
    assert own(text + TAILS[name]) == own(text)


@pytest.mark.parametrize(
    "unit",
    [
        "\n",
        "a\n",
        "> a\nb\n",
        "---\n",
        "From: a\n",
        "On a\n",
        "wrote:\n",
        "Tom\n\n",
        "x",
        "-- \n",
        "1\n\n\n",
        "2:\n>\n",
    ],
)
def test_long_input_takes_no_longer_than_its_length(unit: str) -> None:
    linear(lambda n: segment(unit * n), 2**18 // len(unit))
