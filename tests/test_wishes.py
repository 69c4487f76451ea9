"""What a caller wants of reviews: read from the store with care, and dismissed words known again."""

from __future__ import annotations

import asyncio
import datetime as dt
import html
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gate import Gate
from app.service import Service
from app.store.database import MEMORY
from app.store.secret import Vault
from app.store.store import Store
from app.tone.mail import read_text
from app.tone.review import Message, Request
from app.tone.types import LANGUAGES
from app.tone.week import WorkingHours, default_hours
from app.wishes import Wishes, known_as, read, wishes

NOW = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)
HOURS = WorkingHours(frozenset({0, 6}), dt.time(8), dt.time(16, 30))
REQUEST = Request(Message("outgoing", read_text("Hello.")), NOW, default_hours("UTC"))
SPACES = st.text(st.sampled_from(" \t\n\r\f\v\u00a0\u2003\u2028\u3000"), min_size=1, max_size=4)
WORD = st.text(
    st.characters(exclude_categories=("Zs", "Zl", "Zp", "Cc", "Cs"), exclude_characters="<&"),
    min_size=1,
    max_size=8,
)
WORDS = st.lists(WORD, min_size=1, max_size=6)


def quote(text: str) -> str:
    return known_as("arguing", text)[1]


# Known again


@given(WORDS, st.data())
def test_white_space_and_composition_make_no_difference(words: list[str], data: st.DataObject) -> None:
    plain = quote(" ".join(words))
    spaced = data.draw(SPACES).join(words)
    form: Any = data.draw(st.sampled_from(("NFC", "NFD")))
    assert quote(unicodedata.normalize(form, data.draw(SPACES) + spaced + data.draw(SPACES))) == plain
    assert quote(plain) == plain


@given(WORDS, st.data())
def test_markup_makes_no_difference(words: list[str], data: st.DataObject) -> None:
    marked = []
    for word in words:
        inside = html.escape(word) if data.draw(st.booleans()) else "".join(f"&#{ord(c)};" for c in word)
        tag = data.draw(st.sampled_from(("", "b", "span", "a")))
        marked.append(f"<{tag} style='x'>{inside}</{tag}>" if tag else inside)
    between = data.draw(st.sampled_from((" ", "\n", "&nbsp;", "<br>", " <br/>\r\n ", "</p><p>", "&#32;")))
    assert quote(between.join(marked)) == quote(" ".join(_seen(word) for word in words))


def _seen(word: str) -> str:
    """What HTML makes of a word: some numbers of characters stand for others (HTML standard, 13.2.5.80)."""
    return html.unescape("".join(f"&#{ord(c)};" for c in word))


@given(st.text(max_size=60), st.text(max_size=60))
def test_other_words_are_others(one: str, other: str) -> None:
    if "<" in one + other or "&" in one + other:
        return
    same = unicodedata.normalize("NFC", one).split() == unicodedata.normalize("NFC", other).split()
    assert (quote(one) == quote(other)) == same


@given(st.text(max_size=60))
def test_any_text_is_known_by_something_and_markup_alone_by_itself(text: str) -> None:
    assert quote(text) == quote(text)
    assert bool(quote(text)) == bool(text.split())
    assert quote(f"<!-- {text.replace('-', '')} --><img>")


def test_half_a_tag_and_guidelines_are_apart() -> None:
    assert quote("a < b") == quote("a  < b")
    assert quote("never</b> sent") == quote("never sent")
    assert quote("a &amp; b") == quote("a & b")
    assert quote("A") != quote("a")
    assert known_as("arguing", "a") != known_as("blaming-the-client", "a")
    assert quote("\ud800<b>\udfff") == "\ud800\udfff"


# Read and written

CHOSEN = st.fixed_dictionaries(
    {},
    optional={
        "language": st.sampled_from((*LANGUAGES, "de", None, 5)),
        "time_zone": st.sampled_from(("Europe/Paris", "Romance Standard Time", "Nowhere", None, 5)),
        "muted": st.one_of(st.lists(st.sampled_from(("arguing", "x", 5))), st.none(), st.text()),
        "hours": st.one_of(
            st.none(),
            st.fixed_dictionaries(
                {
                    "days": st.one_of(st.none(), st.lists(st.integers(-1, 7), max_size=7)),
                    "start": st.sampled_from(("09:00", "25:00", 5)),
                    "end": st.sampled_from(("17:30", "08:00")),
                }
            ),
        ),
        "theme": st.just("dark"),
    },
)


@given(CHOSEN)
def test_what_makes_no_sense_is_not_chosen_and_the_rest_comes_back(chosen: dict[str, Any]) -> None:
    found = read(chosen)
    written = found.written(chosen)
    assert read(written) == found
    assert written.get("theme") == chosen.get("theme")
    assert found.language in (*LANGUAGES, None)
    assert Wishes().written(written) == ({"theme": "dark"} if "theme" in chosen else {})


def test_what_gmails_card_has_kept_is_read() -> None:
    kept = {"language": "fr", "hours": {"days": [6, 0], "start": "08:00", "end": "16:30"}}
    assert read(kept) == Wishes(language="fr", hours=HOURS)


# Asked for


def asked(owner: str, prepare: Callable[[Store], Any] | None = None) -> Wishes:
    async def whole() -> Wishes:
        store = await Store.open(MEMORY, Vault(["s" * 32]))
        try:
            if prepare:
                await prepare(store)
            return await wishes(Service(Gate(store=store)), owner)
        finally:
            await store.close()

    return asyncio.run(whole())


def test_nothing_kept_changes_nothing() -> None:
    assert asked("ana") == Wishes()
    assert asyncio.run(wishes(Service(), "ana")) == Wishes()
    assert Wishes().applied(REQUEST) == REQUEST


def test_they_are_one_owners() -> None:
    async def prepare(store: Store) -> None:
        kept = Wishes("tr", HOURS, "Asia/Riyadh", frozenset({"arguing"}))
        await store.change_preferences("ana", kept.written, NOW)
        await store.dismissals.add("ana", known_as("arguing", "you <b>are</b>\nwrong"), NOW)

    found = asked("ana", prepare)
    assert (found.language, found.time_zone, found.lost) == ("tr", "Asia/Riyadh", False)
    request = found.applied(REQUEST)
    assert (request.hours, request.muted) == (HOURS, frozenset({"arguing"}))
    assert found.applied(REQUEST, hours=False).hours == REQUEST.hours
    assert request.dismissed is not None
    assert request.dismissed("arguing", "you are wrong")
    assert not request.dismissed("arguing", "you are")
    assert not request.dismissed("overpromising", "you are wrong")
    assert asked("ben", prepare) == Wishes()


def test_a_store_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(*_: object) -> None:
        await asyncio.sleep(30)

    monkeypatch.setattr("app.wishes._PATIENCE", 0.05)
    monkeypatch.setattr(Store, "wishes_of", hangs)
    assert asked("ana") == Wishes(lost=True)
