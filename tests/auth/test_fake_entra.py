"""The fake of Microsoft Entra ID signs what is good, forges what is not, and publishes its keys."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from anyio.from_thread import BlockingPortal

from tests.auth.fakes import FakeEntra
from tests.auth.tokens import CLIENT, FORGERIES, LOGIN, STRANGER, TENANT, USER, Forgery, issuer


@pytest.fixture
def entra() -> FakeEntra:
    return FakeEntra()


@pytest.fixture
def http(entra: FakeEntra) -> Iterator[httpx.Client]:
    with httpx.Client(transport=entra.transport()) as made:
        yield made


# Our own reading of section 4.2 of the reference, so that the forgeries have something to fail.


def why_not(token: str, keys: list[dict[str, str]], now: float) -> str:
    """Why a token is not to be let in: "" when it is."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        return "not a token"
    if header.get("alg") != "RS256":
        return "alg"
    named = [listed for listed in keys if listed["kid"] == header.get("kid")]
    if not named:
        return "kid"
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_aud": False, "verify_iat": False}
    try:
        claims = jwt.decode(token, jwt.PyJWK(dict(named[0])).key, ["RS256"], options=options)
    except jwt.InvalidSignatureError:
        return "signature"
    if claims["aud"] != CLIENT:
        return "aud"
    tenant = claims["tid"]
    if claims["iss"] != issuer(tenant):
        return "iss"
    if tenant != TENANT:
        return "tenant"
    if claims["ver"] != "2.0":
        return "ver"
    if not claims["nbf"] - 60 <= now < claims["exp"] + 60:
        return "time"
    if "scp" not in claims:
        return "app-only"
    if "access_as_user" not in claims["scp"].split():
        return "scp"
    if claims["azp"] != CLIENT:
        return "azp"
    return "" if claims.get("oid") else "oid"


REASONS: dict[Forgery, str] = {
    "wrong-key": "signature", "unknown-kid": "kid", "no-kid": "kid", "none": "alg", "hs256": "alg",
    "rs512": "alg", "tampered": "signature", "expired": "time", "early": "time", "aud": "aud",
    "graph": "aud", "iss": "iss", "v1": "aud", "tid": "iss", "tenant": "tenant", "azp": "azp",
    "scp": "scp", "scp-substring": "scp", "app-only": "app-only", "no-oid": "oid",
}  # fmt: skip


def keys_of(http: httpx.Client) -> list[dict[str, str]]:
    config = http.get(f"{LOGIN}/common/v2.0/.well-known/openid-configuration").json()
    listed: list[dict[str, str]] = http.get(config["jwks_uri"]).json()["keys"]
    return listed


def test_a_good_token_is_good(entra: FakeEntra, http: httpx.Client) -> None:
    token = entra.token(name="Bo")
    assert why_not(token, keys_of(http), entra.now()) == ""
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["oid"], claims["tid"], claims["name"]) == (USER, TENANT, "Bo")
    assert "name" not in jwt.decode(entra.token(name=None), options={"verify_signature": False})
    assert entra.token() != entra.token()


def test_every_forgery_has_a_reason() -> None:
    assert set(REASONS) == set(FORGERIES)


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_forged_token_is_forged(entra: FakeEntra, http: httpx.Client, kind: Forgery) -> None:
    assert why_not(entra.forge(kind), keys_of(http), entra.now()) == REASONS[kind]


def test_forgeries_are_what_they_say(entra: FakeEntra) -> None:
    """Those that are turned away at the header would get in with whoever believes it."""
    claims: Any = {"verify_signature": False}
    assert jwt.decode(entra.forge("none"), options=claims)["oid"] == USER
    start, _, digest = entra.forge("hs256").rpartition(".")
    made = hmac.new(entra.key.pem, start.encode(), hashlib.sha256).digest()
    assert jwt.utils.base64url_decode(digest) == made
    public = entra.key.private.public_key()
    lax: Any = {"verify_aud": False}
    for kind in ("rs512", "no-kid", "aud", "azp", "tenant", "scp", "app-only"):
        assert jwt.decode(entra.forge(kind), public, ["RS256", "RS512"], options=lax)
    assert jwt.get_unverified_header(entra.forge("wrong-key"))["kid"] == entra.key.kid


# Discovery and keys.


def test_keys_rotate(entra: FakeEntra, http: httpx.Client) -> None:
    before, old = keys_of(http), entra.token()
    entra.rotate()
    after, new = keys_of(http), entra.token()
    assert [len(before), len(after)] == [1, 2]
    assert (why_not(new, before, entra.now()), why_not(new, after, entra.now())) == ("kid", "")
    assert why_not(old, after, entra.now()) == ""
    entra.rotate(keep=False)
    assert why_not(old, keys_of(http), entra.now()) == "kid"
    assert entra.counts == {"discovery": 3, "keys": 3}


def test_discovery_is_as_the_service_has_it(
    entra: FakeEntra, http: httpx.Client, portal: BlockingPortal
) -> None:
    common = http.get(f"{LOGIN}/common/v2.0/.well-known/openid-configuration").json()
    assert common["issuer"] == "https://login.microsoftonline.com/{tenantid}/v2.0"
    own = http.get(f"{LOGIN}/{TENANT}/v2.0/.well-known/openid-configuration").json()
    assert own["issuer"] == issuer(TENANT)
    unknown = http.get(f"{LOGIN}/{STRANGER}/v2.0/.well-known/openid-configuration")
    assert (unknown.status_code, unknown.json()["error_codes"]) == (400, [90002])
    assert http.get(f"{LOGIN}/common/somewhere").status_code == 404
    with pytest.raises(AssertionError, match="not a host"):
        http.get("https://login.example.test/common/discovery/v2.0/keys")
    asynchronous = httpx.AsyncClient(transport=entra.transport())
    assert portal.call(asynchronous.get, f"{LOGIN}/common/discovery/v2.0/keys").status_code == 200
    entra.get_status = 503
    assert http.get(own["jwks_uri"]).status_code == 503
    entra.down = True
    with pytest.raises(httpx.ConnectError):
        portal.call(asynchronous.get, own["jwks_uri"])
    entra.down, entra.slow = False, True
    with pytest.raises(httpx.ReadTimeout):
        http.get(own["jwks_uri"])
