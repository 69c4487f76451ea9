"""One browser for the tests of the Outlook add-in, and panes that are looked after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from app.tone.review import Engine
from tests.browser.service import browsing, serving
from tests.outlook import signed as signing
from tests.outlook.broker import Sit, sitting
from tests.outlook.diary import Diary
from tests.outlook.office import Json, Outlook
from tests.outlook.signed import Signed

OpenOutlook = Callable[..., Outlook]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=8000)
    with browsing() as found:
        yield found


@pytest.fixture(scope="package")
def address(engine: Engine) -> Iterator[str]:
    """A service on this machine that wants no keys."""
    with serving(engine) as found:
        yield found


@pytest.fixture
def make_outlook(browser: Browser) -> Iterator[OpenOutlook]:
    """Makes an `Outlook` in a context of its own, not opened yet. When the test ends each is checked."""
    contexts: list[BrowserContext] = []
    made: list[Outlook] = []

    def make(
        address: str,
        mail: Json | None = None,
        *,
        width: int = 320,
        height: int = 900,
        locale: str = "en-GB",
        zone: str = "Europe/London",
        scheme: Literal["light", "dark"] = "light",
        **more: Any,
    ) -> Outlook:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            timezone_id=zone,
            color_scheme=scheme,
        )
        contexts.append(context)
        made.append(Outlook(context.new_page(), address, mail, **more))
        return made[-1]

    yield make
    cookies = [cookie for context in contexts for cookie in context.cookies()]
    for context in contexts:
        context.close()
    for outlook in made:
        outlook.check()
    assert cookies == []


@pytest.fixture
def open_pane(make_outlook: OpenOutlook, address: str) -> OpenOutlook:
    """Opens the pane beside a mail (None: nothing is open)."""
    return lambda mail, **more: make_outlook(address, mail, **more).open()


@pytest.fixture(scope="package")
def running(engine: Engine) -> Iterator[Signed]:
    with signing.serving(engine) as found:
        yield found


@pytest.fixture
def signed(running: Signed) -> Signed:
    """A service with Microsoft sign-in, where nothing goes wrong yet."""
    running.calm()
    return running


@pytest.fixture
def sit(browser: Browser, signed: Signed) -> Iterator[Sit]:
    with sitting(browser, signed) as found:
        yield found


@pytest.fixture
def diary(sit: Sit) -> Diary:
    return Diary(*sit())
