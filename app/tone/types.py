"""The words the engine speaks: frozen values passed between its parts.

Offsets are half-open and count Unicode code points of `Document.text` unless a
docstring says otherwise; conversion to UTF-16 or UTF-8, and to positions in an
HTML source, happens once, at the doors (`app.tone.text`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

# Ends of phrasing content (HTML Living Standard, 4.5) that mail programs write around words.
_PHRASE_ENDS = re.compile(r"(?:</(?:a|b|em|font|i|mark|small|span|strong|u)\s*>)*", re.IGNORECASE)

Language = Literal["en", "fr", "ar", "tr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr", "ar", "tr")
Direction = Literal["outgoing", "incoming"]
SegmentKind = Literal["greeting", "body", "signature", "quote", "forward", "disclaimer"]
Severity = Literal["hint", "warning", "error"]
Band = Literal["good", "mixed", "poor"]
Temperature = Literal["calm", "tense", "upset", "hostile"]
TEMPERATURES: tuple[Temperature, ...] = ("calm", "tense", "upset", "hostile")
Dimension = Literal["calm", "empathy", "ownership", "candour", "follow_through"]
DIMENSIONS: tuple[Dimension, ...] = ("calm", "empathy", "ownership", "candour", "follow_through")
SITUATIONS: tuple[str, ...] = (
    "failure", "hostile-client", "client-mistaken", "billing-dispute",
    "scope-change", "progress-anxiety", "routine",
)  # fmt: skip
INCOMING_SITUATIONS: tuple[str, ...] = (
    "missed-deadline", "quality-complaint", "billing-dispute", "scope-change", "progress-anxiety",
    "misunderstanding", "legal-threat", "reputation-threat", "unresponsive", "praise", "routine",
)  # fmt: skip
AVOID: tuple[str, ...] = (
    "blaming-the-client", "blaming-a-colleague", "arguing", "hollow-apology", "overpromising", "complaining",
    "dismissing-feelings", "hostile-wording", "internal-detail", "vague-commitment", "surprise-cost",
    "assuming-consent", "disparaging-the-client",
)  # fmt: skip
INCLUDE: tuple[str, ...] = (
    "acknowledge-feelings", "own-the-problem", "sincere-apology", "concrete-solution", "offer-to-talk",
    "commit-to-follow-up", "thank-the-client", "clear-terms",
)  # fmt: skip

JUDGED = 30_000
"""Words after this many code points of a message are not judged: no mail is as long, and time is bounded."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch of text, in code points."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def overlap(self, other: Span) -> int:
        """How many code points both spans share (0 when they are apart)."""
        return max(0, min(self.end, other.end) - max(self.start, other.start))

    def shared(self, other: Span) -> Span:
        """What both spans share, which must be something."""
        return Span(max(self.start, other.start), min(self.end, other.end))

    def covers(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a message. Segments cover the text in order, without gaps."""

    kind: SegmentKind
    span: Span


@dataclass(frozen=True, slots=True)
class Note:
    """What was left out of a review and why: a code, with numbers or names to word it."""

    code: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """One message, read.

    `text` is what a person sees, in code points. `source` is what was sent: equal to
    `text` for plain text, the markup for HTML. `positions` maps each code point of an
    HTML message's `text` to its half-open range in `source`; None means identity.
    """

    text: str
    segments: tuple[Segment, ...]
    source: str
    positions: tuple[tuple[int, int], ...] | None = None
    subject: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def is_html(self) -> bool:
        return self.positions is not None

    def judged(self) -> tuple[Segment, ...]:
        """The writer's own words: greeting and body segments, as far as `JUDGED` code points."""
        return tuple(
            s if s.span.end <= JUDGED else Segment(s.kind, Span(s.span.start, JUDGED))
            for s in self.segments
            if s.kind in ("greeting", "body") and s.span.start < JUDGED
        )

    def to_source(self, span: Span) -> Span:
        """The same stretch, as offsets into `source`.

        What is put behind the last words goes into their paragraph, behind the phrase markup (a link, bold)
        that ends with them: behind the whole source it would stand outside the body.
        """
        if self.positions is None:
            return span
        if span.start == span.end:
            at = self.positions[span.start][0] if span.start < len(self.positions) else self._end()
            return Span(at, at)
        return Span(self.positions[span.start][0], self.positions[span.end - 1][1])

    def _end(self) -> int:
        """Where in an HTML source words may follow the last ones."""
        if not self.positions:
            return len(self.source)
        found = _PHRASE_ENDS.match(self.source, self.positions[-1][1])
        return found.end() if found else len(self.source)


@dataclass(frozen=True, slots=True)
class Clause:
    """The unit that is judged: a sentence or a part of one, trimmed of white space.

    `sentence` is the whole sentence it stands in; `kind` the segment's kind.
    """

    span: Span
    sentence: Span
    text: str
    kind: SegmentKind


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date or time expression, resolved against the clock that was passed in."""

    span: Span
    date: dt.date
    time: dt.time | None


@dataclass(frozen=True)
class Finding:
    """Words that go against a guideline, and what could stand there instead.

    `confidence` is 0-1. `reason` names the message in the guideline's `[reasons]`.
    `replacements` fit in place of `span`; empty when none is safe. `rule` is the id of
    the rule that fired, None when the sentence reader found it.
    """

    guideline: str
    span: Span
    confidence: float
    reason: str = "default"
    rule: str | None = None
    replacements: tuple[str, ...] = ()


UNSURE = 0.6
"""Below this confidence a finding's severity is lowered by one step."""
_MILDER: dict[Severity, Severity] = {"error": "warning", "warning": "hint", "hint": "hint"}


def severity_of(usual: Severity, confidence: float) -> Severity:
    """How grave a finding is whose guideline is usually as grave as this."""
    return _MILDER[usual] if confidence < UNSURE else usual


Dismisses = Callable[[str, str], bool]
"""Whether the user wants to see a guideline's finding in these words of what was sent no more."""


@dataclass(frozen=True, slots=True)
class Insert:
    """A sentence to add at `at` (code points of `Document.text`), with its own spacing."""

    at: int
    text: str


@dataclass(frozen=True)
class Element:
    """A helpful act that the message performs, or that its situation calls for in vain."""

    guideline: str
    status: Literal["present", "missing"]
    evidence: Span | None = None
    insert: Insert | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """A piece of advice on the whole exchange; worded by `guidance/advice`."""

    id: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallBrief:
    """What to say in the call, leave on the voicemail, or write if no call is possible."""

    talking_points: tuple[str, ...]
    voicemail: str
    email: str


@dataclass(frozen=True, slots=True)
class Score:
    """0-100 overall and for each dimension, one decimal."""

    overall: float
    dimensions: Mapping[Dimension, float]
    band: Band


@dataclass(frozen=True)
class Review:
    """Everything the engine says of one message.

    `heard` holds the situations of all the client's messages in the thread, the reviewed one
    included: a threat two mails back still asks for a second reader. `dismissed` are findings that the user
    wants to see no more: the score counts them, `findings` and `revised` leave them out.
    """

    document: Document
    language: Language | Literal["und"]
    direction: Direction
    score: Score | None
    situation: str | None
    situations: tuple[str, ...]
    politeness: float
    temperature: Temperature | None
    reply_channel: Literal["email", "call"]
    findings: tuple[Finding, ...]
    elements: tuple[Element, ...]
    commitments: tuple[DateMention, ...]
    deadlines: tuple[DateMention, ...]
    advice: tuple[Advice, ...]
    call_brief: CallBrief | None
    notes: tuple[Note, ...]
    revised: str | None
    heard: tuple[str, ...] = ()
    dismissed: tuple[Finding, ...] = ()
