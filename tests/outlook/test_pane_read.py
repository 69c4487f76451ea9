"""The pane beside a message that was received: what it says of the client, and the way to an answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.outlook.office import Outlook, reading

Open = Callable[..., Outlook]
pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"])]

ANGRY = {
    "en": "<p>Sam, the brochure is three weeks late and I am furious. What on earth is going on?</p>"
    "<p>We need it by Friday.</p><p>Maya</p>",
    "fr": "<p>Sam, la brochure a trois semaines de retard et je suis furieuse. Que se passe-t-il&nbsp;?</p>"
    "<p>Il nous la faut pour vendredi.</p><p>Maya</p>",
    "ar": '<p dir="rtl">سام، تأخر الكتيب ثلاثة أسابيع وأنا غاضبة جدًا. ما الذي يحدث؟ '
    "نحتاجه قبل يوم الجمعة.</p>"
    '<p dir="rtl">مايا</p>',
    "tr": "<p>Sam, broşür üç hafta gecikti ve çok kızgınım. Neler oluyor? Cuma gününe kadar lazım.</p>"
    "<p>Maya</p>",
}
CALM = "<p>Hello Sam, thank you for the list. It looks fine to me.</p><p>Noor</p>"
LOCALES = {"en": "en-GB", "fr": "fr-FR", "ar": "ar-SA", "tr": "tr-TR"}


def settled(outlook: Outlook) -> None:
    expect(outlook.pane.locator('#panel[aria-busy="false"] .summary')).to_be_visible()


@pytest.mark.parametrize("language", LOCALES)
def test_an_angry_message(open_pane: Open, language: str) -> None:
    outlook = open_pane(reading(ANGRY[language]), language=LOCALES[language], locale=LOCALES[language])
    settled(outlook)
    pane = outlook.pane
    assert pane.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")
    expect(pane.locator('[data-temperature="upset"], [data-temperature="hostile"]')).to_have_count(1)
    expect(pane.locator(".facts")).to_be_visible()
    expect(pane.locator(".advice .card").first).to_be_visible()
    expect(pane.locator(".holds li").first).to_be_visible()
    expect(pane.locator(".brief")).to_have_count(1)
    # Nothing of a message that lies there can be changed.
    for action in ("apply", "insert", "use"):
        expect(pane.locator(f'[data-action="{action}"]')).to_have_count(0)


def test_a_reply_is_started_with_what_the_message_calls_for(open_pane: Open) -> None:
    outlook = open_pane(reading(ANGRY["en"]))
    settled(outlook)
    outlook.pane.get_by_role("button", name="Start the reply").click()
    outlook.wait_for_call("displayReplyFormAsync")
    reply = outlook.mail["reply"]["html"]
    assert reply.startswith('<div dir="ltr"><div>Dear Sam Client,</div>')
    assert "[" in reply
    assert "{" not in reply


def test_an_arabic_reply_is_written_from_right_to_left(open_pane: Open) -> None:
    outlook = open_pane(reading(ANGRY["ar"]), language="ar-SA", locale="ar-SA")
    settled(outlook)
    outlook.pane.locator('[data-action="reply"]').click()
    outlook.wait_for_call("displayReplyFormAsync")
    assert outlook.mail["reply"]["html"].startswith('<div dir="rtl">')


def test_an_older_outlook_has_an_older_way_to_reply(open_pane: Open) -> None:
    outlook = open_pane(reading(ANGRY["en"]), set=8)
    settled(outlook)
    outlook.pane.get_by_role("button", name="Start the reply").click()
    outlook.wait_for_call("displayReplyForm")
    assert "Sam Client" in outlook.mail["reply"]["html"]


def test_a_reply_that_cannot_be_started_is_told(open_pane: Open) -> None:
    outlook = open_pane(reading(ANGRY["en"]))
    settled(outlook)
    outlook.fail("displayReplyFormAsync")
    outlook.pane.get_by_role("button", name="Start the reply").click()
    expect(outlook.pane.locator('[data-problem="mail"]')).to_be_visible()


def test_a_sent_message_of_ones_own(open_pane: Open) -> None:
    own = {"displayName": "Ana Wright", "emailAddress": "Ana@studio.test"}
    html = "<p>Hello Maya, you should have read the quote. Sign by Tuesday or the shop goes offline.</p>"
    outlook = open_pane(reading(html, **{"from": own}))
    settled(outlook)
    expect(outlook.pane.get_by_role("meter")).to_have_count(5)
    expect(outlook.pane.locator(".finding").first).to_be_visible()
    expect(outlook.pane.locator('[data-action="apply"], [data-action="reply"]')).to_have_count(0)


def test_the_answers_of_two_messages_are_never_mixed(open_pane: Open) -> None:
    outlook = open_pane(reading(ANGRY["en"]))
    settled(outlook)
    # The slow body of the first comes back after the second was opened.
    outlook.hold("body.getAsync")
    outlook.select_item(reading(ANGRY["fr"], conversationId="slow"))
    outlook.wait_for_call("body.getAsync", 2)
    outlook.set(late="answer")
    expect(outlook.pane.locator(".summary")).to_have_count(0)
    outlook.select_item(reading(CALM, conversationId="calm"))
    outlook.release("body.getAsync")
    settled(outlook)
    expect(outlook.pane.locator("#layer")).to_contain_text("thank you for the list")
    expect(outlook.pane.locator('[data-temperature="calm"]')).to_have_count(1)
    expect(outlook.pane.locator("#layer")).not_to_contain_text("furieuse")


def test_a_pinned_pane_with_nothing_open(open_pane: Open) -> None:
    outlook = open_pane(None)
    expect(outlook.pane.get_by_role("heading", name="No message is open")).to_be_visible()
    outlook.select_item(reading(CALM))
    settled(outlook)
    outlook.select_item(None)
    expect(outlook.pane.get_by_role("heading", name="No message is open")).to_be_visible()
    expect(outlook.pane.locator("#panel > *")).to_have_count(0)
    expect(outlook.pane.locator("#layer")).to_be_empty()


def test_a_link_opens_beside_outlook(open_pane: Open) -> None:
    outlook = open_pane(reading(ANGRY["en"]))
    settled(outlook)
    with outlook.page.context.expect_page() as opened:
        outlook.pane.locator(".privacy a").click()
    assert opened.value.url.endswith("/privacy")
    settled(outlook)
    assert outlook.page.url.endswith("/outlook/pane")


def test_outside_of_outlook(open_pane: Open) -> None:
    outlook = open_pane(None, host=None)
    expect(outlook.pane.get_by_role("heading", name="This page belongs in Outlook")).to_be_visible()
    expect(outlook.pane.get_by_role("link", name="Try it on a page")).to_have_attribute("href", "/")
    assert outlook.calls() == []


def test_the_pane_looks_as_outlook_looks(open_pane: Open) -> None:
    outlook = open_pane(reading(CALM), dark=True)
    settled(outlook)
    dark = outlook.pane.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    outlook.theme(dark=False)
    outlook.pane.wait_for_function("document.documentElement.dataset.theme === 'light'")
    light = outlook.pane.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert dark != light


def test_a_zone_that_the_service_does_not_know(open_pane: Open) -> None:
    outlook = open_pane(reading(ANGRY["en"]), timeZone="Customized Time Zone", complaints=("422",))
    settled(outlook)
    expect(outlook.pane.locator(".holds li").first).to_be_visible()


def test_a_frame_of_outlook_on_the_web(open_pane: Open) -> None:
    outlook = open_pane(reading(ANGRY["en"]), embedded=True)
    settled(outlook)
    expect(outlook.pane.locator(".advice .card").first).to_be_visible()
