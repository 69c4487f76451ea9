"""Outlook's broker as the pane meets it, and an empty page of the service to meet it on.

The library is the vendored one, in Chromium; tokens are those of the fake of Entra, so that the service
believes them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route

from app.outlook import policy
from tests.auth.tokens import TENANT
from tests.outlook.signed import Signed

Json = dict[str, Any]

SCOPE = "api://pane.test/00000000-0000-4000-8000-000000000001/access_as_user"
GRAPH_SCOPE = "https://graph.microsoft.com/Calendars.ReadWrite"
BRIDGE = (Path(__file__).parent / "nested_bridge.js").read_text(encoding="utf-8")
MSAL = "/outlook/static/vendor/msal-browser.min.js"
PAGE = """\
<!doctype html><html><head><meta charset="utf-8"><title>Pane</title><link rel="icon" href="data:,">{scripts}
</head><body></body></html>
"""
SETUP = """async ([config, supported, patience]) => {
  for (const name of ["/static/client.js", "/outlook/static/sign_in.js", "/outlook/static/bookings.js"]) {
    Object.assign(globalThis, await import(name));
  }
  const msal = globalThis.msal ?? null;
  globalThis.signIn = new SignIn({ config, msal, supported, patience });
  globalThis.client = new Client({ credential: () => signIn.token(), language: () => "en" });
}"""


class Broker:
    """Answers `askBroker` of nested_bridge.js. Attributes that a test may set:

    - `signed_in`: whether our API's token can be had without a window;
    - `window`: what becomes of a window, or the error that the broker tells of it;
    - `trouble`: the error that every silent request meets;
    - `mute`: messages that are never answered; `delays`: by message, in milliseconds;
    - `expires_in`: how long tokens are said to be good for, in seconds;
    - `claims`: what the tokens say in place of the usual;
    - `agreed`: called when somebody agreed in a window, with what was asked.

    `asked` are the messages that came.
    """

    def __init__(self, signed: Signed, oid: str) -> None:
        self.signed, self.oid = signed, oid
        self.signed_in = True
        self.window: Literal["agree"] | Json = "agree"
        self.trouble: Json | None = None
        self.mute: set[str] = set()
        self.delays: dict[str, int] = {}
        self.expires_in = 4500
        self.claims: Json = {}
        self.agreed: Callable[[Json], object] = lambda _: None
        self.asked: list[Json] = []

    def of(self, method: str) -> list[Json]:
        """What was asked for by a method."""
        return [message.get("tokenParams", {}) for message in self.asked if message["method"] == method]

    def wanted(self) -> list[Json]:
        """What claims each window was shown for, of those that are about access; the library adds others."""
        return [
            json.loads(asked.get("claims") or "{}").get("access_token") for asked in self.of("GetTokenPopup")
        ]

    def answer(self, message: Json) -> Json | None:
        self.asked.append(message)
        method = message["method"]
        if method in self.mute:
            return None
        return {"delay": self.delays.get(method, 0), **self._parts(method, message.get("tokenParams", {}))}

    def _parts(self, method: str, asked: Json) -> Json:
        if method == "GetInitContext":
            account = self._account()
            known = {name: account[name] for name in ("homeAccountId", "environment", "tenantId")}
            return {
                "success": True,
                "initContext": {"sdkName": "fake", "sdkVersion": "1", "accountContext": known},
            }
        assert asked["clientId"] == self.signed.entra.client_id
        if method == "GetToken":
            if self.trouble:
                return {"success": False, "error": self.trouble}
            if not self.signed_in:
                return refusal("USER_INTERACTION_REQUIRED", "interaction_required")
        elif self.window != "agree":
            return {"success": False, "error": self.window}
        else:
            self.signed_in = True
            self.agreed(asked)
        return {"success": True, "token": self._token(asked), "account": self._account()}

    def _token(self, asked: Json) -> Json:
        # Tokens are for one resource, and openid alone is for none (office-js issue 5001).
        resources = [scope for scope in asked["scope"].split() if "/" in scope]
        assert len(resources) == 1, asked["scope"]
        entra = self.signed.entra
        ours = resources[0] == SCOPE
        assert ours or resources[0] == GRAPH_SCOPE
        access = (
            entra.token(**{"oid": self.oid, **self.claims}) if ours else entra.forge("graph", oid=self.oid)
        )
        return {
            "access_token": access, "expires_in": self.expires_in, "scope": f"{resources[0]} openid profile",
            "id_token": entra.token(oid=self.oid, scp=None, azp=None), "properties": None,
        }  # fmt: skip

    def _account(self) -> Json:
        return {
            "environment": "login.microsoftonline.com", "homeAccountId": f"{self.oid}.{TENANT}",
            "localAccountId": self.oid, "tenantId": TENANT, "username": "ada@contoso.test",
        }  # fmt: skip


def refusal(status: str, code: str = "") -> Json:
    """An answer of a broker that does not give a token."""
    return {"success": False, "error": {"status": status, "code": code, "description": "ada@contoso.test"}}


class Desk:
    """The empty page. `run` runs JavaScript on it, which finds `signIn` made; `check` says what went wrong.

    `client`, `SignIn`, `Bookings` and `Failure` are there too. Without a `broker` there is no bridge;
    `before` runs before all else.
    """

    def __init__(
        self,
        page: Page,
        signed: Signed,
        broker: Broker | None,
        *,
        supported: bool = True,
        msal: bool = True,
        before: str = "",
        patience: int = 10_000,
        **config: Any,
    ) -> None:
        self.page, self.signed, self.broker = page, signed, broker
        self.heard: list[str] = []
        self.strangers: list[str] = []
        self.sent: list[Request] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.heard.append(str(error)))
        page.route("**/*", self._answer)
        if broker:
            page.expose_function("askBroker", broker.answer)
            page.add_init_script(BRIDGE)
        if before:
            page.add_init_script(before)
        self.scripts = f'<script src="{MSAL}"></script>' if msal else ""
        page.goto(f"{signed.address}/blank")
        given: Json = {
            "client_id": signed.entra.client_id, "scope": SCOPE, "calendar": True, "key_needed": True,
            "authority": "https://login.microsoftonline.com/common", **config,
        }  # fmt: skip
        page.evaluate(
            SETUP,
            [given, supported, patience],
        )

    def _console(self, message: ConsoleMessage) -> None:
        # An answer that is no success is told in the console, whatever the page makes of it.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.heard.append(message.text)

    def _answer(self, route: Route, request: Request) -> None:
        if request.url == f"{self.signed.address}/blank":
            # Under the policy that the pane itself is served with.
            body = PAGE.format(scripts=self.scripts)
            route.fulfill(body=body, content_type="text/html", headers=policy.page())
        elif request.url.startswith((f"{self.signed.address}/", "data:")):
            self.sent.append(request)
            route.continue_()
        else:
            self.strangers.append(request.url)
            route.abort()

    def run(self, code: str, given: Any = None) -> Any:
        """The value of a function's body."""
        return self.page.evaluate(f"async (given) => {{ {code} }}", given)

    def token(self, **asked: Any) -> Json:
        """`{token}`, or `{kind, code}` of the failure."""
        found: Json = self.run(
            """try {
              return { token: await signIn.token(given) };
            } catch (error) {
              if (!(error instanceof Failure)) throw error;
              return { kind: error.kind, code: error.code };
            }""",
            asked,
        )
        return found

    def calls(self, method: str, path: str = "/v1/") -> list[Request]:
        """What the page asked of the service below a path."""
        start = self.signed.address + path
        return [sent for sent in self.sent if sent.method == method and sent.url.startswith(start)]

    def check(self) -> None:
        """Nobody else was asked for anything, no window opened, and no token lies about."""
        assert not self.heard, self.heard
        assert not self.strangers, self.strangers
        assert len(self.page.context.pages) == 1
        kept = self.run("return JSON.stringify([localStorage, sessionStorage, document.cookie])")
        assert "eyJ" not in kept
        assert json.loads(kept)[2] == ""


Sit = Callable[..., tuple[Desk, Broker]]


@contextmanager
def sitting(browser: Browser, signed: Signed) -> Iterator[Sit]:
    """Makes empty pages, each with a broker and a user of its own; when the block ends each is checked.

    `bridge`: whether there is one; `arrange` is called with the broker before it is asked for anything;
    further parts are those of `Desk`.
    """
    contexts: list[BrowserContext] = []
    made: list[Desk] = []

    def make(
        *, bridge: bool = True, arrange: Callable[[Broker], object] = lambda _: None, **more: Any
    ) -> tuple[Desk, Broker]:
        contexts.append(browser.new_context())
        broker = Broker(signed, signed.user())
        arrange(broker)
        made.append(Desk(contexts[-1].new_page(), signed, broker if bridge else None, **more))
        return made[-1], broker

    signed.calm()
    yield make
    for desk in made:
        desk.check()
    for context in contexts:
        context.close()
