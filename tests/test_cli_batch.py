"""`tactline review --out`: many mails into one file, by several processes, whatever breaks it off."""

from __future__ import annotations

import csv
import json
import mailbox
import os
import signal
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from app.cli.tables import COLUMNS
from tests.acceptance.workers import ROOT

COUNT = 40


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mailbox in which every third mail blames its client."""
    path = tmp_path_factory.mktemp("mails") / "sent.mbox"
    box = mailbox.mbox(path)
    for number in range(COUNT):
        mail = EmailMessage()
        mail["From"], mail["To"] = "Tom <tom@example.com>", "Anna Quill <anna@example.com>"
        mail["Subject"], mail["Message-ID"] = f"Zebra {number}", f"<{number}@example.com>"
        mail["Date"] = f"Tue, {1 + number % 28:02} Mar 2026 09:00:00 +0100"
        blame = "As I already told you, the plan is late." if number % 3 == 0 else "The plan is attached."
        mail.set_content(f"Hello Anna,\n\n{blame} We will call you on Friday ({number}).\n\nTom\n")
        box.add(mail)
    box.close()
    return path


def command(*words: str | Path, wait: bool = True) -> subprocess.Popen[str]:
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", "from app.cli import main; main()", "review", *map(str, words)], cwd=ROOT,
        env={**os.environ, "LC_ALL": "C"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    if wait:
        out, err = process.communicate(timeout=300)
        process.said = out + err  # type: ignore[attr-defined]
    return process


def said(process: subprocess.Popen[str]) -> str:
    found: str = process.said  # type: ignore[attr-defined]
    return found


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_everything_in_lines_of_json_in_order(mails: Path, tmp_path: Path) -> None:
    out = tmp_path / "reviews.jsonl"
    done = command(mails, "--out", out, "--jobs", "2", "--explain-in", "en", "--time-zone", "Europe/Paris")
    assert done.returncode == 0, said(done)
    found = rows(out)
    assert [row["file"] for row in found] == [f"{mails}#{n}" for n in range(1, COUNT + 1)]
    assert not out.with_name("reviews.jsonl.part").exists()
    alone = command(mails, "--json", "--explain-in", "en", "--now", "2026-03-01T09:00:00+01:00")
    same = [json.loads(line) for line in said(alone).splitlines()]
    for row, one in zip(found, same, strict=True):
        assert row["date"] == one["date"]
        assert row["score"] == one["score"]
        assert row["findings"] == one["findings"]
    # Each mail's own day is the one from which Friday counts.
    assert found[0]["commitments"][0]["date"] == "2026-03-06"
    assert found[9]["commitments"][0]["date"] == "2026-03-13"


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_figures_alone_in_rows(mails: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"reviews.{suffix}"
    done = command(mails, "--out", out, "--jobs", "1")
    assert done.returncode == 0, said(done)
    if suffix == "parquet":
        table = parquet.read_table(out)
        assert tuple(table.column_names) == COLUMNS
        found = table.to_pylist()
        flagged = [row["findings"] for row in found]
        assert isinstance(found[0]["score"], float)
    else:
        with out.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            assert tuple(reader.fieldnames or ()) == COLUMNS
            found = list(reader)
        flagged = [row["findings"].split(";") for row in found]
    assert len(found) == COUNT
    assert ["blaming-the-client" in row for row in flagged] == [n % 3 == 0 for n in range(COUNT)]
    content = out.read_bytes()
    for word in (b"Zebra", b"Quill", b"told you", b"tom@example"):
        assert word not in content


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_broken_off_it_goes_on_where_it_was(mails: Path, tmp_path: Path, how: signal.Signals) -> None:
    out, part = tmp_path / "reviews.jsonl", tmp_path / "reviews.jsonl.part"
    words = (mails, "--out", out, "--jobs", "1", "--explain-in", "en")
    first = command(*words, wait=False)
    deadline = time.monotonic() + 120
    while not part.exists() or len(part.read_bytes().splitlines()) < 6:
        assert time.monotonic() < deadline
        assert first.poll() is None
        time.sleep(0.02)
    os.killpg(first.pid, how)
    first.communicate(timeout=60)
    assert not out.exists()
    done = part.read_bytes()
    if how == signal.SIGKILL:  # as if it had come in the middle of a line
        part.write_bytes(done + b'{"key": "00')
    second = command(*words)
    assert second.returncode == 0, said(second)
    assert "Going on where it was broken off" in said(second)
    assert [row["file"] for row in rows(out)] == [f"{mails}#{n}" for n in range(1, COUNT + 1)]


def test_with_other_options_it_begins_anew(tmp_path: Path) -> None:
    out, part = tmp_path / "reviews.jsonl", tmp_path / "reviews.jsonl.part"
    part.write_text(json.dumps({"options": "other"}) + "\n")
    one = tmp_path / "draft.txt"
    one.write_text("Hello Anna,\n\nAs I already told you, the plan is late.\n")
    done = command(one, "--out", out, "--jobs", "1")
    assert done.returncode == 0, said(done)
    assert "beginning anew" in said(done)
    assert len(rows(out)) == 1


def test_what_cannot_be_read_is_a_row_with_an_error(tmp_path: Path) -> None:
    good, bad = tmp_path / "a.txt", tmp_path / "b.txt"
    good.write_text("Hello Anna,\n\nThe plan is attached.\n")
    bad.write_bytes(b"\xff\xfe\x00zebra")
    out = tmp_path / "reviews.csv"
    done = command(good, bad, tmp_path / "none.txt", "--out", out, "--jobs", "1")
    assert done.returncode == 2
    with out.open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert [bool(row["error"]) for row in found] == [False, True]
    assert "none.txt" in said(done)
    assert b"zebra" not in out.read_bytes()


@pytest.mark.parametrize("name", ["reviews.txt", "reviews"])
def test_other_names_are_refused(mails: Path, tmp_path: Path, name: str) -> None:
    done = command(mails, "--out", tmp_path / name)
    assert done.returncode == 2
    assert ".parquet" in said(done)


def test_a_place_that_cannot_be_written_is_named(mails: Path, tmp_path: Path) -> None:
    done = command(mails, "--out", tmp_path / "no" / "reviews.csv")
    assert done.returncode == 2
    assert "cannot be written" in said(done)
