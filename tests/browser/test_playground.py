"""The playground in a real browser, against a real service. What is found comes from exact rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from icalendar import Calendar
from playwright.sync_api import Download, Locator, Page, expect

Open = Callable[..., Page]
pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"])]

ULTIMATUM = "Sign by Tuesday or the shop goes offline"
VAGUE = "We will send you the sketches as soon as possible"
DRAFT = (
    "Hello Maya 😀,\n\n"  # two UTF-16 units in one code point: later offsets differ
    f"The brochure is late and we are at fault. {ULTIMATUM}. {VAGUE}. "
    "You will have the final files by Thursday noon.\n\n"
    "Best regards,\nSam"
)
ANGRY = "Sam, the brochure is three weeks late and I am furious. What on earth is going on? Maya"


def write(page: Page, text: str = DRAFT) -> None:
    page.locator("#text").fill(text)
    settled(page)


def settled(page: Page) -> None:
    expect(page.locator('#panel[aria-busy="false"] .summary')).to_be_visible()


def answered(page: Page) -> None:
    """Write the draft as an answer to an angry client, so that the review calls for several elements."""
    page.locator("#more summary").click()
    page.locator("#context").fill(ANGRY)
    write(page)


def text(page: Page) -> str:
    return page.locator("#text").input_value()


def card(page: Page, words: str) -> Locator:
    return page.locator(".finding", has_text=words)


def mark(page: Page, words: str) -> Locator:
    return page.locator("#layer mark", has_text=words)


def test_words_are_marked_where_they_stand(open_page: Open) -> None:
    page = open_page()
    page.locator("#text").press_sequentially(DRAFT[:60])
    write(page)
    expect(mark(page, ULTIMATUM)).to_have_attribute("data-severity", "error")
    expect(mark(page, VAGUE)).to_have_count(1)
    assert mark(page, ULTIMATUM).text_content() == ULTIMATUM
    layer = page.locator("#layer").text_content() or ""
    assert layer.removesuffix("\u200b") == DRAFT
    hidden = page.evaluate("(() => { const t = document.getElementById('text');"
                           " return t.scrollHeight - t.clientHeight })()")  # fmt: skip
    assert hidden == 0, "the field would scroll away from its marks"
    expect(page.get_by_role("meter")).to_have_count(5)
    expect(page.locator("#said")).to_contain_text("out of 100")


def test_a_replacement_is_applied_and_undone(open_page: Open) -> None:
    page = open_page()
    write(page)
    card(page, VAGUE).get_by_role("button", name="Apply").first.click()
    assert text(page) == DRAFT.replace("as soon as possible", "by [day]")
    selected = page.evaluate("getSelection().toString()")
    assert selected == "[day]"
    page.keyboard.type("Tuesday")
    settled(page)
    expect(card(page, VAGUE)).to_have_count(0)
    page.locator(".change").get_by_role("button", name="Undo").click()
    assert text(page) == DRAFT
    expect(card(page, VAGUE)).to_have_count(1)
    expect(page.locator(".change")).to_have_count(0)


def test_the_browsers_own_undo_knows_of_an_applied_replacement(open_page: Open) -> None:
    page = open_page()
    write(page)
    card(page, VAGUE).get_by_role("button", name="Apply").first.click()
    page.keyboard.press("Control+z")
    assert text(page) == DRAFT


def test_a_missing_element_is_inserted_and_undone(open_page: Open) -> None:
    page = open_page()
    answered(page)
    first = page.locator(".missing").first
    identity = first.get_attribute("data-element")
    sentence = first.locator(".better").inner_text()
    first.get_by_role("button", name="Insert").click()
    assert sentence in text(page)
    settled(page)
    expect(page.locator(f'.missing[data-element="{identity}"]')).to_have_count(0)
    page.locator(".elements .change").get_by_role("button", name="Undo").click()
    assert text(page) == DRAFT
    expect(page.locator(f'.missing[data-element="{identity}"]')).to_have_count(1)


def test_a_dismissed_finding_stays_away_until_it_is_restored(open_page: Open) -> None:
    page = open_page()
    write(page)
    card(page, VAGUE).get_by_role("button", name="Dismiss").click()
    expect(card(page, VAGUE)).to_have_count(0)
    expect(mark(page, VAGUE)).to_have_count(0)
    kept = page.evaluate("JSON.stringify({...localStorage})")
    assert "sketches" not in kept
    page.reload()
    write(page, DRAFT.replace("Hello", "Dear"))
    expect(card(page, ULTIMATUM)).to_have_count(1)
    expect(card(page, VAGUE)).to_have_count(0)
    page.locator(".dismissed summary").click()
    page.locator(".dismissed").get_by_role("button", name="Restore").click()
    expect(card(page, VAGUE)).to_have_count(1)
    expect(mark(page, VAGUE)).to_have_count(1)


def events(download: Download) -> list[str]:
    calendar = Calendar.from_ical(Path(download.path()).read_bytes())
    return [str(event["uid"]) for event in calendar.walk("VEVENT")]


def test_holds_are_downloaded_as_calendar_files(open_page: Open) -> None:
    page = open_page()
    write(page)
    rows = page.locator(".holds li")
    count = rows.count()
    assert count >= 2
    with page.expect_download() as one:
        rows.first.get_by_role("button", name="Download").click()
    assert one.value.suggested_filename.endswith(".ics")
    assert len(events(one.value)) == 1
    with page.expect_download() as every:
        page.get_by_role("button", name="Download all").click()
    assert len(set(events(every.value))) == count
    assert events(one.value)[0] in events(every.value)


def test_the_revised_text_is_shown_as_a_diff_and_used(open_page: Open) -> None:
    page = open_page()
    write(page)
    expect(page.locator(".diff del", has_text="as soon as possible")).to_have_count(1)
    page.get_by_role("button", name="Use this text").click()
    revised = text(page)
    assert VAGUE not in revised
    assert "by [day]" in revised
    settled(page)
    expect(card(page, VAGUE)).to_have_count(0)
    page.locator(".change").get_by_role("button", name="Undo").click()
    assert text(page) == DRAFT


def test_nothing_is_written_over_a_text_that_has_changed_since(open_page: Open) -> None:
    page = open_page()
    write(page)
    changed = DRAFT.replace("Hello Maya", "Hello dear Maya")
    # In one turn of the event loop, so that no review can come in between.
    page.evaluate(
        """([text, words]) => {
          const field = document.getElementById("text");
          field.value = text;
          field.dispatchEvent(new Event("input"));
          const card = [...document.querySelectorAll(".finding")].find((c) => c.textContent.includes(words));
          card.querySelector('[data-action="apply"]').click();
        }""",
        [changed, VAGUE],
    )
    assert text(page) == changed
    expect(page.locator("#toast")).to_contain_text("changed in the meantime")
    settled(page)
    assert text(page) == changed
    card(page, VAGUE).get_by_role("button", name="Apply").first.click()
    assert text(page) == changed.replace("as soon as possible", "by [day]")


def test_an_answer_to_an_older_text_is_dropped(open_page: Open) -> None:
    page = open_page()
    page.evaluate(
        """() => {
          const real = window.fetch;
          let first = true;
          // The first answer comes late, and by a network that does not listen to an abort.
          window.fetch = async (address, options) => {
            const late = first && String(address).startsWith("/v1/reviews");
            if (!late) return real(address, options);
            first = false;
            const answer = await real(address, { ...options, signal: undefined });
            await new Promise((done) => setTimeout(done, 1500));
            window.lateAnswer = true;
            return answer;
          };
        }"""
    )
    page.locator("#text").fill(f"Hello Maya,\n\n{VAGUE}.")
    page.wait_for_timeout(450)
    write(page, f"Hello Maya,\n\n{ULTIMATUM}.")
    page.wait_for_timeout(2000)
    assert page.evaluate("window.lateAnswer")
    expect(card(page, ULTIMATUM)).to_have_count(1)
    expect(card(page, VAGUE)).to_have_count(0)


def test_apply_with_the_keyboard_alone(open_page: Open) -> None:
    page = open_page()
    write(page)
    page.keyboard.press("F8")
    expect(card(page, ULTIMATUM)).to_be_focused()
    page.keyboard.press("F8")
    expect(card(page, VAGUE)).to_be_focused()
    page.keyboard.press("Tab")
    expect(card(page, VAGUE).get_by_role("button", name="Apply").first).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    assert text(page) == DRAFT.replace("as soon as possible", "by [day]")
    page.keyboard.press("Control+z")
    settled(page)
    page.locator("#text").evaluate("(t, at) => t.setSelectionRange(at, at)", DRAFT.index("sketches") + 2)
    page.keyboard.press("Alt+Enter")
    assert text(page) == DRAFT.replace("as soon as possible", "by [day]")


def test_the_interface_turns_to_arabic_and_back(open_page: Open) -> None:
    page = open_page()
    write(page)
    page.locator("#language").select_option("ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    settled(page)
    arabic = re.compile(r"[\u0600-\u06ff]")
    for part in (".switch label", ".finding h3", ".finding .why", ".holds .row-title"):
        expect(page.locator(part).first).to_have_text(arabic)
    expect(card(page, VAGUE).locator(".better").first).to_contain_text("by [day]")
    link = page.locator(".finding .cited a").first.get_attribute("href") or ""
    assert re.fullmatch(r"/guidelines/[a-z-]+\?lang=ar", link)
    assert page.request.get(page.url.rstrip("/") + link).ok
    page.reload()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.locator("#language").select_option("fr")
    expect(page.locator("html")).to_have_attribute("dir", "ltr")


@pytest.mark.parametrize("locale", ["en-GB", "fr-FR", "ar-SA", "tr-TR"])
def test_a_narrow_screen_does_not_scroll_sideways(open_page: Open, locale: str) -> None:
    page = open_page(locale=locale, width=320)
    expect(page.locator("html")).to_have_attribute("lang", locale[:2])
    page.locator('[data-action="example"]').click()
    settled(page)
    # A key without its sentence would stand there itself.
    shown = page.locator("body").inner_text()
    assert not re.search(r"\b(?:word|finding|keys|part)[.-][a-z]+|\{\w+\}", shown)
    expect(page.locator(".finding").first).to_be_visible()
    page.locator("details").evaluate_all("all => all.forEach(d => { d.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_mail_of_the_client_is_reviewed_for_its_mood(open_page: Open) -> None:
    page = open_page()
    page.get_by_text("From the client").click()
    write(page, ANGRY + "\nIf I do not have it by Friday noon, our lawyer will call you.")
    expect(page.locator(".mood")).to_contain_text(re.compile("tense|upset|hostile"))
    expect(page.get_by_role("meter")).to_have_count(0)
    expect(page.locator(".dates")).to_contain_text("Friday")
    by_phone = "by phone" in page.locator(".facts").inner_text()
    expect(page.locator(".brief")).to_have_count(int(by_phone))
