"""What a caller chose holds for their reviews on every door, and for nobody else's."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from app.store.errors import StoreError
from app.store.store import Store
from app.tone.review import Engine
from tests.api.test_errors import pointers, problem
from tests.conftest import Client

ANA, BEN = "the-key-of-ana-0123456789", "the-key-of-ben-0123456789"
TEXT = "As I already told you, the menus are late because you never sent the photos!!!"
LONG = (
    "Hello Dana, thank you for your mail about the photos for the new menus of the summer. They are late "
    "because you never sent us the photos that we had asked for in March!!!"
)
HTML = f"<div>{LONG}</div>".replace("never", "<b>never</b>").replace(
    "us the photos that", "us\n the photos&nbsp;that"
)
NOW = "2026-03-10T09:00:00+01:00"
Json = dict[str, Any]


class Caller:
    """Somebody with a key."""

    def __init__(self, client: Client, key: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {key}"}

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = self._headers | options.pop("headers", {})
        return self._client.request(method, path, headers=headers, **options)

    def me(self) -> Json:
        answer = self.ask("GET", "/v1/me")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        found: Json = answer.json()
        return found

    def choose(self, **patch: Any) -> httpx.Response:
        headers = {"Content-Type": "application/merge-patch+json"}
        return self.ask("PATCH", "/v1/me", content=json.dumps(patch), headers=headers)

    def dismiss(self, finding: Json, method: str = "PUT") -> None:
        body = {"guideline": finding["guideline"], "quote": finding["quote"]}
        answer = self.ask(method, "/v1/dismissals", json=body)
        assert (answer.status_code, answer.content) == (204, b"")

    def review(self, text: str = TEXT, kind: str = "text", **rest: Any) -> Json:
        body = {"message": {"direction": "outgoing", kind: text}, "now": NOW, **rest}
        answer = self.ask("POST", "/v1/reviews", json=body)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found


Start = Callable[[str], Client]


@pytest.fixture(scope="module")
def start(engine: Engine, portal: Any) -> Iterator[Start]:
    with ExitStack() as stack:

        def started(url: str) -> Client:
            given: Json = {"database_url": url, "api_keys": f"{ANA},{BEN}", "secrets": "s" * 40}
            settings = Settings(**given)
            app = create_app(settings, engine)
            stack.enter_context(portal.wrap_async_context_manager(app.router.lifespan_context(app)))
            return Client(app, portal)

        yield started


@pytest.fixture(scope="module", params=["memory", pytest.param("postgresql", marks=pytest.mark.servers)])
def client(request: pytest.FixtureRequest, start: Start) -> Client:
    server = request.getfixturevalue("postgresql_server") if request.param == "postgresql" else None
    return start("sqlite://" if server is None else server.url(server.new()))


@pytest.fixture
def ana(client: Client) -> Iterator[Caller]:
    caller = Caller(client, ANA)
    yield caller
    assert caller.ask("DELETE", "/v1/me").status_code == 204


@pytest.fixture
def ben(client: Client) -> Iterator[Caller]:
    caller = Caller(client, BEN)
    yield caller
    assert caller.ask("DELETE", "/v1/me").status_code == 204


NOTHING: Json = {"language": None, "working_hours": None, "time_zone": None, "muted": [], "dismissals": 0}


def blamed(review: Json) -> Json:
    found: Json = next(f for f in review["findings"] if f["guideline"] == "blaming-the-client")
    return found


# What is kept


def test_a_merge_patch_changes_what_it_names(ana: Caller, ben: Caller) -> None:
    assert ana.me() == NOTHING
    hours = {"days": ["sun", "mon"], "start": "08:00", "end": "16:30"}
    chosen = ana.choose(language="fr", working_hours=hours, muted=["arguing", "overpromising", "arguing"])
    expected = {
        "language": "fr", "working_hours": {**hours, "days": ["mon", "sun"]}, "time_zone": None,
        "muted": ["arguing", "overpromising"], "dismissals": 0,
    }  # fmt: skip
    assert (chosen.status_code, chosen.json()) == (200, expected)
    assert ana.me() == expected
    # Objects are merged, lists are replaced, null takes away (RFC 7396).
    ana.choose(
        working_hours={"end": "17:00"}, language=None, time_zone="Romance Standard Time", muted=["arguing"]
    )
    assert ana.me() == {
        **expected, "language": None, "time_zone": "Romance Standard Time", "muted": ["arguing"],
        "working_hours": {"days": ["mon", "sun"], "start": "08:00", "end": "17:00"},
    }  # fmt: skip
    assert ana.ask("PATCH", "/v1/me", json={"working_hours": None, "muted": None}).json()["muted"] == []
    assert ana.choose().json() == ana.me()
    assert ben.me() == NOTHING


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [
        ({"language": "de"}, "#/language"),
        ({"time_zone": "Mars/Olympus"}, "#/time_zone"),
        ({"working_hours": {"days": ["mon"], "start": "09:00"}}, "#/working_hours/end"),
        ({"working_hours": {"days": ["mon"], "start": "19:00", "end": "09:00"}}, "#/working_hours"),
        ({"muted": ["arguing", "marked-guideline"]}, "#/muted/1"),
        ({"muted": ["Not An Id"]}, "#/muted/0"),
        ({"muted": "arguing"}, "#/muted"),
        ({"muted": ["arguing"] * 201}, "#/muted"),
        ({"dismissals": 0}, "#/dismissals"),
        ({"langauge": "fr"}, "#/langauge"),
        (["fr"], "#"),
        ("fr", "#"),
        (5, "#"),
    ],
)
def test_a_bad_patch_is_refused_and_changes_nothing(ana: Caller, patch: Any, pointer: str) -> None:
    ana.choose(language="tr")
    answer = ana.ask("PATCH", "/v1/me", json=patch)
    document = problem(answer, 422, "bad-fields")
    assert pointers(document) == {pointer}
    assert "marked" not in answer.text
    assert ana.me() == {**NOTHING, "language": "tr"}


def test_what_is_no_json_and_no_patch_is_refused(ana: Caller) -> None:
    for content in (b"", b"{", b"\xff", b"[" * 5000, b'{"muted": [NaN]}', b'{"language": "\\ud800"}'):
        headers = {"Content-Type": "application/json"}
        problem(ana.ask("PATCH", "/v1/me", content=content, headers=headers), 400, "not-json")
    problem(ana.ask("PATCH", "/v1/me", content=b"{}"), 415, "wrong-content-type")
    problem(ana.ask("PUT", "/v1/dismissals", content=b"{}"), 415, "wrong-content-type")


def test_a_dismissal_needs_a_guideline_and_words(ana: Caller) -> None:
    for body, pointer in (
        ({"guideline": "marked-guideline", "quote": "a"}, "#/guideline"),
        ({"guideline": "arguing", "quote": ""}, "#/quote"),
        ({"guideline": "arguing", "quote": "a" * 100_001}, "#/quote"),
        ({"guideline": "arguing"}, "#/quote"),
        ({"guideline": "arguing", "quote": "a", "start": 1}, "#/start"),
    ):
        answer = ana.ask("PUT", "/v1/dismissals", json=body)
        assert pointers(problem(answer, 422, "bad-fields")) == {pointer}
        assert "marked" not in answer.text
    # To show again what is no longer known is no mistake: the guideline may have been removed.
    ana.dismiss({"guideline": "gone-since", "quote": "a"}, "DELETE")
    assert ana.me() == NOTHING


def test_all_is_forgotten(ana: Caller, ben: Caller) -> None:
    ana.choose(language="fr")
    finding = blamed(ana.review(explain_in="en"))
    ana.dismiss(finding)
    ben.dismiss(finding)
    assert ana.me() == {**NOTHING, "language": "fr", "dismissals": 1}
    for _ in range(2):
        assert ana.ask("DELETE", "/v1/me").status_code == 204
    assert ana.me() == NOTHING
    assert blamed(ana.review()) == finding
    assert ben.me()["dismissals"] == 1


def test_without_a_key_nothing_is_told(client: Client) -> None:
    for method, path in (
        ("GET", "/v1/me"),
        ("PATCH", "/v1/me"),
        ("DELETE", "/v1/me"),
        ("PUT", "/v1/dismissals"),
    ):
        problem(client.request(method, path), 401, "no-key")


# What reviews make of it


def test_a_dismissed_finding_moves_aside_and_comes_back(ana: Caller, ben: Caller) -> None:
    before = ana.review()
    finding = blamed(before)
    assert finding["replacements"]
    ana.dismiss(finding)
    after = ana.review()
    assert after["dismissed"] == [finding]
    assert {f["id"] for f in after["findings"]} == {f["id"] for f in before["findings"]} - {finding["id"]}
    assert finding["quote"] in after["revised"]
    assert finding["quote"] not in before["revised"]
    # The score is the mail's, not the reader's patience.
    for name in ("score", "band", "dimensions", "id"):
        assert after[name] == before[name]
    assert ben.review() == before
    ana.dismiss(finding, "DELETE")
    assert ana.review() == before


def test_all_findings_can_be_dismissed(ana: Caller) -> None:
    before = ana.review()
    for finding in before["findings"]:
        ana.dismiss(finding)
    after = ana.review()
    assert after["findings"] == []
    assert after["dismissed"] == before["findings"]
    assert ana.me()["dismissals"] == len(before["findings"])
    assert after["revised"] is None or all(f["quote"] in after["revised"] for f in before["findings"])


def test_the_same_words_are_known_in_html_in_text_and_rewrapped(ana: Caller) -> None:
    rewrapped = "\r\n".join(textwrap.wrap(LONG, 76))
    forms = [(LONG, "text"), (rewrapped, "text"), (HTML, "html")]
    for text, kind in forms:
        ana.dismiss(blamed(ana.review(text, kind)))
        assert [len(ana.review(*form)["dismissed"]) for form in forms] == [1, 1, 1]
        ana.dismiss(ana.review(*forms[0])["dismissed"][0], "DELETE")
        assert ana.me()["dismissals"] == 0


def test_other_words_and_other_guidelines_are_found_still(ana: Caller) -> None:
    finding = blamed(ana.review())
    ana.dismiss({**finding, "quote": finding["quote"].upper()})
    ana.dismiss({**finding, "guideline": "arguing"})
    review = ana.review()
    assert review["dismissed"] == []
    assert blamed(review) == finding


def test_preferences_fill_what_a_request_leaves_out(ana: Caller) -> None:
    hours = {"days": ["tue"], "start": "13:00", "end": "15:00"}
    ana.choose(language="fr", time_zone="Asia/Riyadh", working_hours=hours)
    review = ana.review("Dear Dana, I will call you. We will look into it soon.", explain_in=None)
    assert review["holds"]
    assert {hold["time_zone"] for hold in review["holds"]} == {"Asia/Riyadh"}
    assert all("T13:" <= h["start"][10:] <= "T15:" for h in review["holds"] if not h["all_day"])
    french = ana.ask(
        "POST", "/v1/reviews", headers={"Accept-Language": "tr"},
        json={"message": {"direction": "outgoing", "text": TEXT}, "now": NOW},
    )  # fmt: skip
    assert french.headers["content-language"] == "fr"
    # What the request names itself counts before it.
    own = {"days": ["wed"], "start": "10:00", "end": "12:00"}
    review = ana.review(
        "Dear Dana, I will call you. We will look into it soon.",
        explain_in="tr",
        time_zone="Asia/Tokyo",
        working_hours=own,
    )
    assert {hold["time_zone"] for hold in review["holds"]} == {"Asia/Tokyo"}
    assert all("T10:" <= h["start"][10:] <= "T12:" for h in review["holds"] if not h["all_day"])
    assert ana.ask("POST", "/v1/reviews", json={
        "message": {"direction": "outgoing", "text": TEXT}, "explain_in": "tr",
    }).headers["content-language"] == "tr"  # fmt: skip


def test_a_raw_mail_is_reviewed_as_its_sender_chose(ana: Caller) -> None:
    raw = (
        b"Subject: Menus\r\nContent-Type: text/plain\r\n\r\n"
        + TEXT.encode()
        + b" I will send them on Friday."
    )
    headers = {"Content-Type": "message/rfc822"}

    def review(query: str = "") -> httpx.Response:
        return ana.ask(
            "POST", f"/v1/reviews?now=2026-03-10T09:00:00%2B01:00{query}", content=raw, headers=headers
        )

    ana.dismiss(blamed(review().json()))
    hours = {"days": ["thu"], "start": "13:00", "end": "15:00"}
    ana.choose(language="ar", time_zone="Asia/Riyadh", working_hours=hours)
    answer = review()
    assert answer.headers["content-language"] == "ar"
    assert [f["guideline"] for f in answer.json()["dismissed"]] == ["blaming-the-client"]
    holds = answer.json()["holds"]
    assert {hold["time_zone"] for hold in holds} == {"Asia/Riyadh"}
    assert all("T13:" <= h["start"][10:] <= "T15:" for h in holds if not h["all_day"])
    assert {hold["time_zone"] for hold in review("&time_zone=Asia/Tokyo").json()["holds"]} == {"Asia/Tokyo"}


def test_a_muted_guideline_is_not_judged(ana: Caller, ben: Caller) -> None:
    before = ana.review()
    ana.choose(muted=["blaming-the-client"])
    after = ana.review()
    assert "blaming-the-client" not in {f["guideline"] for f in (*after["findings"], *after["dismissed"])}
    assert after["score"] > before["score"]
    assert ben.review() == before


def test_languagetools_clients_get_the_same(ana: Caller) -> None:
    def rules() -> list[str]:
        answer = ana.ask("POST", "/v2/check", data={"text": TEXT, "language": "en"})
        assert answer.status_code == 200, answer.text
        return [match["rule"]["id"] for match in answer.json()["matches"]]

    before = rules()
    assert "BLAMING_THE_CLIENT" in before
    for finding in ana.review()["findings"]:
        if finding["guideline"] == "blaming-the-client":
            ana.dismiss(finding)
    assert rules() == [rule for rule in before if rule != "BLAMING_THE_CLIENT"]
    ana.choose(language="fr")
    assert (
        ana.ask("POST", "/v2/check", data={"text": TEXT, "language": "en"}).headers["content-language"]
        == "fr"
    )
    asked = {"text": TEXT, "language": "en", "motherTongue": "tr"}
    assert ana.ask("POST", "/v2/check", data=asked).headers["content-language"] == "tr"


@pytest.mark.parametrize("failure", [StoreError("x"), TimeoutError()], ids=["fails", "hangs"])
def test_a_store_that_fails_stops_no_review(
    ana: Caller, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    before = ana.review(explain_in="en")
    ana.dismiss(blamed(before))

    async def failing(*_: object) -> None:
        raise failure

    monkeypatch.setattr(Store, "wishes_of", failing)
    words = set()
    for language in ("en", "fr", "ar", "tr"):
        after = ana.review(explain_in=language)
        assert [f["id"] for f in after["findings"]] == [f["id"] for f in before["findings"]]
        assert after["notes"][-1]["code"] == "preferences-unavailable"
        words.add(after["notes"][-1]["message"])
    assert len(words) == 4
    assert ana.ask("POST", "/v2/check", data={"text": TEXT, "language": "en"}).status_code == 200


# Two services


@pytest.mark.servers
def test_two_services_share_a_dismissal_at_once(start: Start, postgresql_server: Any) -> None:
    url = postgresql_server.url(postgresql_server.new())
    one, two = Caller(start(url), ANA), Caller(start(url), ANA)
    finding = blamed(one.review())
    for here, there in ((one, two), (two, one)):
        here.dismiss(finding)
        assert there.review()["dismissed"] == [finding]
        assert there.me()["dismissals"] == 1
        there.dismiss(finding, "DELETE")
        assert blamed(here.review()) == finding


def test_the_file_shows_no_word(start: Start, tmp_path: Path) -> None:
    caller = Caller(start(f"sqlite:///{tmp_path / 'a.db'}"), ANA)
    caller.dismiss({"guideline": "arguing", "quote": "marked words of a mail"})
    caller.choose(language="tr", muted=["overpromising"], time_zone="Asia/Riyadh")
    seen = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for word in (b"marked", b"arguing", b"overpromising", b"Riyadh", ANA.encode()):
        assert word not in seen
    assert b"dismissals" in seen
