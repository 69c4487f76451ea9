"""A dismissed finding moves aside: nothing else is said differently, and its words stay as they are."""

from __future__ import annotations

import datetime as dt

import pytest

from app.tone.mail import read_html, read_text
from app.tone.review import Engine, Message, Request
from app.tone.types import Dismisses, Document, Finding, Review
from app.tone.week import default_hours

NOW = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)
DRAFTS = {
    "en": "As I already told you, the menus are late because you never sent the photos!!!",
    "en-long": "Dear Dana,\n\nYou obviously never read my last mail about the photos. As I already told you, "
    "the menus are late because you did not answer. THIS IS YOUR FAULT. I will send them on Friday.\n\nSam",
    "fr": "Bonjour Dana,\n\nComme je vous l'ai déjà dit, les menus sont en retard parce que vous n'avez "
    "jamais envoyé les photos !!! Vous exagérez.\n\nSam",
    "ar": "مرحبًا دانا،\n\nكما قلت لك من قبل، تأخرت القوائم لأنك لم ترسلي الصور!!! هذا خطؤك.\n\nسام",
    "tr": "Merhaba Dana,\n\nDaha önce de söylediğim gibi menüler sizin yüzünüzden gecikti!!! Bu sizin "
    "hatanız.\n\nSam",
}


def document(name: str, form: str) -> Document:
    text = DRAFTS[name]
    if form == "text":
        return read_text(text)
    return read_html("".join(f"<p>{part.replace('the', '<b>the</b>')}</p>" for part in text.split("\n\n")))


def review(engine: Engine, draft: Document, dismissed: Dismisses | None = None) -> Review:
    message = Message("outgoing", draft)
    return engine.review(Request(message, NOW, default_hours("UTC"), dismissed=dismissed))


def words(finding: Finding, draft: Document) -> tuple[str, str]:
    there = draft.to_source(finding.span)
    return finding.guideline, draft.source[there.start : there.end]


@pytest.mark.parametrize("form", ["text", "html"])
@pytest.mark.parametrize("name", DRAFTS)
def test_each_finding_alone_and_all_together(engine: Engine, name: str, form: str) -> None:
    draft = document(name, form)
    before = review(engine, draft)
    assert before.findings
    said = [words(finding, draft) for finding in before.findings]
    for gone in ({one} for one in said):
        after = review(engine, draft, lambda *pair, gone=gone: pair in gone)
        expected = [f for f, pair in zip(before.findings, said, strict=True) if pair in gone]
        assert list(after.dismissed) == expected
        left = [f.guideline for f, pair in zip(before.findings, said, strict=True) if pair not in gone]
        assert [finding.guideline for finding in after.findings] == left
        assert after.score == before.score
        assert after.revised is None or all(quote in after.revised for _, quote in gone)
    silent = review(engine, draft, lambda *_: True)
    assert silent.findings == ()
    assert silent.dismissed == before.findings
    assert silent.score == before.score
    assert silent.revised is None or all(quote in silent.revised for _, quote in said)


def test_words_count_as_they_were_found_and_as_a_replacement_widened_them(engine: Engine) -> None:
    draft = document("en", "text")
    [wide, _] = review(engine, draft).findings
    assert words(wide, draft)[1] == "As I already told you, the"
    after = review(
        engine, draft, lambda guideline, quote: quote in ("As I already told you", "As I already told you,")
    )
    assert after.dismissed == (wide,)


def test_who_dismissed_nothing_is_told_the_same(engine: Engine) -> None:
    draft = document("en-long", "text")
    assert review(engine, draft, lambda *_: False) == review(engine, draft)


def test_advice_leaves_out_what_was_dismissed(engine: Engine) -> None:
    draft = document("en-long", "text")
    told = {advice.id for advice in review(engine, draft).advice}
    assert {advice.id for advice in review(engine, draft, lambda *_: True).advice} <= told
