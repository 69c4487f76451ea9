"""Pictures of the playground, of Gmail's cards and of Outlook's pane for the documentation.

`python -m tests.browser.screenshots [FOLDER]`
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from app.tone.review import Engine
from app.tone.types import LANGUAGES
from tests.browser.service import browsing, serving
from tests.outlook.office import Outlook, composing, reading
from tests.outlook.test_pane_compose import DRAFT, HISTORY
from tests.outlook.test_pane_read import ANGRY
from tests.outlook.test_pane_read import LOCALES as OUTLOOK

DOCS = Path(__file__).parents[2] / "docs"
LOCALES = {"en": "en-GB", "ar": "ar-SA"}
ZONES = {"en": "Europe/London", "ar": "Asia/Riyadh"}


def example(
    browser: Browser,
    address: str,
    language: str,
    scheme: Literal["light", "dark"],
    width: int = 1280,
    height: int = 1700,
) -> Page:
    """The page with its own example reviewed, in one language and one colour scheme."""
    page = browser.new_page(
        viewport={"width": width, "height": height},
        locale=LOCALES[language],
        timezone_id=ZONES[language],
        color_scheme=scheme,
    )
    page.goto(address)
    page.locator('[data-action="example"]').click()
    page.locator('#panel[aria-busy="false"] .summary').wait_for()
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    return page


def cards(browser: Browser, address: str, folder: Path) -> None:
    """The card beside a hostile client's mail, in each language, from the card preview."""
    page = browser.new_page(viewport={"width": 320, "height": 900})
    for language in LANGUAGES:
        page.goto(f"{address}/preview/gmail?lang={language}&state=message-hostile")
        page.locator("main").screenshot(path=folder / f"gmail-{language}.png")
    page.close()


def panes(browser: Browser, address: str, folder: Path) -> None:
    """The pane beside an angry client's message in each language, and beside a draft, light and dark."""
    for language in LANGUAGES:
        page = browser.new_page(viewport={"width": 320, "height": 1400}, locale=OUTLOOK[language])
        outlook = Outlook(page, address, reading(ANGRY[language]), language=OUTLOOK[language]).open()
        outlook.pane.locator('#panel[aria-busy="false"] .summary').wait_for()
        page.screenshot(path=folder / f"outlook-read-{language}.png")
        page.close()
    for scheme in ("light", "dark"):
        page = browser.new_page(viewport={"width": 320, "height": 1400}, locale="en-GB")
        mail = composing(DRAFT, history=HISTORY)
        outlook = Outlook(page, address, mail, dark=scheme == "dark", flavour="identity").open()
        outlook.pane.locator('#panel[aria-busy="false"] .summary').wait_for()
        page.screenshot(path=folder / f"outlook-draft-{scheme}.png")
        page.close()


def take(folder: Path) -> None:
    with serving(Engine.load()) as address, browsing() as browser:
        for language in LOCALES:
            for scheme in ("light", "dark"):
                page = example(browser, address, language, scheme)
                page.screenshot(path=folder / f"playground-{language}-{scheme}.png")
                page.close()
        page = example(browser, address, "en", "light", 320, 2400)
        page.screenshot(path=folder / "playground-320.png")
        page.close()
        cards(browser, address, folder)
        panes(browser, address, folder)


if __name__ == "__main__":
    take(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
