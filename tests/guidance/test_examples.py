"""Every example in the guidance data is a test of the rule, move or insert it stands beside."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from app.guidance.schema import ROOT, Flag, Guideline, InsertText, Move, Rule, load, load_guideline
from app.tone.edits import apply_edits
from app.tone.replace import Phrasebook
from app.tone.rules import Hit, RuleBook
from app.tone.templates import Voice, render
from app.tone.types import Span

FOLDERS = sorted(folder for folder in (ROOT / "guidelines").iterdir() if folder.is_dir())
VOICES = [Voice(plural, formal) for plural in (True, False) for formal in (True, False)]


def _guidelines() -> list[Guideline]:
    return [load_guideline(folder) for folder in FOLDERS]


def _rules() -> Iterator[Any]:
    for guideline in _guidelines():
        for language, words in guideline.words.items():
            for rule in words.rules:
                yield pytest.param(guideline, language, rule, id=f"{language}-{guideline.id}-{rule.id}")


def _moves() -> Iterator[Any]:
    for guideline in _guidelines():
        for language, words in guideline.words.items():
            for number, move in enumerate(words.moves):
                yield pytest.param(guideline, language, move, id=f"{language}-{guideline.id}-move{number}")


def _inserts() -> Iterator[Any]:
    for guideline in _guidelines():
        for language, words in guideline.words.items():
            for number, insert in enumerate(words.inserts):
                yield pytest.param(
                    guideline, language, insert, id=f"{language}-{guideline.id}-insert{number}"
                )


@cache
def _book() -> RuleBook:
    return RuleBook(load())


@cache
def _phrases() -> Phrasebook:
    return Phrasebook(load())


def _span(flag: Flag) -> Span:
    start = flag.text.index("[[")
    return Span(start, start + len(flag.marked))


def _hits(rule: Rule, guideline: Guideline, text: str, language: str) -> list[Hit]:
    found = _book().find_in(text, language)
    return [hit for hit in found if hit.guideline == guideline.id and hit.rule.id == rule.id]


@pytest.mark.parametrize(("guideline", "language", "rule"), list(_rules()))
def test_a_rule_flags_and_allows_what_it_says(guideline: Guideline, language: str, rule: Rule) -> None:
    for flag in rule.flags:
        hits = _hits(rule, guideline, flag.plain, language)
        spans = [flag.plain[h.span.start : h.span.end] for h in hits]
        assert spans == [flag.marked], flag.text
        if guideline.head.kind == "avoid" and rule.replacement is not None:
            edit = _phrases().fit_rule(flag.plain, hits[0], language)
            assert edit is not None
            assert flag.fixed is not None, f"{flag.text}: say what it becomes"
            assert apply_edits(flag.plain, [edit]) == flag.fixed
    for text in rule.allows:
        assert not _hits(rule, guideline, text, language), text


@pytest.mark.parametrize(("guideline", "language", "move"), list(_moves()))
def test_a_move_does_what_its_example_says(guideline: Guideline, language: str, move: Move) -> None:
    flag = move.example
    edit = _phrases().fit_move(flag.plain, _span(flag), move, language, guideline.id)
    assert edit is not None, f"does not match its example: {flag.text}"
    assert apply_edits(flag.plain, [edit]) == flag.fixed


@pytest.mark.parametrize(("guideline", "language", "insert"), list(_inserts()))
def test_an_insert_is_recognised_as_the_act_and_breaks_nothing(
    guideline: Guideline, language: str, insert: InsertText
) -> None:
    avoid = {g.id for g in load().avoid}
    for voice in VOICES:
        text = render(insert.text, voice)
        hits = _book().find_in(text, language)
        assert guideline.id in {hit.guideline for hit in hits}, text
        assert not {hit.guideline for hit in hits} & avoid, text


@pytest.mark.parametrize("guideline", _guidelines(), ids=lambda g: g.id)
def test_a_guideline_has_the_same_reasons_in_every_language(guideline: Guideline) -> None:
    keys = {language: sorted(words.reasons) for language, words in guideline.words.items()}
    assert set(keys) == {"en", "fr", "ar", "tr"}
    assert len({tuple(found) for found in keys.values()}) == 1, keys
