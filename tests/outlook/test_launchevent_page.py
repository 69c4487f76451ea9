"""The event runtime in Chromium: the real page, the real service and the fake Office.js."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app import strings
from app.guidance import schema
from app.tone.types import LANGUAGES, Language
from tests.outlook.conftest import OpenOutlook
from tests.outlook.office import composing
from tests.outlook.test_launchevent import BUTTONS, GOOD, RUDE

pytestmark = [pytest.mark.browser, pytest.mark.npm, pytest.mark.allow_hosts(["127.0.0.1"])]


def pressed(make_outlook: OpenOutlook, address: str, text: str, **more: Any) -> Any:
    made = make_outlook(address, composing(text=text), path="/outlook/events", events=True, **more).open()
    made.pane.wait_for_function("typeof fakeOffice === 'object'")
    return made, made.send(limit=5)


def test_a_good_draft_goes(make_outlook: OpenOutlook, address: str) -> None:
    _, sent = pressed(make_outlook, address, GOOD)
    assert sent["allowed"], sent
    assert sent["wrong"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hostile_draft_is_asked_about_once(
    make_outlook: OpenOutlook, address: str, language: Language
) -> None:
    rules = schema.load().guidelines["hostile-wording"].words[language].rules
    hostile = [flag.plain for rule in rules for flag in rule.flags if rule.pattern]
    made, sent = pressed(make_outlook, address, "\n".join(hostile[:3]))
    assert not sent["allowed"]
    assert sent["wrong"] == []
    assert sent["button"] == BUTTONS[language]
    # An hour from now, on the clock of the mailbox.
    assert sent["message"].startswith(strings.say(language, "send.heated"))
    assert re.search(r"\d\d:\d\d", sent["message"])
    assert sent["took"] < 4000
    assert made.send()["allowed"]


def test_without_the_service_the_rules_decide(make_outlook: OpenOutlook, address: str) -> None:
    made, _ = pressed(make_outlook, address, GOOD, complaints=("ERR_FAILED",))
    made.page.route("**/v1/reviews", lambda route: route.abort())
    made.edit(RUDE["tr"])
    sent = made.send()
    assert not sent["allowed"]
    assert sent["message"].startswith(strings.say("tr", "send.local"))
