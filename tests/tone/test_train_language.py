"""The cut language model says what py3langid's whole one says."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from py3langid.langid import LanguageIdentifier
from py3langid.modelio import load_model

from app.tone import train_language
from app.tone.language import _UNREAD, MODEL, RANGES
from tests.tone.test_language import DIALECTS, MAILS, OTHERS

NEIGHBOURS = {
    "vi": "Chào chị, chúng tôi xin lỗi vì giao hàng chậm hai ngày và sẽ gọi lại vào sáng mai.",
    "sw": "Habari, samahani kwa kuchelewa kwa siku mbili. Tutakupigia simu kesho asubuhi.",
    "ug": "ياخشىمۇسىز، مال يەتكۈزۈش كېچىككەنلىكى ئۈچۈن كەچۈرۈم سورايمىز.",
    "cs": "Dobrý den, omlouváme se za zpoždění dodávky, zavoláme vám zítra ráno.",
    "ro": "Bună ziua, ne cerem scuze pentru întârziere, vă sunăm mâine dimineață.",
    "id": "Selamat pagi, mohon maaf atas keterlambatan pengiriman. Kami akan menelepon besok.",
    "fi": "Hyvää päivää, pahoittelemme toimituksen viivästymistä. Soitamme huomenna aamulla.",
    "ku": "Silav, em li benda derengketina şandinê lêborînê dixwazin û sibê telefon dikin.",
}
READABLE = st.text(
    st.one_of([st.characters(min_codepoint=a, max_codepoint=b) for a, b in RANGES]), min_size=1
)


@pytest.fixture(scope="module")
def whole() -> LanguageIdentifier:
    return train_language.whole()


@pytest.fixture(scope="module")
def cut() -> LanguageIdentifier:
    return LanguageIdentifier.from_modelpath(MODEL)


def same(text: str, whole: LanguageIdentifier, cut: LanguageIdentifier) -> None:
    said, wanted = dict(cut.rank(text)), dict(whole.rank(text))
    assert set(said) == set(wanted) - train_language.ELSEWHERE
    # Sums of the same numbers, in another order.
    assert said == pytest.approx({code: wanted[code] for code in said}, rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("text", [*MAILS.values(), *DIALECTS, *(OTHERS[c] for c in ("de", "fa", "az", "ur"))])
def test_mails_are_ranked_alike(text: str, whole: LanguageIdentifier, cut: LanguageIdentifier) -> None:
    same(unicodedata.normalize("NFC", text), whole, cut)


@given(text=READABLE)
def test_any_text_of_these_letters_is_ranked_alike(
    whole: LanguageIdentifier, cut: LanguageIdentifier, text: str
) -> None:
    composed = unicodedata.normalize("NFC", text)
    if not _UNREAD.search(composed.lower()):
        same(composed, whole, cut)


def test_no_language_is_left_out_that_is_written_with_these_letters(whole: LanguageIdentifier) -> None:
    texts = {**OTHERS, **NEIGHBOURS}
    readable = {code for code, text in texts.items() if not _UNREAD.search(text)}
    assert readable >= {"de", "fa", "ur", "vi", "sw", "ug"}
    assert {whole.classify(texts[code])[0] for code in readable} & train_language.ELSEWHERE == set()
    assert readable & train_language.ELSEWHERE == set()


def test_cut_again_it_is_the_model_that_is_kept(tmp_path: Path) -> None:
    train_language.cut(tmp_path / "again.npz.xz")
    for kept, made in zip(load_model(MODEL), load_model(tmp_path / "again.npz.xz"), strict=True):
        assert np.array_equal(np.asarray(kept), np.asarray(made))
