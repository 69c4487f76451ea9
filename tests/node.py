"""Node and the packages of tests/npm: TypeScript's compiler and the vendors' own types and libraries.

Nothing of it is needed to build or to run the service. `npm ci --prefix tests/npm` installs them; tests
that need them bear the marker `npm` and are skipped without them, unless TACTLINE_REQUIRE_NPM is set.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "npm"
MODULES = FOLDER / "node_modules"
INSTALL = "npm ci --prefix tests/npm --ignore-scripts"


def packages(folder: Path = FOLDER) -> dict[str, str]:
    """The packages that tests use, with their versions, as tests/npm/package.json has them."""
    listed = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    return {str(name): str(version) for name, version in listed["devDependencies"].items()}


def missing(folder: Path = FOLDER) -> str:
    """What is not there of all that the marker `npm` stands for, in words; "" when nothing is missing."""
    if shutil.which("node") is None:
        return "node is not installed (bash .ci/packages installs it)"
    for name, version in packages(folder).items():
        try:
            found = json.loads((folder / "node_modules" / name / "package.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return f"{name} is not installed ({INSTALL})"
        if found["version"] != version:
            return f"{name} {found['version']} is installed, {version} is wanted ({INSTALL})"
    return ""


def node(*arguments: str, cwd: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Node with these arguments. Its environment is the machine's, without what would change its way."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR", "LANG")}
    return subprocess.run(  # noqa: S603 - our own arguments
        [shutil.which("node") or "node", *arguments],
        cwd=cwd,
        env=kept,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        **options,
    )


def type_errors(folder: Path, files: Iterable[str], **options: Any) -> list[str]:
    """What TypeScript's compiler says of files in a folder, strictly, one line each.

    `options` are compilerOptions besides; the packages of tests/npm can be named in types. Writes a
    tsconfig.json into the folder.
    """
    config = {
        "compilerOptions": {
            "strict": True,
            "allowJs": True,
            "checkJs": True,
            "noEmit": True,
            "skipLibCheck": True,
            "preserveSymlinks": True,
            "module": "ESNext",
            "moduleResolution": "Bundler",
            "target": "ES2022",
            "lib": ["ES2022", "DOM", "DOM.Iterable"],
            "typeRoots": [str(MODULES / "@types")],
            "types": [],
            **options,
            # The later entry serves what only the packages have.
            "paths": {**options.get("paths", {}), "*": [f"{MODULES}/*"]},
        },
        "files": list(files),
    }
    if not config["files"]:
        raise ValueError("no files to check")
    (folder / "tsconfig.json").write_text(json.dumps(config), encoding="utf-8")
    done = node(str(MODULES / "typescript" / "bin" / "tsc"), "-p", "tsconfig.json", cwd=folder)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    if done.returncode != 0 and not said:
        return [f"tsc ended with {done.returncode}"]
    return said
