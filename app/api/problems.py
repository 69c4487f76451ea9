"""Errors under /v1: problem documents (RFC 9457) that never repeat what was sent.

Titles and details come from `app.strings`, worded by code; a library's own message is
never passed on, since it may quote the input.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from app import strings
from app.errors import Provider
from app.tone.types import Language

MEDIA_TYPE = "application/problem+json"
STATUS = {
    "not-json": 400, "not-a-mail": 400, "no-key": 401, "wrong-key": 401, "host-not-allowed": 403,
    "not-found": 404, "method-not-allowed": 405, "too-slow": 408, "too-large": 413,
    "wrong-content-type": 415, "bad-fields": 422, "internal": 500, "not-ready": 503, "busy": 503,
    "no-calendar-token": 401, "bad-token": 401, "sign-in-expired": 401, "claims-challenge": 401,
    "wrong-scope": 403, "key-lacks-scope": 403, "more-consent": 403, "hold-gone": 404,
    "still-running": 409, "guideline-built-in": 409, "too-many-guidelines": 409, "hold-changed": 412,
    "key-reused": 422, "examples-failed": 422, "calendar-busy": 429, "too-many-requests": 429,
    "calendar-unavailable": 502, "calendar-refused": 502, "store-unavailable": 503,
    "identity-unavailable": 503, "calendar-slow": 504,
}  # fmt: skip
_SAFE_NAME = re.compile(r"[a-z][a-z_]{0,40}")
# Pydantic's error types, by the sentence that words them. Any other reads "not valid".
_WORDED = {
    "missing": "missing", "extra_forbidden": "unknown", "literal_error": "choice", "enum": "choice",
    "string_type": "string", "string_too_long": "too-long", "too_long": "too-long", "list_type": "list",
    "model_type": "object", "model_attributes_type": "object", "dict_type": "object", "bool_type": "boolean",
    "bool_parsing": "boolean", "timezone_aware": "date-time", "datetime_parsing": "date-time",
    "datetime_from_date_parsing": "date-time", "datetime_type": "date-time",
    "datetime_object_invalid": "date-time",
    "time_parsing": "clock", "time_type": "clock", "decimal_parsing": "amount", "decimal_type": "amount",
    "decimal_max_digits": "amount", "decimal_whole_digits": "amount", "decimal_max_places": "amount",
    "greater_than_equal": "amount", "greater_than": "amount", "finite_number": "amount",
}  # fmt: skip


@dataclass(frozen=True)
class FieldError:
    """One bad field: where, as a JSON pointer in URI fragment form, and which sentence words it."""

    pointer: str
    code: str
    values: Mapping[str, str] = field(default_factory=dict)


class Problem(Exception):  # noqa: N818 - it is an answer as much as an error
    """An answer that is a problem document. `code` is a key of `STATUS`."""

    def __init__(
        self,
        code: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **values: str | int,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.values = values
        self.provider: Provider | None = None
        self.scopes: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        return STATUS[self.code]


class BadField(ValueError):  # noqa: N818 - reads as what it says
    """Raised by validators of our schemas; `code` picks the sentence, `at` the field below the model."""

    def __init__(self, code: str, at: str = "", **values: str) -> None:
        super().__init__(code)
        self.code, self.at, self.values = code, at, values


class FieldProblem(BaseModel):
    """A field that is wrong."""

    pointer: str = Field(description="JSON pointer to the field, as a URI fragment (RFC 6901, 6).")
    detail: str = Field(description="What is wrong with it. Never repeats the value.")


class ProblemDocument(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(description="Address of a page that explains this kind of problem.")
    title: str
    status: int
    detail: str
    instance: str = Field(description="This occurrence, as `urn:uuid:` and the id that the log has too.")
    errors: list[FieldProblem] = Field(
        default_factory=list, description="The fields that are wrong, if any are."
    )
    provider: str | None = Field(default=None, description="Whose calendar failed: `google`, `microsoft`.")
    scopes: list[str] = Field(default_factory=list, description="The permissions that are missing.")


def from_validation(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """Pydantic's errors as a problem: 400 when it was not JSON at all, else 422."""
    if any(error["type"] == "json_invalid" for error in errors):
        return Problem("not-json")
    return Problem("bad-fields", [_field_error(error) for error in errors[:50]])


def _field_error(error: Mapping[str, Any]) -> FieldError:
    # A field's name may itself be text that was sent: name it only where it looks like a name.
    parts = [str(p) for p in error["loc"] if isinstance(p, int) or _SAFE_NAME.fullmatch(p)]
    code = _WORDED.get(error["type"], "not-valid")
    values: Mapping[str, str] = {}
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, BadField):
        code, values = cause.code, cause.values
        if cause.at:
            parts.append(cause.at)
    elif code == "choice":
        values = {"choices": str(error["ctx"]["expected"])}
    elif code == "too-long":
        values = {"most": str(error["ctx"]["max_length"])}
    return FieldError("#" + "".join(f"/{part}" for part in parts), code, values)


def language_of(request: Request) -> Language:
    return strings.negotiate(request.headers.get("accept-language")) or "en"


def document(problem: Problem, request_id: str, language: Language) -> ProblemDocument:
    return ProblemDocument(
        type=f"/problems/{problem.code}",
        title=strings.say(language, f"problem.{problem.code}.title"),
        status=problem.status,
        detail=strings.say(language, f"problem.{problem.code}.detail", **problem.values),
        instance=f"urn:uuid:{request_id}",
        errors=[
            FieldProblem(pointer=e.pointer, detail=strings.say(language, f"field.{e.code}", **e.values))
            for e in problem.errors
        ],
        provider=problem.provider,
        scopes=list(problem.scopes),
    )


def answer(problem: Problem, request_id: str, language: Language) -> JSONResponse:
    body = document(problem, request_id, language).model_dump(exclude_defaults=True)
    headers = {"Content-Language": language, **problem.headers}
    return JSONResponse(body, problem.status, headers, MEDIA_TYPE)
