"""`tactline holds` as a person and as a script use it: into a file, and into both providers' calendars."""

from __future__ import annotations

import logging
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from app import cli, strings
from app.cli import calendars
from app.holds.propose import KINDS
from app.settings import load
from app.tone.review import Engine
from tests.cli_bench import (
    CHECK_IN,
    DUE,
    HALF,
    MAIL,
    NOW,
    Bench,
    FileBench,
    GoogleBench,
    GraphBench,
    plain,
    skip_one,
)
from tests.holds.fakes.faults import Fault

ANGRY = "You are liars and thieves. I want my money back or I will sue you and post this everywhere!"


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch, engine: Engine, tmp_path: Path) -> None:
    plain(monkeypatch, engine, tmp_path)


@pytest.fixture(params=[FileBench, GoogleBench, GraphBench], ids=["ics", "google", "microsoft"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    made: Bench = request.param(tmp_path)
    return made


@pytest.fixture(params=[GoogleBench, GraphBench], ids=["google", "microsoft"])
def account(request: pytest.FixtureRequest, tmp_path: Path) -> GoogleBench | GraphBench:
    made: GoogleBench | GraphBench = request.param(tmp_path)
    return made


@pytest.fixture
def file(tmp_path: Path) -> FileBench:
    return FileBench(tmp_path)


class TestAnyCalendar:
    def test_follow_ups_are_entered_and_twice_is_once(self, bench: Bench) -> None:
        mail = bench.mail()
        first = bench.run(mail)
        assert first.exit_code == 0, first.output
        due, check_in = first.stdout.splitlines()
        assert due.startswith("2026-03-13 12:00-12:30  Promised to the client: due · made")
        assert check_in.startswith("2026-03-17 09:00-09:30  Check in with the client · made")
        assert all("https://" in line for line in (due, check_in)) is (bench.name != "ics")
        titles = bench.titles()
        assert len(titles) == 2
        second = bench.run(mail)
        assert second.exit_code == 0, second.output
        assert second.stdout == first.stdout.replace("· made", "· stood already")
        assert bench.titles() == titles

    def test_run_again_at_another_hour_it_is_still_once(self, bench: Bench) -> None:
        mail, angry = bench.mail(), bench.folder / "angry.eml"
        angry.write_text(MAIL.format(name="angry").split("\n\n")[0] + "\n\n" + ANGRY, encoding="utf-8")
        for moment in ("2026-03-10T09:07:00+01:00", "2026-03-10T09:55:00+01:00"):
            now = ("--now", moment, "--time-zone", "Europe/Paris")
            assert bench.run(mail, "--context", angry, now=now).exit_code == 0
        titles = bench.titles()
        assert len(titles) > 2
        assert len(set(titles)) == len(titles)

    def test_a_taken_time_moves_a_follow_up_and_a_promise_keeps_its_hour(self, bench: Bench) -> None:
        bench.meeting(DUE, DUE + HALF)
        bench.meeting(CHECK_IN, CHECK_IN + HALF, "Stand-up")
        done = bench.run(bench.mail())
        due, check_in = done.stdout.splitlines()
        assert due.startswith("2026-03-13 12:00-12:30  Promised")
        assert "made · clashes with something else" in due
        assert check_in.startswith("2026-03-17 09:30-10:00  Check in")
        assert "made · moved, the proposed time was taken" in check_in
        # What was moved stands where it is.
        assert bench.run(bench.mail()).stdout.splitlines()[1].startswith("2026-03-17 09:30-10:00")

    def test_it_can_be_kept_at_a_taken_time(self, bench: Bench) -> None:
        bench.meeting(CHECK_IN, CHECK_IN + HALF)
        [row] = bench.rows(bench.mail(), "--keep", "--kind", "check-in")
        assert (row["start"], row["moved"], row["clash"]) == ("2026-03-17T09:00:00+01:00", False, True)

    def test_only_the_kinds_that_are_named(self, bench: Bench) -> None:
        assert [row["kind"] for row in bench.rows(bench.mail(), "--kind", "check-in")] == ["check-in"]
        both = bench.rows(bench.mail(), "--kind", "check-in", "--kind", "commitment")
        assert [(row["kind"], row["result"]) for row in both] == [
            ("commitment", "made"),
            ("check-in", "stood"),
        ]
        assert len(bench.titles()) == 2
        assert bench.run(bench.mail(), "--kind", "lunch").exit_code == 2

    def test_a_dry_run_shows_the_same_places_and_changes_nothing(self, bench: Bench) -> None:
        bench.meeting(CHECK_IN, CHECK_IN + HALF)
        mail, titles = bench.mail(), bench.titles()
        planned = bench.rows(mail, "--dry-run")
        assert bench.titles() == titles
        assert {row["result"] for row in planned} == {"would-make"}
        assert {row["event"] for row in planned} == {None}
        made = bench.rows(mail)
        for row in made:
            assert row["event"]["id"]
        assert [(r["hold"], r["start"], r["moved"]) for r in planned] == [
            (r["hold"], r["start"], r["moved"]) for r in made
        ]
        assert {row["result"] for row in bench.rows(mail, "--dry-run")} == {"stood"}

    def test_what_stands_is_listed_with_clashes_and_a_free_time(self, bench: Bench) -> None:
        mail = bench.mail()
        assert "Nothing of Tactline's stands" in bench.run(mail, "--list").stderr
        bench.run(mail)
        bench.meeting(CHECK_IN, CHECK_IN + HALF)
        titles = bench.titles()
        due, check_in = bench.rows(mail, "--list")
        assert (due["result"], due["clash"], due["move_to"]) == ("stands", False, None)
        assert check_in["clash"]
        assert check_in["move_to"] == {
            "start": "2026-03-17T09:30:00+01:00", "end": "2026-03-17T10:00:00+01:00",
        }  # fmt: skip
        told = bench.run(mail, "--list", "--kind", "check-in").stdout
        assert "· clashes with something else · free: 2026-03-17 09:30-10:00" in told
        assert bench.titles() == titles

    def test_only_what_was_made_for_this_thread_is_removed(self, bench: Bench) -> None:
        bench.meeting(CHECK_IN, CHECK_IN + HALF)
        mail, other = bench.mail(), bench.mail("other")
        bench.run(mail)
        bench.run(other)
        before = bench.titles()
        asked = bench.run(mail, "--remove")
        assert asked.exit_code == 2
        assert "--yes" in asked.stderr
        assert len(asked.stdout.splitlines()) == 2
        assert bench.run(mail, "--remove", "--yes", "--dry-run").exit_code == 0
        assert bench.titles() == before
        done = bench.run(mail, "--remove", "--yes")
        assert done.exit_code == 0, done.output
        assert [line.rpartition(" · ")[2] for line in done.stdout.splitlines()[2:]] == ["removed"] * 2
        left = ["Board", "Check in with the client", "Promised to the client: due"]
        assert sorted(bench.titles()) == left
        assert [row["result"] for row in bench.rows(other, "--list")] == ["stands"] * 2
        assert "Nothing of Tactline's stands" in bench.run(mail, "--remove", "--yes").stderr
        # Asked for again, it is made again.
        assert {row["result"] for row in bench.rows(mail)} == {"made"}

    @pytest.mark.parametrize(("said", "left"), [("y\n", 0), ("YES\n", 0), ("n\n", 2), ("\n", 2), ("", 2)])
    def test_a_person_is_asked_first(self, bench: Bench, said: str, left: int) -> None:
        mail = bench.mail()
        bench.run(mail)
        bench.terminal = True
        done = bench.run(mail, "--remove", text=said)
        assert "Remove these? [y/N]" in done.stderr
        assert len(bench.titles()) == left

    def test_what_the_user_deleted_by_hand_is_made_anew(self, bench: Bench) -> None:
        mail = bench.mail()
        bench.run(mail)
        bench.clear()
        assert {row["result"] for row in bench.rows(mail)} == {"made"}
        assert len(bench.titles()) == 2

    def test_a_client_who_is_upset_calls_for_a_call(self, bench: Bench) -> None:
        rows = bench.rows("-", "--direction", "incoming", text=ANGRY)
        kinds = [row["kind"] for row in rows]
        assert {"client-call", "prepare"} <= set(kinds)
        times = sorted((row["start"], row["end"]) for row in rows)
        assert all(one[1] <= two[0] for one, two in pairwise(times))
        # Without a header the text itself names the thread.
        assert len(bench.rows("-", "--list", text=ANGRY)) == len(rows)
        assert bench.rows("-", "--list", text=ANGRY + " Now.") == []

    def test_nothing_to_follow_up_needs_no_sign_in(self, bench: Bench) -> None:
        done = bench.run("-", text="Thanks!\n")
        assert (done.exit_code, done.stdout) == (0, "")
        assert "No holds" in done.stderr
        assert not isinstance(bench, GraphBench) or bench.entra.codes == []

    def test_it_speaks_the_users_language(self, bench: Bench) -> None:
        told = bench.run(bench.mail(), "--explain-in", "fr").stdout
        assert told.count("· créé") == 2
        assert "déjà en place" in bench.run(bench.mail(), "--explain-in", "fr").stdout

    def test_no_token_title_or_address_is_logged(
        self, bench: Bench, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        done = bench.run(bench.mail())
        assert done.exit_code == 0
        ours = [record for record in caplog.records if record.name.startswith("app")]
        # On our own level nothing of a library's comes out either.
        loud = [record for record in caplog.records if record.levelno >= logging.WARNING]
        kept = "\n".join(f"{r.getMessage()} {r.__dict__.get('fields')} {r.exc_text}" for r in ours + loud)
        secrets = bench.secrets() if isinstance(bench, GraphBench) else ["ya29.known", "1//known"]
        for word in (*secrets, "Quill", "Promised", "dana@"):
            assert word not in kept
            assert word not in done.output or word == "Promised"


class TestFaults:
    def test_what_was_made_before_is_told(self, account: GoogleBench | GraphBench) -> None:
        account.faults.add(skip_one("insert"))
        account.faults.add(Fault("insert", status=503, times=2))
        done = account.run(account.mail())
        assert done.exit_code == 2
        assert "Promised" in done.stdout
        assert len(done.stdout.splitlines()) == len(account.titles()) == 1
        assert done.stderr.count("not answering as it should") == 1
        assert [row["result"] for row in account.rows(account.mail())] == ["stood", "made"]

    def test_an_answer_that_was_lost_makes_no_second_event(self, account: GoogleBench | GraphBench) -> None:
        account.faults.add(Fault("insert", lose=True))
        assert len(account.rows(account.mail())) == 2
        assert len(account.titles()) == 2

    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            (Fault("insert", status=400), "refused the event"),
            (Fault("insert", status=412), "no longer as it was"),
            (Fault("insert", status=429, headers={"Retry-After": "100"}), "try again in 100 seconds"),
        ],
    )
    def test_a_refusal_is_one_sentence(
        self, account: GoogleBench | GraphBench, fault: Fault, words: str
    ) -> None:
        account.faults.add(fault)
        done = account.run(account.mail(), "--kind", "check-in")
        assert (done.exit_code, done.stdout) == (2, "")
        assert words in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.output

    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            (Fault("insert", status=401), "run the command again to sign in"),
            (Fault("insert", status=403, reason="insufficientPermissions"), "asks for: https://"),
        ],
    )
    def test_a_sign_in_that_is_no_longer_good_is_forgotten(
        self, account: GoogleBench | GraphBench, fault: Fault, words: str
    ) -> None:
        account.faults.add(fault)
        done = account.run(account.mail())
        assert done.exit_code == 2
        assert words in done.stderr.splitlines()[-1]
        assert calendars.Memory(load()).get(f"cli.{account.name}") is None

    def test_where_not_everything_is_known_it_is_said(self, tmp_path: Path) -> None:
        bench = GoogleBench(tmp_path)
        bench.fake.partial = True
        assert "the calendar did not show everything" in bench.run(bench.mail()).stdout


def test_one_mail_at_a_time(file: FileBench, tmp_path: Path) -> None:
    box = tmp_path / "box.mbox"
    box.write_text("From sam Tue Mar 10 09:00:00 2026\n" + MAIL.format(name="a"), encoding="utf-8")
    for path in (box, tmp_path):
        done = file.run(path)
        assert done.exit_code == 2
        assert "a single mail" in done.stderr
    assert "no such file" in file.run(tmp_path / "none.eml").stderr
    assert file.run(file.mail(), now=("--now", "noon")).exit_code == 2


def test_the_thread_is_the_one_that_a_review_names(file: FileBench, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    mail, reviewed = file.mail(), tmp_path / "review.ics"
    file.run(mail)
    assert CliRunner().invoke(cli.app, ["review", str(mail), "--ics", str(reviewed), *NOW]).exit_code == 0
    uids = [str(e["uid"]) for e in Calendar.from_ical(reviewed.read_bytes()).walk("VEVENT")]
    assert uids == [str(event["uid"]) for event in file.events()]


def test_the_kinds_are_those_of_the_holds() -> None:
    assert tuple(cli.Kind) == KINDS


@pytest.mark.parametrize("language", ["fr", "ar", "tr"])
def test_a_yes_can_be_said_in_every_language(language: Any) -> None:
    question, answers = (strings.say(language, f"cli.{key}") for key in ("remove-these", "yes"))
    shown = question.partition("[")[2].partition("/")[0].casefold()
    assert shown in answers.split()
