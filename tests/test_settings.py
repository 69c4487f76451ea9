"""Settings come from TACTLINE_ variables, and a service open to others needs a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.configuring import in_force
from app.errors import SettingsError
from app.settings import load

KEY = "key-for-tests-0123456789"


def test_defaults_are_for_this_machine_alone() -> None:
    settings = load()
    assert (settings.host, settings.port, settings.max_bytes) == ("127.0.0.1", 8000, 1024 * 1024)
    assert settings.loopback
    assert settings.api_keys == ()
    assert settings.guidance_dir is None
    settings.check_reachable()


def test_variables_set_and_arguments_override(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACTLINE_PORT", "9000")
    monkeypatch.setenv("TACTLINE_API_KEYS", f" {KEY} , another-key-9876543210,")
    monkeypatch.setenv("TACTLINE_ALLOWED_HOSTS", "a.example, b.example")
    monkeypatch.setenv("TACTLINE_GUIDANCE_DIR", "/srv/house")
    settings = load(port=None, host="::1")
    assert settings.port == 9000
    assert settings.loopback
    assert [key.get_secret_value() for key in settings.api_keys] == [KEY, "another-key-9876543210"]
    assert settings.allowed_hosts == ("a.example", "b.example")
    assert settings.guidance_dir == Path("/srv/house")
    assert load(port=1).port == 1


def test_an_empty_folder_name_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACTLINE_GUIDANCE_DIR", "")
    assert load().guidance_dir is None


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True), ("localhost", True),
        ("0.0.0.0", False), ("::", False), ("192.0.2.1", False), ("tactline.example", False), ("", False),  # noqa: S104
    ],
)  # fmt: skip
def test_beyond_loopback_a_key_is_needed(host: str, loopback: bool) -> None:
    settings = load(host=host)
    assert settings.loopback is loopback
    if loopback:
        settings.check_reachable()
    else:
        with pytest.raises(SettingsError, match="TACTLINE_API_KEYS"):
            settings.check_reachable()
        load(host=host, api_keys=KEY).check_reachable()


@pytest.mark.parametrize("value", ["short", "has spaces in the middle", "\u0643" * 20, f"{KEY},short"])
def test_a_weak_key_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TACTLINE_API_KEYS", value)
    with pytest.raises(SettingsError, match="TACTLINE_API_KEYS") as caught:
        load()
    assert value not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("limit", ["lots", "0/minute", "5/minute;1/second", "5", "-1/minute"])
def test_limits_that_are_none(limit: str) -> None:
    with pytest.raises(SettingsError, match=r"^TACTLINE_RATE_LIMIT: "):
        load(rate_limit=limit)


def test_keys_do_not_show_in_a_repr() -> None:
    assert KEY not in repr(load(api_keys=KEY))


@pytest.mark.parametrize(("name", "value"), [("PORT", "high"), ("LOG_LEVEL", "loud"), ("MAX_BYTES", "-1")])
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"TACTLINE_{name}", value)
    with pytest.raises(SettingsError, match=f"^TACTLINE_{name}: "):
        load()


def test_secrets_come_from_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tactline_api_keys").write_text(f"{KEY},another-key-9876543210\n")
    (tmp_path / "tactline_port").write_text("9001\n")
    monkeypatch.setenv("TACTLINE_SETTINGS_DIR", str(tmp_path))
    monkeypatch.setenv("TACTLINE_PORT", "9002")
    settings = load()
    assert [key.get_secret_value() for key in settings.api_keys] == [KEY, "another-key-9876543210"]
    assert settings.port == 9002
    monkeypatch.delenv("TACTLINE_SETTINGS_DIR")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert len(load().api_keys) == 2


def test_a_folder_of_settings_that_is_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACTLINE_SETTINGS_DIR", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="TACTLINE_SETTINGS_DIR"):
        load()


def test_settings_in_force_tell_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACTLINE_API_KEYS", KEY)
    monkeypatch.setenv("TACTLINE_SECRETS", "s" * 40)
    monkeypatch.setenv("TACTLINE_RATE_LIMIT_URL", "redis://:password@redis:6379")
    said = dict(in_force())
    assert said["TACTLINE_API_KEYS"] == "1 set"
    assert said["TACTLINE_RATE_LIMIT_URL"] == "set"
    assert said["TACTLINE_PORT"] == "8000"
    assert not any(secret in str(said) for secret in (KEY, "s" * 40, "password"))
