"""What is ticked goes into the draft, and nothing else."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gmail.compose import as_html, revised
from app.tone.mail import read_html, read_text
from app.tone.review import Engine, Message, Request
from app.tone.types import Review
from app.tone.week import default_hours

DRAFT = (
    "Hi Dana,\n\nWe guarantee this will never happen again. As I already told you, the file is ready.\n\nMarc"
)


def reviewed(engine: Engine, text: str, markup: bool = False) -> Review:
    document = read_html(text) if markup else read_text(text)
    now = dt.datetime(2026, 11, 27, 9, tzinfo=dt.UTC)
    return engine.review(Request(Message("outgoing", document), now, default_hours("UTC")))


def test_nothing_ticked_is_the_draft(engine: Engine) -> None:
    assert revised(reviewed(engine, DRAFT), (), ()) == DRAFT


def test_one_tick_is_one_change(engine: Engine) -> None:
    review = reviewed(engine, DRAFT)
    numbers = [n for n, finding in enumerate(review.findings) if finding.replacements]
    assert len(numbers) >= 2
    for number in numbers:
        text = revised(review, {number}, ())
        span = review.findings[number].span
        assert text != DRAFT
        assert text.startswith(DRAFT[: span.start])
        assert text.endswith(DRAFT[span.end :])


def test_a_missing_element_is_put_in_by_its_name(engine: Engine) -> None:
    review = reviewed(engine, "Hi Dana,\n\nWe were late with the file. It is our mistake.\n\nMarc")
    missing = [e for e in review.elements if e.status == "missing" and e.insert]
    assert missing
    text = revised(review, (), {missing[0].guideline})
    assert missing[0].insert is not None
    assert missing[0].insert.text.strip() in text


def test_markup_stays_markup(engine: Engine) -> None:
    source = (
        "<div>Hi Dana,</div>"
        "<div><b>We guarantee this will never happen again.</b> The file is attached to this mail.</div>"
    )
    review = reviewed(engine, source, markup=True)
    text = revised(review, range(len(review.findings)), ())
    assert text.startswith("<div>Hi Dana,</div><div>")
    assert text != source


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb"])
def test_a_line_is_a_block(text: str) -> None:
    assert as_html(text) == '<div dir="auto">a</div><div dir="auto">b</div>'


@given(st.text(max_size=200))
def test_text_never_becomes_markup(text: str) -> None:
    stripped = as_html(text).replace('<div dir="auto">', "").replace("</div>", "").replace("<br>", "")
    assert "<" not in stripped
    assert ">" not in stripped
