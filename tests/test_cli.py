"""The command line as a person and as a script use it."""

from __future__ import annotations

import io
import json
import mailbox
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from typer.testing import CliRunner, Result

from app import cli
from app.tone.review import Engine

POOR = (
    "Dana, THIS IS YOUR FAULT. You never read my mails and you sent the wrong photos. Stop whining about it. "
    "I have wasted nine evenings on your mess. Your logo is ugly anyway. Ahmed of our team forgot the menus, "
    "blame him. Pay today or I will delete everything!!!\n"
)
GOOD = "Dear Dana,\n\nthe menus are ready and you can pick them up at our shop.\n\nKind regards,\nSam\n"
MAIL = "From: Sam <sam@example.com>\nSubject: Menus\nDate: Tue, 10 Mar 2026 09:00:00 +0100\n\n"
NOW = ["--now", "2026-03-10T09:00:00+01:00", "--time-zone", "Europe/Paris"]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch, engine: Engine) -> None:
    """One engine for all runs, an English user, a wide terminal."""
    monkeypatch.setattr(Engine, "load", classmethod(lambda cls, house=None: engine))
    for name, value in (("LC_ALL", "C.UTF-8"), ("COLUMNS", "200"), ("TERM", "dumb")):
        monkeypatch.setenv(name, value)


@pytest.fixture
def run() -> Callable[..., Result]:
    def invoke(*arguments: str | Path, text: str | bytes | None = None) -> Result:
        return CliRunner().invoke(cli.app, [str(argument) for argument in arguments], input=text)

    return invoke


def test_a_poor_mail_is_shown_and_ends_in_status_1(run: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "mail.txt"
    path.write_text(POOR, encoding="utf-8")
    done = run("review", path, *NOW)
    assert done.exit_code == 1, done.output
    for words in (
        "Score: ",
        "poor",
        "Calm",
        "Follow-through",
        "Findings",
        "Why: ",
        "Source: ",
        "Language: English",
    ):
        assert words in done.stdout
    assert "⟦" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_good_mail_ends_in_status_0(run: Callable[..., Result]) -> None:
    done = run("review", "-", *NOW, text=GOOD)
    assert done.exit_code == 0, done.output
    assert "[signature]" in done.stdout


@pytest.mark.parametrize("content", [MAIL + POOR, POOR, f"<html><body><p>{POOR}</p></body></html>"])
def test_what_is_piped_in_is_recognised(run: Callable[..., Result], content: str) -> None:
    done = run("review", "--json", text=content)
    assert done.exit_code == 1, done.output
    got = json.loads(done.stdout)
    assert got["file"] == "-"
    assert got["body"]["content_type"] == ("text/html" if content.startswith("<") else "text/plain")
    assert "From: Sam" not in got["body"]["content"]


def test_json_is_what_the_service_answers(run: Callable[..., Result], client: Any) -> None:
    done = run("review", "--json", *NOW, "--explain-in", "fr", text=POOR)
    got = json.loads(done.stdout)
    body = {"now": NOW[1], "time_zone": NOW[3], "explain_in": "fr"}
    same = client.review({"direction": "outgoing", "text": POOR}, **body).json()
    assert {key: value for key, value in got.items() if key not in ("file", "body")} == same


def test_incoming_mail_is_read_as_the_clients(run: Callable[..., Result]) -> None:
    done = run(
        "review", "--direction", "incoming", text="I am very angry, fix it by Friday or I call my lawyer!"
    )
    assert done.exit_code == 0
    assert "Temperature: " in done.stdout
    assert "by phone" in done.stdout
    assert "Score: " not in done.stdout


@pytest.mark.parametrize("kind", ["mbox", "maildir"])
def test_a_mailbox_is_reviewed_whole(run: Callable[..., Result], tmp_path: Path, kind: str) -> None:
    path = tmp_path / "box"
    box: Any = mailbox.mbox(path) if kind == "mbox" else mailbox.Maildir(path)
    for text in (GOOD, POOR):
        box.add((MAIL + text).encode())
    box.flush()
    box.close()
    before = sorted((p.name, p.stat().st_mtime_ns) for p in tmp_path.rglob("*") if p.is_file())
    done = run("review", "--json", path)
    assert done.exit_code == 1, done.output
    got = [json.loads(line) for line in done.stdout.splitlines()]
    assert {item["file"] for item in got} == {f"{path}#1", f"{path}#2"}
    assert sorted((p.name, p.stat().st_mtime_ns) for p in tmp_path.rglob("*") if p.is_file()) == before
    shown = run("review", path)
    assert shown.stdout.count(": Menus") == 2


def test_the_clients_mail_can_be_named_as_context(run: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "client.eml"
    path.write_text(
        MAIL + "You are liars and thieves. I want my money back or I will sue you and post this everywhere!",
        encoding="utf-8",
    )
    got = json.loads(run("review", "--json", "--context", path, text=GOOD).stdout)
    assert got["temperature"] in ("upset", "hostile")
    assert run("review", "--context", tmp_path / "none.eml", text=GOOD).exit_code == 2


def test_holds_are_written_to_a_calendar_file(run: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "holds.ics"
    done = run("review", "--ics", path, *NOW, text="Hi Dana,\n\nWe will send the menus by Friday at noon.\n")
    assert done.exit_code == 0, done.output
    assert str(path) in done.stderr
    events = Calendar.from_ical(path.read_bytes()).walk("VEVENT")
    assert "2026-03-13T12:00:00+01:00" in {event.decoded("dtstart").isoformat() for event in events}
    assert (
        run("review", "--ics", tmp_path / "no" / "way.ics", *NOW, text="We will send it by Friday.").exit_code
        == 2
    )


@pytest.mark.parametrize(
    "arguments",
    [
        "review no-such-file.eml", "review .", "review --now noon", "review --now 2026-03-10",
        "review --time-zone Mars", "review --direction sideways", "review --language de",
        "review --nonsense", "nonsense",
    ],
)  # fmt: skip
def test_wrong_use_is_status_2_and_says_why(run: Callable[..., Result], arguments: str) -> None:
    done = run(*arguments.split(), text=GOOD)
    assert done.exit_code == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.output


def test_what_cannot_be_read_is_named_and_the_rest_is_reviewed(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    bad, good = tmp_path / "bad.eml", tmp_path / "good.txt"
    bad.write_bytes(b"\x00\xff" * 50)
    good.write_text(GOOD, encoding="utf-8")
    done = run("review", "--json", bad, good, tmp_path / "none.txt")
    assert done.exit_code == 2
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == [str(good)]
    assert "bad.eml" in done.stderr
    assert "none.txt" in done.stderr
    assert run("review", "-", text=b"\xff\xfe\x00").exit_code == 2


def test_a_mail_cannot_steer_the_terminal(run: Callable[..., Result]) -> None:
    done = run("review", text="Hi \x1b[31mDana\x1b]0;title\x07, you never sent it!!! \x9b2J \r\nBye\n")
    assert not set("\x1b\x07\x9b\r") & set(done.stdout)


def test_right_to_left_text_is_printed_plainly(run: Callable[..., Result]) -> None:
    text = "مرحبًا دانة،\n\nلم تقرؤوا رسالتي وهذا ليس خطأنا!!!\n"
    done = run("review", "--explain-in", "ar", text=text)
    assert "التقييم" in done.stdout
    assert "مرحبًا دانة،" in done.stdout


def test_colour_is_for_terminals(monkeypatch: pytest.MonkeyPatch, engine: Engine) -> None:
    from rich.console import Console

    from app.api.answers import answered
    from app.api.schemas import ReviewIn
    from app.cli.render import Renderer

    incoming = ReviewIn.model_validate({"message": {"direction": "outgoing", "text": POOR}})
    asked = incoming.ask(incoming.moment())
    review = engine.review(asked.request)
    answer = answered(review, engine.guidance, asked, incoming, "en")

    def shown(**options: Any) -> str:
        out = io.StringIO()
        Renderer(Console(file=out, width=120, markup=False, highlight=False, **options), "en").show(
            review, answer, None
        )
        return out.getvalue()

    coloured = shown(force_terminal=True, color_system="standard")
    assert "\x1b[" in coloured
    assert "⟦" not in coloured
    assert "⟦" in shown(force_terminal=True, no_color=True)


def test_the_service_does_not_start_open_to_others(run: Callable[..., Result]) -> None:
    done = run("serve", "--host", "0.0.0.0")  # noqa: S104 - it must refuse
    assert done.exit_code == 2
    assert "TACTLINE_API_KEYS" in done.stderr
    assert "Traceback" not in done.output


def test_the_service_does_not_start_on_bad_settings(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACTLINE_LOG_LEVEL", "loud")
    done = run("serve")
    assert done.exit_code == 2
    assert "TACTLINE_LOG_LEVEL" in done.stderr


def test_guidelines_are_listed(run: Callable[..., Result], engine: Engine) -> None:
    done = run("guidelines")
    assert done.exit_code == 0
    assert all(identity in done.stdout for identity in engine.guidance.guidelines)


def test_help_names_the_commands(run: Callable[..., Result]) -> None:
    done = run("--help")
    assert all(command in done.stdout for command in ("review", "serve", "guidelines", "train", "accuracy"))


@pytest.mark.parametrize(
    ("values", "language"),
    [
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LC_ALL": "tr_TR", "LANG": "en_US"}, "tr"),
        ({"LC_ALL": "", "LC_MESSAGES": "ar", "LANG": "en"}, "ar"),
        ({"LANG": "C.UTF-8"}, None),
        ({}, None),
    ],
)
def test_the_users_language_comes_from_the_locale(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], language: str | None
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    assert cli.user_language() == language


def test_a_terminal_without_input_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    with pytest.raises(SystemExit) as left:
        cli.app(["review"])
    assert left.value.code == 2
    assert "Nothing to review" in capsys.readouterr().err
