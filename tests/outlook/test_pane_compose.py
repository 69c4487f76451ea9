"""The pane beside a draft: a real service, the fake Outlook, and a writer who goes on writing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.outlook.office import Outlook, composing

Open = Callable[..., Outlook]
pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"])]

ULTIMATUM = "Sign by Tuesday or the shop goes offline"
VAGUE = "We will send you the sketches as soon as possible"
GREETING = "<div>Hello Maya 😀,</div><div><br></div>"
WORDS = (
    f'<div style="color: rgb(0, 0, 0);">The brochure is late and we are at fault. <b>{ULTIMATUM}</b>. '
    f'{VAGUE}. See <a href="https://studio.test/p?a=1&amp;b=2">the page</a>.</div>'
)
SIGNATURE = '<div><br></div><div id="Signature"><div>Sam<br><img src="cid:logo@1" width="80"></div></div>'
DRAFT = f"{GREETING}{WORDS}{SIGNATURE}"
ANGRY = "Sam, the brochure is three weeks late and I am furious. What on earth is going on? Maya"
HISTORY = (
    '<div id="appendonsend"></div><hr style="display: inline-block; width: 98%;">'
    '<div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Maya &lt;maya@client.test&gt;<br><b>Sent:</b> Monday<br>'
    f"<b>Subject:</b> Brochure</div><div>{ANGRY}</div>"
)


def card(outlook: Outlook, words: str) -> Locator:
    return outlook.pane.locator("#panel .finding", has_text=words)


def settled(outlook: Outlook) -> None:
    expect(outlook.pane.locator('#panel[aria-busy="false"] .summary')).to_be_visible()


def draft(open_pane: Open, html: str = DRAFT, **more: Any) -> Outlook:
    """A draft in an Outlook that gives back what was put there; how others rewrite it is tried apart."""
    mail = {name: more.pop(name) for name in ("history", "subject") if name in more}
    outlook = open_pane(composing(html, **{"history": HISTORY, **mail}), **{"flavour": "identity", **more})
    settled(outlook)
    return outlook


def test_a_draft_is_reviewed_with_what_it_answers(open_pane: Open) -> None:
    outlook = draft(open_pane)
    expect(outlook.pane.get_by_role("meter")).to_have_count(5)
    expect(card(outlook, ULTIMATUM)).to_have_count(1)
    expect(outlook.pane.locator('[data-temperature="upset"], [data-temperature="hostile"]')).to_have_count(1)
    # The client's own words are context: nobody is told how to change them.
    expect(card(outlook, "What on earth")).to_have_count(0)


def test_a_replacement_changes_its_words_alone(open_pane: Open) -> None:
    outlook = draft(open_pane)
    card(outlook, VAGUE).get_by_role("button", name="Apply").first.click()
    expect(card(outlook, VAGUE)).to_have_count(0)
    assert outlook.body == DRAFT.replace("as soon as possible", "by [day]")
    assert outlook.mail["history"] == HISTORY
    assert outlook.threads_lost == 0
    # What is left to fill in is shown, since Outlook cannot select it.
    expect(outlook.pane.locator("#layer .slot", has_text="[day]")).to_be_visible()


def test_undo_gives_back_the_very_draft(open_pane: Open) -> None:
    outlook = draft(open_pane)
    card(outlook, ULTIMATUM).get_by_role("button", name="Apply").first.click()
    expect(card(outlook, ULTIMATUM)).to_have_count(0)
    assert ULTIMATUM not in outlook.body
    outlook.pane.get_by_role("button", name=re.compile("^Undo")).first.click()
    expect(card(outlook, ULTIMATUM)).to_have_count(1)
    assert outlook.body == DRAFT


SAME = """async ([a, b]) => (await import("/outlook/static/body.js")).same(a, b, "html")"""


@pytest.mark.parametrize("flavour", ["web", "classic", "wrapping"])
@pytest.mark.parametrize("stale", [0, 400])
def test_outlook_rewrites_what_it_is_given(open_pane: Open, flavour: str, stale: int) -> None:
    # The fake parses HTML in the page, which the policy complains of; the pane does not.
    complaint = "Applying inline style violates"
    outlook = draft(open_pane, flavour=flavour, stale=stale, complaints=(complaint,))
    card(outlook, VAGUE).get_by_role("button", name="Apply").first.click()
    expect(card(outlook, VAGUE)).to_have_count(0)
    expected = DRAFT.replace("as soon as possible", "by [day]")
    assert outlook.pane.evaluate(SAME, [outlook.body, expected])
    assert not outlook.pane.evaluate(SAME, [outlook.body, DRAFT])
    expect(outlook.pane.locator(".change")).to_have_count(1)
    outlook.pane.get_by_role("button", name=re.compile("^Undo")).first.click()
    expect(card(outlook, VAGUE)).to_have_count(1)
    assert outlook.pane.evaluate(SAME, [outlook.body, DRAFT])
    assert outlook.mail["history"] == HISTORY
    assert outlook.threads_lost == 0


def test_everything_at_once_and_back(open_pane: Open) -> None:
    outlook = draft(open_pane)
    expect(outlook.pane.locator(".revised ins").first).to_be_visible()
    outlook.pane.get_by_role("button", name="Use this text").click()
    expect(outlook.pane.locator(".change")).to_have_count(1)
    assert ULTIMATUM not in outlook.body
    assert 'href="https://studio.test/p?a=1&amp;b=2"' in outlook.body
    assert SIGNATURE in outlook.body
    assert outlook.mail["history"] == HISTORY
    outlook.pane.get_by_role("button", name="Undo").click()
    expect(card(outlook, ULTIMATUM)).to_have_count(1)
    assert outlook.body == DRAFT


def test_a_missing_sentence_is_put_in_and_taken_out(open_pane: Open) -> None:
    outlook = draft(open_pane)
    button = outlook.pane.locator('[data-action="insert"]').first
    words = outlook.pane.locator(".missing .better").first.inner_text().strip()
    button.click()
    expect(outlook.pane.locator(".elements .change")).to_have_count(1)
    assert words.split(".")[0][:30] in re.sub(r"<[^>]+>", "", outlook.body)
    assert outlook.body.index("Signature") > outlook.body.index(words[:20])
    outlook.pane.locator('.elements [data-action="undo"]').click()
    expect(outlook.pane.locator(".elements .change")).to_have_count(0)
    assert outlook.body == DRAFT


def test_what_is_written_meanwhile_is_never_written_over(open_pane: Open) -> None:
    outlook = draft(open_pane)
    newer = DRAFT.replace("Hello Maya", "Dear Maya")
    outlook.edit(newer)
    card(outlook, VAGUE).get_by_role("button", name="Apply").first.click()
    expect(outlook.pane.locator("#toast")).to_contain_text("The text has changed")
    assert outlook.body == newer
    settled(outlook)
    card(outlook, VAGUE).get_by_role("button", name="Apply").first.click()
    expect(card(outlook, VAGUE)).to_have_count(0)
    assert outlook.body == newer.replace("as soon as possible", "by [day]")


def test_typing_is_followed(open_pane: Open) -> None:
    outlook = draft(open_pane, "<div>Hello Maya,</div><div>Thank you for the list.</div>")
    expect(card(outlook, ULTIMATUM)).to_have_count(0)
    outlook.edit(DRAFT)
    expect(card(outlook, ULTIMATUM)).to_have_count(1)


def test_undo_after_more_was_written_keeps_what_was_written(open_pane: Open) -> None:
    outlook = draft(open_pane)
    card(outlook, VAGUE).get_by_role("button", name="Apply").first.click()
    expect(card(outlook, VAGUE)).to_have_count(0)
    outlook.edit(outlook.body.replace("Hello Maya", "Dear Maya"))
    expect(outlook.pane.locator("#layer")).to_contain_text("Dear Maya")
    outlook.pane.get_by_role("button", name=re.compile("^Undo")).first.click()
    expect(card(outlook, VAGUE)).to_have_count(1)
    assert outlook.body == DRAFT.replace("Hello Maya", "Dear Maya")


@pytest.mark.parametrize("method", ["body.getAsync", "body.setAsync"])
def test_outlook_fails(open_pane: Open, method: str) -> None:
    outlook = draft(open_pane)
    outlook.fail(method)
    card(outlook, VAGUE).get_by_role("button", name="Apply").first.click()
    expect(outlook.pane.locator('[data-problem="mail"]')).to_be_visible()
    assert outlook.body == DRAFT
    outlook.pane.get_by_role("button", name="Try again").click()
    expect(card(outlook, VAGUE)).to_have_count(1)


def test_the_body_cannot_be_read_at_first(open_pane: Open) -> None:
    outlook = open_pane(None)
    outlook.fail("body.getAsync")
    outlook.select_item(composing(DRAFT))
    expect(outlook.pane.locator('[data-problem="mail"]')).to_be_visible()
    outlook.pane.get_by_role("button", name="Try again").click()
    settled(outlook)


def test_the_subject_is_reviewed_and_changed(open_pane: Open) -> None:
    outlook = draft(open_pane, subject="You should have read the quote")
    found = outlook.pane.locator("#subject-panel .finding")
    expect(found).to_have_count(1)
    expect(outlook.pane.locator("#subject-panel h2")).to_have_text("In the subject")
    applying = found.get_by_role("button", name="Apply")
    if applying.count():
        applying.first.click()
        expect(found).to_have_count(0)
        assert outlook.mail["subject"] != "You should have read the quote"
        outlook.pane.locator('#subject-panel [data-action="undo"]').click()
        expect(found).to_have_count(1)
    assert outlook.mail["subject"] == "You should have read the quote"
    assert outlook.body == DRAFT


def test_two_drafts_are_never_mixed(open_pane: Open) -> None:
    outlook = draft(open_pane, pinned=True)
    outlook.hold("body.setAsync", "call")
    card(outlook, VAGUE).get_by_role("button", name="Apply").first.click()
    other = "<div>Hello Noor,</div><div>Thank you for the list. It will be printed on Monday.</div>"
    outlook.select_item(composing(other, conversationId="another"))
    outlook.release("body.setAsync")
    expect(outlook.pane.locator("#layer")).to_contain_text("Hello Noor")
    settled(outlook)
    expect(outlook.pane.locator(".finding, .change")).to_have_count(0)
    assert outlook.body == other


def test_a_plain_text_draft(open_pane: Open) -> None:
    text = f"Hello Maya,\r\n\r\n{ULTIMATUM}. {VAGUE}.\r\n\r\nSam"
    outlook = open_pane(composing(text=text))
    settled(outlook)
    card(outlook, VAGUE).get_by_role("button", name="Apply").first.click()
    expect(card(outlook, VAGUE)).to_have_count(0)
    assert outlook.body == text.replace("as soon as possible", "by [day]")


def test_an_arabic_draft_from_right_to_left(open_pane: Open) -> None:
    html = (
        '<div dir="rtl" style="text-align: right;">مرحبًا نور،</div><div dir="rtl"><br></div>'
        '<div dir="rtl" style="text-align: right;">سنرسل إليك النسخة <b>في أقرب وقت</b> إن شاء الله. '
        "كان عليك قراءة العقد.</div>"
    )
    outlook = open_pane(composing(html), language="ar-SA", locale="ar-SA", flavour="identity")
    settled(outlook)
    assert outlook.pane.evaluate("document.documentElement.dir") == "rtl"
    expect(outlook.pane.locator("#panel .finding").first).to_be_visible()
    apply = outlook.pane.locator('#panel [data-action="apply"]').first
    apply.click()
    expect(outlook.pane.locator(".change")).to_have_count(1)
    assert outlook.body.count('dir="rtl"') == 3
    outlook.pane.locator('[data-action="undo"]').first.click()
    expect(outlook.pane.locator(".change")).to_have_count(0)
    assert outlook.body == html


def test_dismissals_follow_the_mailbox(open_pane: Open) -> None:
    outlook = draft(open_pane)
    card(outlook, ULTIMATUM).get_by_role("button", name="Dismiss").click()
    expect(card(outlook, ULTIMATUM)).to_have_count(0)
    outlook.wait_for_call("roamingSettings.saveAsync")
    assert ULTIMATUM not in str(outlook.saved)
    outlook.reopen()
    settled(outlook)
    expect(card(outlook, VAGUE)).to_have_count(1)
    expect(card(outlook, ULTIMATUM)).to_have_count(0)


def test_the_writer_chooses_language_and_hours(open_pane: Open) -> None:
    outlook = draft(open_pane)
    outlook.pane.locator("#settings summary").click()
    outlook.pane.locator("#language").select_option("fr")
    expect(outlook.pane.locator("#settings h2")).to_have_text("Réglages")
    settled(outlook)
    outlook.pane.locator("#usual-hours").uncheck()
    outlook.pane.locator("#work-start").fill("11:00")
    outlook.pane.locator("#work-end").fill("10:00")
    expect(outlook.pane.locator("#work-end")).to_have_attribute("aria-invalid", "true")
    outlook.pane.locator("#work-end").fill("19:00")
    expect(outlook.pane.locator("#work-end")).to_have_attribute("aria-invalid", "false")
    outlook.pane.wait_for_function("() => JSON.stringify(fakeOffice.state.roaming).includes('19:00')")
    outlook.reopen()
    settled(outlook)
    expect(outlook.pane.locator("#settings h2")).to_have_text("Réglages")
    expect(outlook.pane.locator("#work-start")).to_have_value("11:00")
