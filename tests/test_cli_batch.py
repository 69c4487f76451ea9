"""`tactline review --out`: many mails into one file, by several processes, whatever breaks it off."""

from __future__ import annotations

import csv
import json
import mailbox
import os
import signal
import subprocess
import sys
import tempfile
import time
import tracemalloc
from contextlib import ExitStack
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from app.cli import batch, reviewing
from app.cli.batch import Journal
from app.cli.inputs import items
from app.cli.tables import COLUMNS
from app.tone.review import Engine, Request
from app.tone.types import Review
from tests.acceptance.workers import ROOT

COUNT = 40
# As in a terminal: what a shell starts in the background is to ignore Ctrl-C, and so would this be.
CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
PROGRAM = f"{CTRL_C}; from app.cli import main; main()"
POOR = (
    "Dana, THIS IS YOUR FAULT. You never read my mails and you sent the wrong photos. Stop whining about it. "
    "I have wasted nine evenings on your mess. Pay today or I will delete everything!!!\n"
)


class Faulty:
    """An engine whose error quotes the mail."""

    guidance: Any = None

    def review(self, request: Request) -> Review:
        raise RuntimeError(request.message.document.text)


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
        [sys.executable, "-c", PROGRAM, "review", *map(str, words)], cwd=ROOT,
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


def wait_for_rows(journal: Path, count: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not journal.exists() or len(journal.read_bytes().splitlines()) <= count:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)


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
    wait_for_rows(part, 5, first)
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


def test_no_process_outlives_the_one_that_was_killed(mails: Path, tmp_path: Path) -> None:
    out, part = tmp_path / "reviews.jsonl", tmp_path / "reviews.jsonl.part"
    first = command(mails, "--out", out, "--jobs", "2", wait=False)
    wait_for_rows(part, 3, first)
    first.kill()
    # They hold the other ends of its standard output: it ends when the last of them has.
    first.communicate(timeout=30)


def test_what_changed_meanwhile_is_done_anew_and_what_is_gone_is_left_out(tmp_path: Path) -> None:
    folder, out = tmp_path / "mails", tmp_path / "reviews.jsonl"
    folder.mkdir()

    def mail(name: str, text: str) -> None:
        (folder / f"{name}.eml").write_text(
            f"From: tom@example.com\nSubject: Plan\n\nHello Anna,\n\n{text}\n"
        )

    for name in "bcde":
        mail(name, f"The plan is attached ({name}).")
    out.mkdir()  # all is reviewed, and then the file cannot be made
    assert command(folder, "--out", out, "--jobs", "1").returncode == 2
    out.rmdir()
    mail("a", "The plan is attached (a).")
    mail("c", "As I already told you, the plan is late.")
    (folder / "d.eml").unlink()
    done = command(folder, "--out", out, "--jobs", "1")
    assert done.returncode == 0, said(done)
    assert "4 are done" in said(done)
    assert [Path(row["file"]).stem for row in rows(out)] == ["a", "b", "c", "e"]
    assert [bool(row["findings"]) for row in rows(out)] == [False, False, True, False]


KEYS = st.lists(st.integers(0, 5).map(lambda n: bytes([n]) * 16), max_size=8)


@given(KEYS, KEYS, st.integers(0, 10_000))
def test_the_journal_gives_back_a_row_a_mail_in_order_wherever_it_was_cut(
    earlier: list[bytes], later: list[bytes], cut: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "out.jsonl.part")

        def run(keys: list[bytes]) -> list[str]:
            with Journal(path, "options", "en") as journal:
                todo = [(place, key) for key in keys if (place := journal.place(key)) is not None]
                for place, key in todo:
                    journal.add(place, key, {"file": key.hex()})
                return [row["file"] for row in journal.rows()]

        assert run(earlier) == [key.hex() for key in earlier]
        os.truncate(path, min(cut, path.stat().st_size))
        assert run(later) == [key.hex() for key in later]


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


def test_a_poor_mail_is_status_1(tmp_path: Path) -> None:
    draft = tmp_path / "draft.txt"
    draft.write_text(POOR)
    done = command(draft, "--out", tmp_path / "reviews.csv", "--jobs", "1")
    assert done.returncode == 1, said(done)


def test_a_fault_at_one_mail_is_a_row_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    options = reviewing.choose(None, "Europe/Paris", "en", "utf-16", "en")
    wanted = batch.Wanted(options, "outgoing", None)
    monkeypatch.setattr(
        batch, "_process", batch._Process(cast(Engine, Faulty()), wanted, ".csv", "en"), raising=False
    )
    row = batch._one(batch.Task("a.txt", b"The zebra is late.", mail=False))
    assert row.keys() == {"file", "error"}
    assert "a.txt" in row["error"]
    assert "RuntimeError" in row["error"]
    assert "zebra" not in row["error"]


def test_a_mailbox_is_read_one_mail_at_a_time(tmp_path: Path) -> None:
    """Twenty thousand mails, 80 MiB, and what is kept of them while they are given out."""
    path = tmp_path / "all.mbox"
    with path.open("wb") as file:
        for number in range(20_000):
            head = b"From tom Tue Mar 10 09:00:00 2026\nSubject: %d\nFrom: tom@example.com\n\n" % number
            file.write(head + b"The plan is attached.\n" * 190 + b"\n")
    assert path.stat().st_size > 80_000_000
    tracemalloc.start()
    try:
        with ExitStack() as opened, Journal(tmp_path / "part", "options", "en") as journal:
            for item in items(str(path), "en", opened):
                task, key = batch._task(item)
                assert isinstance(task, batch.Task)
                place = journal.place(key)
                assert place is not None
                journal.add(place, key, {"file": item.name})
            assert sum(1 for _ in journal.rows()) == 20_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16_000_000


@pytest.mark.parametrize(
    "words",
    [
        ("--out", "reviews.csv", "--json"), ("--out", "reviews.csv", "--ics", "holds.ics"),
        ("--out", "reviews.csv", "--context", "mail.eml"), ("--jobs", "2"),
    ],
)  # fmt: skip
def test_options_that_do_not_go_together_are_refused(mails: Path, words: tuple[str, ...]) -> None:
    done = command(mails, *words)
    assert done.returncode == 2
    assert "--out" in said(done)


@pytest.mark.parametrize("name", ["reviews.txt", "reviews"])
def test_other_names_are_refused(mails: Path, tmp_path: Path, name: str) -> None:
    done = command(mails, "--out", tmp_path / name)
    assert done.returncode == 2
    assert ".parquet" in said(done)


def test_a_place_that_cannot_be_written_is_named(mails: Path, tmp_path: Path) -> None:
    done = command(mails, "--out", tmp_path / "no" / "reviews.csv")
    assert done.returncode == 2
    assert "cannot be written" in said(done)
