"""What the words of a card may be: a subset of HTML, whole and balanced, and nothing that breaks JSON."""

from __future__ import annotations

import re
from html.parser import HTMLParser

HTTPS = "^https://[\x21-\x7e]+$"
TAGS = frozenset(("b", "i", "u", "s", "font", "br", "a"))


class Wrong(AssertionError):  # noqa: N818 - reads as what it says
    """A card, or an answer, that Gmail would not take or would not show as meant."""


_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def check_string(text: str) -> None:
    """Raise Wrong for what JSON in UTF-8 cannot hold."""
    if _CONTROLS.search(text):
        raise Wrong("a control character or half a surrogate pair")


def check_directions(text: str) -> None:
    """Raise Wrong for words that could turn about what is around them: directions that are not closed."""
    depth = 0
    for char in text:
        if "\u202a" <= char <= "\u202e":
            raise Wrong("an embedding or an override")
        depth += (char in "\u2066\u2067\u2068") - (char == "\u2069")
        if not 0 <= depth <= 3:
            raise Wrong("directions that are not closed")
    if depth:
        raise Wrong("a direction that is left open")


class _Markup(HTMLParser):
    """Reads the HTML subset of cards, and says what is not of it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        allowed = {"a": ["href"], "font": ["color"]}.get(tag, [])
        if tag not in TAGS or [name for name, _ in attrs] != allowed:
            raise Wrong(f"<{tag}> with {attrs}")
        if tag == "a" and not re.match(HTTPS, attrs[0][1] or ""):
            raise Wrong("a link that is no https address")
        if tag != "br":
            self.open.append(tag)
        else:
            self.text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise Wrong(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        if "<" in data or ">" in data or "&" in data:
            raise Wrong("a bare <, > or &")
        self.text.append(data)

    def handle_entityref(self, name: str) -> None:
        if name not in ("amp", "lt", "gt"):
            raise Wrong(f"&{name};")
        self.text.append({"amp": "&", "lt": "<", "gt": ">"}[name])

    def handle_charref(self, name: str) -> None:
        raise Wrong(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        raise Wrong("a comment")

    def handle_decl(self, decl: str) -> None:
        raise Wrong("a declaration")

    def handle_pi(self, data: str) -> None:
        raise Wrong("an instruction")

    def unknown_decl(self, data: str) -> None:
        raise Wrong("a declaration")


def check_html(text: str) -> str:
    """What a person reads of a card's text. Raises Wrong when it is not of the subset, whole and balanced."""
    parser = _Markup()
    parser.feed(text)
    parser.close()
    if parser.open:
        raise Wrong(f"<{parser.open[-1]}> is left open")
    return "".join(parser.text)
