"""Reviews read again from what `tactline review` and `POST /v1/reviews:batch` wrote.

Taken from each: its day, language, score and the ids of guidelines. Who wrote to whom does not stand in a
review; the file's name, which may tell, is not read.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import TactlineError
from app.tone.types import DIMENSIONS, Band, Direction

_LISTS = ("findings", "missing")


class NotReviewsError(TactlineError):
    """The file's row of this number (from 1) is no review."""

    def __init__(self, number: int) -> None:
        super().__init__(f"row {number} is not a review")
        self.number = number


class PackageMissingError(TactlineError):
    """Parquet needs a package that is not installed."""


@dataclass(frozen=True)
class Row:
    """One review of an outgoing mail. `day` is as the mail itself dates it, in its own time zone."""

    id: str | None
    day: dt.date | None
    language: str
    score: float  # 0-100
    band: Band
    dimensions: dict[str, float]  # 0-100
    flagged: frozenset[str]
    missing: frozenset[str]


class _Named(BaseModel):
    guideline: str


class _Element(_Named):
    status: str


class _Review(BaseModel):
    """A review in any of the forms we write; what else it holds is not looked at."""

    model_config = ConfigDict(extra="ignore")

    direction: Direction
    language: Literal["en", "fr", "ar", "tr", "und"]
    id: str | None = None
    date: dt.datetime | None = None
    score: float | None = Field(default=None, ge=0, le=100)
    band: Band | None = None
    dimensions: dict[str, float] | None = None
    calm: float | None = None
    empathy: float | None = None
    ownership: float | None = None
    candour: float | None = None
    follow_through: float | None = None
    findings: list[str | _Named] = []
    elements: list[_Element] = []
    missing: list[str] = []

    def row(self) -> Row | None:
        if self.direction != "outgoing" or self.score is None or self.band is None:
            return None
        dimensions = self.dimensions or {
            name: value for name in DIMENSIONS if (value := getattr(self, name)) is not None
        }
        missing = [*self.missing, *(item.guideline for item in self.elements if item.status == "missing")]
        flagged = [item if isinstance(item, str) else item.guideline for item in self.findings]
        return Row(
            id=self.id,
            day=self.date.date() if self.date else None,
            language=self.language,
            score=self.score,
            band=self.band,
            dimensions=dimensions,
            flagged=frozenset(flagged),
            missing=frozenset(missing),
        )


def read(path: Path) -> Iterator[Row]:
    """The outgoing mails of a file by its suffix: .csv, .parquet, else lines of JSON.

    What could not be reviewed, and what clients wrote, is passed over.
    Raises NotReviewsError, PackageMissingError, OSError.
    """
    readers = {".csv": _csv, ".parquet": _parquet}
    for number, content in enumerate(readers.get(path.suffix.lower(), _json)(path), start=1):
        try:
            if not isinstance(content, dict):
                raise NotReviewsError(number)
            if content.get("error") is not None or "problem" in content:
                continue
            row = _Review.model_validate(content.get("review", content)).row()
        except ValidationError:
            raise NotReviewsError(number) from None
        if row is not None:
            yield row


def _json(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8", errors="surrogateescape") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                raise NotReviewsError(number) from None


def _csv(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = csv.DictReader(file)
        try:
            for row in rows:
                said: dict[str, Any] = {name: value for name, value in row.items() if value}
                for name in _LISTS:
                    said[name] = said[name].split(";") if name in said else []
                yield said
        except csv.Error:
            raise NotReviewsError(rows.line_num) from None


def _parquet(path: Path) -> Iterator[Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise PackageMissingError("pyarrow") from None
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches():
                for row in batch.to_pylist():
                    yield {name: value for name, value in row.items() if value is not None}
    except pyarrow.ArrowException:
        raise NotReviewsError(1) from None
