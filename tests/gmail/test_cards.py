"""Cards: whatever is shown, Gmail takes it, nothing of a mail goes where it must not, and it reads well."""

from __future__ import annotations

import dataclasses
import datetime as dt
import html.parser
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Match

from app import strings
from app.gmail import cards, widgets
from app.gmail.cards import ComposeView, HoldRow, HomeView, Look, MessageView
from app.gmail.wording import QUOTED
from app.tone.types import (
    LANGUAGES,
    Advice,
    DateMention,
    Element,
    Finding,
    Insert,
    Language,
    Score,
    Span,
)
from app.tone.week import default_hours
from app.web import endpoints as web
from tests.gmail import schemas, strategies
from tests.gmail.markup import check_html
from tests.gmail.schemas import check_answer, check_card
from tests.gmail.showing import (
    a_hold,
    a_review,
    buttons,
    clicks,
    compose,
    flawed,
    keys,
    look,
    message,
    parameters,
    read,
    selections,
    urls,
)
from tests.gmail.strategies import BASE, EVENT_URL, MARK, URL, guidance

# Every run has these; CARD_EXAMPLES=2000 is for when the cards have changed.
EXAMPLES = int(os.environ.get("CARD_EXAMPLES", "300"))
thorough = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
DOES = {"add", "undo", "review", "apply", "reply", "settings", "refresh", "open"}
PARAMETERS = {
    "hold": r"[0-9a-f]{1,32}", "kind": r"[a-z-]+", "event": r"[a-v0-9]+", "thread": r"[0-9a-f]{0,32}",
    "start": r"[0-9T:+.-]+", "end": r"[0-9T:+.-]+", "seen": r"[0-9a-f]{12}",
}  # fmt: skip
# A review of 60 findings is long when it fails.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
APP = Path(cards.__file__).parent


# Random views


def check(card: dict[str, Any]) -> None:
    """What holds for every card, whatever it shows."""
    check_card(card)
    json.dumps(card, ensure_ascii=False, allow_nan=False).encode("utf-8")
    for action in clicks(card):
        sent = parameters(action)
        assert action["function"] == URL
        assert sent.pop("do") in DOES
        assert len(sent) == len(action["parameters"]) - 1
        for key, value in sent.items():
            assert re.fullmatch(PARAMETERS[key], value), key
    assert urls(card) - {EVENT_URL} <= {url for url in urls(card) if url == URL or url.startswith(f"{BASE}/")}
    assert "evil.example" not in " ".join(urls(card))


@thorough
@given(strategies.looks, strategies.messages)
def test_any_open_message(shown: Look, view: MessageView) -> None:
    card = cards.message_card(shown, view)
    check(card)
    assert card == cards.message_card(shown, view)


@thorough
@given(strategies.looks, strategies.drafts)
def test_any_draft(shown: Look, view: ComposeView) -> None:
    card = cards.compose_card(shown, view)
    check(card)
    assert card == cards.compose_card(shown, view)


@settings(thorough, max_examples=max(30, EXAMPLES // 10))
@given(strategies.looks, strategies.homes)
def test_any_homepage(shown: Look, view: HomeView) -> None:
    check(cards.home_card(shown, view))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_small_cards(language: Language) -> None:
    shown = look(language)
    for made in (
        cards.wait_card(shown),
        cards.slow_card(shown, "open"),
        cards.slow_card(shown, "add", {"hold": "0a", "kind": "client-call"}),
        *(cards.error_card(shown, key) for key in keys("gmail.error.")),
        cards.error_card(shown, "internal", None),
        *(compose(None, language=language, note=key) for key in keys("gmail.note.")),
    ):
        check(made)


def test_an_error_without_a_sentence_is_a_fault() -> None:
    with pytest.raises(KeyError):
        cards.error_card(look(), "no-such-error")


@pytest.mark.parametrize("key", keys("gmail.notice."))
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_envelopes(language: Language, key: str) -> None:
    card = cards.wait_card(look(language))
    check_answer(cards.trigger(card), "RenderActions")
    check_answer(cards.click(card, strings.say(language, f"gmail.notice.{key}")), "SubmitFormResponse")
    check_answer(cards.click(card, push=True), "SubmitFormResponse")


def test_gmail_s_own_actions() -> None:
    check_answer(cards.insert_body("<div>a\ud800\x00</div>"), "SubmitFormResponse")
    check_answer(cards.open_draft("r-12", "15e9fa"), "SubmitFormResponse")
    check_answer(cards.ask_scopes(["https://www.googleapis.com/auth/calendar.freebusy"]), "ScopesResponse")


# Words of mails


@given(st.text() | strategies.mail_text)
def test_escaped_words_read_as_they_are(text: str) -> None:
    assert check_html(widgets.escape(text)) == widgets.clean(text)


class _Seen(html.parser.HTMLParser):
    """What a reader of HTML makes of a text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(tag)

    def handle_comment(self, data: str) -> None:
        self.tags.append(data)

    def handle_decl(self, decl: str) -> None:
        self.tags.append(decl)

    def handle_pi(self, data: str) -> None:
        self.tags.append(data)

    def unknown_decl(self, data: str) -> None:
        self.tags.append(data)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text() | strategies.mail_text)
def test_plain_words_read_the_same_as_html(text: str) -> None:
    made = widgets.plain(text)
    seen = _Seen()
    seen.feed(made)
    seen.close()
    assert (seen.tags, seen.text) == ([], made)
    assert made.replace("\u2060", "") == widgets.clean(text).replace("\u2060", "")


@given(st.text() | strategies.mail_text, st.integers(2, 200))
def test_foreign_words_are_short_and_turn_nothing_about(text: str, most: int) -> None:
    made = widgets.foreign(text, most)
    assert len(made) <= most + 2
    assert not made or (made[0], made[-1]) == ("\u2068", "\u2069")
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", made[1:-1])


def test_a_letter_is_not_cut_in_two() -> None:
    assert widgets.shorten("e\u0301" * 10, 10) == "e\u0301" * 4 + "…"
    assert widgets.shorten("\U0001f469\u200d\U0001f4bb" * 4, 6) == "\U0001f469\u200d\U0001f4bb…"
    assert widgets.shorten("one two three", 10) == "one two…"
    assert widgets.shorten("onetwothree", 5) == "onet…"
    assert widgets.shorten("short", 5) == "short"


@pytest.mark.parametrize(
    "words",
    [
        "<b>bold</b>",
        "R&D",
        "&lt;",
        '"quoted"',
        "it's",
        "\u202egnorw",
        "a\ud800b",
        "a\x00b",
        "{words}",
        "a\nb",
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_flagged_words_are_quoted_as_they_are(language: Language, words: str) -> None:
    finding = Finding("blaming-the-client", Span(0, len(words)), 0.9, replacements=(words,))
    card = compose(a_review(words, findings=(finding,)), text=words, language=language)
    check(card)
    row = next(w["decoratedText"]["text"] for w in schemas.widgets(card) if "decoratedText" in w)
    assert check_html(row).count(widgets.foreign(words, QUOTED)) == 2
    assert len(re.sub(r'<a href="[^"]*">|</?b>|</a>|<br>', "", row).split("<")) == 1


def test_words_of_any_length_are_quoted_in_part() -> None:
    words = "wrong " * 2_000
    finding = Finding("arguing", Span(0, len(words)), 0.9, replacements=(words,))
    elements = (Element("offer-to-talk", "missing", insert=Insert(0, words)),)
    mentions = (DateMention(Span(0, len(words)), dt.date(2026, 3, 10), None),)
    review = a_review(words, findings=(finding,), elements=elements, commitments=mentions)
    shown = [w["decoratedText"]["text"] for w in schemas.widgets(compose(review)) if "decoratedText" in w]
    assert shown
    assert max(map(len, shown)) < 1_200
    ticks = [item["text"] for found in selections(compose(review)).values() for item in found["items"]]
    assert max(map(len, ticks)) < 120


def test_a_draft_comes_back_as_it_was() -> None:
    text = "Dear Nora,\r\n\r\n<b>&amp; \u202bمرحبا\u202c “x” \U0001f600\n\tSam"
    card = compose(None, text=text)
    (field,) = [w["textInput"] for w in schemas.widgets(card) if "textInput" in w]
    assert field["value"] == text.replace("\r\n", "\n")


def test_the_stamp_is_of_the_words_and_their_lines() -> None:
    assert cards.stamp("\n a  b \r\nc\x00") == cards.stamp("a b\nc\n")
    assert cards.stamp("a b\nc") != cards.stamp("a b c")
    assert cards.stamp("a b c") != cards.stamp("a b d")
    assert re.fullmatch("[0-9a-f]{12}", cards.stamp("\ud800"))
    sent = buttons(compose(flawed(), text="Dear Nora, you are wrong."))["apply"]
    assert sent == {"do": "apply", "seen": cards.stamp("Dear Nora, you are wrong.")}


def test_nothing_of_a_mail_is_sent_along_with_a_click() -> None:
    text = f"{MARK} one {MARK}two {MARK}"
    finding = Finding("arguing", Span(0, len(text)), 0.9, replacements=(MARK,))
    mention = DateMention(Span(0, 5), dt.date(2026, 3, 10), None)
    rows = tuple(
        HoldRow(a_hold(title=MARK, reason=MARK), state, EVENT_URL, "ab1", True, True)
        for state in ("proposed", "added", "undone", "failed")
    )  # fmt: skip
    review = a_review(
        text, findings=(finding,), elements=(Element("offer-to-talk", "missing", insert=Insert(0, MARK)),),
        commitments=(mention,), deadlines=(mention,), revised=MARK,
    )  # fmt: skip
    incoming = dataclasses.replace(review, direction="incoming")
    made = (compose(review, text=text), message(review, *rows), message(incoming, *rows))
    for card in made:
        assert MARK in json.dumps(card)
        for action in clicks(card):
            assert MARK.lower() not in json.dumps(action).lower()


# How much a card holds


def test_a_card_of_a_huge_review_stays_under_the_limit_and_says_what_is_left_out() -> None:
    mention = DateMention(Span(0, 4), dt.date(2026, 3, 10), dt.time(12))
    review = dataclasses.replace(
        flawed(60),
        elements=(Element("offer-to-talk", "missing", insert=Insert(0, "May we call you?")),) * 60,
        commitments=(mention,) * 60,
        deadlines=(mention,) * 60,
        advice=(Advice("keep-posted"),) * 60,
        notes=strategies.NOTES * 10,
        score=Score(10.0, {"calm": 1.0, "empathy": 2.0, "ownership": 3.0, "candour": 4.0}, "poor"),
        situations=("legal-threat",) * 60,
        revised="x",
    )
    rows = (HoldRow(a_hold()),) * 30
    draft = compose(review)
    incoming = message(dataclasses.replace(review, direction="incoming"), *rows, calendar="needs-consent")
    sent = message(review, *rows)
    home = cards.home_card(look(), HomeView(rows, None, default_hours("UTC"), "needs-consent"))
    for card in (draft, incoming, sent, home):
        check(card)
    left_out = re.compile("Not shown here: ([0-9]+)")
    assert sorted(map(int, left_out.findall(read(draft)))) == sorted((20, 48, 50, 48))
    assert sorted(map(int, left_out.findall(read(incoming)))) == sorted((48, 50, 10))
    assert left_out.findall(read(home)) == ["10"]
    assert len(selections(draft)[cards.FINDINGS]["items"]) == 40


# Where the cards lead, and the words they use


def test_every_link_is_a_route_of_this_service() -> None:
    review = dataclasses.replace(
        flawed(),
        elements=tuple(Element(g.id, "missing", insert=Insert(0, "x")) for g in guidance().include[:3]),
    )
    incoming = a_review(direction="incoming", temperature="upset", reply_channel="call")
    home = cards.home_card(look(), HomeView((), None, default_hours("UTC"), "ready"))
    found = set().union(*(urls(card) for card in (compose(review), message(incoming), home)))
    assert len(found) > 4
    for url in found - {URL}:
        path = url.removeprefix(BASE).partition("?")[0]
        scope = {"type": "http", "method": "GET", "path": path}
        assert any(route.matches(scope)[0] == Match.FULL for route in web.router.routes), url


def test_no_sentence_of_the_cards_is_left_over_or_lacking() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in APP.glob("*.py"))
    used = set(re.findall(r"""["'](gmail\.[a-z.-]+)["']""", text))
    for prefix in re.findall(r'f"(gmail\.[a-z.-]+\.)\{', text):
        used |= {key for key in strings.words("en") if key.startswith(prefix)}
    ours = {key for key in strings.words("en") if key.startswith("gmail.")}
    assert ours == used
