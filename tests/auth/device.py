"""Microsoft Entra ID for programs without a secret: the device code grant, and refresh by a public client.

Written from "Microsoft identity platform and the OAuth 2.0 device authorization grant flow" and from
what msal 1.39 sends; "[not verified]" stands where something had to be assumed.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import requests

from tests.auth.endpoint import ANY_TENANT, Denied, Json, Reply, reply
from tests.auth.fakes import FakeEntra, MsalClient
from tests.auth.tokens import TENANT, USER

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
PAGE = "https://login.microsoft.com/device"
# msal sends the code under two names, and asks for client_info.
_POLL = {"client_id", "grant_type", "device_code", "code", "client_info"}
_REFRESH = {"client_id", "grant_type", "refresh_token", "scope", "client_info"}


class DeviceEntra(FakeEntra):
    """Attributes that a test may set:

    - `pending`: how many polls come before the user has entered the code;
    - `refused`: the error that comes then in place of a token, "" for none;
    - `public`: whether the registration allows public client flows;
    - `signing_in`: tenant and object id of the user who enters the code;
    - `status`: what the token endpoint answers, 0 for its work.

    `codes` holds the user codes given out, `tenants_asked` the tenants in the addresses.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        super().__init__(now=now)
        self.pending = 1
        self.refused = ""
        self.public = True
        self.signing_in = TENANT, USER
        self.status = 0
        self.codes: list[str] = []
        self.tenants_asked: set[str] = set()
        self._waiting: dict[str, tuple[str, str, int]] = {}

    def public_client(self) -> PublicClient:
        """For msal's `http_client`."""
        return PublicClient(self)

    def _answer(self, method: str, url: httpx.URL, form: Mapping[str, str]) -> Reply:
        tenant, _, path = url.path.strip("/").partition("/")
        if method != "POST":
            return super()._answer(method, url, form)
        self.tenants_asked.add(tenant)
        if self.status:
            return Reply(self.status, "<html>not now</html>")
        try:
            if tenant not in (*ANY_TENANT, *self.tenants):
                raise Denied("invalid_request", 90002, f"Tenant '{tenant}' not found.")
            if form.get("client_id") != self.client_id:
                raise Denied("unauthorized_client", 700016, "The application was not found.")
            if path == "oauth2/v2.0/devicecode":
                return reply(200, self._begin(tenant, form))
            assert path == "oauth2/v2.0/token"
            self.forms.append(dict(form))
            return reply(200, self._token(tenant, form))
        except Denied as denied:
            return reply(denied.status, denied.body)

    def _begin(self, tenant: str, form: Mapping[str, str]) -> Json:
        if set(form) != {"client_id", "scope"}:
            raise Denied("invalid_request", 900144, "Fields are missing, or not known.")
        self._scopes(form["scope"])
        code, user_code = secrets.token_urlsafe(40), secrets.token_hex(4).upper()
        self._waiting[code] = tenant, form["scope"], self.pending
        self.codes.append(user_code)
        # The service says 5 seconds; a test has no time for them.
        return {
            "user_code": user_code, "device_code": code, "verification_uri": PAGE, "expires_in": 900,
            "interval": 0, "message": f"To sign in, open {PAGE} and enter the code {user_code}.",
        }  # fmt: skip

    def _token(self, tenant: str, form: Mapping[str, str]) -> Json:
        if not self.public:
            text = "The request body must contain the following parameter: 'client_assertion'."
            raise Denied("invalid_client", 7000218, text, 401)
        if form.get("grant_type") == "refresh_token":
            if set(form) != _REFRESH:
                raise Denied("invalid_request", 900144, "Fields are missing, or not known.")
            tid, oid = self._refreshed(form)
            asked = form["scope"]
        else:
            if form.get("grant_type") != DEVICE or set(form) != _POLL:
                raise Denied("invalid_request", 900144, "Fields are missing, or not known.")
            asked = self._polled(tenant, form["device_code"])
            tid, oid = self.signing_in
        scopes, oidc = self._scopes(asked)
        self._consider(oid, form)
        return self._issue(tid, oid, scopes, oidc, form)

    def _polled(self, tenant: str, code: str) -> str:
        """The scopes asked for in the beginning, when the user is done."""
        if code not in self._waiting:
            raise Denied("bad_verification_code", 70019, "The code is not known.")  # number [not verified]
        begun, scopes, left = self._waiting[code]
        if tenant != begun:
            raise Denied("invalid_grant", 70000, "The code was made for another tenant.")  # [not verified]
        if left:
            self._waiting[code] = begun, scopes, left - 1
            raise Denied("authorization_pending", 70016, "The user must input their code.")
        del self._waiting[code]
        if self.refused:
            raise Denied(self.refused, 70017, "The user did not go along.")  # number [not verified]
        return scopes


class PublicClient(MsalClient):
    """As msal's own client (requests): leaves out what is None, and fails with requests' errors."""

    def get(self, url: str, params: Any = None, headers: Any = None, **options: Any) -> Reply:
        return _failing(super().get(url, params, headers, **options))

    def post(
        self,
        url: str,
        params: Any = None,
        data: Mapping[str, Any] | None = None,
        headers: Any = None,
        **options: Any,
    ) -> Reply:
        form = {name: value for name, value in (data or {}).items() if value is not None}
        return _failing(super().post(url, params, form, headers, **options))


class _Failing(Reply):
    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise requests.HTTPError(f"HTTP status {self.status_code}")


def _failing(answer: Reply) -> Reply:
    return _Failing(answer.status_code, answer.text, answer.headers)
