"""What cards say, in which order, in whose words and at what time."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re

import pytest

from app import strings
from app.gmail import cards
from app.gmail.cards import HoldRow, HomeView
from app.gmail.wording import Words
from app.tone.types import (
    LANGUAGES,
    Advice,
    DateMention,
    Element,
    Finding,
    Insert,
    Language,
    Note,
    Score,
    Span,
)
from app.tone.week import default_hours
from tests.gmail import schemas
from tests.gmail.markup import check_html
from tests.gmail.showing import (
    a_hold,
    a_review,
    buttons,
    clicks,
    compose,
    flawed,
    look,
    message,
    parameters,
    read,
    selections,
    urls,
)
from tests.gmail.strategies import BASE, EVENT_URL, guidance

# What the cards say


def test_every_finding_says_words_reason_source_and_replacement() -> None:
    card = compose(flawed())
    (row,) = [
        w["decoratedText"] for w in schemas.widgets(card) if "you are wrong" in str(w.get("decoratedText"))
    ]
    arguing = guidance().guidelines["arguing"]
    wording = arguing.wording("en")
    said = check_html(row["text"])
    assert "1. “\u2068you are wrong\u2069”" in said
    assert wording.reasons["default"] in said
    assert "Instead: “\u2068let us look at it\u2069”" in said
    assert f'<a href="{BASE}/guidelines/arguing?lang=en">{wording.title}</a>' in row["text"]
    article, _, section = arguing.head.sources[0].partition("/")
    found = guidance().articles[article]
    assert row["bottomLabel"] == f"{found.title['en']} · {found.sections[section].title['en']}"


def test_words_that_go_and_words_without_a_replacement() -> None:
    text = "Dear Nora, you are wrong."
    goes = Finding("arguing", Span(11, 24), 0.9, replacements=("",))
    stays = Finding("blaming-the-client", Span(0, 9), 0.9)
    card = compose(a_review(text, findings=(goes, stays)))
    assert "Leave these words out." in read(card)
    wording = guidance().guidelines["blaming-the-client"].wording("en")
    assert (wording.todo or wording.advice) in read(card)
    items = selections(card)[cards.FINDINGS]["items"]
    # Numbers follow the card, values the review; what has no replacement cannot be ticked.
    assert [item["value"] for item in items] == ["0"]
    number = items[0]["text"].split()[0]
    assert f"{number} “you are wrong" in read(card)
    assert items[0]["text"].endswith(": leave out")


def test_findings_are_grouped_by_dimension() -> None:
    text = "a b c d"
    names = ("vague-commitment", "hostile-wording", "surprise-cost", "hollow-apology")
    found = tuple(Finding(name, Span(2 * n, 2 * n + 1), 0.9) for n, name in enumerate(names))
    card = compose(a_review(text, findings=found))
    headers = [section.get("header") for section in card["sections"]]
    wanted = [
        strings.say("en", f"word.dimension.{name}")
        for name in ("calm", "empathy", "ownership", "candour", "follow_through")
        if any(guidance().guidelines[one].head.dimension == name for one in names)
    ]
    assert [header for header in headers if header in wanted] == wanted
    assert len(wanted) > 1


def test_ticks_are_as_they_were() -> None:
    elements = (
        Element("offer-to-talk", "missing", insert=Insert(0, "May we call you?")),
        Element("sincere-apology", "missing", insert=Insert(0, "We are sorry.")),
        Element("clear-terms", "missing"),
    )
    review = dataclasses.replace(flawed(3), elements=elements)
    card = compose(review, ticked=frozenset((0, 2)), inserted=frozenset(("offer-to-talk",)))
    found = {
        name: {item["value"]: item["selected"] for item in selection["items"]}
        for name, selection in selections(card).items()
    }
    assert found == {
        cards.FINDINGS: {"0": True, "1": False, "2": True},
        cards.MISSING: {"offer-to-talk": True, "sincere-apology": False},
    }
    every = selections(compose(review))
    assert all(item["selected"] for selection in every.values() for item in selection["items"])


def test_without_a_draft_to_put_it_into_the_text_can_be_taken_from_the_card() -> None:
    notes = (Note("placeholders-to-fill"),)
    review = dataclasses.replace(flawed(), revised="Dear Nora, let us look at [it].", notes=notes)
    card = compose(review, can_insert=False)
    fields = [w["textInput"] for w in schemas.widgets(card) if "textInput" in w]
    assert [field["name"] for field in fields] == ["revised", cards.TEXT]
    assert fields[0]["value"] == review.revised
    assert "apply" not in buttons(card)
    assert "places in brackets" in read(card)


def test_a_draft_with_nothing_to_change() -> None:
    card = compose(a_review(), text="Dear Nora")
    assert "Nothing to change." in read(card)
    assert set(buttons(card)) == {"review"}


def test_a_draft_that_is_typed_is_kept_in_the_card_while_it_is_reviewed() -> None:
    for action in clicks(compose(flawed(), text="x")):
        assert action["persistValues"] is True


def test_holds_say_their_day_and_time_and_what_became_of_them() -> None:
    hold = a_hold()
    rows = (
        HoldRow(hold),
        HoldRow(hold, "added", EVENT_URL, "ab1", moved=True),
        HoldRow(hold, "added", None, None),
        HoldRow(hold, "undone"),
        HoldRow(hold, "failed", clash=True),
        HoldRow(a_hold(start=dt.date(2026, 4, 1), end=dt.date(2026, 4, 2), all_day=True)),
    )
    card = message(a_review(), *rows)
    shown = [
        w["decoratedText"]
        for w in schemas.widgets(card)
        if w.get("decoratedText", {}).get("startIcon", {}).get("knownIcon") == "INVITE"
    ]
    said = [check_html(row["text"]) for row in shown]
    assert all("Call the client" in one for one in said)
    assert said[0].replace("\u2060", "") == "\u2068Call the client\u2069\nTuesday 10 March, 10:00–10:30"
    assert "The time first proposed was taken." in said[1]
    assert "In your calendar. Open" in said[1]
    assert 'href="https://www.google.com/calendar/event?eid=abc&amp;ctz=UTC"' in shown[1]["text"]
    assert said[2].endswith("In your calendar.")
    assert "Taken out of your calendar." in said[3]
    assert "This could not be added. Please try again.\nIt overlaps another entry." in said[4]
    assert said[5].endswith("Wednesday 1 April, all day")
    sent = [parameters(row["button"]["onClick"]["action"]) if "button" in row else {} for row in shown]
    assert [one.get("do") for one in sent] == ["add", "undo", None, "add", "add", "add"]
    assert sent[0] == {
        "do": "add", "hold": "0a1b", "kind": "client-call", "start": "2026-03-10T09:00:00+00:00",
        "end": "2026-03-10T09:30:00+00:00", "thread": "ff",
    }  # fmt: skip
    assert sent[1] == {"do": "undo", "hold": "0a1b", "kind": "client-call", "event": "ab1"}
    assert sent[5]["start"] == "2026-04-01"
    assert shown[0]["button"]["altText"] == "Add: \u2068Call the client\u2069"


def test_without_a_calendar_holds_are_only_told() -> None:
    card = message(a_review(), HoldRow(a_hold()), calendar="off")
    assert "Call the client" in read(card)
    assert not {"add", "undo"} & set(buttons(card))
    consent = strings.say("en", "gmail.hold.consent")
    assert consent not in read(card)
    assert consent in read(message(a_review(), HoldRow(a_hold()), calendar="needs-consent"))
    added = HoldRow(a_hold(), "added", EVENT_URL, "ab1")
    assert consent not in read(message(a_review(), added, calendar="needs-consent"))


@pytest.mark.parametrize("channel", ["call", "email"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_how_to_answer_is_said_with_its_reason_and_article(language: Language, channel: str) -> None:
    review = a_review(
        direction="incoming", temperature="hostile", reply_channel=channel, situations=("missed-deadline",),
        advice=(Advice("call-first"), Advice("keep-posted")) if channel == "call" else (),
    )  # fmt: skip
    card = message(review, shown=look(language))
    section = next(s for s in card["sections"] if s.get("header") == strings.say(language, "gmail.how"))
    first = section["widgets"][0]["decoratedText"]
    reference = {"call": ("dropped-ball", "talk-live"), "email": ("mistaken-client", "keep-calm")}[channel]
    article = guidance().articles[reference[0]]
    source = f"{article.title[language]} · {article.sections[reference[1]].title[language]}"
    assert first["bottomLabel"] == source
    assert first["startIcon"]["knownIcon"] == {"call": "PHONE", "email": "EMAIL"}[channel]
    assert (f"{BASE}/guidelines/offer-to-talk?lang={language}" in urls(card)) == (channel == "call")
    # The reason for the call is not said twice.
    title = guidance().advice[language]["call-first"].title
    assert read(card).count(title) == (channel == "call")


def test_the_reply_button_says_what_the_reply_has_a_place_for() -> None:
    review = a_review(direction="incoming", temperature="upset", situations=("billing-dispute",))
    card = message(review)
    assert buttons(card)["reply"] == {"do": "reply"}
    for name in guidance().called_for("billing-dispute"):
        assert guidance().guidelines[name].wording("en").title in read(card)
    assert "reply" not in buttons(message(review, skeleton=False))


def test_a_message_that_the_user_sent_has_its_score_and_promises() -> None:
    mention = DateMention(Span(0, 9), dt.date(2026, 3, 12), dt.time(12))
    score = Score(43.3, {"calm": 100.0}, "poor")
    card = message(a_review(score=score, commitments=(mention,)), HoldRow(a_hold()))
    assert "43 out of 100, poor" in read(card)
    assert "Thursday 12 March, 12:00" in read(card)
    assert "reply" not in buttons(card)


def test_the_homepage_offers_the_settings_as_they_are() -> None:
    hours = dataclasses.replace(default_hours("Asia/Riyadh"), start=dt.time(8, 15))
    card = cards.home_card(look(), HomeView((), "ar", hours, "ready"))
    found = selections(card)
    chosen = {name: [i["value"] for i in box["items"] if i["selected"]] for name, box in found.items()}
    assert chosen == {
        "language": ["ar"],
        "days": ["6", "0", "1", "2", "3"],
        "start": ["08:15"],
        "end": ["17:30"],
    }
    assert found["days"]["items"][0]["text"] == "Sunday"
    assert "No follow-ups this week." in read(card)
    assert buttons(card)["settings"] == {"do": "settings"}
    own = cards.home_card(look(), HomeView((), None, default_hours("Europe/Paris"), "off"))
    assert next(i["value"] for i in selections(own)["language"]["items"] if i["selected"]) == cards.OWN
    assert selections(own)["days"]["items"][0]["text"] == "Monday"
    assert "Follow-ups this week" not in read(own)


@pytest.mark.parametrize("language", LANGUAGES)
def test_privacy_takes_two_sentences(language: Language) -> None:
    assert len(re.findall(r"[.؟!](?:\s|$)", strings.say(language, "gmail.home.private"))) == 2


# Days, times and directions


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Sunday 1 March, 10:00–10:30"),
        ("fr", "dimanche 1er\u00a0mars, de 10:00 à 10:30"),
        ("ar", "الأحد، 1 مارس، من 10:00 إلى 10:30"),
        ("tr", "1 Mart Pazar, 10:00–10:30"),
    ],
)
def test_days_and_times_are_said_as_they_are_in_the_language(language: Language, said: str) -> None:
    start = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
    made = Words(look(language)).when(start, start + dt.timedelta(minutes=30))
    assert re.sub("[\u2060\u2068\u2069]", "", made) == said


def test_times_are_in_the_user_s_zone_and_the_day_with_them() -> None:
    start = dt.datetime(2026, 3, 1, 20, 30, tzinfo=dt.UTC)
    words = Words(look("en", "Asia/Kathmandu"))
    made = words.when(start, start + dt.timedelta(minutes=30))
    assert made.replace("\u2060", "") == "Monday 2 March, 02:15–02:45"
    with pytest.raises(ValueError, match="time zone"):
        Words(look("en", "Nowhere/At_All")).when(start, start)


def test_another_year_is_said() -> None:
    day = dt.date(2027, 1, 1)
    assert Words(look()).date(day) == "Friday 1 January"
    assert Words(look(today=dt.date(2027, 5, 1))).date(day) == "Friday 1 January"
    assert Words(look(today=dt.date(2026, 12, 31))).date(day) == "Friday 1 January 2027"
    assert Words(look("tr", today=dt.date(2026, 12, 31))).date(day) == "1 Ocak 2027 Cuma"


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_a_name_for_every_day_and_month(language: Language) -> None:
    words = Words(look(language))
    assert len({words.weekday(number) for number in range(7)}) == 7
    assert len({words.date(dt.date(2026, month, 15)) for month in range(1, 13)}) == 12


def test_in_arabic_what_is_not_is_kept_apart() -> None:
    text = "Hello Sam, by Friday 5pm, please!"
    mention = DateMention(Span(11, 24), dt.date(2026, 3, 13), dt.time(17))
    review = a_review(text, direction="incoming", temperature="calm", deadlines=(mention,), score=None)
    card = message(review, HoldRow(a_hold(title="Call Nora & Co")), shown=look("ar"))
    said = [check_html(text) for text in schemas.formatted(card)]
    assert "الجمعة، 13 مارس، \u206817:00\u2069\n«\u2068by Friday 5pm\u2069»" in said
    apart = re.compile("\u2068[^\u2068\u2069]*\u2069")
    for one in said:
        bare = apart.sub("", one)
        # Tactline and Gmail stand in our own sentences, which begin and end in Arabic.
        assert not re.search("[A-Za-z]", re.sub("Gmail|Google|Tactline", "", bare)), one


def test_a_sentence_that_a_replacement_says_already_is_not_added_too() -> None:
    elements = (
        Element("sincere-apology", "missing", insert=Insert(0, "We are sorry. ")),
        Element("offer-to-talk", "missing", insert=Insert(0, "May we call you? ")),
    )
    review = dataclasses.replace(flawed(1), elements=elements, revised="May we call you? Dear Nora.")
    items = selections(compose(review))[cards.MISSING]["items"]
    assert {item["value"]: item["selected"] for item in items} == {
        "sincere-apology": False,
        "offer-to-talk": True,
    }
