"""A strict JSON Schema for Gmail deployment files, derived from the messages that Google publishes on PyPI.

The messages know fields, types and choices. What they leave out is added here, by hand, from the
reference of `projects.deployments`: what is required, how URLs and colours look, and one newer field.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from google.cloud.gsuiteaddons_v1.types import Deployment
from jsonschema import Draft202012Validator

SCRIPT = "google.apps.script.type."
GMAIL = SCRIPT + "gmail."

Schema = dict[str, Any]

REQUIRED = {
    "google.cloud.gsuiteaddons.v1.Deployment": ["oauthScopes", "addOns"],
    "google.cloud.gsuiteaddons.v1.AddOns": ["common", "gmail", "httpOptions"],
    SCRIPT + "CommonAddOnManifest": ["name", "logoUrl"],
    SCRIPT + "HomepageExtensionPoint": ["runFunction"],
    SCRIPT + "MenuItemExtensionPoint": ["runFunction", "label"],
    SCRIPT + "UniversalActionExtensionPoint": ["label"],
    SCRIPT + "HttpOptions": ["authorizationHeader", "granularOauthPermissionSupport"],
    GMAIL + "ComposeTrigger": ["actions", "draftAccess"],
    GMAIL + "ContextualTrigger": ["onTriggerFunction"],
    GMAIL + "UniversalAction": ["text"],
}
PATTERNS = {
    "logoUrl": r"^https://[^/]+/.+\.png$",  # Google fetches no SVG
    "runFunction": r"^https://[^/]+/",
    "onTriggerFunction": r"^https://[^/]+/",
    "openLink": r"^https://[^/]+/",
    "primaryColor": r"^#[0-9a-f]{6}$",
    "secondaryColor": r"^#[0-9a-f]{6}$",
}


def schema() -> Schema:
    """The schema of a whole deployment file."""
    defs: dict[str, Schema] = {}
    root = Deployment.pb().DESCRIPTOR
    _message(root, defs)
    defs[SCRIPT + "HttpOptions"]["properties"]["granularOauthPermissionSupport"] = {
        "enum": ["OPT_IN", "OPT_OUT"]
    }
    common = defs[SCRIPT + "CommonAddOnManifest"]["properties"]
    common["openLinkUrlPrefixes"] = {
        "type": "array",
        "items": {"type": "string", "pattern": r"^https://[^/*]+/"},
    }
    common["name"] = {"type": "string", "minLength": 1}
    scopes = defs[root.full_name]["properties"]["oauthScopes"]
    scopes.update(uniqueItems=True, minItems=1)
    scopes["items"]["pattern"] = r"^https://www\.googleapis\.com/auth/[a-z.]+$"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": f"#/$defs/{root.full_name}",
        "$defs": defs,
    }


def _message(descriptor: Any, defs: dict[str, Schema]) -> Schema:
    """A reference to a message's schema, which is put into `defs` on the way."""
    name = descriptor.full_name
    if name == "google.protobuf.ListValue":
        return {"type": "array"}
    if name == "google.protobuf.BoolValue":
        return {"type": "boolean"}
    if name not in defs:
        properties: dict[str, Schema] = {}
        defs[name] = found = {
            "type": "object",
            "properties": properties,
            "required": REQUIRED.get(name, []),
            "additionalProperties": False,
        }
        for field in descriptor.fields:
            one = _value(field, defs)
            properties[field.json_name] = {"type": "array", "items": one} if field.is_repeated else one
        for choice in descriptor.oneofs:
            found["oneOf"] = [{"required": [field.json_name]} for field in choice.fields]
    return {"$ref": f"#/$defs/{name}"}


def _value(field: Any, defs: dict[str, Schema]) -> Schema:
    if field.message_type is not None:
        return _message(field.message_type, defs)
    if field.enum_type is not None:
        names = [value.name for value in field.enum_type.values]
        return {"enum": [name for name in names if "UNSPECIFIED" not in name]}
    if field.type == field.TYPE_BOOL:
        return {"type": "boolean"}
    assert field.type == field.TYPE_STRING, "no message has a field of another type so far"
    found: Schema = {"type": "string"}
    if field.json_name in PATTERNS:
        found["pattern"] = PATTERNS[field.json_name]
    return found


@cache
def validator() -> Draft202012Validator:
    """Made once: the schema stays the same."""
    whole = schema()
    Draft202012Validator.check_schema(whole)
    return Draft202012Validator(whole)
