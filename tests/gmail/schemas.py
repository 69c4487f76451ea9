"""Two judges of cards: a strict schema made from Google's discovery document, and Google's own message types.

The discovery document of Chat (`chat.v1`) holds the card's types as open objects, without what may not
stand together and without what is needed; that is put back here, and what only Chat knows is taken
out. The envelope around cards is in no document that is shipped: it is written by hand from the
reference of Workspace add-ons. `google-apps-card` knows the types as protobuf messages.
"""

from __future__ import annotations

import importlib.resources
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from google.apps import card_v1
from google.protobuf import json_format
from jsonschema import Draft202012Validator

from tests.gmail.envelope_schema import ENVELOPE, PREFIX
from tests.gmail.markup import HTTPS, Wrong, check_directions, check_html, check_string

MOST_WIDGETS = 100

# A widget is one of these; the rest of `Widget` belongs to Chat or to Workspace Studio.
WIDGETS = (
    "buttonList", "chipList", "columns", "dateTimePicker", "decoratedText", "divider", "grid", "image",
    "selectionInput", "textInput", "textParagraph",
)  # fmt: skip
# Marked "Google Chat apps" only, "Studio" only, or deprecated, in the document's descriptions.
BANNED: Mapping[str, tuple[str, ...]] = {
    "Widget": ("carousel", "eventActions", "horizontalAlignment", "id", "visibility"),
    "Widgets": (),
    "Card": ("expressionData",),
    "Section": ("id",),
    "TextParagraph": ("textSyntax",),
    "DecoratedText": ("bottomLabelText", "contentText", "icon", "startIconVerticalAlignment", "topLabelText"),
    "Icon": ("materialIcon",),
    "Button": ("type",),
    "TextInput": ("hostAppDataSource", "placeholderText"),
    "SelectionInput": (
        "dataSourceConfigs", "externalDataSource", "hintText", "multiSelectMaxSelectedItems",
        "multiSelectMinQueryLength", "platformDataSource",
    ),
    "SelectionItem": ("bottomText", "startIconUri"),
    "DateTimePicker": ("hostAppDataSource",),
    "Action": ("interaction",),
}  # fmt: skip
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "Card": ("sections",),
    "CardHeader": ("title",),
    "Section": ("widgets",),
    "Action": ("function",),
    "ActionParameter": ("key", "value"),
    "Button": ("onClick",),
    "ButtonList": ("buttons",),
    "Columns": ("columnItems",),
    "DecoratedText": ("text",),
    "OpenLink": ("url",),
    "SelectionInput": ("items", "name", "type"),
    "SelectionItem": ("text", "value"),
    "TextInput": ("name",),
    "TextParagraph": ("text",),
    "Icon": ("altText",),
}
# Of each group one, and only one.
ONE_OF: Mapping[str, tuple[str, ...]] = {
    "Widget": WIDGETS,
    "OnClick": ("action", "card", "openDynamicLinkAction", "openLink", "overflowMenu"),
    "Icon": ("iconUrl", "knownIcon"),
}
# Of each group one at most.
AT_MOST_ONE: Mapping[str, tuple[str, ...]] = {"DecoratedText": ("button", "endIcon", "switchControl")}
ANY_OF: Mapping[str, tuple[str, ...]] = {"Button": ("icon", "text"), "TextInput": ("hintText", "label")}
SIZES: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("Card", "sections"): {"minItems": 1},
    ("Card", "cardActions"): {"maxItems": 10},
    ("Section", "widgets"): {"minItems": 1},
    ("ButtonList", "buttons"): {"minItems": 1},
    ("Columns", "columnItems"): {"minItems": 1, "maxItems": 2},
    ("SelectionInput", "items"): {"minItems": 1, "maxItems": 100},
    ("SelectionInput", "type"): {"enum": ["CHECK_BOX", "DROPDOWN", "RADIO_BUTTON", "SWITCH"]},
    ("SwitchControl", "controlType"): {"enum": ["CHECK_BOX", "SWITCH"]},
    ("Action", "function"): {"pattern": HTTPS},
    ("OpenLink", "url"): {"pattern": HTTPS},
    ("Icon", "iconUrl"): {"pattern": HTTPS},
    ("Image", "imageUrl"): {"pattern": HTTPS},
    ("TextParagraph", "text"): {"minLength": 1},
    ("DecoratedText", "text"): {"minLength": 1},
    ("CardHeader", "title"): {"minLength": 1},
    ("SelectionItem", "text"): {"minLength": 1},
    ("Icon", "knownIcon"): {
        "enum": [
            "AIRPLANE", "BOOKMARK", "BUS", "CAR", "CLOCK", "CONFIRMATION_NUMBER_ICON", "DESCRIPTION",
            "DOLLAR", "EMAIL", "EVENT_SEAT", "FLIGHT_ARRIVAL", "FLIGHT_DEPARTURE", "HOTEL",
            "HOTEL_ROOM_TYPE", "INVITE",
            "MAP_PIN", "MEMBERSHIP", "MULTIPLE_PEOPLE", "PERSON", "PHONE", "RESTAURANT_ICON",
            "SHOPPING_CART", "STAR", "STORE", "TICKET", "TRAIN", "VIDEO_CAMERA", "VIDEO_PLAY",
        ]
    },
}  # fmt: skip


def discovery() -> dict[str, Any]:
    """The schemas of `chat.v1` as the installed google-api-python-client ships them."""
    folder = importlib.resources.files("googleapiclient.discovery_cache") / "documents"
    found: dict[str, Any] = json.loads((folder / "chat.v1.json").read_text(encoding="utf-8"))["schemas"]
    return found


def _converted(node: Mapping[str, Any]) -> dict[str, Any]:
    """One node of discovery as JSON Schema; objects are closed."""
    if "$ref" in node:
        return {"$ref": f"#/$defs/{node['$ref']}"}
    kind = node.get("type")
    if kind == "any":
        return {}
    if kind == "string" and node.get("format") in ("int64", "uint64"):
        return {"anyOf": [{"type": "string", "pattern": r"^-?\d+$"}, {"type": "integer"}]}
    out: dict[str, Any] = {"type": kind}
    if "enum" in node:
        out["enum"] = [value for value in node["enum"] if not value.endswith("_UNSPECIFIED")]
    if kind == "array":
        out["items"] = _converted(node["items"])
    if kind == "object":
        if "additionalProperties" in node:
            out["additionalProperties"] = _converted(node["additionalProperties"])
        else:
            properties = node.get("properties", {})
            out["properties"] = {name: _converted(inner) for name, inner in properties.items()}
            out["additionalProperties"] = False
    return out


def _closure(schemas: Mapping[str, Any], name: str, seen: set[str]) -> None:
    if name in seen:
        return
    seen.add(name)
    for found in re.findall(r'"\$ref": "([A-Za-z0-9]+)"', json.dumps(schemas[name])):
        _closure(schemas, found, seen)


def _exactly_one(names: tuple[str, ...]) -> dict[str, Any]:
    return {"oneOf": [{"required": [name]} for name in names]}


def _at_most_one(names: tuple[str, ...]) -> dict[str, Any]:
    none = {"not": {"anyOf": [{"required": [name]} for name in names]}}
    return {"oneOf": [none, *({"required": [name]} for name in names)]}


@cache
def definitions() -> dict[str, Any]:
    """Every definition by name: the card's types, closed and completed, and the envelope."""
    schemas = discovery()
    names: set[str] = set()
    _closure(schemas, f"{PREFIX}Card", names)
    found = {name: _converted(schemas[name]) for name in names}
    for short, fields in BANNED.items():
        for field in fields:
            # A KeyError here means that the document has changed: look again at what is banned.
            del found[PREFIX + short]["properties"][field]
    for short, needed in REQUIRED.items():
        assert set(needed) <= set(found[PREFIX + short]["properties"])
        found[PREFIX + short]["required"] = sorted(needed)
    for (short, field), more in SIZES.items():
        found[PREFIX + short]["properties"][field] |= more
    rules: list[tuple[str, dict[str, Any]]] = []
    rules += [(short, _exactly_one(names)) for short, names in ONE_OF.items()]
    rules.append(("Widgets", {"minProperties": 1, "maxProperties": 1}))
    rules += [(short, _at_most_one(names)) for short, names in AT_MOST_ONE.items()]
    rules += [(short, {"anyOf": [{"required": [name]} for name in names]}) for short, names in ANY_OF.items()]
    for short, rule in rules:
        found[PREFIX + short].setdefault("allOf", []).append(rule)
    return found | ENVELOPE


@cache
def validator(name: str) -> Draft202012Validator:
    """The judge of one definition: "Card" for cards, or one of the envelope's."""
    reference = PREFIX + name if PREFIX + name in definitions() else name
    schema = {"$ref": f"#/$defs/{reference}", "$defs": definitions()}
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def check_card(card: Any) -> None:
    """Raise Wrong unless a card passes the schema, Google's types, the counter and the rules for text."""
    _against("Card", card)
    for widget in widgets(card):
        if not isinstance(widget, dict):
            raise Wrong("no widget")
    count = sum(1 for _ in widgets(card))
    if count >= MOST_WIDGETS:
        raise Wrong(f"{count} widgets: Gmail would drop sections")
    for text in formatted(card):
        check_html(text)
    # What stands in an input is the user's own text, and goes back as it came.
    typed = [found["value"] for found in inputs(card) if "value" in found]
    for string in strings(card):
        check_string(string)
        if string not in typed:
            check_directions(string)
    names = [found["name"] for found in inputs(card)]
    if len(names) != len(set(names)):
        raise Wrong("two inputs share a name: one would hide the other's value")
    try:
        json_format.ParseDict(card, card_v1.Card.pb(card_v1.Card()))
    except json_format.ParseError as error:
        raise Wrong(f"google-apps-card: {error}") from None


def check_answer(answer: Any, kind: str | None = None) -> None:
    """Raise Wrong unless an answer is one of the three documented ones; `kind` says which it has to be."""
    if kind is None:
        kind = "RenderActions"
        if isinstance(answer, dict) and "renderActions" in answer:
            kind = "SubmitFormResponse"
        elif isinstance(answer, dict) and "requesting_google_scopes" in answer:
            kind = "ScopesResponse"
    _against(kind, answer)
    for string in strings(answer):
        check_string(string)
    for card in cards(answer):
        check_card(card)


def _against(name: str, value: Any) -> None:
    error = next(iter(validator(name).iter_errors(value)), None)
    if error is not None:
        place = "/".join(str(part) for part in error.absolute_path)
        raise Wrong(f"{name}: {place}: {error.message[:300]}")


def cards(answer: Any) -> Iterator[Any]:
    """The cards in an answer."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            if key in ("pushCard", "updateCard"):
                yield value
            else:
                yield from cards(value)
    elif isinstance(answer, list):
        for item in answer:
            yield from cards(item)


def widgets(card: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All widgets of a card, those in columns too."""
    for section in card["sections"]:
        for widget in section["widgets"]:
            yield widget
            for column in widget.get("columns", {}).get("columnItems", ()):
                yield from column.get("widgets", ())


def inputs(card: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Everything in a card that the user can fill in."""
    for widget in widgets(card):
        for kind in ("textInput", "selectionInput", "dateTimePicker"):
            if kind in widget:
                yield widget[kind]
        if "switchControl" in widget.get("decoratedText", {}):
            yield widget["decoratedText"]["switchControl"]


def formatted(card: Mapping[str, Any]) -> Iterator[str]:
    """What Gmail reads as HTML."""
    for section in card["sections"]:
        if "header" in section:
            yield section["header"]
    for widget in widgets(card):
        for kind in ("decoratedText", "textParagraph"):
            if kind in widget:
                yield widget[kind]["text"]


def strings(value: Any) -> Iterator[str]:
    """Every string in a value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
