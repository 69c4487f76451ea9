"""The folder of npm packages for tests: what is missing is said, and the lock names no registry."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.node import FOLDER, missing, packages, type_errors


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {"devDependencies": {"typescript": "7.0.2", "@types/office-js": "1.0.612"}}
    (tmp_path / "package.json").write_text(json.dumps(listed), encoding="utf-8")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "node is not installed" in missing(tmp_path)
    monkeypatch.setattr(shutil, "which", lambda _: "node")
    for name, version in listed["devDependencies"].items():
        assert missing(tmp_path).startswith(f"{name} is not installed")
        package = tmp_path / "node_modules" / name
        package.mkdir(parents=True)
        (package / "package.json").write_text('{"version": "0.0.1"}', encoding="utf-8")
        assert f"{version} is wanted" in missing(tmp_path)
        (package / "package.json").write_text(json.dumps({"version": version}), encoding="utf-8")
    assert missing(tmp_path) == ""


def test_versions_are_exact_and_locked_without_addresses() -> None:
    text = (FOLDER / "package-lock.json").read_text(encoding="utf-8")
    locked = json.loads(text)
    assert locked["packages"][""]["devDependencies"] == packages()
    for name, version in packages().items():
        assert version.replace(".", "").isdigit(), f"{name} {version}"
        assert locked["packages"][f"node_modules/{name}"]["version"] == version
    assert '"resolved"' not in text
    assert all("integrity" in part for path, part in locked["packages"].items() if path)


def test_no_files_are_no_success(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no files"):
        type_errors(tmp_path, [])


@pytest.mark.npm
def test_the_compiler_judges(tmp_path: Path) -> None:
    (tmp_path / "right.js").write_text("export const n = 1;\n", encoding="utf-8")
    (tmp_path / "wrong.js").write_text("/** @type {number} */ export const n = '1';\n", encoding="utf-8")
    assert type_errors(tmp_path, ["right.js"]) == []
    [line] = type_errors(tmp_path, ["right.js", "wrong.js"])
    assert line.startswith("wrong.js(1,")
