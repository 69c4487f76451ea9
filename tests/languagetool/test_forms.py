"""Form fields: whatever a client encodes comes back, and nothing makes the reader fail."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.languagetool.forms import fields

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(TEXT, TEXT), st.sampled_from([quote, quote_plus]))
def test_what_a_client_encodes_comes_back(sent: dict[str, str], way: Any) -> None:
    assert fields(urlencode(sent, quote_via=way).encode()) == sent


@given(st.binary())
def test_any_bytes_are_survived(body: bytes) -> None:
    found = fields(body)
    assert len(found) <= body.count(b"&") + 1
    "".join((*found, *found.values())).encode()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", {}),
        (b"text", {"text": ""}),
        (b"text=a=b", {"text": "a=b"}),
        (b"text=1&text=2", {"text": "2"}),
        (b"&&text=x&", {"text": "x"}),
        (b"text=100% sure, 5 %zz", {"text": "100% sure, 5 %zz"}),
        (b"text=a%2Bb+c%20d%26e", {"text": "a+b c d&e"}),
        (b"text=a;b=c", {"text": "a;b=c"}),
        ("text=où %D8%A3".encode(), {"text": "où أ"}),
        (b"text=%ff%F0%9F%91", {"text": "\ufffd\ufffd"}),
    ],
)
def test_reading(body: bytes, found: dict[str, str]) -> None:
    assert fields(body) == found
