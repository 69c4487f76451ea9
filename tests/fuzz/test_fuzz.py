"""Every kept input through its target, and a few damaged ones, the same each time."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.tone.review import Engine
from tests.fuzz import leaks, served, summary
from tests.fuzz.__main__ import NAMES
from tests.fuzz.driver import CORPUS, Hang, Report, kept, plainly, tried
from tests.fuzz.mutation import LONGEST, mutated
from tests.fuzz.targets import TARGETS, Target

DAMAGED, DAMAGED_SLOW = 40, 4
INPUTS = [
    (name, path) for name, target in TARGETS.items() for path in sorted((CORPUS / target.seeds).iterdir())
]


@pytest.fixture(scope="module", autouse=True)
def _one_engine(engine: Engine) -> Iterator[None]:
    served.use(engine)
    yield
    served.stop()


@pytest.mark.parametrize(("name", "path"), INPUTS, ids=[f"{name}-{path.name}" for name, path in INPUTS])
def test_kept_input(name: str, path: Path) -> None:
    with leaks.watched():
        TARGETS[name].run(path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_inputs(name: str, tmp_path: Path) -> None:
    slow = TARGETS[name].slow
    report = Report(name, 20261128, tmp_path)
    plainly(name, report, inputs=len(kept(TARGETS[name].seeds)) + (DAMAGED_SLOW if slow else DAMAGED))
    told = [path.read_text(encoding="utf-8") for path in tmp_path.glob("*.txt")]
    # A busy machine is slow, which the long runs tell apart from a hang.
    assert not [words for words in told if Hang.__name__ not in words]


def test_the_command_names_the_targets() -> None:
    assert tuple(TARGETS) == NAMES


def test_inputs_are_few_and_each_folder_is_used() -> None:
    assert {path.name for path in CORPUS.iterdir()} == {target.seeds for target in TARGETS.values()}
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < 300 * 1024


def test_damage_is_the_same_for_a_seed_and_bounded() -> None:
    pool = kept("api")
    made = [[mutated(pool[0], random.Random(n), pool) for n in range(50)] for _ in range(2)]
    assert made[0] == made[1]
    assert len(set(made[0])) > 40
    assert max(map(len, made[0])) <= LONGEST


# What the driver finds: a fuzzer that finds nothing anywhere would pass all of the above.


def _crash(data: bytes) -> str:
    raise ValueError("no")


def _tells(data: bytes) -> str:
    logging.getLogger("app.somewhere").warning("read %s", data.decode())
    return ""


def _library(data: bytes) -> str:
    logging.getLogger("library").warning("read %s", data.decode())
    return ""


@pytest.mark.parametrize(
    ("run", "name"), [(_crash, "ValueError"), (_tells, "Leak"), (_library, "")], ids=["crash", "leak", "none"]
)
def test_a_failure_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, run: object, name: str) -> None:
    assert callable(run)
    monkeypatch.setitem(TARGETS, "text", Target(run, "text"))
    data = f"Hi {leaks.CANARY}".encode()
    report = Report("text", 7, tmp_path / "out", tmp_path / "log.jsonl")
    tried("text", data, report)
    tried("text", data, report)
    report.tell(done=True)
    assert report.failures == (2 if name else 0)
    found = sorted((tmp_path / "out").glob("*")) if name else []
    assert len(found) == (2 if name else 0)
    if found:
        assert found[0].name.startswith(f"text-{name}-")
        assert found[0].read_bytes() == data
        assert found[1].read_text().startswith("seed 7\n")
    assert json.loads((tmp_path / "log.jsonl").read_text())["inputs"] == 2


def test_a_hang_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(data: bytes) -> str:
        while data:
            pass
        return ""

    monkeypatch.setitem(TARGETS, "text", Target(endless, "text", most=0.002))
    report = Report("text", 7)
    tried("text", b"a", report)
    assert report.failures == 1


def test_words_in_a_problem_document_are_a_leak() -> None:
    with pytest.raises(leaks.Leak):
        leaks.refuse(f'{{"detail": "{leaks.CANARY.upper()}"}}', "a problem document")


def test_the_table_takes_the_last_line_of_each_run(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    lines = [("mail", 1, 10), ("mail", 1, 1_200), ("mail", 2, 30), ("html", 1, 5)]
    for target, seed, inputs in lines:
        line = {"target": target, "seed": seed, "inputs": inputs, "seconds": 2.4, "failures": 0}
        with log.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")
    assert summary.table(summary.read([log])).splitlines()[2:] == [
        "| `html` | 5 | 2 | 0 |", "| `mail` | 1,230 | 5 | 0 |", "| all | 1,235 | 7 | 0 |",
    ]  # fmt: skip
