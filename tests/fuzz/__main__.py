"""python -m tests.fuzz [--target NAME] [--seconds N] [--seed S] [--out FOLDER] [--log FILE] [--plain]

Fuzzes one target, or all of them in turn, each in a process of its own. The seconds are those of all.
Exits with 1 when an input failed; it lies in the folder, with the seed and the traceback beside it.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

NAMES = (
    "mail", "gmail-message", "html", "text", "dates", "review", "cards", "token", "key", "api", "check",
    "gmail-event", "pattern", "house", "house-api",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--target", choices=NAMES, action="append", help="may be given again; default: all")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("fuzz-failures"))
    parser.add_argument("--log", type=Path, help="a line of JSON a minute goes there")
    parser.add_argument("--plain", action="store_true", help="without atheris, also where it is installed")
    asked = parser.parse_args()
    os.environ["TACTLINE_DATABASE_URL"] = "sqlite://"
    names = asked.target or list(NAMES)
    if len(names) == 1:
        return _one(names[0], asked)
    left = [sys.executable, "-m", "tests.fuzz", "--seed", str(asked.seed), "--out", str(asked.out)]
    left += ["--seconds", str(asked.seconds / len(names))]
    left += [*(["--log", str(asked.log)] if asked.log else []), *(["--plain"] if asked.plain else [])]
    codes = [subprocess.run([*left, "--target", name], check=False).returncode for name in names]  # noqa: S603 - ourselves
    return 1 if any(codes) else 0


def _one(name: str, asked: argparse.Namespace) -> int:
    from tests.fuzz.driver import Report, guided, plainly

    report = Report(name, asked.seed, asked.out, asked.log)
    if not asked.plain and importlib.util.find_spec("atheris"):
        guided(name, report, asked.seconds, asked.out / "pool" / name)
    else:
        from tests.fuzz import served

        try:
            plainly(name, report, seconds=asked.seconds)
        finally:
            served.stop()
        report.tell(done=True)
    print(report.line(done=True))
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
