"""What every figure depends on, and how they are taken."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """A line of a table: what was compared, what came out, and what is aimed at ("" for nothing)."""

    what: str
    figures: str
    ratio: str
    aim: str = ""

    def __str__(self) -> str:
        return f"| {self.what} | {self.figures} | {self.ratio} | {self.aim or '-'} |"


def table(rows: Sequence[Row]) -> str:
    return "\n".join(
        ("| What | Measured | Ratio or figure | Aim |", "| --- | --- | --- | --- |", *map(str, rows))
    )


def side_by_side(works: dict[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """The median seconds of each work, taken in turns, so that whatever else the machine does meets all."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(turns):
        names = list(works)
        for name in names if turn % 2 else reversed(names):
            begun = time.perf_counter()
            works[name]()
            spent[name].append(time.perf_counter() - begun)
    return {name: statistics.median(times) for name, times in spent.items()}


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def facts() -> str:
    """The machine in a sentence. Names nobody and no place."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory = next(
        (int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0
    )
    return (
        f"{os.cpu_count()} cores ({model}), {memory / 2**20:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}"
    )


def resident(process: int | str = "self") -> float:
    """MiB of memory that a process has of its own and shared (VmRSS)."""
    lines = _lines(f"/proc/{process}/status")
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
