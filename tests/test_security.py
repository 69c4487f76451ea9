"""docs/security.md is kept true: its tests exist, and what is shown nowhere else is shown here."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import googleapiclient
import pytest

from app.tone.review import Engine
from tests.conftest import Client

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "::test_" in line]

NAMED = {
    "appsforoffice.microsoft.com": "the pane's pages load Office.js from there",
    "ajax.aspnetcdn.com": "Office.js loads a part of itself from there",
    "calendar.google.com": "a link to an event is let through when it leads there",
    "www.google.com": "the same",
    "outlook.live.com": "a link to a calendar's day",
    "outlook.office365.com": "the same; may frame the pane, as those below",
    "outlook.office.com": "",
    "outlook.cloud.microsoft": "",
    "*.officeapps.live.com": "",
    "outlook.office365.us": "",
    "outlook-dod.office365.us": "",
    "webmail.apps.mil": "",
    "partner.outlook.cn": "",
    "mail.example.com": "in sentences",
    "tactline.example.com": "in sentences",
}
"""Hosts that stand in the code and are not called from there."""


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_row_is_whole_and_names_tests() -> None:
    assert len(ROWS) >= 20
    for row in ROWS:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 5, row
        assert all(cells), row


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/[\w/]+\.py::\w+)`", PAGE))))
def test_every_test_that_is_named_exists(named: str) -> None:
    path, _, name = named.partition("::")
    assert (ROOT / path).is_file()
    assert name in functions(ROOT / path)


def hosts() -> Iterator[str]:
    """The hosts that the code names, and those of the interfaces' descriptions that it reads."""
    for path in (ROOT / "app").rglob("*.py"):
        yield from re.findall(r"https?://([a-z0-9.*-]+)", path.read_text(encoding="utf-8"))
    documents = Path(googleapiclient.__file__).parent / "discovery_cache/documents"
    for name in ("gmail.v1", "calendar.v3"):
        whole = json.loads((documents / f"{name}.json").read_text(encoding="utf-8"))
        yield re.sub(r"https://([^/]+)/.*", r"\1", whole["rootUrl"])


def test_only_known_hosts_are_named_in_the_code() -> None:
    listed = set(re.findall(r"`([a-z0-9.-]+\.com)`", PAGE.split("## Who is called")[1].split("##")[0]))
    found = set(hosts())
    assert found - listed - set(NAMED) == set()
    assert set(NAMED) <= found
    # The command line's library brings this one along.
    assert listed - found <= {"oauth2.googleapis.com"}


SIMPLE = (
    ("text/plain", b'{"message": {"direction": "outgoing", "text": "It is your fault!"}}'),
    ("application/x-www-form-urlencoded", b"text=It+is+your+fault&language=en-US"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\na\r\n--x--\r\n',
    ),
)
"""What a page may send to another origin unasked (Fetch standard, "CORS-safelisted request-header")."""
READS = {"/v2/check": "a form is what LanguageTool's clients send; it is answered, and changes nothing"}


def test_a_page_elsewhere_changes_nothing(make_client: Callable[..., Client], engine: Engine) -> None:
    """On an open service: POST as a page may send it is refused, and no other method is granted."""
    client = make_client(engine)
    described: dict[str, dict[str, object]] = client.app.openapi()["paths"]
    paths = {re.sub(r"\{\w+\}", "x", path): path for path in (*described, "/gmail", "/mcp", "/v2/check")}
    headers = {"Origin": "https://evil.example"}
    with client.portal.wrap_async_context_manager(client.app.router.lifespan_context(client.app)):
        for path, template in paths.items():
            for kind, body in SIMPLE:
                answer = client.post(path, content=body, headers={**headers, "Content-Type": kind})
                assert 400 <= answer.status_code < 500 or template in READS, (path, kind)
                assert not [name for name in answer.headers if name.startswith("access-control-")], path
            for method in ("PUT", "PATCH", "DELETE", "POST"):
                asked = {
                    "Access-Control-Request-Method": method,
                    "Access-Control-Request-Headers": "content-type",
                }
                leave = client.request("OPTIONS", path, headers={**headers, **asked})
                assert "access-control-allow-origin" not in leave.headers, path


def test_no_route_keeps_a_cookie(client: Client) -> None:
    """Without cookies there is nothing that a browser would add to another page's request."""
    for path in ("/", "/guidelines", "/privacy", "/outlook/pane", "/readyz", "/openapi.json"):
        answer = client.get(path, headers={"Accept": "text/html"})
        assert "set-cookie" not in answer.headers
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "app").rglob("*.py")]
    assert not any("set_cookie" in source for source in sources)
