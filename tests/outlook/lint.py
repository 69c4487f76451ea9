"""What no schema of Outlook's manifests sees: ten rules, each found the hard way by somebody.

`faults` gives the numbers of the rules that are broken. The manifests are looked at together with the
service that they lead to.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

Json = dict[str, Any]
Get = Callable[[str], tuple[int, bytes]]
"""The status and the body that a path of the service is answered with."""

OFFICE = "{http://schemas.microsoft.com/office/appforoffice/1.1}"
V10 = "{http://schemas.microsoft.com/office/mailappversionoverrides}"
V11 = "{http://schemas.microsoft.com/office/mailappversionoverrides/1.1}"
BT = "{http://schemas.microsoft.com/office/officeappbasictypes/1.0}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
SCRIPT = "/outlook/launchevent.js"
SECTIONS = {"Icon": "Images", "Image": "Images", "SourceLocation": "Urls", "FunctionFile": "Urls",
            "Runtime": "Urls", "Override": "Urls", "Label": "ShortStrings", "Title": "ShortStrings",
            "Description": "LongStrings"}  # fmt: skip
LOCALES = {"fr-FR", "ar-SA", "tr-TR"}
LARGEST_SCRIPT = 96 * 1024
LARGEST = 256 * 1024


def local(element: etree._Element) -> str:
    return etree.QName(element).localname


def overrides(root: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    for space in (V10, V11):
        for found in root.iter(f"{space}VersionOverrides"):
            yield space, found


def own(space: str, root: etree._Element) -> Iterator[etree._Element]:
    """What belongs to one set of overrides: the newer one lies inside the older."""
    for element in root.iter():
        if isinstance(element.tag, str) and not (space == V10 and element.tag.startswith(V11)):
            inside_newer = any(parent.tag.startswith(V11) for parent in element.iterancestors())
            if space == V11 or not inside_newer:
                yield element


def resources(space: str, root: etree._Element) -> dict[str, str]:
    """Id -> section of the resources of one set of overrides."""
    [found] = root.findall(f"{space}Resources")
    return {item.get("id", ""): local(section) for section in found for item in section}


def urls(root: etree._Element) -> list[str]:
    values = [str(value) for element in root.iter() if isinstance(element.tag, str)
              for value in (*element.attrib.values(), element.text or "")]  # fmt: skip
    return [value.strip() for value in values if "://" in value and "schemas.microsoft.com" not in value
            and "www.w3.org" not in value]  # fmt: skip


def json_urls(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [url for key, item in value.items() if key != "$schema" for url in json_urls(item)]
    if isinstance(value, list):
        return [url for item in value for url in json_urls(item)]
    return [value] if isinstance(value, str) and "://" in value else []


def size(content: bytes) -> tuple[int, int]:
    return struct.unpack(">II", content[16:24]) if content.startswith(b"\x89PNG") else (0, 0)


def host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def path(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2].partition("#")[0]


def faults(xml: bytes, unified: Json, files: dict[str, Json], get: Get) -> set[int]:
    """The broken rules. `files` are the unified manifest's files of words, by language."""
    root = etree.fromstring(xml)
    checks = (
        _resources, _urls, _icons, _runtime, _repeated, _agreement, _words, _script, _send_mode, _length,
    )  # fmt: skip
    return {
        number for number, check in enumerate(checks, 1)
        if not check(root, unified, files, get) or (number == 10 and len(xml) > LARGEST)
    }  # fmt: skip


def _resources(root: etree._Element, *_: Any) -> bool:
    """1: every resid leads to a resource of the same overrides, of the right kind."""
    for space, found in overrides(root):
        known = resources(space, found)
        for element in own(space, found):
            resid = element.get("resid")
            if resid is not None and known.get(resid) != SECTIONS.get(local(element)):
                return False
    return True


def _urls(root: etree._Element, unified: Json, files: dict[str, Json], get: Get) -> bool:
    """2: every address is https, of a domain that is named, and answered; icons have their sizes."""
    domains = {host(element.text or "") for element in root.iter(f"{OFFICE}AppDomain")}
    found = [url for url in urls(root) if not url.startswith("api://")]
    told = [url for url in json_urls(unified) if not url.startswith(("api://", "brk-multihub://"))]
    if domains != set(unified["validDomains"]):
        return False
    for url in (*found, *told):
        if not url.startswith("https://") or host(url) not in domains:
            return False
        # A bare domain is no page.
        status, content = (200, b"") if url.count("/") == 2 else get(path(url))
        named = re.search(r"-(\d+)\.png$", url)
        if status != 200 or (named and size(content) != (int(named[1]),) * 2):
            return False
    high, low = (root.find(f"{OFFICE}{name}") for name in ("HighResolutionIconUrl", "IconUrl"))
    return (
        high is not None and low is not None
        and size(get(path(high.get("DefaultValue", "")))[1]) == (128, 128)
        and size(get(path(low.get("DefaultValue", "")))[1]) == (64, 64)
    )  # fmt: skip


def _icons(root: etree._Element, unified: Json, *_: Any) -> bool:
    """3: all sizes of the ribbon's icons, and of the phone's with their scales; each leads to its size."""
    for space, found in overrides(root):
        for icon in (element for element in own(space, found) if local(element) == "Icon"):
            images = [(image.get("size"), image.get("scale")) for image in icon]
            phone = icon.get(TYPE) == "bt:MobileIconList"
            wanted = (
                {(str(a), str(b)) for a in (25, 32, 48) for b in (1, 2, 3)}
                if phone
                else {("16", None), ("32", None), ("80", None)}
            )
            if set(images) != wanted or len(images) != len(wanted):
                return False
            for image in icon:
                pixels = int(image.get("size", "0")) * int(image.get("scale", "1"))
                if image.get("resid") != f"Icon.{pixels}":
                    return False
    groups = [g for r in unified["extensions"][0]["ribbons"] for t in r["tabs"] for g in t["groups"]]
    shown = [part["icons"] for group in groups for part in (group, *group["controls"])]
    return all({icon["size"] for icon in icons} == {16, 32, 80} for icons in shown)


def _runtime(root: etree._Element, unified: Json, files: dict[str, Json], get: Get) -> bool:
    """4: the event runs in the one runtime, by a function that the script offers, which may call home."""
    runtimes = list(root.iter(f"{V11}Runtime"))
    locations = [
        location.get("resid") for point in root.iter(f"{V11}ExtensionPoint")
        if point.get(TYPE) == "LaunchEvent" for location in point.iter(f"{V11}SourceLocation")
    ]  # fmt: skip
    if len(runtimes) != 1 or locations != [runtimes[0].get("resid")]:
        return False
    code = get(SCRIPT)[1].decode()
    names = {str(event.get("FunctionName")) for event in root.iter(f"{V11}LaunchEvent")}
    actions = {a["id"] for r in unified["extensions"][0]["runtimes"] for a in r["actions"]}
    events = [e["actionId"] for a in unified["extensions"][0]["autoRunEvents"] for e in a["events"]]
    said = re.findall(r"""associate\(\s*["'](\w+)["']""", code)
    allowed = get("/.well-known/microsoft-officeaddins-allowed.json")[1].decode()
    scripts = [r["code"]["script"] for r in unified["extensions"][0]["runtimes"] if "script" in r["code"]]
    linked = {url.get("id"): url.get("DefaultValue") for url in root.iter(f"{BT}Url")}
    script = {linked.get(str(o.get("resid"))) for r in runtimes for o in r.iter(f"{V11}Override")}
    return (
        names == set(said) == set(events) and set(events) <= actions and script == set(scripts)
        and all(f'"{url}"' in allowed.replace("\\/", "/") for url in scripts)
    )  # fmt: skip


def _repeated(root: etree._Element, unified: Json, files: dict[str, Json], get: Get) -> bool:
    """5: the newer overrides repeat the older ones, ids are unique, and the one that code names exists."""
    points: dict[str, Counter[str]] = {}
    for space, found in overrides(root):
        kinds = (element.get(TYPE, "") for element in own(space, found) if local(element) == "ExtensionPoint")
        points[space] = Counter(kinds)
        for form in (element for element in own(space, found) if local(element).endswith("FormFactor")):
            ids = [e.get("id") for e in form.iter() if isinstance(e.tag, str) and e.get("id")]
            ids = [identity for identity in ids if identity != "TabDefault"]
            if len(ids) != len(set(ids)):
                return False
    controls = {control.get("id") for control in root.iter(f"{V11}Control")}
    shown = {
        c["id"] for r in unified["extensions"][0]["ribbons"] for t in r["tabs"] for g in t["groups"]
        for c in g["controls"]
    }  # fmt: skip
    code = get(SCRIPT)[1].decode()
    constants = dict(re.findall(r"""const (\w+) = ["'](\w+)["'];""", code))
    named = {
        constants.get(value, value) for value in re.findall(r"""commandId\s*[:=]\s*["']?(\w+)["']?""", code)
    }
    return points[V10] <= points[V11] and bool(named) and named <= controls and named <= shown


def _agreement(root: etree._Element, unified: Json, files: dict[str, Json], *_: Any) -> bool:
    """6: both manifests say the same, under ids of their own; where both are, one is hidden."""

    def text(name: str) -> str:
        return root.findtext(f"{OFFICE}{name}") or ""

    shown = root.find(f"{OFFICE}DisplayName")
    told = root.find(f"{OFFICE}Description")
    assert shown is not None
    assert told is not None
    permission = unified["authorization"]["permissions"]["resourceSpecific"][0]["name"]
    pages = {u.get("DefaultValue") for u in root.iter(f"{BT}Url")}
    runtimes = unified["extensions"][0]["runtimes"]
    modes = {event.get("SendMode") for event in root.iter(f"{V11}LaunchEvent")}
    other = {e["options"]["sendMode"] for a in unified["extensions"][0]["autoRunEvents"] for e in a["events"]}
    named = [element.text for element in root.iter(f"{V11}Resource")]
    hidden = [a["hide"]["customOfficeAddin"]["officeAddinId"] for a in unified["extensions"][0]["alternates"]]
    return (
        text("Id") != unified["id"] and hidden == [text("Id")]
        and text("Version") == unified["version"] + ".0"
        and shown.get("DefaultValue") == unified["name"]["short"]
        and told.get("DefaultValue") == unified["description"]["short"]
        and (text("Permissions"), permission) == ("ReadWriteItem", "MailboxItem.ReadWrite.User")
        and pages == {url for r in runtimes for url in r["code"].values()}
        and {mode and mode.lower() for mode in modes} == {mode.lower() for mode in other}
        and {locale[:2] for locale in _locales(shown)} == set(files)
        and named == [w["resource"] for w in [unified.get("webApplicationInfo")] if w]
    )  # fmt: skip


def _locales(element: etree._Element) -> set[str]:
    return {str(o.get("Locale")) for o in element if local(o) == "Override"}


def _words(root: etree._Element, unified: Json, files: dict[str, Json], *_: Any) -> bool:
    """7: all that a person reads stands in four languages, and fits."""
    shown = [root.find(f"{OFFICE}{name}") for name in ("DisplayName", "Description")]
    said = [element for element in (*shown, *root.iter(f"{BT}String")) if element is not None]
    for element in said:
        values = [element.get("DefaultValue", ""), *(str(o.get("Value")) for o in element)]
        most = 30 if local(element) == "DisplayName" else 250
        if _locales(element) != LOCALES or not all(0 < len(value) <= most for value in values):
            return False
    wanted = set(next(iter(files.values())))
    fits = (("name.short", 30), ("name.full", 100), ("description.short", 80))
    return all(
        set(words) == wanted and all(len(words[key]) <= n for key, n in fits) for words in files.values()
    )


QUOTED = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`"""
    r"""|(?:(?<=[(=>,:!&|;{}\[])|(?<=\breturn))(\s*/(?![*/])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)""",
    re.S,
)
"""Comments, strings and regular expressions, the last as a group: no code."""
NEWER = re.compile(
    r"\b(?:import|export|window|document|localStorage|sessionStorage|async|await)\b"
    r"|\?|\{\s*\.\.\.|\bcatch\s*\{|\d_\d|\b\d+n\b|#\w"
)
"""Modules, a page, and syntax of after 2016. Before version 2403 `a ? b : c` is too much as well."""
NEWER_PATTERN = re.compile(r"\(\?<|\\[pPk][{<]|/[a-z]*[sdv][a-z]*$")


def _script(root: etree._Element, unified: Json, files: dict[str, Json], get: Get) -> bool:
    """8: one script of 2016, without modules, without a page, and not too long."""
    status, content = get(SCRIPT)
    code = content.decode()
    patterns = [found[1] for found in QUOTED.finditer(code) if found[1]]
    return (
        status == 200 and len(content) <= LARGEST_SCRIPT and not NEWER.search(QUOTED.sub('""', code))
        and not any(NEWER_PATTERN.search(pattern) for pattern in patterns)
    )  # fmt: skip


def _send_mode(root: etree._Element, unified: Json, *_: Any) -> bool:
    """9: nobody is ever kept from sending."""
    modes = [event.get("SendMode") for event in root.iter(f"{V11}LaunchEvent")]
    other = [e["options"]["sendMode"] for a in unified["extensions"][0]["autoRunEvents"] for e in a["events"]]
    return modes == ["PromptUser"] and other == ["promptUser"]


def _length(*_: Any) -> bool:
    """10: the manifest is not too long; `faults` looks at its bytes."""
    return True
