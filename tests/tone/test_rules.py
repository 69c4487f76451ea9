from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import GuidanceError
from app.guidance.schema import load
from app.tone.rules import RuleBook, compile_pattern, fold_pattern, piled_up, search, shouting
from app.tone.text import fold, fold_text
from app.tone.types import LANGUAGES, Language
from tests.growth import linear

BOOK = RuleBook(load())


def test_a_pattern_is_folded_as_the_text_is() -> None:
    pattern = compile_pattern(r"\bdéçu(?:e|s)?\b|أُخبِركم|\bgecikti\w*", "here")
    for text in ("Je suis DEÇU.", "je suis deçue", "كما أخبركم", "GECİKTİĞİ için"):
        assert pattern.search(fold_text(text)), text


def test_pattern_syntax_survives_folding() -> None:
    assert fold_pattern(r"(?P<WHAT>\S+)\W[éè]…") == r"(?P<WHAT>\S+)\W[ee]\.\.\."


def test_a_broken_pattern_names_its_place() -> None:
    with pytest.raises(GuidanceError, match="some/where"):
        compile_pattern("(unclosed", "some/where")


@pytest.mark.parametrize(
    ("text", "shouted"),
    [
        ("Please READ THE CONTRACT again", ["READ THE CONTRACT"]),
        ("BUNU SİZE SÖYLEMİŞTİM dedim", ["BUNU SİZE SÖYLEMİŞTİM"]),
        ("the VAT and the IBAN, the PDF", []),
        ("Invoice NO 12", []),
        ("STOP", []),
    ],
)
def test_shouting_is_several_words_in_capitals(text: str, shouted: list[str]) -> None:
    assert [text[s.start : s.end] for s in shouting(text)] == shouted


@pytest.mark.parametrize(
    ("text", "piled"),
    [
        ("Hello. Are you even reading this??? Bye", ["Are you even reading this???"]),
        ("هل قرأت رسالتي؟؟؟", ["هل قرأت رسالتي؟؟؟"]),
        ("Really?! I see.", ["Really?!"]),
        ("Thank you! All good?", []),
    ],
)
def test_piled_up_punctuation_brings_its_clause(text: str, piled: list[str]) -> None:
    assert [text[s.start : s.end] for s in piled_up(text)] == piled


def test_words_in_quotation_marks_are_somebody_elses() -> None:
    said = "As I already told you, the banner is ready."
    assert [h.guideline for h in BOOK.find_in(said, "en")] == ["blaming-the-client"]
    assert BOOK.find_in(f"You wrote “{said}” and that hurt.", "en") == []


@settings(deadline=None)  # the first text of a language has its patterns compiled
@given(st.text(max_size=200), st.sampled_from(["en", "fr", "ar", "tr", "und"]))
def test_any_text_gives_spans_inside_it(text: str, language: str) -> None:
    for hit in BOOK.find_in(text, language):
        assert 0 <= hit.span.start < hit.span.end <= len(text)


@pytest.mark.parametrize("unit", [" ", "-", "1 ", ". ", "(", "a ", "ل "])
@pytest.mark.parametrize("language", LANGUAGES)
def test_runs_of_the_same_take_no_longer_than_their_length(language: Language, unit: str) -> None:
    """A mail of 3,800 bytes, most of them empty lines, took Turkish rules twelve seconds (fuzzing)."""

    def met_by_all(size: int) -> None:
        text = f"x.{unit * (size // len(unit))}y"
        folded = fold(text)
        for _, _, pattern in BOOK._patterns[language]:
            list(islice(search(pattern.compiled, folded, text, seconds=60), 50))

    linear(met_by_all, 4_000)
