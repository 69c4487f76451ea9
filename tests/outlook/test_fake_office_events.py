"""The fake Office.js: faults, late answers, changes of the item, sending, and the frame around the pane."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.outlook.asking import HOST_CONFIG, PANE, ask, blank, throws, value
from tests.outlook.conftest import OpenOutlook
from tests.outlook.office import WEB, When, composing, reading

pytestmark = pytest.mark.browser


def test_faults(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, composing("<p>Hello</p>"))
    path = "mailbox.item.body.getAsync"
    made.fail("body.getAsync", nth=2, times=2, code=9020, name="Generic Response Error")
    seen = [ask(made, path, "html")["status"] for _ in range(4)]
    assert seen == ["succeeded", "failed", "failed", "succeeded"]
    made.fail("subject.getAsync", throws=True)
    assert throws(made, "Office.context.mailbox.item.subject.getAsync(() => {})") == "Error"
    made.fail("*", silent=True)
    silent = "Promise.race([{}, new Promise((done) => setTimeout(() => done('silence'), 100))])"
    asked = "new Promise((done) => Office.context.mailbox.item.body.getAsync('html', done))"
    assert made.pane.evaluate(silent.format(asked)) == "silence"
    assert throws(made, "Office.context.mailbox.item.body.getAsync()") == "Sys.ArgumentNullException"
    made.set(delay=80)
    assert (
        made.pane.evaluate(
            f"async () => {{ const at = performance.now(); await {asked}; return performance.now() - at }}"
        )
        >= 75
    )
    assert [call["given"] for call in made.calls("body.getAsync")] == [["html"]] * 6


def test_calls_are_held(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, composing("<p>one</p>"))
    cases: list[tuple[When, str]] = [("answer", "<p>one</p>"), ("call", "<p>two</p>")]
    for when, wanted in cases:
        made.edit("<p>one</p>")
        made.hold("body.getAsync", when)
        made.pane.evaluate(
            "Office.context.mailbox.item.body.getAsync('html', (got) => { globalThis.got = got.value; })"
        )
        made.wait_for_call("body.getAsync", 1 if when == "answer" else 2)
        made.page.wait_for_timeout(50)
        made.edit("<p>two</p>")
        assert made.pane.evaluate("globalThis.got ?? null") is None
        made.release("body.getAsync")
        made.pane.wait_for_function("globalThis.got")
        assert made.pane.evaluate("globalThis.got") == wanted
        made.pane.evaluate("delete globalThis.got")


def test_the_item_changes_under_a_call(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, reading("<p>first</p>"))
    path = "Office.context.mailbox.item.body.getAsync('html', (got) => {{ globalThis.{} = got; }})"
    made.hold("body.getAsync", "call")
    made.pane.evaluate(path.format("got"))
    made.select_item(reading("<p>second</p>"))
    made.release("body.getAsync")
    made.pane.wait_for_function("globalThis.got")
    assert made.pane.evaluate("got.error.name") == "APICallFailedDueToItemChange"
    made.set(late="answer")
    made.hold("body.getAsync", "call")
    made.pane.evaluate(path.format("late"))
    made.select_item(reading("<p>third</p>"))
    made.release("body.getAsync")
    made.pane.wait_for_function("globalThis.late")
    assert made.pane.evaluate("late.value") == "<p>second</p>"
    # The body that was set is not there at once in every Outlook.
    made.select_item(composing("<p>old</p>"))
    made.set(stale=200, flavour="identity")
    value(made, "mailbox.item.body.setAsync", "<p>new</p>", HOST_CONFIG)
    assert value(made, "mailbox.item.body.getAsync", "html") == "<p>old</p>"
    made.pane.wait_for_function("fakeOffice.state.mail.content === '<p>new</p>'")


def test_events(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, reading("<p>first</p>"))
    listen = """(type) => new Promise((done) => {
      const hear = (event) => {
        (globalThis.heard ??= []).push(event.type, Office.context.mailbox.item?.subject ?? null, event);
      };
      Office.context.mailbox.addHandlerAsync(type, hear, (result) => done(result.status));
    })"""
    kinds = ("ItemChanged", "OfficeThemeChanged", "InitializationContextChanged")
    types = [made.pane.evaluate(f"Office.EventType.{kind}") for kind in kinds]
    assert [made.pane.evaluate(listen, one) for one in types] == ["succeeded"] * 3
    assert made.pane.evaluate(listen, "olkNonsense") == "failed"
    made.select_item(reading(subject="Second"))
    made.pane.wait_for_function("heard.length === 3")
    assert made.pane.evaluate("heard.slice(0, 2)") == [types[0], "Second"]
    made.select_item(None)
    made.pane.wait_for_function("heard.length === 6")
    made.theme(dark=True)
    made.pane.wait_for_function("heard.length === 9")
    assert made.pane.evaluate(
        "[heard[8].officeTheme.isDarkTheme, Office.context.officeTheme.isDarkTheme]"
    ) == [True, True]
    made.select_item(composing())
    made.hand_over('{"v":1}')
    made.pane.wait_for_function("heard.length === 15")
    assert made.pane.evaluate("heard[14].initializationContextData") == '{"v":1}'
    assert value(made, "mailbox.item.getInitializationContextAsync") == '{"v":1}'
    made.set(pinned=False)
    made.select_item(reading())
    made.page.wait_for_timeout(50)
    assert made.pane.evaluate("heard.length") == 15


STOP = {"allowEvent": False, "errorMessage": "Sure?", "commandId": "composeOpenPane"}
HANDLER = "Office.actions.associate('onMessageSendHandler', (event) => {{ {} }})"


def test_sending(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, composing("<p>Hello</p>"), events=True)
    made.pane.evaluate(HANDLER.format("event.completed({ allowEvent: true })"))
    sent = made.send()
    assert (sent["allowed"], sent["wrong"], sent["completions"], sent["message"]) == (True, [], 1, "")
    stop = json.dumps({**STOP, "cancelLabel": "Review", "contextData": '{"v":1}'})
    made.pane.evaluate(HANDLER.format(f"setTimeout(() => event.completed({stop}), 20)"))
    sent = made.send()
    assert (sent["allowed"], sent["wrong"], sent["message"], sent["button"]) == (False, [], "Sure?", "Review")
    assert sent["took"] >= 19
    assert made.mail["context"] == '{"v":1}'
    assert made.pane.evaluate("Office.context.officeTheme ?? null") is None


def done(**changed: Any) -> str:
    """A handler that stops the mail, with changed options; None takes one away."""
    options = {name: value for name, value in {**STOP, **changed}.items() if value is not None}
    return f"event.completed({json.dumps(options)});"


@pytest.mark.parametrize(
    ("code", "allowed", "wrong"),
    [
        ("event.completed({ allowEvent: true }); " * 2, True, "completed 2 times"),
        (done() + "setTimeout(() => event.completed(), 10);", False, "completed 2 times"),
        ("", True, "never completed"),
        ("throw new TypeError('x');", True, "threw: TypeError"),
        (done(errorMessage="x" * 501), False, "errorMessage: longer"),
        (done(errorMessage=None), False, "errorMessage: missing"),
        (done(commandId=None, contextData=""), False, "contextData: ignored"),
        (done(commandId=None, cancelLabel="x"), False, "cancelLabel: ignored"),
        (done(commandId="no"), False, "commandId: no such"),
        (done(cancelLabel="x" * 21), False, "cancelLabel: longer"),
        (done(sendModeOverride="block"), False, "sendModeOverride: only"),
        (done(allow=True), False, "allow: unknown"),
        (done(allowEvent=None), True, "allowEvent: not a boolean"),
    ],
)
def test_what_sending_finds_wrong(make_outlook: OpenOutlook, code: str, allowed: bool, wrong: str) -> None:
    made = blank(make_outlook, composing("<p>Hello</p>"), events=True)
    made.pane.evaluate(HANDLER.format(code))
    sent = made.send(limit=0.2)
    assert sent["allowed"] is allowed
    assert [said for said in sent["wrong"] if said.startswith(wrong)] != [], sent["wrong"]


def test_options_at_their_limits(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, composing("<p>Hello</p>"), events=True)
    made.pane.evaluate(HANDLER.format(done(errorMessage="x" * 500, cancelLabel="x" * 20)))
    assert made.send()["wrong"] == []


def test_options_of_newer_sets(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, composing("<p>Hello</p>"), events=True, set=12, platform="PC")
    made.pane.evaluate(HANDLER.format(done(contextData={})))
    assert made.send()["wrong"] == [
        "commandId: needs Mailbox 1.14", "contextData: needs Mailbox 1.14", "contextData: not a string",
    ]  # fmt: skip


def test_a_frame_as_in_outlook_on_the_web(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, reading("<p>Hello</p>"), embedded=True)
    assert made.page.url == f"{WEB}/mail/"
    assert made.pane.url == f"{PANE}/"
    assert value(made, "mailbox.item.body.getAsync", "html") == "<p>Hello</p>"


def test_what_goes_wrong_in_a_pane_is_noticed(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook)
    made.check()
    made.pane.evaluate("console.error('broken')")
    with pytest.raises(AssertionError, match="broken"):
        made.check()
    made.heard.clear()
    made.pane.evaluate("fetch('https://elsewhere.test/x').catch(() => {})")
    made.complaints = ("ERR_FAILED",)
    with pytest.raises(AssertionError, match="elsewhere"):
        made.check()
    made.strangers.clear()
