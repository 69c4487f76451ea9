"""The fields of a check, as LanguageTool has them, and what they ask for.

Unknown fields are let be: clients send many that mean nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from app.languagetool import annotation, languages
from app.languagetool.annotation import Annotated
from app.languagetool.languages import Spoken
from app.languagetool.refusals import Refused, too_long

_RENAMED = {
    "enabled": "enabledRules",
    "disabled": "disabledRules",
    "preferredvariants": "preferredVariants",
    "autodetect": "language=auto",
}
_MODES: dict[str, Literal["all", "text", "sentence"]] = {
    "all": "all", "textLevelOnly": "text", "allButTextLevelOnly": "sentence",
}  # fmt: skip


T = TypeVar("T")


@dataclass(frozen=True)
class Chosen:
    """Which rules count. Ids of rules and categories are compared in capitals, as `rules` spells them."""

    enabled: frozenset[str] = frozenset()
    disabled: frozenset[str] = frozenset()
    enabled_categories: frozenset[str] = frozenset()
    disabled_categories: frozenset[str] = frozenset()
    only: bool = False
    picky: bool = False
    mode: Literal["all", "text", "sentence"] = "all"

    def has(self, rule: str, category: str, *, text_level: bool) -> bool:
        """Whether a rule counts. Those of the text as a whole are for the picky, or for who names them."""
        if self.mode != "all" and (self.mode == "text") != text_level:
            return False
        named = rule in self.enabled
        if self.only:
            return named or category in self.enabled_categories
        if rule in self.disabled and not named:
            return False
        if category in self.enabled_categories or named:
            return True
        return category not in self.disabled_categories and (self.picky or not text_level)


@dataclass(frozen=True)
class Check:
    """A text to check. `given` is None where the language is to be found out; `explain` is the code of the
    user's mother tongue, "" where it is not told; `unwanted` are languages that are not to be checked."""

    text: Annotated
    given: Spoken | None
    chosen: Chosen
    variants: tuple[str, ...] = ()
    unwanted: frozenset[str] = frozenset()
    explain: str = ""
    compact: bool = False


def read(fields: Mapping[str, str], most: int) -> Check:
    """What the fields ask for, `most` being the longest text in UTF-16 code units.

    Raises Refused.
    """
    for old, new in _RENAMED.items():
        if old in fields:
            raise Refused(400, f"You specified '{old}' but the parameter is now called '{new}'")
    text = _text(fields)
    if len(text.whole) > most or len(text.text) > most or _units(text.whole) > most:
        raise too_long(most)
    auto = fields.get("language", "") == "auto"
    return Check(
        text=text,
        given=None if auto else language(fields),
        chosen=_chosen(fields),
        variants=_variants(fields, auto),
        unwanted=frozenset(code[:2].lower() for code in _list(fields, "noopLanguages")),
        explain=fields.get("motherTongue", ""),
        compact=fields.get("c") == "1",
    )


def language(fields: Mapping[str, str]) -> Spoken:
    """The language that is named. Raises Refused."""
    code = fields.get("language", "")
    if not code.strip():
        raise Refused(
            400, "Missing 'language' parameter, e.g. 'language=en-US', 'language=fr' or 'language=auto'"
        )
    found = languages.spoken(code)
    if found is None:
        known = ", ".join(languages.NAMES)
        raise Refused(
            400, f"'language' is not a language code known here. Supported language codes are: {known}"
        )
    return found


def _text(fields: Mapping[str, str]) -> Annotated:
    if "text" in fields and "data" in fields:
        raise Refused(400, "Set only 'text' or 'data' parameter, not both")
    if "text" in fields:
        return annotation.plain(fields["text"])
    if "data" in fields:
        return annotation.read(fields["data"])
    raise Refused(400, "Missing 'text' or 'data' parameter")


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def _variants(fields: Mapping[str, str], auto: bool) -> tuple[str, ...]:
    variants = tuple(_list(fields, "preferredVariants"))
    if variants and not auto and fields.get("multilingual", "false") == "false":
        raise Refused(400, "You specified 'preferredVariants' but you didn't specify 'language=auto'")
    if not all("-" in variant for variant in variants):
        raise Refused(400, "Invalid format for 'preferredVariants', expected a dash as in 'en-GB'")
    return variants


def _chosen(fields: Mapping[str, str]) -> Chosen:
    only = fields.get("enabledOnly") in ("true", "yes")
    chosen = Chosen(
        enabled=_ids(fields, "enabledRules"),
        disabled=_ids(fields, "disabledRules"),
        enabled_categories=_ids(fields, "enabledCategories"),
        disabled_categories=_ids(fields, "disabledCategories"),
        only=only,
        picky=_one_of(fields, "level", {"default": False, "picky": True}, "default"),
        mode=_one_of(fields, "mode", _MODES, "all"),
    )
    if only and (chosen.disabled or chosen.disabled_categories):
        raise Refused(400, "You cannot specify disabled rules or categories using enabledOnly=true")
    if only and not (chosen.enabled or chosen.enabled_categories):
        raise Refused(400, "You must specify enabled rules or categories when using enabledOnly=true")
    return chosen


def _one_of(fields: Mapping[str, str], name: str, values: Mapping[str, T], usual: str) -> T:
    value = fields.get(name) or usual
    if value not in values:
        raise Refused(400, f"'{name}' must be one of: {', '.join(values)}")
    return values[value]


def _list(fields: Mapping[str, str], name: str) -> Iterable[str]:
    return (part.strip() for part in fields.get(name, "").split(",") if part.strip())


def _ids(fields: Mapping[str, str], name: str) -> frozenset[str]:
    """Ids in whichever spelling: clients that keep lists of rules may have them from a page of ours."""
    return frozenset(part.upper().replace("-", "_") for part in _list(fields, name))
