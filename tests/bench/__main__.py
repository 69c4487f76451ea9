"""`make bench`: all figures of docs/performance.md, each side by side in this one run.

Usage: python -m tests.bench [--write docs/performance.md] [engine] [service]
"""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

from tests.bench import machine

PARTS = ("engine", "service")


def measured(part: str) -> str:
    from tests.bench import reviewing, serving

    rows = reviewing.rows() if part == "engine" else serving.rows()
    today = dt.datetime.now(dt.UTC).date()
    return f"{machine.facts()}, {today}.\n\n{machine.table(rows)}\n"


def put(page: str, part: str, figures: str) -> str:
    """The page with these figures between the part's marks. Raises ValueError where they are not."""
    start, end = f"<!-- {part} -->\n", f"<!-- /{part} -->"
    before, found, rest = page.partition(start)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"no place for {part}")
    return f"{before}{start}{figures}{end}{after}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    for part in chosen.parts or PARTS:
        figures = measured(part)
        print(figures, flush=True)
        if chosen.write is not None:
            path: Path = chosen.write
            path.write_text(put(path.read_text("utf-8"), part, figures), "utf-8")


if __name__ == "__main__":
    main()
