"""Files that are written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Where to write what takes the place of `path` when the block ends well. Raises OSError."""
    aside = path.with_name(f"{path.name}.new")
    yield aside
    aside.replace(path)
