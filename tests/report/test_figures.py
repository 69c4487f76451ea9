"""What a report tells: every figure stands for five mails or more, also those that could be worked out."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.report.figures import BANDS, LEAST, Cells, Group, Habit, Report, Tally, TooFewError, merged
from app.report.rows import Row
from app.tone.types import Band

TODAY = dt.date(2026, 6, 1)
GUIDELINES = ("arguing", "blaming-the-client", "hollow-apology")
_numbers = count()


def row(
    day: dt.date | None = dt.date(2026, 3, 4),
    *,
    language: str = "en",
    score: float = 80,
    band: Band = "good",
    flagged: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
    identity: str | None = None,
) -> Row:
    name = identity or str(next(_numbers))
    return Row(name, day, language, score, band, {"calm": score}, frozenset(flagged), frozenset(missing))


def reported(rows: list[Row]) -> Report:
    cells = Cells(TODAY)
    for each in rows:
        cells.add(each)
    return cells.report()


ROWS = st.builds(
    row,
    st.none() | st.dates(dt.date(2026, 1, 1), dt.date(2026, 6, 1)) | st.dates(),
    language=st.sampled_from(["en", "fr", "ar", "tr", "und"]),
    score=st.floats(0, 100),
    band=st.sampled_from(BANDS),
    flagged=st.sets(st.sampled_from(GUIDELINES)).map(tuple),
    missing=st.sets(st.sampled_from(GUIDELINES)).map(tuple),
)


@given(st.lists(ROWS, max_size=80))
def test_no_figure_stands_for_fewer_than_five_mails(rows: list[Row]) -> None:
    try:
        report = reported(rows)
    except TooFewError:
        return
    whole = report.all.count
    assert whole >= LEAST
    for groups in (report.bands, report.languages):
        assert all(group.tally.count >= LEAST for group in groups)
        # Nothing is left over that could be worked out from the sum.
        assert sum(group.tally.count for group in groups) == whole
    assert report.undated == 0 or report.undated >= LEAST
    if report.spans:
        assert sum(span.tally.count for span in report.spans) == whole - report.undated
        assert all(span.tally.count >= LEAST for span in report.spans)
    for habit in (*report.flagged, *report.missing):
        _nobody_is_told_of(habit, report)


def _nobody_is_told_of(habit: Habit, report: Report) -> None:
    assert habit.of == report.all.count
    if habit.count is None:
        assert habit.course == []
        return
    assert LEAST <= habit.count <= habit.of - LEAST
    if not habit.course:
        return
    for span, found in habit.course:
        assert LEAST <= found <= span.tally.count - LEAST
    undated = habit.count - sum(found for _, found in habit.course)
    assert (undated, report.undated) == (0, 0) or LEAST <= undated <= report.undated - LEAST
    assert all(
        one.last + dt.timedelta(days=1) == other.first
        for one, other in pairwise(span for span, _ in habit.course)
    )


@given(st.lists(ROWS, min_size=5, max_size=40))
def test_neither_order_nor_repetition_changes_anything(rows: list[Row]) -> None:
    def told(some: list[Row]) -> object:
        try:
            report = reported(some)
        except TooFewError:
            return None
        return (
            report.all.count, [(group.names, group.tally.count) for group in report.languages],
            [(span.first, span.last, span.tally.average) for span in report.spans],
            [(habit.guideline, habit.count) for habit in (*report.flagged, *report.missing)],
        )  # fmt: skip

    assert told(rows) == told([*reversed(rows), *rows])


@given(st.lists(st.integers(0, 12), max_size=20))
def test_neighbours_are_put_together_and_no_more_than_needed(counts: list[int]) -> None:
    parts = [(str(place), Tally(count=number)) for place, number in enumerate(counts)]
    groups = merged(parts, lambda tally: tally.count >= LEAST)
    assert [name for group in groups for name in group.names] == [name for name, _ in parts]
    if sum(counts) < LEAST:
        assert len(groups) <= 1
    else:
        assert all(group.tally.count >= LEAST for group in groups)
        # Each but the last holds enough only with its last member.
        for group in groups[:-1]:
            assert sum(counts[int(name)] for name in group.names[:-1]) < LEAST


def test_few_mails_of_a_language_go_to_the_next() -> None:
    rows = [row(language="en") for _ in range(9)]
    rows += [row(language="fr") for _ in range(6)]
    rows += [row(language=language) for language in ("ar", "ar", "tr")]
    groups = reported(rows).languages
    assert [(group.names, group.tally.count) for group in groups] == [(("en",), 9), (("fr", "ar", "tr"), 9)]


def test_bands_that_are_rare_are_told_together() -> None:
    rows = [row(band="good") for _ in range(7)] + [row(band="mixed", score=60) for _ in range(6)]
    rows += [row(band="poor", score=20)]
    assert [group.names for group in reported(rows).bands] == [("good",), ("mixed", "poor")]


def test_figures_are_those_of_the_mails() -> None:
    march, april = dt.date(2026, 3, 2), dt.date(2026, 4, 20)
    rows = [row(march, score=40, flagged=("arguing",)) for _ in range(6)]
    rows += [row(march, score=100) for _ in range(6)]
    rows += [row(april, score=90, flagged=("arguing",), missing=("hollow-apology",)) for _ in range(5)]
    rows += [row(april, score=90) for _ in range(15)]
    report = reported(rows)
    assert report.all.count == 32
    assert report.all.average == round((6 * 40 + 6 * 100 + 20 * 90) / 32)
    assert report.unit == "week"
    assert [(span.first, span.last, span.tally.average) for span in report.spans] == [
        (march, dt.date(2026, 3, 8), 70),
        (dt.date(2026, 3, 9), dt.date(2026, 4, 26), 90),
    ]
    (arguing,) = report.flagged
    assert (arguing.guideline, arguing.count, arguing.of) == ("arguing", 11, 32)
    assert [(span.tally.count, found) for span, found in arguing.course] == [(12, 6), (20, 5)]
    (apology,) = report.missing
    assert (apology.count, apology.course) == (5, [])


def test_what_is_nearly_everywhere_has_no_number() -> None:
    (habit,) = reported([row(flagged=("arguing",)) for _ in range(20)] + [row()]).flagged
    assert (habit.count, habit.share) == (None, 1.0)


def test_a_few_without_a_date_are_left_out_of_everything() -> None:
    report = reported([row(score=90) for _ in range(10)] + [row(None, score=0) for _ in range(4)])
    assert (report.all.count, report.all.average, report.undated) == (10, 90, 0)


def test_dates_of_broken_clocks_are_no_dates() -> None:
    rows = [row(dt.date(1970, 1, 1)) for _ in range(3)] + [row(dt.date(2062, 1, 1)) for _ in range(3)]
    report = reported(rows + [row() for _ in range(8)])
    assert (report.undated, len(report.spans), report.unit) == (6, 1, "week")


@pytest.mark.parametrize(
    ("last", "unit"),
    [(dt.date(2023, 9, 1), "week"), (dt.date(2024, 9, 1), "month"), (dt.date(2026, 6, 1), "year")],
)
def test_the_unit_fits_the_time(last: dt.date, unit: str) -> None:
    first = dt.date(2023, 6, 1)
    report = reported([row(day) for day in (first, last) for _ in range(5)])
    assert report.unit == unit
    assert (report.spans[0].first <= first, report.spans[-1].last >= last) == (True, True)
    assert len(report.spans) == 2


def test_too_few_make_no_report() -> None:
    with pytest.raises(TooFewError):
        reported([row() for _ in range(4)] + [row(identity="same"), row(identity="same")][:0])
    with pytest.raises(TooFewError):
        reported([row(identity="same") for _ in range(20)])


def test_sums_are_sums() -> None:
    tally, counted = Tally(), Counter[str]()
    for number in range(7):
        each = row(score=number, flagged=GUIDELINES[: number % 3])
        counted.update(each.flagged)
        one = Tally()
        one.add(each)
        tally = tally + one
    assert (tally.count, tally.score, tally.flagged) == (7, 21, counted)
    assert Group(("x",), tally).tally.average == 3
