"""What /v1/reviews answers: a review of the engine in the caller's offsets and language.

This is the one place where offsets change: from code points of the text to the caller's
encoding of what was sent, plain text or HTML source.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, cast

from pydantic import BaseModel, Field

from app import strings
from app.api.release import ReleaseOut, released
from app.api.schemas import YEARS, Asked, Hold, HoldKind, Options, ReviewIn, SourceRef
from app.guidance.schema import Guidance
from app.holds.propose import Hold as Proposal
from app.holds.propose import propose
from app.tone.html import splice
from app.tone.templates import has_placeholder
from app.tone.text import OffsetEncoding, OffsetMap
from app.tone.types import (
    Band,
    DateMention,
    Dimension,
    Direction,
    Document,
    Element,
    Finding,
    Language,
    Note,
    Review,
    SegmentKind,
    Severity,
    Span,
    Temperature,
    severity_of,
)


class SegmentOut(BaseModel):
    """A part of the message. Only greeting and body are judged."""

    kind: SegmentKind
    start: int
    end: int


class Quote(BaseModel):
    """A stretch of what was sent, half-open, in the asked-for encoding; `quote` is exactly that stretch."""

    start: int
    end: int
    quote: str


class FindingOut(Quote):
    """Words that go against a guideline."""

    id: str = Field(description="The same as long as the same words are flagged, wherever they move.")
    guideline: str
    title: str = Field(description="The guideline's title, in `explain_in`.")
    severity: Severity
    confidence: float = Field(ge=0, le=1)
    message: str = Field(description="What is wrong with these words, in `explain_in`.")
    replacements: list[str] = Field(
        description="Each fits in place of start..end of what was sent: text for text, markup for HTML. "
        "The empty string means: leave these words out."
    )
    sources: list[SourceRef]


class InsertOut(BaseModel):
    at: int
    text: str = Field(description="Put in at `at` as it stands: text for text, markup for HTML.")


class ElementOut(BaseModel):
    """A helpful act that the message performs or lacks."""

    guideline: str
    title: str
    status: Literal["present", "missing"]
    evidence: Quote | None
    insert: InsertOut | None
    message: str
    sources: list[SourceRef]


class DateOut(Quote):
    """A dated promise or request."""

    date: str = Field(description="YYYY-MM-DD")
    time: str | None = Field(description="HH:MM in the user's time zone, null when no time is named.")


class AdviceOut(BaseModel):
    id: str
    title: str
    message: str
    sources: list[SourceRef]


class NoteOut(BaseModel):
    """What was left out of the review, and why."""

    code: str
    message: str


class CallBriefOut(BaseModel):
    """What to say in the call, leave on the voicemail, or write when no call is possible."""

    talking_points: list[str]
    voicemail: str
    email: str


class Dimensions(BaseModel):
    calm: float
    empathy: float
    ownership: float
    candour: float
    follow_through: float


class BodyOut(BaseModel):
    """The part of a raw mail that was reviewed, decoded: what offsets refer to."""

    content_type: Literal["text/plain", "text/html"]
    content: str


class ReviewOut(BaseModel):
    """The review of one message. Nothing of the message is kept."""

    id: str
    language: Literal["en", "fr", "ar", "tr", "und"]
    direction: Direction
    score: float | None = Field(description="0-100; null for incoming mail.")
    band: Band | None
    dimensions: Dimensions | None
    situation: str | None = Field(description="Of an outgoing message.")
    situations: list[str] = Field(description="Of an incoming message.")
    politeness: float = Field(description="0-100: how polite a reader would rate the message.")
    temperature: Temperature | None
    reply_channel: Literal["email", "call"]
    segments: list[SegmentOut]
    findings: list[FindingOut]
    dismissed: list[FindingOut] = Field(
        description="Findings that the caller dismissed; the score counts them, `revised` leaves them be."
    )
    elements: list[ElementOut]
    commitments: list[DateOut]
    deadlines: list[DateOut]
    holds: list[Hold]
    release: list[ReleaseOut] = Field(description="Standing holds that the client's message makes needless.")
    advice: list[AdviceOut]
    call_brief: CallBriefOut | None
    notes: list[NoteOut]
    revised: str | None = Field(
        description="What was sent with every first replacement applied and every missing element inserted; "
        "null when there is nothing to change."
    )
    reply: str | None = Field(
        default=None,
        description="Only where it was asked for: a reply to an incoming message, with a place for all that "
        "it calls for, in its language; null where the language has no guidance.",
    )
    body: BodyOut | None = Field(
        default=None, description="Only for a raw mail: the part of it that was reviewed."
    )


def body_of(document: Document) -> BodyOut:
    return BodyOut(content_type="text/html" if document.is_html else "text/plain", content=document.source)


def explained_in(review: Review, preferred: Language | None) -> Language:
    """The language of explanations: the one asked for, else the message's, else English."""
    if preferred is not None:
        return preferred
    return review.language if review.language != "und" else "en"


def answered(
    review: Review, guidance: Guidance, asked: Asked, options: Options, language: Language
) -> ReviewOut:
    """The answer to a request: its review in the caller's offsets, explained in `language`, with holds."""
    holds = propose(
        review,
        now=asked.request.now,
        zone=options.time_zone,
        hours=asked.request.hours,
        words=guidance.holds[language],
        sources=guidance.hold_sources,
        thread=asked.thread,
        situations=review.heard,
    )
    seed = "|".join(map(str, (options.now, options.time_zone, language, options.offset_encoding)))
    release = released(review, options.standing, asked, language) if isinstance(options, ReviewIn) else ()
    return Writer(review, guidance, language, options.offset_encoding).answer(holds, release, seed)


def sources(guidance: Guidance, references: Iterable[str], language: Language) -> list[SourceRef]:
    """Article sections by their "article/section" ids, titled in `language`."""
    found = []
    for reference in references:
        article_id, _, section_id = reference.partition("/")
        article = guidance.articles[article_id]
        title = article.sections[section_id].title[language]
        found.append(
            SourceRef(
                article=article_id, section=section_id, title=title, article_title=article.title[language]
            )
        )
    return found


class Places:
    """Turns spans of a document's text into offsets of its source, in one encoding."""

    def __init__(self, document: Document, encoding: OffsetEncoding) -> None:
        self.document = document
        self._map = OffsetMap(document.source, encoding)

    def at(self, offset: int) -> int:
        return self._map.encode(self.document.to_source(Span(offset, offset)).start)

    def quote(self, span: Span) -> Quote:
        there = self.document.to_source(span)
        out = self._map.span(there)
        return Quote(start=out.start, end=out.end, quote=self.document.source[there.start : there.end])

    def segments(self) -> list[SegmentOut]:
        """The segments as ranges of the source, without gaps: markup between two goes to the earlier one."""
        parts = self.document.segments
        starts = [self.document.to_source(part.span).start for part in parts]
        length = len(self.document.source)
        bounds = [0, *starts[1:], length] if parts else []
        return [
            SegmentOut(kind=part.kind, start=self._map.encode(start), end=self._map.encode(end))
            for part, start, end in zip(parts, bounds, bounds[1:], strict=False)
        ]

    def replacement(self, span: Span, text: str) -> str:
        """Words to put in place of `span`, as they must stand in the source."""
        if not self.document.is_html:
            return text
        there = self.document.to_source(span)
        return splice(self.document.source[there.start : there.end], [(0, len(there), text)])


class Writer:
    """Words a review in one language, with one document's offsets."""

    def __init__(
        self, review: Review, guidance: Guidance, language: Language, encoding: OffsetEncoding
    ) -> None:
        self._review = review
        self._guidance = guidance
        self._language = language
        self._places = Places(review.document, encoding)

    def answer(self, holds: Sequence[Proposal], release: Sequence[ReleaseOut], seed: str) -> ReviewOut:
        """The whole answer. `seed` names the request's circumstances, for the id."""
        review, score = self._review, self._review.score
        brief = review.call_brief
        found, gone = self._findings(), set(review.dismissed)
        return ReviewOut(
            id=_digest("review", seed, review.direction, review.document.subject, review.document.source),
            language=review.language,
            direction=review.direction,
            score=score.overall if score else None,
            band=score.band if score else None,
            dimensions=Dimensions.model_validate(dict[Dimension, float](score.dimensions)) if score else None,
            situation=review.situation,
            situations=list(review.situations),
            politeness=review.politeness,
            temperature=review.temperature,
            reply_channel=review.reply_channel,
            segments=self._places.segments(),
            findings=[item for finding, item in found if finding not in gone],
            dismissed=[item for finding, item in found if finding in gone],
            elements=[self._element(element) for element in review.elements],
            commitments=[self._date(mention) for mention in review.commitments],
            deadlines=[self._date(mention) for mention in review.deadlines],
            # A date in the mail can lead beyond the years in which the service counts.
            holds=[self.hold(h) for h in holds if h.start.year in YEARS and h.end.year in YEARS],
            release=list(release),
            advice=self._advice(),
            call_brief=CallBriefOut.model_validate(brief, from_attributes=True) if brief else None,
            notes=[self._note(note) for note in review.notes],
            revised=review.revised,
        )

    def _sources(self, references: Iterable[str]) -> list[SourceRef]:
        return sources(self._guidance, references, self._language)

    def _findings(self) -> list[tuple[Finding, FindingOut]]:
        """All that was found, also what was dismissed: a dismissal changes no other finding's id."""
        seen: Counter[tuple[str, str]] = Counter()
        found = []
        for finding in sorted((*self._review.findings, *self._review.dismissed), key=lambda f: f.span):
            place = self._places.quote(finding.span)
            words = finding.guideline, place.quote
            seen[words] += 1
            identity = _digest("finding", *words, str(seen[words]))
            found.append((finding, self._finding(finding, place, identity)))
        return found

    def _finding(self, finding: Finding, place: Quote, identity: str) -> FindingOut:
        guideline = self._guidance.guidelines[finding.guideline]
        words = guideline.wording(self._language)
        message = [words.reasons.get(finding.reason, words.reasons["default"])]
        if not finding.replacements:
            message.append(words.todo or words.advice)
        elif any(has_placeholder(text) for text in finding.replacements):
            message.append(strings.say(self._language, "finding.placeholder"))
        return FindingOut(
            id=identity,
            guideline=finding.guideline,
            title=words.title,
            start=place.start,
            end=place.end,
            quote=place.quote,
            severity=severity_of(guideline.head.severity, finding.confidence),
            confidence=round(finding.confidence, 3),
            message=" ".join(message),
            replacements=[self._places.replacement(finding.span, text) for text in finding.replacements],
            sources=self._sources(guideline.head.sources),
        )

    def _element(self, element: Element) -> ElementOut:
        guideline = self._guidance.guidelines[element.guideline]
        words = guideline.wording(self._language)
        insert = element.insert
        return ElementOut(
            guideline=element.guideline,
            title=words.title,
            status=element.status,
            evidence=self._places.quote(element.evidence) if element.evidence else None,
            insert=InsertOut(
                at=self._places.at(insert.at),
                text=self._places.replacement(Span(insert.at, insert.at), insert.text),
            )
            if insert
            else None,
            message=words.reasons["default"] if element.status == "missing" else words.advice,
            sources=self._sources(guideline.head.sources),
        )

    def _date(self, mention: DateMention) -> DateOut:
        place = self._places.quote(mention.span)
        time = mention.time.strftime("%H:%M") if mention.time else None
        return DateOut(**place.model_dump(), date=mention.date.isoformat(), time=time)

    def _advice(self) -> list[AdviceOut]:
        found = []
        for advice in self._review.advice:
            wording = self._guidance.advice[self._language][advice.id]
            text = wording.text.format_map(dict(advice.values)) if advice.values else wording.text
            references = self._guidance.advice_sources[advice.id]
            found.append(
                AdviceOut(id=advice.id, title=wording.title, message=text, sources=self._sources(references))
            )
        return found

    def _note(self, note: Note) -> NoteOut:
        return NoteOut(
            code=note.code, message=strings.say(self._language, f"note.{note.code}", **note.values)
        )

    def hold(self, hold: Proposal) -> Hold:
        return Hold(
            id=hold.id,
            kind=cast(HoldKind, hold.kind),
            title=hold.title,
            start=hold.start.isoformat(),
            end=hold.end.isoformat(),
            all_day=hold.all_day,
            time_zone=hold.time_zone,
            reason=hold.reason,
            sources=self._sources(hold.sources),
            thread=hold.thread,
        )


def _digest(*parts: str) -> str:
    digest = hashlib.blake2b(digest_size=9)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
