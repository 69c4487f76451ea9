"""The examples of the documentation run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAILS = 100  # so many that both processes get some


def test_reviews_over_a_cluster(tmp_path: Path) -> None:
    """On a cluster of this machine alone, with two processes that review."""
    pytest.importorskip("ray")  # publishes no build for the newest Pythons at first
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    texts = ["As I already told you, the plan is late.", "The plan is attached."]
    mails = [
        {"direction": "outgoing", "text": f"Hello Anna,\n\n{texts[n % 2]} It is number {n}.\n\nTom"}
        for n in range(MAILS)
    ]
    source.write_text("".join(json.dumps(mail) + "\n" for mail in mails), encoding="utf-8")
    # Ray's sockets need a short path.
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:
        settings = {
            "RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": folder, "RAY_DISABLE_IMPORT_WARNING": "1",
            "RAY_DEDUP_LOGS": "0", "PYTHONPATH": str(ROOT), "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
            "HOME": folder,  # it keeps its cluster's token there
        }  # fmt: skip
        done = subprocess.run(  # noqa: S603 - our own example
            [sys.executable, ROOT / "docs/examples/ray_reviews.py", source, target, "2"], timeout=900,
            env={**os.environ, **settings}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [bool(row["findings"]) for row in rows] == [n % 2 == 0 for n in range(MAILS)]
    assert len({row["machine_process"] for row in rows}) == 2
