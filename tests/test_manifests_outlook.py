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

from app import manifests, manifests_outlook
from app.manifests import BadAddress, Features
from app.manifests_outlook import JSON, PACKAGE, XML
from app.settings import Settings
from tests.node import MODULES, node
from tests.outlook.lint import Json

BASE = "https://tactline.example.com"
CLIENT = "00000000-0000-4000-8000-000000000001"
ROOT = Path(__file__).parents[1]
SCHEMAS = ROOT.parent / "shared" / "reference" / "outlook" / "schemas"
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
        # Nothing in it depends on the machine or on the day.
        told = {(e.date_time, e.create_system, e.compress_type) for e in archive.infolist()}
        assert told == {((1980, 1, 1, 0, 0, 0), 3, zipfile.ZIP_STORED)}
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


def test_a_version_outlook_can_count_with(monkeypatch: pytest.MonkeyPatch) -> None:
    for ours, theirs in (
        ("0.1.0", "0.1.0"),
        ("2.13.4rc1", "2.13.4"),
        ("3.1", "3.1.0"),
        ("1.2.3.4+x", "1.2.3"),
    ):
        monkeypatch.setattr(manifests, "product_version", lambda said=ours: said)
        files = manifests.render(BASE)
        assert json.loads(files[JSON])["version"] == theirs
        assert etree.fromstring(files[XML]).findtext("{*}Version") == f"{theirs}.0"


def test_words_with_marks_of_xml_stay_words(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {**manifests_outlook.words("en"), "tip": 'A "mail" & <more> of it'}
    monkeypatch.setattr(manifests_outlook, "words", lambda _: said)
    files = manifests.render(BASE)
    tips = [one for one in etree.fromstring(files[XML]).iter("{*}String") if one.get("id") == "Pane.Tip"]
    assert {tip.get("DefaultValue") for tip in tips} == {said["tip"]}
    assert (
        json.loads(files[JSON])["extensions"][0]["ribbons"][0]["tabs"][0]["groups"][0]["controls"][0][
            "supertip"
        ]["description"]
        == said["tip"]
    )


# The page that says how to install it


def test_the_page_names_what_has_to_be_set_up() -> None:
    whole = (ROOT / "manifests/README.md").read_text(encoding="utf-8")
    text = whole[whole.index("# The Outlook add-in") :]
    files = rendered()
    [resource] = etree.fromstring(files[XML]).iter("{*}Resource")
    assert f"`{resource.text}`" in text
    assert f"`brk-multihub://{BASE.partition('://')[2]}`" in text
    for path in files:
        if path.startswith("outlook/"):
            assert f"`{path.rpartition('/')[2]}`" in text
    permissions = {row.split("|")[1] for row in text.splitlines() if row.startswith("| `")}
    for name in ("ReadWriteItem", "MailboxItem.ReadWrite.User", "access_as_user", "Calendars.ReadWrite"):
        assert any(f"`{name}`" in cell for cell in permissions)
    for name in Settings.model_fields:
        if name.startswith(("entra_", "outlook_")) or name == "public_url":
            assert f"`TACTLINE_{name.upper()}`" in text
