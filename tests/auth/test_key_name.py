"""A token is believed in nothing before its signature, and only one of RS256 names a key at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth.keys import BadToken, key_name
from tests.auth import tokens
from tests.auth.google_fakes import FakeGoogleIdentity, part


def token(head: Any, rest: str = "e30.AAAA") -> str:
    return f"{head if isinstance(head, str) else part(head)}.{rest}"


def test_the_name_of_the_key() -> None:
    assert key_name(token({"alg": "RS256", "kid": "ab"})) == "ab"
    google = FakeGoogleIdentity()
    assert key_name(google.system()) == google.key.kid


@pytest.mark.parametrize(
    "bad",
    [
        "", ".", "..", "...", "a.b", "a.b.c.d", "e30.e30.e30", " e30.e30.e30", "\ud800.a.b", "\x00",
        "Bearer x",
        token({"alg": "RS256", "kid": "a"}, "e30."), token({"alg": "RS256", "kid": "a"}, "e30.AAAA\n"),
        token({"alg": "RS256", "kid": "a"}, "e30.AA AA"), token({"alg": "RS256", "kid": "a"}, "e30.AAAA=="),
        token({"alg": "RS256", "kid": "a"}, "e30." + "A" * 40_000),
        token({"kid": "a"}), token({"alg": "RS256"}), token({"alg": "none", "kid": "a"}),
        token({"alg": "HS256", "kid": "a"}), token({"alg": "rs256", "kid": "a"}),
        token({"alg": ["RS256"], "kid": "a"}), token({"alg": "RS256", "kid": 5}),
        token({"alg": "RS256", "kid": None}), token({"alg": "RS256", "kid": ["a"]}),
        token(tokens.encode(b"[" * 20_000)), token(tokens.encode(b"[]")), token(tokens.encode(b"\xff")),
        token(tokens.encode(b"1" * 5000)),
        token(tokens.encode(b'{"alg":"RS256","kid":' + b"1" * 5000 + b"}")),
    ],
    ids=lambda bad: repr(bad[:30]),
)  # fmt: skip
def test_what_is_no_token_names_no_key(bad: str) -> None:
    with pytest.raises(BadToken) as caught:
        key_name(bad)
    assert str(caught.value) in ("not a token", "not signed with RS256")


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]{0,30}(\.[A-Za-z0-9_-]{0,30}){0,4}", fullmatch=True))
def test_no_string_at_all_does_anything_else(text: str) -> None:
    with pytest.raises(BadToken):
        key_name(text)
