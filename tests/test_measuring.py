"""The measures: what counts as right, and how sure a figure is."""

from __future__ import annotations

import pytest

from app.cli import measuring
from app.cli.measuring import Outcome, figures, table


def outcome(
    language: str = "en", *, right: int = 0, found: int = 0, wanted: int = 0, **shares: bool
) -> Outcome:
    counts = {"findings": (right, found, wanted), "arguing": (right, found, wanted)}
    return Outcome(language, counts, shares)


def test_f1_precision_and_recall_are_pooled_over_mails() -> None:
    made = figures([outcome(right=1, found=2, wanted=1), outcome(right=1, found=1, wanted=3)])
    assert made["findings"][0] == pytest.approx(2 * 2 / 7)
    assert made["precision"][0] == pytest.approx(2 / 3)
    assert made["recall"][0] == pytest.approx(2 / 4)


def test_a_share_counts_only_the_mails_that_it_bears_on() -> None:
    made = figures([outcome(situation=True), outcome(situation=False), outcome()])
    assert made["situation"][0] == 0.5


def test_the_interval_holds_the_figure_and_narrows_with_more_mails() -> None:
    few = [outcome(situation=n % 4 > 0) for n in range(20)]
    value, low, high = figures(few)["situation"]
    assert low < value < high
    _, closer, nearer = figures(few * 20)["situation"]
    assert nearer - closer < (high - low) / 2


def test_rank_correlation_shares_ties() -> None:
    rated = [Outcome("en", {}, {}, pair) for pair in ((1.0, 20.0), (1.0, 20.0), (3.0, 50.0), (5.0, 90.0))]
    assert figures(rated)["score against rating"][0] == pytest.approx(1.0)
    turned = [Outcome("en", {}, {}, (a, -b)) for a, b in (o.rating or (0, 0) for o in rated)]
    assert figures(turned)["score against rating"][0] == pytest.approx(-1.0)


def test_repeated_values_are_counted_as_often_as_they_stand() -> None:
    assert measuring._sets(["a", "a", "b"], ["a", "c"]) == (1, 2, 3)


def test_the_table_has_a_column_a_language_and_one_for_all() -> None:
    made = table([outcome("en", right=1, found=1, wanted=1), outcome("tr", found=1, wanted=1)])
    assert made.splitlines()[0] == "| measure | en | tr | all |"
    assert "| findings | 1.000 (1.00-1.00) | 0.000 (0.00-0.00) | 0.500" in made
    assert "| arguing |" in made
