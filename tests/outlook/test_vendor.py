"""The vendored library is the one that was published, and says so."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from tests.node import MODULES, packages

VENDOR = Path(__file__).parents[2] / "app" / "outlook" / "pane" / "vendor"
NAME = "@azure/msal-browser"
SCRIPT = VENDOR / "msal-browser.min.js"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def told(row: str) -> str:
    """The value of a row of the table in the README."""
    [found] = re.findall(
        rf"^\| {re.escape(row)} \| (.+?) \|$",
        (VENDOR / "README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    return str(found)


def test_the_table_tells_what_lies_here() -> None:
    assert {path.name for path in VENDOR.iterdir()} == {"LICENSE", "README.md", SCRIPT.name}
    assert told("name").startswith(f"`{NAME}`")
    assert told(f"SHA-256 of `{SCRIPT.name}`") == f"`{digest(SCRIPT)}`"
    licence = (VENDOR / "LICENSE").read_text(encoding="utf-8")
    assert licence.startswith("MIT License")
    assert "Copyright (c) Microsoft Corporation" in licence
    assert "Permission is hereby granted" in licence


def test_its_version_is_the_one_that_tests_know() -> None:
    version = packages()[NAME]
    assert told("version") == version
    [found] = re.findall(rf"/\*! {re.escape(NAME)} v(\S+) ", SCRIPT.read_text(encoding="utf-8")[:200])
    assert found == version


def test_it_loads_nothing_else() -> None:
    script = SCRIPT.read_text(encoding="utf-8")
    assert "sourceMappingURL" not in script
    assert not re.search(r"\bimport\s*\(|\beval\s*\(|new Function\b", script)


@pytest.mark.npm
@pytest.mark.parametrize(("ours", "theirs"), [(SCRIPT.name, f"lib/{SCRIPT.name}"), ("LICENSE", "LICENSE")])
def test_it_is_what_was_published(ours: str, theirs: str) -> None:
    package = MODULES / NAME
    published = json.loads((package / "package.json").read_text(encoding="utf-8"))
    assert (published["version"], published["license"]) == (told("version"), "MIT")
    assert digest(VENDOR / ours) == digest(package / theirs)
