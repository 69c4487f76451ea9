"""A card as a page shows it: roughly as Gmail's side panel does. Pure.

Everything on a card is words to this module: only what is exactly one of the few tags that cards
have becomes markup again, the rest is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from app import strings
from app.gmail.widgets import Card
from app.templating import environment
from app.tone.types import Language

WIDGETS = frozenset(
    ("textParagraph", "decoratedText", "buttonList", "textInput", "selectionInput", "divider")
)
_ADDRESS = r"https://[\x21-\x7e]+|http://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?/[\x21-\x7e]*"
_TAG = re.compile(
    r'<(?P<open>[bius])>|</(?P<close>[bius]|a|font)>|(?P<br><br>)|<a href="(?P<href>[^"<>]*)">'
    r'|<font color="(?P<color>#[0-9A-Fa-f]{6})">'
)
_REFERENCES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"'}
_environment = environment(Path(__file__).parent)


class Safe:
    """Markup that was made here: templates take it as it is."""

    def __init__(self, html: str) -> None:
        self._html = html

    def __html__(self) -> str:
        return self._html


def safe_url(url: str) -> str | None:
    """An address that may be linked: https, or this machine's own service; None for any other."""
    return url if re.fullmatch(_ADDRESS, url) else None


def rich(text: str) -> Safe:
    """The HTML subset of cards (b, i, u, s, br, font with a colour, a with an https address).

    Whatever else looks like markup is shown as the text that it is, and so is a tag that closes
    nothing; what is left open is closed at the end.
    """
    out: list[str] = []
    opened: list[str] = []
    at = 0
    for match in _TAG.finditer(text):
        out.append(_words(text[at : match.start()]))
        out.append(_tag(match, opened))
        at = match.end()
    out.append(_words(text[at:]))
    out += [f"</{name}>" for name in reversed(opened)]
    return Safe("".join(out))


def _tag(match: re.Match[str], opened: list[str]) -> str:
    """One tag, or its text where it has no place. `opened` is kept up to date."""
    if match["br"]:
        return "<br>"
    if name := match["close"]:
        if opened[-1:] != [name]:
            return escape(match.group())
        opened.pop()
        return f"</{name}>"
    if name := match["open"]:
        opened.append(name)
        return f"<{name}>"
    if color := match["color"]:
        opened.append("font")
        return f'<font color="{color}">'
    url = safe_url(_text(match["href"]))
    if url is None or "a" in opened:
        return escape(match.group())
    opened.append("a")
    return f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">'


def _text(html: str) -> str:
    """What the few character references of cards stand for, each read once."""
    return re.sub("&(?:lt|gt|amp|quot);", lambda found: _REFERENCES[found.group()], html)


def _words(html: str) -> str:
    return escape(_text(html))


def parts(section: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    """The widgets of a section that are in sight, and those behind "show more".

    Raises ValueError for a widget that this page does not know: Gmail might show it, this page would not.
    """
    widgets = list(section["widgets"])
    for widget in widgets:
        if len(widget) != 1 or not widget.keys() <= WIDGETS:
            raise ValueError(f"no way to show {sorted(widget)}")
    shown = section.get("uncollapsibleWidgetsCount", 0) if section.get("collapsible") else len(widgets)
    return widgets[:shown], widgets[shown:]


def page(
    card: Card,
    *,
    language: Language,
    state: str,
    pickers: Sequence[tuple[str, Sequence[tuple[str, str, bool]]]],
) -> str:
    """The page of a card. A picker is a name and its links: address, label, whether it is the current one.

    Raises ValueError for a card with a widget that is not known here.
    """
    return _environment.get_template("preview.html").render(
        card=card, language=language, direction=strings.direction(language), state=state, pickers=pickers,
        rich=rich, safe_url=safe_url, parts=parts,
    )  # fmt: skip
