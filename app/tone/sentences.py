"""Cutting a message into the units that are judged: sentences, and the clauses in them.

Sentence ends come from `sentencex`, line by logical line: a line break ends a sentence
unless the mail was hard-wrapped there. Sentences are cut further at punctuation and at
conjunctions, since a finding marks the clause that carries it, not the whole sentence.
Everything is one pass over the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from sentencex import get_sentence_boundaries

from app.tone.types import Clause, Document, SegmentKind, Span

MAX_CLAUSE = 240
"""Longest clause, in code points: what an unpunctuated text is cut down to."""
MAX_SENTENCE = 1200
"""Longest sentence, in code points."""
MAX_CLAUSES = 600
"""No more clauses than this are cut from one message; the text after them is not judged."""
MIN_WORDS = 3
"""A part with fewer words joins its neighbour: alone it says too little to be judged."""
MIN_WORDS_CONJUNCTION = 4
_WRAP_WIDTHS = range(50, 101)

_BULLET = re.compile(r"[ \t]*(?:[-*•–—▪◦‣>]|[0-9٠-٩]{1,3}[.)\-]|[a-z][.)])[ \t]", re.IGNORECASE)
# What stands for nothing, or has no UTF-8 form (lone surrogates), is shown to sentencex as a space.
_BLANK = re.compile("[\\s\x00\ud800-\udfff]")
_LINE = re.compile(r"[^\n]+\n?|(?<=\n)\n+")
_WORD = re.compile(r"[^\W_]+")
# A comma or full stop between digits belongs to a number, a dash inside a word to the word.
_PUNCTUATION = re.compile(r"(?:[;؛:](?!\d)|[,،](?!\d)|[–—]|…|\.\.\.|[()]|[?!؟]+|(?<=\s)-(?=\s))[\s\"'”»)]*")
_CONJUNCTIONS = {
    "en": r"but|because|since|although|though|so|and|which|while|unless|whereas|yet|as|if|when|until",
    "fr": r"mais|parce que?|car|puisque?|et|donc|alors que?|même si|bien que?|sauf que?|tandis que?|"
    r"pourtant|or|ce qui|si|quand|comme",
    "ar": r"لكن|ولكن|لكنه|لكنها|لكنكم|لأن|لأنكم|لأنه|لأنها|لأننا|بسبب|غير أن|إلا أن|ثم|حيث|كما|وإن|وإذا|"
    r"فإن|مع أن|رغم|علما|ولم|ولا|وقد|وهذا|وهو|وهي|وأن|فلا|فلم|مما|بل|أما|وأما|عشان|بس|لان|ولو|لو|وسوف",
    "tr": r"ama|fakat|ancak|çünkü|ve|oysa|lakin|yalnız|zira|halbuki|üstelik|ki|hem|ayrıca",
}
# Which of them to cut at was settled by how well the parts meet the labelled quotes: docs/accuracy.md.
_SPLITTERS = {
    language: re.compile(rf"(?<=\s)(?:{words})(?=\s)", re.IGNORECASE)
    for language, words in _CONJUNCTIONS.items()
}


def clauses(document: Document, language: str) -> tuple[Clause, ...]:
    """The clauses of the writer's own words (greeting and body), in order.

    `language` is "en", "fr", "ar" or "tr"; for anything else ("und") only punctuation
    cuts. Clauses never overlap, are trimmed of white space, hold at least one letter or
    digit or run of punctuation, and are at most `MAX_CLAUSE` code points long.
    """
    found: list[Clause] = []
    for segment in document.judged():
        for sentence in sentences(document.text, segment.span, language):
            for part in _parts(document.text, sentence, language):
                text = document.text[part.start : part.end]
                found.append(Clause(part, sentence, text, segment.kind))
                if len(found) >= MAX_CLAUSES:
                    return tuple(found)
    return tuple(found)


def sentences(text: str, within: Span, language: str) -> Iterator[Span]:
    """The sentences of one stretch of a text, trimmed, empty ones left out."""
    for block in _blocks(text, within):
        # White space one for one, so that sentencex sees a hard-wrapped sentence as one line.
        line = _BLANK.sub(" ", text[block.start : block.end])
        if line.isspace():
            continue
        for found in get_sentence_boundaries(language if language in _CONJUNCTIONS else "en", line):
            start, end = block.start + found["start_index"], block.start + found["end_index"]
            for piece in _capped(text, Span(start, end), MAX_SENTENCE):
                trimmed = _trim(text, piece)
                if len(trimmed):
                    yield trimmed


def _blocks(text: str, within: Span) -> Iterator[Span]:
    """Logical lines: runs of physical lines that hard wrapping has cut apart."""
    lines = [Span(m.start(), m.end()) for m in _LINE.finditer(text, within.start, within.end)]
    longest = max((len(text[line.start : line.end].rstrip()) for line in lines[:-1]), default=0)
    start: int | None = None
    for number, line in enumerate(lines):
        if start is None:
            start = line.start
        following = lines[number + 1] if number + 1 < len(lines) else None
        if following is None or not _wrapped(text, line, following, longest):
            yield Span(start, line.end)
            start = None


def _wrapped(text: str, line: Span, following: Span, longest: int) -> bool:
    """Did the sender's program break the line here, and not the writer?

    It did when the next word would not have fitted: lines are near one common width.
    """
    body = text[line.start : line.end].rstrip()
    rest = text[following.start : following.end]
    if not body or not rest.strip() or _BULLET.match(rest) or longest not in _WRAP_WIDTHS:
        return False
    word = rest.split(maxsplit=1)[0]
    return len(body) + 1 + len(word) > longest


def _parts(text: str, sentence: Span, language: str) -> Iterator[Span]:
    """The clauses of one sentence."""
    cuts = [match.end() for match in _PUNCTUATION.finditer(text, sentence.start, sentence.end)]
    pieces = _joined(text, sentence, cuts, MIN_WORDS)
    splitter = _SPLITTERS.get(language)
    for piece in pieces:
        inner = [piece]
        if splitter is not None:
            words = [match.start() for match in splitter.finditer(text, piece.start, piece.end)]
            inner = _joined(text, piece, words, MIN_WORDS_CONJUNCTION)
        for part in inner:
            for capped in _capped(text, part, MAX_CLAUSE):
                trimmed = _trim(text, capped)
                if len(trimmed):
                    yield trimmed


def _joined(text: str, whole: Span, cuts: list[int], least: int) -> list[Span]:
    """`whole` cut at the given places, where every part keeps at least `least` words."""
    if not cuts:
        return [whole]
    words = [match.start() for match in _WORD.finditer(text, whole.start, whole.end)]
    pieces: list[Span] = []
    start, seen = whole.start, 0
    for cut in cuts:
        before = bisect_left(words, cut)
        if start < cut < whole.end and before - seen >= least:
            pieces.append(Span(start, cut))
            start, seen = cut, before
    if pieces and len(words) - seen < least:
        start = pieces.pop().start
    return [*pieces, Span(start, whole.end)]


def _capped(text: str, span: Span, limit: int) -> Iterator[Span]:
    """The span in pieces of at most `limit` code points, cut at white space where there is any."""
    start = span.start
    while span.end - start > limit:
        cut = max(text.rfind(" ", start + 1, start + limit), text.rfind("\n", start + 1, start + limit))
        cut = cut + 1 if cut > start + limit // 2 else start + limit
        yield Span(start, cut)
        start = cut
    yield Span(start, span.end)


def _trim(text: str, span: Span) -> Span:
    start, end = span.start, span.end
    while start < end and (text[start].isspace() or text[start] == "\x00"):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] == "\x00"):
        end -= 1
    return Span(start, end)


def whole(text: str, kind: SegmentKind = "body") -> Document:
    """A text that is all one segment, for callers that have no mail around it."""
    from app.tone.types import Segment

    return Document(text, (Segment(kind, Span(0, len(text))),), text)
