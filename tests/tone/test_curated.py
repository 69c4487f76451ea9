"""What the guidance itself would write is vouched for, and nothing beyond it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.guidance.schema import load
from app.tone.curated import Curated
from app.tone.sentences import clauses, whole
from app.tone.types import LANGUAGES

CURATED = Curated(load())


def vouched(text: str, language: str, guideline: str = "arguing", confidence: float = 0.95) -> bool:
    document = whole(text)
    return any(
        CURATED.vouches(text, clause, language, guideline, confidence)
        for clause in clauses(document, language)
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_without_facts_is_vouched_for_however_sure_the_reader_is(language: str) -> None:
    seen = 0
    for guideline in load().guidelines.values():
        for move in guideline.wording(language).moves if language in guideline.words else ():
            if "{" in move.text or "[" in move.text or len(move.text.split()) < 3:
                continue
            seen += 1
            text = move.text[0].upper() + move.text[1:] + "."
            assert vouched(text, language, confidence=0.99), text
    assert seen > 3


def test_a_phrase_with_the_writers_facts_is_believed_less() -> None:
    text = "We did not have the photos."
    assert vouched(text, "en", confidence=0.6)
    assert not vouched(text, "en", confidence=0.95)


def test_a_day_left_to_fill_in_is_no_vague_promise() -> None:
    text = "We will send the plan by [day]."
    assert vouched(text, "en", "vague-commitment", 0.99)
    assert not vouched("We will send the plan soon.", "en", "vague-commitment", 0.5)


@pytest.mark.parametrize(
    "text",
    [
        "You never sent us the photos, and that is why it is late.",
        "It is entirely your fault, we did not have the photos.",
        "Calm down, it is only two days.",
    ],
)
def test_what_stands_beside_a_phrase_is_not(text: str) -> None:
    document = whole(text)
    first = clauses(document, "en")[0]
    assert not CURATED.vouches(text, first, "en", "blaming-the-client", 0.85)


@given(st.text(max_size=200), st.sampled_from(LANGUAGES))
def test_any_text_is_answered(text: str, language: str) -> None:
    document = whole(text)
    for clause in clauses(document, language):
        assert CURATED.vouches(text, clause, language, "arguing", 0.9) in (True, False)
