"""Outlook around the pane: a page with the fake Office.js in place of the vendor's, and what its user does.

The fake is `fake_office.js` and the scripts beside it. All that it can do (flavours of the editor, sets of
the API, faults) is in `state` of fake_items.js and in `fakeOffice` of fake_controls.js; `Outlook` reaches it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import ConsoleMessage, Frame, Page, Request, Route

Json = dict[str, Any]
When = Literal["call", "answer"]

OFFICE_JS = "https://appsforoffice.microsoft.com/lib/1/hosted/office.js"
PARTS = ("fake_html.js", "fake_items.js", "fake_office.js", "fake_controls.js")
# Outlook on the web shows a pane in a frame of another origin, which may not open modal windows.
WEB = "https://outlook.office.com"
PARENT = """\
<!doctype html><html><head><meta charset="utf-8"><title>Mail</title><link rel="icon" href="data:,">
<style>body {{ margin: 0 }} iframe {{ border: 0; width: 100vw; height: 100vh }}</style></head>
<body><iframe name="pane" src="{address}" sandbox="allow-scripts allow-same-origin allow-forms allow-popups
 allow-popups-to-escape-sandbox allow-downloads"></iframe></body></html>
"""


def script() -> str:
    """The fake as one classic script that leaves nothing but `Office` and `fakeOffice` behind."""
    folder = Path(__file__).parent
    parts = "\n".join((folder / name).read_text(encoding="utf-8") for name in PARTS)
    return f"(() => {{\n{parts}\n}})();\n"


def reading(html: str = "", **more: Any) -> Json:
    """A message that is read. Further parts: see `Mail` in fake_items.js; `text` in place of `html`."""
    return {"mode": "read", **_body(html, more), **more}


def composing(html: str = "", **more: Any) -> Json:
    """A draft: `html` (or `text`) is what the writer typed, `history` what is quoted below it."""
    return {"mode": "compose", **_body(html, more), **more}


def _body(html: str, more: Json) -> Json:
    return {} if "text" in more else {"html": html}


class Outlook:
    """A pane in Outlook. `open` shows it; `pane` is the frame it is in; `check` says what went wrong.

    `mail` is what is open at the start (None: nothing); `setup` overrides parts of the fake's `state`.
    With `embedded` the pane is in a frame as in Outlook on the web, else it is the page.
    Whatever is asked of another origin is refused and remembered; a test that needs such an address
    answers it by `page.route`, which goes first.
    """

    def __init__(
        self,
        page: Page,
        address: str,
        mail: Json | None = None,
        *,
        path: str = "/outlook/pane",
        embedded: bool = False,
        complaints: tuple[str, ...] = (),
        **setup: Any,
    ) -> None:
        self.page, self.address, self.path, self.embedded = page, address, path, embedded
        self.complaints = complaints
        self.setup: Json = {**setup, "mail": mail}
        self.heard: list[str] = []
        self.strangers: list[str] = []
        if embedded:
            # Outlook is a public page here and the service a local one, which browsers keep apart.
            page.context.grant_permissions(["local-network-access"])
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.heard.append(str(error)))
        page.route("**/*", self._answer)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(message.text)

    def _answer(self, route: Route, request: Request) -> None:
        url = request.url
        if url == OFFICE_JS:
            route.fulfill(body=script(), content_type="text/javascript")
        elif url.startswith((f"{self.address}/", "data:", "blob:")):
            route.continue_()
        elif self.embedded and url == f"{WEB}/mail/":
            route.fulfill(body=PARENT.format(address=self.address + self.path), content_type="text/html")
        else:
            self.strangers.append(url)
            route.abort()

    def open(self) -> Outlook:
        self.page.add_init_script(f"globalThis.fakeOfficeSetup = {json.dumps(self.setup)};")
        self.page.goto(f"{WEB}/mail/" if self.embedded else self.address + self.path)
        return self

    def reopen(self, **setup: Any) -> Outlook:
        """The pane is closed and opened again: mail and saved settings stay, all else starts anew."""
        kept = self.pane.evaluate("({ mail: fakeOffice.state.mail, roaming: fakeOffice.state.roaming })")
        self.setup |= kept | setup
        return self.open()

    @property
    def pane(self) -> Frame:
        if not self.embedded:
            return self.page.main_frame
        frame = self.page.frame("pane")
        assert frame is not None
        return frame

    def check(self) -> None:
        """Nothing went wrong that was not announced, and nobody else was asked for anything."""
        wrong = [text for text in self.heard if not any(part in text for part in self.complaints)]
        assert not wrong, wrong
        assert not self.strangers, self.strangers

    def _do(self, method: str, *given: Any) -> Any:
        return self.pane.evaluate("([name, given]) => fakeOffice[name](...given)", [method, list(given)])

    # What the user does.

    def select_item(self, mail: Json | None) -> None:
        """Another message is opened, or none. A pane that is pinned hears of it."""
        self._do("show", mail)

    def edit(self, content: str) -> None:
        """The user types: the body is this now."""
        self._do("edit", content)

    def select(self, words: str, where: Literal["body", "subject", "to"] = "body") -> None:
        self._do("select", {"words": words, "where": where})

    def theme(self, *, dark: bool) -> None:
        self._do("setTheme", dark)

    def hand_over(self, data: str) -> None:
        """A Smart Alert hands this to the pane that is open."""
        self._do("handOver", data)

    def send(self, handler: str = "onMessageSendHandler", limit: float = 300) -> Json:
        """Send is pressed; `limit` in seconds. The answer is `Sent` of fake_controls.js."""
        sent: Json = self._do("send", handler, ["composeOpenPane"], limit * 1000)
        return sent

    # What goes wrong.

    def set(self, **state: Any) -> None:
        """Change the fake's state: `set(flavour="classic", late="answer", delay=50)`."""
        self.pane.evaluate("(given) => Object.assign(fakeOffice.state, given)", state)

    def fail(self, method: str, **trouble: Any) -> None:
        """`Trouble` of fake_items.js: nth, times, code, name, message, throws, silent."""
        self._do("fail", method, trouble)

    def hold(self, method: str, when: When = "answer") -> None:
        """Calls wait until `release`: before they are made, or with their answer ready."""
        self._do("hold", method, when)

    def release(self, method: str) -> None:
        self._do("release", method)

    # What can be seen.

    @property
    def mail(self) -> Json:
        """All of the open item: see `Mail` in fake_items.js."""
        found: Json = self.pane.evaluate("fakeOffice.state.mail")
        return found

    @property
    def body(self) -> str:
        return str(self.mail["content"])

    @property
    def threads_lost(self) -> int:
        """How often a whole thread was replaced where only the reply was meant."""
        return int(self.pane.evaluate("fakeOffice.harm.threads"))

    @property
    def saved(self) -> Json:
        """The roaming settings, as saved."""
        found: Json = self.pane.evaluate("fakeOffice.state.roaming")
        return found

    @property
    def opened(self) -> list[str]:
        """Addresses opened in the browser."""
        return [str(url) for url in self.pane.evaluate("fakeOffice.opened")]

    def calls(self, name: str = "") -> list[Json]:
        """What was asked of Office, in order: `{name, given, n}`."""
        found: list[Json] = self.pane.evaluate("fakeOffice.calls")
        return [call for call in found if name in ("", call["name"])]

    def wait_for_call(self, name: str, times: int = 1) -> None:
        """Until a method was called so often."""
        self.pane.wait_for_function(
            "([name, times]) => fakeOffice.calls.filter((call) => call.name === name).length >= times",
            arg=[name, times],
        )
