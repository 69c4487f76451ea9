"""Templates for words that go into a mail: voice, register, captured facts, placeholders.

`{we:we have|I have}` picks by the writer's voice, `{you:vous|tu}` by the mail's register,
`{name}` inserts a captured fact. `[in brackets]` stays: only the writer can fill it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import regex

from app.errors import GuidanceError

_CHOICE = regex.compile(r"\{(we|you):([^|{}]*)\|([^|{}]*)\}")
_GROUP = regex.compile(r"\{([a-z_]+)\}")
_PLACEHOLDER = regex.compile(r"\[[^\[\]\n]{1,60}\]")


@dataclass(frozen=True, slots=True)
class Voice:
    """How the writer speaks: as "we" or "I", with formal or informal address."""

    plural: bool = True
    formal: bool = True


@lru_cache(maxsize=8192)
def _choose(template: str, voice: Voice) -> str:
    def pick(match: regex.Match[str]) -> str:
        first = voice.plural if match[1] == "we" else voice.formal
        return match[2] if first else match[3]

    return _CHOICE.sub(pick, template)


def render(template: str, voice: Voice, facts: Mapping[str, str] | None = None) -> str:
    """The words of a template.

    Raises GuidanceError when the template names a fact that was not captured.
    """

    def fill(match: regex.Match[str]) -> str:
        value = (facts or {}).get(match[1])
        if value is None:
            raise GuidanceError(f"template names {{{match[1]}}}, which nothing captured")
        return value

    return _GROUP.sub(fill, _choose(template, voice))


def facts(template: str) -> list[str]:
    """The names of the captured facts that a template inserts."""
    return _GROUP.findall(_choose(template, Voice()) + _choose(template, Voice(plural=False, formal=False)))


def gaps(template: str) -> int:
    """How many places of a template hold words that are not its own: facts and placeholders."""
    chosen = _choose(template, Voice())
    return len(_GROUP.findall(chosen)) + len(_PLACEHOLDER.findall(chosen))


def has_placeholder(text: str) -> bool:
    """Whether a fact is missing that only the writer can put in."""
    return _PLACEHOLDER.search(text) is not None
