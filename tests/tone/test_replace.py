from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.guidance.schema import Cues, Guidance, Guideline, GuidelineHead, GuidelineWords, load
from app.tone.deletion import Deletions, lead
from app.tone.edits import Edit, apply_edits, capitalise, lower, starts_sentence, without_capital
from app.tone.replace import Phrasebook
from app.tone.rules import RuleBook
from app.tone.sentences import clauses, whole
from app.tone.templates import Voice
from app.tone.types import Clause, Span

CUES = Cues(
    connectives=["but", "so", "and"],
    deletable_leads=["but", "because", "since", "as"],
    subordinators=["if", "when"],
    we=[r"\bwe\b", r"\bour\b"],
    i=[r"\bi\b", r"\bmy\b"],
    formal=[],
    informal=[],
    angry=[],
)


def _guidance(
    *, delete: bool, prefer: bool = False, moves: list[dict[str, object]] | None = None
) -> Guidance:
    head = GuidelineHead.model_validate(
        {"kind": "avoid", "dimension": "calm", "weight": 0.3, "sources": ["a/b"], "prefer_deletion": prefer}
    )
    words = GuidelineWords.model_validate(
        {"title": "t", "advice": "a", "reasons": {"default": "r"}, "delete": delete, "moves": moves or []}
    )
    guideline = Guideline("complaining", head, {"en": words})
    return Guidance({"complaining": guideline}, {}, {}, {}, {}, {}, {}, {"en": CUES})


def _clause(text: str) -> tuple[str, Clause]:
    """Text with the [[clause]] marked; the sentence is the line it stands in, up to its final mark."""
    start, end = text.index("[["), text.index("]]") - 2
    plain = text.replace("[[", "").replace("]]", "")
    first = max(
        plain.rfind(". ", 0, start) + 2 if ". " in plain[:start] else 0, plain.rfind("\n", 0, start) + 1
    )
    stop = next((n + 1 for n in range(end, len(plain)) if plain[n] in ".!?"), len(plain))
    if end and plain[end - 1] in ".!?":
        stop = end
    return plain, Clause(Span(start, end), Span(first, stop), plain[start:end], "body")


def _results(text: str, guidance: Guidance) -> list[str]:
    plain, clause = _clause(text)
    book = Phrasebook(guidance)
    guideline = guidance.guidelines["complaining"]
    edits = book.candidates(plain, clause, guideline, "en", book.voice(plain, "en"))
    return [apply_edits(plain, [edit]) for edit in edits]


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("[[We have been swamped]], so the file left on Monday.", "The file left on Monday."),
        ("The file left on Monday, [[but we have been swamped]].", "The file left on Monday."),
        ("The file left on Monday [[because we have been swamped]].", "The file left on Monday."),
        ("We sent the file, [[because we could]], on Monday.", "We sent the file on Monday."),
        ("The file left. [[We have been swamped.]] Kind regards", "The file left. Kind regards"),
        ("The file left.\n\n[[We have been swamped.]]\n\nBye", "The file left.\n\nBye"),
        ("The file left on Monday, [[and what a mess it was]]!!!", "The file left on Monday."),
    ],
)
def test_a_deleted_clause_leaves_a_sentence(text: str, without: str) -> None:
    assert _results(text, _guidance(delete=True)) == [without]


@pytest.mark.parametrize(
    "text",
    [
        "The file that [[we have been swamped]] with left on Monday.",
        "Sorry [[we have been swamped]].",
        "If the file should be late, [[we have been swamped]].",
        "We sent all of it and, [[we have been swamped]].",
        "The file that you sent, [[which cost us a weekend]], left on Monday.",
        "[[We have been swamped]] with the file.",
    ],
)
def test_a_clause_that_carries_its_sentence_is_not_deleted(text: str) -> None:
    assert _results(text, _guidance(delete=True)) == []


def test_nothing_is_deleted_unless_the_guideline_says_so() -> None:
    assert _results("The file left, [[but we have been swamped]].", _guidance(delete=False)) == []


MOVES: list[dict[str, object]] = [
    {
        "match": r"\bcost (?:us|me) (?P<what>a \w+)",
        "text": "{what} went into it",
        "example": {"text": "[[it cost us a day]]"},
    },
    {"text": "here is where {we:we are|I am}", "example": {"text": "[[x y]]"}},
    {"text": "may {we:we|I} go ahead?", "example": {"text": "[[x y]]"}},
]


@pytest.mark.parametrize(
    ("text", "results"),
    [
        (
            "The file left, but [[it cost us a Weekend]].",
            [
                "The file left, but a Weekend went into it.",
                "The file left, but here is where we are.",
                "The file left, but may we go ahead?",
            ],
        ),
        (
            "[[But my days are long!]] The file left.",
            ["But here is where I am. The file left.", "But may I go ahead? The file left."],
        ),
        ("[[Our days are long]]!!", ["Here is where we are.", "May we go ahead?"]),
    ],
)
def test_a_move_fits_into_its_sentence(text: str, results: list[str]) -> None:
    assert _results(text, _guidance(delete=False, moves=MOVES)) == results


def test_deletion_comes_first_only_where_the_words_carry_nothing() -> None:
    text = "The file left, [[but we have been swamped]]."
    first = [
        _results(text, _guidance(delete=True, prefer=prefer, moves=MOVES[1:]))[0] for prefer in (True, False)
    ]
    assert first == ["The file left.", "The file left, but here is where we are."]


def test_a_turkish_i_keeps_its_dot() -> None:
    assert capitalise("iyi günler", "tr") == "İyi günler"
    assert capitalise("iyi", "fr") == "Iyi"
    assert lower("ISRAR İLE", "tr") == "ısrar ile"


def test_the_voice_is_heard() -> None:
    book = Phrasebook(_guidance(delete=False))
    assert book.voice("My day was long and I am tired", "en") == Voice(plural=False)
    assert book.voice("Our day was long", "en") == Voice(plural=True)
    assert book.voice("", "und") == Voice()


@given(st.text(max_size=60), st.integers(0, 60))
def test_a_line_always_starts_a_sentence(text: str, at: int) -> None:
    assert starts_sentence("\n" + text, 1)
    assert isinstance(starts_sentence(text, min(at, len(text))), bool)


@given(st.text(max_size=40), st.data())
def test_edits_apply_in_any_order_and_never_touch_the_rest(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=4, max_size=4)))
    edits = [Edit(Span(cuts[0], cuts[1]), "A"), Edit(Span(cuts[2], cuts[3]), "B")]
    expected = text[: cuts[0]] + "A" + text[cuts[1] : cuts[2]] + "B" + text[cuts[3] :]
    assert apply_edits(text, edits) == expected


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        apply_edits("abcdef", [Edit(Span(0, 3), ""), Edit(Span(2, 4), "")])


def test_a_rules_replacement_is_not_the_only_choice() -> None:
    guideline = load().guidelines["overpromising"]
    text = "We guarantee this will never happen again."
    [hit] = [h for h in RuleBook(load()).find_in(text, "en") if h.rule.replacement]
    found = list(
        Phrasebook(load()).candidates(text, clauses(whole(text), "en")[0], guideline, "en", Voice(), hit)
    )
    assert len({edit.text for edit in found}) > 1


@pytest.mark.parametrize(
    ("before", "flagged", "after"),
    [
        ("The delay, since you ask, ", "is the glazier's and nobody else's", "."),
        ("The reason is simple: ", "you never read our mails", "."),
        ("", "If you had told us", ", the pipe would not have burst."),
        ("Either you approve the page today, ", "or it is your own fault", "."),
    ],
)
def test_nothing_is_dropped_that_leaves_a_stump(before: str, flagged: str, after: str) -> None:
    text = before + flagged + after
    clause = Clause(Span(len(before), len(before + flagged)), Span(0, len(text)), flagged, "body")
    assert Deletions(load()).clause(text, clause, "en") is None


def test_a_clause_that_something_hangs_on_is_left_alone() -> None:
    text = "Notre poseur est en retard, que nous ne choisissons pas."
    clause = Clause(Span(0, 26), Span(0, len(text)), text[:26], "body")
    guideline = load().guidelines["blaming-a-colleague"]
    assert list(Phrasebook(load()).candidates(text, clause, guideline, "fr", Voice())) == []


def test_a_deletion_and_the_edit_behind_it_share_the_capital() -> None:
    text = "As I already told you, our intern messed it up."
    deletion = Edit(Span(0, 26), "Our")
    bare = without_capital(deletion, text, "en")
    assert bare == Edit(Span(0, 23), "")
    assert without_capital(Edit(Span(0, 3), "Our"), "Our plan", "en") is None
    assert without_capital(Edit(Span(0, 3), "A plan"), "Our plan", "en") is None


def test_a_captured_fact_loses_the_capital_of_its_sentence() -> None:
    found = Phrasebook(load())._low("Your team was late.", Span(0, 18), {"what": "Your team"}, "en")
    assert found == {"what": "your team"}
    named = Phrasebook(load())._low("Maria was late.", Span(0, 14), {"what": "Maria"}, "en")
    assert named == {"what": "Maria"}


def test_as_to_is_no_connective() -> None:
    assert lead("as to the bill", Span(0, 14), "en", Deletions(load()).connectives) == 0
    assert lead("as we said", Span(0, 10), "en", Deletions(load()).connectives) == 3
