"""The pages that findings link to, in four languages, with nothing from elsewhere on them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from app import strings
from app.guidance.schema import MARK
from app.tone.review import Engine
from app.tone.types import LANGUAGES, Language
from app.web import pages
from tests.conftest import Client


class Outline(HTMLParser):
    """What a test needs to see of a page; notes tags that are left open."""

    VOID = frozenset({"meta", "link", "br", "img", "input"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.marks: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "mark":
            self.marks.append("")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "mark":
            self.marks[-1] += data

    def links(self) -> list[str]:
        return [
            v
            for _, attributes in self.tags
            for k, v in attributes.items()
            if k in ("href", "src", "action") and v
        ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_guideline_has_a_page_in_every_language(
    client: Client, engine: Engine, language: Language
) -> None:
    for guideline in engine.guidance.guidelines.values():
        answer = client.get(f"/guidelines/{guideline.id}?lang={language}")
        assert answer.status_code == 200
        assert answer.headers["content-language"] == language
        outline = Outline(answer.text)
        assert outline.open == []
        root = next(attributes for tag, attributes in outline.tags if tag == "html")
        assert root == {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}
        words = guideline.wording(language)
        assert f"<title>{words.title} · Tactline</title>".replace("'", "&#39;") in answer.text
        assert outline.marks
        if guideline.head.kind == "avoid":
            marked = {flag.marked for rule in words.rules for flag in rule.flags}
            marked |= {move.example.marked for move in words.moves}
            marked |= {flag.marked for flag in words.examples.positive}
            assert set(outline.marks) <= marked
        assert "[[" not in answer.text
        for source in guideline.head.sources:
            article, _, section = source.partition("/")
            title = engine.guidance.articles[article].sections[section].title[language]
            assert title.replace("'", "&#39;") in answer.text


def test_the_list_links_to_every_page(client: Client, engine: Engine) -> None:
    links = Outline(client.get("/guidelines?lang=fr").text).links()
    assert {f"/guidelines/{identity}?lang=fr" for identity in engine.guidance.guidelines} <= set(links)


def test_the_pages_language_is_the_readers(client: Client) -> None:
    for headers, query, language in (
        ({"Accept-Language": "tr"}, "", "tr"),
        ({"Accept-Language": "tr"}, "?lang=ar", "ar"),
        ({"Accept-Language": "de"}, "?lang=xx", "en"),
    ):
        answer = client.get(f"/guidelines{query}", headers=headers)
        assert answer.headers["content-language"] == language
        assert answer.headers["vary"] == "Accept-Language"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_read_and_kept_is_told_in_every_language(client: Client, language: Language) -> None:
    answer = client.get(f"/privacy?lang={language}")
    assert answer.status_code == 200
    assert answer.headers["content-language"] == language
    outline = Outline(answer.text)
    assert outline.open == []
    # The manifests lead to these parts.
    assert [attributes["id"] for tag, attributes in outline.tags if tag == "h2"] == [
        "read",
        "kept",
        "others",
        "terms",
    ]
    for part in ("title", "lead", "read", "kept", "others", "terms"):
        assert strings.say(language, f"privacy.{part}") in unescape(answer.text)


def test_pages_load_nothing_from_elsewhere_and_carry_a_strict_policy(client: Client) -> None:
    for path in ("/guidelines", "/guidelines/arguing", "/privacy", "/problems/too-large", "/guidelines/none"):
        answer = client.get(path, headers={"Accept": "text/html"})
        outline = Outline(answer.text)
        assert all(re.match(r"/(?!/)|\?|data:,$", link) for link in outline.links())
        assert not [
            attributes for _, attributes in outline.tags if {"style", "onclick", "onload"} & attributes.keys()
        ]
        assert not [tag for tag, _ in outline.tags if tag in ("script", "style", "iframe")]
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    style = client.get("/pages.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "url(" not in style.text
    assert "@import" not in style.text


def test_an_unknown_page_is_a_page_for_people_and_a_problem_for_programs(client: Client) -> None:
    page = client.get("/guidelines/none", headers={"Accept": "text/html", "Accept-Language": "fr"})
    assert page.status_code == 404
    assert strings.say("fr", "web.not-found") in unescape(page.text)
    assert client.get("/guidelines/none").headers["content-type"] == "application/problem+json"


def test_the_interface_words_are_served(client: Client) -> None:
    got = client.get("/strings/ar").json()
    assert (got["language"], got["direction"]) == ("ar", "rtl")
    assert got["words"] == strings.interface("ar")
    assert client.get("/strings/de").status_code == 422


def test_guidance_is_escaped(make_client: Callable[..., Client], engine: Engine, tmp_path: Path) -> None:
    from app.guidance.schema import load_guideline

    folder = tmp_path / "script-tags"
    folder.mkdir()
    (folder / "guideline.toml").write_text(
        'kind = "avoid"\ndimension = "calm"\nweight = 0.2\nsources = ["dropped-ball/follow-up"]\n'
    )
    (folder / "en.toml").write_text(
        'title = "<script>alert(1)</script>"\nadvice = "<b>x</b>"\n[reasons]\ndefault = "\\"><i>"\n'
        '[examples]\npositive = ["A [[<img src=x>]] here."]\nnear_miss = ["A <u>b</u>."]\n'
    )
    house = load_guideline(folder, house=True)
    html = pages.guideline(engine.guidance, house, "ar")
    outline = Outline(html)
    assert not [tag for tag, _ in outline.tags if tag in ("script", "img", "i", "b", "u")]
    assert outline.marks == ["<img src=x>"]
    # Its words are English on an Arabic page, and say so.
    assert {"lang": "en", "dir": "ltr"} in [
        attributes for tag, attributes in outline.tags if tag == "article"
    ]


def test_the_mark_pattern_cuts_in_three() -> None:
    assert MARK.split("a [[b]] c", maxsplit=1) == ["a ", "b", " c"]
