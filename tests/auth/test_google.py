"""The add-on's two tokens: Google's own are let in, and nothing that only looks like them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator, Set
from functools import partial
from typing import Any

import httpx
import jwt
import pytest
from anyio.from_thread import BlockingPortal
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import id_token
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

from app.auth import entra, google
from app.auth.entra import Registration
from app.auth.google import KEYS_AT, AddonUser, audiences
from app.auth.keys import BadToken, Keys, KeysUnavailable
from app.errors import TactlineError
from tests.auth.fakes import FakeEntra
from tests.auth.google_fakes import (
    CLIENT,
    EMAIL,
    ENDPOINT,
    FORGERIES,
    OTHER_ACCOUNT,
    QUERY,
    SERVICE_ACCOUNT,
    SUBJECT,
    TOLERATED,
    USER_FORGERIES,
    FakeGoogleIdentity,
    Forgery,
    Tolerated,
    Whose,
    part,
)
from tests.auth.tokens import encode

NOW = 1_795_000_000.0  # 2026-11-18


class Bench:
    """The service of an add-on, at a time that a test may change, and Google's keys as it sees them."""

    def __init__(self, portal: BlockingPortal) -> None:
        self.portal = portal
        self.google = FakeGoogleIdentity(lambda: NOW)
        self.now = NOW
        self.keys = Keys(httpx.AsyncClient(transport=self.google.transport()), KEYS_AT, "Google", lambda: 0.0)

    def time(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.now, dt.UTC)

    def system(
        self, token: str, allowed: Set[str] = audiences(ENDPOINT, QUERY), account: str = SERVICE_ACCOUNT
    ) -> None:
        self.portal.call(partial(google.verify_system, token, allowed, account, self.keys, self.time()))

    def user(self, token: str, client_id: str = CLIENT) -> AddonUser:
        return self.portal.call(partial(google.verify_user, token, client_id, self.keys, self.time()))

    def reason(self, token: str, whose: Whose = "system") -> str:
        """Why a token is turned away: "" when it is let in."""
        try:
            self.system(token) if whose == "system" else self.user(token)
        except BadToken as error:
            return str(error)
        return ""


@pytest.fixture(scope="module")
def bench(portal: BlockingPortal) -> Iterator[Bench]:
    made = Bench(portal)
    yield made
    portal.call(made.keys.client.aclose)


# Good ones.


@pytest.mark.parametrize("issuer", ["accounts.google.com", "https://accounts.google.com"])
def test_good_tokens_are_let_in(bench: Bench, issuer: str) -> None:
    bench.system(bench.google.system(iss=issuer))
    assert bench.user(bench.google.user(iss=issuer)) == AddonUser(SUBJECT)


def test_the_audience_is_the_endpoint_with_its_query_or_without() -> None:
    assert audiences(ENDPOINT) == {ENDPOINT}
    assert audiences(ENDPOINT, QUERY) == {ENDPOINT, f"{ENDPOINT}?do=message"}


@pytest.mark.parametrize(
    ("audience", "good"),
    [
        (ENDPOINT, True),
        (f"{ENDPOINT}?do=message", True),
        (f"{ENDPOINT}?do=home", False),
        (f"{ENDPOINT}?", False),
        (f"{ENDPOINT}/", False),
        (ENDPOINT[:-1], False),
        (ENDPOINT.upper(), False),
        (ENDPOINT.replace("https", "http"), False),
        ("", False),
    ],
)
def test_only_the_url_that_was_called_will_do(bench: Bench, audience: str, good: bool) -> None:
    assert bench.reason(bench.google.system(aud=audience)) == ("" if good else "meant for another")


def test_a_user_is_the_subject_and_never_the_address(bench: Bench) -> None:
    before = bench.user(bench.google.user())
    assert bench.user(bench.google.user(email="ada.new@contoso.test", hd=None)) == before
    assert bench.user(bench.google.user(email=None)) == before
    assert bench.user(bench.google.user(sub="4")).key == "google.4"
    assert [field.name for field in dataclasses.fields(AddonUser)] == ["subject"]
    assert EMAIL not in repr(before) + before.key


@pytest.mark.parametrize("subject", [None, "", 5, True, ["x"], {"x": 1}, "1" * 256, "１２"])
def test_a_token_without_a_subject_names_nobody(bench: Bench, subject: Any) -> None:
    assert bench.reason(bench.google.user(sub=subject), "user") in ("names no user", "InvalidSubjectError")


def test_the_keys_are_fetched_once_and_again_when_they_change(portal: BlockingPortal) -> None:
    bench, clock = Bench(portal), [0.0]
    bench.keys.clock = lambda: clock[0]
    for _ in range(5):
        bench.system(bench.google.system())
        bench.user(bench.google.user())
    assert bench.google.counts == {"v3": 1}
    bench.google.rotate()
    clock[0] = 300
    bench.system(bench.google.system())
    assert bench.google.counts == {"v3": 2}


def test_no_keys_are_told_apart_from_a_bad_token(portal: BlockingPortal) -> None:
    bench = Bench(portal)
    bench.google.down = True
    with pytest.raises(KeysUnavailable):
        bench.system(bench.google.system())
    assert bench.reason("not-a-token") == "not a token"
    assert bench.reason(bench.google.forge("none")) == "not a token"  # nobody is asked for a key


# Bad ones.

REASONS: dict[Forgery, str] = {
    "wrong-key": "InvalidSignatureError", "unknown-kid": "signed with an unknown key",
    "no-kid": "not signed with RS256", "none": "not a token", "hs256": "not signed with RS256",
    "rs512": "not signed with RS256", "tampered": "InvalidSignatureError", "cut": "not a token",
    "junk": "not a token", "wrong-aud": "meant for another", "aud-list": "meant for another",
    "aud-longer": "meant for another", "no-aud": "meant for another", "wrong-issuer": "another issuer",
    "issuer-lookalike": "another issuer", "no-issuer": "another issuer", "entra": "another issuer",
    "unverified": "an address that is not verified", "verified-missing": "an address that is not verified",
    "verified-string": "an address that is not verified", "expired-31": "has expired",
    "future-31": "is not valid yet", "no-exp": "its times are no numbers",
    "no-iat": "its times are no numbers", "other-token": "meant for another",
    "other-account": "another service account", "no-email": "another service account",
}  # fmt: skip
OURS = {"no-kid", "junk", "unverified", "verified-missing", "verified-string", "other-account", "no-email"}
"""What google-auth lets in: it tries every key, skips what is no base64url, and leaves to the caller whose
address it is."""


def test_every_forgery_has_a_reason() -> None:
    assert set(REASONS) == set(FORGERIES)


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_forged_system_token_is_turned_away(bench: Bench, kind: Forgery) -> None:
    assert bench.reason(bench.google.forge(kind)) == REASONS[kind]


@pytest.mark.parametrize("kind", USER_FORGERIES)
def test_a_forged_user_token_is_turned_away(bench: Bench, kind: Forgery) -> None:
    assert bench.reason(bench.google.forge(kind, "user"), "user") == REASONS[kind]


@pytest.mark.parametrize("whose", ["system", "user"])
@pytest.mark.parametrize("kind", TOLERATED)
def test_clocks_may_differ_by_half_a_minute(bench: Bench, kind: Tolerated, whose: Whose) -> None:
    assert bench.reason(bench.google.forge(kind, whose), whose) == ""


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": NOW - 30}, ""),
        ({"exp": NOW - 30.5}, "has expired"),
        ({"iat": NOW + 30}, ""),
        ({"iat": NOW + 30.5}, "is not valid yet"),
        ({"nbf": NOW + 30}, ""),
        ({"nbf": NOW + 31}, "is not valid yet"),
        ({"nbf": NOW - 500}, ""),
    ],
)
def test_to_the_second(bench: Bench, claims: dict[str, float], reason: str) -> None:
    assert bench.reason(bench.google.system(**claims)) == reason


@pytest.mark.parametrize(
    "value", ["1795003600", True, [], {}, -1, 2**60, 10**400, float("nan"), float("inf")]
)
@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
def test_times_are_numbers_that_make_sense(bench: Bench, name: str, value: Any) -> None:
    assert bench.reason(bench.google.system(**{name: value})) == "its times are no numbers"


@pytest.mark.parametrize("value", [1, 5, True, ["x"], {"x": 1}, "", [ENDPOINT, CLIENT]])
@pytest.mark.parametrize("name", ["iss", "aud", "email", "email_verified"])
def test_claims_of_another_kind(bench: Bench, name: str, value: Any) -> None:
    if name != "email_verified" or value is not True:
        assert bench.reason(bench.google.system(**{name: value}))


@pytest.mark.parametrize("payload", [b"", b"[]", b"5", b"\xff", b"[" * 20_000, b'"x"', b"1" * 5000])
def test_a_good_signature_over_what_are_no_claims(bench: Bench, payload: bytes) -> None:
    start = f"{part({'alg': 'RS256', 'kid': bench.google.key.kid})}.{encode(payload) or 'AA'}"
    digest = RSAAlgorithm(RSAAlgorithm.SHA256).sign(start.encode(), bench.google.key.private)
    assert bench.reason(f"{start}.{encode(digest)}") in ("DecodeError", "not a token")


def test_google_itself_thinks_the_same_of_them(bench: Bench) -> None:
    """By google-auth, which has the machine's clock: all that it refuses we refuse, and `OURS` besides."""
    fake = FakeGoogleIdentity()
    verify: Any = id_token.verify_oauth2_token  # untyped

    def refused(token: str) -> bool:
        try:
            verify(token, fake.request, sorted(audiences(ENDPOINT, QUERY)), 30)
        except (ValueError, GoogleAuthError, KeyError):  # KeyError: it takes an issuer for granted
            return True
        return False

    assert not refused(fake.system())
    assert not refused(fake.forge("future-29"))
    assert {kind for kind in FORGERIES if not refused(fake.forge(kind))} == OURS
    assert fake.counts["v3"] == 0


def test_forgeries_are_what_they_say(bench: Bench) -> None:
    lax: Any = {"verify_signature": False}
    for kind in ("none", "hs256", "rs512", "wrong-key", "no-kid"):
        claims = jwt.decode(bench.google.forge(kind), options=lax)
        assert claims == bench.google.claims(), kind
    assert jwt.get_unverified_header(bench.google.forge("wrong-key"))["kid"] == bench.google.key.kid
    assert jwt.decode(bench.google.forge("other-account"), options=lax)["email"] == OTHER_ACCOUNT


def test_other_providers_tokens_are_no_good_here_nor_ours_there(bench: Bench) -> None:
    fake = FakeEntra(now=lambda: NOW)
    assert bench.reason(fake.token(aud=ENDPOINT, email=SERVICE_ACCOUNT, email_verified=True))
    assert bench.reason(fake.token(aud=CLIENT), "user")
    ours = bench.google.user(aud=fake.client_id, tid="t", oid="o", ver="2.0", scp="access_as_user")
    with pytest.raises(BadToken):
        bench.portal.call(partial(entra.verify, ours, Registration(fake.client_id), bench.keys, bench.time()))


# Set-up that is missing must not let anyone in.


@pytest.mark.parametrize("allowed", [frozenset(), frozenset({""}), frozenset({ENDPOINT, ""})])
def test_no_audience_is_a_mistake_and_no_licence(bench: Bench, allowed: Set[str]) -> None:
    for audience in (ENDPOINT, "", None):
        with pytest.raises(ValueError, match="audience"):
            bench.system(bench.google.system(aud=audience), allowed)


def test_no_service_account_and_no_client_id_are_mistakes(bench: Bench) -> None:
    for email in (SERVICE_ACCOUNT, "", None):
        with pytest.raises(ValueError, match="service account"):
            bench.system(bench.google.system(email=email), account="")
    with pytest.raises(ValueError, match="audience"):
        bench.user(bench.google.user(aud=""), "")


# Nothing but BadToken, whatever comes.

_heads = st.fixed_dictionaries(
    {},
    optional={
        "alg": st.sampled_from(["RS256", "none", "HS256", "RS512", "ES256", "PS256"]) | st.integers(),
        "kid": st.just("here") | st.text(max_size=4) | st.none(),
        "typ": st.sampled_from(["JWT", "at+jwt"]),
        "crit": st.lists(st.sampled_from(["b64", "exp"]), max_size=2),
        "b64": st.booleans(),
        "jku": st.just("https://elsewhere.example.test/keys"),
        "jwk": st.just({"kty": "oct", "k": "AAAA"}),
    },
)


def named(head: dict[str, Any], kid: str) -> dict[str, Any]:
    return {**head, "kid": kid} if head.get("kid") == "here" else head


_rest = st.text("ABCDwxyz0189-_", max_size=24)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_comes_is_a_bad_token(bench: Bench, data: st.DataObject) -> None:
    good = bench.google.system().split(".")
    token = data.draw(
        st.text()
        | st.binary(max_size=60).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
        | st.lists(_rest, max_size=5).map(".".join)
        | st.tuples(_heads, _rest, _rest).map(
            lambda parts: ".".join((part(named(parts[0], bench.google.key.kid)), *parts[1:]))
        )
        | st.permutations(good).filter(lambda parts: parts != good).map(".".join)
    )  # fmt: skip
    for whose in ("system", "user"):
        assert bench.reason(token, whose)
    fake = FakeEntra()
    with pytest.raises(BadToken):
        bench.portal.call(
            partial(entra.verify, token, Registration(fake.client_id), bench.keys, bench.time())
        )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.integers(min_value=0), letter=st.sampled_from("ABCDEFGHwxyz0189-_.= \n\u00e9\ud800"))
def test_no_letter_of_a_good_token_may_be_another(bench: Bench, place: int, letter: str) -> None:
    good = bench.google.system()
    place %= len(good) - 1  # the last letter has bits that stand for nothing
    if good[place] != letter:
        assert bench.reason(good[:place] + letter + good[place + 1 :])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    claims=st.dictionaries(
        st.sampled_from(["iss", "aud", "exp", "iat", "nbf", "email", "email_verified", "sub", "jti", "crit"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=4)
        | st.lists(st.integers()),
        min_size=1,
    )
)
def test_whatever_google_signs_is_a_user_or_a_bad_token(bench: Bench, claims: dict[str, Any]) -> None:
    token = bench.google.sign({**bench.google.claims("user"), **claims})
    try:
        found = bench.user(token)
    except BadToken:
        return
    assert 0 < len(found.subject) < 256


@pytest.mark.parametrize("kind", FORGERIES)
def test_errors_quote_nothing(bench: Bench, kind: Forgery) -> None:
    token = bench.google.forge(kind)
    with pytest.raises(TactlineError) as caught:
        bench.system(token)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    said = f"{caught.value!r} {caught.value.__dict__}"
    for secret in (SERVICE_ACCOUNT, OTHER_ACCOUNT, EMAIL, ENDPOINT, SUBJECT, *token.split(".")):
        assert not secret or secret not in said


def test_the_claims_of_the_fake_are_json(bench: Bench) -> None:
    assert json.loads(json.dumps(bench.google.claims("user"))) == bench.google.claims("user")
