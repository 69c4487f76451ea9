"""Cutting a message into sentences and clauses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tone.sentences import MAX_CLAUSE, MAX_CLAUSES, clauses, sentences, whole
from app.tone.types import Document, Segment, Span
from tests.growth import linear


def texts(text: str, language: str = "en") -> list[str]:
    return [clause.text for clause in clauses(whole(text), language)]


def test_a_sentence_is_cut_at_its_joints() -> None:
    assert texts("We finished the plan on Monday, but the printer sent us the old proofs.") == [
        "We finished the plan on Monday,",
        "but the printer sent us the old proofs.",
    ]


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("fr", "Nous avons reçu vos plans hier ; le devis suivra jeudi matin. Merci encore.", 3),
        ("ar", "وصلتنا رسالتكم صباح اليوم، وسنرسل المخطط المعدل يوم الخميس. شكرا لصبركم.", 3),
        ("tr", "Planı dün akşam bitirdik, fakat baskı örnekleri henüz gelmedi. Teşekkür ederiz.", 3),
        ("und", "Wir haben den Plan gestern fertig; die Muster kommen morgen früh an.", 2),
    ],
)
def test_each_language_has_its_joints(language: str, text: str, count: int) -> None:
    assert len(texts(text, language)) == count


def test_numbers_times_and_short_parts_stay_whole() -> None:
    text = "The total is 1,250.50 euros at 10:30, yes."
    assert texts(text) == [text]


def test_a_hard_wrapped_sentence_is_one() -> None:
    text = (
        "We have looked at the drawings that you sent us on Tuesday and\n"
        "think that the second staircase could be moved to the northern\n"
        "side.\n"
    )
    assert [text[s.start : s.end] for s in sentences(text, Span(0, len(text)), "en")] == [text.strip()]


def test_list_lines_and_short_lines_are_sentences_of_their_own() -> None:
    text = "Next steps\n- new plan on Monday\n- second call on Friday\nBest"
    found = [text[s.start : s.end] for s in sentences(text, Span(0, len(text)), "en")]
    assert found == ["Next steps", "- new plan on Monday", "- second call on Friday", "Best"]


def test_only_the_writers_own_words_are_cut() -> None:
    text = "Hello Ada,\nThe plan is ready.\n> Where is my plan? I want it now."
    quote = text.index(">")
    document = Document(
        text,
        (
            Segment("greeting", Span(0, 11)),
            Segment("body", Span(11, quote)),
            Segment("quote", Span(quote, len(text))),
        ),
        text,
    )
    assert [(c.kind, c.text) for c in clauses(document, "en")] == [
        ("greeting", "Hello Ada,"),
        ("body", "The plan is ready."),
    ]


@settings(max_examples=200, deadline=None)
@given(
    st.text(
        st.one_of(st.characters(), st.sampled_from(" \n\r\t.,;:!?،؛؟…—-\x00\u200f\u0301😀")), max_size=400
    ),
    st.sampled_from(["en", "fr", "ar", "tr", "und"]),
)
def test_clauses_are_ordered_trimmed_slices(text: str, language: str) -> None:
    end = 0
    for clause in clauses(whole(text), language):
        assert text[clause.span.start : clause.span.end] == clause.text
        assert clause.text
        assert clause.text.strip("\x00").strip() != ""
        assert not clause.text[0].isspace()
        assert not clause.text[-1].isspace()
        assert clause.sentence.covers(clause.span)
        assert end <= clause.span.start
        assert len(clause.text) <= MAX_CLAUSE
        end = clause.span.end


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("ab .,\n"), max_size=300))
def test_no_word_is_lost(text: str) -> None:
    cut = "".join(texts(text, "und"))
    assert [c for c in cut if c.isalpha()] == [c for c in text if c.isalpha()]


@pytest.mark.parametrize(
    "unit",
    ["a", "a. ", "x ", "!", "\n", '("', "\x00", ", ", "a b c, ", "and ", "😀", "é" * 50 + "\n", "مرحبا، "],
)
def test_a_megabyte_of_anything_takes_no_longer_than_its_length(unit: str) -> None:
    def cut(times: int) -> None:
        assert len(clauses(whole(unit * times), "en")) <= MAX_CLAUSES

    linear(cut, (1 << 20) // len(unit))
