"""Google's sign-in for desktop apps: its page, as a browser goes through it, and its token endpoint.

Written from "OAuth 2.0 for Mobile & Desktop Apps" (Google), RFC 6749 and RFC 7636; "[not verified]"
stands where something had to be assumed. It opens no socket but for the way back to the program.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import secrets
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from requests.adapters import BaseAdapter

from tests.holds.fakes.google import FakeGoogle

TOKEN = "https://oauth2.googleapis.com/token"
PAGE = "https://accounts.google.com/o/oauth2/auth"
SCOPE = "https://www.googleapis.com/auth/"
SCOPES = (f"{SCOPE}calendar.events.owned", f"{SCOPE}calendar.freebusy")
CLIENT = {
    "client_id": "1234.apps.googleusercontent.com",
    "client_secret": "made-up-client-secret",
    "auth_uri": PAGE,
    "token_uri": TOKEN,
    "redirect_uris": ["http://localhost"],
}


class GoogleTokens(BaseAdapter):
    """Attributes that a test may set:

    - `ticked`: the scopes that the user allows, None for all that are asked for;
    - `denies`: the user clicks "Cancel"; `lies`: another page comes back with a state of its own;
    - `closes`: the user closes the page, so nothing comes back;
    - `expires_in`: how long tokens are good for, in seconds;
    - `revoked`: no refresh token is good any more; `status`: what the endpoint answers, 0 for its work;
    - `fails`: the error of the connection.

    `pages` holds the addresses that were opened, `forms` what came to the endpoint, `shown` what the
    browser showed in the end.
    """

    def __init__(self, google: FakeGoogle, user: str = "ana") -> None:
        super().__init__()
        self._google = google
        self._user = user
        self.ticked: tuple[str, ...] | None = None
        self.denies = self.lies = self.closes = self.revoked = False
        self.expires_in = 3599
        self.status = 0
        self.fails: Exception | None = None
        self.pages: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.shown: list[str] = []
        self.issued: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._refresh: dict[str, tuple[str, ...]] = {}
        self._threads: list[threading.Thread] = []

    def open(self, url: str) -> None:
        """What the user's browser does with the page: it goes on beside the program that waits."""
        self.pages.append(url)
        asked = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
        assert url.startswith(f"{PAGE}?")
        assert set(asked) == {
            "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge",
            "code_challenge_method", "access_type",
        }  # fmt: skip
        fixed = {"response_type": "code", "access_type": "offline", "code_challenge_method": "S256"}
        assert fixed.items() <= asked.items()
        assert asked["client_id"] == CLIENT["client_id"]
        back = urlsplit(asked["redirect_uri"])
        assert (back.scheme, back.hostname, back.path) == ("http", "127.0.0.1", "/")
        assert len(asked["state"]) >= 16
        if not self.closes:
            thread = threading.Thread(target=self._come_back, args=(back.port, asked))
            self._threads.append(thread)
            thread.start()

    def done(self) -> None:
        """Wait for the browser."""
        for thread in self._threads:
            thread.join(10)

    def _come_back(self, port: int, asked: dict[str, str]) -> None:
        code = secrets.token_urlsafe(30)
        self._codes[code] = asked
        state = "another-state-of-its-own" if self.lies else asked["state"]
        granted = " ".join(self._granted(asked["scope"]))
        said = {"error": "access_denied"} if self.denies else {"code": code, "scope": granted}
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/?" + urlencode({"state": state, **said}))
        self.shown.append(connection.getresponse().read().decode())
        connection.close()

    def _granted(self, scope: str) -> tuple[str, ...]:
        return tuple(scope.split()) if self.ticked is None else self.ticked

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """The token endpoint, as an adapter of requests."""
        assert (request.method, request.url) == ("POST", TOKEN)
        assert timeout, "a program that waits for ever"
        assert verify, "whoever answers could be anybody"
        if self.fails is not None:
            raise self.fails
        text = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
        form = dict(parse_qsl(text, strict_parsing=True))
        self.forms.append(form)
        status, body = (self.status, b"<html>") if self.status else self._answer(form, request.headers)
        answer = requests.Response()
        answer.status_code = status
        answer.headers["Content-Type"] = "application/json; charset=utf-8"
        answer._content = body
        answer.request = request
        answer.url = TOKEN
        return answer

    def close(self) -> None:
        """Nothing is open."""

    def _answer(self, form: dict[str, str], headers: Mapping[str, Any]) -> tuple[int, bytes]:
        # The client proves itself in the header or in the form; Google takes both.
        basic = base64.b64encode(f"{CLIENT['client_id']}:{CLIENT['client_secret']}".encode()).decode()
        in_form = (form.pop("client_id", None), form.pop("client_secret", None))
        if headers.get("Authorization") != f"Basic {basic}" and in_form != (
            CLIENT["client_id"], CLIENT["client_secret"],
        ):  # fmt: skip
            return 401, json.dumps({"error": "invalid_client"}).encode()
        grant = form.pop("grant_type", "")
        if grant == "authorization_code" and set(form) == {"code", "redirect_uri", "code_verifier"}:
            asked = self._codes.pop(form["code"], None)
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            if (
                asked is None
                or asked["redirect_uri"] != form["redirect_uri"]
                or asked["code_challenge"] != challenge
            ):
                return 400, json.dumps({"error": "invalid_grant"}).encode()
            scopes = self._granted(asked["scope"])
            fresh = {"refresh_token": f"1//{secrets.token_urlsafe(30)}"}
            self._refresh[fresh["refresh_token"]] = scopes
            return self._issue(scopes, fresh)
        if grant == "refresh_token" and set(form) == {"refresh_token", "scope"}:
            known = self._refresh.get(form["refresh_token"])
            if self.revoked or known is None or not set(form["scope"].split()) <= set(known):
                text = "Token has been expired or revoked."
                return 400, json.dumps({"error": "invalid_grant", "error_description": text}).encode()
            return self._issue(known, {})
        return 400, json.dumps({"error": "invalid_request"}).encode()

    def _issue(self, scopes: tuple[str, ...], more: Mapping[str, str]) -> tuple[int, bytes]:
        token = f"ya29.{secrets.token_urlsafe(30)}"
        self.issued.append(token)
        self._google.user(token, self._user, {scope.removeprefix(SCOPE) for scope in scopes})
        body = {
            "access_token": token, "expires_in": self.expires_in, "scope": " ".join(scopes),
            "token_type": "Bearer", **more,
        }  # fmt: skip
        return 200, json.dumps(body).encode()
