"""The envelope around cards as JSON Schema, by hand: no document that Google ships holds it.

From the reference of Workspace add-ons (google.apps.card.v1 for RenderActions, Navigation and
SubmitFormResponse; apps.extensions.markup for Gmail's actions; alternate runtimes for scopes).
Where its prose and its tables differ, the tables count.
"""

from __future__ import annotations

from typing import Any

PREFIX = "GoogleAppsCardV1"
"""What the discovery document puts before the names of the card's types."""

ENVELOPE: dict[str, Any] = {
    "Navigation": {
        "type": "object",
        "properties": {
            "pushCard": {"$ref": f"#/$defs/{PREFIX}Card"},
            "updateCard": {"$ref": f"#/$defs/{PREFIX}Card"},
            "pop": {"const": True},
            "popToRoot": {"const": True},
            "popToCard": {"type": "string", "minLength": 1},
        },
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    },
    "UiAction": {
        "type": "object",
        "properties": {
            "navigations": {"type": "array", "items": {"$ref": "#/$defs/Navigation"}, "minItems": 1},
            "link": {"$ref": f"#/$defs/{PREFIX}OpenLink"},
            "notification": {
                "type": "object",
                "properties": {"text": {"type": "string", "minLength": 1}},
                "required": ["text"],
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
        "minProperties": 1,
    },
    "Recipient": {
        "type": "object",
        "properties": {"email": {"type": "string", "minLength": 3}},
        "required": ["email"],
        "additionalProperties": False,
    },
    "UpdateDraft": {
        "type": "object",
        "properties": {
            "updateBody": {
                "type": "object",
                "properties": {
                    "type": {"enum": ["IN_PLACE_INSERT", "INSERT_AT_END", "INSERT_AT_START", "REPLACE"]},
                    "insertContents": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "properties": {
                                "content": {"type": "string"},
                                "contentType": {"enum": ["IMMUTABLE_HTML", "MUTABLE_HTML", "TEXT"]},
                            },
                            "required": ["content", "contentType"],
                            "additionalProperties": False,
                        },
                    },
                },
                "required": ["type", "insertContents"],
                "additionalProperties": False,
            },
            "updateSubject": {
                "type": "object",
                "properties": {"subject": {"type": "string"}},
                "required": ["subject"],
                "additionalProperties": False,
            },
            **{
                f"update{kind}Recipients": {
                    "type": "object",
                    "properties": {
                        f"{kind.lower()}Recipients": {"type": "array", "items": {"$ref": "#/$defs/Recipient"}}
                    },
                    "required": [f"{kind.lower()}Recipients"],
                    "additionalProperties": False,
                }
                for kind in ("To", "Cc", "Bcc")
            },
        },
        "additionalProperties": False,
        "minProperties": 1,
    },
    "GmailAction": {
        "type": "object",
        "properties": {
            "updateDraftActionMarkup": {"$ref": "#/$defs/UpdateDraft"},
            "openCreatedDraftActionMarkup": {
                "type": "object",
                "properties": {
                    "draftId": {"type": "string", "pattern": "^r-?[0-9]+$"},
                    "draftThreadId": {"type": "string", "pattern": "^[0-9a-f]+$"},
                },
                "required": ["draftId", "draftThreadId"],
                "additionalProperties": False,
            },
            "addonComposeUiActionMarkup": {
                "type": "object",
                "properties": {"type": {"const": "DISMISS"}},
                "required": ["type"],
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    },
    # The answer to a trigger.
    "RenderActions": {
        "type": "object",
        "properties": {
            "action": {"$ref": "#/$defs/UiAction"},
            "hostAppAction": {
                "type": "object",
                "properties": {"gmailAction": {"$ref": "#/$defs/GmailAction"}},
                "required": ["gmailAction"],
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
        "minProperties": 1,
    },
    # The answer to a click.
    "SubmitFormResponse": {
        "type": "object",
        "properties": {
            "renderActions": {"$ref": "#/$defs/RenderActions"},
            "stateChanged": {"type": "boolean"},
        },
        "required": ["renderActions"],
        "additionalProperties": False,
    },
    "ScopesResponse": {
        "type": "object",
        "properties": {
            "requesting_google_scopes": {
                "type": "object",
                "properties": {
                    "scopes": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "string",
                            "pattern": "^https://www\\.googleapis\\.com/auth/[a-z.]+$",
                        },
                    },
                    "all_scopes": {"const": True},
                },
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 1,
            }
        },
        "required": ["requesting_google_scopes"],
        "additionalProperties": False,
    },
}
