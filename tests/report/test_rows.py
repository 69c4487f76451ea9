"""Reviews are read again from every form that we write them in."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.answers import ReviewOut
from app.cli.tables import CSV, PARQUET, flat, write
from app.report.rows import NotReviewsError, Row, read
from tests.conftest import Client

MAILS = (
    "As I already told you, you never read our mails. We will send the plan soon.",
    "Bonjour, le plan est joint. Nous vous appelons mardi à 10 h.",
    "Merhaba, plan ektedir.",
)


@pytest.fixture(scope="module")
def reviews(client: Client) -> list[dict[str, Any]]:
    answers = [
        client.review({"direction": "outgoing", "text": text}, now="2026-03-10T09:00:00+01:00").json()
        for text in MAILS
    ]
    incoming = client.review({"direction": "incoming", "text": MAILS[0]}).json()
    return [*answers, incoming]


def lines(path: Path, *items: object) -> Path:
    path.write_text("".join(json.dumps(item) + "\n" for item in items), "utf-8")
    return path


def comparable(rows: list[Row]) -> list[tuple[object, ...]]:
    return [
        (row.id, row.day, row.language, row.score, row.band, row.dimensions, row.flagged, row.missing)
        for row in rows
    ]


def test_all_forms_say_the_same(reviews: list[dict[str, Any]], tmp_path: Path) -> None:
    date = "2026-03-09T23:30:00-05:00"
    # What `--json` and `--out x.jsonl` write, and what the batch endpoint answers.
    whole = lines(tmp_path / "a.jsonl", *({"file": "x", "date": date, **review} for review in reviews))
    answered = [{"line": number, "review": review} for number, review in enumerate(reviews)]
    batch = lines(tmp_path / "b.ndjson", *answered, {"line": 9, "problem": {"status": 422}})
    found = list(read(whole))
    assert len(found) == len(MAILS)
    assert found[0].day is not None
    assert found[0].day.isoformat() == "2026-03-09"
    assert "blaming-the-client" in found[0].flagged
    assert found[0].missing
    assert [row.language for row in found] == ["en", "fr", "tr"]
    undated = [(each[0], *each[2:]) for each in comparable(found)]
    assert undated == [(each[0], *each[2:]) for each in comparable(list(read(batch)))]
    for suffix in (CSV, PARQUET):
        path = tmp_path / f"c{suffix}"
        rows = [flat("x", date, ReviewOut.model_validate(review)) for review in reviews]
        write(iter([*rows, {"file": "y", "error": "not a mail"}]), path, suffix)
        assert comparable(list(read(path))) == comparable(found)


@pytest.mark.parametrize(
    "line",
    [
        "7", "[]", "{", "", "null", '{"file": "x"}', '{"direction": "outgoing", "language": "xx"}',
        '{"direction": "outgoing", "language": "en", "score": 101, "band": "good"}',
        '{"direction": "outgoing", "language": "en", "score": 1, "band": "fine"}',
        '{"direction": "outgoing", "language": "en", "findings": [7]}', "[" * 100_000,
        '{"direction": "outgoing", "language": "en", "score": 5, "band": "poor", "date": "yesterday"}',
    ],
)  # fmt: skip
def test_what_is_no_review_is_told_by_its_row(
    line: str, tmp_path: Path, reviews: list[dict[str, Any]]
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(f"{json.dumps(reviews[0])}\n{line}\n", "utf-8")
    with pytest.raises(NotReviewsError) as caught:
        list(read(path))
    assert caught.value.number == 2
    assert "yesterday" not in str(caught.value)


@given(content=st.binary(max_size=300), suffix=st.sampled_from([".jsonl", ".csv", ".parquet"]))
def test_anything_is_reviews_or_told(
    content: bytes, suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / f"x{suffix}"
    path.write_bytes(content)
    with suppress(NotReviewsError):
        assert all(isinstance(row, Row) for row in read(path))
