"""The OpenAPI document: what FastAPI makes of the routes, the bodies that endpoints read themselves, and an
example of every request and answer.

Examples are files in `examples`, one an operation; the answers in them are the service's own
(`python -m tests.api.exampled`), and a test asks again and compares.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from app.api.endpoints import SCHEMAS

EXAMPLES = Path(__file__).parent / "examples"
_TEMPLATE = "#/components/schemas/{model}"


def name_of(route: APIRoute) -> str:
    """The operation's id: the endpoint's name, which client generators make their functions' names of."""
    return route.name


def describe(app: FastAPI) -> None:
    """Have the application answer with the whole document."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _made(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def methods(app: FastAPI, path: str) -> list[str]:
    """The methods that a path takes: the router, asked, names those of its first match alone."""
    for template, found in app.openapi()["paths"].items():
        pattern = re.sub(r"\\\{[^{}]+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path):
            return sorted(method.upper() for method in found)
    return []


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation."""
    return [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _made(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        routes=app.routes,
        summary="A second pair of eyes for client mail.",
        description="Reviews the tone of client mail in English, French, Arabic and Turkish. "
        "Errors are problem documents (RFC 9457) and never repeat what was sent.",
        license_info={"name": "MIT", "identifier": "MIT"},
    )
    _, extra = models_json_schema([(model, "validation") for model in SCHEMAS], ref_template=_TEMPLATE)
    known = document["components"]["schemas"]
    for name, schema in extra["$defs"].items():
        known.setdefault(name, schema)
    for name in ("HTTPValidationError", "ValidationError"):
        known.pop(name, None)
    for _, _, operation in operations(document):
        _exemplify(operation)
    return document


def _exemplify(operation: dict[str, Any]) -> None:
    path = EXAMPLES / f"{operation['operationId']}.json"
    content = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    for name, example in content.get("requests", {}).items():
        for place in ("query", "path"):
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == place and parameter["name"] in example.get(place, {}):
                    parameter["example"] = example[place][parameter["name"]]
        if "media" in example:
            media = operation["requestBody"]["content"][example["media"]]
            media.setdefault("examples", {})[name] = {
                "summary": example["summary"],
                "value": example["value"],
            }
    for status, answer in content.get("responses", {}).items():
        media = operation["responses"][status]["content"][answer["media"]]
        media["examples"] = {"answer": {"summary": "An answer", "value": answer["value"]}}
