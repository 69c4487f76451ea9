"""Form fields as browsers and LanguageTool's clients send them (`application/x-www-form-urlencoded`)."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes


def fields(body: bytes) -> dict[str, str]:
    """The fields of a form body or of a query, by name.

    Read as the URL standard has it, which never fails: of a field that comes twice the last one counts,
    what has no "=" is empty, a "%" that begins no escape stands for itself, and bytes that are no UTF-8
    become U+FFFD.
    """
    found = {}
    for pair in body.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            found[_decoded(name)] = _decoded(value)
    return found


def _decoded(raw: bytes) -> str:
    return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8", "replace")
