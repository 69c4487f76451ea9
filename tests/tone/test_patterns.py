"""Which patterns may take long: the classic evil ones are refused, ours are not, and what is let through is
quick on text that is made to be slow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from app.guidance.schema import load
from app.tone.patterns import fault
from app.tone.rules import RuleBook, fold_pattern

SLOW = [
    "(a+)+b", "(a*)*b", "(a|a)*b", "(a|aa)+$", "(?:a|a?)+b", "(.*a){20}x", r"([a-z]+)*\d", r"(?:\w+ ?)*x",
    r"^(\w+\s?)*$", "(x+x+)+y", "a?" * 30 + "a" * 30, "(?:a|a)" * 20 + "b", "(?:a|a){30}b",
    "(?:a{0,30}){0,30}b", r"\w*" * 6 + "x", "(?=(a+)+b)a", "(?<!(a|a)*b)c", "(?:a?b?)*c", "(?:a?b?){3,}c",
    "((ab)*c?)*d", "(?:[^,]*,?)*x", r"(?:\s*\w+\s*)*!", "(?>(a+)+)b", "(?:[^.,]|[.,](?=1)|(?<=1)[.]){0,40}x",
]  # fmt: skip
UNKNOWN = [
    r"(a)\1",
    "(?:x){e<=2}",
    "(?P<a>x)(?P=a)",
    "(?R)",
    r"\L<names>",
    "(?x)a b",
    "[[a-z]--[aeiou]]",
    "(?s:.)",
]
QUICK = [
    r"\bas (?:i|we)(?: have|'ve)? already (?:told|explained|said)(?: to)?(?: you)?,? ?", r"(?:\w+ ){0,3}foo",
    r"[^.!?\n]{0,60}late[^.!?\n]{0,60}fault", "(?:foo|boo){1,3}x", r"\b\w+ \w+ \w+\b", r"(?:\w+ )*x", ".*x.*",
    "(?: really)?(?: just)?(?: even)?(?: always)?(?: so)? x", r"\p{L}+[^\p{L}]\p{L}", "(?P<a>x)|(?P<a>y)",
    "(?:[^.,]|[.,](?=1)|(?<=1)[.](?!1)){0,40}x",
]  # fmt: skip


def patterns() -> Iterator[Any]:
    for guideline in load().guidelines.values():
        for language, words in guideline.words.items():
            named = [(rule.id, rule.pattern) for rule in words.rules]
            named += [(f"move{number}", move.match) for number, move in enumerate(words.moves)]
            found = [pytest.param(pattern, id=name) for name, pattern in named if pattern is not None]
            if found:
                yield pytest.param([p.values[0] for p in found], id=f"{guideline.id}-{language}")


@pytest.mark.parametrize("pattern", SLOW)
def test_a_pattern_that_may_take_long_is_refused(pattern: str) -> None:
    regex.compile(pattern)
    assert fault(pattern) == "pattern-slow"


@pytest.mark.parametrize("pattern", UNKNOWN)
def test_what_cannot_be_counted_is_refused(pattern: str) -> None:
    assert fault(pattern) == "pattern-unknown"


@pytest.mark.parametrize("pattern", QUICK)
def test_a_pattern_that_is_quick_passes(pattern: str) -> None:
    assert fault(pattern) is None


@pytest.mark.parametrize("found", list(patterns()))
def test_our_own_patterns_pass(found: list[str]) -> None:
    for pattern in found:
        assert fault(fold_pattern(pattern)) is None, pattern


def test_a_large_pattern_does_not_hold_up_the_check() -> None:
    begun = time.thread_time()
    for pattern in (
        "(?:" + "|".join(f"w{n}w?" for n in range(700)) + r" ?){1,4}x",
        "(" * 3_000 + ")" * 3_000,
    ):
        assert fault(pattern) is not None
    assert time.thread_time() - begun < 20


def test_numbers_with_many_points_are_no_puzzle_for_our_rules() -> None:
    text = "Bugünkü sürümler " + "3.1" * 40 + " en kısa sürede için teşekkür, hata bizde."
    book = RuleBook(load())
    book.find_in(text, "tr")  # compiles
    begun = time.thread_time()
    book.find_in(text, "tr")
    assert time.thread_time() - begun < 0.4


pieces = st.recursive(
    st.sampled_from(["a", "b", "[ab]", ".", r"\w", " ", ""]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{0,3}", "{2,9}", "{0,30}", "*?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
        inner.map(lambda part: f"(?={part})"),
    ),
    max_leaves=8,
)


@given(pieces, st.text("ab ", min_size=1, max_size=3))
def test_what_is_let_through_is_quick(pattern: str, piece: str) -> None:
    if fault(f"{pattern}!") is not None:
        return
    text = piece * (30 // len(piece))
    assert regex.search(f"{pattern}!", text, timeout=2.0) is None


@given(st.text("ab()[]{}|*+?.^$\\,-1pLw:=!<>P#&~", max_size=30))
def test_anything_is_either_let_through_or_refused(pattern: str) -> None:
    assert fault(pattern) in (None, "pattern-slow", "pattern-unknown")
