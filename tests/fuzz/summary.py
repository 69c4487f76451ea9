"""python -m tests.fuzz.summary FILE...: the table of docs/fuzzing.md from the lines of runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def table(lines: list[dict[str, Any]]) -> str:
    """A row for each target, of the last line of each of its runs; and the sum."""
    last = {(str(line["log"]), str(line["target"]), int(line["seed"])): line for line in lines}
    out = ["| target | inputs | seconds | failures |", "|---|---:|---:|---:|"]
    sums = {"inputs": 0.0, "seconds": 0.0, "failures": 0.0}
    for name in sorted({target for _, target, _ in last}):
        found = [line for (_, target, _), line in last.items() if target == name]
        row = {key: sum(float(line[key]) for line in found) for key in sums}
        sums = {key: sums[key] + row[key] for key in sums}
        out.append(_row(f"`{name}`", row))
    return "\n".join([*out, _row("all", sums)])


def _row(name: str, values: dict[str, float]) -> str:
    return f"| {name} | {values['inputs']:,.0f} | {values['seconds']:,.0f} | {values['failures']:,.0f} |"


def read(paths: list[Path]) -> list[dict[str, Any]]:
    return [
        {**json.loads(line), "log": path.name}
        for path in paths
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


if __name__ == "__main__":
    print(table(read([Path(name) for name in sys.argv[1:]])))
