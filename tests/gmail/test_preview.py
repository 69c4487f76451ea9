"""The card preview: each state in each language, to developers only, and words that stay words."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gmail import preview, preview_html
from app.gmail.preview_mails import MAILS
from app.gmail.widgets import Card
from app.tone.review import Engine
from app.tone.types import LANGUAGES, Language
from tests.conftest import Client
from tests.gmail import schemas
from tests.gmail.showing import a_review, flawed
from tests.gmail.showing import compose as compose_card
from tests.gmail.showing import message as message_card
from tests.gmail.strategies import ODD

VOID = frozenset(("br", "hr", "input", "link", "meta"))
SVG = frozenset(("svg", "path"))
TAGS = VOID | SVG | frozenset((
    "html", "head", "title", "body", "nav", "main", "header", "section", "h1", "h2", "p", "div", "span", "a",
    "b", "i", "u", "s", "font", "button", "label", "textarea", "select", "option", "fieldset", "legend",
    "details", "summary",
))  # fmt: skip
ATTACK = "<img src=x onerror=alert(1)></textarea></title><script>alert(1)</script>\"'&lt;b&gt;"


class Page(HTMLParser):
    """Reads a page: only tags that it may have, each closed where it must be, nothing that could run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.attributes: dict[str, list[dict[str, str]]] = {}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names)
        assert not [name for name in names if name == "style" or name.startswith("on")]
        given = {name: value or "" for name, value in attrs}
        for name in ("href", "src", "action"):
            assert re.match(r"(https?://|/preview/|\?|data:,$)", given.get(name, "?"))
        self.attributes.setdefault(tag, []).append(given)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    @property
    def text(self) -> str:
        return "".join(self.texts)


def shown(card: Card, language: Language = "en") -> Page:
    return Page(preview_html.page(card, language=language, state="message-calm", pickers=()))


@pytest.mark.parametrize("state", preview.STATES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_state_is_shown_in_each_language(client: Client, state: str, language: str) -> None:
    answer = client.get("/preview/gmail", params={"lang": language, "state": state})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-language"] == language
    assert answer.text.startswith("<!doctype html>")
    page = Page(answer.text)
    expected = {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}
    assert page.attributes["html"] == [expected]
    current = [a["href"] for a in page.attributes["a"] if "aria-current" in a]
    assert len(current) == 3
    links = [a["href"] for a in page.attributes["a"] if a["href"].startswith("?")]
    assert len(links) == 2 * len(LANGUAGES) + len(preview.STATES)
    assert "None" not in page.text
    assert "{" not in page.text


@pytest.mark.parametrize("state", preview.STATES)
def test_the_cards_are_cards_that_gmail_takes(engine: Engine, state: str) -> None:
    for language in LANGUAGES:
        scene = preview.Scene(engine, language, "ar", "https://addon.example.com")
        schemas.check_card(preview.STATES[state](scene))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_samples_are_what_their_states_say(engine: Engine, language: Language) -> None:
    scene = preview.Scene(engine, language, language, "https://addon.example.com")
    mails = MAILS[language]
    assert scene.review("incoming", mails.calm).temperature == "calm"
    hostile = scene.review("incoming", mails.hostile)
    assert (hostile.temperature, hostile.reply_channel) == ("hostile", "call")
    assert hostile.deadlines
    assert len(scene.holds(hostile)) >= 3, "one each for added, moved and clashing"
    draft = scene.review("outgoing", mails.draft)
    assert draft.findings
    assert any(element.status == "missing" for element in draft.elements)
    assert len(scene.holds(draft)) >= 3


def test_the_mail_may_be_in_another_language(client: Client) -> None:
    answer = client.get("/preview/gmail", params={"lang": "en", "mail": "ar", "state": "compose-findings"})
    page = Page(answer.text)
    assert page.attributes["html"] == [{"lang": "en", "dir": "ltr"}]
    assert escape(MAILS["ar"].draft.split("\n")[0]) in answer.text


@pytest.mark.parametrize("query", ["lang=de", "mail=xx", "state=other", "lang=", "state="])
def test_what_is_not_there_is_not_found(client: Client, query: str) -> None:
    assert client.get(f"/preview/gmail?{query}").status_code == 404


def test_its_style_is_served_and_nothing_else_is_needed(client: Client) -> None:
    answer = client.get("/preview/gmail.css")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/css")
    assert "url(" not in answer.text
    page = client.get("/preview/gmail")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "script" not in Page(page.text).attributes


@pytest.mark.parametrize(
    "settings",
    [
        {"api_keys": "a-key-for-these-tests"},
        {"host": "0.0.0.0", "allowed_hosts": "127.0.0.1"},  # noqa: S104 - nothing listens
        {"public_url": "https://tactline.example.com"},
    ],
)
@pytest.mark.parametrize("path", ["/preview/gmail", "/preview/gmail.css", "/preview/gmail?state=other"])
def test_it_is_there_for_developers_only(
    make_client: Callable[..., Client], engine: Engine, path: str, settings: dict[str, Any]
) -> None:
    answer = make_client(engine, **settings).get(path)
    assert answer.status_code == 404


def test_words_of_a_hostile_mail_stay_words() -> None:
    text = f"Dear Nora, {ATTACK} is wrong."
    for card in (compose_card(flawed(1, text), text=text), message_card(a_review(text))):
        page = shown(card)
        assert "img" not in page.attributes
        assert "script" not in page.attributes
    assert ATTACK in shown(compose_card(flawed(1, text), text=text)).text


def test_any_field_of_a_card_is_only_words() -> None:
    widgets: list[dict[str, Any]] = [
        {"textParagraph": {"text": ATTACK}},
        {
            "decoratedText": {
                "startIcon": {"knownIcon": ATTACK, "altText": ATTACK}, "topLabel": ATTACK, "text": ATTACK,
                "bottomLabel": ATTACK, "wrapText": True,
                "button": {"text": ATTACK, "altText": ATTACK, "onClick": {"action": {"function": ATTACK}}},
            }
        },
        {"buttonList": {"buttons": [{"text": ATTACK, "onClick": {"openLink": {"url": "javascript:x"}}}]}},
        {"textInput": {"name": ATTACK, "label": ATTACK, "value": "\n" + ATTACK, "hintText": ATTACK}},
        {"divider": {}},
    ]  # fmt: skip
    for kind in ("CHECK_BOX", "DROPDOWN", ATTACK):
        item = {"text": ATTACK, "value": ATTACK, "selected": True}
        selection = {"name": ATTACK, "label": ATTACK, "type": kind, "items": [item]}
        widgets.append({"selectionInput": selection})
    section = {"header": ATTACK, "widgets": widgets, "collapsible": True, "uncollapsibleWidgetsCount": 2}
    card = {"name": ATTACK, "header": {"title": ATTACK, "subtitle": ATTACK}, "sections": [section]}
    page = Page(
        preview_html.page(card, language="en", state=ATTACK, pickers=((ATTACK, (("?a", ATTACK, True),)),))
    )
    assert "script" not in page.attributes
    assert [a["href"] for a in page.attributes["a"]] == ["?a"]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<b>a &amp; b</b><br>c", "<b>a &amp; b</b><br>c"),
        ("&amp;lt;b&gt;", "&amp;lt;b&gt;"),
        ('<font color="#B3261E">late</font>', '<font color="#B3261E">late</font>'),
        ("<i><u><s>x", "<i><u><s>x</s></u></i>"),
        ("a</b>", "a&lt;/b&gt;"),
        ("<b>a<i>b</b>c</i>", "<b>a<i>b&lt;/b&gt;c</i></b>"),
        ("<b onclick=x>", "&lt;b onclick=x&gt;"),
        ('<font color="red;x">', "&lt;font color=&quot;red;x&quot;&gt;"),
        ('<a href="javascript:x">y</a>', "&lt;a href=&quot;javascript:x&quot;&gt;y&lt;/a&gt;"),
        ('<a href="http://client.example/">y', "&lt;a href=&quot;http://client.example/&quot;&gt;y"),
        ("<!-- a -->", "&lt;!-- a --&gt;"),
    ],
)
def test_the_tags_of_cards_become_markup_and_nothing_else(text: str, html: str) -> None:
    assert preview_html.rich(text).__html__() == html


@pytest.mark.parametrize(
    "url", ["https://a.example/?b=1&amp;c=2", "http://127.0.0.1:8000/guidelines?lang=tr"]
)
def test_links_lead_to_https_and_to_this_machine(url: str) -> None:
    made = preview_html.rich(f'<a href="{url}">x</a>').__html__()
    assert made == f'<a href="{url}" target="_blank" rel="noopener noreferrer">x</a>'


PIECES = (
    *ODD, "</b>", "<i>", "<br>", "</a>", '<a href="https://a.example/">', '<a href="https://a.example/&quot;x">',
    '<font color="#000000">', "</font>", "<a href=\"javascript:'", "<style>",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=12).map("".join))
def test_no_text_breaks_out_of_its_place(text: str) -> None:
    made = preview_html.rich(text).__html__()
    page = Page(f"<p>{made}</p>")
    assert page.attributes.keys() <= {"p", "b", "i", "u", "s", "br", "a", "font"}
    for attributes in page.attributes.get("a", ()):
        assert attributes.keys() == {"href", "target", "rel"}


def test_a_widget_that_the_page_does_not_know_is_not_left_out() -> None:
    card = {"header": {"title": "x"}, "sections": [{"widgets": [{"grid": {}}]}]}
    with pytest.raises(ValueError, match="grid"):
        preview_html.page(card, language="en", state="x", pickers=())
