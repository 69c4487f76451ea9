"""Access tokens as Microsoft Entra ID signs them, and tokens that only look like it.

The claims are those of a v2 access token ("Access token claims reference" of the Entra
documentation). Forged tokens are built by hand where the library would refuse to sign them.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

TENANT = "7a1f0c2e-0000-4000-8000-0000000000aa"
OTHER_TENANT = "7a1f0c2e-0000-4000-8000-0000000000bb"
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of all personal Microsoft accounts."""
CLIENT = "00000000-0000-4000-8000-000000000001"
STRANGER = "00000000-0000-4000-8000-00000000dead"
USER = "5e0d0000-0000-4000-8000-000000000001"
LOGIN = "https://login.microsoftonline.com"
GRAPH = "https://graph.microsoft.com"

Forgery = Literal[
    "wrong-key", "unknown-kid", "no-kid", "none", "hs256", "rs512", "tampered", "expired", "early",
    "aud", "graph", "iss", "v1", "tid", "tenant", "azp", "scp", "scp-substring", "app-only", "no-oid",
]  # fmt: skip
FORGERIES: tuple[Forgery, ...] = get_args(Forgery)

Claims = Mapping[str, Any]


@dataclass(frozen=True)
class Key:
    """A signing key; `kid` names it as the published keys do."""

    private: RSAPrivateKey

    @property
    def pem(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def kid(self) -> str:
        return encode(hashlib.sha256(self.pem).digest()[:20])

    def published(self) -> dict[str, str]:
        """The key as the service lists it."""
        parts = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.kid,
            "n": str(parts["n"]),
            "e": str(parts["e"]),
            "issuer": LOGIN + "/{tenantid}/v2.0",
        }

    def sign(self, claims: Claims, *, algorithm: str = "RS256", **headers: Any) -> str:
        """A token; a header of None is left out."""
        # The library puts the algorithm and the type in by itself.
        return jwt.encode(dict(claims), self.private, algorithm, {"kid": self.kid, **headers})


@functools.cache
def key(number: int) -> Key:
    """One key for each number. Making one takes a tenth of a second, so that they are kept."""
    return Key(generate_private_key(65537, 2048))


FOREIGN = -1
"""The number of a key that no fake ever publishes."""


def forge(kind: Forgery, signing: Key, claims: Claims) -> str:
    """A token that has to be turned away, made of the claims of one that would be let in.

    All but the first seven are signed as they should be: it is what they say that is wrong.
    """
    now = int(claims["iat"])
    good = signing.sign(claims)
    header, payload, signature = good.split(".")
    foreign = key(FOREIGN)
    match kind:
        case "wrong-key":
            return foreign.sign(claims, kid=signing.kid)
        case "unknown-kid":
            return foreign.sign(claims)
        case "no-kid":
            return _signed(signing, {"alg": "RS256", "typ": "JWT"}, claims)
        case "none":
            return ".".join((_part({"alg": "none", "typ": "JWT", "kid": signing.kid}), payload, ""))
        case "hs256":
            # The published key as the secret: lets in whoever takes the token's word for the algorithm.
            start = _part({"alg": "HS256", "typ": "JWT", "kid": signing.kid}) + "." + payload
            digest = hmac.new(signing.pem, start.encode(), hashlib.sha256).digest()
            return f"{start}.{encode(digest)}"
        case "rs512":
            return signing.sign(claims, algorithm="RS512")
        case "tampered":
            return ".".join((header, _part({**claims, "oid": STRANGER}), signature))
        case "expired":
            # A second beyond the minute that clocks may differ.
            return signing.sign({**claims, "iat": now - 3661, "nbf": now - 3661, "exp": now - 61})
        case "early":
            return signing.sign({**claims, "nbf": now + 120})
        case "aud":
            return signing.sign({**claims, "aud": STRANGER})
        case "graph":
            return signing.sign({**claims, "aud": GRAPH}, nonce="a-nonce-that-graph-hashes")
        case "iss":
            return signing.sign({**claims, "iss": f"https://login.example.test/{claims['tid']}/v2.0"})
        case "v1":
            old = {**claims, "iss": f"https://sts.windows.net/{claims['tid']}/", "ver": "1.0"}
            old |= {"aud": f"api://addin.example.test/{claims['aud']}", "appid": old.pop("azp")}
            return signing.sign(old)
        case "tid":
            return signing.sign({**claims, "tid": OTHER_TENANT})
        case "tenant":
            return signing.sign({**claims, "tid": OTHER_TENANT, "iss": issuer(OTHER_TENANT)})
        case "azp":
            return signing.sign({**claims, "azp": STRANGER})
        case "scp":
            return signing.sign({**claims, "scp": "User.Read"})
        case "scp-substring":
            return signing.sign({**claims, "scp": "access_as_user_admin not_access_as_user"})
        case "app-only":
            app = {name: value for name, value in claims.items() if name not in ("scp", "preferred_username")}
            return signing.sign({**app, "roles": ["access_as_user"], "idtyp": "app"})
        case "no-oid":
            return signing.sign({name: value for name, value in claims.items() if name != "oid"})


def issuer(tenant: str) -> str:
    return f"{LOGIN}/{tenant}/v2.0"


def encode(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _part(content: Claims) -> str:
    return encode(json.dumps(content, separators=(",", ":")).encode())


def _signed(signing: Key, header: Claims, claims: Claims) -> str:
    start = _part(header) + "." + _part(claims)
    algorithm = RSAAlgorithm(RSAAlgorithm.SHA256)
    return f"{start}.{encode(algorithm.sign(start.encode(), signing.private))}"
