"""What can be said of the Dockerfile without building it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import typer.main

from app.cli import app as command_line
from app.settings import Settings
from tests.deploy.dockerfile import Stage, let_in, stages, steps

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SECRET = re.compile(r"KEY|SECRET|TOKEN|PASSWORD|_URL\b|CREDENTIAL", re.IGNORECASE)


def _two_stages(found: list[Stage]) -> bool:
    return len(found) == 2 and len({stage.base for stage in found}) == 1


def _base_is_an_argument(found: list[Stage]) -> bool:
    return all(stage.base == "${PYTHON_IMAGE}" for stage in found)


def _user_is_a_number_and_not_root(found: list[Stage]) -> bool:
    users = [step.rest for step in found[-1].all("USER")]
    return len(users) == 1 and re.fullmatch(r"[1-9]\d{4,}:[1-9]\d{4,}", users[0]) is not None


def _nothing_runs_after_the_user(found: list[Stage]) -> bool:
    names = [step.name for step in found[-1].steps]
    return "USER" in names and not {"RUN", "COPY"} & set(names[names.index("USER") :])


def _no_secret_in_the_environment(found: list[Stage]) -> bool:
    named = [step.rest for stage in found for name in ("ENV", "ARG") for step in stage.all(name)]
    return not SECRET.search(" ".join(named))


def _what_runs_is_a_list(found: list[Stage]) -> bool:
    last = found[-1]
    commands = [*last.all("CMD"), *last.all("ENTRYPOINT")]
    checks = [step.rest.removeprefix("CMD ") for step in last.all("HEALTHCHECK")]
    return len(commands) == 2 and len(checks) == 1 and all(
        text.startswith("[") for text in (*checks, *(step.rest for step in commands))
    )  # fmt: skip


def _packages_are_hashed_wheels(found: list[Stage]) -> bool:
    installs = [s.rest for stage in found for s in stage.all("RUN") if "pip install" in s.rest]
    hashed = [rest for rest in installs if "--require-hashes" in rest and "--only-binary :all:" in rest]
    own = [rest for rest in installs if "--no-deps" in rest and "--no-build-isolation" in rest]
    return len(hashed) == 1 and len(own) == 1 and len(installs) == 2


def _nothing_is_added_from_elsewhere(found: list[Stage]) -> bool:
    return not any(
        step.name == "ADD" or re.search(r"\b(curl|wget|apt-get|git)\b", step.rest)
        for stage in found
        for step in stage.steps
        if step.name in ("ADD", "RUN")
    )


def _only_the_environment_comes_over(found: list[Stage]) -> bool:
    return [(step.flags, step.rest) for step in found[-1].all("COPY")] == [
        ({"from": "build"}, "/opt/tactline /opt/tactline")
    ]


def _stops_politely(found: list[Stage]) -> bool:
    return [step.rest for step in found[-1].all("STOPSIGNAL")] == ["SIGTERM"]


RULES: dict[Callable[[list[Stage]], bool], tuple[str, str]] = {
    _two_stages: ("FROM ${PYTHON_IMAGE} AS build", "FROM python:3.12 AS build"),
    _base_is_an_argument: ("FROM ${PYTHON_IMAGE}\n", "FROM python:latest\n"),
    _user_is_a_number_and_not_root: ("USER 10001:10001", "USER tactline"),
    _nothing_runs_after_the_user: ("USER 10001:10001", "USER 10001:10001\nRUN rm -rf /tmp"),
    _no_secret_in_the_environment: ("TACTLINE_LOG_FORMAT=json", "TACTLINE_API_KEYS=0123456789abcdef"),
    _what_runs_is_a_list: ('CMD ["serve"]', "CMD serve"),
    _packages_are_hashed_wheels: ("--require-hashes ", ""),
    _nothing_is_added_from_elsewhere: ("COPY app ./app", "ADD https://example.com/app.tar.gz ./app"),
    _only_the_environment_comes_over: ("COPY --from=build /opt/tactline", "COPY --from=build / /src\nCOPY"),
    _stops_politely: ("STOPSIGNAL SIGTERM", "STOPSIGNAL SIGKILL"),
}
"""Every rule, and a change of the Dockerfile that it must notice."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__.strip("_"))
def test_the_rules_hold_and_would_notice(rule: Callable[[list[Stage]], bool]) -> None:
    assert rule(stages(TEXT))
    before, after = RULES[rule]
    assert before in TEXT
    assert not rule(stages(TEXT.replace(before, after)))


def test_all_that_is_copied_is_there_and_let_in() -> None:
    kept = let_in(ROOT)
    for step in stages(TEXT)[0].all("COPY"):
        for source in step.words[:-1]:
            there = ROOT / source
            files = [p for p in there.rglob("*") if p.is_file()] if there.is_dir() else [there]
            assert any(kept(path) for path in files), source


def test_nothing_else_is_let_into_the_build() -> None:
    kept = let_in(ROOT)
    for name in (
        ".env", ".git/config", "dist/x.whl", "tests/conftest.py", "docs/wire.md", "app/__pycache__/main.pyc",
        "app/x.pyc", "manifests/icons/draw.py", "manifests/deploy/compose.yaml", "requirements-dev.lock",
        ".venv/bin/python", "secrets/tactline_secrets",
    ):  # fmt: skip
        assert not kept(ROOT / name), name
    for name in ("app/main.py", "app/tone/model/x.onnx", "manifests/gmail/deployment.json", "pyproject.toml"):
        assert kept(ROOT / name), name


def test_the_image_says_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    labels = dict(re.findall(r'org\.opencontainers\.image\.([a-z]+)="([^"]*)"', TEXT))
    assert labels["version"] == project["version"]
    assert labels["licenses"] == project["license"]
    assert {"title", "description"} <= set(labels)


def test_the_settings_of_the_image_exist() -> None:
    named = set(re.findall(r"TACTLINE_[A-Z_]+", TEXT))
    assert named
    assert {name.removeprefix("TACTLINE_").lower() for name in named} <= set(Settings.model_fields)


def test_the_programs_that_the_image_runs_exist() -> None:
    names = set(typer.main.get_command(command_line).commands)  # type: ignore[attr-defined]
    last = stages(TEXT)[-1]
    assert [step.words for step in last.all("ENTRYPOINT")] == [["tactline"]]
    for step in (*last.all("CMD"), *last.all("HEALTHCHECK")):
        assert step.rest.removeprefix("CMD ").strip('[]"').split('", "')[-1] in names


def test_instructions_are_read_as_docker_reads_them() -> None:
    text = (
        "# FROM x\nARG A=b\nFROM ${A} AS one\nRUN a \\\n    && b\n"
        'COPY --from=one --chown=1:2 /a /b\nCMD ["c", "d e"]\n'
    )
    argument, begin, run, copy, command = steps(text)
    assert (argument.name, begin.rest) == ("ARG", "${A} AS one")
    assert run.rest == "a && b"
    assert copy.flags == {"from": "one", "chown": "1:2"}
    assert command.words == ["c", "d e"]
    assert [stage.name for stage in stages(text)] == ["one"]
    with pytest.raises(ValueError, match="RUN"):
        stages("RUN x\nFROM y")
