"""Which follow-ups are proposed, and that their slots are fit for a person's week."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.holds.propose import HEATED, KINDS, Hold, kinds, propose
from app.tone.types import (
    SITUATIONS,
    DateMention,
    Document,
    Element,
    Finding,
    Review,
    Segment,
    Span,
    Temperature,
)
from app.tone.week import WorkingHours, default_hours, zone

PARIS = "Europe/Paris"
# Tuesday 10 March 2026, 09:30.
NOW = dt.datetime(2026, 3, 10, 9, 30, tzinfo=zone(PARIS))


@dataclass(frozen=True)
class Words:
    title: str
    text: str


WORDS = {kind: Words(f"title of {kind}", f"reason for {kind}") for kind in KINDS}
SOURCES = dict.fromkeys(KINDS, ("dropped-ball/follow-up",))


def review(
    text: str = "Hello",
    *,
    situation: str | None = "routine",
    temperature: Temperature | None = None,
    findings: Sequence[str] = (),
    present: Sequence[str] = (),
    offer: str = "",
    promises: Sequence[tuple[dt.date, dt.time | None]] = (),
    subject: str = "Logo",
) -> Review:
    at = text.find(offer)
    elements = [Element(name, "present") for name in present]
    if offer:
        elements.append(Element("offer-to-talk", "present", Span(at, at + len(offer))))
    return Review(
        document=Document(text, (Segment("body", Span(0, len(text))),), text, subject=subject),
        language="en", direction="outgoing", score=None, situation=situation, situations=(), politeness=50.0,
        temperature=temperature, reply_channel="email",
        findings=tuple(Finding(name, Span(0, 1), 0.9) for name in findings), elements=tuple(elements),
        commitments=tuple(DateMention(Span(0, 1), date, time) for date, time in promises),
        deadlines=(), advice=(), call_brief=None, notes=(), revised=None,
    )  # fmt: skip


def held(
    given: Review,
    now: dt.datetime = NOW,
    place: str = PARIS,
    hours: WorkingHours | None = None,
    thread: str = "thread-1",
    situations: Sequence[str] = (),
) -> dict[str, Hold]:
    found = propose(
        given, now=now, zone=place, hours=hours or default_hours(place), words=WORDS, sources=SOURCES,
        thread=thread, situations=situations,
    )  # fmt: skip
    return {hold.kind: hold for hold in found}


def when(hold: Hold) -> str:
    return f"{hold.start:%a %d %H:%M}" if isinstance(hold.start, dt.datetime) else f"{hold.start:%a %d}"


@pytest.mark.parametrize(
    ("given", "situations", "want"),
    [
        (review(), (), set()),
        (review(present=["thank-the-client"]), (), set()),
        (review(temperature="upset"), (), {"client-call", "prepare"}),
        (review(temperature="tense"), (), set()),
        (review(situation="failure", temperature="tense"), (), {"client-call", "prepare", "team-retro"}),
        (review(situation="failure", temperature="calm"), (), {"team-retro"}),
        (review("Shall we talk?", offer="Shall we talk?"), (), {"client-call", "prepare"}),
        (review(promises=[(dt.date(2026, 3, 12), None)]), (), {"commitment", "check-in"}),
        (review(findings=["vague-commitment"]), (), {"check-in"}),
        (review(findings=["hostile-wording"]), (), {"cooling-off"}),
        (review(findings=["arguing", "complaining"]), (), {"cooling-off"}),
        (review(findings=["arguing", "arguing"]), (), set()),
        (review(findings=["arguing", "hollow-apology"]), (), set()),
        (review(situation="client-mistaken"), (), {"peer-review"}),
        (review(), ("legal-threat",), {"peer-review"}),
        (review(), ("reputation-threat",), {"peer-review"}),
        (review(situation="progress-anxiety"), (), {"plan-briefing"}),
    ],
)
def test_the_table_of_the_guidance(given: Review, situations: Sequence[str], want: set[str]) -> None:
    assert kinds(given, situations) == want
    assert set(held(given, situations=situations)) == want


def test_a_promise_with_a_time_has_that_time_and_one_without_has_the_day() -> None:
    timed = held(review(promises=[(dt.date(2026, 3, 12), dt.time(12))]))["commitment"]
    assert when(timed) == "Thu 12 12:00"
    assert not timed.all_day
    day = held(review(promises=[(dt.date(2026, 3, 12), None)]))["commitment"]
    assert day.all_day
    assert (day.start, day.end) == (dt.date(2026, 3, 12), dt.date(2026, 3, 13))


def test_a_promise_that_is_past_is_not_proposed() -> None:
    past = [(dt.date(2026, 3, 9), None), (dt.date(2026, 3, 10), dt.time(9))]
    assert set(held(review(promises=past))) == {"check-in"}


def test_the_check_in_comes_two_working_days_after_the_last_promise() -> None:
    promises = [(dt.date(2026, 3, 12), None), (dt.date(2026, 3, 11), None)]
    assert when(held(review(promises=promises))["check-in"]) == "Mon 16 09:00"
    assert when(held(review(findings=["vague-commitment"]))["check-in"]) == "Thu 12 09:00"
    riyadh = held(review(promises=promises), place="Asia/Riyadh")
    assert when(riyadh["check-in"]) == "Mon 16 09:00"


def test_the_call_takes_the_time_that_the_draft_names() -> None:
    given = review("I can call you on Thursday at 2 pm. Best", offer="I can call you on Thursday at 2 pm")
    found = held(given)
    assert when(found["client-call"]) == "Thu 12 14:00"
    assert when(found["prepare"]) == "Thu 12 13:30"


def test_the_call_and_a_promise_of_the_same_time_are_one_entry() -> None:
    given = review(
        "I call you on Thursday at 2 pm.",
        offer="I call you on Thursday at 2 pm.",
        promises=[(dt.date(2026, 3, 12), dt.time(14))],
    )
    assert "commitment" not in held(given)


def test_an_evening_call_is_prepared_within_working_hours() -> None:
    given = review("I call you tonight at 8 pm.", offer="I call you tonight at 8 pm.")
    found = held(given)
    assert when(found["client-call"]) == "Tue 10 20:00"
    assert when(found["prepare"]) == "Tue 10 17:00"


def test_without_a_time_the_call_is_the_first_free_half_hour_after_preparing() -> None:
    found = held(review(temperature="hostile"))
    assert when(found["prepare"]) == "Tue 10 09:30"
    assert when(found["client-call"]) == "Tue 10 10:00"


def test_a_heated_draft_cools_off_before_anyone_is_spoken_to() -> None:
    found = held(review(temperature="hostile", situation="hostile-client", findings=["hostile-wording"]))
    assert when(found["cooling-off"]) == "Tue 10 10:30"
    order = [found[kind].start for kind in ("cooling-off", "peer-review", "prepare", "client-call")]
    assert order == sorted(order, key=str)


def test_the_look_back_is_in_the_week_that_follows() -> None:
    assert when(held(review(situation="failure"))["team-retro"]) == "Tue 17 09:00"
    gulf = held(review(situation="failure"), place="Asia/Kuwait")["team-retro"]
    assert when(gulf) == "Mon 16 09:00"


def test_the_briefing_is_this_week_when_it_can_be() -> None:
    given = review(situation="progress-anxiety")
    assert when(held(given)["plan-briefing"]) == "Wed 11 09:00"
    friday = dt.datetime(2026, 3, 13, 15, tzinfo=zone(PARIS))
    assert when(held(given, now=friday)["plan-briefing"]) == "Fri 13 15:00"


def test_windows_zone_names_are_understood() -> None:
    hold = held(review(temperature="upset"), place="Romance Standard Time")["client-call"]
    assert hold.time_zone == PARIS


def test_the_id_is_of_thread_kind_and_slot() -> None:
    given = review(temperature="upset")
    first = held(given)
    assert first == held(given, now=NOW.astimezone(dt.UTC))
    assert held(given, thread="thread-2")["client-call"].id != first["client-call"].id
    assert held(given, now=NOW + dt.timedelta(days=1))["client-call"].id != first["client-call"].id
    assert len({hold.id for hold in first.values()}) == len(first)
    replied = review(temperature="upset", subject="RE: Re : Logo")
    assert held(replied, thread="")["prepare"].id == held(given, thread="")["prepare"].id


def test_words_and_sources_come_from_the_guidance() -> None:
    hold = held(review(temperature="upset"))["client-call"]
    assert (hold.title, hold.reason) == ("title of client-call", "reason for client-call")
    assert hold.sources == ("dropped-ball/follow-up",)


def test_now_must_know_its_zone_and_the_zone_must_exist() -> None:
    with pytest.raises(ValueError, match="time zone"):
        held(review(), now=dt.datetime(2026, 3, 10))
    with pytest.raises(ValueError, match="not a time zone"):
        held(review(), place="Nowhere/Town", hours=default_hours(PARIS))


PLACES = [PARIS, "America/New_York", "Asia/Riyadh", "Australia/Lord_Howe", "Asia/Kathmandu"]
HOURS = st.builds(
    WorkingHours,
    st.frozensets(st.integers(0, 6), min_size=1),
    st.sampled_from([dt.time(0), dt.time(8), dt.time(9, 15)]),
    st.sampled_from([dt.time(9, 30), dt.time(13), dt.time(17, 30), dt.time(23, 59)]),
)


@settings(max_examples=200, deadline=None)
@given(
    now=st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1), timezones=st.just(dt.UTC)),
    place=st.sampled_from(
        [PARIS, "America/New_York", "Asia/Riyadh", "Australia/Lord_Howe", "Asia/Kathmandu"]
    ),
    hours=HOURS,
    situation=st.sampled_from(SITUATIONS),
    temperature=st.sampled_from([None, "calm", "hostile"]),
    findings=st.lists(st.sampled_from(sorted(HEATED)), max_size=3),
    promises=st.lists(
        st.tuples(
            st.dates(dt.date(2019, 1, 1), dt.date(2036, 1, 1)),
            st.one_of(st.none(), st.times().map(lambda t: t.replace(second=0, microsecond=0))),
        ),
        max_size=4,
    ),
)
def test_every_slot_is_ahead_inside_working_hours_and_free(
    now: dt.datetime, place: str, hours: WorkingHours, situation: str, temperature: Temperature | None,
    findings: list[str], promises: list[tuple[dt.date, dt.time | None]],
) -> None:  # fmt: skip
    given = review(situation=situation, temperature=temperature, findings=findings, promises=promises)
    found = propose(
        given, now=now, zone=place, hours=hours, words=WORDS, thread="t", situations=["legal-threat"]
    )
    assert found == propose(
        given, now=now, zone=place, hours=hours, words=WORDS, thread="t", situations=["legal-threat"]
    )
    assert len({hold.id for hold in found}) == len(found)
    timed: list[tuple[dt.datetime, dt.datetime]] = []
    for hold in found:
        if hold.all_day:
            assert isinstance(hold.start, dt.date)
            assert hold.start >= now.astimezone(zone(place)).date()
            continue
        assert isinstance(hold.start, dt.datetime)
        assert isinstance(hold.end, dt.datetime)
        assert now <= hold.start < hold.end
        if hold.kind != "commitment":
            assert hold.start.weekday() in hours.days
            assert hours.start <= hold.start.time()
            assert hold.end.date() == hold.start.date()
            assert hold.end.time() <= hours.end
            timed.append((hold.start, hold.end))
    timed.sort()
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(timed))


def test_a_date_behind_the_words_of_the_offer_is_the_calls() -> None:
    text = (
        "You will have them by Tuesday noon, and I will call you on Thursday at 2 pm to go through them. Best"
    )
    found = held(review(text, offer="I will call you"))
    assert when(found["client-call"]).endswith("14:00")
    later = "I will call you. The files follow on Thursday at 2 pm."
    assert not when(held(review(later, offer="I will call you"))["client-call"]).endswith("14:00")
