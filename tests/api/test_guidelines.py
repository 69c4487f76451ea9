"""GET /v1/guidelines, and the OpenAPI document."""

from __future__ import annotations

from typing import Any

import pytest

from app.tone.review import Engine
from app.tone.types import LANGUAGES, Language
from tests.api.test_errors import pointers, problem
from tests.conftest import Client


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_lists_every_guideline(client: Client, engine: Engine, language: Language) -> None:
    got = client.get(f"/v1/guidelines?language={language}").json()
    assert got["language"] == language
    assert {g["id"] for g in got["guidelines"]} == set(engine.guidance.guidelines)
    for guideline in got["guidelines"]:
        own = engine.guidance.guidelines[guideline["id"]]
        assert guideline["title"] == own.wording(language).title
        assert guideline["dimension"] == own.head.dimension
        assert guideline["sources"]
        assert set(guideline["languages"]) == set(own.words)
        assert client.get(guideline["url"]).status_code == 200


def test_the_catalogues_language_follows_the_header_and_is_checked(client: Client) -> None:
    assert client.get("/v1/guidelines", headers={"Accept-Language": "tr"}).json()["language"] == "tr"
    assert pointers(problem(client.get("/v1/guidelines?language=de"), 422, "bad-fields")) == {"#/language"}
    assert pointers(problem(client.get("/v1/guidelines?langauge=fr"), 422, "bad-fields")) == {"#/langauge"}


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(references(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(references(value) for value in node))
    return set()


def test_the_openapi_document_is_whole(client: Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {
        "/v1/reviews", "/v1/me", "/v1/dismissals", "/v1/holds", "/v1/holds/slots",
        "/v1/holds/{calendar}/{event}", "/v1/guidelines", "/v1/guidelines/{identity}", "/v1/guidelines:test",
        "/v1/reviews:batch",
    }  # fmt: skip
    schemas = document["components"]["schemas"]
    assert {name.rpartition("/")[2] for name in references(document)} <= set(schemas)
    assert "HTTPValidationError" not in schemas
    review = document["paths"]["/v1/reviews"]["post"]
    assert set(review["requestBody"]["content"]) == {"application/json", "message/rfc822"}
    assert {parameter["name"] for parameter in review["parameters"]} >= {
        "direction",
        "now",
        "time_zone",
        "explain_in",
    }
    for status in ("400", "401", "403", "413", "415", "422", "500", "503"):
        assert set(review["responses"][status]["content"]) == {"application/problem+json"}
    assert set(document["paths"]["/v1/holds"]["post"]["responses"]["200"]["content"]) == {
        "text/calendar",
        "application/json",
    }
    assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"


def test_an_answer_has_the_fields_of_its_schema(client: Client) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    got = client.review({"direction": "outgoing", "text": "It is your fault!!! We send it by Friday."}).json()
    assert set(got) == set(schemas["ReviewOut"]["properties"]) - {"body", "reply"}
    assert set(got["findings"][0]) == set(schemas["FindingOut"]["properties"])
    assert set(got["holds"][0]) == set(schemas["Hold"]["properties"])
