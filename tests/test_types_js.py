"""The JavaScript that is served has the types that its comments say, judged by TypeScript's compiler."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.node import type_errors

pytestmark = pytest.mark.npm

APP = Path(__file__).parents[1] / "app"
OFFICE = ["office-js"]
# Classic Outlook on Windows runs the event handler without a page: nearest to it are a worker's globals.
EVENTS: dict[str, Any] = {"types": OFFICE, "target": "ES2016", "lib": ["ES2016", "WebWorker"]}


def site(folder: Path) -> dict[str, list[str]]:
    """A folder laid out as the site is, by its addresses, so that modules find each other as in a browser.

    Returns `paths` for the compiler: addresses from the root.
    """
    (folder / "outlook").mkdir()
    (folder / "static").symlink_to(APP / "web" / "static", target_is_directory=True)
    (folder / "outlook" / "static").symlink_to(APP / "outlook" / "pane", target_is_directory=True)
    return {"/static/*": ["./static/*"], "/outlook/static/*": ["./outlook/static/*"]}


def scripts(folder: Path, part: str) -> list[str]:
    """The scripts in a part of the site, except those of others (vendor/)."""
    # The part is a link to a folder, and a link is not followed by rglob.
    root = (folder / part).resolve()
    found = (path.relative_to(root) for path in root.rglob("*.js"))
    return sorted(f"{part}/{path}" for path in found if "vendor" not in path.parts)


def test_what_the_pages_run(tmp_path: Path) -> None:
    paths = site(tmp_path)
    files = scripts(tmp_path, "static")
    assert "static/parts/finding.js" in files
    wrong = type_errors(tmp_path, files, paths=paths)
    assert not wrong, "\n".join(wrong)


def test_what_the_pane_runs(tmp_path: Path) -> None:
    paths = site(tmp_path)
    files = scripts(tmp_path, "outlook/static")
    assert files
    wrong = type_errors(tmp_path, files, paths=paths, types=OFFICE)
    assert not wrong, "\n".join(wrong)


def test_what_the_event_runtime_runs(tmp_path: Path) -> None:
    (tmp_path / "launchevent").symlink_to(APP / "outlook" / "launchevent", target_is_directory=True)
    files = scripts(tmp_path, "launchevent")
    assert files
    wrong = type_errors(tmp_path, files, **EVENTS)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('"x".toUpper();', "toUpper"),
        ("Office.context.mailbox.item?.bodi;", "bodi"),
        ("/** @param {number} n */ const f = (n) => n; f('1');", "not assignable"),
        ('import { clientt } from "/static/client.js"; clientt;', "clientt"),
        ('import { Client } from "../../static/client.js"; new Client({ basis: "" });', "basis"),
        ('import { none } from "/static/nowhere.js"; none;', "nowhere"),
    ],
)
def test_what_is_wrong_is_found(tmp_path: Path, wrong: str, said: str) -> None:
    paths = site(tmp_path)
    (tmp_path / "outlook" / "made").mkdir()
    (tmp_path / "outlook" / "made" / "wrong.js").write_text(wrong + "\nexport {};\n", encoding="utf-8")
    found = type_errors(tmp_path, ["outlook/made/wrong.js"], paths=paths, types=OFFICE)
    assert any("made/wrong.js" in line and said in line for line in found), found


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("document.title;", "document"),
        ("localStorage;", "localStorage"),
        ("window.name;", "window"),
        ("Object.entries({});", "entries"),
        ("'x'.padStart(2);", "padStart"),
        ("Office.actions.assign('x', () => {});", "assign"),
        ("Office.context.roamingSettings.sett('a', 1);", "sett"),
    ],
)
def test_what_the_event_runtime_lacks_is_found(tmp_path: Path, wrong: str, said: str) -> None:
    (tmp_path / "handler.js").write_text(wrong + "\n", encoding="utf-8")
    right = "fetch('https://x.test').then(() => setTimeout(() => {}, 1)); typeof AbortController;\n"
    (tmp_path / "right.js").write_text(right, encoding="utf-8")
    found = type_errors(tmp_path, ["right.js", "handler.js"], **EVENTS)
    assert found
    assert all(line.startswith("handler.js(1,") for line in found if "error TS" in line), found
    assert said in found[0]
