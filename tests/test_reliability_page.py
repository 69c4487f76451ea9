"""docs/reliability.md is kept true: each row is whole, its tests exist, and every fault's test has a row."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import FAULTS, ROOT

PAGE = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "tests/" in line]


def ids_of(path: Path) -> set[str]:
    """The ids of a file's tests, without parameters."""
    name = path.relative_to(ROOT).as_posix()
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        within = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        found |= {
            f"{name}::{within}{one.name}"
            for one in inner
            if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")
        }
    return found


def test_every_row_is_whole_and_names_tests() -> None:
    assert len(ROWS) >= 20
    for row in ROWS:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 4, row
        assert all(cells), row
        assert re.fullmatch(r"(`tests/[\w/]+\.py(::\w+)+`(, )?)+", cells[3]), row


@pytest.mark.parametrize("named", sorted(FAULTS))
def test_every_test_that_is_named_exists(named: str) -> None:
    path = ROOT / named.partition("::")[0]
    assert path.is_file()
    assert named in ids_of(path)


def test_every_test_of_a_fault_has_its_row() -> None:
    written = set().union(*(ids_of(path) for path in (ROOT / "tests/faults").glob("test_*.py")))
    assert written
    assert written - FAULTS == set()


def test_what_is_named_bears_the_marker(request: pytest.FixtureRequest) -> None:
    """`pytest -m faults` runs the rows and nothing else."""
    for item in request.session.items:
        named = item.nodeid.partition("[")[0] in FAULTS
        assert (item.get_closest_marker("faults") is not None) == named, item.nodeid
