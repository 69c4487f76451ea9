"""HTML cut into tokens that know where in the source they stand.

The standard library's HTMLParser is quadratic on unclosed comments and quotes, and mail is
full of broken markup; this reader makes one pass and never fails. It follows what browsers
do (WHATWG HTML, section 13.2.5) as far as mail needs it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from html.entities import html5

_NAME = re.compile(r"[A-Za-z][^\s/>]*")
_GAP = re.compile(r"[\s/]+")
_ATTRIBUTE = re.compile(r"[^\s/>=][^\s/>=]*")
_EQUALS = re.compile(r"\s*=\s*")
_BARE_VALUE = re.compile(r"[^\s>]*")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7};?|#[xX][0-9A-Fa-f]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};?)")
_RAW_TEXT = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea", "xmp")
}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of source[start:end]. `kind` is text, start, end, or other (comment, doctype, script).

    `loose`: from this place of the source on, the tag holds quotes that find no end in it: what they mean
    hangs on the text behind it.
    """

    kind: str
    start: int
    end: int
    name: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    self_closing: bool = False
    loose: int | None = None


def tokens(source: str) -> Iterator[Token]:
    """Cut HTML source into tokens that cover it in order, without gaps. Linear time."""
    ends = _Ends(source)
    at = 0
    while at < len(source):
        opening = source.find("<", at)
        while opening >= 0 and not _is_markup(source, opening, ends):
            opening = source.find("<", opening + 1)
        if opening < 0:
            yield Token("text", at, len(source))
            return
        if opening > at:
            yield Token("text", at, opening)
        token = _markup(source, opening, ends)
        yield token
        at = token.end
        if token.kind == "start" and token.name in _RAW_TEXT:
            closing = _RAW_TEXT[token.name].search(source, at)
            end = closing.start() if closing else len(source)
            if end > at:
                yield Token("other", at, end, token.name)
            at = end


class _Ends:
    """The last place of each character that closes something, so that no search runs in vain twice."""

    def __init__(self, source: str) -> None:
        self.bracket = source.rfind(">")
        self.comment = source.rfind("-->")
        self.quote = {'"': source.rfind('"'), "'": source.rfind("'")}


def _is_markup(source: str, at: int, ends: _Ends) -> bool:
    following = source[at + 1 : at + 3]
    if following[:1] in ("!", "?") or (following[:1] == "/" and following[1:].isalpha()):
        return at < ends.bracket
    return following[:1].isascii() and following[:1].isalpha() and at < ends.bracket


def _markup(source: str, at: int, ends: _Ends) -> Token:
    if source.startswith("<!--", at):
        # "<!-->" and "<!--->" are whole comments; one never closed ends at the next bracket.
        if source.startswith((">", "->"), at + 4):
            return Token("other", at, source.index(">", at) + 1)
        if at + 4 <= ends.comment:
            return Token("other", at, source.index("-->", at + 4) + 3)
    if source[at + 1] in "!?":
        return Token("other", at, source.index(">", at) + 1)
    if source[at + 1] == "/":
        name = _NAME.match(source, at + 2)
        return Token("end", at, source.index(">", at) + 1, name.group().lower() if name else "")
    return _start_tag(source, at, ends)


def _start_tag(source: str, at: int, ends: _Ends) -> Token:
    name = _NAME.match(source, at + 1)
    assert name  # noqa: S101 - _is_markup saw a letter
    attributes: dict[str, str] = {}
    position = name.end()
    bracket = source.index(">", at)
    slash = False
    loose = beyond = None  # the first quote that has no end, and the first that ends behind the bracket
    while position < len(source):
        gap = _GAP.match(source, position)
        if gap:
            slash = gap.group().endswith("/")
            position = gap.end()
        if source.startswith(">", position):
            return Token("start", at, position + 1, name.group().lower(), attributes, slash, loose)
        if position > ends.bracket:
            break
        key = _ATTRIBUTE.match(source, position)
        if key is None:
            position += 1  # a stray "="
            continue
        slash = False
        position = key.end()
        equals = _EQUALS.match(source, position)
        value = ""
        if equals:
            position = equals.end()
            mark = source[position : position + 1]
            if mark in ends.quote and mark and position < ends.quote[mark]:
                closing = source.index(mark, position + 1)
                beyond = position if beyond is None and closing > bracket else beyond
                value = source[position + 1 : closing]
                position = closing + 1
            else:
                loose = position if loose is None and mark in ends.quote else loose
                bare = _BARE_VALUE.match(source, position)
                value = bare.group() if bare else ""
                position += len(value)
        if len(attributes) < 40:
            attributes.setdefault(key.group().lower(), unescape(value))
    # The quotes swallowed the bracket: the tag ends where it would without them.
    loose = min((place for place in (loose, beyond) if place is not None), default=None)
    return Token("start", at, bracket + 1, name.group().lower(), loose=loose)


def characters(source: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """The code points of a text token with the source range each stands for.

    A character reference gives its code points, all with the range of the whole reference.
    """
    at = start
    while at < end:
        mark = source.find("&", at, end)
        if mark < 0:
            mark = end
        for index in range(at, mark):
            yield source[index], index, index + 1
        if mark == end:
            return
        stop = reference_end(source, mark, end)
        if stop > mark:
            for char in unescape(source[mark:stop]):
                yield char, mark, stop
        else:
            yield "&", mark, mark + 1
            stop = mark + 1
        at = stop


def reference_end(source: str, start: int, end: int) -> int:
    """Where the character reference at `start` ends; `start` when it is a plain "&"."""
    match = _ENTITY.match(source, start, end)
    if match is None:
        return start
    text = match.group()
    if text[1] == "#":
        return match.end() if unescape(text) != text else start
    for length in range(len(text), 2, -1):
        if text[1:length] in html5:
            return start + length
    return start
