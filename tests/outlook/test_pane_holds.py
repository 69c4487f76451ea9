"""Holds in the pane as a user sees them: sign-in through Outlook, the calendar behind the service."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.outlook.broker import BRIDGE, GRAPH_SCOPE, Broker, refusal
from tests.outlook.conftest import OpenOutlook
from tests.outlook.office import Outlook, reading
from tests.outlook.signed import Signed, challenge
from tests.outlook.test_pane_read import ANGRY

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"])]

Show = Callable[..., tuple[Outlook, Broker]]


@pytest.fixture
def show(make_outlook: OpenOutlook, signed: Signed, monkeypatch: pytest.MonkeyPatch) -> Show:
    """Opens the pane beside an angry client's message, in an Outlook whose user can sign in."""
    signed.calm()

    def made(arrange: Callable[[Broker], object] = lambda _: None) -> tuple[Outlook, Broker]:
        broker = Broker(signed, signed.user())
        # The pane asks for what the service's own address makes of it.
        monkeypatch.setattr("tests.outlook.broker.SCOPE", scope(signed))
        arrange(broker)
        outlook = make_outlook(
            signed.address, reading(ANGRY["en"]), complaints=("Failed to load resource",),
            timeZone="Turkey Standard Time",
        )  # fmt: skip
        outlook.page.expose_function("askBroker", broker.answer)
        outlook.page.add_init_script(BRIDGE)
        return outlook.open(), broker

    return made


def scope(signed: Signed) -> str:
    host = signed.address.partition("://")[2]
    return f"api://{host}/{signed.entra.client_id}/access_as_user"


def call(outlook: Outlook) -> Locator:
    return outlook.pane.locator('.holds li[data-kind="client-call"]')


def test_a_hold_is_made_with_one_click_and_taken_back(show: Show, signed: Signed) -> None:
    outlook, broker = show()
    expect(call(outlook)).to_have_attribute("data-booking", "free")
    expect(call(outlook)).to_contain_text("You are free then.")
    call(outlook).get_by_role("button", name="Add to calendar").dblclick()
    expect(call(outlook)).to_contain_text("In your calendar.")
    assert [event["subject"] for event in signed.events(broker.oid)] == [
        call(outlook).locator(".row-title").inner_text()
    ]
    link = call(outlook).get_by_role("link", name="Open")
    assert (link.get_attribute("href") or "").startswith("https://")
    call(outlook).get_by_role("button", name="Undo").click()
    expect(call(outlook)).to_have_attribute("data-booking", "free")
    assert signed.events(broker.oid) == []


def test_what_stands_is_known_when_the_pane_is_opened_again(show: Show, signed: Signed) -> None:
    outlook, broker = show()
    call(outlook).get_by_role("button", name="Add to calendar").click()
    expect(call(outlook)).to_contain_text("In your calendar.")
    outlook.reopen()
    expect(call(outlook)).to_contain_text("In your calendar")
    expect(call(outlook).get_by_role("button", name="Add to calendar")).to_have_count(0)
    assert len(signed.events(broker.oid)) == 1


def test_consent_is_asked_for_and_the_hold_is_made(show: Show, signed: Signed) -> None:
    def arrange(broker: Broker) -> None:
        signed.entra.unwilling.add(broker.oid)
        broker.agreed = lambda _: signed.entra.unwilling.clear()

    outlook, broker = show(arrange)
    call(outlook).get_by_role("button", name="Add to calendar").click()
    expect(call(outlook)).to_contain_text("In your calendar.")
    assert any(GRAPH_SCOPE in asked["scope"] for asked in broker.of("GetTokenPopup"))
    assert len(signed.events(broker.oid)) == 1


def test_a_challenge_is_met_and_the_hold_is_made(show: Show, signed: Signed) -> None:
    outlook, broker = show()
    expect(call(outlook)).to_have_attribute("data-booking", "free")
    signed.entra.wanted[broker.oid] = challenge()
    broker.agreed = lambda _: signed.entra.wanted.clear()
    call(outlook).get_by_role("button", name="Add to calendar").click()
    expect(call(outlook)).to_contain_text("In your calendar.")
    assert len(signed.events(broker.oid)) == 1


def test_who_does_not_sign_in_is_told_nothing_was_done(show: Show, signed: Signed) -> None:
    def arrange(broker: Broker) -> None:
        broker.signed_in = False
        broker.window = refusal("USER_CANCEL", "user_cancelled")["error"]

    outlook, broker = show(arrange)
    problem = outlook.pane.locator('[data-problem="sign-in"]')
    expect(problem).to_be_visible()
    problem.get_by_role("button", name="Sign in").click()
    expect(outlook.pane.locator('[data-problem="cancelled"]')).to_be_visible()
    broker.window = "agree"
    outlook.pane.get_by_role("button", name="Sign in").click()
    expect(outlook.pane.locator(".summary")).to_be_visible()
    assert signed.events(broker.oid) == []
