from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.tone.text import OffsetMap, fold, fold_text
from app.tone.types import Span

TEXT = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("aİıiIé\u0301\u0308\u064b\u0640\u200d\u200f\u202e😀👩\r\n\t «»’ıßœﷺ"),
    ),
    max_size=60,
)


@given(TEXT)
@example("İSTANBUL é n’est أَهْلًا 😀")
def test_folding_keeps_a_way_back(text: str) -> None:
    folded = fold(text)
    assert folded.text == fold_text(text)
    assert len(folded.text) == len(folded.origins)
    assert list(folded.origins) == sorted(folded.origins)
    for index in range(len(folded.text)):
        span = folded.span(index, index + 1)
        assert 0 <= span.start < span.end <= len(text)
        assert folded.text[index] in fold_text(text[span.start : span.end])
    assert folded.span(0, len(folded.text)).end == len(text) or not folded.text


@given(TEXT)
def test_composed_and_decomposed_spellings_fold_alike(text: str) -> None:
    text = "".join(c for c in text if not "\ud800" <= c <= "\udfff")
    assert fold_text(unicodedata.normalize("NFD", text)) == fold_text(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Déçu, N’EST-ce pas", "decu, n'est-ce pas"),
        ("GECİKTİĞİMİZ ıslak", "geciktigimiz islak"),
        ("أُقَدِّرُ إزعاجكم", "اقدر ازعاجكم"),
        ("مستشفى مدرسة؟", "مستشفي مدرسه?"),
        ("« bien »", '" bien "'),
    ],
)
def test_what_writers_mix_up_folds_alike(written: str, folded: str) -> None:
    assert fold_text(written) == folded


@given(TEXT)
@example("a\ud83db")
def test_offsets_agree_with_the_real_encoders(text: str) -> None:
    utf16, utf8 = OffsetMap(text, "utf-16"), OffsetMap(text, "utf-8")
    plain = OffsetMap(text, "code-point")
    for at in range(len(text) + 1):
        assert utf16.encode(at) == len(text[:at].encode("utf-16-le", "surrogatepass")) // 2
        assert utf8.encode(at) == len(text[:at].encode("utf-8", "surrogatepass"))
        assert plain.encode(at) == at
    assert utf16.span(Span(0, len(text))) == Span(0, utf16.encode(len(text)))


@pytest.mark.parametrize("offset", [-1, 4])
def test_an_offset_outside_the_text_is_refused(offset: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        OffsetMap("abc", "utf-16").encode(offset)
