"""Write a bill of materials (CycloneDX 1.6, JSON) of what the image holds: `python sbom.py LOCK FOLDER`.

Packages, versions and hashes are those of the lock. Licences and which package needs which are read where
they are installed, by the environment that runs this; what is not installed here (other systems' packages)
has none. The same lock and environment give the same file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "pyproject.toml"


def cyclonedx(*arguments: str) -> dict[str, Any]:
    """What cyclonedx-py says. Raises CalledProcessError."""
    # It warns of a root without dependencies, which are put in below.
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "bom.json"
        command = [
            sys.executable, "-m", "cyclonedx_py", *arguments, f"--pyproject={PROJECT}", "--sv=1.6",
            "--of=JSON", "--output-reproducible", "--no-validate", "--short-PURLs", f"--output-file={out}",
        ]  # fmt: skip
        subprocess.run(command, check=True, env=environment)  # noqa: S603 - our own arguments
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return found


def bill(lock: Path) -> dict[str, Any]:
    """The bill of a lock. Raises CalledProcessError."""
    whole = cyclonedx("requirements", str(lock))
    here = cyclonedx("environment", sys.executable)
    installed = {part["purl"]: part for part in here["components"] if "purl" in part}
    listed = {part["purl"]: part for part in whole["components"]}
    for purl, part in listed.items():
        part["bom-ref"] = purl
        part["description"] = installed.get(purl, {}).get("description", part["name"])
        if licences := installed.get(purl, {}).get("licenses"):
            part["licenses"] = licences
    root = whole["metadata"]["component"]["bom-ref"]
    # References are those of one document; across the two, packages are known by their addresses.
    names = {part["bom-ref"]: purl for purl, part in installed.items() if purl in listed}
    names[here["metadata"]["component"]["bom-ref"]] = root
    needs = {
        names[entry["ref"]]: sorted({names[ref] for ref in entry.get("dependsOn", ()) if ref in names})
        for entry in here["dependencies"]
        if entry["ref"] in names
    }
    whole["components"] = [listed[purl] for purl in sorted(listed)]
    whole["dependencies"] = [
        {"ref": purl, **({"dependsOn": needs[purl]} if needs.get(purl) else {})}
        for purl in (root, *sorted(listed))
    ]
    return whole


def main(lock: Path, folder: Path) -> Path:
    """Write the bill and give its path."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{project['name']}-{project['version']}.cdx.json"
    path.write_text(json.dumps(bill(lock), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), Path(sys.argv[2])))
