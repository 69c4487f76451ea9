"""Sums of money in running text, to set a disputed amount against what a client is worth."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import regex

from app.tone.text import fold_text

# Symbol or word -> ISO 4217. A word that several currencies share ("dollar", "dinar", "livre")
# gives the code that the comparison falls back on; see `same_currency`.
_CODES = {
    "EUR": ("€", "eur", "euro", "euros", "avro", "يورو"),
    "USD": ("$", "us$", "usd", "dollar", "dollars", "dolar", "دولار", "دولارا"),
    "GBP": ("£", "gbp", "pound", "pounds", "quid", "livre sterling", "livres sterling", "sterlin"),
    "TRY": ("₺", "tl", "try", "lira", "liraya", "lirayi", "liralik", "ليره"),
    "CHF": ("chf", "francs suisses"),
    "CAD": ("cad", "c$"),
    "INR": ("₹", "inr", "rupees", "rs"),
    "XOF": ("fcfa", "xof", "francs cfa"),
    "MAD": ("mad", "dh", "dhs"),
    "AED": ("aed", "درهم", "درهما", "دراهم", "dirham", "dirhams"),
    "SAR": ("sar", "ريال", "ريالا", "riyal", "riyals"),
    "KWD": ("kwd", "دينار", "دينارا", "دنانير", "dinar", "dinars"),
    "EGP": ("egp", "جنيه", "جنيها", "جنيهات"),
    "DZD": ("dzd", "da"),
    "TND": ("tnd", "dt"),
}
_SHARED = ({"AED", "MAD"}, {"SAR", "QAR", "OMR", "YER"}, {"KWD", "BHD", "JOD", "IQD", "DZD", "TND", "LYD"},
           {"USD", "CAD", "AUD", "SGD", "NZD"}, {"EGP", "SDG"}, {"TRY", "SYP", "LBP"})  # fmt: skip
_LOOKUP = {fold_text(word): code for code, words in _CODES.items() for word in words}
_UNIT = "|".join(regex.escape(word) for word in sorted(_LOOKUP, key=len, reverse=True))
_NUMBER = r"\d{1,3}(?:[ .,'\u066c]\d{3})+(?:[.,\u066b]\d{1,2})?(?!\d)|\d{1,9}(?:[.,\u066b]\d{1,2})?(?!\d)"
_MONEY = regex.compile(
    rf"(?<![\p{{L}}\d])(?:(?P<before>{_UNIT})\s?(?P<a>{_NUMBER})|(?P<b>{_NUMBER})\s?(?P<k>k\b)?\s?(?P<after>{_UNIT})(?!\p{{L}}))"
)


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal
    currency: str


def _number(text: str) -> Decimal | None:
    digits = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in text)
    digits = digits.replace("\u066b", ".").replace("\u066c", ",").replace(" ", "").replace("'", "")
    tail = regex.search(r"[.,](\d{1,2})$", digits)
    whole = digits[: tail.start()] if tail else digits
    try:
        return Decimal(whole.replace(".", "").replace(",", "") + (f".{tail[1]}" if tail else ""))
    except InvalidOperation:
        return None


def find(text: str) -> list[Money]:
    """Every sum with a currency, in order. Currency is an ISO 4217 code, guessed from the word used."""
    found = []
    for match in _MONEY.finditer(fold_text(text)):
        amount = _number(match["a"] or match["b"])
        if amount is not None and amount > 0:
            if match["k"]:
                amount *= 1000
            found.append(Money(amount, _LOOKUP[match["before"] or match["after"]]))
    return found


def same_currency(a: str, b: str) -> bool:
    """Whether two codes are, or share a word in everyday mail ("dinar", "dollar")."""
    return a == b or any(a in group and b in group for group in _SHARED)
