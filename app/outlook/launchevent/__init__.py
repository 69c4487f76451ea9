"""The one script that Outlook runs when a mail is sent: code from the files beside this one, and its data."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from app import strings
from app.guidance.schema import Guidance
from app.outlook.launchevent.patterns import Node, Untranslatable, parse, share
from app.service import Outlook
from app.tone.rules import fold_pattern
from app.tone.segment_words import cues
from app.tone.text import fold_char
from app.tone.types import LANGUAGES, Language

HERE = Path(__file__).parent
_COMMENT = re.compile(r"/\*\*.*?\*/", re.DOTALL)
PARTS = ("fold.js", "match.js", "own.js", "wording.js", "judging.js", "handler.js")
"""In the order in which they need each other."""
_KNOWN = 0x0780
"""The scripts of our languages lie below: what letters and marks are is told for these code points."""
_MARKS = ("Mn", "Me", "Cf")
_WORDS = ("poor", "heated", "local", "finding", "rest-today", "rest-day", "now", "button")


def script(guidance: Guidance, address: str, outlook: Outlook) -> str:
    """The script for a service at `address` (no slash at its end) with this guidance. Cached by nobody:
    it takes a few hundredths of a second."""
    host = address.partition("://")[2]
    data = {
        "address": address,
        "client": outlook.client_id,
        "authority": outlook.authority,
        "scope": outlook.scope(host) or "",
        **_letters(),
        **_patterns(guidance),
        "words": {language: _words(language) for language in LANGUAGES},
    }
    # The separators of lines that JSON allows in strings and ES2016 does not.
    values = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    values = values.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    code = "\n".join(_code(name) for name in PARTS)
    return f'(function (ROOT) {{\n"use strict";\nconst DATA = {values};\n{code}\nstart();\n}})(this);\n'


def taken(guidance: Guidance) -> tuple[list[tuple[str, Language, str, Node]], list[str]]:
    """The rules that decide where no review comes in time: those of guidelines whose breach is an "error".

    As (guideline, language, rule, pattern), and the names of those that cannot be taken over. Rules
    without a pattern (capitals, punctuation) are left to the review.
    """
    found: list[tuple[str, Language, str, Node]] = []
    refused: list[str] = []
    for guideline in guidance.avoid:
        if guideline.head.severity != "error" or guideline.muted:
            continue
        for language, words in guideline.words.items():
            for rule in words.rules:
                if rule.pattern is None:
                    continue
                try:
                    pattern = parse(fold_pattern(rule.pattern))
                except Untranslatable:
                    refused.append(f"{guideline.id}/{language} {rule.id}")
                else:
                    found.append((guideline.id, language, rule.id, pattern))
    # The worst first: what is caught first is what is shown.
    found.sort(key=lambda one: -guidance.guidelines[one[0]].head.weight)
    return found, refused


def _patterns(guidance: Guidance) -> dict[str, Any]:
    found, _ = taken(guidance)
    known = cues()
    wanted = {
        "from": known.field_from,
        "proof": known.field_proof,
        "more": known.field_more,
        "original": known.original,
        "forwarded": known.forwarded,
        "wrote": known.wrote,
        "neverWrote": known.never_wrote,
        "wroteStart": known.wrote_start,
        "wroteEnd": known.wrote_end,
    }
    heads = [parse(pattern.pattern) for pattern in wanted.values()]
    shared, nodes = share([*(pattern for *_, pattern in found), *heads])
    rules = []
    for (guideline, language, name, _), pattern in zip(found, nodes, strict=False):
        words = guidance.guidelines[guideline].words[language]
        reason = next(rule.reason for rule in words.rules if rule.id == name)
        rules.append({"language": language, "why": words.reasons[reason], "pattern": pattern})
    return {
        "shared": shared,
        "rules": rules,
        "cues": dict(zip(wanted, nodes[len(found) :], strict=True)),
    }


def _letters() -> dict[str, Any]:
    specials = {
        char: fold_char(char)
        for char in map(chr, (*range(0x80, 0x3000), *range(0xFF00, 0xFFF0)))
        if fold_char(char) != _usual(char)
    }
    points = range(_KNOWN)
    marks = (
        *points,
        *range(0x1AB0, 0x1B00),
        *range(0x1DC0, 0x1E00),
        *range(0x2000, 0x2100),
        *range(0xFE00, 0xFE30),
        0xFEFF,
    )
    return {
        "specials": specials,
        "marks": _ranges(marks, lambda char: unicodedata.category(char) in _MARKS),
        "letters": _ranges(points, lambda char: char == "_" or char.isalnum()),
        "digits": _ranges(points, str.isdecimal),
        "known": _KNOWN,
    }


def _usual(char: str) -> str:
    """What fold.js makes of a letter of which it is told nothing."""
    parts = unicodedata.normalize("NFKD", char).lower()
    return "".join(" " if p.isspace() else p for p in parts if unicodedata.category(p) not in _MARKS)


def _ranges(points: Iterable[int], wanted: Callable[[str], bool]) -> list[int]:
    """First and last of each run of the code points that are wanted."""
    found: list[int] = []
    for point in points:
        if not wanted(chr(point)):
            continue
        if found and found[-1] == point - 1:
            found[-1] = point
        else:
            found += [point, point]
    return found


def _words(language: Language) -> dict[str, str]:
    said = strings.words(language)
    weekdays = {str(day): said[f"gmail.date.weekday.{day}"] for day in range(7)}
    return {name: said[f"send.{name}"] for name in _WORDS} | weekdays


def _code(name: str) -> str:
    """A script without its comments: `/**` begins one wherever it stands, `//` a line of its own."""
    code = _COMMENT.sub("", (HERE / name).read_text(encoding="utf-8"))
    lines = (line.strip() for line in code.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))
