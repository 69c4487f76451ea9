"""The one entry point of the engine: a message and its circumstances in, a review out.

Pure and synchronous: the clock, the zone and the working hours are passed in. Calendar
holds are proposed from the review by `app.holds.propose`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from app.guidance.house import load_all, without
from app.guidance.schema import Guidance
from app.tone import advice, dates
from app.tone import brief as briefs
from app.tone.curated import Curated
from app.tone.edits import Edit
from app.tone.elements import assess
from app.tone.findings import Mark, dismissed, merge
from app.tone.language import detect
from app.tone.mail import read_html, read_text
from app.tone.meaning import Passage, Reader, Reading
from app.tone.meaning_house import HouseExamples
from app.tone.replace import Phrasebook
from app.tone.revise import Draft, apply_to, choose, settle
from app.tone.rules import Anger, RuleBook
from app.tone.score import score
from app.tone.sentences import clauses
from app.tone.templates import Voice, has_placeholder
from app.tone.types import (
    LANGUAGES,
    Clause,
    DateMention,
    Direction,
    Dismisses,
    Document,
    Element,
    Language,
    Note,
    Review,
    Score,
    Span,
    Temperature,
)
from app.tone.week import WorkingHours

# Earlier messages of the thread that are read, latest last: enough to see a dispute come back.
_HEARD = 4
_ENOUGH_WORDS = 3
# Longer messages are judged but not rewritten: every replacement costs reading them again.
_REWRITTEN = 200_000
# From here on a situation is sure enough to put words about it into a mail.
_SURE = 0.6


@dataclass(frozen=True)
class Message:
    """A message of the thread. `outgoing` is the user's, `incoming` the client's."""

    direction: Direction
    document: Document


@dataclass(frozen=True)
class Request:
    """What is to be reviewed, and the circumstances.

    `context` holds earlier messages, oldest first. `now` is an aware date-time in the
    user's zone; relative dates are resolved against it. `language` None: detected.
    `annual_value` is what the client is worth a year (amount, ISO 4217 code). `dismissed` tells of a
    finding whether the user wants to see it no more; guidelines in `muted` are not judged at all.
    """

    message: Message
    now: dt.datetime
    hours: WorkingHours
    context: tuple[Message, ...] = ()
    language: Language | None = None
    client_name: str | None = None
    annual_value: tuple[Decimal, str] | None = None
    muted: frozenset[str] = frozenset()
    dismissed: Dismisses | None = None


@dataclass(frozen=True)
class Judged:
    """One reading of one draft: what is found in it, before anything is offered instead."""

    document: Document
    language: Language | Literal["und"]
    clauses: tuple[Clause, ...]
    reading: Reading
    situation: str
    marks: tuple[Mark, ...]
    elements: tuple[Element, ...]
    mentions: tuple[DateMention, ...]
    voice: Voice
    score: Score


class Reads(Protocol):
    """What the engine needs of a reader."""

    def read(self, passage: Passage) -> Reading: ...


class Engine:
    """Guidance, rules and reader, loaded once; safe to share between threads."""

    def __init__(self, guidance: Guidance, reader: Reads, untaught: Reader | None = None) -> None:
        self.guidance = guidance
        self.reader = reader
        self.untaught = untaught
        self.muted = frozenset(g.id for g in guidance.guidelines.values() if g.muted)
        self.rules = RuleBook(guidance)
        self.anger = Anger(guidance)
        self.phrases = Phrasebook(guidance)
        self.curated = Curated(guidance)

    @classmethod
    def load(cls, house: Path | None = None) -> Engine:
        """The engine with the built-in guidance, and house guidelines from a folder when given.

        Raises GuidanceError when a guidance file is wrong.
        """
        return cls.of(load_all(house), Reader.load())

    @classmethod
    def of(cls, guidance: Guidance, reader: Reader) -> Engine:
        """The engine with this guidance; `reader` has learnt no house guidelines yet."""
        return cls(guidance, reader.with_house_guidelines(_house_examples(guidance)), reader)

    def review(self, request: Request) -> Review:
        """Review a message. Same request, same answer."""
        if self.muted:
            request = replace(request, muted=request.muted | self.muted)
        if request.message.direction == "incoming":
            return self._incoming(request)
        return self._outgoing(request)

    def skeleton(self, request: Request) -> str | None:
        """A reply to an incoming message, made of the acts that it calls for, in its language and with
        placeholders where the writer decides; None in a language without guidance."""
        latest, _, _, language = self._listen(request.message.document, request)
        if language not in self.guidance.briefs:
            return None
        return self._skeleton(request, latest, request.language or language)

    def _skeleton(self, request: Request, latest: advice.Heard, language: str) -> str:
        situation = advice.answer_situation(latest)
        return briefs.skeleton(
            self.guidance.briefs[language],  # type: ignore[index]
            situation,
            self._circumstances(situation, (latest,)),
            without(self.guidance, request.muted | self.muted),
            language,
            Voice(),
            request.client_name,
        )

    def _heard(self, request: Request) -> tuple[advice.Heard, ...]:
        incoming = [m for m in request.context if m.direction == "incoming"][-_HEARD:]
        return tuple(self._listen(m.document, request)[0] for m in incoming)

    def _listen(
        self, document: Document, request: Request
    ) -> tuple[advice.Heard, Reading, tuple[DateMention, ...], str]:
        language = _language(document, None)
        mentions = self._mentions(document, language, request)
        cut = clauses(document, language)
        reading = self.reader.read(Passage(document, cut, language, "incoming", (), mentions))
        chances = reading.situations or {}
        situations = tuple(sorted(reading.chosen_situations, key=lambda name: -chances[name]))
        certain = tuple(name for name in situations if chances[name] >= _SURE)
        temperature: Temperature = _likeliest(reading.temperature, "calm")
        if temperature in ("calm", "tense") and self.anger.declared(document, language):
            temperature = "upset"
        heard = advice.Heard(_own_words(document), temperature, situations, certain)
        return heard, reading, mentions, language

    def _mentions(self, document: Document, language: str, request: Request) -> tuple[DateMention, ...]:
        if language not in LANGUAGES:
            return ()
        found: list[DateMention] = []
        for segment in document.judged():
            piece = document.text[segment.span.start : segment.span.end]
            found += [
                replace(m, span=Span(m.span.start + segment.span.start, m.span.end + segment.span.start))
                for m in dates.find(piece, language, request.now, request.hours)
            ]
        return tuple(found)

    def _judge(self, document: Document, request: Request, heard: Sequence[advice.Heard]) -> Judged:
        language = _language(document, request.language)
        cut = clauses(document, language)
        mentions = self._mentions(document, language, request)
        context = tuple(h.text for h in heard)
        passage = Passage(document, cut, language, "outgoing", context, mentions, request.muted)
        reading = self.reader.read(passage)
        guidance = without(self.guidance, request.muted)
        kinds = {g.id: g.head.kind for g in guidance.guidelines.values()}
        hits = [h for h in self.rules.find(document, language) if h.guideline in kinds]
        avoided = [h for h in hits if kinds[h.guideline] == "avoid"]
        read = [f for f in reading.findings if kinds.get(f.guideline) == "avoid"]
        marks = merge(document, cut, read, avoided, guidance, self.curated, language)
        present: dict[str, Span | None] = {
            act.guideline: cut[act.clause].span if act.clause is not None else None
            for act in reading.elements
            if act.present
        }
        # An act that the organisation added is found as a breach is: by a head of its own.
        acts = (f for f in reading.findings if kinds.get(f.guideline) == "include")
        present |= {f.guideline: cut[f.clause].span for f in acts}
        present |= {h.guideline: h.span for h in reversed(hits) if kinds[h.guideline] == "include"}
        voice = self.phrases.voice(_own_words(document), language)
        situation = _likeliest(reading.situation, "routine")
        circumstances = self._circumstances(situation, heard)
        elements = assess(document, cut, present, situation, circumstances, guidance, language, voice)
        total = score([m.finding for m in marks], elements, guidance)
        return Judged(document, language, cut, reading, situation, marks, elements, mentions, voice, total)

    def _circumstances(self, situation: str, heard: Sequence[advice.Heard]) -> tuple[str, ...]:
        return (situation, *(heard[-1].certain if heard else ()))

    def _outgoing(self, request: Request) -> Review:
        document = request.message.document
        heard = self._heard(request)
        judged = self._judge(document, request, heard)

        def reread(edits: Sequence[Edit]) -> Judged:
            return self._judge(_edited(document, edits), request, heard)

        if len(document.source) > _REWRITTEN:
            draft = Draft(tuple(mark.finding for mark in judged.marks), None, None)
        else:
            options = choose(
                judged.marks, document, judged.voice, judged.language, self.guidance, self.phrases
            )
            draft = settle(
                document, judged.marks, options, judged.elements, judged.score, reread, judged.language
            )
        gone = dismissed(draft.findings, judged.marks, document, request.dismissed)
        left = tuple(draft.findings[n] for n in sorted(gone))
        if gone and draft.edits is not None:
            # What is dismissed is left as it stands: the rest is settled without it.
            options = [[] if n in gone else found for n, found in enumerate(options)]
            draft = settle(
                document, judged.marks, options, judged.elements, judged.score, reread, judged.language
            )
        findings = tuple(finding for n, finding in enumerate(draft.findings) if n not in gone)
        latest = heard[-1] if heard else None
        channel = advice.reply_channel(latest)
        situation = judged.situation
        flagged = frozenset(f.guideline for f in findings)
        words = _own_words(document)
        facts = advice.Facts("outgoing", situation, heard, flagged, words, request.annual_value)
        revised = None if draft.edits is None else apply_to(document, draft.edits)
        call_brief = None
        if channel == "call" and judged.language in self.guidance.briefs:
            guidance = without(self.guidance, request.muted)
            brief = guidance.briefs[judged.language]  # type: ignore[index]
            points = briefs.talking_points(brief, situation, document, judged.elements, guidance)
            call_brief = briefs.call_brief(points, brief, draft.plain or words)
        return Review(
            document=document,
            language=judged.language,
            direction="outgoing",
            score=judged.score,
            situation=situation,
            situations=(),
            politeness=judged.reading.politeness,
            temperature=latest.temperature if latest else None,
            reply_channel=channel,
            findings=findings,
            elements=(*judged.elements, *draft.more),
            commitments=_chosen(judged.mentions, judged.reading.mentions, request.now),
            deadlines=(),
            advice=advice.advise(facts),
            call_brief=call_brief,
            notes=_notes(document, judged.language, revised),
            revised=revised,
            heard=_all_situations(heard),
            dismissed=left,
        )

    def _incoming(self, request: Request) -> Review:
        document = request.message.document
        latest, reading, mentions, language = self._listen(document, request)
        if request.language is not None:
            language = request.language
        heard = (*self._heard(request), latest)
        situation = advice.answer_situation(latest)
        channel = advice.reply_channel(latest)
        facts = advice.Facts("incoming", situation, heard, frozenset(), "", request.annual_value)
        call_brief = None
        if channel == "call" and language in self.guidance.briefs:
            guidance = without(self.guidance, request.muted)
            words = guidance.briefs[language]  # type: ignore[index]
            points = briefs.talking_points(words, situation, document, (), guidance)
            email = self._skeleton(request, latest, language)
            call_brief = briefs.call_brief(points, words, email)
        return Review(
            document=document,
            language=language,  # type: ignore[arg-type]
            direction="incoming",
            score=None,
            situation=None,
            situations=latest.situations,
            politeness=reading.politeness,
            temperature=latest.temperature,
            reply_channel=channel,
            findings=(),
            elements=(),
            commitments=(),
            deadlines=_chosen(mentions, reading.mentions, request.now),
            advice=advice.advise(facts),
            call_brief=call_brief,
            notes=_notes(document, language, None),
            revised=None,
            heard=_all_situations(heard),
        )


def _own_words(document: Document) -> str:
    return "".join(document.text[s.span.start : s.span.end] for s in document.judged())


def _language(document: Document, given: Language | None) -> Language | Literal["und"]:
    return given or detect(_own_words(document))


def _all_situations(heard: Sequence[advice.Heard]) -> tuple[str, ...]:
    return tuple(sorted({situation for item in heard for situation in item.situations}))


K = TypeVar("K", bound=str)


def _likeliest(chances: Mapping[str, float] | None, otherwise: K) -> K:
    return max(chances, key=chances.__getitem__) if chances else otherwise  # type: ignore[return-value]


def _chosen(
    mentions: Sequence[DateMention], chances: Sequence[tuple[float, bool]], now: dt.datetime
) -> tuple[DateMention, ...]:
    """The dates that are promised or asked for: none that is over, and each of them once.

    A date said twice is one promise; of two mentions of a day the one with a time stays.
    """
    taken: list[DateMention] = []
    for mention, (_, passes) in zip(mentions, chances, strict=True):
        over = (mention.date, mention.time or dt.time.max) < (now.date(), now.time().replace(tzinfo=None))
        if not passes or over:
            continue
        same = next(
            (n for n, m in enumerate(taken) if m.date == mention.date and _one_time(m, mention)), None
        )
        if same is None:
            taken.append(mention)
        elif taken[same].time is None:
            taken[same] = mention
    return tuple(taken)


def _one_time(a: DateMention, b: DateMention) -> bool:
    return a.time is None or b.time is None or a.time == b.time


def _house_examples(guidance: Guidance) -> list[HouseExamples]:
    """The examples of each house guideline, in the language that has most of them."""
    found = []
    for guideline in guidance.guidelines.values():
        taught = [(code, w.examples) for code, w in guideline.words.items() if w.examples.positive]
        if guideline.house and taught:
            code, examples = max(taught, key=lambda pair: len(pair[1].positive))
            positive = tuple(flag.plain for flag in examples.positive)
            found.append(HouseExamples(guideline.id, code, positive, tuple(examples.near_miss)))
    return found


def _edited(document: Document, edits: Sequence[Edit]) -> Document:
    """The draft as it would be read after these edits, from its source on."""
    source = apply_to(document, edits)
    return read_html(source, document.subject) if document.is_html else read_text(source, document.subject)


def _notes(document: Document, language: str, revised: str | None) -> tuple[Note, ...]:
    notes = list(document.notes)
    words = len(_own_words(document).split())
    if words < _ENOUGH_WORDS:
        notes.append(Note("text-too-short"))
    elif language == "und":
        notes.append(Note("language-not-covered"))
    if revised is not None and has_placeholder(revised):
        notes.append(Note("placeholders-to-fill"))
    return tuple(notes)
