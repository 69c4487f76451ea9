"""The rules that the event runtime runs by itself catch what they catch in the service, and nothing else."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import regex
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.guidance import schema
from app.guidance.schema import Guidance, Rule
from app.outlook.launchevent import taken
from app.outlook.launchevent.patterns import Untranslatable, parse, share
from app.tone.rules import compile_pattern, fold_pattern, quoted_spans, search
from app.tone.text import fold, fold_text
from app.tone.types import LANGUAGES
from tests.outlook.event_runtime import Runtime, sending

pytestmark = pytest.mark.npm

TRAINING = Path(schema.__file__).parent / "training"


@pytest.fixture(scope="module")
def guidance() -> Guidance:
    return schema.load()


@pytest.fixture(scope="module")
def runtime(guidance: Guidance, tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    return Runtime(tmp_path_factory.mktemp("events"), guidance)


def rules(guidance: Guidance) -> list[Rule]:
    """In the order of the script."""
    return [
        next(rule for rule in guidance.guidelines[owner].words[language].rules if rule.id == name)
        for owner, language, name, _ in taken(guidance)[0]
    ]


def in_the_service(rule: Rule, text: str) -> str | None:
    """The first words that a rule catches outside of quotation marks."""
    folded = fold(text)
    quoted = quoted_spans(folded)
    for span, _ in search(compile_pattern(rule.pattern or "", rule.id), folded, text):
        if not any(quote.covers(span) for quote in quoted):
            return text[span.start : span.end].strip()
    return None


def test_every_severe_rule_is_taken_over(guidance: Guidance) -> None:
    found, refused = taken(guidance)
    assert refused == []
    assert {owner for owner, *_ in found} == {
        "hostile-wording", "disparaging-the-client", "blaming-the-client",
    }  # fmt: skip
    for language in LANGUAGES:
        assert len([one for one in found if one[1] == language]) >= 20, language


def test_they_catch_their_examples_and_let_the_others_be(guidance: Guidance, runtime: Runtime) -> None:
    every = rules(guidance)
    tries = [
        (number, [*(flag.plain for flag in rule.flags), *rule.allows]) for number, rule in enumerate(every)
    ]
    flags = 0
    for (number, texts), found in zip(tries, runtime.catch(tries), strict=True):
        rule = every[number]
        marked = [flag.marked for flag in rule.flags]
        flags += len(marked)
        for text, words, mark in zip(texts, found, [*marked, *[None] * len(rule.allows)], strict=True):
            assert words == in_the_service(rule, text), (rule.id, text)
            assert (words is None) == (mark is None), (rule.id, text)
    assert flags >= 2 * len(every)


def drafts() -> list[tuple[str, str]]:
    """Language and text of the drafts and of the clients' mails that the engine learns from."""
    found = []
    for path in sorted(TRAINING.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            found += [(one["lang"], one[key]) for key in ("text", "context") if one.get(key)]
    return found


def test_they_agree_with_the_service_on_what_people_write(guidance: Guidance, runtime: Runtime) -> None:
    every = drafts()
    tries: list[tuple[int, list[str]]] = []
    wanted: list[list[str | None]] = []
    for number, (rule, (_, language, _, _)) in enumerate(
        zip(rules(guidance), taken(guidance)[0], strict=True)
    ):
        # A part for each rule, another one each time.
        texts = [text for spoken, text in every if spoken == language][number % 12 :: 12]
        tries.append((number, texts))
        wanted.append([in_the_service(rule, text) for text in texts])
    found = runtime.catch(tries)
    for (number, texts), ours, theirs in zip(tries, found, wanted, strict=True):
        for text, mine, right in zip(texts, ours, theirs, strict=True):
            assert mine == right, (rules(guidance)[number].id, text)
    assert sum(len(texts) for _, texts in tries) > 5_000
    assert sum(right is not None for theirs in wanted for right in theirs) > 40


def test_letters_fold_alike(runtime: Runtime) -> None:
    points = [*range(0x0780), *range(0x1E00, 0x2C00), *range(0xFB50, 0xFE00), *range(0xFE70, 0xFF66), 0x1F600]
    text = "|".join(chr(point) for point in points)
    (found,) = runtime.call("fold", (text,))
    ours, theirs = found["text"].split("|"), fold_text(text).split("|")
    wrong = [
        (hex(point), mine, right)
        for point, mine, right in zip(points, ours, theirs, strict=False)
        if mine != right
    ]
    assert wrong == []
    assert len(ours) == len(theirs) >= len(points)


@pytest.mark.parametrize(
    ("text", "folded", "origins"),
    [
        ("İstanbul’da IŞIK", "istanbul'da isik", list(range(16))),
        ("Stra\u00dfe", "strasse", [0, 1, 2, 3, 4, 4, 5]),
        ("e\u0301t\u00e9", "ete", [0, 2, 3]),
        ("\U0001f600 ok", "\U0001f600 ok", [0, 0, 2, 3, 4]),
        ("مُـهْمَلة", "مهمله", [0, 3, 5, 7, 8]),
        ("a\u00a0b\n«c»", 'a b "c"', list(range(7))),
    ],
)
def test_folded_letters_know_where_they_stood(
    runtime: Runtime, text: str, folded: str, origins: list[int]
) -> None:
    assert runtime.call("fold", (text,)) == [{"text": folded, "origins": origins}]


LETTERS = st.sampled_from(["a", "b", "ab", " ", "1", "é", "ا", ".", "_"])
ATOMS = st.one_of(
    LETTERS.map(regex.escape),
    st.sampled_from(
        [r"\b", r"\B", r"\w", r"\d", r"\s", "[ab]", "[^a. ]", r"[\w.]", r"\p{L}", "^", "$", ".", "[a-c1]",
         "(?<=a)", "(?<!b)", "(?=b)", "(?! )", r"(?<=(?:^|\.) ?)", "(?<!a|ab )", r"\W"]
    ),
)  # fmt: skip
REPEATS = st.sampled_from(["", "", "", "?", "*", "+", "??", "*?", "{1,2}", "{2}", "{0,3}?"])


def _wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, REPEATS).map(lambda both: f"(?:{both[0]}){both[1]}"),
        inner.map(lambda part: f"(?!{part})"),
    )


PATTERNS = st.recursive(ATOMS, _wider, max_leaves=8)
TEXTS = st.lists(LETTERS, max_size=10).map("".join)


# A fault takes minutes to shrink: what fails is printed as it is.
@settings(max_examples=12, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
@given(tries=st.lists(st.tuples(PATTERNS, TEXTS), min_size=60, max_size=150))
def test_any_pattern_matches_as_in_python(runtime: Runtime, tries: list[tuple[str, str]]) -> None:
    given: list[tuple[object, str]] = []
    wanted = []
    for pattern, text in tries:
        try:
            node = parse(fold_pattern(pattern))
        except Untranslatable:
            continue
        folded = fold_text(text)
        match = compile_pattern(pattern, "here").search(folded)
        given.append((node, folded))
        wanted.append(list(match.span()) if match else None)
    for (one, text), found, right in zip(given, runtime.call("match", *given), wanted, strict=True):
        assert found == right, (one, text)


@pytest.mark.parametrize(
    "pattern",
    [r"(a)\1", "a++", "a*+", "(?>ab)", "(?i)a", "(?i:a)", r"\X", "[[a]b]", "[a--b]", "a{,x}", "(a", "a)",
     "(?#a)", r"\G", r"[\b]", "(?=a)*", "(?(1)a)", "[a-", "*a", r"\p{Lu}"],
)  # fmt: skip
def test_what_cannot_be_taken_over_is_refused(pattern: str) -> None:
    with pytest.raises(Untranslatable):
        parse(pattern)


def test_what_is_shared_is_the_same(guidance: Guidance) -> None:
    nodes = [node for *_, node in taken(guidance)[0]]
    shared, short = share(nodes)

    def whole(node: object) -> object:
        if isinstance(node, list) and node[0] in "&|=!":
            return [node[0], *map(named, node[1:])]
        if isinstance(node, list) and node[0] in "?*<":
            return [node[0], named(node[1]), *node[2:]]
        return node

    def named(node: object) -> object:
        return whole(shared[node]) if isinstance(node, int) else whole(node)

    assert [named(node) for node in short] == nodes
    assert len(json.dumps([shared, short])) < 0.8 * len(json.dumps(nodes))


def test_a_house_guideline_is_taken_over(tmp_path: Path) -> None:
    head = """
kind = "avoid"
dimension = "calm"
weight = 0.9
severity = "error"
sources = ["dropped-ball/acknowledge"]
"""
    words = """
title = "No shrug"
advice = "Leave it out."
[reasons]
default = "A shrug helps nobody."
[[rules]]
id = "shrug"
pattern = '\\bshrug\\b'
flags = [{ text = "I [[shrug]]." }]
allows = ["I shrugged."]
"""
    folder = tmp_path / "house" / "no-shrug"
    folder.mkdir(parents=True)
    (folder / "guideline.toml").write_text(head, encoding="utf-8")
    (folder / "en.toml").write_text(words, encoding="utf-8")
    runtime = Runtime(tmp_path, schema.load(tmp_path / "house"))
    assert runtime.call("alertOfRules", ("Well, I shrug.",), ("Well, I shrugged.",)) == [
        {"language": "en", "opening": "local", "words": "shrug", "why": "A shrug helps nobody.", "rest": ""},
        None,
    ]


def test_a_mail_without_end_is_answered_soon(runtime: Runtime) -> None:
    started = time.monotonic()
    texts = ["ama bu ne, ve " * 4000, "a" * 60_000, "you should have " * 4000, ". " * 30_000, '"' * 30_000]
    found = runtime.call("alertOfRules", *[(text,) for text in texts])
    assert time.monotonic() - started < 10
    assert len(found) == len(texts)


def test_a_slow_machine_stops_searching(guidance: Guidance, runtime: Runtime) -> None:
    # The last of all rules: the others are tried before.
    rude = rules(guidance)[-1].flags[0].plain
    texts = [(rude,), ("you should see it and " * 500 + rude,)]
    fast, slow = (runtime.call("alertOfRules", *texts, leaps=leaps) for leaps in (1, 2000))
    assert all(fast)
    # The short one is done before the clock is looked at again.
    assert [bool(one) for one in slow] == [True, False]


def test_the_service_is_asked_before_the_search(runtime: Runtime) -> None:
    # A search takes a while, and nothing else happens meanwhile.
    (sent,) = runtime.send(sending("You should have a look at this. " * 300, answer={"refused": True}))
    (asked,) = sent["fetched"]
    assert sent["searched"] > 10_000
    assert asked["searched"] < 0.1 * sent["searched"]


def test_words_in_quotation_marks_are_somebody_elses(runtime: Runtime) -> None:
    (rule,) = [
        n
        for n, one in enumerate(rules(schema.load()))
        if one.id == "take-it-or-leave-it" and "lump" in str(one.pattern)
    ]
    texts = ['You wrote "take it or leave it" to us.', 'You wrote "take it" and I say take it or leave it.']
    assert runtime.catch([(rule, texts)]) == [[None, "take it or leave it"]]


def test_rules_of_one_language_are_silent_in_the_others(guidance: Guidance, runtime: Runtime) -> None:
    every = drafts()[::8]
    found = runtime.call("alertOfRules", *[(text,) for _, text in every])
    heard = [(language, one["language"]) for (language, _), one in zip(every, found, strict=True) if one]
    assert len(heard) > 20
    assert all(language == caught for language, caught in heard)
