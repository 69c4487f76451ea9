"""Events as the platforms send them, and as nobody should."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gmail.events import Event, NotAnEvent, read

SAMPLES = Path(__file__).parents[3] / "shared" / "reference" / "gmail" / "events"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
NAMES = (
    "commonEventObject", "authorizationEventObject", "gmail", "parameters", "formInputs", "timeZone", "id",
    "userLocale", "stringInputs", "value", "timeInput", "hours", "minutes", "authorizedScopes", "messageId",
)  # fmt: skip


def event(**parts: Any) -> Event:
    return read(json.dumps(parts).encode())


def test_a_click_with_inputs() -> None:
    found = event(
        commonEventObject={
            "userLocale": "fr-FR", "timeZone": {"id": "Europe/Paris", "offset": 3600000}, "platform": "WEB",
            "parameters": {"do": "add", "odd": 3},
            "formInputs": {
                "text": {"stringInputs": {"value": ["Bonjour"]}}, "empty": {},
                "start": {"timeInput": {"hours": 9, "minutes": 5}},
            },
        },
        authorizationEventObject={"userOAuthToken": "u", "userIdToken": "i", "authorizedScopes": ["a", "b"]},
        gmail={"messageId": "msg-f:1", "threadId": "thread-f:1", "accessToken": "m"},
        somethingNew={"x": 1},
    )  # fmt: skip
    assert found.parameters == {"do": "add"}
    assert (found.first("text"), found.first("start"), found.first("empty")) == ("Bonjour", "09:05", "")
    assert (found.language, found.zone) == ("fr", "Europe/Paris")
    assert (found.user_token, found.message_token, found.message_id) == ("u", "m", "msg-f:1")
    assert found.granted("a", "b")
    assert not found.granted("a", "c")


def test_no_token_shows_in_its_representation() -> None:
    found = event(
        authorizationEventObject={"userOAuthToken": "SECRET1", "userIdToken": "SECRET2"},
        gmail={"accessToken": "SECRET3"},
    )
    assert "SECRET" not in repr(found)


def test_where_scopes_are_not_told_google_will_tell() -> None:
    assert event().granted("anything")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b'"x"', b"[" * 100_000])
def test_what_is_no_object_is_no_event(body: bytes) -> None:
    with pytest.raises(NotAnEvent):
        read(body)


@pytest.mark.parametrize("locale", ["de-DE", "", "frx", 7, None])
def test_other_locales_are_nobodys(locale: Any) -> None:
    assert event(commonEventObject={"userLocale": locale}).language is None


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs the references beside the repository")
def test_every_sample_is_read() -> None:
    for path in SAMPLES.glob("*.json"):
        assert isinstance(read(path.read_bytes()), Event)


@given(
    st.recursive(
        JSON, lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=5), max_leaves=12
    )
)
def test_any_object_is_read(whole: Any) -> None:
    body = json.dumps(whole if isinstance(whole, dict) else {"gmail": whole}).encode()
    assert isinstance(read(body), Event)
