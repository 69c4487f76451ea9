"""One service and one browser for all browser tests; a fresh page, watched, for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from app.tone.review import Engine
from tests.browser.service import browsing, serving


@pytest.fixture(scope="package")
def address(engine: Engine) -> Iterator[str]:
    with serving(engine) as found:
        yield found


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=8000)
    with browsing() as found:
        yield found


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Open]:
    """Opens the playground. When the test ends, nothing may have gone wrong in the console unless it
    was announced (`complaints`), and nothing may have been asked of any other origin."""
    contexts: list[BrowserContext] = []
    seen: list[str] = []
    strangers: list[str] = []
    allowed: list[str] = []

    def watch(page: Page, origin: str) -> None:
        def heard(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                seen.append(message.text)

        def asked(request: Request) -> None:
            if not request.url.startswith((origin, "blob:" + origin)):
                strangers.append(request.url)

        page.on("console", heard)
        page.on("pageerror", lambda error: seen.append(str(error)))
        page.on("request", asked)

    def make(
        *, at: str | None = None, locale: str = "en-GB", width: int = 1280, complaints: str | None = None
    ) -> Page:
        origin = at or address
        context = browser.new_context(
            viewport={"width": width, "height": 900}, locale=locale, timezone_id="Europe/London"
        )
        contexts.append(context)
        if complaints:
            allowed.append(complaints)
        page = context.new_page()
        watch(page, origin)
        page.goto(origin)
        expect(page.locator("#panel > *").first).to_be_visible()
        return page

    yield make
    cookies = [cookie for context in contexts for cookie in context.cookies()]
    for context in contexts:
        context.close()
    assert [text for text in seen if not any(part in text for part in allowed)] == []
    assert strangers == []
    assert cookies == []
