from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from app.guidance.schema import load
from app.tone.score import band, score
from app.tone.types import Element, Finding, Span

GUIDANCE = load()
FINDINGS = st.lists(
    st.builds(
        Finding,
        guideline=st.sampled_from([g.id for g in GUIDANCE.avoid]),
        span=st.just(Span(0, 3)),
        confidence=st.floats(0.3, 1),
    ),
    max_size=8,
)
MISSING = st.lists(
    st.builds(
        Element, guideline=st.sampled_from([g.id for g in GUIDANCE.include]), status=st.just("missing")
    ),
    max_size=6,
    unique_by=lambda e: e.guideline,
)


@given(FINDINGS, MISSING)
def test_mending_anything_never_lowers_the_score(findings: list[Finding], missing: list[Element]) -> None:
    full = score(findings, missing, GUIDANCE)
    assert 0 <= full.overall <= 100
    assert min(full.dimensions.values()) <= full.overall <= max(full.dimensions.values())
    for cut in range(len(findings)):
        fewer = findings[:cut] + findings[cut + 1 :]
        assert score(fewer, missing, GUIDANCE).overall >= full.overall
    for cut in range(len(missing)):
        less: Sequence[Element] = missing[:cut] + missing[cut + 1 :]
        assert score(findings, less, GUIDANCE).overall >= full.overall


def test_nothing_wrong_is_full_marks() -> None:
    assert score([], [], GUIDANCE).overall == 100
    present = [Element("sincere-apology", "present", evidence=Span(0, 3))]
    assert score([], present, GUIDANCE).overall == 100


def test_one_insult_is_not_outbalanced_by_four_virtues() -> None:
    insult = score([Finding("hostile-wording", Span(0, 3), 1.0)], [], GUIDANCE)
    vague = score([Finding("vague-commitment", Span(0, 3), 1.0)], [], GUIDANCE)
    assert insult.overall < 75 < vague.overall
    assert insult.dimensions["calm"] < 40
    assert insult.dimensions["candour"] == 100


def test_bands_meet_where_they_say() -> None:
    assert [band(value) for value in (80, 79.9, 60, 59.9)] == ["good", "mixed", "mixed", "poor"]
