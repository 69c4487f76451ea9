"""A text with markup between its parts, as editors send it, and the way back from the text to the whole."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.languagetool.refusals import Refused
from app.tone.types import Span

# One UTF-16 code unit for one, so that offsets stay as the client counts them.
_LONE = re.compile("[\ud800-\udfff]")
_TOKEN = re.compile(
    r"<(?P<end>/?)(?P<tag>[A-Za-z][\w:-]*)[^<>]*>|(?P<link>\](?:\([^()]*\)|\[[^\[\]]*\]))"
    r"|(?P<mark>[*_~`]+)|(?P<open>[\[({])|(?P<close>[\])}])"
)
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
# Those other than these that have no end are pictures, fields and the like: they must not be lost.
_LINE_BREAKS = frozenset(("br", "wbr"))


@dataclass(frozen=True)
class Annotated:
    """`text` is what is checked, `whole` what the client's offsets count: text and markup together.

    `positions` maps each code point of `text` to its half-open range in `whole`; None means identity.
    All that a markup is interpreted as stands for the markup as a whole. `markup` holds where markup stands
    in `whole`, ascending.
    """

    text: str
    whole: str
    positions: tuple[tuple[int, int], ...] | None = None
    markup: tuple[tuple[int, int], ...] = ()

    def place(self, span: Span) -> Span:
        """A stretch of `text`, not empty, as one of `whole`."""
        if self.positions is None:
            return span
        return Span(self.positions[span.start][0], self.positions[span.end - 1][1])

    def within(self, place: Span) -> str:
        """The markup in a stretch of `whole`, with a space between its pieces; "" where there is none."""
        pieces = (self.whole[a:b] for a, b in self.markup if a < place.end and place.start < b)
        return " ".join(piece for piece in pieces if piece)


def plain(text: str) -> Annotated:
    text = _LONE.sub("\ufffd", text)
    return Annotated(text, text)


def read(data: str) -> Annotated:
    """The field `data` of a check: JSON with `text`, or with `annotation`. Unknown keys are let be.

    Raises Refused.
    """
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise Refused(400, "Could not parse JSON from 'data' parameter") from None
    if not isinstance(content, dict):
        raise Refused(400, "'data' needs to be a JSON object")
    text, annotation = _string(content, "text"), content.get("annotation")
    if text is not None and annotation is not None:
        raise Refused(400, "'data' key in JSON requires either 'text' or 'annotation' key, not both")
    if text is not None:
        return plain(text)
    if annotation is None:
        raise Refused(400, "'data' key in JSON requires 'text' or 'annotation' key")
    if not isinstance(annotation, list):
        raise Refused(400, "'annotation' needs to be a list")
    return _joined(annotation)


def balanced(markup: str) -> bool:
    """Whether words may go together with the markup between them: all that it opens it closes too.

    Knows HTML's tags, the marks and links of Markdown, and brackets, as in LaTeX.
    """
    closers: list[str] = []
    for token in _TOKEN.finditer(markup):
        if token["tag"]:
            name = token["tag"].lower()
            if name in _LINE_BREAKS:
                continue
            if not token["end"]:
                closers.append(name)
                continue
            closer = name
        elif token["open"]:
            closers.append(_BRACKETS[token["open"]])
            continue
        else:
            closer = token["close"] or token["mark"] or "]"
            if token["mark"] and (not closers or closers[-1] != closer):
                closers.append(closer)
                continue
        if not closers or closers.pop() != closer:
            return False
    return not closers


def _joined(items: list[object]) -> Annotated:
    text: list[str] = []
    whole: list[str] = []
    positions: list[tuple[int, int]] = []
    between: list[tuple[int, int]] = []
    at = 0
    for item in items:
        if not isinstance(item, dict):
            raise Refused(400, "'annotation' needs to be a list of objects")
        words, markup, meant = (_string(item, key) for key in ("text", "markup", "interpretAs"))
        if words is not None and markup is not None:
            raise Refused(400, "Only either 'text' or 'markup' are supported in 'annotation' list, not both")
        if words is not None and meant is not None:
            raise Refused(400, "'text' cannot be used with 'interpretAs' (only 'markup' can)")
        if words is not None:
            words = _LONE.sub("\ufffd", words)
            text.append(words)
            whole.append(words)
            positions += [(place, place + 1) for place in range(at, at + len(words))]
            at += len(words)
        elif markup is not None:
            markup, meant = _LONE.sub("\ufffd", markup), _LONE.sub("\ufffd", meant or "")
            text.append(meant)
            whole.append(markup)
            positions += [(at, at + len(markup))] * len(meant)
            between.append((at, at + len(markup)))
            at += len(markup)
        else:
            raise Refused(400, "Only 'text' and 'markup' are supported in 'annotation' list")
    return Annotated("".join(text), "".join(whole), tuple(positions), tuple(between))


def _string(item: Mapping[str, object], key: str) -> str | None:
    """A key's text, None where it is absent or null."""
    value = item.get(key)
    if value is None or isinstance(value, str):
        return value
    raise Refused(400, f"'{key}' needs to be a string in 'data' parameter")
