"""The judges of cards judge: good cards pass, and each kind of bad one is refused, by both where both can."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from google.apps import card_v1
from google.protobuf import json_format

from app.gmail import envelopes
from tests.gmail import schemas
from tests.gmail.markup import Wrong, check_html
from tests.gmail.schemas import check_answer, check_card

CALLS = "https://addon.example.com/gmail"


def good() -> dict[str, Any]:
    """A card with one of each thing."""
    action = {"function": CALLS, "parameters": [{"key": "do", "value": "review"}], "loadIndicator": "SPINNER"}
    return {
        "name": "all",
        "header": {"title": "All", "subtitle": "of it"},
        "sections": [
            {
                "header": "One <b>and</b> two",
                "collapsible": True,
                "uncollapsibleWidgetsCount": 1,
                "widgets": [
                    {"textParagraph": {"text": "A &amp; B<br><i>i</i>", "maxLines": 3}},
                    {
                        "decoratedText": {
                            "startIcon": {"knownIcon": "CLOCK", "altText": "Time"},
                            "topLabel": "Top",
                            "text": '<a href="https://addon.example.com/x?a=1&amp;b=2">link</a>',
                            "wrapText": True,
                            "bottomLabel": "Bottom",
                            "switchControl": {"name": "s", "value": "1", "controlType": "CHECK_BOX"},
                        }
                    },
                    {
                        "textInput": {
                            "name": "text",
                            "label": "Text",
                            "type": "MULTIPLE_LINE",
                            "value": "a\nb",
                        }
                    },
                    {
                        "selectionInput": {
                            "name": "findings",
                            "label": "Which",
                            "type": "CHECK_BOX",
                            "items": [{"text": "One", "value": "0", "selected": True}],
                        }
                    },
                    {"dateTimePicker": {"name": "d", "type": "DATE_ONLY", "valueMsEpoch": "796435200000"}},
                    {"divider": {}},
                    {"columns": {"columnItems": [{"widgets": [{"textParagraph": {"text": "left"}}]}]}},
                    {
                        "buttonList": {
                            "buttons": [
                                {"text": "Go", "onClick": {"action": action}},
                                {
                                    "text": "See",
                                    "onClick": {"openLink": {"url": "https://addon.example.com/"}},
                                },
                            ]
                        }
                    },
                ],
            }
        ],
    }


def test_a_card_with_one_of_each_passes() -> None:
    check_card(good())
    check_answer(envelopes.trigger(good()), "RenderActions")
    check_answer(envelopes.click(good(), "Done"), "SubmitFormResponse")


Change = Callable[[dict[str, Any]], None]


def widgets(card: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = card["sections"][0]["widgets"]
    return found


def text(card: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = widgets(card)[0]["textParagraph"]
    return found


def decorated(card: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = widgets(card)[1]["decoratedText"]
    return found


def items(card: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = widgets(card)[3]["selectionInput"]
    return found


def first_button(card: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = widgets(card)[-1]["buttonList"]["buttons"][0]
    return found


def called(card: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = first_button(card)["onClick"]["action"]
    return found


# What neither judge lets pass.
BOTH: dict[str, Change] = {
    "an unknown field": lambda card: text(card).update(colour="red"),
    "an unknown widget": lambda card: widgets(card).append({"slider": {}}),
    "two widgets in one": lambda card: widgets(card)[0].update(divider={}),
    "two clicks in one": lambda card: first_button(card)["onClick"].update(openLink={"url": CALLS}),
    "a wrong enumeration": lambda card: widgets(card)[2]["textInput"].update(type="MULTI_LINE"),
    "parameters as a map": lambda card: called(card).update(parameters={"do": "x"}),
    "a parameter that is a number": lambda card: called(card).update(parameters=[{"key": "a", "value": 1}]),
    "a field of Studio": lambda card: widgets(card)[0].update(id="x"),
    "a width for a button": lambda card: first_button(card).update(width="FILL"),
    "text that is a number": lambda card: text(card).update(text=3),
    "a button and a switch": lambda card: decorated(card).update(button=copy.deepcopy(first_button(card))),
}
# What Google's types take, and Gmail does not or not as meant.
ONLY_OURS: dict[str, Change] = {
    "no sections": lambda card: card.update(sections=[]),
    "no widget": lambda card: widgets(card).append({}),
    "an empty section": lambda card: card["sections"].append({"widgets": []}),
    "no function": lambda card: called(card).pop("function"),
    "a function over http": lambda card: called(card).update(function="http://addon.example.com/gmail"),
    "a function by name": lambda card: called(card).update(function="onClick"),
    "a dialog of Chat": lambda card: called(card).update(interaction="OPEN_DIALOG"),
    "a button of Chat": lambda card: first_button(card).update(type="FILLED"),
    "a button without words": lambda card: first_button(card).pop("text"),
    "a button that does nothing": lambda card: first_button(card).pop("onClick"),
    "an icon of Chat": lambda card: decorated(card).update(
        startIcon={"materialIcon": {"name": "x"}, "altText": "x"}
    ),
    "an icon that is not known": lambda card: decorated(card)["startIcon"].update(knownIcon="PENCIL"),
    "an icon without words": lambda card: decorated(card)["startIcon"].pop("altText"),
    "Markdown": lambda card: text(card).update(textSyntax="MARKDOWN"),
    "an empty paragraph": lambda card: text(card).update(text=""),
    "a placeholder": lambda card: widgets(card)[2]["textInput"].update(placeholderText="Write"),
    "an input without a label": lambda card: widgets(card)[2]["textInput"].pop("label"),
    "no name": lambda card: widgets(card)[2]["textInput"].pop("name"),
    "many selections": lambda card: items(card).update(type="MULTI_SELECT"),
    "no items": lambda card: items(card).update(items=[]),
    "101 items": lambda card: items(card).update(items=[{"text": "a", "value": str(n)} for n in range(101)]),
    "an item without its value": lambda card: items(card)["items"][0].pop("value"),
    "three columns": lambda card: widgets(card)[6]["columns"].update(columnItems=[{"widgets": []}] * 3),
    "an old check box": lambda card: decorated(card)["switchControl"].update(controlType="CHECKBOX"),
    "a carousel": lambda card: widgets(card).append({"carousel": {"carouselCards": []}}),
    "100 widgets": lambda card: widgets(card).extend([{"divider": {}}] * 91),
    "two inputs of one name": lambda card: items(card).update(name="text"),
    "an unknown tag": lambda card: text(card).update(text="<em>a</em>"),
    "a tag left open": lambda card: text(card).update(text="<b>a"),
    "tags that cross": lambda card: text(card).update(text="<b><i>a</b></i>"),
    "a bare &": lambda card: text(card).update(text="a & b"),
    "a bare <": lambda card: text(card).update(text="1 < 2"),
    "another reference": lambda card: text(card).update(text="&quot;"),
    "a reference by number": lambda card: text(card).update(text="&#39;"),
    "a comment": lambda card: text(card).update(text="<!-- a -->"),
    "a style": lambda card: text(card).update(text='<b style="color:red">a</b>'),
    "a script for a link": lambda card: text(card).update(text='<a href="javascript:x">a</a>'),
    "NUL": lambda card: text(card).update(text="a\x00"),
    "an override": lambda card: decorated(card).update(bottomLabel="\u202ea"),
    "an isolate left open": lambda card: decorated(card).update(bottomLabel="\u2068a"),
    "an isolate closed twice": lambda card: decorated(card).update(bottomLabel="\u2068a\u2069\u2069"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOTH)
def test_both_judges_refuse(name: str) -> None:
    card = good()
    BOTH[name](card)
    with pytest.raises(Wrong):
        check_card(card)
    with pytest.raises(Wrong):
        schemas._against("Card", card)
    with pytest.raises(json_format.ParseError):
        json_format.ParseDict(card, card_v1.Card.pb(card_v1.Card()))


@pytest.mark.parametrize("name", ONLY_OURS)
def test_the_stricter_judge_refuses(name: str) -> None:
    card = good()
    ONLY_OURS[name](card)
    with pytest.raises(Wrong):
        check_card(card)


def test_half_a_surrogate_pair_is_refused() -> None:
    card = good()
    text(card)["text"] = "a\ud800"
    with pytest.raises(Wrong, match="surrogate"):
        check_card(card)


def test_99_widgets_pass_and_those_in_columns_count() -> None:
    card = good()
    widgets(card).extend([{"divider": {}}] * 90)
    assert sum(1 for _ in schemas.widgets(card)) == 99
    check_card(card)
    column = widgets(card)[6]["columns"]["columnItems"][0]
    column["widgets"].append({"textParagraph": {"text": "one more"}})
    with pytest.raises(Wrong, match="100 widgets"):
        check_card(card)


BAD_ANSWERS: dict[str, tuple[str | None, dict[str, Any]]] = {
    "a bare card": (None, good()),
    "a trigger that is wrapped": ("RenderActions", envelopes.click(good())),
    "a click that is not": ("SubmitFormResponse", envelopes.trigger(good())),
    "two navigations in one": (None, {"action": {"navigations": [{"pushCard": good(), "pop": True}]}}),
    "popCard": (None, {"action": {"navigations": [{"popCard": True}]}}),
    "one navigation, not a list": (None, {"action": {"navigations": {"pushCard": good()}}}),
    "nothing": (None, {}),
    "snake case": (None, {"render_actions": {}}),
    "an unknown field": (None, envelopes.click(good()) | {"x": 1}),
    "a notice without words": (None, {"action": {"notification": {}}}),
    "a notice that is empty": (None, {"action": {"notification": {"text": ""}}}),
    "a body without type": (
        None,
        {
            "renderActions": {
                "hostAppAction": {
                    "gmailAction": {
                        "updateDraftActionMarkup": {
                            "updateBody": {"insertContents": [{"content": "a", "contentType": "TEXT"}]}
                        }
                    }
                }
            }
        },
    ),
    "an id of the web client": (None, envelopes.open_draft("msg-a:r-1", "15e9fa")),
    "a thread by its other id": (None, envelopes.open_draft("r1", "thread-f:1")),
    "no scopes": (None, envelopes.ask_scopes(())),
    "a scope that is none": (None, envelopes.ask_scopes(("calendar",))),
    "a bad card inside": (None, envelopes.trigger(good() | {"sections": []})),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_bad_answers_are_refused(name: str) -> None:
    kind, answer = BAD_ANSWERS[name]
    with pytest.raises(Wrong):
        check_answer(answer, kind)


def test_what_the_reference_documents_passes() -> None:
    """The shapes of the reference that the add-on uses, each as it is documented."""
    check_answer(envelopes.click(good(), push=True), "SubmitFormResponse")
    check_answer(envelopes.insert_body('<div dir="auto">Bonjour</div>'), "SubmitFormResponse")
    check_answer(envelopes.open_draft("r-123", "15e9fa"), "SubmitFormResponse")
    check_answer(
        envelopes.ask_scopes(("https://www.googleapis.com/auth/calendar.events.owned",)), "ScopesResponse"
    )
    check_answer({"requesting_google_scopes": {"all_scopes": True}}, "ScopesResponse")
    check_answer({"action": {"navigations": [{"popToRoot": True}, {"updateCard": good()}]}}, "RenderActions")


def test_text_is_read_as_a_person_reads_it() -> None:
    assert check_html("1 &lt; 2 &amp; <b>3</b><br>4") == "1 < 2 & 3\n4"


def test_the_schema_holds_all_that_cards_refer_to() -> None:
    found = schemas.definitions()
    assert len([name for name in found if name.startswith("GoogleAppsCardV1")]) > 40
    for name, definition in found.items():
        if definition.get("type") == "object" and "properties" in definition:
            assert definition["additionalProperties"] is False, name


def test_google_s_own_example_passes() -> None:
    """The decorated text of the discovery document's description, with what accessibility asks for."""
    widget = {
        "decoratedText": {
            "startIcon": {"knownIcon": "EMAIL", "altText": "E-mail"},
            "topLabel": "Email Address",
            "text": "sasha@example.com",
            "bottomLabel": "This is a new Email address!",
            "switchControl": {"name": "welcome", "selected": False, "controlType": "CHECK_BOX"},
        }
    }
    check_card({"sections": [{"widgets": [widget]}]})
