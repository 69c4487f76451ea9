"""The event runtime's script loads where little is promised: ES2016, one file, no page."""

from __future__ import annotations

import re

import pytest

from app.guidance import schema
from app.guidance.schema import Guidance
from app.outlook import launchevent
from app.service import Outlook as Deployed
from tests.node import node
from tests.outlook.event_runtime import ADDRESS, Runtime

pytestmark = pytest.mark.npm


@pytest.fixture(scope="module")
def guidance() -> Guidance:
    return schema.load()


@pytest.fixture(scope="module")
def runtime(guidance: Guidance, tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    return Runtime(tmp_path_factory.mktemp("events"), guidance)


TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<name>[A-Za-z_$][\w$]*)|(?P<number>\d[\w.]*)"""
    r"""|(?P<regexp>(?<=[(=,:]|\s)/(?![ /*])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)"""
    r"""|(?P<mark>=>|\.{3}|\?\.|\?\?|\*\*|[=!]==|>>>|[-+]=|[<>=!]=|&&|\|\||[-{}()\[\];,<>+*/%&|^!~?:=.])"""
)
NEWER = {"async", "await", "import", "export", "window", "document", "localStorage", "globalThis", "eval"}
NEWER_MARKS = {"?", "?.", "??", "...", "**"}


def newer(code: str) -> list[str]:
    """What classic Outlook on Windows may not load, or does not have."""
    found = []
    at, last = 0, ""
    while at < len(code):
        token = TOKEN.match(code, at)
        assert token is not None, code[at : at + 80]
        kind, text = token.lastgroup, token[0]
        if (kind == "name" and text in NEWER and last != ".") or (kind == "mark" and text in NEWER_MARKS):
            found.append(text)
        if kind == "regexp" and re.search(r"\(\?<|\\[pPk]|/[a-z]*[sdv]", text):
            found.append(text)
        if last == "catch" and text == "{":
            found.append("catch {")
        last = text if kind != "space" else last
        at = token.end()
    return found


def test_it_is_small_and_whole(runtime: Runtime) -> None:
    assert len(runtime.code.encode()) < 100_000
    done = node("--check", runtime.path.name, cwd=runtime.path.parent)
    assert done.returncode == 0, done.stderr


def test_it_has_nothing_that_classic_outlook_may_not_load(runtime: Runtime) -> None:
    assert newer(runtime.code) == []


@pytest.mark.parametrize(
    "code",
    ["a ? b : c;", "a?.b;", "a ?? b;", "f(...a);", "b = { ...a };", "async () => {};", "window.x;", "a ** b;",
     "import(a);", "x = /(?<=a)b/;", "x = /a/s;", "x = /\\p{L}/u;", "try {} catch {}", "localStorage;"],
)  # fmt: skip
def test_what_it_may_not_have_is_found(code: str) -> None:
    assert newer(code) != []
    assert newer('"a ? b"; x = /[?]a?/g; catch (e) {} a.window;') == []


def test_it_names_no_one_but_the_service(runtime: Runtime) -> None:
    assert set(re.findall(r"https?://[^\"'/ ]+", runtime.code)) == {ADDRESS}


def test_what_is_in_strings_ends_no_line(guidance: Guidance) -> None:
    assert not {"\u2028", "\u2029"} & set(launchevent.script(guidance, "https://x.test/\u2028", Deployed()))
