"""The real clients against a real service, each in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

TEXT = "Dear Ann 👍👍,\n\nYou never sent us the logo. The rest is ready.\n\nBest regards,\nJo"
FAULT = "You never sent us the logo"
pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def needs(module: str) -> pytest.MarkDecorator:
    """Skips where a client is not installed, unless TACTLINE_REQUIRE_CLIENTS is set."""
    here = find_spec(module) is not None or bool(os.environ.get("TACTLINE_REQUIRE_CLIENTS"))
    return pytest.mark.skipif(not here, reason=f"needs {module} (requirements-dev.lock)")


def run(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, *arguments],
        input=given, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
        env=kept | {"PYTHONIOENCODING": "utf-8", "NO_PROXY": "127.0.0.1"},
    )  # fmt: skip


TOOL = """
import json, sys
import language_tool_python as client
asked = json.load(sys.stdin)
tool = client.LanguageTool(asked["language"], remote_server=asked["address"])
for name, value in asked["set"].items():
    setattr(tool, name, set(value) if isinstance(value, list) else value)
try:
    found = tool.check(asked["text"])
except client.exceptions.LanguageToolError as error:
    print(json.dumps({"error": str(error), "kind": type(error).__name__}))
else:
    print(json.dumps({
        "language": str(tool.language),
        "corrected": client.utils.correct(asked["text"], found),
        "matches": [[m.rule_id, m.offset, m.error_length, m.message, m.replacements, m.category,
                     m.rule_issue_type, m.sentence, m.context] for m in found],
    }))
tool.close()
"""


def tool(address: str, text: str = TEXT, language: str = "en-US", **chosen: Any) -> dict[str, Any]:
    asked = {"address": address, "text": text, "language": language, "set": chosen}
    done = run("-c", TOOL, given=json.dumps(asked))
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


@needs("language_tool_python")
def test_language_tool_python(address: str) -> None:
    found = tool(address)
    first = found["matches"][0]
    # This client counts code points, and turns the offsets into them.
    start = TEXT.index(FAULT)
    assert first[:3] == ["BLAMING_THE_CLIENT", start, len(FAULT)]
    assert first[5:8] == ["EMPATHY", "style", f"{FAULT}."]
    assert found["corrected"] == TEXT.replace(FAULT, first[4][0])


@needs("language_tool_python")
def test_language_tool_python_chooses_rules_and_languages(address: str) -> None:
    assert tool(address, disabled_rules=["BLAMING_THE_CLIENT"])["matches"] == []
    only = tool(address, enabled_rules=["BLAMING_THE_CLIENT"], enabled_rules_only=True)["matches"]
    assert [match[0] for match in only] == ["BLAMING_THE_CLIENT"]
    assert tool(address, disabled_categories=["EMPATHY"])["matches"] == []
    late = "Dear Ann,\n\nThe layout is late because our server crashed and the files were lost.\n\nJo"
    assert "OFFER_TO_TALK" in {match[0] for match in tool(address, late, picky=True)["matches"]}
    assert "OFFER_TO_TALK" not in {match[0] for match in tool(address, late)["matches"]}
    # A region that is not listed falls back to its language.
    turkish = tool(address, "Ekteki notu okusaydınız bu soruyu sormazdınız.", "tr-TR")
    assert turkish["language"] == "tr"
    assert turkish["matches"][0][0] == "BLAMING_THE_CLIENT"
    assert tool(address, mother_tongue="fr")["matches"][0][3] != tool(address)["matches"][0][3]


@needs("language_tool_python")
def test_language_tool_python_reports_a_refusal(address: str) -> None:
    found = tool(address, "x" * 200_000)
    assert found["kind"] == "LanguageToolError"
    assert re.match(r"Error: Your text exceeds the limit of \d+ characters", found["error"])


def cli(address: str, path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # It imports a part of setuptools for its --version, which is not installed everywhere and warns.
    code = "import sys, types; sys.modules['pkg_resources'] = types.ModuleType('pkg_resources'); "
    code += "from pylanguagetool.cli import main; main()"
    return run("-c", code, "-a", f"{address}/v2/", "--no-color", *arguments, str(path))


@needs("pylanguagetool")
def test_pylanguagetool(address: str, tmp_path: Path) -> None:
    mail = tmp_path / "mail.txt"
    mail.write_text(TEXT, encoding="utf-8")
    done = cli(address, mail, "--rules", "--rule-categories", "--explain-rule")
    assert done.returncode == 1, done.stderr
    assert "English (US) detected (100% confidence)" in done.stdout
    assert "BLAMING_THE_CLIENT: Blaming the client" in done.stdout
    assert "EMPATHY: Empathy" in done.stdout
    assert f"{address}/guidelines/blaming-the-client?lang=en" in done.stdout
    assert re.search(r"Text checked by .* \(Tactline [\w.]+\)", done.stdout)
    calm = cli(address, mail, "--disabled-rules", "BLAMING_THE_CLIENT")
    assert calm.returncode == 0, calm.stderr


@needs("pylanguagetool")
def test_pylanguagetool_reports_a_refusal(address: str, tmp_path: Path) -> None:
    mail = tmp_path / "mail.txt"
    mail.write_text(TEXT, encoding="utf-8")
    done = cli(address, mail, "--lang", "de-DE")
    assert done.returncode != 0
    assert "ValueError: Error: 'language' is not a language code known here" in done.stderr
