"""Which part of a mail is what: the writer's own words, and what is only carried along.

Reads plain text line by line. First what others wrote is cut away (`>` lines, what stands
under "On ... wrote:", under a mail header or under a forwarding mark), then each stretch of
own text is split into greeting, body, signature and disclaimer (`app.tone.segment_own`).
When in doubt a line is body: judging a signature does no harm, skipping a sentence does.
The work is linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.tone.segment_own import Line, split_own
from app.tone.segment_words import Cues, cues
from app.tone.text import fold_text
from app.tone.types import Segment, SegmentKind, Span

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
# Cue lines are short; of a longer line the beginning is enough.
_LOOK = 400
_ATTRIBUTION_LINES = 3
_HEADER_LINES = 8
_MANY_ANSWERS = 200
_RULE = re.compile(r"[-_*=~]{3,}\Z")
_DATED = re.compile(r"\d{4}|\d[:.h]\s?\d\d|@|\d\s?[ap]m\b")
_DAY = re.compile(
    r"\d|\b(?:mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim|pazar|pzt|sal|car|per|cum|cmt)"
    r"|الاحد|الاثنين|الثلاثاء|الاربعاء|الخميس|الجمعه|السبت|امس|اليوم"
)


@dataclass(frozen=True, slots=True)
class _Cut:
    """Lines first..last-1 are `kind`; None stands for the writer's own words.

    `to_end`: nothing of the writer's can follow, as under a mail header.
    """

    kind: SegmentKind | None
    first: int
    last: int
    to_end: bool = False


def _lines(text: str, start: int, end: int) -> list[Line]:
    lines = []
    for match in _LINE.finditer(text, start, end):
        raw = match.group()
        folded = fold_text(raw[:_LOOK]).strip()
        lines.append(Line(match.start(), match.end(), raw.rstrip("\r\n"), folded))
    return lines


def segment(text: str, known: Sequence[Segment] = ()) -> tuple[Segment, ...]:
    """Split a message into its segments, which cover `text` in order and without gaps.

    `known` are parts that the markup already gave away (ascending, apart); only the text
    between them is looked at. Offsets are code points. Neighbours differ in kind.
    """
    if not text:
        return ()
    pieces: list[tuple[SegmentKind | None, int, int, list[Line]]] = []
    at = 0
    rest: SegmentKind | None = None
    for part in [*known, Segment("body", Span(len(text), len(text)))]:
        if part.span.start > at:
            rest = _cut_piece(text, at, part.span.start, rest, pieces)
        if part.span.end > part.span.start:
            pieces.append((rest or part.kind, part.span.start, part.span.end, []))
        at = max(at, part.span.end)
    own = [i for i, (kind, start, end, _) in enumerate(pieces) if kind is None and text[start:end].strip()]
    ends = {*own[:1], *own[-1:]}
    found: list[Segment] = []
    for index, (kind, start, end, lines) in enumerate(pieces):
        if kind is not None:
            found.append(Segment(kind, Span(start, end)))
        elif index in ends:
            found += split_own(lines, is_first=index == own[0], is_last=index == own[-1])
        elif text[start:end].strip():
            # Nobody signs each of hundreds of answers between quotations.
            if len(own) > _MANY_ANSWERS:
                found.append(Segment("body", Span(start, end)))
            else:
                found += split_own(lines, is_first=False, is_last=False)
        else:
            found.append(Segment(_blank_kind(pieces, index), Span(start, end)))
    return _merged(found)


def _blank_kind(pieces: list[tuple[SegmentKind | None, int, int, list[Line]]], index: int) -> SegmentKind:
    """White space between parts goes with what stands before it, else after it."""
    before = pieces[index - 1][0] if index else None
    after = pieces[index + 1][0] if index + 1 < len(pieces) else None
    return before or after or "body"


def _cut_piece(
    text: str,
    start: int,
    end: int,
    rest: SegmentKind | None,
    pieces: list[tuple[SegmentKind | None, int, int, list[Line]]],
) -> SegmentKind | None:
    """Cut one stretch; the answer is the kind of all that follows when a cut runs to the end."""
    if rest:
        pieces.append((rest, start, end, []))
        return rest
    lines = _lines(text, start, end)
    for cut in _cuts(lines):
        if cut.kind is None:
            part = lines[cut.first : cut.last]
            pieces.append((None, part[0].start, part[-1].end, part))
        else:
            pieces.append((cut.kind, lines[cut.first].start, lines[cut.last - 1].end, []))
            if cut.to_end:
                rest = cut.kind
    return rest


def _merged(found: list[Segment]) -> tuple[Segment, ...]:
    merged: list[Segment] = []
    for part in found:
        if merged and merged[-1].kind == part.kind:
            merged[-1] = Segment(part.kind, Span(merged[-1].span.start, part.span.end))
        else:
            merged.append(part)
    return tuple(merged)


def _cuts(lines: list[Line]) -> list[_Cut]:
    words = cues()
    following = [len(lines)] * (len(lines) + 1)  # the next line that is not blank, from each line on
    for index in range(len(lines) - 1, -1, -1):
        following[index] = index if lines[index].folded else following[index + 1]
    cuts: list[_Cut] = []
    own = index = 0
    while index < len(lines):
        found = _quote_at(lines, index, following, words) if lines[index].folded else None
        if found is None:
            index += 1
            continue
        if found.first > own:
            cuts.append(_Cut(None, own, found.first))
        cuts.append(found)
        own = index = found.last
    if own < len(lines):
        cuts.append(_Cut(None, own, len(lines)))
    return cuts


def _quote_at(lines: list[Line], index: int, following: list[int], words: Cues) -> _Cut | None:
    line = lines[index]
    everything = len(lines)
    if line.quoted:
        return _Cut("quote", index, _quoted_end(lines, index, following))
    if len(line.raw) > _LOOK:
        return None
    if words.forwarded.match(line.folded) and _is_mark(line.folded):
        return _Cut("forward", index, everything, to_end=True)
    if words.original.fullmatch(line.folded) and _is_mark(line.folded):
        return _Cut("quote", index, everything, to_end=True)
    if _RULE.match(line.folded):
        return _under_rule(lines, index, following, words)
    if _is_header(lines, index, following, words):
        return _Cut("quote", index, everything, to_end=True)
    return _attribution(lines, index, following, words)


def _under_rule(lines: list[Line], index: int, following: list[int], words: Cues) -> _Cut | None:
    """A typed rule belongs to the quotation that begins on the very next line."""
    below = index + 1
    if below == len(lines) or not lines[below].folded or _RULE.match(lines[below].folded):
        return None
    if words.field_from.match(_bare(lines[below].folded)):
        return _Cut("quote", index, len(lines), to_end=True)
    under = _quote_at(lines, below, following, words)
    return under and _Cut(under.kind, index, under.last, under.to_end)


def _is_mark(folded: str) -> bool:
    """A separator, not a sentence that speaks of one: ruled in, or alone with a colon."""
    return folded.startswith(("--", "==", "__", "**")) or folded.endswith(":") or len(folded.split()) <= 3


def _bare(folded: str) -> str:
    # Mail programs that turn bold into asterisks write "*From:* ...".
    return folded.lstrip("*_ ").replace(":*", ":", 1)


def _quoted_end(lines: list[Line], index: int, following: list[int]) -> int:
    """The line after a run of `>` lines, with the blank lines inside it."""
    while index < len(lines) and lines[index].quoted:
        end = index + 1
        index = following[end]
    return end


def _is_header(lines: list[Line], index: int, following: list[int], words: Cues) -> bool:
    if not words.field_from.match(_bare(lines[index].folded)):
        return False
    below = following[index + 1]
    if below < len(lines) and below <= index + 2 and lines[below].quoted:
        return True
    proof = "@" in lines[index].raw
    for line in lines[index + 1 : index + 1 + _HEADER_LINES]:
        bare = _bare(line.folded)
        if words.field_proof.match(bare) or line.quoted:
            return True
        if not words.field_more.match(bare):
            # Long lists of recipients wrap; a sentence ends the header.
            if not (line.folded and "@" in line.raw):
                return False
        elif proof:
            return True
    return False


def _attribution(lines: list[Line], index: int, following: list[int], words: Cues) -> _Cut | None:
    """A line over a quotation: "On ... wrote:", on up to three lines."""
    joined = ""
    for last in range(index, min(index + _ATTRIBUTION_LINES, len(lines))):
        folded = lines[last].folded
        if not folded or lines[last].quoted or len(lines[last].raw) > _LOOK:
            return None
        joined = f"{joined} {folded}".strip()
        if folded.rstrip("*_ ").endswith(":"):
            return _under(lines, index, last, _kind_of_attribution(joined, words), following)
        if last == index and not (words.wrote_start.match(joined) or _DATED.search(joined)):
            return None
    return None


def _kind_of_attribution(joined: str, words: Cues) -> str:
    """ "strong" stands by itself, "weak" needs the quotation under it, "" is none."""
    dated = _DATED.search(joined)
    if words.wrote.search(joined) and not words.never_wrote.search(joined):
        framed = words.wrote_start.match(joined) or words.wrote_end.search(joined)
        return "strong" if dated and framed and len(joined) <= 300 else "weak"
    if len(joined) <= 90 and (words.label_start.match(joined) or _DAY.search(joined)):
        return "label"
    return ""


def _under(lines: list[Line], first: int, last: int, strength: str, following: list[int]) -> _Cut | None:
    if not strength:
        return None
    below = following[last + 1]
    if below < len(lines) and lines[below].quoted and (strength != "label" or below == last + 1):
        return _Cut("quote", first, _quoted_end(lines, below, following))
    if strength == "label":
        return None
    if below == last + 1 and below < len(lines) and lines[below].folded.startswith('"'):
        end = below
        while end < len(lines) and lines[end].folded:
            end += 1
        return _Cut("quote", first, end)
    return _Cut("quote", first, len(lines), to_end=True) if strength == "strong" else None


def is_attribution(line: str) -> bool:
    """Whether a line of text announces a quotation ("On ... wrote:")."""
    folded = fold_text(line[:_LOOK]).strip()
    return folded.rstrip("*_ ").endswith(":") and _kind_of_attribution(folded, cues()) in ("strong", "weak")


def is_forward_mark(line: str) -> bool:
    """Whether a line of text announces a forwarded message."""
    folded = fold_text(line[:_LOOK]).strip()
    return bool(cues().forwarded.match(folded)) and _is_mark(folded)


def is_from_line(line: str) -> bool:
    """Whether a line of text is the sender's line of a mail header ("De : ...")."""
    return bool(cues().field_from.match(_bare(fold_text(line[:_LOOK]).strip())))
