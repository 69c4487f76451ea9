"""Greeting, body, signature and disclaimer within a stretch of the writer's own text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.tone.segment_words import Cues, cues
from app.tone.text import fold_text
from app.tone.types import Segment, SegmentKind, Span

_TAIL_LINES = 10  # a signature has rarely more lines that are not blank
_TOKEN = re.compile(r"\S+")
_ABBREVIATION = re.compile(r"(?:mr|mrs|ms|dr|drs|prof|m|mme|mlle|me|st|sr|jr|sn|av|ing|pr|\w)\.")
_ENDS_SENTENCE = re.compile(r"[.!?:;]['\")\]]*\Z")
_COMPANY_DOT = re.compile(r"(?<!\w)(?:\w\.(?:\w\.?)?|(?:inc|ltd|co|corp|esq|sti|bros|jr|sr|etc)\.)\Z")
_BULLET = re.compile(r"(?:[-*+\u2022\u00b7\u25aa>]|\d{1,2}[.)]|[a-z]\))\s")
_CONTACT = re.compile(r"https?://|www\.|\S@\S|\+?\(?\d[\d\s().\-/x]{6,}\d?|\bxxx")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_AFTER_NAME = re.compile(r"\s*[,|\u00b7\u2013\u2014/(]|\s-\s")
_PARTICLES = (
    "de du des d la le van von der den ter bin ibn al el bint ve and et & of the y e und ap o st da di dos "
    "au aux a in at for pour your our notre votre i x xx xxx xo"
)
_SMALL = frozenset(_PARTICLES.split())  # words that stay small in names
_NAME_TOKENS = 6
_GREETING_TOKENS = 9
_ARABIC_TOKENS = 5


@dataclass(slots=True)
class Line:
    """One line: code points start..end with its line break, `raw` without it, `folded` trimmed."""

    start: int
    end: int
    raw: str
    folded: str

    @property
    def quoted(self) -> bool:
        return self.folded.startswith(">")


def split_own(lines: list[Line], *, is_first: bool, is_last: bool) -> Iterator[Segment]:
    """The segments of one stretch, in order and without gaps.

    A salutation is looked for in the first stretch of a mail; a signature without a closing
    formula (a bare name) only in the last one, for "Noon" between quotations is an answer.
    """
    words = cues()
    filled = [i for i, line in enumerate(lines) if line.folded]
    start = lines[0].start
    if is_first and filled:
        cut = _greeting_end(lines[filled[0]], words)
        if cut:
            line = lines[filled[0]]
            end = line.start + cut
            if not line.raw[cut:].strip():
                # It has the line to itself: its line break belongs to it, and the blank lines under it.
                end = lines[filled[1] - 1].end if len(filled) > 1 else lines[-1].end
                filled = filled[1:]
            yield Segment("greeting", Span(start, end))
            start = end
    for kind, first in _parts(lines, filled, words, is_last=is_last):
        at = lines[first].start if first < len(lines) else lines[-1].end
        if at > start:
            yield Segment(kind, Span(start, at))
            start = at


def _parts(
    lines: list[Line], filled: list[int], words: Cues, *, is_last: bool
) -> Iterator[tuple[SegmentKind, int]]:
    """(kind, the line it ends before), in order."""
    disclaimer = _disclaimer_start(lines, filled, words)
    own = [i for i in filled if i < disclaimer]
    delimiter = next((i for i in own if lines[i].raw.rstrip(" \u00a0") == "--"), None)
    if delimiter is not None:
        yield "body", delimiter
        yield "signature", disclaimer
    else:
        # What follows a signature as a postscript is the writer's text again.
        extra = next((n for n in range(1, len(own)) if _is_postscript(lines, own, n, words)), len(own))
        for part in (own[:extra], own[extra:]):
            if not part:
                continue
            end = own[extra] if part is not own[extra:] and part[-1] < own[-1] else disclaimer
            yield "body", _signature_start(lines, part, words, end, is_last=is_last)
            yield "signature", end
    yield "disclaimer" if disclaimer < len(lines) else "body", len(lines)


def _is_postscript(lines: list[Line], own: list[int], n: int, words: Cues) -> bool:
    return (
        own[n] > own[n - 1] + 1
        and n >= len(own) - _TAIL_LINES
        and words.postscript_start.match(lines[own[n]].folded) is not None
    )


def _greeting_end(line: Line, words: Cues) -> int:
    """Up to where in its first line a mail salutes; 0 for not at all."""
    raw = line.raw
    tokens = list(_TOKEN.finditer(raw))[: _GREETING_TOKENS + 1]
    folded = [fold_text(token.group()) for token in tokens]
    whole = len(tokens) <= _GREETING_TOKENS
    stop = _first_stop(folded)
    head = " ".join(folded if stop is None else folded[: stop + 1])
    if stop is None and not whole:
        return 0
    if not _salutes(tokens, folded, head, stop, words):
        return 0
    if stop is None:
        return len(raw)
    # "Merhaba, Ayşe Hanım," and "Chère Élodie, cher Matteo," salute in two steps.
    rest = folded[stop + 1 :]
    second = _first_stop(rest)
    again = bool(rest) and whole if second is None else rest[second].endswith((",", "!"))
    if again and folded[stop].endswith(","):
        upto = len(rest) if second is None else second + 1
        step = " ".join(rest[:upto])
        named = not _arabic(raw) and all(
            _capital(tokens[stop + 1 + n].group()) or words.address.search(rest[n]) for n in range(upto)
        )
        greets = words.greeting_start.match(step) is not None
        if upto <= 4 and (greets or named) and not words.not_in_greeting.search(step):
            return tokens[stop + upto].end()
    return tokens[stop].end()


def _first_stop(folded: list[str]) -> int | None:
    for n, word in enumerate(folded):
        if word.endswith((",", "!", ":", "?", ";", "...")) or word == "-":
            return n
        if word.endswith(".") and not _ABBREVIATION.fullmatch(word):
            return n
    return None


def _salutes(
    tokens: list[re.Match[str]], folded: list[str], head: str, stop: int | None, words: Cues
) -> bool:
    count = len(folded) if stop is None else stop + 1
    if words.not_in_greeting.search(head):
        return False
    if "?" in head or head.endswith(";"):
        return False
    cue = words.greeting_start.match(head)
    if cue and _arabic(head) and count < len(tokens) and count > _ARABIC_TOKENS:
        return False  # nothing but its length tells a sentence that begins with an address
    if cue:
        # After a full stop only a name may stand, else "Hello from the team." would do.
        named = all(_capital(token.group()) for token in tokens[len(cue.group().split()) : count])
        return named or not head.endswith(".") or _arabic(head)
    after = words.greeting_after_name.search(head)
    if after and after.end() == len(head):
        return count <= 5
    if words.address.search(head) and (stop is None or head.endswith((",", "!", "."))):
        return count <= 5
    # A bare name: only on a line of its own, with a comma.
    alone = stop is not None and stop == len(folded) - 1 and head.endswith(",")
    return alone and count <= 4 and all(_capital(token.group()) for token in tokens)


def _capital(token: str) -> bool:
    bare = token.strip("\"'()*_,.!")
    return not bare or bare[0].isupper() or bare[0].isdigit() or fold_text(bare) in _SMALL


def _arabic(text: str) -> bool:
    return any("\u0600" <= char <= "\u06ff" for char in text)


def _disclaimer_start(lines: list[Line], filled: list[int], words: Cues) -> int:
    """The line where boilerplate begins; the number of lines when there is none."""
    for n, index in enumerate(filled):
        if n == 0 or index == filled[n - 1] + 1:
            continue
        opening = lines[index].folded.lstrip("*_-=# ")
        if words.disclaimer_label_start.match(opening):
            return index
        paragraph = " ".join(line.folded for line in lines[index : _paragraph_end(lines, index)])[:1200]
        if words.disclaimer_mail.search(paragraph[:160]):
            law = {match.group() for match in words.disclaimer_law.finditer(paragraph)}
            if len(law) >= 2 and len(paragraph) >= 80:
                return index
    return len(lines)


def _paragraph_end(lines: list[Line], index: int) -> int:
    end = index
    while end < len(lines) and lines[end].folded and end < index + 12:
        end += 1
    return end


def _signature_start(lines: list[Line], filled: list[int], words: Cues, end: int, *, is_last: bool) -> int:
    """The line where the signature begins, `end` when there is none."""
    sent = next((i for i in filled[-3:] if words.sent_from.search(lines[i].folded[:80])), None)
    tail = [i for i in filled if sent is None or i < sent]
    stop = end if sent is None else sent
    run: list[int] = []
    for index in reversed(tail[-_TAIL_LINES:]):
        if not (_short(lines[index], words) or _is_closing(lines[index], words)):
            break
        run.insert(0, index)
    for index in run:
        if _is_closing(lines[index], words):
            return index
    if not is_last:
        return stop
    for n, index in enumerate(run):
        position = len(tail) - len(run) + n
        if position == 0:
            continue  # a mail is not all signature
        before = tail[position - 1]
        if _name_like(lines[index], words) and _set_off(lines, before, index, last=n == len(run) - 1):
            return index
    return stop


def _set_off(lines: list[Line], before: int, index: int, *, last: bool) -> bool:
    """Whether a line stands apart from the one before it, as a name under a text does."""
    if index > before + 1:
        return True
    ended = lines[before].folded.endswith((".", "!", "?", ",", ")"))
    return ended or (last and len(lines[index].folded.split()) <= 2)


def _is_closing(line: Line, words: Cues) -> bool:
    folded = line.folded
    count = len(folded.split())
    if words.formal_start.match(folded):
        # A whole sentence that ends in one's sentiments.
        return count <= 35 and words.formal_proof.search(folded) is not None
    if words.closing.search(folded):
        return count <= 8 and not folded.endswith(("?", ":", ";"))
    opening = words.closing_word_start.match(folded)
    if not opening:
        return False
    rest = folded[opening.end() :].strip()
    if len(rest.strip(".,!- ")) <= 1:
        return True
    after = rest.lstrip(",.!- ").split()
    if rest.endswith(","):
        return len(after) <= 4
    return rest.startswith((",", "-", ".", "!")) and len(after) <= 3 and not _ENDS_SENTENCE.search(rest)


def _short(line: Line, words: Cues) -> bool:
    """A line that may stand in a signature: a name, a title, a number, an address."""
    folded = line.folded
    if len(folded) > 90 or _BULLET.match(folded):
        return False
    if words.contact_start.match(folded) or _CONTACT.search(folded):
        return len(folded.split()) <= 10
    if folded.endswith(("?", "!", ":", ";", "...")):
        return False
    if _ENDS_SENTENCE.search(folded) and not _COMPANY_DOT.search(folded):
        return False
    return len(folded.split()) <= 9


def _name_like(line: Line, words: Cues) -> bool:
    if _ENDS_SENTENCE.search(line.folded) and not _COMPANY_DOT.search(line.folded):
        return False
    raw = _INVISIBLE.sub("", line.raw)
    tokens = [token for token in raw.split() if any(map(str.isalnum, token))]
    if not tokens or len(tokens) > _NAME_TOKENS or tokens[0][0].isdigit():
        return False
    if line.folded.endswith(","):
        return False
    if _arabic(line.raw):
        return len(tokens) <= 5 and not any(char.isdigit() for char in line.raw)
    if len(tokens) == 1:
        return tokens[0].strip(".,-*_").isalpha() or _capital(tokens[0])
    name = _AFTER_NAME.split(raw.strip(), maxsplit=1)[0].split()
    return _capital(tokens[0]) and all(map(_capital, name))
