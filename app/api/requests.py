"""What the endpoints of /v1 share: reading a body, and describing it and its errors in OpenAPI."""

from __future__ import annotations

from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from app import strings
from app.api import problems
from app.api.problems import Problem

JSON = "application/json"
M = TypeVar("M", bound=BaseModel)


def media_type(request: Request, *allowed: str) -> str:
    """The body's media type. Raises the 415 problem when it is not an allowed one."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in allowed:
        raise Problem("wrong-content-type", headers={"Accept": ", ".join(allowed)}, types=" | ".join(allowed))
    return given


def parse(model: type[M], body: bytes) -> M:
    """A JSON body as `model`. Raises the 400 or 422 problem."""
    try:
        return model.model_validate_json(body.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        raise problems.from_validation(error.errors(include_url=False, include_input=False)) from None


def problem_answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an endpoint that may answer problem documents with these statuses."""
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    words = {s: strings.say("en", f"problem.{code}.title") for code, s in reversed(problems.STATUS.items())}
    return {
        s: {"description": words[s], "content": {problems.MEDIA_TYPE: {"schema": schema}}} for s in statuses
    }


def body_schema(*contents: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """The `openapi_extra` of an endpoint that reads its body itself."""
    return {
        "requestBody": {
            "required": True,
            "content": {media: {"schema": schema} for media, schema in contents},
        }
    }


def reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
