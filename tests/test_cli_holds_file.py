"""`tactline holds --calendar ics`: the user's own file, which is never damaged."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from app.cli import calendars
from app.errors import TactlineError
from app.tone.review import Engine
from tests.cli_bench import CHECK_IN, DUE, HALF, FileBench, plain


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch, engine: Engine, tmp_path: Path) -> None:
    plain(monkeypatch, engine, tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> FileBench:
    return FileBench(tmp_path)


def test_it_is_a_calendar_that_others_can_read(file: FileBench) -> None:
    done = file.run(file.mail())
    assert str(file.file) in done.stderr
    due, _ = file.events()
    assert due.decoded("dtstart") == DUE
    assert (due["status"], due["class"], due["transp"]) == ("TENTATIVE", "PRIVATE", "OPAQUE")
    assert "ATTENDEE" not in due
    assert "Quill" not in file.file.read_text(encoding="utf-8")
    assert [path.name for path in file.folder.glob("*.ics*")] == ["mine.ics"]


def test_the_usual_file_lies_where_the_command_runs(file: FileBench) -> None:
    file.arguments = []
    assert file.run(file.mail()).exit_code == 0
    assert (file.folder / "tactline-holds.ics").exists()


def test_what_is_not_ours_stays_as_it_was(file: FileBench) -> None:
    file.meeting(CHECK_IN, CHECK_IN + HALF)
    file.run(file.mail())
    file.run(file.mail(), "--remove", "--yes")
    [board] = file.events()
    assert (board["uid"], board["x-board-room"]) == ("Board@x", "Green")
    assert board["x-board-room"].params["X-FLOOR"] == "3"
    assert board.decoded("dtstart") == CHECK_IN
    assert str(Calendar.from_ical(file.file.read_bytes())["prodid"]) == "-//Somebody//Else//EN"


def test_a_series_in_it_is_not_taken_for_free_time(file: FileBench) -> None:
    file.meeting(DUE - dt.timedelta(days=30), DUE - dt.timedelta(days=30) + HALF)
    content = file.file.read_text(encoding="utf-8").replace("\nSUMMARY", "\nRRULE:FREQ=DAILY\nSUMMARY")
    file.file.write_text(content, encoding="utf-8")
    assert {row["partial"] for row in file.rows(file.mail())} == {True}


def test_an_entry_that_cannot_be_read_stays_and_is_not_taken_for_free_time(file: FileBench) -> None:
    file.meeting(DUE, DUE + HALF)
    content = file.file.read_text(encoding="utf-8").replace("DTSTART:20260313T", "DTSTART:2026-03-13 ")
    file.file.write_text(content, encoding="utf-8")
    assert {row["partial"] for row in file.rows(file.mail())} == {True}
    assert "DTSTART:2026-03-13 " in file.file.read_text(encoding="utf-8")
    assert len(file.rows(file.mail(), "--list")) == 2


def test_ours_may_have_been_moved_to_a_time_without_a_zone(file: FileBench) -> None:
    file.run(file.mail())
    content = file.file.read_text(encoding="utf-8")
    for name, hour in (("START", "0900"), ("END", "0930")):
        there = f"DT{name};TZID=Europe/Paris:20260317T{hour}00"
        assert there in content
        content = content.replace(there, f"DT{name}:20260318T{hour}00")
    file.file.write_text(content, encoding="utf-8")
    assert file.rows(file.mail(), "--list")[1]["start"] == "2026-03-18T09:00:00+01:00"
    assert [row["result"] for row in file.rows(file.mail())] == ["stood", "stood"]


@pytest.mark.parametrize(
    "content",
    [
        b"Dear Dana,\n", b"\xff\xfe\x00\x01", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n",
        b"BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("more", [(), ("--list",), ("--remove", "--yes")])
def test_what_is_no_calendar_is_left_alone(file: FileBench, content: bytes, more: tuple[str, ...]) -> None:
    file.file.write_bytes(content)
    done = file.run(file.mail(), *more)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [f"{file.file}: not a calendar file, so nothing was changed"]
    assert file.file.read_bytes() == content


def test_what_cannot_be_written_is_said_and_nothing_is_told_as_made(file: FileBench) -> None:
    file.arguments = []
    for path in (file.folder / "no" / "way.ics", file.folder):
        done = file.run(file.mail(), "--file", path)
        assert (done.exit_code, done.stdout) == (2, "")
        assert str(path) in done.stderr


def test_a_change_by_another_hand_is_not_written_over(file: FileBench) -> None:
    file.meeting(DUE, DUE + HALF)
    opened = calendars.file_calendar(
        file.file, now=DUE, zone="Europe/Paris", words="en", language="en"
    )  # fmt: skip
    file.meeting(CHECK_IN, CHECK_IN + HALF, "Late")
    content = file.file.read_bytes()
    with pytest.raises(TactlineError, match="changed by another program"):
        opened.save()
    assert file.file.read_bytes() == content


@pytest.mark.skipif(os.name != "posix", reason="modes and links are POSIX's")
def test_its_mode_and_the_link_to_it_stay(file: FileBench) -> None:
    file.meeting(DUE, DUE + HALF)
    real = file.folder / "real.ics"
    shutil.move(file.file, real)
    real.chmod(0o640)
    file.file.symlink_to(real)
    assert file.run(file.mail()).exit_code == 0
    assert file.file.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert len(file.titles()) == 3


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    file: FileBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.meeting(DUE, DUE + HALF)
    content = file.file.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    done = file.run(file.mail())
    assert (done.exit_code, done.stdout) == (2, "")
    assert file.file.read_bytes() == content
    assert sorted(path.name for path in file.folder.iterdir()) == ["first.eml", "mine.ics"]
