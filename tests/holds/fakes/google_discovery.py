"""Google's own description of the Calendar API (calendar.v3), as google-api-python-client ships it.

Everything that the fake knows of methods, scopes, parameters and fields is read from here, so
that it cannot drift from what the vendor publishes.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

Schema = Mapping[str, Any]

SCOPE = "https://www.googleapis.com/auth/"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_WORD = re.compile(r'^- "(\w+)"', re.MULTILINE)


class Invalid(ValueError):  # noqa: N818 - reads as what it says
    """A value is not as described; `path` names it and `why` says what is wrong."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


@cache
def document() -> Mapping[str, Any]:
    """The whole description."""
    folder = resources.files("googleapiclient.discovery_cache.documents")
    found: Mapping[str, Any] = json.loads((folder / "calendar.v3.json").read_text("utf-8"))
    return found


def schema(name: str) -> Schema:
    """A schema by its name, such as "Event"."""
    found: Schema = document()["schemas"][name]
    return found


def method(name: str) -> Mapping[str, Any]:
    """A method by its id without the API's name, such as "events.insert"."""
    resource, verb = name.split(".")
    found: Mapping[str, Any] = document()["resources"][resource]["methods"][verb]
    return found


def scopes(name: str) -> frozenset[str]:
    """The scopes of which a method wants one, in short: "calendar.events" and the like."""
    return frozenset(scope.removeprefix(SCOPE) for scope in method(name)["scopes"])


def parameters(name: str) -> Mapping[str, Schema]:
    """What a method takes in its query, with what every method takes."""
    own: Mapping[str, Schema] = method(name).get("parameters", {})
    everywhere: Mapping[str, Schema] = document()["parameters"]
    return {**everywhere, **{key: value for key, value in own.items() if value["location"] == "query"}}


def words(described: Schema) -> frozenset[str]:
    """The words that a string may be: those of its enum, else of its description; empty when any will do."""
    if "enum" in described:
        return frozenset(described["enum"])
    _, found, listed = described.get("description", "").partition("Possible values are:")
    return frozenset(_WORD.findall(listed)) if found else frozenset()


def read_only(name: str) -> frozenset[str]:
    """The fields of a schema that a caller may send but not set."""
    return frozenset(
        key
        for key, value in schema(name)["properties"].items()
        if "read-only" in value.get("description", "").lower()
    )


def instant(text: str, *, offset: bool = True) -> dt.datetime:
    """An RFC 3339 date-time; without `offset` it may be local. Raises ValueError."""
    found = _INSTANT.fullmatch(text)
    if not found or (offset and not found[1]):
        raise ValueError("not an RFC 3339 date-time" if not found else "no time zone offset")
    return dt.datetime.fromisoformat(text)


def has_offset(text: str) -> bool:
    """Whether a date-time tells its distance from UTC."""
    found = _INSTANT.fullmatch(text)
    return bool(found and found[1])


def date(text: str) -> dt.date:
    """A date in the form yyyy-mm-dd. Raises ValueError."""
    if not _DATE.fullmatch(text):
        raise ValueError("not a date")
    return dt.date.fromisoformat(text)


def check(described: Schema, value: Any, path: str = "", *, removing: bool = False) -> None:
    """Raise Invalid unless a JSON value is as described; `removing` allows null, as a patch may send it."""
    described = schema(described["$ref"]) if "$ref" in described else described
    if value is None and removing:
        return
    kind = described["type"]
    expected: type = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}[kind]
    if not isinstance(value, expected) or (kind == "integer" and isinstance(value, bool)):
        raise Invalid(path, f"not of type {kind}")
    if isinstance(value, dict):
        known, other = described.get("properties", {}), described.get("additionalProperties")
        for key, item in value.items():
            if key not in known and other is None:
                raise Invalid(f"{path}.{key}".strip("."), "no such field")
            check(known.get(key, other), item, f"{path}.{key}".strip("."), removing=removing)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check(described["items"], item, f"{path}[{index}]")
    elif isinstance(value, str):
        _check_text(described, value, path)
    elif isinstance(value, int) and not -(2**31) <= value < 2**31:
        raise Invalid(path, "not a 32-bit integer")


def check_parameter(described: Schema, text: str, path: str) -> None:
    """Raise Invalid unless a value of the query is as described."""
    kind = described["type"]
    if kind == "boolean" and text not in ("true", "false"):
        raise Invalid(path, "not a boolean")
    if kind == "integer":
        if not re.fullmatch(r"-?\d{1,10}", text, re.ASCII):
            raise Invalid(path, "not an integer")
        least, most = int(described.get("minimum", -(2**31))), int(described.get("maximum", 2**31 - 1))
        if not least <= int(text) <= most:
            raise Invalid(path, "out of range")
    if kind == "string":
        _check_text(described, text, path, offset=True)


def _check_text(described: Schema, text: str, path: str, *, offset: bool = False) -> None:
    allowed = words(described)
    if allowed and text not in allowed:
        raise Invalid(path, "not one of its values")
    try:
        if described.get("format") == "date-time":
            instant(text, offset=offset)
        elif described.get("format") == "date":
            date(text)
    except ValueError as error:
        raise Invalid(path, str(error)) from None


Selection = dict[str, "Selection"]


def selection(text: str) -> Selection:
    """What a `fields` parameter asks for: "id,items(id,start/date)". Raises Invalid when it is malformed."""
    tokens = re.findall(r"[\w*-]+|[(),/]|.", text, re.DOTALL)

    def listed(end: str) -> Selection:
        found: Selection = {}
        while True:
            name = tokens.pop(0) if tokens else ""
            if not re.fullmatch(r"[\w-]+|\*", name):
                raise Invalid("fields", "malformed")
            inner = found.setdefault(name, {})
            while tokens and tokens[0] == "/":
                tokens.pop(0)
                name = tokens.pop(0) if tokens else ""
                if not re.fullmatch(r"[\w-]+|\*", name):
                    raise Invalid("fields", "malformed")
                inner = inner.setdefault(name, {})
            if tokens and tokens[0] == "(":
                tokens.pop(0)
                inner.update(listed(")"))
            after = tokens.pop(0) if tokens else ""
            if after == end:
                return found
            if after != ",":
                raise Invalid("fields", "malformed")

    return listed("")


def select(asked: Selection, described: Schema, value: Any) -> Any:
    """The asked part of an answer. Raises Invalid for a field that its schema does not have."""
    described = schema(described["$ref"]) if "$ref" in described else described
    if isinstance(value, list):
        return [select(asked, described["items"], item) for item in value]
    if not asked or not isinstance(value, dict):
        return value
    known, other = described.get("properties", {}), described.get("additionalProperties")
    if other is None and (unknown := set(asked) - set(known) - {"*"}):
        raise Invalid("fields", f"Invalid field selection {min(unknown)}")
    return {
        key: select(asked.get(key, asked.get("*", {})), known.get(key, other), item)
        for key, item in value.items()
        if key in asked or "*" in asked
    }
