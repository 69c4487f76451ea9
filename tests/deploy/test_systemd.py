"""The unit for a server without containers: valid, tight, and not too tight for what it starts."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import Settings, load

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "manifests/deploy/tactline.service"
TEXT = UNIT.read_text(encoding="utf-8")
ANALYZE = shutil.which("systemd-analyze")
EXPOSED = 1.5
"""The most that systemd may call it exposed, of ten; below 2 it says OK, which is its best word."""

needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="needs systemd-analyze")


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own arguments
        [ANALYZE or "", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@needs_systemd
def test_the_unit_is_valid(tmp_path: Path) -> None:
    """The program that it starts is not installed here: another stands for it."""
    copy = tmp_path / "tactline.service"
    copy.write_text(TEXT.replace("/opt/tactline/bin/tactline", sys.executable), encoding="utf-8")
    done = analyze("verify", "--man=no", str(copy))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    copy.write_text(
        copy.read_text(encoding="utf-8").replace("RestrictRealtime=yes", "RestrictRealtime=perhaps"),
        encoding="utf-8",
    )
    assert "Failed to parse boolean value" in analyze("verify", "--man=no", str(copy)).stderr


def exposure(unit: Path) -> float:
    """How exposed systemd calls a service, from 0 to 10."""
    done = analyze("security", "--offline=true", str(unit))
    found = re.search(rf"Overall exposure level for {unit.name}: ([\d.]+)", done.stdout)
    assert found, done.stderr
    return float(found[1])


@needs_systemd
def test_the_unit_is_tight(tmp_path: Path) -> None:
    assert exposure(UNIT) <= EXPOSED
    loose = tmp_path / UNIT.name
    loose.write_text(TEXT.replace("SystemCallFilter=", "#"), encoding="utf-8")
    assert exposure(loose) > EXPOSED


def test_the_settings_of_the_unit_are_found_as_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd.exec(5), LoadCredential: of a folder, each file is ID_NAME."""
    found = re.search(r"^LoadCredential=(\w+):/etc/tactline/secrets$", TEXT, re.MULTILINE)
    assert found
    for name in ("api_keys", "secrets"):
        assert name in Settings.model_fields
        (tmp_path / f"{found[1]}_{name}").write_text("x" * 40 + "\n", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert [key.get_secret_value() for key in load().api_keys] == ["x" * 40]
    assert [secret.get_secret_value() for secret in load().secrets] == ["x" * 40]


def test_reviews_need_no_memory_that_is_written_and_run() -> None:
    """MemoryDenyWriteExecute, as the kernel knows it (prctl(2), PR_SET_MDWE, Linux 6.3)."""
    assert "\nMemoryDenyWriteExecute=yes\n" in TEXT
    if ctypes.CDLL(None).prctl(66, 0, 0, 0, 0) < 0:
        pytest.skip("needs Linux 6.3")
    code = (
        "import ctypes, mmap\n"
        "assert ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == 0\n"
        "try: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)\n"
        "except PermissionError: pass\n"
        "else: raise SystemExit('the control failed')\n"
        "from app.cli import app\n"
        "app(['review', '-'])\n"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], input="As I already told you, it is your fault that we are late!",
        cwd=ROOT, env={**os.environ, "LC_ALL": "C.UTF-8"}, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    assert "As I already told you" in done.stdout
