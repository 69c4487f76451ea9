"""quote == text[start:end], in all three encodings, for text and for HTML."""

from __future__ import annotations

import html
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Client
from tests.sizes import size

SENTENCES = (
    "As I already told you, the files were never sent by you!!!",
    "Vous n'avez pas lu mon message et ce n'est pas notre faute !!!",
    "لم تقرؤوا رسالتي، وهذا ليس خطأنا!!!",
    "Size daha önce de söyledim, dosyayı yanlış gönderdiniz!!!",
    "We will send it by Friday noon.",
    "THIS IS THE LAST TIME I EXPLAIN IT TO YOU.",
)
ODD = (
    "😀",
    "👩‍👩‍👧",
    "e\u0301",
    "İ",
    "\u200f",
    "\u2067",
    "\u2069",
    "ـ",
    "َ",
    "\r\n",
    "\n\n",
    "\t",
    "ﬁ",
    "𝒳",
    "\u2028",
    " ",
)

pieces = st.sampled_from(SENTENCES) | st.sampled_from(ODD) | st.text(max_size=12)
texts = st.lists(pieces, min_size=1, max_size=10).map(" ".join)
usable = texts.map(lambda text: text.encode("utf-8", "ignore").decode())
quick = settings(max_examples=size(20, 200), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def cut(source: str, start: int, end: int, encoding: str) -> str:
    """`source` cut at offsets that count in `encoding`."""
    if encoding == "code-point":
        return source[start:end]
    codec, width = ("utf-16-le", 2) if encoding == "utf-16" else ("utf-8", 1)
    return source.encode(codec)[start * width : end * width].decode(codec)


def stretches(got: dict[str, Any]) -> list[dict[str, Any]]:
    evidence = [element["evidence"] for element in got["elements"] if element["evidence"]]
    return [*got["findings"], *got["commitments"], *got["deadlines"], *evidence]


def check(client: Client, source: str, kind: str) -> None:
    answers = {}
    for encoding in ("utf-16", "utf-8", "code-point"):
        for direction in ("outgoing", "incoming"):
            answer = client.review({"direction": direction, kind: source}, offset_encoding=encoding)
            assert answer.status_code == 200, answer.text
            got = answer.json()
            for stretch in stretches(got):
                assert cut(source, stretch["start"], stretch["end"], encoding) == stretch["quote"]
            segments = got["segments"]
            assert (
                "".join(cut(source, s["start"], s["end"], encoding) for s in segments) == source
                or not segments
            )
            for element in got["elements"]:
                if element["insert"]:
                    cut(source, element["insert"]["at"], element["insert"]["at"], encoding)
            answers[encoding, direction] = got
    quotes = {
        tuple((f["guideline"], f["quote"]) for f in answers[encoding, "outgoing"]["findings"])
        for encoding in ("utf-16", "utf-8", "code-point")
    }
    assert len(quotes) == 1


@quick
@given(usable)
def test_offsets_hold_in_text(client: Client, text: str) -> None:
    check(client, text, "text")


MARKUP = (
    "<b>", "</b>", "<br>", "<p>", "</p>", "&nbsp;", "<!-- x -->", "&#128512;", "<div>", "</div>",
    "<a href=\'x>y\'>", "</a>", "&", "<",
)  # fmt: skip
markup = st.sampled_from(MARKUP)


@quick
@given(st.lists(pieces.map(lambda text: html.escape(text)) | markup, min_size=1, max_size=12).map("".join))
def test_offsets_hold_in_html(client: Client, source: str) -> None:
    check(client, source.encode("utf-8", "ignore").decode(), "html")


TEXT = "Hi Dana 😀,\n\nTHIS IS THE LAST TIME. They are below.\n"
HTML = "<p>Hi Dana &#128512;,</p><p>THIS <b>IS</b> THE LAST TIME. They are below.</p>"


@pytest.mark.parametrize(("kind", "source"), [("text", TEXT), ("html", HTML)])
def test_a_replacement_fits_where_it_is_to_go(client: Client, kind: str, source: str) -> None:
    got = client.review({"direction": "outgoing", kind: source}, offset_encoding="code-point").json()
    [finding] = [f for f in got["findings"] if "LAST" in f["quote"]]
    assert finding["replacements"]
    for text in finding["replacements"]:
        fixed = source[: finding["start"]] + text + source[finding["end"] :]
        again = client.review({"direction": "outgoing", kind: fixed}).json()
        assert not [f for f in again["findings"] if f["guideline"] == finding["guideline"]]
        if kind == "html":
            assert text.count("<b>") == text.count("</b>") == 1


def test_offsets_count_utf_16_when_nothing_else_is_asked_for(client: Client) -> None:
    [finding] = client.review({"direction": "outgoing", "text": TEXT}).json()["findings"]
    assert cut(TEXT, finding["start"], finding["end"], "utf-16") == finding["quote"]
    assert finding["start"] == len("Hi Dana 😀,\n\n".encode("utf-16-le")) // 2
