"""Guidelines as LanguageTool's rules: how they are called, and what is told of them."""

from __future__ import annotations

from typing import Any

from app import strings
from app.guidance.schema import Guidance, Guideline
from app.tone.types import Dimension, Language


def rule_id(guideline: str) -> str:
    return guideline.upper().replace("-", "_")


def category_id(dimension: Dimension) -> str:
    return dimension.upper()


def text_level(guideline: Guideline) -> bool:
    """Whether it is the mail as a whole that breaks it: what a mail lacks stands in no sentence."""
    return guideline.head.kind == "include"


def rule(guideline: Guideline, language: Language, base: str) -> dict[str, Any]:
    """The `rule` of a match, in words of `language`; `base` is the address that pages stand under."""
    return {
        "id": rule_id(guideline.id),
        "description": guideline.wording(language).title,
        "issueType": "style",
        "urls": [{"value": f"{base}/guidelines/{guideline.id}?lang={language}"}],
        "category": {
            "id": category_id(guideline.head.dimension),
            "name": strings.say(language, f"word.dimension.{guideline.head.dimension}"),
        },
        "isPremium": False,
        **({"tags": ["picky"]} if text_level(guideline) else {}),
    }


def catalogue(guidance: Guidance, language: Language) -> list[dict[str, str]]:
    """The rules of /v2/configinfo, in the order of the guidelines."""
    found = []
    for guideline in guidance.guidelines.values():
        entry = {"ruleId": rule_id(guideline.id), "description": guideline.wording(language).title}
        if text_level(guideline):
            entry["isDefaultOff"] = "yes"
        dimension = guideline.head.dimension
        entry["categoryId"] = category_id(dimension)
        entry["categoryName"] = strings.say(language, f"word.dimension.{dimension}")
        entry["locQualityIssueType"] = "style"
        if text_level(guideline):
            # -1: the whole text is needed, not a paragraph or so.
            entry |= {"isTextLevelRule": "yes", "minToCheckParagraph": "-1"}
        found.append(entry)
    return found
