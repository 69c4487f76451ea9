"""The page of a report: in four languages, by itself, without a person, for every eye and width."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from typer.testing import CliRunner, Result

from app import strings
from app.cli import app
from app.guidance.schema import Guidance, load
from app.report.page import Page
from app.tone.types import LANGUAGES, Language
from tests.axe import violations
from tests.browser.service import browsing
from tests.report.test_figures import reported, row

MADE = dt.date(2026, 6, 1)


@pytest.fixture(scope="module")
def guidance() -> Guidance:
    return load()


def page(guidance: Guidance, language: Language) -> str:
    rows = []
    for week in range(20):
        day = dt.date(2026, 1, 5) + dt.timedelta(weeks=week)
        rows += [row(day, score=50 + week, band="mixed", flagged=("arguing",)) for _ in range(5)]
        rows += [row(day, language="fr", score=90, missing=("sincere-apology",)) for _ in range(6)]
    rows += [
        row(dt.date(2026, 1, 5), language="ar", band="poor", flagged=("of-the-house",)) for _ in range(7)
    ]
    rows += [row(None, language="tr") for _ in range(8)]
    return Page(guidance, language).render(reported(rows), MADE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_in_the_language_that_was_asked_for(guidance: Guidance, language: Language) -> None:
    made = page(guidance, language)
    assert f'<html lang="{language}" dir="{strings.direction(language)}">' in made
    words = html.unescape(re.sub(r"<style>.*?</style>|<[^>]*>", " ", made, flags=re.DOTALL))
    assert guidance.guidelines["arguing"].wording(language).title in words
    assert strings.say(language, "report.title") in words
    assert strings.say(language, "report.percent", share=43) in words  # 100 of 235
    for other in LANGUAGES:
        if other != language:
            assert strings.say(other, "report.title") not in words
    assert not re.search(r"[{}]", words)


def test_a_guideline_that_is_gone_keeps_its_name_and_is_escaped(guidance: Guidance) -> None:
    rows = [row(flagged=("<b>of-the-house",)) for _ in range(5)] + [row() for _ in range(5)]
    made = Page(guidance, "en").render(reported(rows), MADE)
    assert "&lt;b&gt;of-the-house" in made


def test_it_asks_nobody_for_anything(guidance: Guidance) -> None:
    made = page(guidance, "en")
    assert not re.search(r"https?:|<script|@import|url\(", made)
    assert "default-src 'none'" in made


def test_guidelines_that_are_rare_do_not_tell_whether_they_were_found(guidance: Guidance) -> None:
    none = [row() for _ in range(9)]
    four = [row(flagged=("hollow-apology",)) for _ in range(4)] + [row() for _ in range(5)]
    assert Page(guidance, "en").render(reported(none), MADE) == Page(guidance, "en").render(
        reported(four), MADE
    )


def test_shares_that_are_not_all_are_not_told_as_all(guidance: Guidance) -> None:
    rows = [row(flagged=("arguing",)) for _ in range(4000)] + [row() for _ in range(6)]
    assert '<td class="value">99%</td>' in Page(guidance, "en").render(reported(rows), MADE)


def test_large_numbers_are_grouped_as_the_language_does(guidance: Guidance) -> None:
    rows = [row() for _ in range(12_345)]
    for language, told in (("en", "12,345"), ("fr", "12\u202f345"), ("ar", "12,345"), ("tr", "12.345")):
        assert f"<dd>{told}</dd>" in Page(guidance, language).render(reported(rows), MADE)  # type: ignore[arg-type]


def test_languages_that_stand_together_are_listed(guidance: Guidance) -> None:
    rows = [row(language=language) for language in ("en", "en", "fr", "tr")] + [
        row(language="ar") for _ in range(6)
    ]
    assert "English, French and Turkish" not in Page(guidance, "en").render(reported(rows), MADE)
    rows += [row(language="en") for _ in range(4)] + [row(language="fr"), row(language="und")]
    made = Page(guidance, "en").render(reported(rows), MADE)
    assert "French, Turkish and unknown" in made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as found:
        yield found


@pytest.mark.browser
@pytest.mark.npm
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_it_fits_and_is_accessible(
    guidance: Guidance, language: Language, scheme: str, browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    path.write_text(page(guidance, language), "utf-8")
    seen = browser.new_page(viewport={"width": 320, "height": 700}, bypass_csp=True)
    seen.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    problems: list[str] = []
    seen.on("console", lambda message: problems.append(message.text))
    seen.goto(path.as_uri())
    assert seen.evaluate("document.documentElement.scrollWidth") <= 320
    for summary in seen.locator("summary").all():
        summary.click()
    assert seen.evaluate("document.documentElement.scrollWidth") <= 320
    assert violations(seen) == []
    assert problems == []
    seen.close()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


def reviews(path: Path, count: int, **more: object) -> Path:
    items = [
        {
            "direction": "outgoing", "language": "en", "score": 40, "band": "poor",
            "id": f"{path.name}-{number}", "date": "2026-03-10T09:00:00+01:00",
            "file": "sent/anna-zebra.mbox", "findings": [], **more,
        }
        for number in range(count)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(item) + "\n" for item in items), "utf-8")
    return path


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    made = run(
        reviews(tmp_path / "a.jsonl", 6), reviews(tmp_path / "b.jsonl", 5), "--out", out, "--explain-in", "fr"
    )
    assert made.exit_code == 0, made.output
    content = out.read_text("utf-8")
    assert "<dd>11</dd>" in content
    assert 'lang="fr"' in content
    assert "zebra" not in content
    assert [path.name for path in tmp_path.glob("*.new")] == []


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    few = reviews(tmp_path / "few.jsonl", 4)
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text('{"zebra": 1}\n', "utf-8")
    out = tmp_path / "page.html"
    for arguments, told in (
        ((few,), strings.say("en", "cli.error.too-few-reviews", least=5)),
        ((wrong,), strings.say("en", "cli.error.not-reviews", path=wrong, number=1)),
        (
            (tmp_path / "none.jsonl",),
            strings.say("en", "cli.error.missing-file", path=tmp_path / "none.jsonl"),
        ),
        ((tmp_path,), strings.say("en", "cli.error.unreadable", path=tmp_path)),
    ):
        made = run(*arguments, "--out", out)
        assert (made.exit_code, made.output.strip()) == (2, told)
        assert not out.exists()
    enough = reviews(tmp_path / "enough.jsonl", 5)
    made = run(enough, "--out", tmp_path / "nowhere" / "page.html")
    assert made.exit_code == 2
