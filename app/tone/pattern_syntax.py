"""Reading a pattern: what it is made of, and which characters it tells apart. For `app.tone.patterns`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from app.tone.literals import codes, parser

REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
SETS = (codes.LITERAL, codes.NOT_LITERAL, codes.IN, codes.ANY)
LOOKS = (codes.ASSERT, codes.ASSERT_NOT)
_TOKEN = re.compile(r"\\p\{L\}|\(\?P<[a-z_]+>|\\.|\[\^?\]?|[^\\]", re.DOTALL)
_USUAL = "".join(map(chr, range(32, 127))) + "\n\tßøﬀаωאابهڤ中٣۵४\u200d\u2028"


class Unreadable(ValueError):  # noqa: N818 - reads as what it says
    """The pattern holds what is not known here."""


def read(pattern: str) -> Any:
    """The parts of a folded pattern, as pairs of a code and its argument. Raises Unreadable."""
    try:
        with warnings.catch_warnings():
            # What `re` will read otherwise one day, `regex` reads otherwise today.
            warnings.simplefilter("error")
            tree = parser.parse(_for_re(pattern), re.IGNORECASE)
    except (re.error, Warning, RecursionError, OverflowError):
        raise Unreadable from None
    if tree.state.flags & ~(re.IGNORECASE | re.UNICODE):
        raise Unreadable
    return tree


def letters(tree: Any) -> str:
    """One character at least of each kind that the pattern tells apart. Raises Unreadable."""
    return "".join(dict.fromkeys((*_USUAL, *_named(tree))))


def _for_re(pattern: str) -> str:
    """The pattern as `re` can read it: without names, of which `regex` takes one twice, and with more letters
    for `\\p{L}` (in a set of what is not to come, fewer): what is read besides can only add ways."""
    out, inside, negated = [], False, False
    for piece in _TOKEN.findall(pattern):
        if piece[0] == "[" and not inside:
            inside, negated = True, piece.startswith("[^")
        elif piece == "]":
            inside = False
        if piece == r"\p{L}":
            piece = "a-z" if negated and inside else r"\w"
        elif piece.startswith("(?P<") and not inside:
            piece = "("
        out.append(piece)
    return "".join(out)


def _children(code: Any, argument: Any) -> Iterator[Any]:
    if code is codes.SUBPATTERN:
        if argument[1] or argument[2]:
            raise Unreadable  # a part with flags of its own
        yield argument[3]
    elif code is codes.ATOMIC_GROUP:
        yield argument
    elif code is codes.BRANCH:
        yield from argument[1]
    elif code in REPEATS:
        yield argument[2]
    elif code in LOOKS:
        yield argument[1]
    elif code not in SETS and code is not codes.AT:
        raise Unreadable  # what was caught before, above all


def looks(tree: Iterable[tuple[Any, Any]]) -> Iterator[Any]:
    """All that looks ahead or back, however deep: each is matched by itself."""
    for code, argument in tree:
        for child in _children(code, argument):
            if code in LOOKS:
                yield child
            yield from looks(child)


def _named(tree: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    """One character for each way in which the pattern tells characters apart."""
    for code, argument in tree:
        if code in (codes.LITERAL, codes.NOT_LITERAL):
            if chr(argument) in "{}":
                raise Unreadable  # to `regex` they mean "about these letters"
            yield chr(argument).lower()
        elif code is codes.IN:
            for kind, value in argument:
                if kind is codes.LITERAL:
                    yield chr(value).lower()
                elif kind is codes.RANGE:
                    first, last = value
                    points = {first, last, max(first - 1, 0), min(last + 1, 0x10FFFF), (first + last) // 2}
                    yield from (chr(point).lower()[:1] for point in sorted(points))
        for child in _children(code, argument):
            yield from _named(child)


def holds(code: Any, argument: Any, letter: str) -> bool:
    """Whether one character is what this part of a pattern reads. Text is in small letters."""
    if code is codes.ANY:
        return letter != "\n"
    if code in (codes.LITERAL, codes.NOT_LITERAL):
        return (chr(argument).lower() == letter) == (code is codes.LITERAL)
    negated, found = False, False
    for kind, value in argument:
        if kind is codes.NEGATE:
            negated = True
        elif kind is codes.LITERAL:
            found |= chr(value).lower() == letter
        elif kind is codes.RANGE:
            found |= any(value[0] <= ord(form) <= value[1] for form in (letter, *letter.upper()))
        elif kind is codes.CATEGORY:
            found |= _of_class(value, letter)
    return found != negated


def _of_class(name: Any, letter: str) -> bool:
    classes = {
        codes.CATEGORY_DIGIT: letter.isdecimal(),
        codes.CATEGORY_SPACE: letter.isspace(),
        codes.CATEGORY_WORD: letter.isalnum() or letter == "_",
        codes.CATEGORY_NOT_DIGIT: not letter.isdecimal(),
        codes.CATEGORY_NOT_SPACE: not letter.isspace(),
        codes.CATEGORY_NOT_WORD: not (letter.isalnum() or letter == "_"),
    }
    return classes[name]
