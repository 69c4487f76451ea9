"""Checks over HTTP: what is answered, what is refused, and who may ask."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import strings
from app.languagetool.endpoints import longest
from app.tone.review import Engine
from app.tone.types import LANGUAGES
from tests.languagetool.conftest import DRAFT, Door

KEY = "correct-horse-battery"
BLAME = {
    "en": "You never sent us the logo.",
    "fr": "Vous ne nous avez jamais envoyé le logo.",
    "ar": "أنتم لم ترسلوا لنا الشعار أبدًا.",
    "tr": "Ekteki notu okusaydınız bu soruyu sormazdınız.",
}


def test_an_answer_is_whole(door: Door) -> None:
    answer = door.check(text=DRAFT, language="en-GB")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["software"]["name"] == "Tactline"
    assert (body["software"]["apiVersion"], body["software"]["premium"]) == (1, False)
    assert body["warnings"] == {"incompleteResults": False}
    assert (body["language"]["name"], body["language"]["code"]) == ("English (GB)", "en-GB")
    assert body["language"]["detectedLanguage"]["code"] == "en-US"
    match = body["matches"][0]
    start = DRAFT.index("You never")
    assert (match["offset"], match["length"]) == (start, len("You never sent us the logo"))
    assert match["sentence"] == "You never sent us the logo."
    context = match["context"]
    assert context["text"].startswith("Dear John,  You never sent us the logo.")
    assert context["text"].endswith("...")
    quoted = context["text"][context["offset"] : context["offset"] + context["length"]]
    assert quoted == "You never sent us the logo"
    rule = match["rule"]
    assert rule["id"] == "BLAMING_THE_CLIENT"
    assert rule["category"] == {"id": "EMPATHY", "name": "Empathy"}
    assert rule["issueType"] == "style"
    assert rule["description"] == match["shortMessage"] == "Blaming the client"
    assert match["replacements"][0]["value"]
    assert match["type"] == {"typeName": "Other"}
    assert body["sentenceRanges"][1] == [start, start + len("You never sent us the logo.")]
    assert body["extendedSentenceRanges"][0]["detectedLanguages"] == [{"language": "en", "rate": 1.0}]


def test_it_says_what_the_other_door_says(door: Door) -> None:
    text = "Hello Ann 👍🏽,\n\nYou never sent us the logo. CALM DOWN!!!\n\nBest,\nJo"
    findings = door.review({"direction": "outgoing", "text": text}).json()["findings"]
    theirs = {(f["start"], f["end"] - f["start"]) for f in findings}
    ours = {(match["offset"], match["length"]) for match in door.matches(text, "en")}
    assert ours == theirs
    assert len(ours) >= 2


def test_a_rule_leads_to_its_page(door: Door) -> None:
    for language in LANGUAGES:
        url = door.matches(BLAME[language], language)[0]["rule"]["urls"][0]["value"]
        page = door.get(url)
        assert page.status_code == 200
        assert f'lang="{language}"' in page.text


def test_the_pages_have_the_public_address(make_door: Callable[..., Door], engine: Engine) -> None:
    door = make_door(engine, public_url="https://tone.example.com", allowed_hosts=("127.0.0.1",))
    url = door.matches(DRAFT)[0]["rule"]["urls"][0]["value"]
    assert url == "https://tone.example.com/guidelines/blaming-the-client?lang=en"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_four_languages(door: Door, engine: Engine, language: str) -> None:
    answer = door.check(text=BLAME[language], language="auto").json()
    assert answer["language"]["code"][:2] == language
    assert answer["language"]["detectedLanguage"]["confidence"] == 1.0
    found = {match["rule"]["id"]: match["shortMessage"] for match in answer["matches"]}
    title = engine.guidance.guidelines["blaming-the-client"].wording(language).title
    assert found["BLAMING_THE_CLIENT"] == title


def test_the_mother_tongue_explains(door: Door, engine: Engine) -> None:
    words = engine.guidance.guidelines["blaming-the-client"]
    said = {
        tongue: door.matches(DRAFT, "en-US", motherTongue=tongue)[0]["shortMessage"]
        for tongue in ("tr-TR", "fr", "de-DE")
    }
    assert said["tr-TR"] == words.wording("tr").title
    assert said["fr"] == words.wording("fr").title
    assert said["de-DE"] == words.wording("en").title
    accepted = door.post(
        "/v2/check", data={"text": DRAFT, "language": "en"}, headers={"Accept-Language": "ar"}
    )
    assert accepted.json()["matches"][0]["shortMessage"] == words.wording("ar").title
    assert accepted.headers["content-language"] == "ar"


def test_a_deletion_is_an_empty_replacement_that_says_so(door: Door) -> None:
    for match in door.matches("Hello Ann,\n\nTo be honest, the layout is ready. Calm down.\n\nJo"):
        for replacement in match["replacements"]:
            assert bool(replacement["value"]) or replacement["shortDescription"] == strings.say(
                "en", "ui.leave-out"
            )


APOLOGY = (
    "Dear Ann,\n\nThe layout is late. We missed the deadline because our server crashed and the files were "
    "lost.\n\nBest regards,\nJo"
)


def test_what_is_missing_is_for_the_picky(door: Door, engine: Engine) -> None:
    include = {g.id.upper().replace("-", "_") for g in engine.guidance.include}
    assert not include & {match["rule"]["id"] for match in door.matches(APOLOGY)}
    found = [m for m in door.matches(APOLOGY, level="picky") if m["rule"]["id"] in include]
    review = door.review({"direction": "outgoing", "text": APOLOGY}).json()
    missing = {e["guideline"]: e for e in review["elements"] if e["status"] == "missing"}
    assert {m["rule"]["id"] for m in found} == {name.upper().replace("-", "_") for name in missing}
    assert len(found) >= 2
    for match in found:
        assert match["length"] > 0
        assert match["rule"]["tags"] == ["picky"]
        assert match["type"] == {"typeName": "Hint"}
        insert = missing[match["rule"]["id"].lower().replace("_", "-")]["insert"]
        end = match["offset"] + match["length"]
        repaired = APOLOGY[: match["offset"]] + match["replacements"][0]["value"] + APOLOGY[end:]
        assert repaired == APOLOGY[: insert["at"]] + insert["text"] + APOLOGY[insert["at"] :]
    assert [
        m["rule"]["id"] for m in door.matches(APOLOGY, enabledOnly="true", enabledRules="OFFER_TO_TALK")
    ] == ["OFFER_TO_TALK"]
    whole = door.matches(APOLOGY, level="picky", mode="textLevelOnly")
    assert {m["rule"]["id"] for m in whole} <= include
    assert whole


def test_a_compact_answer(door: Door) -> None:
    answer = door.check(text=DRAFT, language="en", c="1").json()
    assert "software" not in answer
    assert "warnings" not in answer
    assert all("context" not in m and "sentence" not in m for m in answer["matches"])
    assert answer["matches"][0]["offset"] == DRAFT.index("You never")


def test_a_language_that_is_not_covered(door: Door) -> None:
    text = "Sie haben uns das Logo nie geschickt 👍. Das ist wirklich nicht unsere Schuld."
    answer = door.check(text=text, language="auto").json()
    assert answer["language"]["code"] == answer["language"]["detectedLanguage"]["code"] == "zz"
    assert answer["language"]["detectedLanguage"]["confidence"] == 0.0
    assert answer["warnings"]["incompleteResults"] is True
    assert answer["warnings"]["incompleteResultsReason"] == strings.say("en", "note.language-not-covered")
    assert answer["ignoreRanges"] == [{"from": 0, "to": len(text) + 1, "language": {"code": "zz"}}]
    assert answer["matches"] == []


@pytest.mark.parametrize("text", ["", " \n", "12:30", "👍"])
def test_a_text_without_a_word(door: Door, text: str) -> None:
    answer = door.check(
        text=text, language="auto", preferredVariants="de-DE,fr-CA,en-GB", level="picky"
    ).json()
    assert answer["language"]["code"] == "fr-CA"
    assert (answer["matches"], answer["warnings"]) == ([], {"incompleteResults": False})
    assert "ignoreRanges" not in answer


def test_languages_that_the_user_does_not_want_checked(door: Door) -> None:
    answer = door.check(text=DRAFT, language="auto", noopLanguages="de-DE,en").json()
    assert (answer["language"]["code"], answer["matches"]) == ("zz", [])
    assert answer["language"]["detectedLanguage"]["code"] == "en-US"
    assert answer["ignoreRanges"][0]["language"] == {"code": "en-US"}


def test_a_very_long_text_is_read_in_part_and_says_so(door: Door) -> None:
    answer = door.check(text=DRAFT + "\n\n" + "a" * 30_000, language="en").json()
    assert answer["warnings"]["incompleteResultsReason"] == strings.say("en", "note.too-long")
    assert answer["matches"]


def test_a_query_does_as_well(door: Door) -> None:
    answer = door.get("/v2/check", params={"text": DRAFT, "language": "en-US"})
    assert answer.json()["matches"] == door.matches(DRAFT)
    posted = door.post("/v2/check?language=en-US", data={"text": DRAFT})
    assert posted.json()["matches"] == door.matches(DRAFT)


def plain(answer: Any, status: int) -> str:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("Error: ")
    assert "\n" not in answer.text
    return str(answer.text)


def test_refusals_are_lines(make_door: Callable[..., Door], engine: Engine, door: Door) -> None:
    plain(door.check(text="secret"), 400)
    plain(door.check(text="secret", language="de"), 400)
    plain(door.post("/v2/check", json={"text": "secret", "language": "en"}), 400)
    plain(door.get("/v2/secret"), 404)
    plain(door.get("/v2/words"), 404)
    deleted = door.request("DELETE", "/v2/check")
    plain(deleted, 405)
    assert deleted.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    plain(door.get("/v2/languages", headers={"Host": "evil.example"}), 403)
    starting = make_door(None)
    plain(starting.check(text="x", language="en"), 503)
    plain(starting.get("/v2/healthcheck"), 503)
    # The other doors speak as ever.
    assert door.get("/v1/nowhere").json()["status"] == 404


@pytest.mark.parametrize("more", [1, 5000, 2_000_000])
def test_too_long_a_text(make_door: Callable[..., Door], engine: Engine, more: int) -> None:
    door = make_door(engine, max_bytes=100_000)
    most = int(door.get("/v2/maxtextlength").text)
    assert most == longest(100_000)
    line = plain(door.check(text="x" * (most + more), language="en"), 413)
    assert str(most) in line
    # The longest text fits however it is escaped.
    assert door.check(text="中" * most, language="en").status_code == 200


def test_a_body_without_a_length_is_counted(make_door: Callable[..., Door], engine: Engine) -> None:
    door = make_door(engine, max_bytes=20_000)

    async def parts() -> Any:
        yield b"language=en&text="
        for _ in range(100):
            yield b"x" * 1000

    plain(door.post("/v2/check", content=parts()), 413)


def test_what_fails_inside_is_a_line_too(make_door: Callable[..., Door], engine: Engine) -> None:
    class Broken:
        guidance = engine.guidance

        def review(self, _: object) -> Any:
            raise RuntimeError("secret")

    assert plain(make_door(Broken()).check(text="secret", language="en"), 500) == "Error: Internal Error"


def test_keys(make_door: Callable[..., Door], engine: Engine, door: Door) -> None:
    locked = make_door(engine, api_keys=(KEY,))
    asked = {"text": "x", "language": "en"}
    plain(locked.check(**asked), 403)
    for fields in (
        {"username": "anna", "apiKey": KEY},
        {"username": "anna", "password": KEY},
        {"token": KEY},
        {"tokenV2": KEY},
    ):
        assert locked.check(**asked, **fields).status_code == 200
        wrong = {name: value.replace("horse", "mouse") for name, value in fields.items()}
        assert "mouse" not in plain(locked.check(**asked, **wrong), 403)
    header = {"Authorization": f"Bearer {KEY}"}
    assert locked.post("/v2/check", data=asked, headers=header).status_code == 200
    plain(locked.check(**asked, apiKey=KEY), 400)
    plain(locked.check(**asked, apiKey=KEY, username="a", password="b"), 400)
    line = plain(locked.post(f"/v2/check?apiKey={KEY}&username=a", data=asked), 400)
    assert KEY not in line
    for path in ("languages", "healthcheck", "maxtextlength", "info", "configinfo?language=tr"):
        assert locked.get(f"/v2/{path}").status_code == 200
    # Where no key is needed, none is looked at.
    assert door.check(**asked, username="a", apiKey="wrong").status_code == 200


@pytest.mark.parametrize(
    ("origin", "origins", "allowed"),
    [
        ("chrome-extension://oldceeleldhonbafppcapldpdifcinji", (), True),
        ("moz-extension://0a1b2c3d-4e5f-6789-abcd-ef0123456789", (), True),
        ("safari-web-extension://0A1B2C3D", (), True),
        ("https://evil.example", (), False),
        ("https://evil.example/chrome-extension://x", (), False),
        ("null", (), False),
        ("app://obsidian.md", ("app://obsidian.md",), True),
        ("https://office.example.com", ("https://docs.example.com",), False),
    ],
)
def test_which_pages_may_read(
    make_door: Callable[..., Door], engine: Engine, origin: str, origins: tuple[str, ...], allowed: bool
) -> None:
    door = make_door(engine, origins=origins)
    asked = {"text": "x", "language": "en"}
    for answer in (
        door.post("/v2/check", data=asked, headers={"Origin": origin}),
        door.post("/v2/check", data={}, headers={"Origin": origin}),
        door.request("OPTIONS", "/v2/check", headers={"Origin": origin}),
        door.get("/v2/nowhere", headers={"Origin": origin}),
    ):
        assert answer.headers["vary"] == "Origin"
        assert answer.headers.get("access-control-allow-origin") == (origin if allowed else None)
        assert "access-control-allow-credentials" not in answer.headers
    assert door.request("OPTIONS", "/v2/check").status_code == 204


def test_every_page_may_read_where_that_is_set(make_door: Callable[..., Door], engine: Engine) -> None:
    answer = make_door(engine, origins=("*",)).get("/v2/languages", headers={"Origin": "https://a.example"})
    assert answer.headers["access-control-allow-origin"] == "*"


def test_the_languages(door: Door) -> None:
    listed = door.get("/v2/languages").json()
    assert {entry["code"] for entry in listed} == set(LANGUAGES)
    codes = [entry["longCode"] for entry in listed]
    assert len(codes) == len(set(codes))
    for code in codes:
        assert door.check(text="x", language=code).json()["language"]["code"] == code


def test_what_the_java_client_posts(door: Door, engine: Engine) -> None:
    assert door.post("/v2/maxtextlength").text == door.get("/v2/maxtextlength").text
    answer = door.post("/v2/configinfo", data={"language": "tr"})
    rules = {rule["ruleId"]: rule for rule in answer.json()["rules"]}
    assert len(rules) == len(engine.guidance.guidelines)
    assert rules["OFFER_TO_TALK"]["isDefaultOff"] == rules["OFFER_TO_TALK"]["isTextLevelRule"] == "yes"
    dimension = engine.guidance.guidelines["arguing"].head.dimension
    assert rules["ARGUING"]["categoryId"] == dimension.upper()
    assert rules["ARGUING"]["categoryName"] == strings.say("tr", f"word.dimension.{dimension}")
    plain(door.post("/v2/configinfo"), 400)
    plain(door.get("/v2/configinfo?language=secret"), 400)


def test_nothing_of_a_text_is_logged(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "app")
    door.check(text="Zanzibar never sent us the logo.", language="en", username="Zanzibar")
    door.check(text="Zanzibar", language="Zanzibar")
    door.get("/v2/Zanzibar?text=Zanzibar")
    door.check(data='{"annotation": [{"text": "Zanzibar", "markup": ""}]}', language="en")
    assert any(record.getMessage() == "checked" for record in caplog.records)
    assert "Zanzibar" not in json.dumps([vars(record) for record in caplog.records], default=repr)


ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["text", "data", "language", "level", "mode", "enabledOnly", "enabledRules", "c"]),
        ANY | st.sampled_from(["en", "auto", "picky", "true", '{"annotation":[]}', "OFFER_TO_TALK"]),
    )
)
def test_no_form_makes_it_fail(door: Door, fields: dict[str, str]) -> None:
    answer = door.check(**fields)
    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        plain(answer, 400)
    else:
        assert isinstance(answer.json()["matches"], list)
