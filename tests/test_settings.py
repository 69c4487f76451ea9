"""Settings come from TACTLINE_ variables, and a service open to others needs a key."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.cli.configuring import in_force, unknown
from app.cli.serving import keep_alive_of
from app.errors import SettingsError
from app.settings import Settings, load

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


def test_behind_a_balancer_connections_are_kept_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert keep_alive_of(load()) == 5
    assert keep_alive_of(load(host="192.0.2.1", api_keys=KEY)) == 75
    monkeypatch.setenv("TACTLINE_KEEP_ALIVE", "620")
    assert keep_alive_of(load()) == 620


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


@pytest.mark.parametrize("variable", ["TACTLINE_SETTINGS_DIR", "CREDENTIALS_DIRECTORY"])
def test_a_folder_of_settings_that_is_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "none"))
    with pytest.raises(SettingsError, match=f"{variable}.*none"):
        load()


def test_of_two_folders_ours_counts_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, variable in (("theirs", "CREDENTIALS_DIRECTORY"), ("ours", "TACTLINE_SETTINGS_DIR")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tactline_public_url").write_text(f"https://{name}.example.com")
        monkeypatch.setenv(variable, str(tmp_path / name))
    (tmp_path / "theirs" / "TACTLINE_PORT").write_text("9003")
    assert (load().public_url, load().port) == ("https://ours.example.com", 9003)


def test_files_as_kubernetes_mounts_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links to a folder with a date, which is a link too, so that all change at once."""
    (tmp_path / "..2026_11_27").mkdir()
    (tmp_path / "..2026_11_27" / "tactline_api_keys").write_text(KEY)
    (tmp_path / "..data").symlink_to("..2026_11_27")
    (tmp_path / "tactline_api_keys").symlink_to("..data/tactline_api_keys")
    monkeypatch.setenv("TACTLINE_SETTINGS_DIR", str(tmp_path))
    assert load().api_keys[0].get_secret_value() == KEY


def _bytes(path: Path) -> None:
    path.write_bytes(b"\xff" + KEY.encode())


def _folder(path: Path) -> None:
    path.mkdir()


def _circle(path: Path) -> None:
    path.symlink_to(path)


def _broken(path: Path) -> None:
    path.symlink_to("nowhere")


def _elsewhere(path: Path) -> None:
    there = path.parent.parent / "elsewhere"
    there.write_text(KEY)
    path.symlink_to(there)


@pytest.mark.parametrize("make", [_bytes, _folder, _circle, _broken, _elsewhere])
def test_a_file_that_cannot_be_used_is_named_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None]
) -> None:
    folder = tmp_path / "settings"
    folder.mkdir()
    make(folder / "tactline_api_keys")
    monkeypatch.setenv("TACTLINE_SETTINGS_DIR", str(folder))
    with pytest.raises(SettingsError, match=r"^TACTLINE_API_KEYS: the file ") as caught:
        load()
    assert KEY not in str(caught.value)


def test_a_file_that_everybody_can_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_to_all = Path(tempfile.mkdtemp(dir="/tmp"))  # the way to those of pytest is closed to others
    try:
        open_to_all.chmod(0o755)
        file = open_to_all / "tactline_api_keys"
        file.write_text(KEY)
        monkeypatch.setenv("TACTLINE_SETTINGS_DIR", str(open_to_all))
        for mode, folder_mode, refused in (
            (0o644, 0o755, True),
            (0o640, 0o755, False),
            (0o644, 0o750, False),
        ):
            file.chmod(mode)
            open_to_all.chmod(folder_mode)
            if refused:
                with pytest.raises(SettingsError, match=r"TACTLINE_API_KEYS.*chmod"):
                    load()
            else:
                assert load().api_keys
    finally:
        shutil.rmtree(open_to_all)


def test_other_files_of_the_folder_are_nobodys_business(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tactline_no_such_setting").write_bytes(b"\xff")
    (tmp_path / "other").symlink_to("nowhere")
    monkeypatch.setenv("TACTLINE_SETTINGS_DIR", str(tmp_path))
    assert load() == load()


def test_where_a_setting_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tactline_secrets").write_text("s" * 40)
    (tmp_path / "tactline_port").write_text("9001")
    monkeypatch.setenv("TACTLINE_SETTINGS_DIR", str(tmp_path))
    monkeypatch.setenv("TACTLINE_PORT", "9002")
    monkeypatch.setenv("TACTLINE_PROT", "9003")
    found = {item.variable: item for item in in_force()}
    assert (found["TACTLINE_PORT"].value, found["TACTLINE_PORT"].source) == ("9002", "environment")
    secrets = found["TACTLINE_SECRETS"]
    assert (secrets.value, secrets.source, secrets.path) == ("1 set", "file", tmp_path / "tactline_secrets")
    assert found["TACTLINE_HOST"].source == "default"
    assert "TACTLINE_PROT" in unknown()
    done = CliRunner().invoke(app, ["settings"])
    assert "TACTLINE_PORT=9002  # " in done.stdout
    assert str(tmp_path / "tactline_secrets") in done.stdout
    assert "TACTLINE_PROT" in done.stderr
    assert "ssss" not in done.output


def test_settings_in_force_tell_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACTLINE_API_KEYS", KEY)
    monkeypatch.setenv("TACTLINE_SECRETS", "s" * 40)
    monkeypatch.setenv("TACTLINE_RATE_LIMIT_URL", "redis://:password@redis:6379")
    said = {found.variable: found.value for found in in_force()}
    assert said["TACTLINE_API_KEYS"] == "1 set"
    assert said["TACTLINE_RATE_LIMIT_URL"] == "set"
    assert said["TACTLINE_ENTRA_CLIENT_SECRET"] == ""
    assert said["TACTLINE_PORT"] == "8000"
    assert len(said) == len(Settings.model_fields)
    assert not any(secret in str(said) for secret in (KEY, "s" * 40, "password"))
