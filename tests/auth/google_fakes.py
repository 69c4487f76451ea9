"""A fake of Google's identity service: the keys it publishes, and the ID tokens it signs for add-ons.

Tokens are signed by google-auth itself; those that it would not sign are built by hand. The claims are
those of "Build Google Workspace add-ons using HTTP" and of OpenID Connect at Google. It opens no
socket: `transport` is for httpx, `request` for google-auth.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import anyio
import httpx
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.auth import crypt
from google.auth import jwt as google_jwt
from jwt.algorithms import RSAAlgorithm

from tests.auth import tokens
from tests.auth.fakes import FakeEntra
from tests.auth.tokens import Key, encode

ENDPOINT = "https://tactline.example.test/gmail"
QUERY = "do=message"
SERVICE_ACCOUNT = "service-100200300400@gcp-sa-gsuiteaddons.iam.gserviceaccount.com"
OTHER_ACCOUNT = "service-999999999999@gcp-sa-gsuiteaddons.iam.gserviceaccount.com"
CLIENT = "100200300400-madeup.apps.googleusercontent.com"
SUBJECT = "100000000000000000001"
EMAIL = "ada@contoso.test"
V1 = "https://www.googleapis.com/oauth2/v1/certs"
V3 = "https://www.googleapis.com/oauth2/v3/certs"

Whose = Literal["system", "user"]
Forgery = Literal[
    "wrong-key", "unknown-kid", "no-kid", "none", "hs256", "rs512", "tampered", "cut", "junk",
    "wrong-aud", "aud-list", "aud-longer", "no-aud", "wrong-issuer", "issuer-lookalike", "no-issuer",
    "unverified", "verified-missing", "verified-string", "expired-31", "future-31", "no-exp", "no-iat",
    "other-token", "entra", "other-account", "no-email",
]  # fmt: skip
FORGERIES: tuple[Forgery, ...] = get_args(Forgery)
"""Each of them must be turned away as a system token."""
USER_FORGERIES = tuple(kind for kind in FORGERIES if kind not in ("other-account", "no-email"))
"""And each of these as a user token, which may bear any address, or none."""
Tolerated = Literal["expired-29", "future-29"]
TOLERATED: tuple[Tolerated, ...] = get_args(Tolerated)
"""What clocks that differ make of a good token: let in."""

Json = dict[str, Any]
_FIRST = 2000  # of the numbers of keys, so that no fake of another provider has the same
_FOREIGN = 1999
_NOT_SAID: Any = object()


@functools.cache
def certificate(number: int) -> str:
    """The PEM of a self-signed certificate of a key, as v1 publishes them."""
    private = tokens.key(number).private
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "federated-signon.example.test")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(number)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=36500))
        .sign(private, SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


@functools.cache
def _signer(number: int, kid: str | None) -> Any:
    private = tokens.key(number).private
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    make: Any = crypt.RSASigner.from_string  # untyped
    return make(pem, kid)


@dataclass
class Certs:
    """An answer as google-auth's transports have it."""

    status: int
    data: bytes


class FakeGoogleIdentity:
    """The service. Attributes that a test may set:

    - `down`: no connection; `slow`: no answer in time; `status`: what is answered, 200 unless set;
    - `body`: what v3 answers, whatever the status; `stream`: the same, in parts;
    - `headers`: of an answer, with the `Cache-Control` that Google sends unless changed;
    - `gate`: answers that are on their way wait for it. What they say was settled before.

    `counts` (by "v1", "v3") is what was asked for, answered or not. `now` is the time, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.signing = _FIRST
        self.published = [_FIRST]
        self.down = False
        self.slow = False
        self.status = 200
        self.body: bytes | None = None
        self.stream: Callable[[], AsyncIterator[bytes]] | None = None
        self.headers = {"Cache-Control": "public, max-age=19723, must-revalidate, no-transform"}
        self.gate: anyio.Event | None = None
        self.counts: Counter[str] = Counter()

    @property
    def key(self) -> Key:
        return tokens.key(self.signing)

    def rotate(self, *, keep: bool = True) -> None:
        """Sign with a new key from now on; without `keep`, the old ones are no longer published."""
        self.signing += 1
        self.published = [*(self.published if keep else ()), self.signing]

    # Tokens.

    def claims(self, whose: Whose = "system", **claims: Any) -> Json:
        """What `system` or `user` would sign. A claim of None is left out."""
        now = int(self.now())
        whole: Json = {"iss": "https://accounts.google.com", "iat": now, "exp": now + 3600}
        if whose == "system":
            sub = "200000000000000000002"
            whole |= {"aud": ENDPOINT, "azp": sub, "sub": sub, "email": SERVICE_ACCOUNT}
        else:
            whole |= {"aud": CLIENT, "azp": CLIENT, "sub": SUBJECT, "email": EMAIL, "hd": "contoso.test"}
        whole |= {"email_verified": True, **claims}
        return {name: value for name, value in whole.items() if value is not None}

    def system(self, **claims: Any) -> str:
        """The token that says that Google Workspace calls."""
        return self.sign(self.claims("system", **claims))

    def user(self, **claims: Any) -> str:
        """The token that says for whom."""
        return self.sign(self.claims("user", **claims))

    def sign(
        self, claims: Mapping[str, Any], *, number: int | None = None, kid: str | None = _NOT_SAID
    ) -> str:
        """Any claims, signed with a key (the present one unless said) under a name (its own unless said)."""
        of = self.signing if number is None else number
        make: Any = google_jwt.encode  # untyped
        signed: bytes = make(_signer(of, tokens.key(of).kid if kid is _NOT_SAID else kid), dict(claims))
        return signed.decode()

    def forge(self, kind: Forgery | Tolerated, whose: Whose = "system", **claims: Any) -> str:
        """A token that has to be turned away for one reason, or that just need not be (`TOLERATED`)."""
        good = self.claims(whose, **claims)
        if kind in _CHANGES:
            changed = {**good, **_CHANGES[kind](good)}
            return self.sign({name: value for name, value in changed.items() if value is not None})
        head, payload, signature = self.sign(good).split(".")
        kid = self.key.kid
        match kind:
            case "wrong-key":
                return self.sign(good, number=_FOREIGN, kid=kid)
            case "unknown-kid":
                return self.sign(good, number=_FOREIGN)
            case "no-kid":
                return self.sign(good, kid=None)
            case "none":
                return f"{part({'alg': 'none', 'typ': 'JWT', 'kid': kid})}.{payload}."
            case "hs256":
                # The published key as the secret: lets in whoever takes the token's word for the algorithm.
                start = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': kid})}.{payload}"
                return f"{start}.{encode(hmac.new(self.key.pem, start.encode(), hashlib.sha256).digest())}"
            case "rs512":
                start = f"{part({'alg': 'RS512', 'typ': 'JWT', 'kid': kid})}.{payload}"
                digest = RSAAlgorithm(RSAAlgorithm.SHA512).sign(start.encode(), self.key.private)
                return f"{start}.{encode(digest)}"
            case "tampered":
                return f"{head}.{part({**good, 'sub': '300000000000000000003'})}.{signature}"
            case "cut":
                return f"{head}.{payload}"
            case "junk":
                # Decoders that skip what is not of the alphabet take this for the good token.
                return f"{head}.{payload}.{signature[:9]}\u00e9*{signature[9:]}"
            case "other-token":
                return self.user() if whose == "system" else self.system()
            case "entra":
                # All that a token of Entra's says, for us, and from Google's own key.
                entra = FakeEntra(now=self.now).claims_of(aud=good["aud"])
                return self.sign({**entra, "email": good["email"], "email_verified": True})
        raise AssertionError(kind)

    # Connections.

    def transport(self) -> httpx.MockTransport:
        """For httpx.AsyncClient. Raises httpx.ConnectError and httpx.ReadTimeout like the real one."""

        async def handle(request: httpx.Request) -> httpx.Response:
            status, body = self._answer(request.method, str(request.url))
            headers = [(name.encode(), value.encode("latin-1")) for name, value in self.headers.items()]
            stream = self.stream
            await anyio.sleep(0)
            if self.gate is not None:
                await self.gate.wait()
            if self.down:
                raise httpx.ConnectError("nobody is there", request=request)
            if self.slow:
                raise httpx.ReadTimeout("the answer is too slow", request=request)
            return httpx.Response(status, content=stream() if stream else body, headers=headers)

        return httpx.MockTransport(handle)

    def request(self, url: str, method: str = "GET", **_: Any) -> Certs:
        """For google-auth's `request`."""
        return Certs(*self._answer(method, url))

    def _answer(self, method: str, url: str) -> tuple[int, bytes]:
        if method != "GET" or url not in (V1, V3):
            raise AssertionError("Google publishes no keys there")
        self.counts["v1" if url == V1 else "v3"] += 1
        if self.status != 200 and self.body is None:
            return self.status, b"<html>not now</html>"
        if url == V1:
            return self.status, json.dumps(
                {tokens.key(n).kid: certificate(n) for n in self.published}
            ).encode()
        return self.status, self.body if self.body is not None else jwks(self.published)


def jwks(numbers: Sequence[int] = (_FIRST,), *others: Any) -> bytes:
    """A JWK set of the keys with these numbers, as v3 publishes them, and of anything else."""
    return json.dumps({"keys": [*(published(number) for number in numbers), *others]}).encode()


def published(number: int = _FIRST) -> Json:
    """A key as v3 lists it."""
    parts = tokens.key(number).published()
    return {"alg": "RS256", **{name: parts[name] for name in ("kty", "use", "kid", "n", "e")}}


def part(content: Mapping[str, Any]) -> str:
    """A part of a token."""
    return encode(json.dumps(content, separators=(",", ":")).encode())


def _made(before: int) -> Callable[[Json], Json]:
    """Times of a token that was made so many seconds before the good one."""
    return lambda good: {"iat": good["iat"] - before, "exp": good["exp"] - before}


# What is wrong with tokens that are signed as they should be. None: the claim is left out.
_CHANGES: dict[str, Callable[[Json], Json]] = {
    "wrong-aud": lambda good: {"aud": "https://other.example.test/gmail"},
    "aud-list": lambda good: {"aud": [good["aud"]]},
    "aud-longer": lambda good: {"aud": good["aud"] + "/"},
    "no-aud": lambda good: {"aud": None},
    "wrong-issuer": lambda good: {"iss": "https://securetoken.google.com/tactline"},
    "issuer-lookalike": lambda good: {"iss": "https://accounts.google.com.example.test"},
    "no-issuer": lambda good: {"iss": None},
    "unverified": lambda good: {"email_verified": False},
    "verified-missing": lambda good: {"email_verified": None},
    "verified-string": lambda good: {"email_verified": "true"},
    "expired-31": _made(3600 + 31),
    "expired-29": _made(3600 + 29),
    "future-31": _made(-31),
    "future-29": _made(-29),
    "no-exp": lambda good: {"exp": None},
    "no-iat": lambda good: {"iat": None},
    "other-account": lambda good: {"email": OTHER_ACCOUNT},
    "no-email": lambda good: {"email": None},
}
