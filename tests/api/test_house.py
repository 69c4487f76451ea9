"""An organisation's own guidelines over the API: checked, proved by their examples, live, and taken back."""

from __future__ import annotations

import copy
import gc
import json
import re
import tomllib
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.store.database import database_path
from app.tone.review import Engine
from tests.acceptance.test_two_workers import GUIDELINE
from tests.api.test_access import SET, Keyed, started
from tests.api.test_errors import problem
from tests.conftest import Client
from tests.guidance.test_house import BREACHES, ENGLISH, FRAMES, HEAD
from tests.store.conftest import NOW

ID = "naming-other-clients"
AT = f"/v1/guidelines/{ID}"
TEXT = (
    "Hello Anna,\n\nAs I already told you, the plan is attached. Another customer of ours pays twice as much."
)


@pytest.fixture(scope="module")
def module_house(
    make_client: Callable[..., Client], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Keyed, str]]:
    url = f"sqlite:///{tmp_path_factory.mktemp('house') / 'tactline.db'}"
    limits = {"rate_limit": "", "rate_limit_address": "", "rate_limit_denied": ""}
    client = make_client(Engine.load(), api_keys=SET, database_url=url, **limits)
    with started(client) as keyed:
        yield keyed, url


@pytest.fixture
def house(module_house: tuple[Keyed, str]) -> Iterator[Keyed]:
    keyed, _ = module_house
    yield keyed
    for identity in list(keyed.shared.house.entries):
        ask(keyed, "DELETE", f"/v1/guidelines/{identity}")


def ask(keyed: Keyed, method: str, path: str, **more: Any) -> Any:
    return keyed.ask(method, path, SET, **more)


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    """The guideline of these tests with one value of its data changed."""
    data: Any = copy.deepcopy(GUIDELINE)
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    whole: dict[str, Any] = data
    return whole


def review(keyed: Keyed, text: str = TEXT, **more: Any) -> Any:
    body = {"message": {"direction": "outgoing", "text": text}, "explain_in": "en", **more}
    answer = ask(keyed, "POST", "/v1/reviews", json=body)
    assert answer.status_code == 200
    return answer.json()


def found(keyed: Keyed, text: str = TEXT) -> set[str]:
    return {finding["guideline"] for finding in review(keyed, text)["findings"]}


def test_a_guideline_is_in_force_at_once_and_gone_at_once(house: Keyed) -> None:
    assert ID not in found(house)
    put = ask(house, "PUT", AT, json=GUIDELINE)
    assert put.status_code == 201, put.text
    assert put.json()["examples"] == {"passed": 2, "failed": [], "learnt": 0, "taught": 0}
    assert put.json()["guideline"]["house"] is True
    assert ID in found(house)
    assert ask(house, "PUT", AT, json=GUIDELINE).status_code == 200
    listed = ask(house, "GET", "/v1/guidelines").json()
    assert next(g for g in listed["guidelines"] if g["id"] == ID)["house"]
    assert house.client.get(f"/guidelines/{ID}").status_code == 200
    assert ask(house, "DELETE", AT).status_code == 204
    assert ID not in found(house)
    problem(ask(house, "DELETE", AT), 404, "not-found")
    assert house.client.get(f"/guidelines/{ID}").status_code == 404


def test_what_is_answered_can_be_put_again(house: Keyed) -> None:
    ask(house, "PUT", AT, json=GUIDELINE)
    there = ask(house, "GET", AT).json()
    again = {"guideline": there["guideline"], "words": there["words"]}
    assert ask(house, "PUT", AT, json=again).status_code == 200
    assert ask(house, "GET", AT).json() == there


def test_ten_english_examples_work_in_four_languages(house: Keyed) -> None:
    data = {"guideline": tomllib.loads(HEAD), "words": {"en": tomllib.loads(ENGLISH)}}
    put = ask(house, "PUT", AT, json=data)
    assert put.status_code == 201, put.text
    examples = put.json()["examples"]
    assert examples["taught"] == 12
    assert examples["learnt"] >= 10
    for language, frame in FRAMES.items():
        assert ID in found(house, frame.format(f"{BREACHES[language]}.")), language
        assert ID not in found(house, frame.format("")), language


@pytest.mark.parametrize(
    ("path", "value", "failure"),
    [
        (("flags", 0, "text"), "[[Nobody pays as much]].", "not-flagged"),
        (("flags", 0, "text"), "[[Another customer]] of ours pays twice as much.", "flagged-elsewhere"),
        (("allows", 0), "Another customer of ours is happy.", "flagged-though-allowed"),
    ],
)
def test_examples_that_do_not_come_out(
    house: Keyed, path: tuple[str | int, ...], value: str, failure: str
) -> None:
    data = changed("words", "en", "rules", 0, *path, to=value)
    refused = problem(ask(house, "PUT", AT, json=data), 422, "examples-failed")
    pointer = "#/words/en/rules/0/" + "/".join(map(str, path[:2]))
    assert refused["errors"][0]["pointer"] == pointer
    assert ID not in house.shared.house.entries
    kept = ask(house, "PUT", f"{AT}?accept_failures=true", json=data)
    assert kept.status_code == 201
    assert [item["failure"] for item in kept.json()["examples"]["failed"]] == [failure]


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("pattern",), r"(?:another (?:customer|client) of ours|(?:\w+\s?)+x)", "very long"),
        (("pattern",), r"(another) (?:customer|client) of ours \1", "may not hold"),
        (("pattern",), r"another (?:customer|client", "can be used"),
        (("replacement",), "{who} pays", "does not capture"),
        (("replacement",), "[a] [b] [c] [d] [e]", "more than 4"),
    ],
)
def test_what_no_mail_may_meet_is_refused_whatever_is_accepted(
    house: Keyed, path: tuple[str | int, ...], value: str, says: str
) -> None:
    data = changed("words", "en", "rules", 0, *path, to=value)
    answer = ask(house, "PUT", f"{AT}?accept_failures=true", json=data, headers={"Accept-Language": "en"})
    [error] = problem(answer, 422, "bad-fields")["errors"]
    assert error["pointer"] == "#/words/en/rules/0/" + "/".join(map(str, path))
    assert re.search(says, error["detail"])
    assert ID not in house.shared.house.entries
    tried = ask(house, "POST", "/v1/guidelines:test", json={"data": data})
    assert problem(tried, 422, "bad-fields")["errors"][0]["pointer"] == f"#/data{error['pointer'][1:]}"


def test_changes_at_the_same_time_add_up(house: Keyed) -> None:
    """Also where another copy of the service made one that is not seen here yet."""
    store = house.shared.store
    house.do(lambda: store.house.put("blaming-the-client", {"adjust": {"muted": True}}, NOW))
    patched = ask(house, "PATCH", "/v1/guidelines/blaming-the-client", json={"weight": 0.5})
    assert patched.json()["adjust"] == {"muted": True, "weight": 0.5, "severity": None, "words": {}}
    assert "blaming-the-client" not in found(house)


def test_what_happens_when_a_mail_is_sent_follows(house: Keyed) -> None:
    path = "/outlook/launchevent.js"
    before = house.client.get(path)
    data = changed("guideline", "severity", to="error")
    assert ask(house, "PUT", AT, json=data).status_code == 201
    after = house.client.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert "This tells one client about another." in after.text
    ask(house, "PATCH", AT, json={"muted": True})
    assert "This tells one client about another." not in house.client.get(path).text
    ask(house, "DELETE", AT)
    assert house.client.get(path, headers={"If-None-Match": before.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        (changed("guideline", "kind", to="never"), "#/guideline/kind"),
        (changed("guideline", "weight", to=2), "#/guideline/weight"),
        (changed("guideline", "sources", to=["difficult-client/no-such"]), "#/guideline/sources/0"),
        (changed("words", to={}), "#/words"),
        (changed("words", "de", to=GUIDELINE["words"]["en"]), "#/words/de"),  # type: ignore[index]
        (changed("words", "en", "reasons", to={"other": "x"}), "#/words/en"),
        (changed("words", "en", "rules", 0, "pattern", to="(" * 3), "#/words/en/rules/0/pattern"),
        (changed("words", "en", "rules", 0, "flags", 0, "text", to="no mark"), "#/words/en/rules/0/flags/0"),
        (changed("words", "en", "colour", to=1), "#/words/en/colour"),
        (changed("words", "en", "rules", to=[]), "#"),
        ([], "#"),
    ],
)
def test_what_is_wrong_is_named_by_a_pointer(house: Keyed, data: Any, pointer: str) -> None:
    answer = ask(house, "PUT", AT, json=data)
    refused = problem(answer, 422, "bad-fields")
    assert refused["errors"][0]["pointer"].startswith(pointer)
    assert "customer of ours" not in answer.text


def test_a_built_in_id_cannot_be_taken(house: Keyed) -> None:
    problem(ask(house, "PUT", "/v1/guidelines/arguing", json=GUIDELINE), 409, "guideline-built-in")


@pytest.mark.parametrize("name", ["A", "a b", "1a", "x" * 61, "naïve"])
def test_ids_have_a_form(house: Keyed, name: str) -> None:
    problem(ask(house, "PUT", f"/v1/guidelines/{name}", json=GUIDELINE), 422, "bad-fields")


class TestChanges:
    AT = "/v1/guidelines/blaming-the-client"

    def change(self, keyed: Keyed, **patch: Any) -> Any:
        answer = ask(keyed, "PATCH", self.AT, json=patch)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def test_muted_judges_nothing(self, house: Keyed) -> None:
        before = review(house)
        assert "blaming-the-client" in found(house)
        assert self.change(house, muted=True)["adjust"]["muted"] is True
        after = review(house)
        assert "blaming-the-client" not in {finding["guideline"] for finding in after["findings"]}
        assert after["score"] > before["score"]
        for path in ("/guidelines/blaming-the-client", "/guidelines"):
            assert "Not judged here" in house.client.get(f"{path}?lang=en").text
        self.change(house, muted=None)
        assert review(house) == before
        assert "Not judged here" not in house.client.get("/guidelines?lang=en").text

    def test_a_missing_act_that_is_muted_is_not_missed(self, house: Keyed) -> None:
        text = (
            "Hello Anna,\n\nWe did not meet the deadline; the brochure is not ready. "
            "Our printer had a failure.\n\nBest regards,\nTom"
        )
        missing = {e["guideline"] for e in review(house, text)["elements"] if e["status"] == "missing"}
        assert missing
        for name in missing:
            ask(house, "PATCH", f"/v1/guidelines/{name}", json={"muted": True})
        assert not [e for e in review(house, text)["elements"] if e["status"] == "missing"]

    def test_reweighted_counts_otherwise(self, house: Keyed) -> None:
        before = review(house)["score"]
        self.change(house, weight=0.01)
        assert review(house)["score"] > before

    def test_reworded_says_it_otherwise(self, house: Keyed) -> None:
        words = {"en": {"title": "Our title", "reasons": {"default": "Our reason."}}}
        self.change(house, words=words, severity="error")
        finding = next(f for f in review(house)["findings"] if f["guideline"] == "blaming-the-client")
        assert finding["title"] == "Our title"
        page = house.client.get("/guidelines/blaming-the-client?lang=en").text
        assert "Our title" in page
        assert "Our title" not in house.client.get("/guidelines/blaming-the-client?lang=fr").text

    def test_changes_add_up_and_go(self, house: Keyed) -> None:
        self.change(house, weight=0.5)
        self.change(house, severity="hint")
        assert self.change(house)["adjust"] == {
            "muted": False,
            "weight": 0.5,
            "severity": "hint",
            "words": {},
        }
        listed = ask(house, "GET", "/v1/guidelines").json()["guidelines"]
        assert [g["id"] for g in listed if g["adjusted"]] == ["blaming-the-client"]
        self.change(house, weight=None, severity=None)
        assert "blaming-the-client" not in house.shared.house.entries

    def test_delete_takes_all_changes_back(self, house: Keyed) -> None:
        before = review(house)
        self.change(house, muted=True, weight=0.9)
        assert ask(house, "DELETE", self.AT).status_code == 204
        assert review(house) == before

    @pytest.mark.parametrize(
        ("patch", "pointer"),
        [
            ({"weight": 0}, "#/weight"),
            ({"muted": "yes"}, "#/muted"),
            ({"words": {"en": {"reasons": {"no-such": "x"}}}}, "#/words/en/reasons/no-such"),
            ({"words": {"en": {"rules": []}}}, "#/words/en/rules"),
            ({"colour": 1}, "#/colour"),
        ],
    )
    def test_what_is_wrong_with_a_change(self, house: Keyed, patch: Any, pointer: str) -> None:
        refused = problem(ask(house, "PATCH", self.AT, json=patch), 422, "bad-fields")
        assert refused["errors"][0]["pointer"] == pointer

    def test_one_that_is_not_there(self, house: Keyed) -> None:
        problem(ask(house, "PATCH", "/v1/guidelines/no-such", json={}), 404, "not-found")

    def test_one_that_is_not_there_any_more(self, house: Keyed) -> None:
        """Another copy of the service removed it, and this one has not looked yet."""
        ask(house, "PUT", AT, json=GUIDELINE)
        store = house.shared.store
        house.do(lambda: store.house.remove(ID))
        problem(ask(house, "PATCH", AT, json={"muted": True}), 404, "not-found")


class TestTrial:
    def test_nothing_is_kept(self, house: Keyed) -> None:
        answer = ask(house, "POST", "/v1/guidelines:test", json={"data": GUIDELINE, "text": TEXT})
        assert answer.status_code == 200, answer.text
        tried = answer.json()
        quotes = [f["quote"] for f in tried["review"]["findings"] if f["guideline"] == "guideline-on-trial"]
        assert quotes == ["Another customer of ours pays twice as much"]
        assert tried["examples"]["failed"] == []
        assert not house.shared.house.entries
        assert ID not in found(house)

    def test_failures_are_told_and_no_error(self, house: Keyed) -> None:
        data = changed("words", "en", "rules", 0, "allows", 0, to="Another customer of ours is happy.")
        tried = ask(house, "POST", "/v1/guidelines:test", json={"data": data}).json()
        assert tried["examples"]["failed"] == [
            {"pointer": "#/data/words/en/rules/0/allows/0", "failure": "flagged-though-allowed"}
        ]


def test_the_database_holds_no_word_of_it(house: Keyed, module_house: tuple[Keyed, str]) -> None:
    ask(house, "PUT", AT, json=GUIDELINE)
    path = database_path(module_house[1])
    assert path is not None
    content = b"".join(part.read_bytes() for part in path.parent.glob(f"{path.name}*"))
    assert ID.encode() in content
    assert b"one client about another" not in content
    assert b"customer of ours" not in content


def test_an_entry_that_cannot_be_used_stops_nothing(house: Keyed) -> None:
    store = house.shared.store
    house.do(lambda: store.house.put("from-the-future", {"data": {"colour": 1}}, NOW))
    house.do(lambda: store.house.put("gone", {"adjust": {"muted": True}}, NOW))
    slow = changed("words", "en", "rules", 0, "pattern", to=r"(?:\w+ ?)+x")
    house.do(lambda: store.house.put("slow", {"data": slow}, NOW))
    later = changed("words", "en", "rules", 0, "pattern", to=r"\N{future}(")
    house.do(lambda: store.house.put("later", {"data": later}, NOW))
    house.do(house.shared.house.refresh)
    broken = ["from-the-future", "gone", "later", "slow"]
    assert ask(house, "GET", "/v1/guidelines").json()["broken"] == broken
    assert "blaming-the-client" in found(house)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["guideline", "words", "en", "rules", "pattern"]), inner, max_size=4
            )
        ),
        max_leaves=8,
    )
)
def test_whatever_is_sent_gets_an_answer(house: Keyed, data: Any) -> None:
    answer = ask(house, "PUT", AT, content=json.dumps(data), headers={"Content-Type": "application/json"})
    assert answer.status_code in (422, 400)


def test_an_engine_that_was_exchanged_is_let_go(house: Keyed) -> None:
    """However often guidelines change, there is one engine."""
    ask(house, "PUT", AT, json=GUIDELINE)
    before = weakref.ref(house.shared.engine)
    ask(house, "PATCH", AT, json={"weight": 0.5})
    ask(house, "PATCH", AT, json={"weight": 0.6})
    gc.collect()
    assert before() is None
