"""The ten rules that no schema of Outlook's manifests sees: kept, and each of them noticed when it is not."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.manifests_outlook import XML
from tests.conftest import Client
from tests.node import MODULES, node
from tests.outlook.lint import SCRIPT, Get, Json, faults
from tests.test_manifests_outlook import BASE, BOTH, rendered, unified

Broken = Callable[[bytes, Json, dict[str, Json]], bytes]


@pytest.fixture(scope="module")
def get(make_client: Callable[..., Client], engine: Any) -> Get:
    """The service at that address, one answer a path."""
    client = make_client(engine, public_url=BASE)
    known: dict[str, tuple[int, bytes]] = {}

    def answered(path: str) -> tuple[int, bytes]:
        if path not in known:
            answer = client.get(path)
            known[path] = answer.status_code, answer.content
        return known[path]

    return answered


@BOTH
def test_the_manifests_keep_the_ten_rules(get: Get, client_id: str) -> None:
    files = rendered(BASE, client_id)
    assert faults(files[XML], *unified(BASE, client_id), get) == set()


def _xml(old: str, new: str, count: int = -1) -> Broken:
    def change(xml: bytes, _: Json, __: dict[str, Json]) -> bytes:
        text = xml.decode()
        assert old in text
        return text.replace(old, new, count).encode()

    return change


def _lost(xml: bytes, _: Json, __: dict[str, Json]) -> bytes:
    """The newer overrides without the older ones' surface in drafts."""
    before, word, after = xml.rpartition(b"MessageComposeCommandSurface")
    assert word
    return before + b"MessageReadCommandSurface" + after


def _json(change: Callable[[Json], object]) -> Broken:
    def changed(xml: bytes, whole: Json, _: dict[str, Json]) -> bytes:
        change(whole)
        return xml

    return changed


def _files(change: Callable[[dict[str, Json]], object]) -> Broken:
    def changed(xml: bytes, _: Json, files: dict[str, Json]) -> bytes:
        change(files)
        return xml

    return changed


EVENTS = "<LaunchEvent Type"
BROKEN: dict[str, tuple[Broken, int]] = {
    "resid to nowhere": (_xml('<Label resid="Pane.Label"/>', '<Label resid="Nowhere"/>', 1), 1),
    "resid of another kind": (_xml('<Label resid="Pane.Label"/>', '<Label resid="Pane.Tip"/>', 1), 1),
    "not https": (_xml(f'"{BASE}/outlook/pane"', '"http://tactline.example.com/outlook/pane"', 1), 2),
    "another host": (_xml(f"<AppDomain>{BASE}", "<AppDomain>https://other.example.com"), 2),
    "a page that is not there": (_xml("/outlook/pane", "/outlook/pain"), 2),
    "an icon of another size": (_xml("tactline-64.png", "tactline-80.png", 1), 2),
    "a missing size": (_xml('<bt:Image size="80" resid="Icon.80"/>', "", 1), 3),
    "an icon at the wrong scale": (_xml('scale="3" resid="Icon.144"', 'scale="3" resid="Icon.96"'), 3),
    "another runtime": (_xml('<Runtime resid="Events.Url">', '<Runtime resid="Pane.Url">'), 4),
    "a function that is not there": (_xml("onMessageSendHandler", "onSend"), 4),
    "a script that may not call": (_xml("/outlook/launchevent.js", "/static/app.js"), 4),
    "an id twice": (_xml('id="composeOpenPane"', 'id="readOpenPane"'), 5),
    "a surface that is lost": (_lost, 5),
    "the button has another name": (
        _json(
            lambda d: d["extensions"][0]["ribbons"][1]["tabs"][0]["groups"][0]["controls"][0].update(id="x")
        ),
        5,
    ),
    "one id for both": (
        _xml("8f6f4c1e-3b0d-4a57-9d0e-2a6c7b54e101", "8f6f4c1e-3b0d-4a57-9d0e-2a6c7b54e102"),
        6,
    ),
    "another version": (_json(lambda d: d.update(version="9.9.9")), 6),
    "another name": (_json(lambda d: d["name"].update(short="Other")), 6),
    "another permission": (_xml("ReadWriteItem", "ReadItem"), 6),
    "a language less": (_files(lambda f: f.pop("tr")), 6),
    "no Arabic": (_xml('Override Locale="ar-SA"', 'Override Locale="ar-EG"', 3), 7),
    "a word less": (_files(lambda f: f["ar"].pop("name.full")), 7),
    "a name too long": (_files(lambda f: f["fr"].update({"name.short": "T" * 31})), 7),
    "sending is refused": (_xml('SendMode="PromptUser"', 'SendMode="Block"'), 9),
    "too long": (_xml("</OfficeApp>", f"<!--{'x' * 262_144}--></OfficeApp>"), 10),
}


@pytest.mark.parametrize(("change", "rule"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_rule_is_noticed(get: Get, change: Broken, rule: int) -> None:
    whole, files = unified()
    whole, files = copy.deepcopy(whole), copy.deepcopy(files)
    assert rule in faults(change(rendered()[XML], whole, files), whole, files, get)


TOO_NEW = {
    "a module": "import x from 'y';",
    "a page": "const a = window.name;",
    "an async function": "async () => {};",
    "a?.b": "a?.b;",
    "a ?? b": "a ?? b;",
    "a ? b : c": "const d = a ? b : c;",
    "spread in an object": "const d = { ...a };",
    "catch without a name": "try { a(); } catch { b(); }",
    "lookbehind": "const d = /(?<=a)b/;",
    "classes of letters": r"const d = /\p{L}/u;",
    "dots for all": "const d = /a.b/s;",
    "too long": "x" * 98_305,
}


@pytest.mark.parametrize("code", TOO_NEW.values(), ids=TOO_NEW.keys())
def test_a_script_that_outlook_cannot_run_is_noticed(get: Get, code: str) -> None:
    def changed(path: str) -> tuple[int, bytes]:
        status, content = get(path)
        return status, content + code.encode() if path == SCRIPT else content

    assert faults(rendered()[XML], *unified(), changed) == {8}


@pytest.mark.parametrize(
    "code",
    [
        'const a = "what? import it, async";',
        "// is it so? window",
        "/* export */ const a = 1;",
        "const a = /b?c*?(?:d)/;",
        "f(/[/?]/, `a ?? b`);",
    ],
)
def test_words_are_no_code(get: Get, code: str) -> None:
    def changed(path: str) -> tuple[int, bytes]:
        status, content = get(path)
        return status, content + code.encode() if path == SCRIPT else content

    assert faults(rendered()[XML], *unified(), changed) == set()


def year(script: bytes, folder: Path) -> list[str]:
    """What TypeScript finds in a script that an engine of 2016 cannot read: it writes such things otherwise
    for that year, and numbers what is wrong in the grammar itself from 1000 on."""
    (folder / "script.js").write_bytes(script)
    written = {}
    complaints: list[str] = []
    for target in ("es2016", "esnext"):
        done = node(
            str(MODULES / "typescript" / "bin" / "tsc"), "script.js", "--ignoreConfig", "--allowJs",
            "--checkJs", "--target", target, "--module", "esnext", "--outDir", target, "--types", "",
            cwd=folder,
        )  # fmt: skip
        written[target] = (folder / target / "script.js").read_text(encoding="utf-8")
        complaints += [line for line in done.stdout.splitlines() if re.search(r"error TS1\d{3}:", line)]
    return complaints + ["newer"] * (written["es2016"] != written["esnext"])


@pytest.mark.npm
def test_typescript_reads_the_script_as_one_of_2016(get: Get, tmp_path: Path) -> None:
    script = get(SCRIPT)[1]
    assert year(script, tmp_path) == []
    for name in ("an async function", "a?.b", "spread in an object", "catch without a name", "dots for all"):
        assert year(script + TOO_NEW[name].encode(), tmp_path) != [], name
