"""A pattern is passed over only where it cannot match."""

from __future__ import annotations

import re

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from app.guidance.schema import ROOT, load
from app.tone import rules
from app.tone.literals import may_match, needed
from app.tone.rules import Pattern, RuleBook, compile_pattern, fold_pattern
from app.tone.text import fold
from app.tone.train_data import labelled
from app.tone.types import LANGUAGES

GUIDANCE = load()
PATTERNS = [
    (language, rule.pattern)
    for guideline in GUIDANCE.guidelines.values()
    for language, words in guideline.words.items()
    for rule in words.rules
    if rule.pattern is not None
]


@pytest.mark.parametrize(
    ("pattern", "need"),
    [
        (r"\bas (?:i|we) told you\b", [{" told you"}, {"as "}]),
        (r"(?:you|they) (?:sent|gave)", [{"sent", "gave"}, {"you", "they"}]),
        (r"(?P<who>anna|bo) is late", [{" is late"}, {"anna", "bo"}]),
        (r"Late(?:ly)?", [{"late"}]),
        (r"(?:abc){2}", [{"abc"}]),
        (r"(?:one two|three \w+ four) five", [{"one two", "three "}, {" five"}]),
        (r"\p{L}+ late\P{N}", [{" late"}]),
    ],
)
def test_what_is_needed_is_read_off_a_pattern(pattern: str, need: list[set[str]]) -> None:
    assert list(needed(pattern)) == need


def test_what_may_be_absent_is_not_needed() -> None:
    assert needed(r"(?:never)?") == ()
    assert needed(r"(?:never )*") == ()
    assert needed(r"(?:never|\w+)") == ()
    assert needed(r"(?!never)\w+") == ()
    assert needed(r"[abc]+\d") == ()
    assert needed(r"\p{L}+") == ()


def test_every_marked_example_holds_what_its_pattern_needs() -> None:
    for guideline in GUIDANCE.guidelines.values():
        for words in guideline.words.values():
            for rule in words.rules:
                need = () if rule.pattern is None else needed(fold_pattern(rule.pattern))
                for flag in rule.flags:
                    assert may_match(need, fold(flag.plain).text), (guideline.id, rule.id)


def test_most_patterns_need_something() -> None:
    known = [pattern for _, pattern in PATTERNS if needed(fold_pattern(pattern))]
    assert len(known) > 0.75 * len(PATTERNS)


class Tried(Pattern):
    """A pattern that is tried on everything."""

    def __init__(self, pattern: Pattern) -> None:
        super().__init__(pattern._source, pattern._where)

    def may_match(self, folded: str) -> bool:
        return True


def _everything(book: RuleBook, text: str, language: str) -> list[rules.Hit]:
    """What is found when every pattern is tried."""
    known = book._patterns
    try:
        book._patterns = {code: [(g, r, Tried(p)) for g, r, p in entries] for code, entries in known.items()}
        return book.find_in(text, language)
    finally:
        book._patterns = known


def test_nothing_is_missed_in_training_mails() -> None:
    book, found = RuleBook(GUIDANCE), 0
    for path in sorted((ROOT / "training").glob("*.jsonl")):
        for mail in labelled(path)[::12]:  # all of them take minutes
            hits = book.find_in(mail["text"], mail["lang"])
            assert hits == _everything(book, mail["text"], mail["lang"])
            found += len(hits)
    assert found > 100


@settings(max_examples=300)
@given(st.data())
def test_whatever_matches_is_tried(data: st.DataObject) -> None:
    """Any text that a pattern itself makes."""
    _, pattern = data.draw(st.sampled_from(PATTERNS))
    text = data.draw(st.from_regex(fold_pattern(pattern), fullmatch=True)) if _plain(pattern) else ""
    folded = fold(text).text
    need = needed(fold_pattern(pattern))
    if compile_pattern(pattern, "").search(folded):
        assert may_match(need, folded)


def _plain(pattern: str) -> bool:
    """Whether Hypothesis can read it: it knows what the standard library knows."""
    try:
        re.compile(fold_pattern(pattern))
    except re.error:
        return False
    return regex.search(r"\(\?<?[=!]", pattern) is None


def test_languages_are_all_there() -> None:
    assert {language for language, _ in PATTERNS} == set(LANGUAGES)
