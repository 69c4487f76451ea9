"""The widgets that cards are made of: plain functions to the JSON of `google.apps.card.v1`.

Only what works in Gmail, and only documented fields. Two kinds of fields hold words. Paragraphs and
the `text` of decorated texts show a subset of HTML: they take `Html`, whose words are escaped.
Whether labels, items, buttons and headers show HTML too is not said for all of them [not
verified]: there `plain` makes words read the same either way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from unicodedata import combining

Widget = dict[str, Any]
Section = dict[str, Any]
Card = dict[str, Any]
Button = dict[str, Any]

MOST_WIDGETS = 100
"""From here on Gmail drops sections without a word (Card, google.apps.card.v1)."""

Icon = Literal["CLOCK", "DESCRIPTION", "EMAIL", "INVITE", "PERSON", "PHONE", "STAR"]

_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_WORD_JOINER = "\u2060"
# Control characters and halves of surrogate pairs: neither JSON in UTF-8 nor a screen has a place for them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# Embeddings, overrides and isolates would reach beyond the words that they came with.
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
# What an HTML reader would take for a tag or a character reference.
_TAG_LIKE = re.compile(r"(<)(?=[A-Za-z/!?])|(&)(?=#?\w)")
_BREAKS = re.compile("\r\n|[\r\x85]")
_ELLIPSIS = "…"
_JOINS = "\u200d\ufe0f\ufe0e"


class Html(str):
    """Words for a card with our markup in them, everything else escaped."""

    __slots__ = ()


def clean(text: str) -> str:
    """Any words on one line, without what JSON in UTF-8 cannot hold."""
    return " ".join(_UNPRINTABLE.sub("\ufffd", text).split())


def field_text(text: str) -> str:
    """Words for an input, as they are, line breaks included, but for what JSON in UTF-8 cannot hold."""
    return _UNPRINTABLE.sub("", _BREAKS.sub("\n", text))


def shorten(text: str, most: int) -> str:
    """At most `most` code points, with an ellipsis: cut between words, or at least not inside a letter."""
    if len(text) <= most:
        return text
    at = most - 1
    space = text.rfind(" ", 0, at + 1)
    if space > most // 2:
        at = space
    while at and (combining(text[at]) or text[at] in _JOINS or text[at - 1] == _JOINS[0]):
        at -= 1
    return text[:at].rstrip(" ,.;:،؛") + _ELLIPSIS


def isolated(text: str) -> str:
    """Words in a direction of their own, so that neither they nor what is around them jumps (UAX 9)."""
    return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}" if text else ""


def foreign(text: str, most: int) -> str:
    """Words of a mail for a card: on one line, at most `most` code points, unable to turn about what is
    around them."""
    return isolated(shorten(clean(_DIRECTIONS.sub("", text)), most))


def escape(text: str) -> Html:
    """Words as HTML. Quotes stay as they are: words never go into attributes."""
    return Html(clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def plain(text: str) -> str:
    """Words for a field that may or may not show HTML: nothing in them looks like a tag or a reference.

    An invisible word joiner parts what would.
    """
    return _TAG_LIKE.sub(lambda match: match.group() + _WORD_JOINER, clean(text))


def bold(text: Html) -> Html:
    return Html(f"<b>{text}</b>")


def lines(*parts: Html) -> Html:
    """Parts below one another; empty ones are left out."""
    return Html("<br>".join(part for part in parts if part))


def link(text: Html, url: str) -> Html:
    """A link. `url` is ours or Google's, never from a mail; what is no web address is not linked."""
    if not _safe(url):
        return text
    attribute = url.replace("&", "&amp;").replace('"', "%22").replace("<", "%3C").replace(">", "%3E")
    return Html(f'<a href="{attribute}">{text}</a>')


def _safe(url: str) -> bool:
    # Plain http is what the service has on loopback, for looking at cards there.
    return re.fullmatch(r"https?://[\x21-\x7e]+", url) is not None


def paragraph(words: Html, *, most_lines: int | None = None) -> Widget:
    """A paragraph; of more than `most_lines` lines, the end is behind "show more"."""
    inner: dict[str, Any] = {"text": words}
    if most_lines is not None:
        inner["maxLines"] = most_lines
    return {"textParagraph": inner}


def decorated(
    words: Html,
    *,
    top: str = "",
    bottom: str = "",
    icon: tuple[Icon, str] | None = None,
    button: Button | None = None,
) -> Widget:
    """Words with a label above (cut off after one line) and below, an icon (and what it says), a button."""
    inner: dict[str, Any] = {}
    if icon is not None:
        inner["startIcon"] = {"knownIcon": icon[0], "altText": plain(icon[1])}
    if top:
        inner["topLabel"] = plain(top)
    inner |= {"text": words, "wrapText": True}
    if bottom:
        inner["bottomLabel"] = plain(bottom)
    if button is not None:
        inner["button"] = button
    return {"decoratedText": inner}


def action(
    url: str, do: str, parameters: Mapping[str, str] | None = None, *, keep: bool = False
) -> dict[str, Any]:
    """A click that calls us. `keep` leaves what was typed in the card as it is meanwhile.

    Parameters come back to us through Google: they may name things, never hold text of a mail.
    """
    given = {"do": do, **(parameters or {})}
    called: dict[str, Any] = {
        "function": url,
        "parameters": [{"key": key, "value": value} for key, value in given.items()],
        "loadIndicator": "SPINNER",
    }
    if keep:
        called["persistValues"] = True
    return {"action": called}


def button(words: str, click: Mapping[str, Any], *, says: str = "") -> Button:
    """A button. `says` is what a screen reader says of it where its words alone are not enough."""
    made: Button = {"text": plain(words), "onClick": dict(click)}
    if says:
        made["altText"] = plain(says)
    return made


def opens(url: str) -> dict[str, Any]:
    """A click that opens an address of ours in a new tab."""
    return {"openLink": {"url": url, "openAs": "FULL_SIZE", "onClose": "NOTHING"}}


def buttons(*made: Button) -> Widget:
    return {"buttonList": {"buttons": list(made)}}


def text_input(name: str, label: str, value: str = "", hint: str = "") -> Widget:
    """A box of several lines. Its value is not shown as HTML."""
    inner: dict[str, Any] = {"name": name, "label": plain(label), "type": "MULTIPLE_LINE"}
    if value:
        inner["value"] = field_text(value)
    if hint:
        inner["hintText"] = plain(hint)
    return {"textInput": inner}


def selection(
    name: str,
    kind: Literal["CHECK_BOX", "DROPDOWN"],
    label: str,
    items: Sequence[tuple[str, str, bool]],
) -> Widget:
    """Boxes to tick, or one to choose. Items are (value, words, selected), 100 at most."""
    return {
        "selectionInput": {
            "name": name,
            "label": plain(label),
            "type": kind,
            "items": [
                {"text": plain(words), "value": value, "selected": selected}
                for value, words, selected in items
            ],
        }
    }


def section(widgets: Sequence[Widget], header: str = "", *, shown: int | None = None) -> list[Section]:
    """A section as a list of one, of none when it has no widgets: Gmail takes no empty one.

    `shown` widgets stay in sight, the rest is behind "show more".
    """
    if not widgets:
        return []
    made: Section = {}
    if header:
        made["header"] = escape(header)
    made["widgets"] = list(widgets)
    if shown is not None and shown < len(widgets):
        made |= {"collapsible": True, "uncollapsibleWidgetsCount": shown}
    return [made]


def card(name: str, title: str, subtitle: str, *sections: Sequence[Section]) -> Card:
    """A card. `name` is what navigation calls it."""
    header = {"title": plain(title)}
    if subtitle:
        header["subtitle"] = plain(subtitle)
    return {"name": name, "header": header, "sections": [one for group in sections for one in group]}
