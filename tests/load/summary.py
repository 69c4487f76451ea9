"""The table of docs/performance.md out of what Locust wrote: python -m tests.load.summary FOLDER."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

PARTS = ("capacity", "steady", "overload", "recovered")


def rows(folder: Path) -> list[str]:
    lines = [
        "| Part | Request | Requests | Failures | a second | p50 ms | p99 ms | longest ms |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for part in PARTS:
        with (folder / f"{part}_stats.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                name = row["Name"] if row["Name"] != "Aggregated" else "all"
                figures = (row["Request Count"], row["Failure Count"], f"{float(row['Requests/s']):.1f}")
                times = (row["50%"], row["99%"], f"{float(row['Max Response Time']):.0f}")
                lines.append(f"| {part} | {name} | {' | '.join((*figures, *times))} |")
    return lines


def thirds(folder: Path) -> list[str]:
    """The steady part in thirds: whether its late answers stay as late as they were."""
    with (folder / "steady_stats_history.csv").open(encoding="utf-8") as file:
        late = [
            float(row["99%"])
            for row in csv.DictReader(file)
            if row["Name"] == "Aggregated" and row["99%"] not in ("", "N/A")
        ]
    size = max(1, len(late) // 3)
    return [
        f"steady, third {number + 1}: p99 {sum(part) / len(part):.0f} ms"
        for number in range(3)
        if (part := late[number * size : (number + 1) * size])
    ]


def memory(folder: Path) -> str:
    """What the service took, minute by minute, from its warming up to the end."""
    taken = [float(line) for line in (folder / "memory.txt").read_text("utf-8").split()]
    return "MiB by the minute: " + ", ".join(f"{mib:.0f}" for mib in taken)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    print("\n".join((*rows(where), "", *thirds(where), memory(where))))
