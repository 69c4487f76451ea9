"""What the fake Gmail knows of the API's shapes: its discovery document, errors, and parsed messages.

The discovery document is the one that google-api-python-client ships (gmail.v1), so that methods,
scopes, parameters and fields cannot drift from what the vendor publishes.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message
from functools import cache
from importlib import resources
from typing import Any

Schema = Mapping[str, Any]

SCOPE = "https://www.googleapis.com/auth/"
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*={0,2}")
_INTEGERS = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1)}
# Google's word, sentence and status for a status; read in answers that public clients quote.
_USUAL = {
    400: ("invalidArgument", "Invalid argument", "INVALID_ARGUMENT"),
    401: ("authError", "Invalid Credentials", "UNAUTHENTICATED"),
    403: ("forbidden", "Permission denied", "PERMISSION_DENIED"),
    404: ("notFound", "Requested entity was not found.", "NOT_FOUND"),
    429: ("rateLimitExceeded", "Too many concurrent requests for user.", "RESOURCE_EXHAUSTED"),
    500: ("backendError", "Internal error encountered.", "INTERNAL"),
    503: ("backendError", "The service is currently unavailable.", "UNAVAILABLE"),
}


class Invalid(ValueError):  # noqa: N818 - reads as what it says
    """A value is not as the discovery document describes it."""


class Refusal(Exception):  # noqa: N818 - reads as what it says
    """An answer that is an error; `reason` and `sentence` default to Google's own for the status."""

    def __init__(self, status: int, reason: str = "", sentence: str = "") -> None:
        usual = _USUAL.get(status, _USUAL[400 if status < 500 else 500])
        self.status = status
        self.reason = reason or usual[0]
        self.sentence = sentence or usual[1]
        self.word = usual[2]
        super().__init__(f"{status} {self.reason}")

    def body(self, method: str) -> dict[str, Any]:
        item = {"message": self.sentence, "domain": "global", "reason": self.reason}
        error: dict[str, Any] = {
            "code": self.status, "message": self.sentence, "errors": [item], "status": self.word,
        }  # fmt: skip
        if self.reason == "insufficientPermissions":
            item["message"] = "Insufficient Permission"
            error["message"] = "Request had insufficient authentication scopes."
            detail = {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "domain": "googleapis.com",
                "metadata": {"service": "gmail.googleapis.com", "method": f"caribou.api.{method}"},
            }  # fmt: skip
            error["details"] = [detail]
        return {"error": error}


@cache
def document() -> Mapping[str, Any]:
    """The whole description."""
    folder = resources.files("googleapiclient.discovery_cache.documents")
    found: Mapping[str, Any] = json.loads((folder / "gmail.v1.json").read_text("utf-8"))
    return found


def method(name: str) -> Mapping[str, Any]:
    """A method by its id without the beginning, such as "messages.get"."""
    resource, verb = name.split(".")
    users = document()["resources"]["users"]["resources"]
    found: Mapping[str, Any] = users[resource]["methods"][verb]
    return found


def scopes(name: str) -> frozenset[str]:
    """The scopes of which a method wants one, in short: "gmail.compose"."""
    return frozenset(scope.removeprefix(SCOPE) for scope in method(name)["scopes"])


def every_scope() -> frozenset[str]:
    """All scopes of the API, in short."""
    return frozenset(scope.removeprefix(SCOPE) for scope in document()["auth"]["oauth2"]["scopes"])


def check(described: Schema, value: Any, path: str = "") -> None:
    """Raise Invalid unless a JSON value is as described, without a field too many."""
    described = document()["schemas"][described["$ref"]] if "$ref" in described else described
    kind = described["type"]
    expected: type = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}[kind]
    if not isinstance(value, expected) or (kind == "integer" and isinstance(value, bool)):
        raise Invalid(f"{path}: not of type {kind}")
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in described.get("properties", {}):
                raise Invalid(f"{path}.{key}: no such field")
            check(described["properties"][key], item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            check(described["items"], item, f"{path}[]")
    elif isinstance(value, int) and kind == "integer":
        least, most = _INTEGERS[described["format"]]
        if not least <= value <= most:
            raise Invalid(f"{path}: out of range")
    elif isinstance(value, str):
        form = described.get("format")
        if form in ("int64", "uint64") and not re.fullmatch(r"\d{1,20}", value, re.ASCII):
            raise Invalid(f"{path}: not a number")
        if form == "byte" and not _BASE64URL.fullmatch(value):
            raise Invalid(f"{path}: not base64url")


def check_query(name: str, query: Mapping[str, list[str]]) -> None:
    """Raise Refusal unless a method takes these parameters, those of the path left out."""
    own = method(name).get("parameters", {})
    known = {**document()["parameters"], **{k: v for k, v in own.items() if v["location"] == "query"}}
    for key, values in query.items():
        described = known.get(key)
        if described is None or (len(values) > 1 and not described.get("repeated")):
            raise Refusal(400, "invalidArgument", f'Invalid JSON payload received. Unknown name "{key}"')
        for value in values:
            if "enum" in described and value not in described["enum"]:
                raise Refusal(400, "invalidArgument", f"Invalid value at '{key}'")
            if described["type"] == "integer" and not re.fullmatch(r"\d{1,10}", value, re.ASCII):
                raise Refusal(400, "invalidArgument", f"Invalid value at '{key}'")
        if key not in ("alt", "format", "maxResults", "pageToken", "prettyPrint"):
            raise NotImplementedError(f"the fake knows nothing of the parameter {key}")


def written(raw: bytes, padded: bool) -> str:
    """base64url, with its padding or without."""
    text = base64.urlsafe_b64encode(raw).decode()
    return text if padded else text.rstrip("=")


def payload(raw: bytes, *, converted: bool, decoded: bool, padded: bool, large: int) -> dict[str, Any]:
    """A message as format=full parses it.

    `converted`: texts are in UTF-8, whatever their headers say. `decoded`: encoded words in headers
    are read. `large`: bytes above which a text is only told by an attachment id.
    """

    def part(message: Message, number: str) -> dict[str, Any]:
        kind = message.get_content_type()
        name = _plain(message.get_filename() or "", True)
        headers = [{"name": key, "value": _plain(value, decoded)} for key, value in message.items()]
        made: dict[str, Any] = {"partId": number, "mimeType": kind, "filename": name, "headers": headers}
        children = message.get_payload()
        if isinstance(children, list):
            # A message that is attached counts as an attachment, with its own parts below it.
            attached = kind.startswith("message/")
            made["body"] = {"size": 0} | ({"attachmentId": f"a{number}"} if attached else {})
            made["parts"] = [part(child, f"{number}.{at}".lstrip(".")) for at, child in enumerate(children)]
            return made
        data = message.get_payload(decode=True)
        content = data if isinstance(data, bytes) else b""
        if converted and kind.startswith("text/") and not name:
            content = _in_utf8(content, message.get_content_charset())
        made["body"] = {"size": len(content)}
        if name or len(content) > large:
            made["body"]["attachmentId"] = f"a{number}"
        else:
            made["body"]["data"] = written(content, padded)
        return made

    return part(message_from_bytes(raw, policy=policy.compat32), "")


def _in_utf8(content: bytes, charset: str | None) -> bytes:
    """By the label; without a good one as UTF-8, else as the Western charset [not verified]."""
    for name in (charset, "utf-8"):
        try:
            return content.decode(name or "utf-8").encode()
        except (LookupError, UnicodeError):
            continue
    return content.decode("cp1252", "replace").encode()


def _plain(value: object, decoded: bool) -> str:
    text = re.sub(r"\r?\n[ \t]*", " ", str(value))
    if not decoded:
        return text
    try:
        return str(make_header(decode_header(text)))
    except (LookupError, ValueError):
        return text
