"""`tactline manifests`, as a person uses it and as its page tells."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app import cli, manifests, strings
from app.manifests import Features
from app.tone.types import LANGUAGES, Language

ROOT = Path(__file__).parents[1]
BASE = "https://tactline.example.com"
CLIENT = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments: str | Path) -> Result:
        return CliRunner().invoke(cli.app, ["manifests", *map(str, arguments)])

    return invoke


def test_the_command_writes_the_deployment_and_names_the_settings(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    for _ in range(2):
        done = run("--base-url", BASE, "--out", tmp_path / "new")
        assert done.exit_code == 0, done.output
        assert (tmp_path / "new" / manifests.GMAIL).read_bytes() == manifests.render(BASE)[manifests.GMAIL]
        assert f"TACTLINE_PUBLIC_URL={BASE}\n" in done.stdout
        assert "TACTLINE_GMAIL_READ_DRAFTS=0\n" in done.stdout
        assert str(tmp_path / "new" / manifests.GMAIL) in done.stdout


def test_the_command_takes_the_features(run: Callable[..., Result], tmp_path: Path) -> None:
    done = run("--base-url", BASE, "--out", tmp_path, "--read-drafts", "--no-calendar")
    assert done.exit_code == 0, done.output
    written = (tmp_path / manifests.GMAIL).read_bytes()
    assert written == manifests.render(BASE, Features(calendar=False, read_drafts=True))[manifests.GMAIL]
    assert "TACTLINE_GMAIL_READ_DRAFTS=1\n" in done.stdout


def test_the_command_writes_all_that_outlook_takes(run: Callable[..., Result], tmp_path: Path) -> None:
    without = run("--base-url", BASE, "--out", tmp_path / "without")
    assert "TACTLINE_ENTRA" not in without.stdout
    done = run("--base-url", BASE, "--out", tmp_path / "with", "--entra-client-id", CLIENT)
    assert done.exit_code == 0, done.output
    assert f"TACTLINE_ENTRA_CLIENT_ID={CLIENT}\n" in done.stdout
    for folder, client_id in (("without", ""), ("with", CLIENT)):
        there = {path for path in (tmp_path / folder).rglob("*") if path.is_file()}
        wanted = manifests.render(BASE, Features(entra_client_id=client_id))
        assert {path.relative_to(tmp_path / folder).as_posix(): path.read_bytes() for path in there} == wanted
    assert {"outlook/manifest.xml", "outlook/manifest.json", "outlook/tactline-outlook.zip"} < wanted.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_command_refuses_an_id_that_is_none(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: Language
) -> None:
    monkeypatch.setattr(cli, "_LANGUAGE", language)
    done = run("--base-url", BASE, "--out", tmp_path, "--entra-client-id", "tactline")
    assert done.exit_code == 2
    assert done.stderr.strip() == strings.say(language, "cli.error.client-id")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_command_refuses_an_address_in_words(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: Language
) -> None:
    monkeypatch.setattr(cli, "_LANGUAGE", language)
    for address, key in ((BASE + "/", "base-url"), ("http://localhost:8000", "base-url-local")):
        done = run("--base-url", address, "--out", tmp_path)
        assert done.exit_code == 2
        assert done.stderr.strip() == strings.say(language, f"cli.error.{key}")
    assert list(tmp_path.iterdir()) == []
    assert run("--base-url", "http://localhost:8000", "--insecure-local", "--out", tmp_path).exit_code == 0


@pytest.mark.parametrize("name", [manifests.GMAIL, "outlook/manifest.xml", "outlook/manifest.json"])
def test_the_command_does_not_write_over_the_template(
    run: Callable[..., Result], tmp_path: Path, name: str
) -> None:
    target = tmp_path / name
    target.parent.mkdir()
    target.write_bytes(manifests.template(name))
    done = run("--base-url", BASE, "--out", tmp_path)
    assert done.exit_code == 2
    assert "--out" in done.stderr
    assert target.read_bytes() == manifests.template(name)


def test_the_command_says_where_it_cannot_write(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "gmail").write_text("a file")
    done = run("--base-url", BASE, "--out", tmp_path)
    assert done.exit_code == 2
    assert str(tmp_path / manifests.GMAIL) in done.stderr
    assert "Traceback" not in done.output


def test_the_command_needs_no_web_framework() -> None:
    code = (
        "import sys, app.manifests, app.cli.deploying\n"
        "print(*{'fastapi', 'numpy', 'googleapiclient', 'httpx'} & sys.modules.keys())"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == ""


def test_the_page_speaks_of_options_that_exist(run: Callable[..., Result]) -> None:
    text = (ROOT / "manifests/README.md").read_text(encoding="utf-8")
    known = set(re.findall(r"--[a-z-]+", run("--help").stdout))
    written = {
        option
        for line in re.findall(r"^tactline manifests.*", text, re.M)
        for option in re.findall(r"--[a-z-]+", line)
    }
    assert written
    assert written <= known
