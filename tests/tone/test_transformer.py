"""The transformer as it is served: the same answers whatever the company, and nothing read twice."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tone.meaning import MODEL
from app.tone.meaning_sheet import outline
from app.tone.sentences import clauses, whole
from app.tone.transformer import MAX_CLAUSES, DeepLook, Outline, Pieces, Transformer, _gelu, places
from app.tone.types import AVOID, INCLUDE, INCOMING_SITUATIONS, SITUATIONS, TEMPERATURES

model = lru_cache(maxsize=1)(lambda: Transformer(MODEL))
pieces = lru_cache(maxsize=1)(lambda: Pieces(MODEL / "pieces.json"))

MAIL = "Hello Ann,\n\nYou clearly never read the brief, and we will not redo it. The lamp is fixed.\n\nIda"


def laid(text: str, language: str = "en") -> Outline:
    document = whole(text)
    return outline(document, clauses(document, language))


def look(text: str, language: str = "en", who: Transformer | None = None) -> DeepLook:
    return (who or model()).read(laid(text, language))


def test_every_head_answers() -> None:
    made, count = look(MAIL), sum(map(len, laid(MAIL).clauses))
    assert made.avoid.shape == (count, len(AVOID))
    assert made.include.shape == (count, len(INCLUDE))
    assert made.promised.shape == (count,)
    assert made.situation.shape == (len(SITUATIONS),)
    assert made.temperature.shape == (len(TEMPERATURES),)
    assert made.situations.shape == (len(INCOMING_SITUATIONS),)


@pytest.mark.parametrize(
    ("language", "bad", "good"),
    [
        ("en", "You clearly never bothered to read the brief.", "The brief is attached."),
        ("fr", "Vous n'avez manifestement même pas lu le devis.", "Le devis est en pièce jointe."),
        ("ar", "من الواضح أنكم لم تكلفوا أنفسكم قراءة العرض.", "العرض مرفق بهذه الرسالة."),
        ("tr", "Belli ki teklifi okuma zahmetine bile girmemişsiniz.", "Teklif ektedir."),
    ],
)
def test_blame_stands_out_in_every_language(language: str, bad: str, good: str) -> None:
    blame = AVOID.index("blaming-the-client")
    assert look(bad, language).avoid[:, blame].max() > look(good, language).avoid[:, blame].max() + 1


def test_a_sentence_is_read_once() -> None:
    asked: list[str] = []

    class Watched(Transformer):
        def _states(self, row):  # type: ignore[no-untyped-def]
            asked.append(str(len(row)))
            return super()._states(row)

    who = Watched(MODEL)
    look(MAIL, who=who)
    before = len(asked)
    again = look(MAIL.replace("The lamp is fixed.", "The lamp is mended."), who=who)
    assert len(asked) == before + 1
    assert np.array_equal(again.avoid, look(MAIL.replace("fixed", "mended")).avoid)


def test_what_is_remembered_is_bounded() -> None:
    who = Transformer(MODEL, remember=3)
    look("One lamp is here. Two lamps are here. Three lamps are here. Four lamps are here.", who=who)
    assert len(who._known) == 3


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_finite_answers_and_the_same_ones_again(text: str) -> None:
    page = laid(text)
    if not page.sentences:
        return
    first, again = model().read(page), forgetful().read(page)
    assert np.isfinite(first.avoid).all()
    assert np.array_equal(first.avoid, again.avoid)
    assert first.rating == again.rating


@lru_cache(maxsize=1)
def forgetful() -> Transformer:
    return Transformer(MODEL, remember=0)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_pieces_lie_inside_their_sentence(text: str) -> None:
    ((ids, offsets),) = pieces().encode([text])
    assert len(ids) == len(offsets)
    assert all(0 <= a <= b <= len(text) for a, b in offsets)
    ((first, last),) = pieces().of_clauses(offsets, [(0, len(text))])
    assert 1 <= first < last <= len(ids) + 2


def test_a_long_message_is_looked_at_up_to_a_bound() -> None:
    text = " ".join(f"The lamp number {n} is here, and it works." for n in range(MAX_CLAUSES))
    made = look(text)
    assert MAX_CLAUSES <= len(made.avoid) < MAX_CLAUSES + 8


def test_places_count_from_both_ends() -> None:
    assert places(2).tolist() == [33, 32]
    assert places(50)[:2].tolist() == [0, 1]
    assert places(50)[30:42].tolist() == [30, *[31] * 11]
    assert places(50)[-1] == 32


def test_gelu_is_the_exact_one() -> None:
    from math import erf

    x = np.linspace(-6, 6, 200, dtype=np.float32)
    assert np.allclose(_gelu(x), [0.5 * v * (1 + erf(v / 2**0.5)) for v in x], atol=1e-5)
