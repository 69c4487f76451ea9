"""What an organisation adds to the guidance and changes in it while the service runs: data, as in folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from app.errors import GuidanceError
from app.guidance.schema import (
    ADJUST,
    Guidance,
    Guideline,
    GuidelineHead,
    GuidelineWords,
    Id,
    Line,
    _Model,
    check_sources,
    incomplete,
    load,
    parse,
    read_toml,
)
from app.tone.types import Language, Severity

MOST_RULES = 60
"""Rules of one guideline in one language; and as many moves and inserts."""
MOST_EXAMPLES = 200
"""Sentences of each kind that one guideline learns from in one language."""


class GuidelineData(_Model):
    """A guideline as its folder has it: `guideline.toml`, and a file for each language."""

    guideline: GuidelineHead
    words: Annotated[Mapping[Language, GuidelineWords], Field(min_length=1)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if complaint := incomplete(self.guideline, self.words):
            raise ValueError(complaint)
        for words in self.words.values():
            if max(len(words.rules), len(words.moves), len(words.inserts)) > MOST_RULES:
                raise ValueError("too many rules, moves or inserts")
            if max(len(words.examples.positive), len(words.examples.near_miss)) > MOST_EXAMPLES:
                raise ValueError("too many examples")
        return self


class WordsChange(_Model):
    """Other words for a guideline in one language; what is left out stays."""

    title: Line | None = None
    advice: Line | None = None
    todo: Line | None = None
    reasons: Mapping[Id, Line] = Field(default_factory=dict)


class Adjustment(_Model):
    """What an organisation changes in a guideline; what is left out stays as it is."""

    muted: bool = Field(default=False, strict=True)
    weight: float | None = Field(default=None, gt=0, le=1)
    severity: Severity | None = None
    words: Mapping[Language, WordsChange] = Field(default_factory=dict)


class Entry(_Model):
    """What the store holds for an id: a guideline of the house's own, a change, or both."""

    data: GuidelineData | None = None
    adjust: Adjustment = Field(default_factory=Adjustment)


@dataclass(frozen=True)
class Applied:
    """The guidance in force; `broken` are ids of entries that no longer fit and were left out."""

    guidance: Guidance
    broken: tuple[str, ...] = ()


def load_all(house: Path | None = None) -> Guidance:
    """The built-in guidance with what a folder adds to it, and changes in it: a folder that is named as a
    built-in guideline and holds `adjust.toml` alone does as `Adjustment` says. Raises GuidanceError."""
    guidance = load(house)
    folders = sorted(house.iterdir()) if house is not None else []
    for folder in folders:
        if (folder / ADJUST).is_file():
            if [path.name for path in folder.glob("*.toml")] != [ADJUST]:
                raise GuidanceError(f"{folder.name}: {ADJUST} stands alone in its folder")
            where = f"{folder.name}/{ADJUST}"
            change = parse(Adjustment, read_toml(folder / ADJUST), where)
            if (known := guidance.guidelines.get(folder.name)) is None:
                raise GuidanceError(f"{where}: there is no such guideline to change")
            if unknown := unknown_words(known, change):
                raise GuidanceError(f"{where}: {unknown[0]}: is not in the guideline")
            guidance = with_entry(guidance, folder.name, Entry(adjust=change))
    return guidance


def unknown_words(guideline: Guideline, change: Adjustment) -> list[str]:
    """Languages and reasons of a change that the guideline does not have, as paths: `words/en/reasons/x`."""
    out = []
    for code, words in change.words.items():
        known = guideline.words.get(code)
        if known is None:
            out.append(f"words/{code}")
        else:
            out += [f"words/{code}/reasons/{key}" for key in words.reasons if key not in known.reasons]
    return out


def made(identity: str, data: GuidelineData) -> Guideline:
    return Guideline(identity, data.guideline, data.words, house=True)


def adjusted(guideline: Guideline, change: Adjustment) -> Guideline:
    """The guideline as the organisation wants it. Words of languages that it does not have are left out."""
    if change == Adjustment():
        return guideline
    head = guideline.head.model_copy(
        update={
            name: value
            for name, value in (("weight", change.weight), ("severity", change.severity))
            if value is not None
        }
    )
    words = dict(guideline.words)
    for language, other in change.words.items():
        if language in words:
            old = words[language]
            new = {k: v for k, v in other.model_dump(exclude={"reasons"}).items() if v is not None}
            known = {key: text for key, text in other.reasons.items() if key in old.reasons}
            words[language] = old.model_copy(update={**new, "reasons": {**old.reasons, **known}})
    muted = guideline.muted or change.muted  # what a folder mutes is muted
    return replace(guideline, head=head, words=words, muted=muted, adjusted=True)


def without(guidance: Guidance, muted: frozenset[str]) -> Guidance:
    """The same guidance but for these guidelines, for a review that does not judge by them."""
    left = {name: known for name, known in guidance.guidelines.items() if name not in muted}
    return replace(guidance, guidelines=left) if len(left) < len(guidance.guidelines) else guidance


def applied(base: Guidance, entries: Mapping[str, Mapping[str, Any]]) -> Applied:
    """The guidance of this version and its folders, with what the store holds.

    An entry that cannot be read, cites what no article has, or would take a built-in guideline's id is left
    out: it was right in another version.
    """
    guidance, broken = base, []
    for identity, content in entries.items():
        try:
            guidance = with_entry(guidance, identity, Entry.model_validate(content))
        except (ValidationError, GuidanceError):
            broken.append(identity)
    return Applied(guidance, tuple(broken))


def with_entry(guidance: Guidance, identity: str, entry: Entry) -> Guidance:
    """The guidance with one entry. Raises GuidanceError."""
    known = guidance.guidelines.get(identity)
    if entry.data is not None:
        if known is not None and not known.house:
            raise GuidanceError(f"{identity}: a guideline of this id is built in")
        known = made(identity, entry.data)
    if known is None:
        raise GuidanceError(f"{identity}: there is no such guideline to change")
    changed = {**guidance.guidelines, identity: adjusted(known, entry.adjust)}
    out = replace(guidance, guidelines=changed)
    check_sources(out)
    return out
