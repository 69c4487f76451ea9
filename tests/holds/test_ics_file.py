"""The calendar file as other programs read it, and what it keeps of theirs."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import anyio
import pytest
import recurring_ical_events  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from app.holds.calendar import Availability, Placed
from app.holds.ics_file import IcsCalendar, NotACalendar
from app.holds.propose import Hold
from app.tone.week import zone
from tests.holds.benches import HALF, ISTANBUL, LINK, MONDAY, NOW, THREAD, day, hold

T = TypeVar("T")
KHAL = shutil.which("khal")
FOREIGN = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Somebody//Else//EN
X-WR-CALNAME:Ana's calendar
BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:weekly@example.org
DTSTAMP:20260101T000000Z
DTSTART;TZID=Customized Time Zone:20261102T100000
DTEND;TZID=Customized Time Zone:20261102T110000
RRULE:FREQ=WEEKLY;COUNT=10
EXDATE;TZID=Customized Time Zone:20261109T100000
SUMMARY;LANGUAGE=tr:Haftalık toplantı; not: \\, ve \\n
ATTENDEE;CN="Deniz":mailto:deniz@example.org
X-CUSTOM;X-PARAM=1:kept as it is
BEGIN:VALARM
ACTION:AUDIO
TRIGGER:-PT5M
END:VALARM
END:VEVENT
BEGIN:VTODO
UID:todo@example.org
DTSTAMP:20260101T000000Z
SUMMARY:Buy tea
END:VTODO
BEGIN:VEVENT
UID:broken@example.org
DTSTAMP:20260101T000000Z
DTSTART:sometime
SUMMARY:Broken
END:VEVENT
BEGIN:VEVENT
UID:floating@example.org
DTSTAMP:20260101T000000Z
DTSTART:20261201T093000
DURATION:PT45M
SUMMARY:Floating
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n").encode()


def run(work: Callable[[], Awaitable[T]]) -> T:
    return anyio.run(work)


def file(content: bytes = b"", **rest: Any) -> IcsCalendar:
    return IcsCalendar(content, now=NOW, time_zone="Europe/Istanbul", lang="en", **rest)


def put(into: IcsCalendar, *wanted: Hold) -> list[Placed]:
    return [run(lambda each=each: into.create(each, LINK)) for each in wanted]  # type: ignore[misc]


def made(*wanted: Hold, beside: bytes = b"") -> bytes:
    found = file(beside)
    put(found, *wanted)
    return found.content()


def entry(content: bytes, uid: str) -> Any:
    [found] = [item for item in Calendar.from_ical(content).walk("VEVENT") if item["UID"] == uid]
    return found


class TestOthersReadIt:
    def test_icalendar_finds_what_the_standard_asks_for(self) -> None:
        read = Calendar.from_ical(made(hold(), day()))
        assert (read["METHOD"], read["VERSION"], read["CALSCALE"]) == ("PUBLISH", "2.0", "GREGORIAN")
        assert [rules["TZID"] for rules in read.walk("VTIMEZONE")] == ["Europe/Istanbul"]
        timed, whole = list[Any](read.walk("VEVENT"))
        for item in (timed, whole):
            assert (item["STATUS"], item["CLASS"], item["SEQUENCE"]) == ("TENTATIVE", "PRIVATE", 0)
            assert not {"ATTENDEE", "ORGANIZER"} & set(item)
            assert item["URL"] == LINK.link
            [alarm] = item.walk("VALARM")
            assert alarm["ACTION"] == "DISPLAY"
        assert [item.walk("VALARM")[0]["TRIGGER"].dt for item in (timed, whole)] == [-HALF / 2, -30 * HALF]
        assert (timed["TRANSP"], whole["TRANSP"]) == ("OPAQUE", "TRANSPARENT")
        assert set(timed) == {
            "UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "URL", "CATEGORIES",
            "X-TACTLINE-HOLD", "X-TACTLINE-THREAD", "X-TACTLINE-KIND", "STATUS", "CLASS", "TRANSP",
            "X-MICROSOFT-CDO-BUSYSTATUS",
        }  # fmt: skip

    def test_recurring_ical_events_finds_the_events_on_their_days(self) -> None:
        query = recurring_ical_events.of(Calendar.from_ical(made(hold(), day())))
        [timed] = query.at(dt.date(2026, 11, 30))
        assert (timed.start, timed.end) == (MONDAY, MONDAY + HALF)
        [whole] = query.at(dt.date(2026, 12, 1))
        assert whole.start == dt.date(2026, 12, 1)
        assert query.at(dt.date(2026, 12, 2)) == []

    def test_beside_a_series_both_are_found(self) -> None:
        content = made(hold(), beside=FOREIGN.replace(b"sometime", b"20261203T100000Z"))
        query = recurring_ical_events.of(Calendar.from_ical(content))
        assert {str(item["SUMMARY"])[:9] for item in query.at(dt.date(2026, 11, 30))} == {
            "Haftalık ",
            "Call the ",
        }
        assert query.at(dt.date(2026, 11, 9)) == []

    @pytest.mark.skipif(KHAL is None, reason="khal is not installed (pip install khal)")
    def test_khal_lists_them(self, tmp_path: Path) -> None:
        (tmp_path / "holds").mkdir()
        (tmp_path / "holds.ics").write_bytes(made(hold(), day(title="Söz: rapor")))
        config = tmp_path / "config"
        config.write_text(
            f"[calendars]\n[[holds]]\npath = {tmp_path / 'holds'}\n[locale]\n"
            "local_timezone = Europe/Istanbul\ndefault_timezone = Europe/Istanbul\n"
            "timeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
            "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
            f"[sqlite]\npath = {tmp_path / 'khal.db'}\n"
        )
        printed = _khal(config, "printics", str(tmp_path / "holds.ics"))
        assert printed.startswith("2 events found")
        assert "2026-11-30 10:00-2026-11-30 10:30 Call the client" in printed
        _khal(config, "import", "--batch", "-a", "holds", str(tmp_path / "holds.ics"))
        # Once more: the same UIDs make the same events.
        _khal(config, "import", "--batch", "-a", "holds", str(tmp_path / "holds.ics"))
        listed = _khal(config, "list", "--format", "{start-end-time-style} {title}", "2026-11-30", "3d")
        assert listed.count("Call the client") == 1
        assert "10:00-10:30 Call the client" in listed
        assert listed.count("Söz: rapor") == 1


def _khal(config: Path, command: str, *rest: str) -> str:
    home = {
        **os.environ,
        "HOME": str(config.parent),
        "XDG_DATA_HOME": str(config.parent),
        "LC_ALL": "C.UTF-8",
    }
    asked = [str(KHAL), "-c", str(config), command, *rest]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60, env=home)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestWhatIsKept:
    def test_foreign_entries_survive(self) -> None:
        content = made(hold(), beside=FOREIGN)
        before, after = Calendar.from_ical(FOREIGN), Calendar.from_ical(content)
        kept = [item.to_ical() for item in after.subcomponents]
        assert [text for text in kept if b"tactline" not in text and b"TZID:Europe/Istanbul" not in text] == [
            item.to_ical() for item in before.subcomponents
        ]
        assert (after["X-WR-CALNAME"], after["PRODID"]) == ("Ana's calendar", "-//Somebody//Else//EN")
        assert "X-TACTLINE-HOLD" in after.walk("VEVENT")[-1]

    def test_taken_back_the_file_has_the_entries_it_had(self) -> None:
        found = file(FOREIGN)
        [placed] = put(found, hold())
        run(lambda: found.delete(placed.event.id))
        before, after = Calendar.from_ical(FOREIGN), Calendar.from_ical(found.content())
        kept = [item.to_ical() for item in after.subcomponents if item.name != "VTIMEZONE"]
        assert kept == [item.to_ical() for item in before.subcomponents if item.name != "VTIMEZONE"]

    def test_what_cannot_be_told_of_is_partial(self) -> None:
        def look(content: bytes) -> Availability:
            return run(lambda: file(content).availability(MONDAY, MONDAY + dt.timedelta(days=2)))

        taken = look(FOREIGN)
        assert taken.partial
        floating = dt.datetime(2026, 12, 1, 9, 30, tzinfo=ISTANBUL)
        assert [(item.start, item.end) for item in taken.busy] == [(floating, floating + 1.5 * HALF)]
        series = FOREIGN.replace(b"RRULE:FREQ=WEEKLY;COUNT=10\r\n", b"").replace(
            b"sometime", b"20261203T100000Z"
        )
        assert not look(series).partial
        assert look(FOREIGN.replace(b"RRULE:FREQ=WEEKLY;COUNT=10\r\n", b"")).partial

    def test_the_uid_and_the_sequence_stay(self) -> None:
        first = made(hold())
        found = file(first)
        [again] = put(found, hold(title="Other words", start=MONDAY + HALF, end=MONDAY + 2 * HALF))
        assert not again.created
        assert again.event.id == "0a" * 16 + "@tactline"
        assert found.content() == first
        run(lambda: found.delete(again.event.id))
        [anew] = put(found, hold())
        assert anew.created
        assert found.content() == first

    def test_an_entry_of_ours_that_another_program_rewrote(self) -> None:
        # Without its zone, as some programs save: the user's own zone counts.
        content = made(hold()).replace(b";TZID=Europe/Istanbul", b"")
        [event] = run(lambda: file(content).of_thread(THREAD))
        assert (event.start, event.end) == (MONDAY, MONDAY + HALF)

    def test_a_thread_is_told_by_start_in_any_zone(self) -> None:
        paris = dt.datetime(2026, 11, 30, 9, tzinfo=zone("Europe/Paris"))  # after 10:00 in Istanbul
        first, second = hold(), hold(id="0c" * 16, start=paris, end=paris + HALF, time_zone="Europe/Paris")
        found = file(made(second, first))
        assert [event.hold for event in run(lambda: found.of_thread(THREAD))] == [first.id, second.id]

    @pytest.mark.parametrize("years", [(1601, 1601), (1601, 9998), (9998, 9998)])
    def test_old_and_far_entries_do_no_harm(self, years: tuple[int, int]) -> None:
        given = "".join(
            f"BEGIN:VEVENT\r\nUID:{year}@x\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:{year}0101\r\n"
            "END:VEVENT\r\n"
            for year in years
        )
        beside = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{given}END:VCALENDAR\r\n".encode()
        content = made(hold(), beside=beside)
        assert entry(content, "0a" * 16 + "@tactline").start == MONDAY
        assert entry(made(beside=content), "0a" * 16 + "@tactline").end == MONDAY + HALF


class TestWhatIsNoCalendar:
    @pytest.mark.parametrize(
        "content",
        [b"hello", b"BEGIN:VCALENDAR\r\n", b"BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n", b"\xff\xfe\x00",
         b"PK\x03\x04", b"END:VCALENDAR\r\n", 2 * FOREIGN],
    )  # fmt: skip
    def test_it_is_refused(self, content: bytes) -> None:
        with pytest.raises(NotACalendar):
            file(content)

    @pytest.mark.parametrize("content", [b"", b" \r\n"])
    def test_an_empty_file_becomes_one(self, content: bytes) -> None:
        assert Calendar.from_ical(made(hold(), beside=content))["METHOD"] == "PUBLISH"


@settings(deadline=None)
@given(
    title=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=120),
    reason=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=200),
)
def test_any_title_and_reason_come_back(title: str, reason: str) -> None:
    content = made(hold(title=title, reason=reason), beside=FOREIGN)
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    [event] = run(lambda: file(content).of_thread(THREAD))
    assert event.title == title
    read = entry(content, event.id)
    assert str(read.get("DESCRIPTION", "")) == reason
    [found] = recurring_ical_events.of(Calendar.from_ical(content), skip_bad_series=True).at(
        dt.date(2026, 11, 30)
    )[-1:]
    assert found["UID"] in (event.id, "weekly@example.org")
