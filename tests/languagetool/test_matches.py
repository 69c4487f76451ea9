"""Matches in text with markup: their offsets are the client's, whatever stands between the words."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.languagetool.annotation import balanced
from tests.languagetool.conftest import DRAFT, Door

MARKUP = st.sampled_from(
    ["<b>", "</b>", "<i data-x='👍'>", "<span title='e\u0301'>", "**", "<!-- \U0001f468\u200d\U0001f469 -->"]
)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def cut(whole: str, match: dict[str, Any]) -> str:
    """What a client that counts UTF-16 code units sees at a match."""
    raw = whole.encode("utf-16-le")
    return raw[2 * match["offset"] : 2 * (match["offset"] + match["length"])].decode("utf-16-le")


@st.composite
def marked_up(draw: Any) -> tuple[list[dict[str, str]], list[str]]:
    """The draft with markup that means nothing at some places, and the markup."""
    at = sorted(draw(st.lists(st.integers(0, len(DRAFT)), max_size=8)))
    parts: list[dict[str, str]] = []
    used = []
    for start, end in zip([0, *at], [*at, len(DRAFT)], strict=True):
        parts.append({"text": DRAFT[start:end]})
        markup = draw(MARKUP)
        used.append(markup)
        parts.append(draw(st.sampled_from([{"markup": markup}, {"markup": markup, "interpretAs": ""}])))
    return parts, used


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(marked_up())
def test_markup_that_means_nothing_changes_nothing_but_places(
    door: Door, made: tuple[list[dict[str, str]], list[str]]
) -> None:
    parts, used = made
    whole = "".join(part.get("text", part.get("markup", "")) for part in parts)
    answer = door.check(data=json.dumps({"annotation": parts}), language="en").json()
    plain = door.matches(DRAFT, "en")
    assert len(answer["matches"]) == len(plain)
    for match, other in zip(answer["matches"], plain, strict=True):
        seen = cut(whole, match)
        for markup in used:
            seen = seen.replace(markup, "")
        assert seen == cut(DRAFT, other)
        # It begins and ends with words, not with markup.
        assert not seen.startswith("<")
        inside = " ".join(re.findall("|".join(map(re.escape, set(used))), cut(whole, match)))
        if balanced(inside):
            assert match["replacements"] == other["replacements"]
        else:
            assert match["replacements"] == []
            assert match["message"] != other["message"]
        assert match["sentence"] == other["sentence"]
        context = match["context"]
        assert cut(context["text"], context) == cut(whole, match).replace("\n", " ")
    assert all(0 <= start < end <= units(whole) for start, end in answer["sentenceRanges"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.sampled_from("👍🏽e\u0301\u064b\u200d\u200f\U0001f1eb\U0001f1f7 "), max_size=12),
    st.sampled_from(["\n", " ", "\n\n"]),
)
def test_wide_characters_and_marks_before_a_match(door: Door, before: str, gap: str) -> None:
    text = f"Hello Ann,\n\n{before}{gap}You never sent us the logo. 👍\n\nJo"
    found = [m for m in door.matches(text, "en") if m["rule"]["id"] == "BLAMING_THE_CLIENT"]
    assert len(found) == 1
    # A letter before it makes a longer clause of it.
    marked = cut(text, found[0])
    assert marked.endswith("You never sent us the logo")
    assert marked in text
    context = found[0]["context"]
    assert cut(context["text"], context) == marked.replace("\n", " ")


def test_what_markup_means_is_read_and_what_it_replaces_is_marked(door: Door) -> None:
    parts = [
        {"markup": "<p>"}, {"text": "Dear Ann,"}, {"markup": "</p>\r\n<p>", "interpretAs": "\n\n"},
        {"text": "You"}, {"markup": "&nbsp;", "interpretAs": " "}, {"text": "never sent us the logo."},
        {"markup": "</p>", "interpretAs": "\n\n"},
    ]  # fmt: skip
    whole = "".join(part.get("text", part.get("markup", "")) for part in parts)
    match = door.check(data=json.dumps({"annotation": parts}), language="en").json()["matches"][0]
    assert cut(whole, match) == "You&nbsp;never sent us the logo"
    assert match["sentence"] == "You never sent us the logo."
    assert match["context"]["text"].startswith("<p>Dear Ann,</p>\r <p>You&nbsp;never")


def test_words_that_only_stand_for_nothing_are_not_marked(door: Door) -> None:
    parts = [{"text": "Hello."}, {"markup": "", "interpretAs": " You never sent us the logo."}]
    answer = door.check(data=json.dumps({"annotation": parts}), language="en").json()
    assert [m for m in answer["matches"] if m["rule"]["id"] == "BLAMING_THE_CLIENT"] == []


def test_text_beside_meta_data(door: Door) -> None:
    data = {"text": DRAFT, "metaData": {"DocumentTitle": "x", "EmailToAddress": "y"}}
    assert door.check(data=json.dumps(data), language="en").json()["matches"] == door.matches(DRAFT, "en")


LATE = "The layout is late because our server crashed and the files were lost."


def test_what_is_missing_leaves_markup_alone(door: Door) -> None:
    parts = [
        {"markup": "<p>"}, {"text": "Dear Ann,"}, {"markup": "</p><p>", "interpretAs": "\n\n"},
        {"text": LATE}, {"markup": "</p><p>", "interpretAs": "\n\n"}, {"text": "Jo"}, {"markup": "</p>"},
    ]  # fmt: skip
    whole = "".join(part.get("text", part.get("markup", "")) for part in parts)
    answer = door.check(data=json.dumps({"annotation": parts}), language="en", level="picky").json()
    added = [m for m in answer["matches"] if m["rule"].get("tags") == ["picky"]]
    assert len(added) >= 2
    for match in added:
        assert cut(whole, match) == LATE
        value = match["replacements"][0]["value"]
        assert LATE in value
        assert value != LATE
