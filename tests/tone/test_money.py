from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tone.money import Money, find, same_currency


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("the bill came to £1,340.50 in the end", "1340.50", "GBP"),
        ("un écart de 1 240,50 € sur la facture", "1240.50", "EUR"),
        ("84 500 FCFA", "84500", "XOF"),
        ("فاتورة بـ 9,300 درهم", "9300", "AED"),
        ("١٤٠٠ جنيه زيادة", "1400", "EGP"),
        ("faturada 1.250,50 TL fark var", "1250.50", "TRY"),
        ("about 5k € too much", "5000", "EUR"),
    ],
)
def test_sums_as_people_write_them(text: str, amount: str, currency: str) -> None:
    assert find(text) == [Money(Decimal(amount), currency)]


@pytest.mark.parametrize(
    "text", ["invoice 908 of 12 May", "ring 0532 000 14 14", "10 % more, 24/7", "the 3 dashes"]
)
def test_numbers_that_are_no_sums(text: str) -> None:
    assert find(text) == []


def test_currencies_that_share_a_word_compare() -> None:
    assert same_currency("AED", "MAD")
    assert not same_currency("EUR", "GBP")


@given(st.text(max_size=80))
def test_any_text_is_survived(text: str) -> None:
    assert all(money.amount > 0 for money in find(text))
