"""A client who says to be angry is taken at their word."""

from __future__ import annotations

import pytest

from app.guidance.schema import load
from app.tone.mail import read_text
from app.tone.rules import Anger

ANGER = Anger(load())


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I am furious. Where is my order?"),
        ("en", "We’re really fed up, fix it by Friday."),
        ("fr", "Je suis vraiment en colère : rien n’est arrivé."),
        ("fr", "J’en ai marre d’attendre."),
        ("ar", "أنا غاضبة، أين طلبي؟"),
        ("ar", "طفح الكيل."),
        ("tr", "Çok öfkeliyim, siparişim nerede?"),
        ("tr", "Artık sabrım taştı."),
    ],
)
def test_declared_anger_is_heard(language: str, text: str) -> None:
    assert ANGER.declared(read_text(text), language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I am not angry, only tired."),
        ("en", "My boss asked: “if I am furious, who pays?”"),
        ("fr", "Je suis ravie, merci."),
        ("ar", "أنا بانتظار ردكم."),
        ("tr", "Sinirli değilim, merak ediyorum."),
        ("und", "I am furious."),
    ],
)
def test_other_words_are_not(language: str, text: str) -> None:
    assert not ANGER.declared(read_text(text), language)
