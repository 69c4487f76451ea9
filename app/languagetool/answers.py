"""The answer to a check, as LanguageTool gives it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from app import strings
from app.guidance.schema import Guidance
from app.languagetool import languages
from app.languagetool.asking import Check
from app.languagetool.languages import Spoken
from app.languagetool.matches import Matches
from app.tone.language import detect
from app.tone.mail import read_text
from app.tone.review import Message, Request
from app.tone.types import Document, Language, Review
from app.tone.week import default_hours

API_VERSION = 1
_INCOMPLETE = {"truncated": "too-long", "language-not-covered": "language-not-covered"}


def software(version: str) -> dict[str, Any]:
    """Who answers. There is no date of a build: an installation has none."""
    return {
        "name": "Tactline",
        "version": version,
        "buildDate": "",
        "apiVersion": API_VERSION,
        "premium": False,
        "status": "",
    }


def found_out(document: Document, check: Check) -> Spoken:
    """The language that the text is in, `languages.NONE` when it is not one of ours.

    Text without a letter is in no language: it counts as the usual one.
    """
    own = "".join(document.text[s.span.start : s.span.end] for s in document.judged())
    language = detect(own)
    if language != "und":
        return languages.variant(language, check.variants)
    if any(map(str.isalpha, own)):
        return languages.NONE
    return languages.variant(next(iter(_preferred(check)), "en"), check.variants)


def _preferred(check: Check) -> list[Language]:
    spoken = (languages.spoken(code) for code in check.variants)
    return [one.language for one in spoken if one is not None and one.language is not None]


def asked(check: Check, document: Document, language: Spoken, now: dt.datetime) -> Request:
    """The check as the engine's words. `now` is aware."""
    message = Message("outgoing", document)
    return Request(message=message, now=now, hours=default_hours("UTC"), language=language.language)


def read(check: Check) -> Document:
    return read_text(check.text.text)


def explained_in(check: Check, accepted: Language | None, language: Spoken) -> Language:
    """The language of messages: the user's own where it is told, else the text's, else English."""
    mother = languages.spoken(check.explain)
    if mother is not None and mother.language is not None:
        return mother.language
    return accepted or language.language or "en"


def answer(
    check: Check,
    review: Review | None,
    language: Spoken,
    detected: Spoken,
    guidance: Guidance,
    explain: Language,
    base: str,
    version: str,
) -> dict[str, Any]:
    """The answer to a check; `review` is None for a text that was not to be checked at all."""
    out: dict[str, Any] = {} if check.compact else {"software": software(version)}
    reasons = []
    if review is not None:
        codes = [_INCOMPLETE[note.code] for note in review.notes if note.code in _INCOMPLETE]
        reasons = [strings.say(explain, f"note.{code}") for code in codes]
    if reasons:
        out["warnings"] = {"incompleteResults": True, "incompleteResultsReason": " ".join(reasons)}
    elif not check.compact:
        out["warnings"] = {"incompleteResults": False}
    out["language"] = {
        "name": language.name,
        "code": language.code,
        "detectedLanguage": {
            "name": detected.name,
            "code": detected.code,
            # The detector decides, it does not weigh.
            "confidence": 0.0 if detected is languages.NONE else 1.0,
            "source": "tactline",
        },
    }
    ranges: list[tuple[int, int]] = []
    out["matches"] = []
    if review is not None:
        matches = Matches(review, check.text, guidance, explain, base)
        out["matches"] = matches.all(check.chosen, compact=check.compact)
        ranges = matches.ranges()
    if language is languages.NONE:
        end = len(check.text.whole.encode("utf-16-le")) // 2
        out["ignoreRanges"] = [{"from": 0, "to": end, "language": {"code": detected.code}}]
    out["sentenceRanges"] = [list(pair) for pair in ranges]
    rate = {"language": language.code[:2], "rate": 1.0}
    out["extendedSentenceRanges"] = [
        {"from": start, "to": end, "detectedLanguages": [rate]} for start, end in ranges
    ]
    return out
