"""Text as the engine handles it: folding for matching, and offsets in three encodings.

Matching happens on a folded copy (lower case, no diacritics, plain quotes) that keeps an
index back to the source, since folding can lengthen or shorten text ("İ".lower() grows,
combining marks vanish).
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from app.tone.types import Span

OffsetEncoding = Literal["utf-16", "code-point", "utf-8"]

# Letters whose fold is not "decompose and drop the marks", and typographic variants that
# writers and keyboards use for one another.
_SPECIAL = {
    "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l",
    "’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'", "‚": "'", "′": "'",
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‹": '"', "›": '"',
    "–": "-", "—": "-", "‑": "-", "−": "-", "…": "...",
    "ى": "ي", "ة": "ه", "ٱ": "ا", "ـ": "",
    "؟": "?", "،": ",", "؛": ";",
}  # fmt: skip


@lru_cache(maxsize=4096)
def fold_char(char: str) -> str:
    """One code point folded: "" for marks and invisible controls, a space for any white space."""
    if char < "\x80":
        return " " if char.isspace() else char.lower()
    if char in _SPECIAL:
        return _SPECIAL[char]
    category = unicodedata.category(char)
    if category in ("Mn", "Me", "Cf"):
        return ""
    if char.isspace():
        return " "
    out = []
    for part in unicodedata.normalize("NFKD", char).lower():
        if part in _SPECIAL:
            out.append(_SPECIAL[part])
        elif unicodedata.category(part) not in ("Mn", "Me", "Cf"):
            out.append(" " if part.isspace() else part)
    return "".join(out)


@dataclass(frozen=True)
class Folded:
    """A folded copy of a text; `origins[i]` is the source index of folded character i."""

    text: str
    origins: Sequence[int]
    source_length: int

    def span(self, start: int, end: int) -> Span:
        """The source span of folded[start:end]; trailing marks belong to the letter they sit on."""
        if start >= end:
            at = self.origins[start] if start < len(self.origins) else self.source_length
            return Span(at, at)
        last = end
        # A source character may fold to several: end after all of them, and after its marks.
        while last < len(self.origins) and self.origins[last] == self.origins[end - 1]:
            last += 1
        stop = self.origins[last] if last < len(self.origins) else self.source_length
        return Span(self.origins[start], stop)


def fold(text: str) -> Folded:
    """Fold a text for matching: lower case, no diacritics or tashkeel, straight quotes.

    The Turkish i's all become "i" and accents fall away, so that mail typed on a foreign
    keyboard matches too. White space becomes a plain space, one for one.
    """
    chars: list[str] = []
    origins: list[int] = []
    for index, char in enumerate(text):
        for folded in fold_char(char):
            chars.append(folded)
            origins.append(index)
    return Folded("".join(chars), origins, len(text))


def fold_text(text: str) -> str:
    """Only the folded characters, where no way back is needed."""
    return "".join(map(fold_char, text))


def _width(char: str, encoding: OffsetEncoding) -> int:
    if encoding == "utf-16":
        return 2 if char > "\uffff" else 1
    code = ord(char)
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


class OffsetMap:
    """Converts code-point offsets of one text to the offsets a client counts in, and back.

    UTF-16 counts code units (JavaScript, Office.js, LSP), UTF-8 counts bytes. A lone
    surrogate counts as one UTF-16 unit and three UTF-8 bytes.
    """

    def __init__(self, text: str, encoding: OffsetEncoding) -> None:
        self._length = len(text)
        self._wide: list[int] = []
        self._shift: list[int] = [0]
        if encoding != "code-point" and not text.isascii():
            total = 0
            for index, char in enumerate(text):
                extra = _width(char, encoding) - 1
                if extra:
                    total += extra
                    self._wide.append(index)
                    self._shift.append(total)

    def encode(self, offset: int) -> int:
        """The client's offset of a code-point offset (0..len, inclusive)."""
        if not 0 <= offset <= self._length:
            raise ValueError(f"offset {offset} outside 0..{self._length}")
        return offset + self._shift[bisect_right(self._wide, offset - 1)]

    def span(self, span: Span) -> Span:
        return Span(self.encode(span.start), self.encode(span.end))
