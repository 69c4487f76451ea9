"""The Compose file: hardened, complete, and its settings are such that the service starts with them.

There is no Docker engine where the tests run. The file was checked against the schema of the Compose
Specification by hand; here its own rules are, and its settings with a real PostgreSQL and Redis.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from app.settings import Settings
from tests.acceptance.workers import STARTING, free_port
from tests.deploy.dockerfile import stages

ROOT = Path(__file__).parents[2]
FILE = ROOT / "manifests/deploy/compose.yaml"
TEXT = FILE.read_text(encoding="utf-8")
WHOLE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = WHOLE["services"]
OURS = ("tactline", "migrate")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["pids_limit"] <= 256
    assert not {"privileged", "cap_add", "devices", "network_mode", "pid", "ipc"} & set(service)
    if name not in OURS:  # the image of ours says so itself
        assert not service["user"].startswith("0")
    checked = service.get("healthcheck", {})
    assert checked.get("test") or name == "tactline" or checked == {"disable": True}


def test_only_tactline_is_reached_from_outside_and_only_on_this_machine() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"tactline"}
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["tactline"]["ports"])
    assert WHOLE["networks"]["back"] == {"internal": True}
    assert {name for name, service in SERVICES.items() if service["networks"] != ["back"]} == {"tactline"}


def test_all_that_is_named_is_there() -> None:
    for name, service in SERVICES.items():
        assert set(service.get("secrets", [])) <= set(WHOLE["secrets"]), name
        assert set(service["networks"]) <= set(WHOLE["networks"]), name
        assert set(service.get("depends_on", {})) <= set(SERVICES), name
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in WHOLE["volumes"], name
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(WHOLE["secrets"])
    assert (FILE.parent / SERVICES["tactline"]["build"]["context"]).resolve() == ROOT


def test_no_secret_stands_in_the_file() -> None:
    for secret in WHOLE["secrets"].values():
        assert secret["file"].startswith("./secrets/")
    settings = {**SERVICES["tactline"]["environment"], **SERVICES["postgres"]["environment"]}
    assert not [n for n in settings if n.endswith(("_KEYS", "_SECRETS", "_PASSWORD", "_DATABASE_URL"))]
    assert "@" not in settings["TACTLINE_RATE_LIMIT_URL"]
    assert "secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()


def test_the_image_is_of_this_version_and_its_settings_exist() -> None:
    for name in OURS:
        assert SERVICES[name]["image"] == f"tactline:{VERSION}"
        named = {key.removeprefix("TACTLINE_").lower() for key in SERVICES[name]["environment"]}
        assert named - {"settings_dir"} <= set(Settings.model_fields)
    assert {n.removeprefix("tactline_") for n in SERVICES["tactline"]["secrets"]} <= set(
        Settings.model_fields
    )
    limit = SERVICES["tactline"]["deploy"]["resources"]["limits"]
    assert SERVICES["tactline"]["environment"]["TACTLINE_THREADS"] == limit["cpus"]


def test_the_folders_that_are_written_belong_to_the_images_user() -> None:
    last = stages((ROOT / "Dockerfile").read_text(encoding="utf-8"))[-1]
    user, _, group = last.all("USER")[0].rest.partition(":")
    (volume,) = [step.rest for step in last.all("VOLUME")]
    for name in OURS:
        assert any(
            mount.startswith(f"{volume}:uid={user},gid={group},mode=0700")
            for mount in SERVICES[name]["tmpfs"]
        )


def test_there_is_time_to_finish() -> None:
    """The drain, and the thirty seconds that requests under way have."""
    grace = int(SERVICES["tactline"]["stop_grace_period"].removesuffix("s"))
    assert grace > int(SERVICES["tactline"]["environment"]["TACTLINE_DRAIN_SECONDS"]) + 30


@pytest.mark.servers
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_the_service_starts_with_these_settings(
    tmp_path: Path, fresh_postgresql: str, redis_url: str
) -> None:
    """As Compose does it: secrets as files; first `migrate`, then the service; keys by the command."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    given = {"tactline_database_url": fresh_postgresql, "tactline_secrets": "s" * 40}
    for name in SERVICES["tactline"]["secrets"]:
        (secrets / name).write_text(given[name], encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TACTLINE_")}
    port = free_port()
    variables = {
        **kept, **SERVICES["tactline"]["environment"], "TACTLINE_SETTINGS_DIR": str(secrets),
        "TACTLINE_RATE_LIMIT_URL": redis_url, "TACTLINE_HOST": "127.0.0.1", "TACTLINE_PORT": str(port),
        "TACTLINE_DRAIN_SECONDS": "0", "LC_ALL": "C.UTF-8",
    }  # fmt: skip
    program = [str(Path(sys.executable).parent / "tactline")]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own program
            [*program, *arguments], env=variables, capture_output=True, text=True, timeout=60, check=False
        )

    early = run("serve")
    assert early.returncode == 2
    assert "tactline migrate" in early.stderr
    assert run(*SERVICES["migrate"]["command"]).returncode == 0
    key = run("keys", "create", "the client portal", "--scopes", "review").stdout.strip()
    with (tmp_path / "log").open("wb") as log:
        service = subprocess.Popen([*program, "serve"], env=variables, stdout=log, stderr=log)  # noqa: S603
    try:
        deadline = time.monotonic() + STARTING
        while run("health").returncode != 0:
            assert service.poll() is None
            assert time.monotonic() < deadline
        body = {"message": {"direction": "outgoing", "text": "It is your fault!"}}
        answer = httpx.post(
            f"http://127.0.0.1:{port}/v1/reviews", json=body, headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.status_code == 200
        assert "ratelimit" in answer.headers
        service.terminate()
        assert service.wait(30) in (0, -15)
    finally:
        service.kill()
        service.wait(30)
