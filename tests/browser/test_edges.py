"""Files, failures, colours and the page's own algorithms, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from app.tone.review import Engine
from tests.browser.service import serving
from tests.browser.test_playground import ULTIMATUM, card, mark, settled, text, write

Open = Callable[..., Page]
pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"])]
KEY = "a-key-for-these-tests"

EML = f"""\
From: maya@example.org
Subject: =?utf-8?q?Caf=C3=A9_menu?=
Content-Type: text/html; charset=utf-8

<html><head><style>p {{}}</style></head><body><p>Hello Maya,</p><p>{ULTIMATUM}.<br>Thanks</p></body></html>
"""


def drop(page: Page, name: str, content: str) -> None:
    page.evaluate(
        """([name, content]) => {
          const data = new DataTransfer();
          data.items.add(new File([content], name));
          document.getElementById("text").dispatchEvent(
            new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        [name, content],
    )


def test_a_mail_file_is_opened(open_page: Open, tmp_path: Path) -> None:
    page = open_page()
    file = tmp_path / "draft.eml"
    file.write_text(EML, encoding="utf-8")
    page.locator("#file").set_input_files(file)
    expect(page.locator("#text")).to_have_value(f"Hello Maya,\n\n{ULTIMATUM}.\nThanks")
    expect(page.locator("#subject")).to_have_value("Café menu")
    expect(mark(page, ULTIMATUM)).to_have_count(1)


def test_files_are_dropped(open_page: Open) -> None:
    page = open_page()
    drop(page, "a.html", f"<p>Dear&nbsp;all,</p><script>alert(1)</script><p>{ULTIMATUM}.</p>")
    expect(page.locator("#text")).to_have_value(f"Dear all,\n\n{ULTIMATUM}.")
    expect(card(page, ULTIMATUM)).to_have_count(1)
    drop(page, "b.txt", "Hello Maya,\r\nthe banner is ready.")
    expect(page.locator("#text")).to_have_value("Hello Maya,\nthe banner is ready.")
    # An answer on its way would take the place of what is said of the next file.
    expect(card(page, ULTIMATUM)).to_have_count(0)
    settled(page)
    drop(page, "c.docx", "PK")
    expect(page.locator('[data-problem="file"]')).to_be_visible()
    assert text(page) == "Hello Maya,\nthe banner is ready."


def test_a_service_that_is_away_leaves_the_text_alone(open_page: Open) -> None:
    page = open_page(complaints="ERR_FAILED")

    def fail(route: Route) -> None:
        route.abort()

    page.route("**/v1/reviews", fail)
    page.locator("#text").fill(f"Hello Maya,\n\n{ULTIMATUM}.")
    expect(page.locator('[data-problem="away"]')).to_be_visible()
    assert ULTIMATUM in text(page)
    page.unroute("**/v1/reviews", fail)
    page.get_by_role("button", name="Try again").click()
    expect(card(page, ULTIMATUM)).to_have_count(1)


def test_a_service_with_a_key_asks_for_it(open_page: Open, engine: Engine) -> None:
    with serving(engine, api_keys=KEY, max_bytes=4096) as address:
        page = open_page(at=address, complaints="status of 4")
        page.locator("#text").fill(f"Hello Maya,\n\n{ULTIMATUM}.")
        expect(page.locator('[data-problem="key"]')).to_contain_text("A key is needed")
        page.locator("#key").fill("not-the-right-one")
        page.keyboard.press("Enter")
        expect(page.locator('[data-problem="key"]')).to_contain_text("does not know this key")
        page.locator("#key").fill(KEY)
        page.keyboard.press("Enter")
        expect(card(page, ULTIMATUM)).to_have_count(1)
        assert KEY in page.evaluate("JSON.stringify({...sessionStorage})")
        assert KEY not in page.evaluate("JSON.stringify({...localStorage})")
        page.locator("#text").fill("The banner is ready. " * 300)
        expect(page.locator('[data-problem="large"]')).to_contain_text("4096")
        page.close()


@pytest.mark.parametrize("code", ["busy", "not-ready"])
def test_a_service_without_time_is_asked_again(open_page: Open, code: str) -> None:
    page = open_page(complaints="status of 503")
    problem = {"type": f"/problems/{code}", "title": "Later", "status": 503}
    page.route(
        "**/v1/reviews",
        lambda route: route.fulfill(
            status=503, json=problem, headers={"Retry-After": "2"}, content_type="application/problem+json"
        ),
        times=1,
    )
    page.locator("#text").fill(f"Hello Maya,\n\n{ULTIMATUM}.")
    kind = {"busy": "busy", "not-ready": "starting"}[code]
    expect(page.locator(f'[data-problem="{kind}"]')).to_be_visible()
    expect(card(page, ULTIMATUM)).to_have_count(1)


def test_a_field_that_is_not_right_is_named(open_page: Open) -> None:
    page = open_page(complaints="status of 422")
    write(page)
    page.locator("#more summary").click()
    page.locator("#value").fill("-5")
    expect(page.locator('[data-problem="fields"] code')).to_contain_text("amount")
    page.locator("#value").fill("50000")
    settled(page)


def test_a_short_text_says_so(open_page: Open) -> None:
    page = open_page()
    write(page, "OK")
    expect(page.locator('[data-note="text-too-short"]')).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".empty")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_have_the_contrast_of_wcag_aa(open_page: Open, theme: str) -> None:
    page = open_page()
    pairs = [("ink", "card"), ("ink", "paper"), ("ink", "sunk"), ("on-accent", "accent"), ("soft", "sunk")]
    pairs += [("soft", back) for back in ("card", "paper", "accent-tint")]
    pairs += [("accent", back) for back in ("card", "paper")]
    pairs += [(name, f"{name}-tint") for name in ("accent", "error", "warning", "hint")]
    pairs += [("ink", f"{name}-tint") for name in ("accent", "error", "warning", "hint")]
    ratios: dict[str, float] = page.evaluate(
        """([theme, pairs]) => {
          document.documentElement.dataset.theme = theme;
          const probe = document.body.appendChild(document.createElement("i"));
          const light = (name) => {
            probe.style.color = `var(--${name})`;
            const [r, g, b] = getComputedStyle(probe).color.match(/[0-9.]+/g).map((value) => {
              const part = value / 255;
              return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          return Object.fromEntries(pairs.map(([a, b]) => {
            const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
            return [`${a} on ${b}`, (high + 0.05) / (low + 0.05)];
          }));
        }""",
        [theme, pairs],
    )
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


def test_the_colours_can_be_switched(open_page: Open) -> None:
    page = open_page()
    switch = page.get_by_role("button", name="Dark appearance")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_diff_makes_both_texts(open_page: Open) -> None:
    page = open_page()
    wrong: list[Any] = page.evaluate(
        """async () => {
          const { words } = await import("/static/differ.js");
          const pool = ["ab", " ", "سلام", "\\n", ".", "é", "  ", "[day]", "c"];
          let seed = 7;
          const next = (n) => (seed = (seed * 48271) % 2147483647) % n;
          const make = () => Array.from({ length: next(16) }, () => pool[next(pool.length)]).join("");
          const wrong = [];
          for (let i = 0; i < 4000; i += 1) {
            const [a, b] = [make(), make()];
            const pieces = words(a, b);
            const without = (kind) => pieces.filter((p) => p.kind !== kind).map((p) => p.text).join("");
            if (without("ins") !== a || without("del") !== b) wrong.push([a, b]);
          }
          return wrong;
        }"""
    )
    assert wrong == []


def test_places_follow_the_edits_of_a_text(open_page: Open) -> None:
    page = open_page()
    wrong: list[Any] = page.evaluate(
        """async () => {
          const { difference, shifted } = await import("/static/ledger.js");
          let seed = 11;
          const next = (n) => (seed = (seed * 48271) % 2147483647) % n;
          const make = (n) => Array.from({ length: next(n) }, () => "ab😀 "[next(5)]).join("");
          const wrong = [];
          for (let i = 0; i < 4000; i += 1) {
            const before = make(24);
            const from = next(before.length + 1);
            const to = from + next(before.length - from + 1);
            const after = before.slice(0, from) + make(6) + before.slice(to);
            const start = next(before.length + 1);
            const end = start + next(before.length - start + 1);
            const edit = difference(before, after);
            if ((edit === null) !== (before === after)) wrong.push([before, after]);
            if (!edit) continue;
            const moved = shifted({ start, end }, edit);
            if (moved && after.slice(moved.start, moved.end) !== before.slice(start, end))
              wrong.push([before, after, start, end]);
          }
          return wrong;
        }"""
    )
    assert wrong == []
