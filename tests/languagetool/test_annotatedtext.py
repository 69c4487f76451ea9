"""What editors' libraries make of HTML and Markdown is read as they mean it.

`annotated.json` holds what annotatedtext-rehype 1.0.12 and annotatedtext-remark 0.8.0 made of its sources;
`annotated.mjs` makes it again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.languagetool import annotation
from tests.languagetool.conftest import Door
from tests.languagetool.test_matches import cut
from tests.node import MODULES, node

HERE = Path(__file__).parent
SAMPLES: list[dict[str, Any]] = json.loads((HERE / "annotated.json").read_text(encoding="utf-8"))
FAULTS = [
    "You <b>never</b> sent us the logo",
    "Vous ne nous avez **jamais** envoyé le [logo",
    "كان الأولى بكم أن <i>تقرؤوا</i> شروط الاشتراك قبل الدفع",
    "Ekteki notu *okusaydınız* bu soruyu sormazdınız",
]


@pytest.mark.parametrize(
    ("sample", "fault"), [*zip(SAMPLES, FAULTS, strict=True)], ids=["en", "fr", "ar", "tr"]
)
def test_a_fault_is_marked_in_the_source(door: Door, sample: dict[str, Any], fault: str) -> None:
    data = json.dumps(sample["data"])
    assert annotation.read(data).whole == sample["source"]
    answer = door.check(data=data, language="auto").json()
    seen = {match["rule"]["id"]: cut(sample["source"], match) for match in answer["matches"]}
    assert seen["BLAMING_THE_CLIENT"] == fault
    # Half a link is not taken away.
    offered = next(m for m in answer["matches"] if m["rule"]["id"] == "BLAMING_THE_CLIENT")["replacements"]
    assert bool(offered) == (not fault.endswith("[logo"))


@pytest.mark.npm
def test_the_samples_are_what_the_libraries_make() -> None:
    sources = json.dumps([{"kind": s["kind"], "source": s["source"]} for s in SAMPLES])
    done = node(str(HERE / "annotated.mjs"), str(MODULES), cwd=HERE, input=sources)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == SAMPLES
