from __future__ import annotations

from decimal import Decimal

import pytest

from app.guidance.schema import load
from app.tone.advice import Facts, Heard, advise, answer_situation, format_advice, reply_channel
from app.tone.types import Temperature


def _heard(text: str, temperature: Temperature, *situations: str) -> Heard:
    return Heard(text, temperature, situations)


def _facts(*heard: Heard, situation: str = "billing-dispute", worth: int | None = None) -> Facts:
    value = None if worth is None else (Decimal(worth), "EUR")
    return Facts("incoming", situation, heard, frozenset(), "", value)


def _ids(facts: Facts) -> list[str]:
    return [item.id for item in advise(facts)]


BILL = _heard("Your invoice is 120 € too high.", "tense", "billing-dispute")


@pytest.mark.parametrize(
    ("worth", "expected"), [(20_000, "concede"), (1_000, "persuade"), (None, "weigh-it")]
)
def test_a_disputed_sum_is_weighed_against_the_account(worth: int | None, expected: str) -> None:
    weighing = [
        i for i in _ids(_facts(BILL, worth=worth)) if i in {"concede", "persuade", "weigh-it", "let-go"}
    ]
    assert weighing == [expected]


def test_the_advice_names_sum_value_and_share() -> None:
    given = {item.id: item for item in advise(_facts(BILL, worth=20_000))}["concede"]
    assert given.values == {"amount": "120 EUR", "value": "20,000 EUR", "share": "0.6 %"}
    assert format_advice("{amount} of {value}: {share}", given.values) == "120 EUR of 20,000 EUR: 0.6 %"


def test_the_second_time_it_is_let_go() -> None:
    assert "let-go" in _ids(_facts(BILL, BILL, worth=1_000))


def test_the_difference_of_two_sums_is_what_is_disputed() -> None:
    bill = _heard("The quote was 410 €, the bill says 585 €. What are the 175 €?", "tense", "billing-dispute")
    assert advise(_facts(bill))[-1].values == {"amount": "175 EUR"}


def test_another_currency_is_not_compared() -> None:
    facts = Facts("incoming", "billing-dispute", (BILL,), frozenset(), "", (Decimal(9), "USD"))
    assert "weigh-it" in _ids(facts)


@pytest.mark.parametrize("temperature", ["upset", "hostile"])
def test_a_heated_client_is_called(temperature: Temperature) -> None:
    heard = _heard("", temperature, "quality-complaint")
    assert reply_channel(heard) == "call"
    assert {"call-first", "careful-mail", "collect-facts"} <= set(_ids(_facts(heard, situation="failure")))


@pytest.mark.parametrize("temperature", ["calm", "tense"])
def test_a_calm_client_is_written_to(temperature: Temperature) -> None:
    assert reply_channel(_heard("", temperature, "routine")) == "email"
    assert reply_channel(None) == "email"


def test_threats_are_read_by_a_second_person() -> None:
    assert "second-reader" in _ids(_facts(_heard("", "tense", "legal-threat"), situation="hostile-client"))


def test_after_it_is_settled_come_back_with_a_review() -> None:
    thanks = _heard("All sorted, thank you.", "calm", "praise")
    assert "review-and-recommend" in _ids(_facts(BILL, thanks, situation="routine"))
    assert "review-and-recommend" not in _ids(_facts(thanks, situation="routine"))


def test_every_advice_that_can_be_given_is_worded_and_every_worded_one_can_be_given() -> None:
    heated = [
        _facts(_heard("", "hostile", "legal-threat", "reputation-threat"), situation=s)
        for s in ("failure", "hostile-client", "client-mistaken", "scope-change", "progress-anxiety")
    ]
    calm = [
        _facts(BILL, worth=1), _facts(BILL, worth=99_999), _facts(BILL), _facts(BILL, BILL),
        _facts(_heard("", "tense", "quality-complaint", "missed-deadline"), situation="failure"),
        _facts(BILL, _heard("", "calm", "praise"), situation="routine"),
        Facts("outgoing", "routine", (), frozenset({"blaming-a-colleague", "assuming-consent"}), "", None),
    ]  # fmt: skip
    given = {name for facts in (*heated, *calm) for name in _ids(facts)}
    assert given == set(load().advice_sources)


@pytest.mark.parametrize(
    ("situations", "expected"),
    [
        (("praise",), "routine"), (("legal-threat", "missed-deadline"), "failure"),
        (("reputation-threat",), "hostile-client"), (("unresponsive",), "progress-anxiety"),
        (("misunderstanding",), "client-mistaken"),
    ],
)  # fmt: skip
def test_an_answer_has_the_situation_that_the_mail_calls_for(
    situations: tuple[str, ...], expected: str
) -> None:
    assert answer_situation(_heard("", "tense", *situations)) == expected
