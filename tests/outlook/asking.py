"""Calls to Office as a page makes them, on an empty page: for tests of the fake itself."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Route

from tests.outlook.conftest import OpenOutlook
from tests.outlook.office import OFFICE_JS, Json, Outlook

PANE = "https://pane.test"
SCRIPT = f'<script src="{OFFICE_JS}"></script>'
PAGE = f'<!doctype html><html><head><link rel="icon" href="data:,">{SCRIPT}</head></html>'
HOST_CONFIG = {"coercionType": "html", "bodyMode": 1}
ASK = """([path, given]) => new Promise((done) => {
  const names = path.split(".");
  const last = names.pop();
  const on = names.reduce((found, name) => found[name], Office.context);
  on[last](...given, (result) => done({ ...result, error: result.error ?? null }));
})"""


def blank(make: OpenOutlook, mail: Json | None = None, *, ready: bool = True, **more: Any) -> Outlook:
    """An empty page with the fake in it, where Office is ready."""
    made = make(PANE, mail, path="/", **more)

    def answer(route: Route) -> None:
        route.fulfill(body=PAGE, content_type="text/html")

    made.page.route(f"{PANE}/", answer)
    made.open()
    if ready:
        made.pane.evaluate("Office.onReady()")
    return made


def ask(outlook: Outlook, path: str, *given: Any) -> Json:
    """Calls a method below Office.context and waits for its answer."""
    found: Json = outlook.pane.evaluate(ASK, [path, list(given)])
    return found


def value(outlook: Outlook, path: str, *given: Any) -> Any:
    """What a call gives, which has to succeed."""
    answer = ask(outlook, path, *given)
    assert answer["status"] == "succeeded", answer
    return answer.get("value")


def error(outlook: Outlook, path: str, *given: Any) -> tuple[str, int]:
    """The name and the code of the error of a call, which has to fail."""
    answer = ask(outlook, path, *given)
    assert answer["status"] == "failed", answer
    assert answer.get("value") is None
    return answer["error"]["name"], answer["error"]["code"]


def throws(outlook: Outlook, code: str) -> str:
    """The name of the error that a piece of code throws, "" when it throws none."""
    tried = f"() => {{ try {{ {code}; return ''; }} catch (error) {{ return error.name; }} }}"
    return str(outlook.pane.evaluate(tried))
