"""The token endpoint of the fake of Microsoft Entra ID does what the real msal expects of it."""

from __future__ import annotations

import datetime as dt
import importlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.auth.fakes import SECRET, FakeEntra
from tests.auth.tokens import CLIENT, LOGIN, OTHER_TENANT, STRANGER, TENANT, USER, Forgery, key
from tests.holds.fakes.graph import FakeGraph

CALENDAR = "https://graph.microsoft.com/Calendars.ReadWrite"
CLAIMS = '{"access_token":{"polids":{"essential":true,"values":["9ab03e19"]}}}'
msal: Any = importlib.import_module("msal")  # untyped


class Client:
    """What a service does with msal: look in the cache, else ask on behalf of the user."""

    def __init__(self, entra: FakeEntra, *, tenant: str = "common", **options: Any) -> None:
        self.cache = msal.SerializableTokenCache()
        self.http = entra.msal_client()
        self.app = msal.ConfidentialClientApplication(
            CLIENT,
            **{"client_credential": SECRET, **options},
            authority=f"{LOGIN}/{tenant}",
            http_client=self.http,
            token_cache=self.cache,
        )

    def silent(self, **options: Any) -> Any:
        accounts = self.app.get_accounts()
        return self.app.acquire_token_silent_with_error(
            [CALENDAR], account=accounts[0] if accounts else None, **options
        )

    def on_behalf_of(self, assertion: str, scope: str = CALENDAR) -> Any:
        return self.app.acquire_token_on_behalf_of(assertion, [scope])


@pytest.fixture
def entra() -> FakeEntra:
    return FakeEntra()


@pytest.fixture
def client(entra: FakeEntra) -> Client:
    return Client(entra)


@pytest.fixture
def http(entra: FakeEntra) -> Iterator[httpx.Client]:
    with httpx.Client(transport=entra.transport()) as made:
        yield made


@pytest.mark.parametrize("tenant", ["common", "organizations", TENANT])
def test_the_second_time_the_cache_answers(entra: FakeEntra, tenant: str) -> None:
    client = Client(entra, tenant=tenant)
    assert client.silent() is None
    assert entra.counts["token"] == 0
    first = client.on_behalf_of(entra.token())
    assert (first["token_source"], first["expires_in"]) == ("identity_provider", 3600)
    assert entra.issued == {first["access_token"]: (TENANT, USER)}
    (account,) = client.app.get_accounts()
    assert account["home_account_id"] == f"{USER}.{TENANT}"
    assert account["local_account_id"] == USER
    assert account["username"] == "ada@contoso.test"
    second = client.silent()
    assert (second["token_source"], second["access_token"]) == ("cache", first["access_token"])
    assert entra.counts["token"] == 1
    (form,) = entra.forms
    assert form["requested_token_use"] == "on_behalf_of"
    assert set(form["scope"].split()) == {CALENDAR, "offline_access", "openid", "profile"}
    assert form["client_info"] == "1"
    client.app.http_client.close()
    assert client.http.closed


def test_a_cache_can_be_kept_and_holds_two_users(entra: FakeEntra, client: Client) -> None:
    other = "5e0d0000-0000-4000-8000-000000000002"
    first = client.on_behalf_of(entra.token())
    second = client.on_behalf_of(entra.token(oid=other, tid=OTHER_TENANT))
    assert entra.issued[second["access_token"]] == (OTHER_TENANT, other)
    later = Client(entra)
    later.cache.deserialize(client.cache.serialize())
    found = {account["home_account_id"]: account for account in later.app.get_accounts()}
    assert set(found) == {f"{USER}.{TENANT}", f"{other}.{OTHER_TENANT}"}
    mine = later.app.acquire_token_silent([CALENDAR], account=found[f"{USER}.{TENANT}"])
    assert mine["access_token"] == first["access_token"]
    assert entra.counts["token"] == 2


def test_a_token_that_is_nearly_over_is_refreshed(entra: FakeEntra, client: Client) -> None:
    entra.expires_in = 299
    first = client.on_behalf_of(entra.token())
    entra.expires_in = 3600
    second = client.silent()
    assert second["token_source"] == "identity_provider"
    assert second["access_token"] != first["access_token"]
    assert [form["grant_type"] for form in entra.forms][1:] == ["refresh_token"]
    assert client.silent()["token_source"] == "cache"
    entra.revoke(USER)
    assert client.silent(force_refresh=True)["error_codes"] == [50173]


def test_a_claims_challenge_comes_as_json(entra: FakeEntra, client: Client) -> None:
    entra.claims(USER, CLAIMS)
    answer = client.on_behalf_of(entra.token())
    assert (answer["error"], answer["error_codes"]) == ("interaction_required", [50079])
    assert answer["claims"] == CLAIMS
    assert answer["error_description"].startswith("AADSTS50079: ")
    assert entra.issued == {}
    entra.claims(USER, None)
    assert "access_token" in client.on_behalf_of(entra.token())
    # A refresh can meet it too.
    entra.claims(USER, CLAIMS)
    assert client.silent(force_refresh=True)["claims"] == CLAIMS


def test_consent_may_be_wanting(entra: FakeEntra, client: Client) -> None:
    entra.consent(USER)
    answer = client.on_behalf_of(entra.token())
    assert (answer["error"], answer["suberror"]) == ("invalid_grant", "consent_required")
    assert answer["error_codes"] == [65001]
    entra.consent(USER, given=True)
    assert "access_token" in client.on_behalf_of(entra.token())


def test_the_same_failing_call_is_answered_by_msal_itself(entra: FakeEntra, client: Client) -> None:
    entra.consent(USER)
    token = entra.token()
    for _ in range(3):
        assert client.on_behalf_of(token)["error_codes"] == [65001]
    assert entra.counts["token"] == 1


def test_the_endpoint_may_be_overrun_or_broken(entra: FakeEntra, client: Client) -> None:
    entra.fail(429, retry_after=1)
    assert client.on_behalf_of(entra.token())["error"] == "temporarily_unavailable"
    # For Retry-After's time msal asks no more, whoever the user is.
    assert client.on_behalf_of(entra.token(oid=STRANGER))["error"] == "temporarily_unavailable"
    assert entra.counts["token"] == 1
    entra.fail(500, times=2)
    for fresh in (Client(entra), Client(entra)):
        with pytest.raises(Exception, match="500"):
            fresh.on_behalf_of(entra.token())
    assert "access_token" in Client(entra).on_behalf_of(entra.token())


def test_no_connection_is_what_requests_calls_it(entra: FakeEntra, client: Client) -> None:
    entra.down = True
    with pytest.raises(OSError, match="nobody") as failure:
        client.on_behalf_of(entra.token())
    assert type(failure.value).__module__ == "requests.exceptions"
    entra.down, entra.slow = False, True
    with pytest.raises(OSError, match="slow"):
        client.on_behalf_of(entra.token())


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("wrong-key", 50013),
        ("unknown-kid", 50013),
        ("none", 50013),
        ("hs256", 50013),
        ("tampered", 50013),
        ("iss", 50013),
        ("tid", 50013),
        ("no-oid", 50013),
        ("aud", 500131),
        ("graph", 500131),
        ("expired", 500133),
        ("app-only", 7000114),
    ],
)
def test_only_our_own_tokens_are_exchanged(
    entra: FakeEntra, client: Client, kind: Forgery, number: int
) -> None:
    answer = client.on_behalf_of(entra.forge(kind))
    assert (answer["error"], answer["error_codes"]) == ("invalid_grant", [number])
    assert entra.issued == {}


def test_the_form_is_looked_at(entra: FakeEntra, http: httpx.Client, client: Client) -> None:
    client.on_behalf_of(entra.token())
    good = entra.forms[0]
    url = f"{LOGIN}/common/oauth2/v2.0/token"
    assert http.post(url, data=good).status_code == 200
    for changes, error, status in (
        ({"grant_type": "client_credentials"}, "unsupported_grant_type", 400),
        ({"requested_token_use": ""}, "invalid_request", 400),
        ({"client_id": STRANGER}, "unauthorized_client", 400),
        ({"client_secret": "guess"}, "invalid_client", 401),
        ({"scope": "openid offline_access"}, "invalid_scope", 400),
        ({"scope": "https://graph.microsoft.com/Everything"}, "invalid_scope", 400),
        ({"scope": "https://other.example.test/Calendars.ReadWrite"}, "invalid_resource", 400),
        ({"claims": "{"}, "invalid_request", 400),
        ({"assertion": "x"}, "invalid_grant", 400),
        ({"extra": "x"}, "invalid_request", 400),
        ({"client_assertion": "x"}, "invalid_request", 400),
    ):
        answer = http.post(url, data={**good, **changes})
        assert (answer.status_code, answer.json()["error"]) == (status, error), changes
    bare = {**good, "scope": CALENDAR}
    del bare["client_info"]
    short = http.post(url, data=bare).json()
    assert set(short) == {"token_type", "scope", "expires_in", "ext_expires_in", "access_token"}
    assert short["scope"] == CALENDAR
    for scope in ("Calendars.ReadWrite", "https://graph.microsoft.com/calendars.readwrite"):
        assert http.post(url, data={**bare, "scope": scope}).json()["scope"] == CALENDAR
    entra.granted = {"User.Read"}
    assert "User.Read" in http.post(url, data=bare).json()["scope"]
    foreign = http.post(f"{LOGIN}/{OTHER_TENANT}/oauth2/v2.0/token", data=good)
    assert foreign.json()["error_codes"] == [50013]
    assert http.post(f"{LOGIN}/{STRANGER}/oauth2/v2.0/token", data=good).json()["error_codes"] == [90002]
    entra.common = False
    assert http.post(url, data=good).status_code == 400
    assert http.post(f"{LOGIN}/{TENANT}/oauth2/v2.0/token", data=good).status_code == 200


def test_what_was_consented_to_besides_does_not_spoil_the_cache(entra: FakeEntra, client: Client) -> None:
    entra.granted = {"User.Read"}
    client.on_behalf_of(entra.token())
    assert client.silent()["token_source"] == "cache"


# A certificate, workload identity.


def certificate() -> tuple[str, str]:
    """A private key and the certificate of it, both PEM."""
    private = key(-2).private
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tactline.test")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, private.public_key(), 1, start, start + dt.timedelta(days=9999))
        .sign(private, SHA256())
        .public_bytes(Encoding.PEM)
    )
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return secret.decode(), made.decode()


def test_a_certificate_does_for_a_secret(entra: FakeEntra) -> None:
    private, public = certificate()
    credential = {"private_key": private, "public_certificate": public}
    refused = Client(entra, client_credential=credential).on_behalf_of(entra.token())
    assert (refused["error"], refused["error_codes"]) == ("invalid_client", [700027])
    entra.certificate(public)
    assert "access_token" in Client(entra, client_credential=credential).on_behalf_of(entra.token())
    assert "client_secret" not in entra.forms[-1]
    assert entra.forms[-1]["client_assertion_type"].endswith("client-assertion-type:jwt-bearer")


def test_a_federated_assertion_does_too(entra: FakeEntra) -> None:
    entra.federate("from-another-issuer")
    client = Client(entra, client_credential={"client_assertion": lambda: "from-another-issuer"})
    assert "access_token" in client.on_behalf_of(entra.token())


# Graph.


def test_graph_takes_what_entra_issued(entra: FakeEntra, client: Client, portal: BlockingPortal) -> None:
    graph = FakeGraph()
    entra.register(graph, lambda tid, oid: f"{tid}/{oid}")
    entra.granted = {"User.Read"}
    calendar = httpx.AsyncClient(transport=graph.transport(), base_url="https://graph.microsoft.com/v1.0")

    def status(token: str) -> int:
        calendar.headers["Authorization"] = f"Bearer {token}"
        return portal.call(calendar.get, "/me/events").status_code

    assert status(client.on_behalf_of(entra.token())["access_token"]) == 200
    assert status(entra.token()) == 401
    assert graph.events(f"{TENANT}/{USER}") == []
    basic = client.on_behalf_of(entra.token(), "https://graph.microsoft.com/Calendars.ReadBasic")
    assert status(basic["access_token"]) == 200
    mail = client.on_behalf_of(entra.token(), "https://graph.microsoft.com/Mail.Read")
    assert status(mail["access_token"]) == 403
    assert client.silent()["token_source"] == "cache"


def test_capabilities_are_told(entra: FakeEntra) -> None:
    client = Client(entra, client_capabilities=["CP1"])
    assert "access_token" in client.on_behalf_of(entra.token())
    assert json.loads(entra.forms[0]["claims"]) == {"access_token": {"xms_cc": {"values": ["CP1"]}}}
