"""A fake of Microsoft Entra ID: its keys, the tokens it signs, and its token endpoint.

Written from the Entra documentation ("Microsoft identity platform and OAuth2.0 On-Behalf-Of flow",
"Claims challenges, claims requests and client capabilities") and from what msal 1.39 sends and reads;
"[not verified]" stands where something had to be assumed. It opens no socket: `transport` is for
httpx, `msal_client` for msal.
"""

from __future__ import annotations

import importlib
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx
from cryptography import x509

from tests.auth.endpoint import ANY_TENANT, Denied, Failure, Graph, Json, Reply, TokenEndpoint, reply
from tests.auth.tokens import CLIENT, LOGIN, TENANT, USER, Forgery, forge, issuer, key

SECRET = "made-up-secret"
_ALIASES = ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"]


class FakeEntra(TokenEndpoint):
    """The service. Attributes that a test may set:

    - `down`: no connection; `slow`: no answer in time;
    - `get_status`: what discovery and keys answer, 200 unless set;
    - `expires_in`: how long tokens for Graph are good for, in seconds (msal takes one as expired
      five minutes early);
    - `tenants`: those that exist; `permissions`: what can be asked of Graph;
    - `granted`: short names told in an answer beside those asked for, as the service does with what was
      consented to before;
    - `common`: whether the token endpoint of "common" does on-behalf-of. The documentation says "the
      tenant-specific endpoint"; what "common" does is [not verified].

    Attributes that a test may read: `counts` (by "discovery", "keys", "instance", "token"), `forms`
    (what came to the token endpoint), `issued` (token for Graph -> tenant and user).
    """

    def __init__(
        self, client_id: str = CLIENT, secret: str = SECRET, now: Callable[[], float] = time.time
    ) -> None:
        super().__init__(client_id, secret, now)
        self.down = False
        self.slow = False
        self.get_status = 200

    # Tokens for our API.

    def rotate(self, *, keep: bool = True) -> None:
        """Sign with a new key from now on; without `keep`, the old ones are no longer published."""
        self.signing += 1
        self.published = [*(self.published if keep else ()), self.signing]

    def claims_of(self, **claims: Any) -> Json:
        """What `token` would sign."""
        now = int(self.now())
        tenant = str(claims.get("tid", TENANT))
        whole: Json = {
            "aud": self.client_id, "iss": issuer(tenant), "iat": now, "nbf": now, "exp": now + 4500,
            "azp": self.client_id, "azpacr": "0", "name": "Ada", "oid": USER,
            "preferred_username": "ada@contoso.test", "scp": "access_as_user", "sub": "pairwise-ada",
            "tid": tenant, "uti": uuid.uuid4().hex, "ver": "2.0", **claims,
        }  # fmt: skip
        return {name: value for name, value in whole.items() if value is not None}

    def token(self, **claims: Any) -> str:
        """A v2 access token for our API, as a client would send it. A claim of None is left out."""
        return self.key.sign(self.claims_of(**claims))

    def forge(self, kind: Forgery, **claims: Any) -> str:
        """A token that has to be turned away for one reason."""
        return forge(kind, self.key, self.claims_of(**claims))

    # What tests arrange.

    def claims(self, oid: str, claims: str | None) -> None:
        """Want more of a user (JSON of a claims challenge) before a token for Graph; None: no more."""
        if claims is None:
            self.wanted.pop(oid, None)
        else:
            self.wanted[oid] = claims

    def consent(self, oid: str, *, given: bool = False) -> None:
        """Take a user's consent to Graph away, or give it back."""
        (self.unwilling.discard if given else self.unwilling.add)(oid)

    def revoke(self, oid: str) -> None:
        """Let none of a user's refresh tokens be good any more."""
        self.refresh = {token: whose for token, whose in self.refresh.items() if whose[1] != oid}

    def fail(self, status: int, *, retry_after: int | None = None, times: int = 1) -> None:
        """Answer the token endpoint with a status instead of doing the work."""
        self.failures.append(Failure(status, retry_after, times))

    def certificate(self, pem: str) -> None:
        """Take client assertions that are signed with a certificate's key."""
        self.certificates.append(x509.load_pem_x509_certificate(pem.encode()))

    def federate(self, assertion: str) -> None:
        """Take this very client assertion (workload identity: another issuer's token)."""
        self.federated.add(assertion)

    def register(self, graph: Graph, name: Callable[[str, str], str] = lambda _, oid: oid) -> None:
        """Let a fake of Graph take the tokens issued from now on; `name` names a tenant's user there."""
        self.graphs.append((graph, name))

    # Connections.

    def transport(self) -> httpx.MockTransport:
        """For httpx, of both kinds. Raises httpx.ConnectError and httpx.ReadTimeout like the real one."""

        def handle(request: httpx.Request) -> httpx.Response:
            if self.down:
                raise httpx.ConnectError("nobody is there", request=request)
            if self.slow:
                raise httpx.ReadTimeout("the answer is too slow", request=request)
            form = dict(parse_qsl(request.content.decode("ascii")))
            told = self._answer(request.method, request.url, form)
            return httpx.Response(told.status_code, text=told.text, headers=told.headers)

        return httpx.MockTransport(handle)

    def msal_client(self) -> MsalClient:
        """For msal's `http_client`."""
        return MsalClient(self)

    def _answer(self, method: str, url: httpx.URL, form: Mapping[str, str]) -> Reply:
        if (url.scheme, url.host) != ("https", "login.microsoftonline.com"):
            raise AssertionError(f"this is not a host of Entra: {url.host}")
        tenant, _, path = url.path.strip("/").partition("/")
        try:
            if method == "POST" and path == "oauth2/v2.0/token":
                return self.token_for(tenant, form)
            if method == "GET" and path == "v2.0/.well-known/openid-configuration":
                return self._get("discovery", self._configuration(tenant))
            if method == "GET" and path == "discovery/v2.0/keys":
                return self._get("keys", {"keys": [key(number).published() for number in self.published]})
            if method == "GET" and path == "discovery/instance" and "authorization_endpoint" in url.params:
                return self._get("instance", _instances())
        except Denied as denied:
            return reply(denied.status, denied.body)
        return Reply(404, "")

    def _get(self, what: str, body: Json) -> Reply:
        self.counts[what] += 1
        return reply(200, body) if self.get_status == 200 else Reply(self.get_status, "<html>not now</html>")

    def _configuration(self, tenant: str) -> Json:
        if tenant not in (*ANY_TENANT, *self.tenants):
            raise Denied("invalid_tenant", 90002, f"Tenant '{tenant}' not found.")
        # For "common" the placeholder itself stands there: whoever checks has to fill it in.
        whose = "{tenantid}" if tenant in ANY_TENANT else tenant
        return {
            "issuer": issuer(whose),
            "authorization_endpoint": f"{LOGIN}/{tenant}/oauth2/v2.0/authorize",
            "token_endpoint": f"{LOGIN}/{tenant}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{LOGIN}/{tenant}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{LOGIN}/{tenant}/discovery/v2.0/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            "cloud_instance_name": "microsoftonline.com",
        }


class MsalClient:
    """What msal takes as its `http_client`; fails as its own one (requests) does."""

    def __init__(self, entra: FakeEntra) -> None:
        self._entra = entra
        self.closed = False

    def get(self, url: str, params: Mapping[str, str] | None = None, headers: Any = None, **_: Any) -> Reply:
        return self._send("GET", httpx.URL(url, params={**dict(httpx.URL(url).params), **(params or {})}), {})

    def post(
        self,
        url: str,
        params: Any = None,
        data: Mapping[str, Any] | None = None,
        headers: Any = None,
        **_: Any,
    ) -> Reply:
        # msal has some of them as bytes.
        form = {
            name: value.decode() if isinstance(value, bytes) else str(value)
            for name, value in (data or {}).items()
        }
        return self._send("POST", httpx.URL(url), form)

    def close(self) -> None:
        self.closed = True

    def _send(self, method: str, url: httpx.URL, form: Mapping[str, str]) -> Reply:
        errors: Any = importlib.import_module("requests.exceptions")  # untyped
        if self._entra.down:
            raise errors.ConnectionError("nobody is there")
        if self._entra.slow:
            raise errors.ReadTimeout("the answer is too slow")
        return self._entra._answer(method, url, form)


def _instances() -> Json:
    return {
        "tenant_discovery_endpoint": f"{LOGIN}/common/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": _ALIASES[0], "preferred_cache": _ALIASES[1], "aliases": _ALIASES}],
    }
