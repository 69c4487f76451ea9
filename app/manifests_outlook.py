"""What Outlook is handed so that it finds this service: a manifest of each of the two kinds.

The XML serves every Outlook; the unified JSON serves those on the web and on Windows, under an id of its
own ("Compare the add-in only manifest with the unified manifest", Microsoft Learn). Both take their words
from `[manifest]` in the strings, so that they say the same in four languages.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2

from app import strings
from app.tone.types import LANGUAGES, Language

XML, JSON, PACKAGE = "outlook/manifest.xml", "outlook/manifest.json", "outlook/tactline-outlook.zip"
LOCALES: Mapping[Language, str] = {"en": "en-US", "fr": "fr-FR", "ar": "ar-SA", "tr": "tr-TR"}
ICONS = Path(__file__).parent / "web" / "static" / "icons"
_RIBBON = (16, 32, 80)
_PACKAGED = {"color.png": "tactline-192.png", "outline.png": "outline-32.png"}
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first day that a zip file knows: the same content, the same bytes


def words(language: Language) -> dict[str, str]:
    """The words of the manifests, by their keys below `manifest.`."""
    return {
        key.removeprefix("manifest."): text
        for key, text in strings.words(language).items()
        if key.startswith("manifest.")
    }


def render(template: Callable[[str], bytes], address: str, client_id: str, version: str) -> dict[str, bytes]:
    """Both manifests for this address, and the package of the unified one, by path under `manifests/`.

    `client_id` is the application's in Entra, empty where nobody signs in; `version` has the form n.n.n.
    """
    unified = _unified(template(JSON), address, client_id, version)
    files = {f"outlook/{name}": _bytes(content) for name, content in unified.items()}
    packed = {name: _bytes(content) for name, content in unified.items()}
    packed |= {name: (ICONS / source).read_bytes() for name, source in _PACKAGED.items()}
    return {XML: _xml(template(XML), address, client_id, version), **files, PACKAGE: _zip(packed)}


def _host(address: str) -> str:
    return address.partition("://")[2]


def _xml(template: bytes, address: str, client_id: str, version: str) -> bytes:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    text = environment.from_string(template.decode()).render(
        english=words("en"),
        locales={LOCALES[language]: words(language) for language in LANGUAGES if language != "en"},
        client_id=client_id,
        version=version,
    )
    return text.replace("${BASE_URL}", address).replace("${HOST}", _host(address)).encode()


def _unified(template: bytes, address: str, client_id: str, version: str) -> dict[str, Any]:
    """The manifest and a file of words for each language but English, by name."""
    manifest = json.loads(template)
    english = words("en")
    values = {"BASE_URL": address, "HOST": _host(address), "VERSION": version, **english}
    manifest = _filled(manifest, values)
    extension = manifest["extensions"][0]
    icons = [{"size": size, "url": f"{address}/static/icons/tactline-{size}.png"} for size in _RIBBON]
    for ribbon in extension["ribbons"]:
        for group in ribbon["tabs"][0]["groups"]:
            group |= {"label": english["name"], "icons": icons}
            for control in group["controls"]:
                control |= {
                    "type": "button", "label": english["open"], "icons": icons, "actionId": "openPane",
                    "supertip": {"title": english["open"], "description": english["tip"]},
                }  # fmt: skip
    others = [language for language in LANGUAGES if language != "en"]
    manifest["localizationInfo"]["additionalLanguages"] = [
        {"languageTag": language, "file": f"{language}.json"} for language in others
    ]
    if client_id:
        resource = f"api://{_host(address)}/{client_id}"
        manifest["webApplicationInfo"] = {"id": client_id, "resource": resource}
    return {
        "manifest.json": manifest,
        **{f"{code}.json": _localized(manifest, words(code)) for code in others},
    }


def _localized(manifest: dict[str, Any], said: Mapping[str, str]) -> dict[str, Any]:
    """The words of one language, by where they stand in the manifest (MicrosoftTeams.Localization)."""
    found = {
        "$schema": manifest["$schema"].replace("MicrosoftTeams.schema", "MicrosoftTeams.Localization.schema"),
        "name.short": said["name"],
        "name.full": said["full-name"],
        "description.short": said["short"],
        "description.full": said["long"],
    }
    for index, ribbon in enumerate(manifest["extensions"][0]["ribbons"]):
        group = f"extensions[0].ribbons[{index}].tabs[0].groups[0]"
        found[f"{group}.label"] = said["name"]
        for number, _ in enumerate(ribbon["tabs"][0]["groups"][0]["controls"]):
            control = f"{group}.controls[{number}]"
            found[f"{control}.label"] = found[f"{control}.supertip.title"] = said["open"]
            found[f"{control}.supertip.description"] = said["tip"]
    return found


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    if isinstance(value, str):
        for name, text in values.items():
            value = value.replace(f"${{{name}}}", text)
    return value


def _bytes(content: Any) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            # Stored as it is: how well it is compressed differs from one zlib to the next.
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()
