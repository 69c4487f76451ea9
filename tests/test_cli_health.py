"""`tactline health`, as containers ask it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import cli
from app.tone.review import Engine
from tests.acceptance.workers import free_port
from tests.outlook.signed import serving

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
Ask = Callable[..., int]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Ask with these settings; the exit status."""
    monkeypatch.setattr(cli, "_LANGUAGE", "en")

    def run(**settings: str) -> int:
        for name, value in settings.items():
            monkeypatch.setenv(f"TACTLINE_{name.upper()}", value)
        return CliRunner().invoke(cli.app, ["health"]).exit_code

    return run


def test_a_service_that_is_ready(ask: Ask, engine: Engine) -> None:
    with serving(engine) as service:
        port = service.address.rpartition(":")[2]
        assert ask(port=port) == 0
        # What listens everywhere is asked on loopback; an IPv6 address has brackets.
        assert ask(port=port, host="0.0.0.0") == 0  # noqa: S104 - nothing listens there
        assert ask(port=port, host="127.0.0.1", allowed_hosts="tactline.example.com") == 1


def test_a_service_that_lets_itself_be_called_by_one_name_alone(ask: Ask, engine: Engine) -> None:
    with serving(engine, allowed_hosts="tactline.example.com") as service:
        port = service.address.rpartition(":")[2]
        assert ask(port=port) == 1
        assert ask(port=port, allowed_hosts="tactline.example.com, other.example") == 0


def test_no_service(ask: Ask) -> None:
    assert ask(port=str(free_port())) == 1


def test_settings_that_name_no_port(ask: Ask) -> None:
    assert ask(port="0") == 2


def test_settings_in_files(ask: Ask, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(engine) as service:
        (tmp_path / "tactline_port").write_text(service.address.rpartition(":")[2], encoding="utf-8")
        monkeypatch.setenv("TACTLINE_SETTINGS_DIR", str(tmp_path))
        assert ask() == 0
