"""The date words of one language, and the tokens of a text to look them up in.

Words are data (`en.toml` and its siblings); what may follow what is grammar (`grammar.py`).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.tone.text import Folded, fold, fold_text
from app.tone.types import Language, Span

# Dates with hyphens stay whole; of everything else a hyphen is a gap, so that "8-10" is two numbers.
_TOKEN = re.compile(r"\d{1,4}-\d{1,2}-\d{1,4}(?![\d-])|\d+(?:[.,:/]\d+)*|[^\W\d_]+")
_PHRASE_GAP = re.compile(r"[ '\-.]{0,2}")
_JOIN_GAP = re.compile(r"[ ]*[,:()\-./']?[ ]*(?:\()?")
_LONGEST = 6
_ARABIC_PREFIXES = ("و", "ف", "ب", "ل", "ع", "ول", "وب", "ك")


@dataclass(frozen=True, slots=True)
class Token:
    """A word or number of the folded text; `start` and `end` index the folded text.

    `breaks` is true when a paragraph or list line starts before it, `capital` when the
    source writes it with one. `suffix` is a Turkish case ending cut off from a number or name.
    """

    text: str
    start: int
    end: int
    number: bool
    breaks: bool
    capital: bool
    suffix: str = ""


@dataclass(frozen=True)
class Lexicon:
    """Phrases of one language: folded words joined by a space -> (section, value) pairs.

    `first` holds the words that can begin one, `forms` the phrases that the code inflected.
    """

    language: Language
    phrases: dict[str, tuple[tuple[str, str], ...]]
    first: frozenset[str]
    forms: frozenset[str]
    suffixes: frozenset[str]


def _words(phrase: str) -> str:
    return " ".join(_TOKEN.findall(fold_text(phrase)))


@lru_cache(maxsize=8)
def lexicon(language: Language) -> Lexicon:
    """The date words of a language, inflected where the language inflects."""
    data = tomllib.loads((Path(__file__).parent / f"{language}.toml").read_text(encoding="utf-8"))
    inflected = frozenset(data.pop("inflect", {}).get("sections", ()))
    suffixes: tuple[str, ...] = tuple(data.pop("suffixes", {}).get("list", ()))
    found: dict[str, dict[str, str]] = {}
    # First the words as written, then their forms, so that no form overrides a written word.
    derived: list[tuple[str, str, str]] = []
    for section, values in data.items():
        for value, phrases in values.items():
            for phrase in phrases:
                words = _words(phrase)
                found.setdefault(words, {}).setdefault(section, value)
                if language == "ar" and len(words.split(" ")[0]) > 1:
                    derived += [(prefix + words, section, value) for prefix in _ARABIC_PREFIXES]
                    if words.startswith("ال"):
                        derived += [("لل" + words[2:], section, value), ("عال" + words[2:], section, value)]
                if section in inflected:
                    derived += [(words + suffix, section, value) for suffix in suffixes]
    written = frozenset(found)
    for words, section, value in derived:
        found.setdefault(words, {}).setdefault(section, value)
    return Lexicon(
        language=language,
        phrases={words: tuple(kinds.items()) for words, kinds in found.items()},
        first=frozenset(words.split(" ")[0] for words in found),
        forms=frozenset(found) - written,
        suffixes=frozenset(suffixes),
    )


class Tokens:
    """The tokens of a text, with the gaps between them and phrase look-up."""

    def __init__(self, text: str, words: Lexicon) -> None:
        self.folded: Folded = fold(text)
        self.lexicon = words
        self.items: list[Token] = []
        self._matches: dict[int, dict[str, tuple[str, int]]] = {}
        origins = self.folded.origins
        end = 0
        for match in _TOKEN.finditer(self.folded.text):
            token = match.group()
            number = token[0].isdecimal()
            start = match.start()
            gap = self.folded.text[end:start]
            if words.language == "tr" and not number and self.items and gap in ("", "'"):
                last = self.items[-1]
                # "17.00'de", "13:00te", "Şubat'ta": the ending belongs to what it is glued to.
                if (gap == "'" and len(token) <= 6) or (last.number and token in words.suffixes and not gap):
                    self.items[-1] = Token(
                        last.text, last.start, match.end(), last.number, last.breaks, last.capital, token
                    )
                    end = match.end()
                    continue
            source = text[origins[end] : origins[start]] if self.items else ""
            lines = source.count("\n")
            breaks = lines > 1 or (lines == 1 and any(c in source for c in "-*•·–"))
            capital = text[origins[start]].isupper()
            self.items.append(Token(token, start, match.end(), number, breaks, capital))
            end = match.end()

    def __len__(self) -> int:
        return len(self.items)

    def span(self, start: int, end: int) -> Span:
        """The source span of tokens start..end."""
        return self.folded.span(self.items[start].start, self.items[end - 1].end)

    def gap(self, index: int) -> str:
        """The folded characters before token `index`."""
        return self.folded.text[self.items[index - 1].end : self.items[index].start] if index else ""

    def before(self, index: int) -> str:
        """The character right before a token, "" at the start."""
        at = self.items[index].start
        return self.folded.text[at - 1] if at else ""

    def after(self, index: int) -> str:
        """The character right after a token, "" at the end."""
        at = self.items[index].end
        return self.folded.text[at] if at < len(self.folded.text) else ""

    def tight(self, index: int) -> bool:
        """Whether token `index` can continue a phrase begun before it."""
        if not 0 < index < len(self.items) or self.items[index].breaks:
            return False
        gap = self.gap(index)
        return ". " not in gap and bool(_PHRASE_GAP.fullmatch(gap))

    def joins(self, index: int) -> bool:
        """Whether token `index` can belong to the same expression as the one before it."""
        if not 0 < index < len(self.items) or self.items[index].breaks:
            return False
        gap = self.gap(index)
        if ". " in gap:  # "Nov. 5", "5 p.m. on": a short form's full stop ends no sentence.
            short = self.items[index - 1].text
            known = self.matches(index - 1).keys() & {"month", "weekday", "weekday_weak"}
            return gap == ". " and (short == "m" or (len(short) <= 4 and bool(known)))
        return len(gap) < 6 and bool(_JOIN_GAP.fullmatch(gap))

    def matches(self, index: int) -> dict[str, tuple[str, int]]:
        """Section -> (value, index after it) of the longest phrase of each section at `index`."""
        known = self._matches.get(index)
        if known is None:
            known = {}
            if index < len(self.items) and self.items[index].text in self.lexicon.first:
                words = self.items[index].text
                for end in range(index + 1, min(index + _LONGEST, len(self.items)) + 1):
                    for section, value in self.lexicon.phrases.get(words, ()):
                        known[section] = (value, end)
                    if not self.tight(end):
                        break
                    words = f"{words} {self.items[end].text}"
            self._matches[index] = known
        return known

    def take(self, index: int, *sections: str) -> tuple[str, int] | None:
        """(value, index after) of the longest phrase of any of the sections, or None."""
        best: tuple[str, int] | None = None
        known = self.matches(index)
        for section in sections:
            hit = known.get(section)
            if hit and (best is None or hit[1] > best[1]):
                best = hit
        return best
