"""Guidance patterns as data that the event runtime's own matcher walks (match.js).

The runtime promises ES2016: no lookbehind, no Unicode word boundary, and no way to stop a slow RegExp.
So patterns are parsed here into nested lists, and what the matcher could not do as `regex` does is refused.

    "words"                   these letters
    ["&", ...] ["|", ...]     one after the other; the first of them that leads to a match
    ["/", "one|other"]        the same for words alone, and ["?", node] for what may be missing: both are many
    ["[", negated, pairs, classes]   one character: of ranges, two letters each, or of classes (d, w, s, L)
    ["*", node, least, most, lazy]   repeated; `most` is -1 for any number
    ["=", node] ["!", node]   followed by, not followed by
    ["<", node, negated, least, most]   preceded by, of least..most characters
    ["^"] ["$"] ["b"] ["B"]   the ends of the text, a word's edge and none
    12                        what stands at this place of the shared list
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Node: TypeAlias = "str | int | list[Node]"

_ENDLESS = -1
_SHARED = 12  # shorter ones cost as much where they are named as where they stand
_ANCHORS = {"^": "^", "$": "$"}
_EDGES = {"b": "b", "B": "B", "Z": "$", "A": "^"}
_CLASSES = "dws"
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}
_LOOKS = {"?=": ("=", False), "?!": ("!", True), "?<=": ("<", False), "?<!": ("<", True)}


class Untranslatable(ValueError):  # noqa: N818 - reads as what it says
    """The matcher has no way to do this as `regex` does."""


def parse(pattern: str) -> Node:
    """A folded pattern (`app.tone.rules.fold_pattern`) that ignores case. Raises Untranslatable."""
    parser = _Parser(pattern)
    node = parser.alternatives()
    if parser.at < len(pattern):
        raise Untranslatable(f"unbalanced at {parser.at}")
    return node


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def _next(self, text: str) -> bool:
        """Whether this comes next; then it is passed."""
        found = self.pattern.startswith(text, self.at)
        self.at += len(text) * found
        return found

    def _take(self) -> str:
        if self.at >= len(self.pattern):
            raise Untranslatable("ends too early")
        self.at += 1
        return self.pattern[self.at - 1]

    def alternatives(self) -> Node:
        found = [self._sequence()]
        while self._next("|"):
            found.append(self._sequence())
        if len(found) == 1:
            return found[0]
        words = [part for part in found if isinstance(part, str) and "|" not in part]
        return ["/", "|".join(words)] if len(words) == len(found) else ["|", *found]

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            part = self._quantified(self._atom())
            if isinstance(part, str) and parts and isinstance(parts[-1], str):
                parts[-1] += part
            else:
                parts.append(part)
        if not parts:
            return ""
        return parts[0] if len(parts) == 1 else ["&", *parts]

    def _atom(self) -> Node:
        char = self._take()
        if char == "(":
            return self._group()
        if char == "[":
            return self._set()
        if char == "\\":
            return self._escape()
        if char in _ANCHORS:
            return [_ANCHORS[char]]
        if char == ".":
            return ["[", 1, "", ""]
        if char in "*+?{}":
            raise Untranslatable(f"a lone {char}")
        return char.lower()

    def _group(self) -> Node:
        for opening in ("?<=", "?<!", "?=", "?!"):
            if self._next(opening):
                kind, negated = _LOOKS[opening]
                inner = self._closed()
                return ["<", inner, int(negated), *_widths(inner)] if kind == "<" else [kind, inner]
        if self._next("?P<") or self._next("?<"):
            while self._take() != ">":
                pass
        elif not self._next("?:") and self._next("?"):
            raise Untranslatable(f"a group of another kind at {self.at}")
        return self._closed()

    def _closed(self) -> Node:
        inner = self.alternatives()
        if not self._next(")"):
            raise Untranslatable("an open group")
        return inner

    def _escape(self) -> Node:
        char = self._take()
        if char in _EDGES:
            return [_EDGES[char]]
        if char in _CLASSES:
            return ["[", 0, "", char]
        if char.lower() in _CLASSES:
            return ["[", 1, "", char.lower()]
        if char == "p" and self._next("{L}"):
            return ["[", 0, "", "L"]
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char.isalnum():
            raise Untranslatable(f"\\{char}")
        return char

    def _set(self) -> Node:
        negated = self._next("^")
        pairs: list[str] = []
        classes: list[str] = []
        while not self._next("]"):
            member = self._member()
            if len(member) > 1:
                classes.append(member[1])
            elif (
                self.pattern[self.at : self.at + 1] == "-" and self.pattern[self.at + 1 : self.at + 2] != "]"
            ):
                self.at += 1
                last = self._member()
                if len(last) > 1 or last < member:
                    raise Untranslatable("a range of classes")
                pairs.append(member + last)
            else:
                pairs.append(member * 2)
        return ["[", int(negated), "".join(dict.fromkeys(pairs)), "".join(classes)]

    def _member(self) -> str:
        """One member of a set: a character, or "\\" and the letter of a class."""
        char = self._take()
        if char == "[" or (char in "-&|~" and self.pattern[self.at : self.at + 1] == char):
            raise Untranslatable("a set in a set")
        if char != "\\":
            return char.lower()
        node = self._escape()
        if isinstance(node, str):
            return node
        if not isinstance(node, list) or node[0] != "[" or node[1] or not isinstance(node[3], str):
            raise Untranslatable("such an escape in a set")
        return "\\" + node[3]

    def _quantified(self, atom: Node) -> Node:
        start = self.at
        if self._next("*"):
            least, most = 0, _ENDLESS
        elif self._next("+"):
            least, most = 1, _ENDLESS
        elif self._next("?"):
            least, most = 0, 1
        elif self._next("{"):
            least, most = self._bounds()
        else:
            return atom
        if isinstance(atom, list) and atom[0] in ("=", "!", "<", "^", "$", "b", "B"):
            raise Untranslatable("nothing to repeat")
        lazy = self._next("?")
        if self.pattern[self.at : self.at + 1] in ("*", "+", "?", "{"):
            raise Untranslatable(f"repeated twice at {start}")
        if (least, most, lazy) == (0, 1, False):
            return ["?", atom]
        return ["*", atom, least, most, int(lazy)]

    def _bounds(self) -> tuple[int, int]:
        inside = ""
        while (char := self._take()) != "}":
            inside += char
        first, comma, last = inside.partition(",")
        if not all(part.isascii() and part.isdigit() for part in (first or "0", last or "0")):
            raise Untranslatable(f"{{{inside}}}")
        least = int(first or 0)
        if not comma:
            return least, least
        return least, int(last) if last else _ENDLESS


def _widths(node: Node) -> tuple[int, int]:
    """How many characters a node takes at least and at most (-1: any number)."""
    if isinstance(node, str):
        return len(node), len(node)
    if not isinstance(node, list):
        raise TypeError("shared nodes come later")
    kind, parts = node[0], node[1:]
    if kind == "[":
        return 1, 1
    if kind == "&":
        every = [_widths(part) for part in parts]
        endless = any(most == _ENDLESS for _, most in every)
        return sum(least for least, _ in every), _ENDLESS if endless else sum(most for _, most in every)
    if kind == "|":
        every = [_widths(part) for part in parts]
        endless = any(most == _ENDLESS for _, most in every)
        return min(least for least, _ in every), _ENDLESS if endless else max(most for _, most in every)
    if kind == "/":
        words = [len(word) for word in str(parts[0]).split("|")]
        return min(words), max(words)
    if kind == "?":
        return 0, _widths(parts[0])[1]
    if kind == "*":
        inner, least, most, _ = parts
        assert isinstance(least, int) and isinstance(most, int)  # noqa: S101, PT018 - the parser made them
        low, high = _widths(inner)
        return low * least, _ENDLESS if _ENDLESS in (most, high) else high * most
    return 0, 0


def share(nodes: Sequence[Node]) -> tuple[list[Node], list[Node]]:
    """The nodes with every part that occurs twice moved to a list: (that list, the nodes)."""
    seen: Counter[str] = Counter()
    for node in nodes:
        _count(node, seen)
    places: dict[str, int] = {}
    shared: list[Node] = []

    def named(node: Node) -> Node:
        if not isinstance(node, list):
            return node
        key = json.dumps(node, ensure_ascii=False)
        if key in places:
            return places[key]
        made: Node = [named(part) for part in node]
        if seen[key] > 1 and len(key) >= _SHARED:
            shared.append(made)
            # A list of numbers would be taken for places: only lists are moved, and only lists are named.
            places[key] = len(shared) - 1
            return places[key]
        return made

    return shared, [named(node) for node in nodes]


def _count(node: Node, seen: Counter[str]) -> None:
    if isinstance(node, list):
        key = json.dumps(node, ensure_ascii=False)
        seen[key] += 1
        if seen[key] == 1:
            _count_all(node, seen)


def _count_all(nodes: Iterable[Node], seen: Counter[str]) -> None:
    for node in nodes:
        _count(node, seen)
