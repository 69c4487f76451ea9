"""Settings that are files in a folder, as containers and systemd hand over secrets: which they are, and
whether they are fit to be secrets."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from app.errors import SettingsError

VARIABLES = ("CREDENTIALS_DIRECTORY", "TACTLINE_SETTINGS_DIR")
"""Which name a folder: systemd's (systemd.exec(5)) and ours, which counts before it."""
PREFIX = "tactline_"
# Docker mounts secrets here, readable by all of the container and not to be changed by anyone.
_DOCKERS = Path("/run/secrets")


def folders(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """The folders that are named; the last one counts first. Raises SettingsError for one that is none."""
    found = []
    for variable in VARIABLES:
        if environ.get(variable):
            folder = Path(environ[variable])
            try:
                is_folder = folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)
            except OSError:
                is_folder = False
            if not is_folder:
                raise SettingsError(f"{variable}: {folder} is not a folder that can be read.")
            found.append(folder)
    return found


def files(names: Iterable[str], environ: Mapping[str, str] = os.environ) -> dict[str, Path]:
    """The file of each setting (`names` of fields) that has one.

    Raises SettingsError naming the variable and the file, never what is in it: for a file that cannot be
    read, that leads out of its folder, or that others on this machine can read.
    """
    found: dict[str, Path] = {}
    known = set(names)
    for folder in folders(environ):
        for path in sorted(folder.iterdir()):
            name = path.name.lower().removeprefix(PREFIX)
            if path.name.lower().startswith(PREFIX) and name in known:
                _check(path, folder)
                found[name] = path
    return found


def _check(path: Path, folder: Path) -> None:
    variable = path.name.upper()
    try:
        real = path.resolve(strict=True)
        path.read_text(encoding="utf-8")
        exposed = os.name == "posix" and _by_others(real)
    except (OSError, RuntimeError, UnicodeError) as error:  # RuntimeError: links in a circle
        kind = type(error).__name__
        raise SettingsError(f"{variable}: the file {path} cannot be read as text ({kind}).") from None
    if folder.resolve() not in real.parents:
        raise SettingsError(f"{variable}: the file {path} is a link that leads out of its folder.")
    if exposed and not real.is_relative_to(_DOCKERS):
        raise SettingsError(
            f"{variable}: everybody on this machine can read {path}: chmod o-r, or its folder o-x."
        )


def _by_others(real: Path) -> bool:
    """Whether any user can read a file: it, and the way to it."""
    mode = real.stat().st_mode
    return bool(mode & stat.S_IROTH) and all(folder.stat().st_mode & stat.S_IXOTH for folder in real.parents)
