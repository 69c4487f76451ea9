"""The pane's reading of a mail's body and its rewrites in it (app/outlook/pane/body.js), in a real browser.

`bodies/` holds mails as mail programs write them, all made up, each with what must be read from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, Request, Route

pytestmark = [pytest.mark.browser, pytest.mark.allow_hosts(["127.0.0.1"])]
HERE = Path(__file__).parent
PANE = HERE.parents[1] / "app" / "outlook" / "pane"
SITE = "http://body.test/"
# One after the other, else a seed would say little of another mail.
TIMES = 60


@dataclass(frozen=True)
class Mail:
    """A body as Outlook gives it. `mixed`: paragraphs with and without space between them."""

    name: str
    type: str
    content: str
    text: str
    history: dict[str, str]
    mixed: bool


def _mail(wanted: Path) -> Mail:
    found = [path for path in wanted.parent.glob(f"{wanted.stem}.*") if path.suffix in (".html", ".txt")]
    (path,) = found
    # Line ends are as they are: Word's differ from others'.
    content = path.read_bytes().decode("utf-8")
    given = json.loads(wanted.read_text(encoding="utf-8"))
    kind = "html" if path.suffix == ".html" else "text"
    return Mail(path.stem, kind, content, given["text"], given["history"], given.get("mixed", False))


MAILS = [_mail(path) for path in sorted((HERE / "bodies").glob("*.json"))]
HTML = [mail for mail in MAILS if mail.type == "html"]


def _named(mails: list[Mail]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("mail", mails, ids=lambda mail: mail.name)


def _answer(route: Route, request: Request) -> None:
    name = request.url.removeprefix(SITE)
    path = HERE / name if name == "body_checks.js" else PANE / name
    if name == "":
        route.fulfill(
            body='<!doctype html><title>Body</title><link rel="icon" href="data:,">', content_type="text/html"
        )
    elif name == "fake_html.js":
        script = (HERE / name).read_text(encoding="utf-8")
        route.fulfill(
            body=f"(() => {{{script}\nglobalThis.asStored = asStored;}})();", content_type="text/javascript"
        )
    elif path.suffix == ".js" and path.is_file():
        route.fulfill(path=path, content_type="text/javascript")
    else:
        route.abort()


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page with nothing but the pane's modules. Nothing may go wrong in its console."""
    heard: list[str] = []
    page = browser.new_page()
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.route("**/*", _answer)
    page.goto(SITE)
    page.add_script_tag(url=f"{SITE}fake_html.js")
    page.evaluate("async () => { globalThis.checks = await import('/body_checks.js'); }")
    yield page
    page.close()
    assert heard == []


def read(page: Page, content: str, kind: str = "html") -> dict[str, Any]:
    script = """([content, type]) => {
      const body = new checks.Body(content, type);
      return { text: body.text, history: body.history };
    }"""
    found: dict[str, Any] = page.evaluate(script, [content, kind])
    return found


def rewritten(page: Page, content: str, *changes: tuple[str | int, str], kind: str = "html") -> str:
    """The content with words of its text replaced; a number is a place where words are inserted."""
    script = """([content, type, changes]) => {
      const body = new checks.Body(content, type);
      return body.rewritten(changes.map(([old, words]) => {
        if (typeof old === "number") return { start: old, end: old, words };
        const start = body.text.indexOf(old);
        if (start < 0) throw new Error(`no ${old} in ${body.text}`);
        return { start, end: start + old.length, words };
      }));
    }"""
    return str(page.evaluate(script, [content, kind, [list(change) for change in changes]]))


def same(page: Page, first: str, second: str, kind: str = "html") -> bool:
    return bool(page.evaluate("(given) => checks.same(...given)", [first, second, kind]))


def test_there_are_mails_of_all_programs() -> None:
    assert len(HTML) >= 40
    for program in ("word", "owa", "mobile", "gmail", "apple", "thunderbird", "yahoo", "text"):
        assert any(mail.name.startswith(program) for mail in MAILS)


@_named(MAILS)
def test_what_the_writer_wrote_is_read(page: Page, mail: Mail) -> None:
    assert read(page, mail.content, mail.type) == {"text": mail.text, "history": mail.history}
    assert rewritten(page, mail.content, kind=mail.type) == mail.content


@_named(MAILS)
def test_any_rewrite_changes_the_text_as_it_says_and_nothing_else(page: Page, mail: Mail) -> None:
    given = [mail.content, mail.type, 7, TIMES, mail.mixed]
    assert page.evaluate("(given) => checks.manyFaults(...given)", given) == []


@_named(MAILS)
def test_a_rewrite_taken_back_leaves_the_same_mail(page: Page, mail: Mail) -> None:
    assert page.evaluate("(given) => checks.undoFaults(...given)", [mail.content, mail.type, 7, 30]) == []


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


# What the fake forgets, as its styles are a browser's and it keeps few ids: where hidden words, bullets of
# Word and signatures of Apple are.
FORGOTTEN = {
    ("hidden_and_comments", "web"),
    ("hidden_and_comments", "classic"),
    ("word_list", "web"),
    ("word_list", "classic"),
    ("apple_phone", "web"),
}
FLAVOURS = [
    pytest.param(mail, flavour, id=f"{mail.name}-{flavour}")
    for mail in HTML
    for flavour in ("web", "wrapping", "classic")
    if (mail.name, flavour) not in FORGOTTEN
]


@pytest.mark.parametrize(("mail", "flavour"), FLAVOURS)
def test_outlook_may_write_it_in_its_own_way(page: Page, mail: Mail, flavour: str) -> None:
    stored = str(page.evaluate("([html, flavour]) => asStored(html, flavour)", [mail.content, flavour]))
    found = read(page, stored)
    assert lines(found["text"]) == lines(mail.text)
    assert found["history"]["from"] == mail.history["from"]
    assert lines(found["history"]["text"]) == lines(mail.history["text"])
    given = [stored, "html", 11, 10, True]
    assert page.evaluate("(given) => checks.manyFaults(...given)", given) == []


@pytest.mark.parametrize("flavour", ["web", "wrapping"])
@_named([mail for mail in HTML if mail.name.startswith(("owa", "mobile", "signature"))])
def test_what_outlook_rewrites_is_the_same_mail(page: Page, mail: Mail, flavour: str) -> None:
    stored = str(page.evaluate("([html, flavour]) => asStored(html, flavour)", [mail.content, flavour]))
    assert same(page, mail.content, stored)
    if mail.text:
        first = mail.text.split()[0]
        assert not same(page, rewritten(page, mail.content, (first, "Otherwise")), stored)


# What is made of which change, letter by letter.
CASES = json.loads((HERE / "rewrites.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_what_a_rewrite_makes_of_the_markup(page: Page, case: dict[str, Any]) -> None:
    found = rewritten(page, case["content"], *(tuple(change) for change in case["changes"]))
    assert found == case["wanted"]


def test_lines_on_two_sides_of_a_quote_stay_apart(page: Page) -> None:
    content = "<p>A</p><blockquote type=cite>Q</blockquote><p>B b</p>"
    found = rewritten(page, content, ("A\n\nB", "C"))
    assert "<blockquote type=cite>Q</blockquote>" in found
    assert read(page, found)["text"] == "C\n\nb"


def test_the_text_of_a_plain_mail_is_rewritten_with_its_own_line_ends(page: Page) -> None:
    content = "Hi,\r\n\r\nyou are late.\r\n\r\nOn 3 March 2026, Jo <jo@client.test> wrote:\r\n> When?\r\n"
    found = rewritten(page, content, ("you are late.", "we are\nwaiting."), kind="text")
    assert found == content.replace("you are late.", "we are\r\nwaiting.")
    assert rewritten(page, "\r\n\r\n-- \r\nAna", (0, "Hi"), kind="text").startswith("Hi\r\n")


SAME = [
    (
        '<p class="a" id=b>A &eacute;</p>',
        "<html><head></head><body><div><p id='x_b' class=x_a>A \u00e9</p></div></body></html>",
    ),
    ("<div>A</div><div>B</div>", "<div>A</div>\n<div data-ogsc='red'>B<br></div>"),
    ("<p><b>A</b></p>", "<p><strong><span>A</span></strong></p>"),
]
DIFFERENT = [
    ("<p>A</p>", "<p>B</p>"),
    ("<p>A</p>", "<p><b>A</b></p>"),
    ("<p>A B</p>", "<p>A</p><p>B</p>"),
    ("<a href=x>A</a>", "<a href=y>A</a>"),
    ("<p>A<img src=x></p>", "<p>A</p>"),
    ("<p>A</p><div id=Signature>S</div>", "<p>A</p><div id=Signature>T</div>"),
    ("<p>A</p><blockquote type=cite>S</blockquote>", "<p>A</p>"),
]


def test_what_is_the_same_mail(page: Page) -> None:
    assert [pair for pair in SAME if not same(page, *pair)] == []
    assert [pair for pair in DIFFERENT if same(page, *pair)] == []
    assert same(page, "A \r\nB\r\n", "A\nB", "text")
    assert not same(page, "A\nB", "A B", "text")


PIECES = [
    "<p>", "</p>", "<div>", "</div>", "<b>", "</b>", "<i>", "</i>", "<br>", "<ul>", "<li>", "</li>",
    "</ul>", "<table>", "<tr>", "<td>", "</td>", "</tr>", "</table>", "<blockquote type=cite>",
    "<blockquote>", "</blockquote>", "<div id=Signature>", "<div id=divRplyFwdMsg>", "<pre>", "</pre>",
    "<span style='display:none'>", "</span>", "<a href='x'>", "</a>", "<o:p>", "</o:p>", "<!--", "-->",
    "<![if x]>", "<![endif]>", "<!doctype html>", "<html>", "<head>", "</head>", "<body>", "</body>",
    "<script>", "</script>", "<style>", "</style>", "<textarea>", "<img src=x>", "<", ">", "&",
    "&nbsp;", "&eacute;", "&#1601;", "&#128512;", "&amp", "&NotEqualTilde;", '"', "'", "=", "\u00a0",
    "\u200b", " ", "\n", "\r\n", "\t", "words here", "de mots", "كلمات", "kelime ı", "😀", "e\u0301",
    "On 3 March 2026, Jo wrote:", "From: Jo <jo@client.test>", "Sent: today", "Subject: x", "-- ",
    "> quoted", "-----Original Message-----",
]  # fmt: skip
SOUP = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=40).map("".join)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SOUP, min_size=1, max_size=8), st.integers(0, 2**31))
def test_no_markup_is_too_strange(page: Page, soups: list[str], seed: int) -> None:
    script = "([soups, seed]) => soups.flatMap((soup) => checks.soupFaults(soup, seed))"
    # A lone half of a pair does not survive the way into the browser.
    soups = [soup.encode("utf-16", "replace").decode("utf-16") for soup in soups]
    assert page.evaluate(script, [soups, seed]) == []


def test_a_long_thread_is_read_and_rewritten_in_no_time(page: Page) -> None:
    quoted = (
        '<div style="font-size: 11pt">As <b>quoted</b> before &amp; before that, once again.</div>' * 10_000
    )
    own = "<div>We will see what can be done about it.</div>" * 60
    content = f'<html><body>{own}<div id="divRplyFwdMsg"></div>{quoted}</body></html>'
    script = """(content) => {
      const begin = performance.now();
      const body = new checks.Body(content, "html");
      const changes = [...body.text.matchAll(/can be/gu)].map(
        ({ index: start }) => ({ start, end: start + 6, words: "is" }));
      const found = body.rewritten(changes);
      const spent = performance.now() - begin;
      return { spent, made: found.split("what is done").length - 1, kept: found.length - content.length };
    }"""
    found = page.evaluate(script, content)
    assert found["made"] == 60
    assert found["kept"] == -4 * 60
    assert found["spent"] < 60_000


MUCH = [
    "<a ", "<b>", "<p>", "&", "<!--", "</b>", '<a "', "> ", "<div>x", "<blockquote>x", "\n", "<td>", "&am",
    "<br>", "--\n", "<blockquote type=cite>x</blockquote>y ",
    "On 3 May 2026, Jo wrote:<blockquote>x</blockquote>", "From: Jo\n",
    "<p>x<table><tr><td>", "<span style='display:none'>x</span>y", "x<br>", "<ul><li>x",
]  # fmt: skip


@pytest.mark.parametrize("soup", MUCH)
def test_nothing_takes_forever(page: Page, soup: str) -> None:
    script = """(soup) => {
      const begin = performance.now();
      const faults = checks.soupFaults(soup, 1);
      return { faults, spent: performance.now() - begin };
    }"""
    found = page.evaluate(script, soup * 20_000)
    assert found["faults"] == []
    # Linear work takes a second or two, work that grows with the square minutes: between them lies room for
    # a machine that is busy.
    assert found["spent"] < 60_000
