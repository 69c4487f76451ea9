"""Every sentence that a person reads and that is not guidance, in four languages.

One file a language; a test checks that all four have the same keys with the same
placeholders. `[ui]` belongs to the playground, which fetches it whole.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from app.tone.types import LANGUAGES, Language

ROOT = Path(__file__).parent
RIGHT_TO_LEFT = frozenset({"ar"})
OWN_NAMES: Mapping[Language, str] = {"en": "English", "fr": "Français", "ar": "العربية", "tr": "Türkçe"}
"""Each language as its speakers call it."""


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


@lru_cache(maxsize=len(LANGUAGES))
def words(language: Language) -> Mapping[str, str]:
    """All sentences of one language, keyed by dotted path ("note.too-short")."""
    with (ROOT / f"{language}.toml").open("rb") as file:
        return dict(_flat(tomllib.load(file)))


def say(language: Language, key: str, /, **values: object) -> str:
    """One sentence with its placeholders filled. Raises KeyError for an unknown key."""
    return words(language)[key].format_map(values)


def has(key: str) -> bool:
    return key in words("en")


def interface(language: Language) -> dict[str, str]:
    """The playground's words: `[ui]` without its prefix, `[word]` and `[finding]` with theirs."""
    wanted = ("ui.", "word.", "finding.")
    return {key.removeprefix("ui."): text for key, text in words(language).items() if key.startswith(wanted)}


def direction(language: Language) -> str:
    """ "rtl" or "ltr", as HTML's dir attribute has it."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def negotiate(accept_language: str | None) -> Language | None:
    """The best of our languages for an Accept-Language header (RFC 9110, 12.5.4), None when it names none."""
    best: Language | None = None
    most = 0.0
    for part in (accept_language or "").split(",")[:20]:
        tag, _, parameter = part.partition(";")
        code = tag.strip().lower().split("-")[0]
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter.strip() else 1.0
        except ValueError:
            continue
        if code in LANGUAGES and weight > most:
            best, most = code, weight
    return best
