"""The fake Office.js: what is there and when, its limits, and what it does to mail."""

from __future__ import annotations

import pytest

from tests.outlook.asking import HOST_CONFIG, blank, error, throws, value
from tests.outlook.conftest import OpenOutlook
from tests.outlook.office import Outlook, composing, reading

pytestmark = pytest.mark.browser


def members(outlook: Outlook) -> set[str]:
    return set(outlook.pane.evaluate("Object.keys(Office.context.mailbox.item)"))


def test_nothing_is_there_before_it_is_ready(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, reading("<p>Hello</p>"), ready=False, readyDelay=50)
    assert made.pane.evaluate("Office.context.mailbox ?? null") is None
    said = made.pane.evaluate("Office.onReady()")
    assert said == {"host": "Outlook", "platform": "OfficeOnline"}
    assert made.pane.evaluate("Office.context.mailbox.item.subject") == "Banner"
    assert made.pane.evaluate("history.pushState") is None


def test_outside_of_outlook(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, host=None)
    assert made.pane.evaluate("Office.onReady()") == {"host": None, "platform": None}
    for gone in ("context.mailbox", "context.requirements", "MailboxEnums"):
        assert made.pane.evaluate(f"Office.{gone} === undefined"), gone


def test_callbacks_come_later_with_what_was_given(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, composing("<p>Hello</p>"))
    order = made.pane.evaluate(
        """() => new Promise((done) => {
          const order = [];
          const context = { mine: 1 };
          Office.context.mailbox.item.body.getAsync("html", { asyncContext: context }, (result) => {
            order.push("answer", result.asyncContext === context, result.error ?? "none");
            order.push(result.status, result.value);
            done(order);
          });
          order.push("called");
          Promise.resolve().then(() => order.push("microtask"));
        })"""
    )
    assert order == ["called", "microtask", "answer", True, "none", "succeeded", "<p>Hello</p>"]


def test_members_by_mode_set_and_platform(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, reading("<p>Hello</p>"))
    read = members(made)
    assert {"subject", "from", "dateTimeCreated", "displayReplyFormAsync", "normalizedSubject"} <= read
    assert not {"setSelectedDataAsync", "saveAsync", "sessionData", "getComposeTypeAsync"} & read
    assert made.pane.evaluate("Object.keys(Office.context.mailbox.item.body)") == ["getAsync"]
    assert made.pane.evaluate("Office.context.mailbox.item.dateTimeCreated instanceof Date")
    made.select_item(composing("<p>Hello</p>"))
    compose = members(made)
    assert {"saveAsync", "sessionData", "getSelectedDataAsync", "bcc"} <= compose
    assert not {"itemId", "sender", "displayReplyForm", "dateTimeCreated", "internetMessageId"} & compose
    assert made.pane.evaluate("typeof Office.context.mailbox.item.subject.getAsync") == "function"
    made.select_item(None)
    assert made.pane.evaluate("Office.context.mailbox.item") is None

    old = blank(make_outlook, reading("<p>Hello</p>"), set=5)
    gone = {"displayReplyFormAsync", "displayReplyAllFormAsync", "getInitializationContextAsync"}
    assert read - members(old) == gone
    assert old.pane.evaluate("Office.context.officeTheme ?? null") is None
    old.select_item(composing())
    assert compose - members(old) == {
        "getInitializationContextAsync", "sessionData", "getComposeTypeAsync", "getItemIdAsync",
    }  # fmt: skip

    phone = blank(make_outlook, composing("<p>Hello</p>"), platform="iOS", hostName="OutlookIOS")
    assert phone.pane.evaluate("Office.context.mailbox.convertToRestId ?? null") is None
    assert error(phone, "mailbox.item.body.setAsync", "x", HOST_CONFIG) == ("OperationNotSupported", 5000)


def test_sets_are_compared_as_versions(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, set=10, sets={"NestedAppAuth": "1.1"})
    supported = "Office.context.requirements.isSetSupported"
    asked = [("'Mailbox', '1.9'", True), ("'mailbox', '1.10'", True), ("'Mailbox', '1.11'", False)]
    asked += [("'Mailbox', 1.1", True), ("'Mailbox'", True), ("'NestedAppAuth', '1.1'", True)]
    asked += [("'NestedAppAuth', '1.2'", False), ("'Nonsense', '1.1'", False), ("'Mailbox', '2.0'", False)]
    for given, wanted in asked:
        assert made.pane.evaluate(f"{supported}({given})") is wanted, given


def test_bodies_are_coerced(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, reading("<html><body><p>Dear&nbsp;Ana,</p><p>one<br>two</p></body></html>"))
    assert value(made, "mailbox.item.body.getAsync", "text") == "Dear\u00a0Ana,\none\ntwo"
    assert error(made, "mailbox.item.body.getAsync", "ooxml") == ("Invalid Coercion Type", 1000)
    made.select_item(reading(text="a < b\nc"))
    assert value(made, "mailbox.item.body.getAsync", "text") == "a < b\nc"
    assert "a &lt; b<br>" in value(made, "mailbox.item.body.getAsync", "html")
    made.select_item(composing(text="Hello"))
    assert value(made, "mailbox.item.body.getTypeAsync") == "text"
    assert error(made, "mailbox.item.body.getAsync", "html")[0] == "InvalidFormatError"
    assert (
        error(made, "mailbox.item.body.setAsync", "<p>x</p>", {"coercionType": "html"})[0]
        == "InvalidFormatError"
    )
    value(made, "mailbox.item.body.setAsync", "Hi", {"coercionType": "text"})
    assert made.body == "Hi"
    made.select_item(composing("<p>Hello</p>"))
    made.set(flavour="identity")
    # What is not called HTML is text.
    value(made, "mailbox.item.body.setAsync", "<b>x</b>")
    assert "&lt;b&gt;x" in made.body


def test_without_body_mode_the_whole_thread_is_replaced(make_outlook: OpenOutlook) -> None:
    history = '<div id="appendonsend"></div><p>You wrote</p>'
    made = blank(make_outlook, composing("<p>Hello</p>", history=history), flavour="identity")
    path = "mailbox.item.body"
    assert value(made, f"{path}.getAsync", "html") == "<p>Hello</p>" + history
    assert value(made, f"{path}.getAsync", "html", {"bodyMode": 1}) == "<p>Hello</p>"
    value(made, f"{path}.setAsync", "<p>Hi</p>", HOST_CONFIG)
    assert (made.body, made.mail["history"], made.threads_lost) == ("<p>Hi</p>", history, 0)
    value(made, f"{path}.setAsync", "<p>Hi</p>", {"coercionType": "html"})
    assert (made.body, made.mail["history"], made.threads_lost) == ("<p>Hi</p>", "", 1)

    # Classic Outlook, and messages that are not grouped, have the thread in the body whatever the mode.
    for setup in ({"platform": "PC", "hostName": "Outlook"}, {"grouped": False}):
        made = blank(make_outlook, composing("<p>Hello</p>", history=history), flavour="identity", **setup)
        assert value(made, f"{path}.getAsync", "html", {"bodyMode": 1}) == "<p>Hello</p>" + history
        value(made, f"{path}.setAsync", "<p>Hi</p>" + history, HOST_CONFIG)
        assert (made.body, made.threads_lost) == ("<p>Hi</p>" + history, 0)


MARKUP = (
    "<div id=\"mine\" style='color:red'><p>Dear&nbsp;Ana &amp; Sam,</p><p>the <b>menus</b> wait.</p></div>"
    '<div class="one">second<br/>line, long enough to be broken by a program that breaks its lines at '
    'blanks</div><div><br></div><!-- note --><img src="cid:logo" alt=Logo><div id="appendonsend"></div>'
    "<ul><li>é 🙂 شكرا</li></ul>"
)
WORDS = "(html) => new DOMParser().parseFromString(html, 'text/html').body.textContent.replace(/\\s+/gu, '')"


@pytest.mark.parametrize("flavour", ["identity", "web", "wrapping", "classic"])
def test_html_is_rewritten_but_the_words_stay(make_outlook: OpenOutlook, flavour: str) -> None:
    made = blank(make_outlook, composing(), flavour=flavour)
    words = made.pane.evaluate(WORDS, MARKUP)
    seen = []
    content = MARKUP
    for _ in range(3):
        value(made, "mailbox.item.body.setAsync", content, HOST_CONFIG)
        content = value(made, "mailbox.item.body.getAsync", "html", {"bodyMode": 1})
        seen.append(content)
        assert made.pane.evaluate(WORDS, content) == words
        assert "cid:logo" in content
        assert "appendonsend" in content
    if flavour == "identity":
        assert seen == [MARKUP] * 3
        return
    assert seen[0] != MARKUP
    if flavour == "wrapping":
        assert [text.count("</span><br></div>") for text in seen] == [1, 2, 3]
    else:
        assert seen[1] == seen[2]
    if flavour == "web":
        assert 'class="elementToProof"' in seen[0]
        assert "color: red" in seen[0]
        assert "mine" not in seen[0]
        assert 'class="x_one elementToProof"' in seen[0]
    if flavour == "classic":
        assert "MsoNormal" in seen[0]
        assert "<o:p>&nbsp;</o:p>" in seen[0]
        assert "style='color: red;'" in seen[0]
        assert "\r\n" in seen[0]


def test_limits_of_body_subject_and_replies(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, composing("<p>Hello</p>"))
    value(made, "mailbox.item.subject.setAsync", "x" * 255)
    assert error(made, "mailbox.item.subject.setAsync", "x" * 256)[0] == "DataExceedsMaximumSize"
    assert made.mail["subject"] == "x" * 255
    for method in ("setAsync", "setSelectedDataAsync", "prependAsync"):
        assert error(made, f"mailbox.item.body.{method}", "x" * 1_000_001)[0] == "DataExceedsMaximumSize"
    assert made.body == "<p>Hello</p>"
    made.select_item(reading("<p>Hello</p>"))
    value(made, "mailbox.item.displayReplyFormAsync", {"htmlBody": "é" * 16 * 1024})
    assert len(made.mail["reply"]["html"]) == 16 * 1024
    assert [person["emailAddress"] for person in made.mail["reply"]["to"]] == ["sam@client.test"]
    long = "Office.context.mailbox.item.{}('é'.repeat(16 * 1024) + 'x')"
    for method in (
        "displayReplyForm",
        "displayReplyAllForm",
        "displayReplyFormAsync",
        "displayReplyAllFormAsync",
    ):
        assert throws(made, long.format(method)) == "Sys.ArgumentOutOfRangeException"
    assert [call["name"] for call in made.calls("displayReplyForm")] == []
    inside = "Office.context.mailbox.item.displayReplyAllFormAsync({ htmlBody: 'x', callback })"
    assert made.pane.evaluate(f"new Promise((callback) => {inside}).then((r) => r.status)") == "succeeded"
    assert len(made.mail["reply"]["to"]) == 2


def test_limits_of_notifications(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, reading())
    path = "mailbox.item.notificationMessages"
    note = {"type": "errorMessage", "message": "x" * 150}
    for key in "abcde":
        value(made, f"{path}.addAsync", key * 32, note)
    assert error(made, f"{path}.addAsync", "f", note)[0] == "NumberOfNotificationMessagesExceeded"
    assert error(made, f"{path}.addAsync", "a" * 32, note)[0] != ""
    value(made, f"{path}.replaceAsync", "a" * 32, note)
    assert error(made, f"{path}.removeAsync", "f")[0] == "NotificationKeyNotFound"
    value(made, f"{path}.removeAsync", "a" * 32)
    assert len(value(made, f"{path}.getAllAsync")) == 4
    add = "Office.context.mailbox.item.notificationMessages.addAsync"
    bad = [
        f"{add}('x'.repeat(33), {{type: 'errorMessage', message: 'x'}})",
        f"{add}('x', {{message: 'x'.repeat(151)}})",
    ]
    assert [throws(made, code) for code in bad] == ["Sys.ArgumentOutOfRangeException"] * 2
    bare = {"type": "informationalMessage", "message": "x"}
    assert error(made, f"{path}.addAsync", "g", bare)[0] == "InvalidParameterValueError"


def test_what_is_kept(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, composing("<p>Hello</p>"))
    assert error(made, "mailbox.item.getItemIdAsync")[0] == "ItemNotSaved"
    saved = value(made, "mailbox.item.saveAsync")
    assert value(made, "mailbox.item.getItemIdAsync") == saved
    value(made, "mailbox.item.sessionData.setAsync", "a", "x" * 49_999)
    assert error(made, "mailbox.item.sessionData.setAsync", "b", "x")[0] == "DataExceedsMaximumSize"
    assert value(made, "mailbox.item.sessionData.getAsync", "a") == "x" * 49_999
    assert error(made, "mailbox.item.sessionData.getAsync", "b")[0] == "KeyNotFound"
    settings = "Office.context.roamingSettings"
    made.pane.evaluate(f"{settings}.set('a', {{ b: [1] }})")
    assert throws(made, f"{settings}.set('c', 'x'.repeat(32 * 1024))") == "Size Limit Exceeded"
    assert made.saved == {}
    value(made, "roamingSettings.saveAsync")
    assert made.saved == {"a": {"b": [1]}}
    made.pane.evaluate(f"{settings}.set('lost', 1)")
    made.reopen(language="fr-FR").pane.evaluate("Office.onReady()")
    assert made.pane.evaluate(f"[{settings}.get('a'), {settings}.get('lost') ?? null]") == [{"b": [1]}, None]
    assert made.pane.evaluate("Office.context.displayLanguage") == "fr-FR"
    assert made.body == "<p>Hello</p>"


def test_selections(make_outlook: OpenOutlook) -> None:
    made = blank(make_outlook, composing("<html><body><p>The menus &amp; all are late.</p></body></html>"))
    made.select("menus & all")
    chosen = value(made, "mailbox.item.getSelectedDataAsync", "text")
    assert chosen == {"data": "menus & all", "sourceProperty": "body"}
    assert value(made, "mailbox.item.getSelectedDataAsync", "html")["data"] == "menus &amp; all"
    value(made, "mailbox.item.setSelectedDataAsync", "<i>plates</i>", {"coercionType": "html"})
    assert made.body == "<html><body><p>The <i>plates</i> are late.</p></body></html>"
    value(made, "mailbox.item.body.setSelectedDataAsync", "<p>Top</p>", {"coercionType": "html"})
    assert made.body.startswith("<html><body><p>Top</p><p>The")
    made.select("Ban", "subject")
    value(made, "mailbox.item.setSelectedDataAsync", "Len")
    assert made.mail["subject"] == "Lenner"
    made.select("x", "to")
    assert error(made, "mailbox.item.getSelectedDataAsync", "text")[0] == "InvalidSelection"
