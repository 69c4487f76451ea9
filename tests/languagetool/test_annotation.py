"""Text with markup: what is checked, and the way back to what the client counts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.languagetool import annotation
from app.languagetool.refusals import Refused
from app.tone.types import Span

# Letters of one and two UTF-16 code units, combining marks, joiners, controls, halves of characters.
CHARACTERS = st.text(
    st.one_of(
        st.sampled_from("aé\u0301\u200d👍🏽\U0001f1eb\U0001f1f7أ\u064b\n\r\x00<&\ud83d\udc4d"),
        st.characters(codec=None),
    ),
    max_size=12,
)
ITEM: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"text": CHARACTERS}, optional={"offset": st.just({"start": 0, "end": 1})}),
    st.fixed_dictionaries({"markup": CHARACTERS}, optional={"interpretAs": st.none() | CHARACTERS}),
)


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(st.lists(ITEM, max_size=12))
def test_each_letter_is_found_where_it_stands(items: list[dict[str, Any]]) -> None:
    # A client may send halves of characters, which JSON writes as escapes.
    read = annotation.read(json.dumps({"annotation": items}))
    read.whole.encode()
    assert units(read.whole) == sum(units(item.get("text", item.get("markup", ""))) for item in items)
    assert read.positions is not None
    assert len(read.positions) == len(read.text)
    at = count = 0
    for item in items:
        size = len(json.loads(json.dumps(item.get("text", item.get("markup", "")))))
        if "text" in item:
            for place in range(at, at + size):
                assert read.positions[count] == (place, place + 1)
                assert read.text[count] == read.whole[place]
                count += 1
        else:
            meant = json.loads(json.dumps(item.get("interpretAs") or ""))
            assert read.positions[count : count + len(meant)] == ((at, at + size),) * len(meant)
            count += len(meant)
        at += size
    assert (count, at) == (len(read.text), len(read.whole))


@given(st.lists(ITEM, max_size=12), st.data())
def test_a_stretch_of_the_text_is_a_stretch_of_the_whole(items: list[dict[str, Any]], data: Any) -> None:
    read = annotation.read(json.dumps({"annotation": items}))
    if not read.text:
        return
    start = data.draw(st.integers(0, len(read.text) - 1))
    end = data.draw(st.integers(start + 1, len(read.text)))
    place = read.place(Span(start, end))
    assert 0 <= place.start <= place.end <= len(read.whole)
    assert place.covers(read.place(Span(start, start + 1)))
    assert place.covers(read.place(Span(end - 1, end)))


@given(st.text(st.characters(codec=None)))
def test_plain_text_stands_for_itself(text: str) -> None:
    read = annotation.plain(text)
    assert units(read.text) == units(text)
    assert read.text == read.whole
    assert (
        annotation.read(json.dumps({"text": text})).text
        == annotation.plain(json.loads(json.dumps(text))).text
    )


@pytest.mark.parametrize(
    "data",
    [
        "", "no JSON", "[]", "null", '"x"', "{}", '{"text": 5}', '{"text": null}',
        '{"text": "secret", "annotation": []}', '{"annotation": "secret"}', '{"annotation": ["secret"]}',
        '{"annotation": [{}]}', '{"annotation": [{"text": "secret", "markup": "<b>"}]}',
        '{"annotation": [{"text": "secret", "interpretAs": ""}]}', '{"annotation": [{"markup": ["secret"]}]}',
        '{"annotation": [{"interpretAs": "secret"}]}', "[" * 100_000, '{"text": ' + "9" * 5000 + "}",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_without_a_word_of_it(data: str) -> None:
    with pytest.raises(Refused) as caught:
        annotation.read(data)
    assert caught.value.status == 400
    assert "secret" not in caught.value.line
    assert "999" not in caught.value.line


@pytest.mark.parametrize(
    ("markup", "whole"),
    [
        ("", True),
        ("<b></b>", True),
        ("<b><i></i></b>", True),
        ("<b><i></b></i>", False),
        ("<b>", False),
        ("</b>", False),
        ("</b><b>", False),
        ("<B CLASS='x'></b >", True),
        ("<br><br/>", True),
        ("<img src='a.png'>", False),
        ("****", False),
        ("** **", True),
        ("** __ __ **", True),
        ("**", False),
        ("[](https://x.example/a_b 'c')", True),
        ("[][ref]", True),
        ("](https://x.example)", False),
        ("[", False),
        ("\\emph{}", True),
        ("\\emph{", False),
        ("{]", False),
        ("\n\n# ", True),
        ("&nbsp;", True),
    ],
)
def test_markup_that_may_go_with_its_words(markup: str, whole: bool) -> None:
    assert annotation.balanced(markup) == whole


@given(st.text(st.sampled_from("<>/ab[](){}*_`! ")))
def test_any_markup_is_survived(markup: str) -> None:
    # What is whole stays so between a pair of its own.
    if annotation.balanced(markup) and "<" not in markup and "]" not in markup:
        assert annotation.balanced(f"<p>{markup}</p>")


def test_long_markup_takes_no_time() -> None:
    for part in ("<a", "](", "][", "[", "<", "*a"):
        annotation.balanced(part * 50_000)
