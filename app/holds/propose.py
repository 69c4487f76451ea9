"""Which follow-ups to propose after a review, and when.

Pure: the clock, the zone, the working hours and the words come in as arguments. A proposal
is tentative and harms nobody until the user takes it up.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from zoneinfo import ZoneInfo

from app.holds.diary import Diary
from app.tone import dates, week
from app.tone.text import fold_text
from app.tone.types import LANGUAGES, DateMention, Review, Span
from app.tone.week import WorkingHours

KINDS: tuple[str, ...] = (
    "commitment", "client-call", "prepare", "check-in",
    "team-retro", "cooling-off", "peer-review", "plan-briefing",
)  # fmt: skip
# Two different ones of these call for an hour's distance, as hostile wording does alone.
HEATED = frozenset((
    "arguing", "blaming-the-client", "dismissing-feelings", "complaining", "disparaging-the-client",
))  # fmt: skip
_THREATS = frozenset(("legal-threat", "reputation-threat"))
LENGTH = {
    "commitment": 30, "client-call": 30, "prepare": 30, "check-in": 30, "team-retro": 45, "cooling-off": 15,
    "peer-review": 30, "plan-briefing": 30,
}  # fmt: skip
_COOLING = 60
_CHECK_IN_DAYS = 2
_STOP = re.compile(r"[.!?؟…](?=\s|$)|\n\s*\n")  # where a sentence ends
_REPLY_MARK = re.compile(r"^(?:(?:re|fwd?|aw|wg|tr|rép|ynt|ilt|رد|إعادة توجيه)\s*:\s*)+", re.IGNORECASE)


class HoldWords(Protocol):
    """How a kind of hold is worded in the user's language: a title and why it is proposed."""

    @property
    def title(self) -> str: ...

    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Hold:
    """A proposed calendar entry.

    `start` and `end` are aware date-times in `time_zone` (an IANA name), or, when `all_day`,
    the day and the day after it. `id` is the same for the same thread, kind and slot; `thread`
    is a digest that finds the thread's holds again, never its text.
    """

    id: str
    kind: str
    title: str
    start: dt.datetime | dt.date
    end: dt.datetime | dt.date
    all_day: bool
    time_zone: str
    reason: str
    sources: tuple[str, ...]
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """A kind and its time, before it is worded."""

    kind: str
    start: dt.datetime | dt.date
    end: dt.datetime | dt.date
    all_day: bool = False


def propose(
    review: Review,
    *,
    now: dt.datetime,
    zone: str,
    hours: WorkingHours,
    words: Mapping[str, HoldWords],
    sources: Mapping[str, Sequence[str]] | None = None,
    thread: str = "",
    situations: Collection[str] = (),
) -> tuple[Hold, ...]:
    """The follow-ups that the articles advise after this message, earliest first.

    `now` is aware; `zone` is the user's, an IANA or Windows name; `words` and `sources` are by
    kind. `thread` names the conversation (any stable text; the subject stands in when empty).
    `situations` are those of the client's messages in the thread (a draft's review does not
    hold them): they tell of threats and of nerves.

    Slots never begin before `now`, nor overlap one another, and lie inside the working hours,
    except a commitment or a call whose time the draft itself names. Raises ValueError for a
    naive `now` or an unknown zone.
    """
    if now.tzinfo is None:
        raise ValueError("now must have a time zone")
    where = week.zone(zone)
    now = now.astimezone(where)
    wanted = kinds(review, situations)
    slots = _Planner(review, now, where, hours).plan(wanted)
    key = thread_name(thread, review.document.subject)
    held: dict[str, Hold] = {}
    for slot in slots:
        wording = words[slot.kind]
        hold = Hold(
            identity(key, slot), slot.kind, wording.title, slot.start, slot.end, slot.all_day, where.key,
            wording.text, tuple((sources or {}).get(slot.kind, ())), thread_key(key),
        )  # fmt: skip
        held.setdefault(hold.id, hold)
    return tuple(
        sorted(
            held.values(),
            key=lambda hold: (week.moment(hold.start, where).astimezone(dt.UTC), KINDS.index(hold.kind)),
        )
    )


def identity(thread: str, slot: Slot) -> str:
    """The id of a hold: hexadecimal, the same for the same thread, kind and slot (in any zone)."""
    times = [
        moment.astimezone(dt.UTC).isoformat() if isinstance(moment, dt.datetime) else moment.isoformat()
        for moment in (slot.start, slot.end)
    ]
    return hashlib.sha256("\0".join((thread, slot.kind, *times)).encode("utf-8", "replace")).hexdigest()[:32]


def thread_name(thread: str, subject: str) -> str:
    """The text that names a thread: the one given, else the subject without its reply marks."""
    return thread or _REPLY_MARK.sub("", fold_text(subject).strip())


def thread_key(thread: str) -> str:
    """The digest that marks a thread's events: 32 hexadecimal digits; "" (no thread is known) stays ""."""
    return hashlib.sha256(thread.encode("utf-8", "replace")).hexdigest()[:32] if thread else ""


def kinds(review: Review, situations: Collection[str] = ()) -> frozenset[str]:
    """The kinds of follow-up that a review calls for (the table of the guidance)."""
    flagged = {finding.guideline for finding in review.findings}
    present = {element.guideline for element in review.elements if element.status == "present"}
    heard = frozenset(situations) | frozenset(review.situations)
    wanted: set[str] = set()
    if review.commitments:
        wanted.add("commitment")
    upset = review.temperature in ("upset", "hostile")
    # A failure is mostly met by an upset client; the temperature says when it was not.
    failed = review.situation == "failure" and review.temperature == "tense"
    if upset or failed or review.situation == "hostile-client" or "offer-to-talk" in present:
        wanted |= {"client-call", "prepare"}
    if _promised(review, present, flagged):
        wanted.add("check-in")
    if review.situation == "failure":
        wanted.add("team-retro")
    if "hostile-wording" in flagged or len(flagged & HEATED) >= 2:
        wanted.add("cooling-off")
    accused = review.situation == "client-mistaken"
    assailed = review.situation == "hostile-client" and review.temperature in (None, "hostile")
    if heard & _THREATS or accused or assailed:
        wanted.add("peer-review")
    if review.situation == "progress-anxiety" or "progress-anxiety" in heard:
        wanted.add("plan-briefing")
    return frozenset(wanted)


def _promised(review: Review, present: Collection[str], flagged: Collection[str]) -> bool:
    """Whether something was promised or repaired, be it vaguely."""
    if review.direction == "incoming":
        return False
    if review.commitments or "commit-to-follow-up" in present or "vague-commitment" in flagged:
        return True
    return "concrete-solution" in present and ("overpromising" in flagged or review.situation == "failure")


class _Planner:
    """Finds a slot for each kind, one after the other, without clashes among them."""

    def __init__(self, review: Review, now: dt.datetime, where: ZoneInfo, hours: WorkingHours) -> None:
        self.review = review
        self.now = now
        self.where = where
        self.hours = hours
        self.diary = Diary(hours, where)

    def plan(self, wanted: Collection[str]) -> list[Slot]:
        found: list[Slot] = []
        # What stands in the draft first; then what has to happen before the client is spoken to.
        call = self._named_call() if "client-call" in wanted else None
        promised = self._commitments(call) if "commitment" in wanted else []
        found += promised
        ready = self.now
        if "cooling-off" in wanted:
            found.append(self._free("cooling-off", week.later(self.now, _COOLING), step=15))
            ready = self._end(found[-1])
        if "peer-review" in wanted:
            found.append(self._free("peer-review", ready))
            ready = self._end(found[-1])
        if "client-call" in wanted:
            found += self._call(call, ready)
        if "plan-briefing" in wanted:
            found.append(self._briefing(ready))
        if "check-in" in wanted:
            found.append(self._check_in())
        if "team-retro" in wanted:
            found.append(self._retro())
        return found

    def _free(self, kind: str, after: dt.datetime, *, step: int = 30) -> Slot:
        start, end = self.diary.take(after, LENGTH[kind], step=step)
        return Slot(kind, start, end)

    def _end(self, slot: Slot) -> dt.datetime:
        assert isinstance(slot.end, dt.datetime)  # noqa: S101 - free slots are never whole days
        return slot.end

    def _commitments(self, call: DateMention | None) -> list[Slot]:
        """One entry a dated promise that is still to come; the call's own time is the call's entry."""
        found: dict[tuple[dt.date, dt.time | None], Slot] = {}
        for mention in self.review.commitments:
            moment = (mention.date, mention.time)
            if moment in found or (call and call.time is not None and moment == (call.date, call.time)):
                continue
            if mention.time is None:
                if mention.date >= self.now.date() and mention.date < dt.date.max:
                    after = mention.date + dt.timedelta(days=1)
                    found[moment] = Slot("commitment", mention.date, after, all_day=True)
                continue
            start = week.at(mention.date, mention.time, self.where)
            if start >= self.now:
                end = week.later(start, LENGTH["commitment"])
                self.diary.block(start, end)
                found[moment] = Slot("commitment", start, end)
        return list(found.values())

    def _named_call(self) -> DateMention | None:
        """The day, and time when there is one, that the draft's offer of a call names."""
        review = self.review
        offer = next(
            (e.evidence for e in review.elements if e.guideline == "offer-to-talk" and e.status == "present"),
            None,
        )
        if offer is None or review.language not in LANGUAGES:
            return None
        # "I will call you [on Monday at ten]": the evidence may end before its date does.
        whole = review.document.text
        stop = _STOP.search(whole, offer.end - 1)
        offer = Span(offer.start, max(offer.end, stop.start() if stop else len(whole)))
        text = whole[offer.start : offer.end]
        mentions = [
            replace(m, span=Span(m.span.start + offer.start, m.span.end + offer.start))
            for m in dates.find(text, review.language, self.now, self.hours)
        ]
        mentions += [m for m in review.commitments if m.span.overlap(offer)]
        timed = [m for m in mentions if m.time and week.at(m.date, m.time, self.where) >= self.now]
        dated = [m for m in mentions if not m.time and m.date >= self.now.date()]
        return next(iter(timed + dated), None)

    def _call(self, named: DateMention | None, ready: dt.datetime) -> list[Slot]:
        """The call and the half hour to prepare for it."""
        if named is not None and named.time is not None:
            start = week.at(named.date, named.time, self.where)
            end = week.later(start, LENGTH["client-call"])
            self.diary.block(start, end)
            before = self.diary.before(start, LENGTH["prepare"], self.now)
            call = Slot("client-call", start, end)
            return [Slot("prepare", *before), call] if before else [call]
        if named is not None:
            ready = max(ready, week.at(named.date, self.hours.start, self.where))
        both = LENGTH["prepare"] + LENGTH["client-call"]
        if both > self.diary.day_length:
            prepare = self._free("prepare", ready)
            return [prepare, self._free("client-call", self._end(prepare))]
        start, end = self.diary.take(ready, both)
        middle = week.later(start, LENGTH["prepare"])
        return [Slot("prepare", start, middle), Slot("client-call", middle, end)]

    def _briefing(self, ready: dt.datetime) -> Slot:
        """This week: the next working day when it still belongs to the week, else as soon as can be."""
        today = self.now.date()
        tomorrow = week.next_working_day(today, self.hours)
        if tomorrow <= week.end_of_week(today, self.hours):
            ready = max(ready, week.at(tomorrow, self.hours.start, self.where))
        return self._free("plan-briefing", ready)

    def _check_in(self) -> Slot:
        """Two working days after the last date promised, else after sending."""
        last = max([m.date for m in self.review.commitments if m.date.year < 9000], default=self.now.date())
        day = week.add_working_days(max(last, self.now.date()), _CHECK_IN_DAYS, self.hours)
        return self._free("check-in", week.at(day, self.hours.start, self.where))

    def _retro(self) -> Slot:
        """The second day of the working week that follows: the work is done, the memory is fresh."""
        first = week.next_working_day(week.end_of_week(self.now.date(), self.hours), self.hours)
        day = week.next_working_day(first, self.hours) if len(self.hours.days) > 1 else first
        return self._free("team-retro", week.at(day, self.hours.start, self.where))
