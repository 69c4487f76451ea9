"""What Outlook is handed: valid by Microsoft's schemas, the same in both kinds, leading to what is there."""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator
from lxml import etree

from app import manifests
from app.manifests import BadAddress, Features
from app.manifests_outlook import JSON, PACKAGE, XML
from tests.node import MODULES, node
from tests.outlook.lint import Json

BASE = "https://tactline.example.com"
CLIENT = "00000000-0000-4000-8000-000000000001"
SCHEMAS = Path(__file__).parents[2] / "shared" / "reference" / "outlook" / "schemas"
BOTH = pytest.mark.parametrize("client_id", ["", CLIENT])
BASES = pytest.mark.parametrize("base", [BASE, "https://tactline.example.com:8443"])


@cache
def rendered(base: str = BASE, client_id: str = CLIENT) -> dict[str, bytes]:
    return manifests.render(base, Features(entra_client_id=client_id))


def unified(base: str = BASE, client_id: str = CLIENT) -> tuple[Json, dict[str, Json]]:
    """The unified manifest and its files of words."""
    files = rendered(base, client_id)
    words = {code: json.loads(files[f"outlook/{code}.json"]) for code in ("fr", "ar", "tr")}
    return json.loads(files[JSON]), words


def schema(name: str) -> Path:
    found = SCHEMAS / name
    if not found.exists():
        pytest.skip("needs the vendor's schemas beside the repository")
    return found


@BASES
@BOTH
def test_the_xml_is_what_outlook_reads(base: str, client_id: str) -> None:
    validator = etree.XMLSchema(etree.parse(str(schema("xsd-extended/OfficeAppManifestV1_1.xsd"))))
    whole = etree.fromstring(rendered(base, client_id)[XML])
    assert validator.validate(whole), validator.error_log
    # The schema does see things.
    next(whole.iter("{*}SupportsPinning")).text = "perhaps"
    assert not validator.validate(whole)


@BOTH
def test_the_xml_without_what_is_newer(client_id: str) -> None:
    """The older schemas know neither runtimes nor events; all else of the manifest they do."""
    validator = etree.XMLSchema(etree.parse(str(schema("xsd/OfficeAppManifestV1_1.xsd"))))
    whole = etree.fromstring(rendered(BASE, client_id)[XML])
    for newer in (*whole.iter("{*}Runtimes"), *whole.iter("{*}LaunchEvents")):
        gone = newer if etree.QName(newer).localname == "Runtimes" else newer.getparent()
        assert gone is not None
        parent = gone.getparent()
        assert parent is not None
        parent.remove(gone)
    assert validator.validate(whole), validator.error_log


@BASES
@BOTH
def test_the_unified_manifest_is_what_outlook_reads(base: str, client_id: str) -> None:
    whole, words = unified(base, client_id)

    def read(name: str) -> Draft4Validator:
        return Draft4Validator(json.loads(schema(f"unified/v1.29/{name}").read_bytes()))

    validator = read("MicrosoftTeams.schema.json")
    assert [error.message for error in validator.iter_errors(whole)] == []
    assert not validator.is_valid({**whole, "nickname": "T"})
    for said in words.values():
        assert [
            error.message for error in read("MicrosoftTeams.Localization.schema.json").iter_errors(said)
        ] == []
    # Every place that a translation names is there.
    for path in words["fr"]:
        if path.startswith("extensions"):
            found: Any = whole
            for step in path.replace("[", ".").replace("]", "").split("."):
                found = found[int(step)] if step.isdigit() else found[step]
            assert isinstance(found, str)


@pytest.mark.npm
def test_microsofts_own_tool_agrees(tmp_path: Path) -> None:
    for name, content in rendered().items():
        if name.startswith("outlook/"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(content)
    tool = str(MODULES / "office-addin-manifest" / "cli.js")
    target = tmp_path / "outlook" / "manifest.json"
    done = node(tool, "validate", str(target), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    target.write_text(target.read_text(encoding="utf-8").replace('"promptUser"', '"never"'), encoding="utf-8")
    assert node(tool, "validate", str(target), cwd=tmp_path).returncode != 0


def test_the_package_holds_all_that_its_manifest_names() -> None:
    package = rendered()[PACKAGE]
    assert package == manifests.render(BASE, Features(entra_client_id=CLIENT))[PACKAGE], (
        "the same bytes again"
    )
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        names = set(archive.namelist())
        whole = json.loads(archive.read("manifest.json"))
        named = {whole["icons"]["color"], whole["icons"]["outline"]}
        named |= {language["file"] for language in whole["localizationInfo"]["additionalLanguages"]}
        assert names == {"manifest.json"} | named
        sizes = {name: archive.read(name)[16:24] for name in named if name.endswith(".png")}
    assert {int.from_bytes(size[:4], "big") for size in sizes.values()} == {192, 32}


def test_without_sign_in_nothing_speaks_of_it() -> None:
    files = rendered(BASE, "")
    assert b"WebApplicationInfo" not in files[XML]
    assert b"api://" not in files[XML] + files[JSON]


@pytest.mark.parametrize("client_id", ["tactline", CLIENT.upper().replace("0", "A"), CLIENT + "<", "any"])
def test_an_id_that_is_none_is_refused(client_id: str) -> None:
    with pytest.raises(BadAddress) as refused:
        manifests.render(BASE, Features(entra_client_id=client_id))
    assert refused.value.reason == "client-id"


def test_nothing_of_the_template_is_left_over() -> None:
    for name, content in rendered().items():
        if not name.endswith(".zip"):
            assert b"${" not in content
            assert b"{{" not in content
            assert b"{%" not in content
