"""Take out of an environment what Tactline does not need in order to run. The image's build calls it:
`ENVIRONMENT/bin/python prune.py ENVIRONMENT`.

Out go distributions that nothing in force requires (pip, the tools of the build), Google's API descriptions
but for the two that are read, and the tests and C sources that packages bring along.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

EXTRAS = ("postgresql", "redis", "traces")
DOCUMENTS = {"gmail.v1.json", "calendar.v3.json"}
"""What `googleapiclient.discovery.build` is asked for in app/gmail and app/holds."""
FOLDERS = {"test", "tests", "include"}
KINDS = {".a", ".c", ".cpp", ".h", ".hpp", ".pxd", ".pxi", ".pyi", ".pyx"}
"""What compilers and type checkers read."""
KEPT_TESTS = {"numpy/_core/tests"}
"""Imported by `numpy.testing`, which SciPy imports."""


def needed(name: str, extras: tuple[str, ...]) -> set[str]:
    """The distribution with these extras, and all that it requires on this machine, by their plain names."""
    found: set[str] = set()
    seen: set[tuple[str, tuple[str, ...]]] = set()
    ahead = [(canonicalize_name(name), extras)]
    while ahead:
        current, wanted = ahead.pop()
        if (current, wanted) in seen:
            continue
        seen.add((current, wanted))
        found.add(current)
        for line in distribution(current).requires or ():
            asked = Requirement(line)
            applies = asked.marker is None or any(
                asked.marker.evaluate({"extra": extra}) for extra in ("", *wanted)
            )
            if applies:
                ahead.append((canonicalize_name(asked.name), tuple(sorted(asked.extras))))
    return found


def remove(installed: Distribution, environment: Path) -> None:
    """Delete a distribution's files, and the folders that are empty then."""
    folders: set[Path] = set()
    for file in installed.files or ():
        path = Path(str(installed.locate_file(file))).resolve()
        if path.is_relative_to(environment):
            path.unlink(missing_ok=True)
            folders.update(folder for folder in path.parents if folder.is_relative_to(environment))
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        shutil.rmtree(folder / "__pycache__", ignore_errors=True)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def superfluous(packages: Path) -> Iterator[Path]:
    """What packages bring along and nothing reads."""
    documents = packages / "googleapiclient" / "discovery_cache" / "documents"
    yield from (path for path in documents.iterdir() if path.name not in DOCUMENTS)
    for path in packages.rglob("*"):
        own = path.relative_to(packages).parts[0] == "app"
        if path.is_dir():
            if not own and path.name in FOLDERS and path.relative_to(packages).as_posix() not in KEPT_TESTS:
                yield path
        elif path.suffix in KINDS:
            yield path


def main(environment: Path) -> None:
    """Raises SystemExit for any environment but the one that runs this: what is deleted is gone."""
    environment = environment.resolve()
    if Path(sys.prefix).resolve() != environment or sys.prefix == sys.base_prefix:
        sys.exit("prune.py: run it by the Python of the environment that it is given")
    keep = needed("tactline", EXTRAS)
    for installed in list(distributions()):
        if canonicalize_name(installed.name) not in keep:
            remove(installed, environment)
    for path in list(superfluous(Path(sysconfig.get_path("purelib")))):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
