"""Reviews as rows: figures and ids alone, no word of a mail. CSV, Parquet, or lines of JSON as they are."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from app.api.answers import ReviewOut
from app.cli.files import replacing
from app.tone.types import DIMENSIONS

CSV, PARQUET = ".csv", ".parquet"
_LISTS = ("situations", "findings", "missing", "holds")
_TEXTS = (
    "file",
    "id",
    "date",
    "language",
    "direction",
    "band",
    "situation",
    "temperature",
    "reply_channel",
    "error",
)
_NUMBERS = ("score", "politeness", *DIMENSIONS)
_COUNTS = ("hints", "warnings", "errors")
COLUMNS = (
    "file", "id", "date", "language", "direction", "score", "band", *DIMENSIONS, "politeness", "situation",
    "situations", "temperature", "reply_channel", *_COUNTS, "findings", "missing", "holds", "error",
)  # fmt: skip
"""`findings`, `missing`, `situations` are lists of ids, `holds` of kinds; `date` is ISO 8601, with offset;
`id` is the review's, the same for the same mail reviewed in the same way."""
_GROUP = 1_000


def flat(name: str, date: str | None, answer: ReviewOut) -> dict[str, Any]:
    """The row of one review."""
    severities = [finding.severity for finding in answer.findings]
    dimensions = answer.dimensions.model_dump() if answer.dimensions else {}
    return {
        "file": name, "id": answer.id, "date": date, "language": answer.language,
        "direction": answer.direction, "score": answer.score, "band": answer.band, **dimensions,
        "politeness": answer.politeness, "situation": answer.situation, "situations": answer.situations,
        "temperature": answer.temperature, "reply_channel": answer.reply_channel,
        "hints": severities.count("hint"), "warnings": severities.count("warning"),
        "errors": severities.count("error"),
        "findings": [finding.guideline for finding in answer.findings],
        "missing": [item.guideline for item in answer.elements if item.status == "missing"],
        "holds": [hold.kind for hold in answer.holds],
    }  # fmt: skip


def write(rows: Iterator[dict[str, Any]], out: Path, suffix: str) -> None:
    """Make the file, whole or not at all. Raises OSError."""
    writers = {CSV: _csv, PARQUET: _parquet}
    with replacing(out) as aside:
        writers.get(suffix, _jsonl)(rows, aside)


def _jsonl(rows: Iterator[dict[str, Any]], path: Path) -> None:
    with path.open("w", encoding="ascii") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def _csv(rows: Iterator[dict[str, Any]], path: Path) -> None:
    # A file's name may hold bytes that are no text: they come back as they were.
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for row in rows:
            lists = {name: ";".join(row[name]) for name in _LISTS if name in row}
            writer.writerow({**row, **lists})


def _parquet(rows: Iterator[dict[str, Any]], path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    kinds: dict[str, Any] = dict.fromkeys(_TEXTS, pyarrow.string())
    kinds |= dict.fromkeys(_NUMBERS, pyarrow.float64()) | dict.fromkeys(_COUNTS, pyarrow.int32())
    kinds |= dict.fromkeys(_LISTS, pyarrow.list_(pyarrow.string()))
    schema = pyarrow.schema([(name, kinds[name]) for name in COLUMNS])
    with parquet.ParquetWriter(path, schema) as writer:
        while group := list(islice(rows, _GROUP)):
            named = [{**row, "file": row["file"].encode("utf-8", "replace").decode()} for row in group]
            writer.write_table(pyarrow.Table.from_pylist(named, schema=schema))
