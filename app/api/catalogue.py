"""The catalogue of guidelines, as GET /v1/guidelines answers it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from app.api.answers import sources
from app.api.schemas import SourceRef
from app.guidance.schema import Guidance
from app.tone.types import Dimension, Language, Severity


class Words(BaseModel):
    title: str
    advice: str


class GuidelineOut(BaseModel):
    """One guideline; `title` and `advice` in the asked-for language, `languages` in all it has."""

    id: str
    kind: Literal["avoid", "include"]
    dimension: Dimension
    severity: Severity
    called_for_by: list[str] = Field(description="Situations that call for it (kind `include`).")
    house: bool = Field(description="Added by this organisation.")
    muted: bool = Field(description="Judged no more: this organisation wants it so.")
    adjusted: bool = Field(
        description="Changed by this organisation, in weight, severity or words, or muted."
    )
    title: str
    advice: str
    languages: dict[Language, Words]
    sources: list[SourceRef]
    url: str = Field(description="Address of its readable page.")


class Catalogue(BaseModel):
    language: Language
    guidelines: list[GuidelineOut]
    broken: list[str] = Field(
        description="Ids of guidelines or changes of this organisation that this version cannot use."
    )


def catalogue(guidance: Guidance, language: Language, broken: Sequence[str] = ()) -> Catalogue:
    """All guidelines: those to avoid by id, then the acts in the order in which a mail performs them."""
    return Catalogue(
        language=language,
        broken=list(broken),
        guidelines=[
            GuidelineOut(
                id=g.id,
                kind=g.head.kind,
                dimension=g.head.dimension,
                severity=g.head.severity,
                called_for_by=list(g.head.called_for_by),
                house=g.house,
                muted=g.muted,
                adjusted=g.adjusted,
                title=g.wording(language).title,
                advice=g.wording(language).advice,
                languages={code: Words(title=w.title, advice=w.advice) for code, w in g.words.items()},
                sources=sources(guidance, g.head.sources, language),
                url=f"/guidelines/{g.id}",
            )
            for g in (*guidance.avoid, *guidance.include)
        ],
    )
