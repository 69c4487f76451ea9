"""What the documents say is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from app.api.answers import ReviewOut
from app.api.problems import STATUS
from app.api.schemas import RawOptions, ReviewIn
from app.cli import configuring
from app.settings import Settings
from tests.conftest import Client

ROOT = Path(__file__).parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("manifests/*.md")])
LATER: set[str] = set()
"""Made by other steps of the build; a link to them may be ahead of them."""


def table(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table after a heading."""
    part = text[text.index(heading) :]
    rows = []
    for line in part[part.index("\n|") + 1 :].splitlines():
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows[2:]


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)\)", path.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            there = (path.parent / target).resolve()
            assert there.exists() or str(there.relative_to(ROOT.resolve())) in LATER, target


def test_the_tables_of_settings_are_those_that_are_made(tmp_path: Path) -> None:
    """Made again, README stays as it is: `tactline settings --write README.md`."""
    there = (ROOT / "README.md").read_text(encoding="utf-8")
    copy = tmp_path / "README.md"
    copy.write_text(there, encoding="utf-8")
    configuring.write(copy)
    assert copy.read_text(encoding="utf-8") == there
    listed = re.findall(r"^\| `(TACTLINE_[A-Z_]+)` \|", there, re.MULTILINE)
    assert sorted(listed) == sorted(configuring.name_of(name) for name in Settings.model_fields)
    for name, field in Settings.model_fields.items():
        # Told once more, apart from how the tables are made.
        [row] = [line for line in there.splitlines() if line.startswith(f"| `TACTLINE_{name.upper()}` |")]
        _, _, default, meaning, _ = re.split(r"(?<!\\)\|", row)
        assert field.description
        assert meaning.strip().startswith(field.description)
        unset = field.default in ((), None, "") or not str(field.default)
        assert default.strip("` ") == (
            "none" if unset else str(field.default).replace("True", "true").replace("False", "false")
        )


def test_the_wire_page_names_every_field() -> None:
    text = (ROOT / "docs/wire.md").read_text(encoding="utf-8")
    words = set(re.findall(r"[a-z_]+", text))
    assert set(ReviewOut.model_fields) <= words
    assert set(ReviewIn.model_fields) | set(RawOptions.model_fields) <= words


def test_the_wire_page_lists_every_problem() -> None:
    rows = table((ROOT / "docs/wire.md").read_text(encoding="utf-8"), "## Errors")
    listed = {
        (int(status), code)
        for row in rows
        for status, code in zip(
            (row[0].split(", ") * 4)[: len(row[1].split(", "))],
            re.findall(r"`([a-z-]+)`", row[1]),
            strict=True,
        )
    }
    assert listed == {(status, code) for code, status in STATUS.items()}


def test_the_map_names_every_part() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    parts = [p for p in (ROOT / "app").iterdir() if not p.name.startswith("_")]
    assert [
        p.name
        for p in parts
        if not re.search(rf"^  {re.escape(p.stem)}\b|  {re.escape(p.name)}\b", text, re.M)
    ] == []
    engine = [
        p.stem for p in (ROOT / "app/tone").iterdir() if p.suffix == ".py" and not p.stem.startswith("_")
    ]
    named = set(re.findall(r"`([a-z_]+)/?`", text)) | {"review", "types"}
    grouped = ("meaning_", "train_", "segment_")
    assert [name for name in engine if name not in named and not name.startswith(grouped)] == []


def test_the_readmes_curl_example_works(client: Client) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    command = re.search(r"^curl -s http.*?^}'", text, re.M | re.S)
    assert command
    words = shlex.split(command[0])
    body = words[words.index("-d") + 1]
    address = next(word for word in words if word.startswith("http"))
    answer = client.post(address, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    finding = answer.json()["findings"][0]
    assert f'"guideline": "{finding["guideline"]}", "start": {finding["start"]}' in text


def test_the_makefile_has_what_the_readme_promises() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    promised = re.findall(r"^make ([a-z]+) +#", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    assert {"run", "test"} <= set(promised) <= set(targets)
