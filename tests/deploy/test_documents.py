"""What the pages on deploying say is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from app.cli import app as command_line
from app.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *(ROOT / "docs").glob("*.md"),
        *(path for path in (ROOT / "manifests/deploy").rglob("*") if path.suffix in (".yaml", ".service")),
    ]
)
NOT_IN_SETTINGS = {"SETTINGS_DIR"}
"""Read before the settings are: where their files lie."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_setting_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"TACTLINE_([A-Z]+(?:_[A-Z]+)*)\b(?!_|\*)", page.read_text(encoding="utf-8")))
    families = {
        name for name in named if any(f.startswith(name.lower() + "_") for f in Settings.model_fields)
    }
    unknown = {
        name for name in named - NOT_IN_SETTINGS - families if name.lower() not in Settings.model_fields
    }
    assert unknown == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_ours_exists(page: Path) -> None:
    commands = typer.main.get_command(command_line).commands  # type: ignore[attr-defined]
    written = r"(?:^|^#  +|`|-- |run --rm |/bin/)tactline ([a-z]+)(?: ([a-z]+))?"
    for first, second in re.findall(written, page.read_text(encoding="utf-8"), re.MULTILINE):
        assert first in commands, first
        if hasattr(commands[first], "commands") and second:
            assert second in commands[first].commands, second


def test_shell_examples_can_be_read() -> None:
    """No quote is left open, and no continued line ends a block."""
    for page in (ROOT / "docs/cloud-run.md", ROOT / "docs/deploying.md"):
        for block in re.findall(
            r"^```\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        ):
            assert not block.rstrip().endswith("\\"), page.name
            shlex.split(block, comments=True)


def test_what_was_not_run_says_so() -> None:
    assert "**Not run**" in (ROOT / "docs/cloud-run.md").read_text(encoding="utf-8")
    deploying = (ROOT / "docs/deploying.md").read_text(encoding="utf-8")
    for words in ("No Docker engine was at hand", "not tried on a cluster", "not started by a systemd"):
        assert words in deploying
