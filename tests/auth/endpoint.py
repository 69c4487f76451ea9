"""The token endpoint of the fake of Microsoft Entra ID: on-behalf-of and refresh, strictly checked."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from tests.auth.tokens import CONSUMERS, FOREIGN, GRAPH, LOGIN, OTHER_TENANT, TENANT, Key, encode, issuer, key

OBO = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTED = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ANY_TENANT = ("common", "organizations", "consumers")
_GRAPH_ID = "00000003-0000-0000-c000-000000000000"
_OIDC = frozenset(("openid", "profile", "email", "offline_access"))
_FIELDS = frozenset((
    "client_id", "client_secret", "client_assertion", "client_assertion_type", "grant_type", "assertion",
    "requested_token_use", "scope", "client_info", "claims", "refresh_token",
))  # fmt: skip

Json = dict[str, Any]


class Graph(Protocol):
    """What takes tokens: the fake of Microsoft Graph."""

    def user(self, token: str, name: str, scopes: Collection[str] = ...) -> None: ...


@dataclass
class Reply:
    """An answer, in the shape that msal reads."""

    status_code: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise RuntimeError(f"HTTP status {self.status_code}")


class Denied(Exception):  # noqa: N818 - an answer of the service, not a fault of the program
    """An OAuth error with the number that Entra gives it."""

    def __init__(self, error: str, number: int, text: str, status: int = 400, **more: Any) -> None:
        super().__init__(f"AADSTS{number}: {text}")
        self.status = status
        stamp = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        self.body: Json = {
            "error": error,
            "error_description": f"{self} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
            "error_codes": [number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{LOGIN}/error?code={number}",
            **more,
        }


@dataclass
class Failure:
    """A status that is answered instead of doing the work, so many times."""

    status: int
    retry_after: int | None
    times: int


class TokenEndpoint:
    """Keys that sign, and tokens for Graph. What a test may set is described in `FakeEntra`."""

    def __init__(self, client_id: str, secret: str, now: Callable[[], float]) -> None:
        self.client_id = client_id
        self.secret = secret
        self.now = now
        self.expires_in = 3600
        self.common = True
        self.tenants = {TENANT, OTHER_TENANT, CONSUMERS}
        self.permissions = {
            "Calendars.ReadWrite", "Calendars.Read", "Calendars.ReadBasic", "Mail.Read", "User.Read",
        }  # fmt: skip
        self.granted: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.forms: list[dict[str, str]] = []
        self.issued: dict[str, tuple[str, str]] = {}
        self.signing = 0
        self.published = [0]
        self.wanted: dict[str, str] = {}
        self.unwilling: set[str] = set()
        self.refresh: dict[str, tuple[str, str]] = {}
        self.failures: list[Failure] = []
        self.certificates: list[x509.Certificate] = []
        self.federated: set[str] = set()
        self.graphs: list[tuple[Graph, Callable[[str, str], str]]] = []

    @property
    def key(self) -> Key:
        """The key that signs now."""
        return key(self.signing)

    def token_for(self, tenant: str, form: Mapping[str, str]) -> Reply:
        """The answer to a form that was posted to a tenant's endpoint. Raises Denied."""
        self.counts["token"] += 1
        self.forms.append(dict(form))
        if self.failures:
            failure = self.failures[0]
            failure.times -= 1
            if failure.times == 0:
                del self.failures[0]
            headers = {} if failure.retry_after is None else {"Retry-After": str(failure.retry_after)}
            # Which words come with these statuses is [not verified].
            body = Denied("temporarily_unavailable", 90055, "Too many requests.").body
            return reply(failure.status, body, headers)
        if unknown := set(form) - _FIELDS:
            raise Denied("invalid_request", 900144, f"These fields are not known: {sorted(unknown)}.")
        self._identify(tenant, form)
        if form.get("grant_type") == OBO:
            tid, oid = self._assert(tenant, form)
        elif form.get("grant_type") == "refresh_token":
            tid, oid = self._refreshed(form)
        else:
            raise Denied("unsupported_grant_type", 70003, "The grant type is not supported.")
        scopes, oidc = self._scopes(form.get("scope", ""))
        self._consider(oid, form)
        return reply(200, self._issue(tid, oid, scopes, oidc, form))

    def _identify(self, tenant: str, form: Mapping[str, str]) -> None:
        """The client has to be ours, and to prove it."""
        if tenant not in (*ANY_TENANT, *self.tenants):
            raise Denied("invalid_request", 90002, f"Tenant '{tenant}' not found.")
        if form.get("client_id") != self.client_id:
            raise Denied("unauthorized_client", 700016, "The application was not found in the directory.")
        if "client_assertion" in form:
            if form.get("client_assertion_type") != ASSERTED:
                raise Denied("invalid_request", 900144, "client_assertion_type is missing or wrong.")
            if form["client_assertion"] not in self.federated:
                self._check_client(form["client_assertion"], f"{LOGIN}/{tenant}/oauth2/v2.0/token")
        elif form.get("client_secret") != self.secret:
            raise Denied("invalid_client", 7000215, "Invalid client secret provided.", 401)

    def _check_client(self, assertion: str, endpoint: str) -> None:
        # Older clients name the certificate by SHA-1 (x5t), newer by SHA-256 (x5t#S256).
        algorithms = (SHA1(), SHA256())  # noqa: S303 - it names a certificate, it guards nothing
        for certificate in self.certificates:
            public = certificate.public_key()
            assert isinstance(public, RSAPublicKey)
            thumbprints = {encode(certificate.fingerprint(kind)) for kind in algorithms}
            try:
                claims = jwt.decode(
                    assertion, public, ["RS256", "PS256"], audience=endpoint, issuer=self.client_id,
                    options={"require": ["exp", "iat", "jti", "sub"]},
                )  # fmt: skip
                header = jwt.get_unverified_header(assertion)
            except jwt.InvalidTokenError:
                continue
            named = header.get("x5t#S256", header.get("x5t", "")).rstrip("=")
            if claims["sub"] == self.client_id and named in thumbprints:
                return
        raise Denied("invalid_client", 700027, "Client assertion failed signature validation.", 401)

    def _assert(self, tenant: str, form: Mapping[str, str]) -> tuple[str, str]:
        """Whose the assertion is, when it is one of our tokens for this client."""
        if form.get("requested_token_use") != "on_behalf_of":
            raise Denied("invalid_request", 900144, "requested_token_use has to be on_behalf_of.")
        if tenant in ANY_TENANT and not self.common:
            raise Denied("invalid_request", 90002, "This takes the endpoint of a tenant.")
        try:
            kid = jwt.get_unverified_header(form.get("assertion", "")).get("kid")
            known = {key(number).kid: key(number) for number in self.published}
            if kid not in known:
                raise jwt.InvalidSignatureError
            public = known[kid].private.public_key()
            # The clock and the audience are looked at below, each with an error of its own.
            claims: Json = jwt.decode(
                form["assertion"], public, ["RS256"],
                options={"verify_exp": False, "verify_nbf": False, "verify_aud": False, "verify_iat": False},
            )  # fmt: skip
        except jwt.InvalidTokenError:
            raise Denied("invalid_grant", 50013, "Assertion failed signature validation.") from None
        if claims.get("aud") != self.client_id:
            text = "Assertion audience does not match the Client app presenting the assertion."
            raise Denied("invalid_grant", 500131, text)
        if not claims["nbf"] - 300 <= self.now() < claims["exp"]:
            raise Denied("invalid_grant", 500133, "Assertion is not within its valid time range.")
        tid, oid = claims.get("tid"), claims.get("oid")
        if claims.get("iss") != issuer(str(tid)) or tid not in self.tenants or not oid:
            raise Denied("invalid_grant", 50013, "Assertion contains an invalid issuer or user.")
        if tenant not in (*ANY_TENANT, tid):
            # A guest's token would do; there are none here.
            raise Denied("invalid_grant", 50013, "Assertion is of another tenant.")
        if not claims.get("scp"):
            raise Denied("invalid_grant", 7000114, "Applications cannot make on-behalf-of calls.")
        return str(tid), str(oid)

    def _refreshed(self, form: Mapping[str, str]) -> tuple[str, str]:
        whose = self.refresh.get(form.get("refresh_token", ""))
        if whose is None:
            raise Denied("invalid_grant", 50173, "The provided grant has expired.", suberror="bad_token")
        return whose

    def _scopes(self, text: str) -> tuple[list[str], frozenset[str]]:
        """The short names of what is asked of Graph, and what else is asked for."""
        asked = [scope for scope in text.split() if scope not in _OIDC]
        known = {name.lower(): name for name in self.permissions}
        short: list[str] = []
        for scope in asked:
            resource, _, name = scope.rpartition("/")
            if resource not in ("", GRAPH, _GRAPH_ID):
                raise Denied("invalid_resource", 500011, f"The resource '{resource}' was not found.")
            if name == ".default":
                short += sorted(self.permissions)
            elif name.lower() in known:
                short.append(known[name.lower()])
            else:
                raise Denied("invalid_scope", 70011, f"The scope '{scope}' is not valid.")
        if not short:
            raise Denied("invalid_scope", 70011, "No scope of a resource was asked for.")
        return short, frozenset(text.split()) & _OIDC

    def _consider(self, oid: str, form: Mapping[str, str]) -> None:
        """Whether the user has to do something first."""
        try:
            wanted = json.loads(form.get("claims", "{}"))
        except ValueError:
            wanted = None
        if not isinstance(wanted, dict):
            raise Denied("invalid_request", 9002331, "The claims parameter is not valid JSON.")
        if oid in self.unwilling:
            text = "The user or administrator has not consented to use the application."
            raise Denied("invalid_grant", 65001, text, suberror="consent_required")
        if oid in self.wanted:
            text = "Due to a configuration change you must enroll in multifactor authentication."
            raise Denied(
                "interaction_required", 50079, text, suberror="basic_action", claims=self.wanted[oid]
            )

    def _issue(
        self, tid: str, oid: str, scopes: list[str], oidc: frozenset[str], form: Mapping[str, str]
    ) -> Json:
        now = int(self.now())
        told = [*scopes, *sorted(self.granted - set(scopes))]
        times = {"iat": now, "nbf": now, "exp": now + self.expires_in, "tid": tid, "oid": oid}
        # Graph's tokens are v1 whatever was asked, with a nonce that keeps others from checking them.
        access = {
            **times, "aud": GRAPH, "iss": f"https://sts.windows.net/{tid}/", "ver": "1.0",
            "uti": uuid.uuid4().hex, "appid": self.client_id, "scp": " ".join(told),
        }  # fmt: skip
        token = key(FOREIGN).sign(access, kid=self.key.kid, nonce=uuid.uuid4().hex)
        self.issued[token] = (tid, oid)
        for graph, name in self.graphs:
            graph.user(token, name(tid, oid), frozenset(told))
        body: Json = {
            "token_type": "Bearer",
            "scope": " ".join(f"{GRAPH}/{name}" for name in told),
            "expires_in": self.expires_in,
            "ext_expires_in": self.expires_in,
            "access_token": token,
        }
        if "offline_access" in oidc:
            body["refresh_token"] = "1.AX" + uuid.uuid4().hex
            self.refresh[body["refresh_token"]] = (tid, oid)
        if "openid" in oidc:
            user = {"name": "Ada", "preferred_username": "ada@contoso.test", "sub": f"pairwise-{oid}"}
            ours = {"aud": self.client_id, "iss": issuer(tid), "ver": "2.0"}
            body["id_token"] = self.key.sign({**times, **ours, **(user if "profile" in oidc else {})})
        if form.get("client_info") == "1":
            body["client_info"] = encode(json.dumps({"uid": oid, "utid": tid}).encode())
        return body


def reply(status: int, body: Json, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON answer."""
    return Reply(
        status, json.dumps(body), {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    )
