"""What is fuzzed: each target takes bytes, checks what must hold, and says in a word what came of them.

That word tells inputs apart that took another way. Circumstances (language, clock, direction) are drawn
from the input itself, so that a file alone shows a failure again.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from app.api.answers import answered
from app.api.schemas import Asked, Options
from app.errors import GuidanceError
from app.gmail import letters, mime
from app.gmail.errors import MailEmpty, MailTooLarge
from app.guidance.house import GuidelineData, applied
from app.guidance.schema import Guidance, load, parse
from app.tone import charsets, dates
from app.tone.html import splice, to_text
from app.tone.html_tokens import tokens
from app.tone.language import detect
from app.tone.mail import NotAMail, read_html, read_mail, read_text
from app.tone.patterns import fault
from app.tone.proofs import flaws
from app.tone.review import Message, Request
from app.tone.rules import compile_pattern, fold_pattern
from app.tone.segments import segment
from app.tone.sentences import clauses, sentences
from app.tone.text import OffsetEncoding
from app.tone.types import LANGUAGES, Direction, Document, Review, Span
from app.tone.week import default_hours
from tests.fuzz import cards, leaks, served, signed
from tests.fuzz.mutation import LONGEST

MOMENTS = (
    dt.datetime(2026, 3, 29, 1, 30, tzinfo=ZoneInfo("Europe/Paris")),  # the hour that is left out
    dt.datetime(2026, 11, 1, 1, 30, fold=1, tzinfo=ZoneInfo("America/New_York")),  # and one that comes twice
    dt.datetime(2028, 2, 29, 23, 59, tzinfo=ZoneInfo("Asia/Kathmandu")),
    dt.datetime(1970, 1, 1, tzinfo=ZoneInfo("Pacific/Apia")),
    dt.datetime(2199, 12, 31, 23, 59, tzinfo=ZoneInfo("Africa/Cairo")),
)
_ENCODINGS: dict[OffsetEncoding, tuple[str, int]] = {
    "utf-16": ("utf-16-le", 2), "utf-8": ("utf-8", 1), "code-point": ("utf-32-le", 4),
}  # fmt: skip
_OURS = frozenset(("to", "subject", "in-reply-to", "references", "content-type", "mime-version"))


@cache
def guidance() -> Guidance:
    return load()


def drawn(data: bytes, *kinds: int) -> list[int]:
    """A number below each of these, from the input."""
    left, out = zlib.crc32(data), []
    for kind in kinds:
        left, found = divmod(left, kind)
        out.append(found)
    return out


def text_of(data: bytes) -> str:
    """Any text, halves of surrogate pairs too, which JSON can hold."""
    return data.decode("utf-8", "surrogatepass") if _whole(data) else data.decode("utf-8", "surrogateescape")


def _whole(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeError:
        return False
    return True


def check_document(document: Document) -> str:
    """Segments tile the text; positions lead into the source and never go back."""
    text, found = document.text, document.segments
    assert "".join(text[s.span.start : s.span.end] for s in found) == text
    assert all(len(part.span) > 0 for part in found)
    assert all(a.span.end == b.span.start for a, b in pairwise(found))
    if document.positions is None:
        assert document.source == text
    else:
        places = document.positions
        assert len(places) == len(text)
        assert all(0 <= start < end <= len(document.source) for start, end in places)
        assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(places))
    assert "\n" not in document.subject
    assert "\r" not in document.subject
    kinds = "".join(sorted({part.kind[0] for part in found}))
    return kinds + "".join(sorted({note.code[0] for note in document.notes}))


def mail(data: bytes) -> str:
    """A raw mail as the command line and the API read it; as Gmail's door does; and an answer to it."""
    shape = "none"
    try:
        envelope, document = read_mail(data)
        shape = check_document(document)
        assert _carried(document.source + document.text + document.subject + envelope.from_name)
        assert not re.search(r"[\r\n]", envelope.from_name + envelope.message_id + envelope.thread_id)
    except NotAMail as error:
        leaks.of_error(error)
    header = mime.header_of(data)
    answer = mime.reply(header("Subject"), mime.answering(header, "incoming"), "Words.")
    top = answer.partition(b"\r\n\r\n")[0]
    names = re.findall(rb"^([^\s:]+):", top.replace(b"\r\n ", b" "), re.MULTILINE)
    assert {name.decode("ascii").lower() for name in names} <= _OURS, "a header got into the answer"
    assert len(names) == len(set(names))
    return shape + _draft(data)


def _draft(data: bytes) -> str:
    try:
        document = mime.read_draft(data)
        again = mime.read_draft(mime.with_source(data, document.source))
    except NotAMail as error:
        leaks.of_error(error)
        return ""
    check_document(document)
    if not document.is_html:
        assert again.text.split() == document.text.encode("utf-8", "replace").decode().split()
    return "draft"


def resource(data: bytes) -> str:
    """A message as Gmail's API answers it, which is JSON."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return "no JSON"
    for read in (letters.read_full, letters.read_raw, letters.doubtful, letters.read_draft):
        try:
            read(found)
        except (MailEmpty, MailTooLarge) as error:
            leaks.of_error(error)
        except (KeyError, TypeError, ValueError, AttributeError):
            pass  # what the reader of answers expects of one that is no message
    return "JSON"


def html(data: bytes) -> str:
    """Markup to text and back: nothing rewritten is the same markup; a rewrite changes its words alone."""
    source = text_of(data)
    assert "".join(source[t.start : t.end] for t in tokens(source)) == source
    document = read_html(source)
    shape = check_document(document)
    assert splice(source, []) == source
    text, places = document.text, document.positions or ()
    if not text.strip():
        return shape
    first, length = drawn(data, len(text), 60)
    start, end = first, min(len(text), first + 1 + length)
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start < end and not _cuts(places, start, end):
        at = document.to_source(Span(start, end))
        new = to_text(splice(source, [(at.start, at.end, "a < b & c")])).text
        assert _squeezed(new) == _squeezed(text[:start] + "a < b & c" + text[end:])
    return shape


def _cuts(places: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    """Whether one end is inside a character reference that stands for several characters."""
    before = start > 0 and places[start - 1] == places[start]
    return before or (end < len(places) and places[end] == places[end - 1])


def _squeezed(text: str) -> str:
    return "".join(text.split())


def text(data: bytes) -> str:
    """Plain text: charset, segments, language, sentences, clauses."""
    charsets.decode(data, (None, "utf-8", "windows-1256", "iso-8859-9", "utf-7", "utf-16")[drawn(data, 6)[0]])
    words = text_of(data)
    document = read_text(words)
    shape = check_document(document)
    segment(words)
    language = detect(words)
    for spoken in (*LANGUAGES, "und"):
        _in_order([clause.span for clause in clauses(document, spoken)], len(words))
        _in_order(list(sentences(words, Span(0, len(words)), spoken)), len(words))
    return f"{shape}{language}"


def _in_order(spans: list[Span], length: int) -> None:
    assert all(0 <= span.start < span.end <= length for span in spans)
    assert all(one.end <= two.start for one, two in pairwise(spans))


def when(data: bytes) -> str:
    """Dates in four languages, at times that are hard to count from."""
    words, shape = text_of(data), ""
    now = MOMENTS[drawn(data, len(MOMENTS))[0]]
    for language in LANGUAGES:
        found = dates.find(words, language, now, default_hours(str(now.tzinfo)))
        _in_order([mention.span for mention in found], len(words))
        shape += f"{min(len(found), 4)}{any(mention.time for mention in found):d}"
    return shape


def reviewed(document: Document, data: bytes) -> tuple[Review, Asked]:
    spoken, moment, direction = drawn(data, 5, len(MOMENTS), 2)
    way: Direction = "incoming" if direction else "outgoing"
    now = MOMENTS[moment]
    language = (None, *LANGUAGES)[spoken]
    asked = Request(Message(way, document), now, default_hours(str(now.tzinfo)), language=language)
    return served.engine().review(asked), Asked(asked, "")


def _carried(words: str) -> bool:
    """Whether JSON in UTF-8 can hold this: the readers of requests let in nothing else."""
    return not re.search("[\ud800-\udfff]", words)


def review(data: bytes) -> str:
    """The whole review of a text or a page; what is quoted stands where it is said to."""
    words = text_of(data)
    document = read_html(words) if words.lstrip()[:1] == "<" else read_text(words)
    found, asked = reviewed(document, data)
    source = document.source
    for encoding, (codec, width) in _ENCODINGS.items():
        options = Options(offset_encoding=encoding)
        out = answered(found, served.engine().guidance, asked, options, "en")
        if _carried(source):
            out.model_dump_json(exclude_unset=True)
        whole = source.encode(codec, "surrogatepass")
        quotes = [*out.findings, *out.commitments, *out.deadlines]
        quotes += [element.evidence for element in out.elements if element.evidence]
        for quote in quotes:
            said = whole[quote.start * width : quote.end * width]
            assert said == quote.quote.encode(codec, "surrogatepass")
        assert all(0 <= part.start <= part.end <= len(whole) // width for part in out.segments)
    guidelines = "".join(sorted({one.guideline[:3] for one in found.findings}))
    return f"{found.language}{found.direction[0]}{found.situation}{guidelines}"


def card(data: bytes) -> str:
    """Gmail's cards of a mail: what Google takes, whatever the mail holds."""
    try:
        _, document = read_mail(data)
    except NotAMail:
        document = read_text(text_of(data))
    found, asked = reviewed(document, data)
    return cards.check(found, asked.request, drawn(data, 1 << 16)[0])


def pattern(data: bytes) -> str:
    """Whether a pattern may meet a text: told of any, in time; and one that is let in does not take long."""
    said = text_of(data[:2_000])
    try:
        compiled = compile_pattern(said, "rule")
    except (GuidanceError, RecursionError):
        return "unreadable"
    why = fault(fold_pattern(said))
    if why is None:
        letters_of = "".join(dict.fromkeys(fold_pattern(said))) or "a"
        for unit in (letters_of, letters_of[:1], letters_of[-1:], "ab ", "a"):
            try:
                compiled.search((unit * 600)[:600] + "\x00", timeout=20)
            except TimeoutError:
                raise AssertionError("a pattern that was let in takes long") from None
    return why or "fine"


def house(data: bytes) -> str:
    """An organisation's guideline, as the store holds it (JSON) and as its files do (TOML)."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return _toml(data)
    applied(guidance(), {"house-rule": {"data": found}, "arguing": {"adjust": found}})
    try:
        known = GuidelineData.model_validate(found)
    except ValidationError:
        return "refused"
    return "flawed" if list(flaws(known.words)) else "fine"


def _toml(data: bytes) -> str:
    try:
        found = tomllib.loads(data.decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return "no data"
    try:
        parse(GuidelineData, found, "house-rule")
    except GuidanceError:
        return "TOML refused"  # its author reads why, with what is wrong: no mail is in it
    return "TOML"


@dataclass(frozen=True)
class Target:
    """`seeds` is the folder of the kept inputs; `slow` marks those that run the whole engine.

    `most` is how many seconds of its own time the process may take for an input, for each 100 KiB begun.
    """

    run: Callable[[bytes], Any]
    seeds: str
    slow: bool = False
    most: float = 5.0

    @property
    def longest(self) -> int:
        """Bytes of an input: where the engine reads each, more shorter ones find more."""
        return 5_000 if self.slow else LONGEST


TARGETS: dict[str, Target] = {
    "mail": Target(mail, "mail"),
    "gmail-message": Target(resource, "gmail-message"),
    "html": Target(html, "html"),
    "text": Target(text, "text"),
    "dates": Target(when, "dates"),
    "review": Target(review, "review", slow=True, most=15),
    "cards": Target(card, "mail", slow=True, most=15),
    "token": Target(signed.token, "token"),
    "key": Target(signed.key, "key"),
    "api": Target(served.answer, "api", slow=True, most=15),
    "check": Target(served.answer, "check", slow=True, most=15),
    "gmail-event": Target(served.answer, "gmail-event", slow=True, most=15),
    # To count a pattern's ways takes up to a second, and eight where the fuzzer watches what runs.
    "pattern": Target(pattern, "pattern", most=15),
    "house": Target(house, "house", most=15),
    # Each guideline has the engine made anew.
    "house-api": Target(served.answer, "house-api", slow=True, most=40),
}
