"""A Dockerfile as data, and the part of it that can be built without Docker.

Read is what ours uses of the format (Docker's reference, "Dockerfile reference"): comments, lines that go on
after a backslash, ARG before FROM, stages with names. Heredocs and parser directives are not.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

_MADE = re.compile(r"(?<![\w/.])(/opt/tactline|/src|/var/lib/tactline)(?![\w-])")
"""Paths that the Dockerfile makes. All others are the base image's."""


@dataclass(frozen=True)
class Step:
    """One instruction: its name in capitals, its flags, and what follows these."""

    name: str
    rest: str
    flags: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        return (
            [str(word) for word in json.loads(self.rest)] if self.rest.startswith("[") else self.rest.split()
        )


@dataclass(frozen=True)
class Stage:
    base: str
    name: str
    steps: tuple[Step, ...]

    def all(self, name: str) -> list[Step]:
        return [step for step in self.steps if step.name == name]


def steps(text: str) -> Iterator[Step]:
    """The instructions of a Dockerfile, in order."""
    plain = "\n".join(
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    )
    for line in re.sub(r"\s*\\\n\s*", " ", plain).splitlines():
        name, _, rest = line.partition(" ")
        flags = {}
        while found := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
            flags[found[1]] = found[2]
            rest = rest[found.end() :]
        yield Step(name.upper(), rest.strip(), flags)


def stages(text: str) -> list[Stage]:
    """Raises ValueError for instructions besides ARG that stand before the first FROM."""
    found: list[Stage] = []
    for step in steps(text):
        if step.name == "FROM":
            base, _, name = step.rest.partition(" AS ")
            found.append(Stage(base, name, ()))
        elif found:
            last = found.pop()
            found.append(Stage(last.base, last.name, (*last.steps, step)))
        elif step.name != "ARG":
            raise ValueError(step.name)
    return found


def let_in(context: Path) -> Callable[[Path], bool]:
    """Whether a file of the build's context gets to the build, by .dockerignore: the last line that fits
    decides, a folder's for all in it."""
    lines = [
        line.strip()
        for line in (context / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]

    def kept(path: Path) -> bool:
        relative = path.relative_to(context)
        names = [relative.as_posix(), *(p.as_posix() for p in relative.parents if p.as_posix() != ".")]
        verdict = True
        for line in lines:
            pattern = line.removeprefix("!")
            tail = pattern.removeprefix("**/")
            if any(
                fnmatch.fnmatchcase(name if tail == pattern else name.rpartition("/")[2], tail)
                and (tail != pattern or name.count("/") == pattern.count("/"))
                for name in names
            ):
                verdict = line.startswith("!")
        return verdict

    return kept


class Build:
    """Runs a stage in a folder that stands for `/`. Only the installation of locked packages is replaced:
    they are laid there as they are installed where the tests run, in the versions that the lock names."""

    def __init__(self, context: Path, root: Path) -> None:
        self.context = context
        self.root = root
        self.laid: dict[str, str] = {}
        self._workdir = root

    def at(self, path: str) -> Path:
        """Where a path of the image lies."""
        return self.root / path.lstrip("/") if path.startswith("/") else self._workdir / path

    def run(self, stage: Stage) -> None:
        """Raises CalledProcessError for a step that fails, ValueError for one that is not known here."""
        for step in stage.steps:
            if step.name == "WORKDIR":
                self._workdir = self.at(step.rest)
                self._workdir.mkdir(parents=True, exist_ok=True)
            elif step.name == "COPY" and not step.flags:
                self._copy(*step.words)
            elif step.name == "RUN" and "--require-hashes" in step.rest:
                self._lay(self._workdir / step.rest.split(" -r ")[1])
            elif step.name == "RUN":
                self.shell(step.rest)
            else:
                raise ValueError(step.name)

    def shell(self, command: str) -> None:
        """Run a command as the image's shell would, in the folder that stands for `/`."""
        here = _MADE.sub(lambda found: str(self.root) + found[1], command)
        environment = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(self.root),
            "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }  # fmt: skip
        subprocess.run(  # noqa: S603 - the Dockerfile's own words
            ["/bin/sh", "-ec", here], cwd=self._workdir, env=environment, check=True, timeout=600
        )

    def _copy(self, *words: str) -> None:
        *sources, target = words
        kept = let_in(self.context)
        for source in sources:
            there = self.context / source
            whole = there.is_dir()
            for path in sorted(there.rglob("*")) if whole else [there]:
                if path.is_file() and kept(path):
                    to = self.at(target) / (path.relative_to(there) if whole else path.name)
                    to.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(path, to)

    def _lay(self, lock: Path) -> None:
        packages = next((self.root / "opt/tactline/lib").glob("python3*")) / "site-packages"
        here = Path(sysconfig.get_path("purelib")).resolve()
        for line in lock.read_text(encoding="utf-8").splitlines():
            if line[:1].isalnum():
                asked = Requirement(line.removesuffix("\\"))
                if asked.marker is None or asked.marker.evaluate():
                    self.laid[asked.name] = str(asked.specifier).removeprefix("==")
                    _lay_one(asked.name, here, packages)


def _lay_one(name: str, here: Path, packages: Path) -> None:
    for file in distribution(name).files or ():
        path = here / file
        if path.suffix == ".pyc" or ".." in file.parts or not path.is_file():
            continue  # programs of other packages are nothing that the image runs
        to = packages / file
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, to)


def version_here(name: str) -> str:
    return distribution(name).version


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(
        (Path(place) / name).stat().st_size
        for place, _, names in os.walk(folder)
        for name in names
        if not (Path(place) / name).is_symlink()
    )
