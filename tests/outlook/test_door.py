"""The addresses that Outlook asks for: what they answer, who may frame them, and what they may load."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser

from app.auth.entra import CONSUMERS, LOGIN
from app.errors import SettingsError
from app.main import create_app
from app.outlook.endpoints import HERE, SCRIPT
from app.outlook.policy import OFFICE
from app.settings import Settings, load
from app.tone.review import Engine
from tests.conftest import Client
from tests.outlook.office import WEB

MakeClient = Callable[..., Client]
KEY = "key-for-tests-0123456789"
ID = "00000000-0000-4000-8000-000000000001"
TENANT = "00000000-0000-4000-8000-0000000000aa"
BASE = "https://tactline.example.com:8443"
PAGES = ("/outlook/pane", "/outlook/events")
WELL_KNOWN = "/.well-known/microsoft-officeaddins-allowed.json"
ENTRA = {"entra_client_id": ID, "entra_client_secret": "secret-for-tests", "entra_tenants": TENANT}


def policy(headers: object) -> dict[str, list[str]]:
    assert hasattr(headers, "get")
    parts = [part.split() for part in headers.get("content-security-policy").split(";")]
    return {name: sources for name, *sources in parts}


class Loaded(HTMLParser):
    """What a page loads, and what of it stands inline."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self._in = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [value for name in ("src", "href") if (value := given.get(name))]
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        self._in = tag

    def handle_data(self, data: str) -> None:
        if self._in in ("script", "style") and data.strip():
            self.inline.append(self._in)


class TestPages:
    @pytest.mark.parametrize("path", PAGES)
    def test_outlook_may_show_them(self, client: Client, path: str) -> None:
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        assert "x-frame-options" not in answer.headers
        assert answer.headers["cross-origin-opener-policy"] == "same-origin-allow-popups"
        assert answer.headers["x-content-type-options"] == "nosniff"
        found = policy(answer.headers)
        assert found["default-src"] == ["'none'"]
        assert {WEB, "https://outlook.live.com", "https://outlook.cloud.microsoft"} <= set(
            found["frame-ancestors"]
        )
        assert "*" not in found["frame-ancestors"]

    @pytest.mark.parametrize("path", PAGES)
    def test_they_load_what_the_policy_allows_and_the_service_has(self, client: Client, path: str) -> None:
        answer = client.get(path)
        allowed = policy(answer.headers)["script-src"]
        assert not [source for source in allowed if source.startswith("'") and source != "'self'"]
        page = Loaded(answer.text)
        assert page.inline == []
        assert any(address.startswith(OFFICE) for address in page.addresses)
        for address in page.addresses:
            if address.startswith("https:"):
                assert "{0.scheme}://{0.netloc}".format(urlsplit(address)) in allowed
            elif not address.startswith("data:"):
                assert client.get(address).status_code == 200, address

    def test_every_module_of_the_pane_is_there(self, client: Client) -> None:
        wanted = [a for a in Loaded(client.get("/outlook/pane").text).addresses if a.endswith(".js")]
        seen: set[str] = set()
        while wanted:
            address = wanted.pop()
            if address in seen or address.startswith("https:"):
                continue
            seen.add(address)
            answer = client.get(address)
            assert answer.status_code == 200, address
            assert answer.headers["content-type"].startswith("text/javascript")
            assert answer.headers["cache-control"] == "no-cache", "modules of two releases would mix"
            if "/vendor/" not in address:
                found = re.findall(r"""(?:\bfrom|\bimport|\bimport\()\s*["']([./][^"']+)["']""", answer.text)
                wanted += [urljoin(address, name) for name in found]
        assert len(seen) > 10
        assert "/static/client.js" in seen

    @pytest.mark.parametrize("path", [*PAGES, SCRIPT, "/outlook/config", WELL_KNOWN])
    def test_head_and_nothing_that_changes(self, client: Client, path: str) -> None:
        assert client.request("HEAD", path).status_code == 200
        assert client.post(path).status_code == 405

    @pytest.mark.parametrize(
        "path", ["/outlook/static/..%2fendpoints.py", "/outlook/static/%2e%2e/policy.py", "/outlook/static/"]
    )
    def test_nothing_but_the_folder_is_served(self, client: Client, path: str) -> None:
        assert client.get(path).status_code == 404

    @pytest.mark.parametrize(
        "path",
        ["/", "/guidelines", "/privacy", "/outlook/static/pane.css", "/outlook/none", "/outlook/config"],
    )
    def test_everything_else_is_as_strict_as_before(self, client: Client, path: str) -> None:
        headers = client.get(path).headers
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert policy(headers)["frame-ancestors"] == ["'none'"]
        assert policy(headers)["script-src"] == ["'self'"]

    def test_more_origins_may_be_named(self, make_client: MakeClient, engine: Engine) -> None:
        own = "https://mail.example.com,https://owa.example.org:444"
        client = make_client(engine, outlook_frame_ancestors=own)
        found = policy(client.get("/outlook/pane").headers)["frame-ancestors"]
        assert found[-2:] == own.split(",")
        assert WEB in found

    @pytest.mark.parametrize(
        "origin",
        [
            "http://mail.example.com", "https://mail.example.com/", "https://*", "*", "'none'",
            "https://a b.example", "https://mail.example.com; script-src *", "https://mail.example.com\n",
            "https://MAIL.example.com",
        ],
    )  # fmt: skip
    def test_and_nothing_but_origins(self, origin: str) -> None:
        with pytest.raises(SettingsError, match="TACTLINE_OUTLOOK_FRAME_ANCESTORS") as raised:
            load(outlook_frame_ancestors=(origin,))
        assert origin not in str(raised.value)

    @pytest.mark.browser
    @pytest.mark.allow_hosts(["127.0.0.1"])
    @pytest.mark.parametrize(("origin", "shown"), [(WEB, True), ("https://elsewhere.example", False)])
    def test_a_browser_keeps_to_it(self, browser: Browser, address: str, origin: str, shown: bool) -> None:
        # Their pages are public ones here and the service a local one, which browsers keep apart.
        context = browser.new_context(permissions=["local-network-access"])
        page = context.new_page()
        heard: list[str] = []
        page.on("console", lambda message: heard.append(message.text))
        frame = f'<!doctype html><iframe name="pane" src="{address}/outlook/events"></iframe>'
        page.route(f"{OFFICE}/**", lambda route: route.fulfill(body="", content_type="text/javascript"))
        page.route(f"{origin}/", lambda route: route.fulfill(body=frame, content_type="text/html"))
        page.goto(f"{origin}/", wait_until="load")
        inner = page.frame("pane")
        assert inner is not None
        assert (inner.title() == "Tactline") is shown
        assert any("frame-ancestors" in text for text in heard) is not shown
        context.close()


class TestScript:
    def test_it_may_be_fetched_from_anywhere_and_is_asked_for_again(self, client: Client) -> None:
        answer = client.get(SCRIPT)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["cache-control"] == "no-cache"
        assert "http://127.0.0.1:8000" in answer.text
        tag = answer.headers["etag"]
        assert client.get(SCRIPT).headers["etag"] == tag
        for known in (tag, f"W/{tag}", f'"x", {tag}'):
            again = client.get(SCRIPT, headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
            assert again.headers["cross-origin-resource-policy"] == "cross-origin"
        for other in ('"x"', tag[:-2] + '"', ""):
            assert client.get(SCRIPT, headers={"If-None-Match": other}).status_code == 200

    def test_it_names_the_address_that_is_asked(self, make_client: MakeClient, engine: Engine) -> None:
        client = make_client(engine, host="192.0.2.1", api_keys=KEY)
        tags = set()
        for number in range(12):
            answer = client.get(SCRIPT, headers={"Host": f"h{number}.example"})
            assert f'"http://h{number}.example"' in answer.text
            tags.add(answer.headers["etag"])
        assert len(tags) == 12
        assert len(client.app.state.outlook_scripts.kept) <= 8, "anyone may name hosts"

    def test_or_the_one_that_is_set(self, make_client: MakeClient, engine: Engine) -> None:
        client = make_client(engine, public_url=BASE, allowed_hosts="inner.example", **ENTRA)
        answer = client.get(SCRIPT, headers={"Host": "inner.example"})
        assert f'"{BASE}"' in answer.text
        assert "inner.example" not in answer.text
        assert f"api://tactline.example.com:8443/{ID}/access_as_user" in answer.text

    def test_before_the_guidance_is_read_it_is_not_there(self, make_client: MakeClient) -> None:
        assert make_client(None).get(SCRIPT).status_code == 503

    def test_the_well_known_file_names_it(
        self, client: Client, make_client: MakeClient, engine: Engine
    ) -> None:
        answer = client.get(WELL_KNOWN)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.json() == {"allowed": [f"http://127.0.0.1:8000{SCRIPT}"]}
        deployed = make_client(engine, public_url=BASE)
        assert deployed.get(WELL_KNOWN).json() == {"allowed": [BASE + SCRIPT]}


class TestConfig:
    def test_without_anything(self, client: Client) -> None:
        answer = client.get("/outlook/config")
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.json() == {
            "client_id": None,
            "authority": f"{LOGIN}/organizations",
            "scope": None,
            "key_needed": False,
            "calendar": False,
        }

    def test_with_sign_in_and_keys(self, make_client: MakeClient, engine: Engine) -> None:
        client = make_client(engine, public_url=BASE, api_keys=KEY, **ENTRA)
        answer = client.get("/outlook/config")
        assert answer.json() == {
            "client_id": ID,
            "authority": f"{LOGIN}/{TENANT}",
            "scope": f"api://tactline.example.com:8443/{ID}/access_as_user",
            "key_needed": True,
            "calendar": True,
        }
        for secret in (KEY, ENTRA["entra_client_secret"]):
            assert secret not in json.dumps(dict(answer.headers)) + answer.text

    @pytest.mark.parametrize(
        ("tenants", "last"),
        [
            (TENANT, TENANT),
            (CONSUMERS, CONSUMERS),
            (f"{TENANT},{ID}", "organizations"),
            (f"{TENANT},{CONSUMERS}", "common"),
            ("any", "common"),
            (f"any,{TENANT}", "common"),
        ],
    )
    def test_users_sign_in_where_they_may(
        self, make_client: MakeClient, engine: Engine, tenants: str, last: str
    ) -> None:
        client = make_client(engine, **{**ENTRA, "entra_tenants": tenants})
        assert client.get("/outlook/config").json()["authority"] == f"{LOGIN}/{last}"


def test_the_door_is_no_part_of_the_documented_interface() -> None:
    paths = create_app(Settings()).openapi()["paths"]
    assert not [path for path in paths if not path.startswith("/v1/")]
    assert (HERE / "pane" / "pane.html").is_file()
