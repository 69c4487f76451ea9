"""Language codes as LanguageTool has them: a language, perhaps with a region."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from app.tone.types import LANGUAGES, Language

NAMES: dict[str, str] = {
    "ar": "Arabic",
    "en": "English",
    "en-AU": "English (Australian)",
    "en-CA": "English (Canadian)",
    "en-GB": "English (GB)",
    "en-IE": "English (Ireland)",
    "en-IN": "English (India)",
    "en-NZ": "English (New Zealand)",
    "en-US": "English (US)",
    "en-ZA": "English (South African)",
    "fr": "French",
    "fr-BE": "French (Belgium)",
    "fr-CA": "French (Canada)",
    "fr-CH": "French (Switzerland)",
    "tr": "Turkish",
}
"""What clients may choose from. Other regions of these languages are understood too."""
_USUAL = {"en": "en-US"}
_CODE = re.compile(r"([a-z]{2})(?:[-_]([a-z]{2}|[0-9]{3}))?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Spoken:
    """A language as answers name it. `language` is None for one without guidance."""

    code: str
    name: str
    language: Language | None


NONE = Spoken("zz", "NoopLanguage", None)
"""What LanguageTool answers for a text in a language that it does not check."""


def spoken(code: str) -> Spoken | None:
    """The language of a code, None when it is not one of ours."""
    match = _CODE.fullmatch(code.strip())
    if match is None:
        return None
    for language in LANGUAGES:
        if match[1].lower() == language:
            region = (match[2] or "").upper()
            full = f"{language}-{region}" if region else language
            return Spoken(full, NAMES.get(full) or f"{NAMES[language]} ({region})", language)
    return None


def variant(language: Language, preferred: Iterable[str] = ()) -> Spoken:
    """A language that was found out, in the variant that the user prefers, else the usual one."""
    choices = (spoken(code) for code in (*preferred, _USUAL.get(language, language)))
    return next(choice for choice in choices if choice is not None and choice.language == language)


def listed() -> list[dict[str, str]]:
    """The answer of /v2/languages, by name."""
    return [
        {"name": name, "code": code[:2], "longCode": code}
        for code, name in sorted(NAMES.items(), key=lambda item: item[1])
    ]
