"""The pane for everyone: by keyboard alone, for those who hear it, in four languages, at 320 pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest
from playwright.sync_api import expect

from tests.axe import violations
from tests.outlook.office import Outlook, composing, reading
from tests.outlook.test_pane_compose import DRAFT, HISTORY, ULTIMATUM, VAGUE, card, settled
from tests.outlook.test_pane_read import ANGRY, LOCALES

Open = Callable[..., Outlook]
pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"])]


@pytest.mark.npm
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LOCALES)
def test_nobody_is_kept_out(open_pane: Open, language: str, scheme: Literal["light", "dark"]) -> None:
    more: dict[str, Any] = {
        "language": LOCALES[language],
        "locale": LOCALES[language],
        "dark": scheme == "dark",
    }
    outlook = open_pane(composing(DRAFT, history=HISTORY), scheme=scheme, **more)
    settled(outlook)
    outlook.pane.locator("#marked summary").click()
    outlook.pane.locator("#settings summary").click()
    outlook.pane.locator("#usual-hours").uncheck()
    assert violations(outlook.pane) == []
    outlook.select_item(reading(ANGRY[language]))
    settled(outlook)
    assert violations(outlook.pane) == []
    outlook.select_item(None)
    assert violations(outlook.pane) == []


@pytest.mark.parametrize("language", LOCALES)
def test_nothing_runs_over_the_edge(open_pane: Open, language: str) -> None:
    more = {"language": LOCALES[language], "locale": LOCALES[language]}
    for mail in (composing(DRAFT, history=HISTORY), reading(ANGRY[language])):
        outlook = open_pane(mail, **more)
        settled(outlook)
        outlook.pane.locator("#settings summary").click()
        over = outlook.pane.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert over <= 0


def focused(outlook: Outlook) -> str:
    found: str = outlook.pane.evaluate(
        "document.activeElement?.dataset.key ?? document.activeElement?.id ?? ''"
    )
    return found


def tab_to(outlook: Outlook, key: str, most: int = 80) -> None:
    for _ in range(most):
        if focused(outlook).startswith(key):
            return
        outlook.page.keyboard.press("Tab")
    raise AssertionError(f"{key} is not reached by Tab")


def test_by_keyboard_alone(open_pane: Open) -> None:
    outlook = open_pane(composing(DRAFT, history=HISTORY), flavour="identity")
    settled(outlook)
    keyboard = outlook.page.keyboard
    tab_to(outlook, "apply:")
    keyboard.press("Enter")
    expect(outlook.pane.locator(".change")).to_have_count(1)
    assert focused(outlook).startswith("undo:"), "the way back is where the focus is"
    settled(outlook)
    tab_to(outlook, "undo:")
    keyboard.press("Enter")
    expect(outlook.pane.locator(".change")).to_have_count(0)
    assert outlook.body == DRAFT
    assert focused(outlook) == "review"
    settled(outlook)
    keyboard.press("F8")
    assert focused(outlook).startswith("finding:")
    keyboard.press("F8")
    second = focused(outlook)
    keyboard.press("Shift+F8")
    assert focused(outlook) != second
    keyboard.press("Alt+Enter")
    expect(outlook.pane.locator(".change")).to_have_count(1)
    assert outlook.body != DRAFT


def test_findings_are_dismissed_by_keyboard_without_losing_the_place(open_pane: Open) -> None:
    outlook = open_pane(composing(DRAFT, history=HISTORY))
    settled(outlook)
    tab_to(outlook, "dismiss:")
    outlook.page.keyboard.press("Enter")
    assert focused(outlook).startswith("finding:")
    expect(card(outlook, ULTIMATUM).or_(card(outlook, VAGUE))).to_have_count(1)
