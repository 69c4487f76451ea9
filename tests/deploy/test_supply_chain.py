"""What is taken from others: locked by hashes, listed, under licences that let us, and quiet."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
IMAGE_LOCK = ROOT / "requirements-image.lock"
LOCKS = (ROOT / "requirements.lock", IMAGE_LOCK, ROOT / "requirements-dev.lock")

PERMISSIVE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC", "MIT", "MIT-0",
    "PSF-2.0", "Unlicense", "Zlib",
}  # fmt: skip
SAID_OTHERWISE = {
    "Apache 2.0": "Apache-2.0", "Apache Software License": "Apache-2.0", "MIT License": "MIT",
    "3-Clause BSD License": "BSD-3-Clause", "BSD 3-Clause": "BSD-3-Clause", "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "ISC License": "ISC", "ISC License (ISCL)": "ISC", "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}  # fmt: skip
"""What packages write instead of an identifier of SPDX."""
ALLOWED_WITH_REASON = {
    "certifi": "MPL-2.0: a list of certificates that is passed on as it is, with its licence",
    "tqdm": "MPL-2.0 for some of its files, which are passed on as they are; not imported when serving",
    "pathspec": "MPL-2.0: a tool of the build, which does not stay in the image",
}


def locked(lock: Path) -> dict[tuple[str, str], list[str]]:
    """Name and version of every package in a lock -> its hashes."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line[:1].isalnum():
            asked = Requirement(line.rstrip(" \\"))
            hashes: list[str] = []
            found[canonicalize_name(asked.name), str(asked.specifier).removeprefix("==")] = hashes
        elif line.strip():
            hashes.append(re.fullmatch(r"\s+--hash=sha256:([0-9a-f]{64})( \\)?", line)[1])  # type: ignore[index]
    return found


def licences(name: str) -> set[str]:
    """The licences that a package declares, all of which hold; of a choice the first that is permissive."""
    words = metadata(name)
    expression = " ".join(words.get_all("License-Expression") or [])
    text = " ".join(words.get_all("License") or []).strip()
    classified = [
        c.rpartition("::")[2].strip() for c in words.get_all("Classifier") or [] if c.startswith("License ::")
    ]
    declared = expression or (text if text and "\n" not in text and text != "Dual License" else "")
    if not declared:
        declared = (" OR " if text == "Dual License" else " AND ").join(classified)
    found = set()
    for part in declared.split(" AND "):
        choices = [SAID_OTHERWISE.get(choice, choice) for choice in part.split(" OR ")]
        found.add(next((choice for choice in choices if choice in PERMISSIVE), choices[0]))
    return found


def here(lock: Path) -> list[str]:
    """The packages of a lock that this machine installs."""
    asked = [
        Requirement(line.rstrip(" \\"))
        for line in lock.read_text(encoding="utf-8").splitlines()
        if line[:1].isalnum()
    ]
    return [item.name for item in asked if item.marker is None or item.marker.evaluate()]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_is_locked_by_hashes_and_nothing_else_stands_there(lock: Path) -> None:
    packages = locked(lock)
    assert len(packages) > 80
    assert all(packages.values())
    assert "://" not in lock.read_text(encoding="utf-8")


def test_the_locks_agree() -> None:
    plain, image, dev = (locked(lock) for lock in LOCKS)
    assert plain.items() <= image.items()
    names = {name for name, _ in image}
    assert {key for key in dev if key[0] in names} <= set(image)
    assert {"asyncpg", "redis", "opentelemetry-sdk"} <= names - {name for name, _ in plain}


@pytest.mark.parametrize("name", here(IMAGE_LOCK))
def test_every_licence_lets_us(name: str) -> None:
    """Permissive, or with a reason. A licence that reaches further would have to be looked at."""
    found = licences(name)
    assert "" not in found
    strange = found - PERMISSIVE
    assert not strange or (strange == {"MPL-2.0"} and name in ALLOWED_WITH_REASON), found


def test_no_reason_is_left_over() -> None:
    assert {name for name in here(IMAGE_LOCK) if licences(name) - PERMISSIVE} == set(ALLOWED_WITH_REASON)


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(  # noqa: S603 - as `make sbom` does
        [sys.executable, "manifests/deploy/sbom.py", str(IMAGE_LOCK), str(folder)],
        cwd=ROOT, check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    (path,) = folder.iterdir()
    assert re.fullmatch(r"tactline-\d+\.\d+\.\d+\.cdx\.json", path.name)
    return path.read_text(encoding="utf-8")


def test_the_bill_is_valid(bill: str) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(bill) is None
    assert validator.validate_str(bill.replace('"bomFormat"', '"bomFormt"')) is not None


def test_the_bill_names_every_package_with_hashes_and_licence(bill: str) -> None:
    whole: dict[str, Any] = json.loads(bill)
    listed = {
        (part["name"], part["version"]): {
            item["content"] for reference in part["externalReferences"] for item in reference["hashes"]
        }
        for part in whole["components"]
    }
    assert listed == {key: set(hashes) for key, hashes in locked(IMAGE_LOCK).items()}
    installed = set(here(IMAGE_LOCK))
    unknown = {
        part["name"]
        for part in whole["components"]
        if part["name"] in installed and part["purl"] in needed(whole) and "licenses" not in part
    }
    # These write theirs as free words, which the tool does not take; `licences` above reads them.
    assert unknown <= {"protobuf", "uritemplate"}
    assert whole["metadata"]["component"]["name"] == "tactline"


def needed(whole: dict[str, Any]) -> set[str]:
    """What can be reached from the product."""
    edges = {entry["ref"]: entry.get("dependsOn", []) for entry in whole["dependencies"]}
    found: set[str] = set()
    ahead = [whole["metadata"]["component"]["bom-ref"]]
    while ahead:
        current = ahead.pop()
        if current not in found:
            found.add(current)
            ahead.extend(edges[current])
    return found


def test_the_bill_tells_what_needs_what(bill: str) -> None:
    reached = needed(json.loads(bill))
    for name in ("onnxruntime", "cryptography", "pyasn1", "h11", "redis", "asyncpg"):
        assert any(purl.startswith(f"pkg:pypi/{name}@") for purl in reached), name


def test_the_bill_names_nothing_of_the_machine_that_made_it(bill: str) -> None:
    assert str(ROOT) not in bill
    assert sys.prefix not in bill
    assert "file://" not in bill


def test_the_audit_fails_where_it_could_not_look() -> None:
    """pip-audit skips what the service does not know, and calls that no weakness, unless it is strict."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if "pip-audit" in line]
    assert len(lines) == 2
    assert all("--strict" in line and "--require-hashes" in line for line in lines)
    gate = re.search(r"^test:(.*)$", text, re.MULTILINE)
    assert gate
    assert "audit" not in gate[1]


def test_no_library_reports_to_its_maker(tmp_path: Path) -> None:
    """ONNX Runtime keeps a device id and what it is going to report in the user's cache folder, as soon as
    it is imported, unless it is told not to before."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    done = subprocess.run(  # noqa: S603 - our own program
        [str(Path(sys.executable).parent / "tactline"), "review", "-"],
        input="It is your fault that we are late!",
        env={**given, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "ORT_DISABLE_TELEMETRY": "0"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    assert "your fault" in done.stdout
    assert list(tmp_path.rglob("*")) == []
