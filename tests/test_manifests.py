"""What Gmail is handed: valid by Google's own messages, for one address, asking for what is used."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.cloud.gsuiteaddons_v1.types import Deployment
from starlette.routing import Match

from app import manifests
from app.gmail import messages
from app.holds import google
from app.manifests import BadAddress, Features
from tests.conftest import Client
from tests.deployment_schema import validator

ROOT = Path(__file__).parents[1]
APP = ROOT / "app"
BASE = "https://tactline.example.com"
AUTH = "https://www.googleapis.com/auth/"
DEFAULT = Features()
ALL_FEATURES = [Features(c, r) for c in (True, False) for r in (True, False)]

USED = {
    "gmail.addons.execute": ("manifests/gmail/deployment.json", "contextualTriggers"),
    "gmail.addons.current.message.readonly": ("app/gmail/messages.py", "X-Goog-Gmail-Access-Token"),
    "gmail.addons.current.action.compose": ("app/gmail/messages.py", "drafts().create"),
    "userinfo.email": ("app/gmail/events.py", "userIdToken"),
    "script.locale": ("app/gmail/events.py", "userLocale"),
    "calendar.events.owned": ("app/holds/google.py", "events()"),
    "calendar.freebusy": ("app/holds/google.py", "freebusy()"),
    "gmail.compose": ("app/gmail/messages.py", "drafts().list"),
}
"""Every scope that is ever asked for -> the file that needs it, and the words there that do."""

Change = Callable[[dict[str, Any]], object]


def deployment(features: Features = DEFAULT, base: str = BASE) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(manifests.render(base, features)[manifests.GMAIL])
    return found


def urls(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [url for item in value.values() for url in urls(item)]
    if isinstance(value, list):
        return [url for item in value for url in urls(item)]
    return [value] if isinstance(value, str) and "://" in value else []


def contradictions(whole: dict[str, Any]) -> set[str]:
    """What no schema can see: parts of a deployment that do not fit together."""
    scopes = {scope.removeprefix(AUTH) for scope in whole["oauthScopes"]}
    common, gmail = whole["addOns"]["common"], whole["addOns"]["gmail"]
    compose = gmail.get("composeTrigger", {})
    ends = [
        common["homepageTrigger"]["runFunction"],
        *(trigger["onTriggerFunction"] for trigger in gmail["contextualTriggers"]),
        *(action["runFunction"] for action in compose.get("actions", [])),
    ]
    calendar = {"calendar.events.owned", "calendar.freebusy"}
    rules = {
        "an add-on runs": "gmail.addons.execute" in scopes,
        "draft metadata": (compose.get("draftAccess") == "METADATA")
        == ("gmail.addons.current.message.metadata" in scopes),
        "compose": bool(compose) == ("gmail.addons.current.action.compose" in scopes),
        "locale": common.get("useLocaleFromApp", False) == ("script.locale" in scopes),
        "user tokens": "userinfo.email" in scopes,
        "the calendar in whole": scopes & calendar in (set(), calendar),
        "calendar links": bool(scopes & calendar)
        == all(link in common["openLinkUrlPrefixes"] for link in manifests.CALENDAR_LINKS),
        "one endpoint": len({end.partition("?")[0] for end in ends}) == 1,
        "told apart": sorted(end.partition("?")[2] for end in ends)
        == ["do=compose", "do=home", "do=message"],
        "consent scope by scope": whole["addOns"]["httpOptions"]["granularOauthPermissionSupport"]
        == "OPT_IN",
        "Google says who calls": whole["addOns"]["httpOptions"]["authorizationHeader"] == "SYSTEM_ID_TOKEN",
    }
    return {rule for rule, kept in rules.items() if not kept}


@pytest.mark.parametrize("features", ALL_FEATURES, ids=str)
def test_a_deployment_is_what_google_reads(features: Features) -> None:
    whole = deployment(features)
    assert [error.message for error in validator().iter_errors(whole)] == []
    assert contradictions(whole) == set()
    # A second reader: the messages themselves, which do not know the newer field yet.
    del whole["addOns"]["httpOptions"]["granularOauthPermissionSupport"]
    Deployment.from_json(json.dumps(whole))
    whole["addOns"]["gmail"]["composeTrigger"]["selectActions"] = []
    with pytest.raises(Exception, match="selectActions"):
        Deployment.from_json(json.dumps(whole))


def _add_ons(whole: dict[str, Any]) -> Any:
    return whole["addOns"]


NOT_READ: dict[str, Change] = {
    "unknown field": lambda d: _add_ons(d)["gmail"].update(primaryColor="#1f5c57"),
    "no name": lambda d: _add_ons(d)["common"].pop("name"),
    "empty name": lambda d: _add_ons(d)["common"].update(name=""),
    "no logo": lambda d: _add_ons(d)["common"].pop("logoUrl"),
    "null": lambda d: _add_ons(d)["common"].update(name=None),
    "logo as svg": lambda d: _add_ons(d)["common"].update(logoUrl=f"{BASE}/logo.svg"),
    "logo over http": lambda d: _add_ons(d)["common"].update(logoUrl="http://example.com/logo.png"),
    "colour by name": lambda d: _add_ons(d)["common"]["layoutProperties"].update(primaryColor="green"),
    "yes as text": lambda d: _add_ons(d)["common"].update(useLocaleFromApp="true"),
    "prefix without a path": lambda d: _add_ons(d)["common"].update(openLinkUrlPrefixes=[BASE]),
    "prefix for all": lambda d: _add_ons(d)["common"].update(openLinkUrlPrefixes=["*"]),
    "action both ways": lambda d: _add_ons(d)["common"].update(
        universalActions=[{"label": "Help", "openLink": f"{BASE}/", "runFunction": f"{BASE}/gmail"}]
    ),
    "action no way": lambda d: _add_ons(d)["common"].update(universalActions=[{"label": "Help"}]),
    "trigger by name": lambda d: _add_ons(d)["common"]["homepageTrigger"].update(runFunction="onHomepage"),
    "snake case": lambda d: _add_ons(d)["gmail"].update(compose_trigger={}),
    "trigger without its kind": lambda d: _add_ons(d)["gmail"]["contextualTriggers"][0].pop("unconditional"),
    "Apps Script's spelling": lambda d: _add_ons(d)["gmail"]["composeTrigger"].update(
        selectActions=[{"text": "Review", "runFunction": f"{BASE}/gmail"}]
    ),
    "action without a label": lambda d: _add_ons(d)["gmail"]["composeTrigger"]["actions"][0].pop("label"),
    "draft content": lambda d: _add_ons(d)["gmail"]["composeTrigger"].update(draftAccess="READ"),
    "draft access left open": lambda d: _add_ons(d)["gmail"]["composeTrigger"].update(
        draftAccess="UNSPECIFIED"
    ),
    "another token": lambda d: _add_ons(d)["httpOptions"].update(authorizationHeader="BEARER"),
    "another consent": lambda d: _add_ons(d)["httpOptions"].update(granularOauthPermissionSupport="MAYBE"),
    "options beside the add-on": lambda d: d.update(httpOptions=_add_ons(d).pop("httpOptions")),
    "no scopes": lambda d: d.pop("oauthScopes"),
    "scopes as text": lambda d: d.update(oauthScopes=f"{AUTH}script.locale"),
    "scope by its short name": lambda d: d["oauthScopes"].append("script.locale"),
    "scope twice": lambda d: d["oauthScopes"].append(f"{AUTH}script.locale"),
    "address left open": lambda d: _add_ons(d)["common"]["homepageTrigger"].update(
        runFunction="${BASE_URL}/gmail?do=home"
    ),
}


@pytest.mark.parametrize("change", NOT_READ.values(), ids=NOT_READ.keys())
def test_what_google_would_not_read_is_noticed(change: Change) -> None:
    whole = deployment()
    change(whole)
    assert not validator().is_valid(whole)


def _without(scope: str) -> Change:
    return lambda d: d["oauthScopes"].remove(AUTH + scope)


CONTRADICTORY: dict[str, tuple[Change, set[str]]] = {
    "metadata without its scope": (
        lambda d: _add_ons(d)["gmail"]["composeTrigger"].update(draftAccess="METADATA"), {"draft metadata"},
    ),
    "metadata scope for nothing": (
        lambda d: d["oauthScopes"].append(AUTH + "gmail.addons.current.message.metadata"), {"draft metadata"},
    ),
    "compose without its scope": (_without("gmail.addons.current.action.compose"), {"compose"}),
    "locale without its scope": (_without("script.locale"), {"locale"}),
    "locale scope for nothing": (lambda d: _add_ons(d)["common"].pop("useLocaleFromApp"), {"locale"}),
    "no one known": (_without("userinfo.email"), {"user tokens"}),
    "not run": (_without("gmail.addons.execute"), {"an add-on runs"}),
    "half a calendar": (_without("calendar.freebusy"), {"the calendar in whole"}),
    "links nowhere": (
        lambda d: _add_ons(d)["common"].update(openLinkUrlPrefixes=[f"{BASE}/"]), {"calendar links"},
    ),
    "two endpoints": (
        lambda d: _add_ons(d)["common"]["homepageTrigger"].update(runFunction=f"{BASE}/home?do=home"),
        {"one endpoint"},
    ),
    "triggers alike": (
        lambda d: _add_ons(d)["common"]["homepageTrigger"].update(runFunction=f"{BASE}/gmail?do=message"),
        {"told apart"},
    ),
    "all or nothing": (
        lambda d: _add_ons(d)["httpOptions"].update(granularOauthPermissionSupport="OPT_OUT"),
        {"consent scope by scope"},
    ),
    "no token": (
        lambda d: _add_ons(d)["httpOptions"].update(authorizationHeader="NONE"), {"Google says who calls"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "broken"), CONTRADICTORY.values(), ids=CONTRADICTORY.keys())
def test_contradictions_are_noticed(change: Change, broken: set[str]) -> None:
    whole = deployment()
    change(whole)
    assert validator().is_valid(whole), "else the schema sees it already"
    assert contradictions(whole) == broken


def test_the_template_is_the_deployment_with_a_place_for_the_address() -> None:
    text = manifests.template(manifests.GMAIL).decode()
    assert json.loads(text.replace(manifests.PLACE, BASE)) == deployment()
    assert set(re.findall(r"\$\{?\w*\}?", text)) == {manifests.PLACE}


@pytest.mark.parametrize("features", ALL_FEATURES, ids=str)
def test_every_url_lies_under_the_address(features: Features) -> None:
    whole = deployment(features)
    elsewhere = {url for url in urls(_add_ons(whole)) if not url.startswith(BASE + "/")}
    assert elsewhere == (set(manifests.CALENDAR_LINKS) if features.calendar else set())


def test_every_url_is_a_route(make_client: Callable[..., Client]) -> None:
    app = make_client(None).app

    def routed(method: str, path: str) -> bool:
        scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
        return any(route.matches(scope)[0] is Match.FULL for route in app.routes)

    whole = _add_ons(deployment())
    assert routed("GET", whole["common"]["logoUrl"].removeprefix(BASE))
    for url in {url.removeprefix(BASE).partition("?")[0] for url in urls(whole) if "?do=" in url}:
        assert routed("POST", url)
        assert not routed("POST", url + "s")


# Scopes


def test_restricted_scopes_are_asked_for_only_on_request() -> None:
    plain = set(deployment()["oauthScopes"])
    assert set(deployment(Features(read_drafts=True))["oauthScopes"]) - plain == set(manifests.DRAFT_SCOPES)
    restricted = {"gmail.readonly", "gmail.modify", "gmail.compose", "gmail.metadata", "gmail.insert"}
    assert {scope.removeprefix(AUTH) for scope in plain} & restricted == set()
    assert "https://mail.google.com/" not in plain


def test_without_the_calendar_nothing_of_it_is_asked_for() -> None:
    without = deployment(Features(calendar=False))
    assert set(deployment()["oauthScopes"]) - set(without["oauthScopes"]) == set(manifests.CALENDAR_SCOPES)
    assert "calendar" not in json.dumps(without)


def test_the_scopes_of_a_feature_are_those_that_the_code_asks_for() -> None:
    assert set(manifests.CALENDAR_SCOPES) == {google.EVENTS, google.FREE_BUSY}
    assert set(manifests.DRAFT_SCOPES) == {messages.DRAFTS}
    assert {messages.READ, messages.REPLY} < set(deployment()["oauthScopes"])


def test_every_scope_in_the_code_is_in_the_manifest() -> None:
    """The command line signs in by itself, so its scopes (`app/auth`, `app/cli`) are no add-on's."""
    whole = set(deployment(Features(read_drafts=True))["oauthScopes"])
    files = [*APP.glob("gmail/**/*.py"), APP / "holds/google.py"]
    texts = [path.read_text(encoding="utf-8") for path in files]
    named = {scope for text in texts for scope in re.findall(re.escape(AUTH) + r"[a-z.]+", text)}
    assert named >= {google.EVENTS, google.FREE_BUSY, messages.READ, messages.REPLY, messages.DRAFTS}
    assert named - whole == set()


def test_every_scope_in_the_manifest_is_used() -> None:
    whole = {scope.removeprefix(AUTH) for scope in deployment(Features(read_drafts=True))["oauthScopes"]}
    assert whole == USED.keys()


@pytest.mark.parametrize("scope", USED)
def test_what_needs_a_scope_is_there(scope: str) -> None:
    file, words = USED[scope]
    assert words in (ROOT / file).read_text(encoding="utf-8")


# The address


@pytest.mark.parametrize(
    "address",
    [
        BASE,
        "https://a.io",
        "https://x-1.mail.example.com:8443",
        "https://xn--bcher-kva.example",
        "https://a.b.c.d.ef",
    ],
)
def test_addresses_that_pass(address: str) -> None:
    assert manifests.checked_address(address) == address
    there, known = urls(_add_ons(deployment(base=address))), urls(_add_ons(deployment()))
    assert there == [url.replace(BASE, address) for url in known]


@pytest.mark.parametrize(
    "address",
    [
        "", "tactline.example.com", "http://tactline.example.com", "HTTPS://tactline.example.com",
        "https://", "https:///gmail", f"{BASE}/", f"{BASE}//", f"{BASE}/tactline", f"{BASE}?", f"{BASE}?a=b",
        f"{BASE}#", f"{BASE}#top", f" {BASE}", f"{BASE} ", f"{BASE}\n", f"{BASE}\\", f"{BASE}.",
        "https://user@tactline.example.com", "https://user:word@tactline.example.com",
        "https://Tactline.example.com", "https://tactline", "https://tactline..example.com",
        "https://-a.example.com", "https://a_b.example.com", "https://bücher.example", "https://*.example.com",
        "https://203.0.113.7", "https://10.0.0.1", "https://[2001:db8::1]", f"{BASE}:", f"{BASE}:443",
        f"{BASE}:0", f"{BASE}:70000", f"{BASE}:08443", f"{BASE}:x", "ftp://tactline.example.com",
        "javascript://tactline.example.com", "${BASE_URL}", 'https://a.example.com"',
        "https://" + "a." * 130 + "com",
    ],
)  # fmt: skip
def test_addresses_that_do_not(address: str) -> None:
    for insecure_local in (False, True):
        with pytest.raises(BadAddress) as raised:
            manifests.render(address, insecure_local=insecure_local)
        assert raised.value.reason == "form"


@pytest.mark.parametrize(
    "address",
    ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000", "https://localhost:8443"],
)
def test_addresses_of_this_machine_pass_on_request_alone(address: str) -> None:
    with pytest.raises(BadAddress) as raised:
        manifests.render(address)
    assert raised.value.reason == "local"
    rendered = manifests.render(address, insecure_local=True)[manifests.GMAIL]
    assert f'"{address}/gmail?do=home"'.encode() in rendered
    for worse in (address + "/", address + "/x", address.replace("://", "://a@")):
        with pytest.raises(BadAddress):
            manifests.render(worse, insecure_local=True)


# The page that says how to install it


def test_the_page_names_the_scopes_and_settings() -> None:
    text = (ROOT / "manifests/README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z.]+)` \| ([a-z-]+) \|", text, re.M))
    assert rows.keys() == USED.keys()
    for setting in (
        "PUBLIC_URL",
        "GMAIL_SERVICE_ACCOUNT",
        "GMAIL_CLIENT_ID",
        "GMAIL_READ_DRAFTS",
        "GMAIL_WAIT",
    ):
        assert f"TACTLINE_{setting}" in text
