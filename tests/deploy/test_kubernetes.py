"""The Kubernetes manifests: valid by Kubernetes' own schemas, of the restricted profile, and ours.

`kubectl kustomize` puts them together where kubectl is there; no cluster was at hand.
"""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml
from starlette.routing import Match

from app.main import create_app
from app.settings import Settings
from tests.deploy.dockerfile import stages

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "manifests/deploy/kubernetes"
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
IMAGE = stages((ROOT / "Dockerfile").read_text(encoding="utf-8"))[-1]
OLDEST, NEWEST = "1.30", "1.37"
Json = dict[str, Any]


def loaded(name: str) -> Json:
    found: Json = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return found


RESOURCES = {name: loaded(name) for name in KUSTOMIZATION["resources"]}


def pods() -> Iterator[tuple[str, Json]]:
    """Everything that runs: the name of its resource, and the specification of its pod."""
    for resource in RESOURCES.values():
        template = resource.get("spec", {}).get("template")
        if template:
            yield resource["kind"], template["spec"]


def pod(kind: str) -> Json:
    return dict(pods())[kind]


def test_every_file_is_used() -> None:
    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == set(RESOURCES)
    for component in FOLDER.glob("*/kustomization.yaml"):
        there = yaml.safe_load(component.read_text(encoding="utf-8"))
        assert {p.name for p in component.parent.glob("*.yaml")} == {
            "kustomization.yaml",
            *there["resources"],
        }


@pytest.mark.parametrize("name", RESOURCES)
def test_the_manifests_are_valid(name: str) -> None:
    for version in (OLDEST, NEWEST):
        assert kubernetes_validate.validate(RESOURCES[name], version, strict=True) == version


def test_what_is_wrong_would_be_noticed() -> None:
    wrong = loaded("deployment.yaml")
    wrong["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, NEWEST, strict=True)


@pytest.mark.parametrize("kind", [kind for kind, _ in pods()])
def test_every_pod_is_of_the_restricted_profile(kind: str) -> None:
    """Kubernetes, "Pod Security Standards", restricted; and what goes beyond it."""
    whole = pod(kind)
    user, _, group = IMAGE.all("USER")[0].rest.partition(":")
    assert whole["securityContext"] == {
        "runAsNonRoot": True, "runAsUser": int(user), "runAsGroup": int(group), "fsGroup": int(group),
        "seccompProfile": {"type": "RuntimeDefault"},
    }  # fmt: skip
    assert whole["automountServiceAccountToken"] is False
    assert whole["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(whole)
    assert all(set(volume) - {"name"} <= {"secret", "emptyDir"} for volume in whole["volumes"])
    for container in (*whole["containers"], *whole.get("initContainers", [])):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        assert set(container["resources"]["limits"]) == {"cpu", "memory"}
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}
        assert "env" not in container
        assert {mount["name"] for mount in container["volumeMounts"]} == {v["name"] for v in whole["volumes"]}
    labels = RESOURCES["namespace.yaml"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_what_is_mounted_is_what_the_image_writes() -> None:
    (volume,) = [step.rest for step in IMAGE.all("VOLUME")]
    settings = RESOURCES["configmap.yaml"]["data"]
    for _, whole in pods():
        paths = {mount["mountPath"]: mount for mount in whole["containers"][0]["volumeMounts"]}
        assert set(paths) == {volume, "/tmp", settings["TACTLINE_SETTINGS_DIR"]}  # noqa: S108 - in the container
        assert paths[settings["TACTLINE_SETTINGS_DIR"]]["readOnly"] is True


def test_the_settings_exist_and_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = RESOURCES["configmap.yaml"]["data"]
    given = {key.removeprefix("TACTLINE_").lower(): value for key, value in settings.items()}
    given.pop("settings_dir")
    assert set(given) <= set(Settings.model_fields)
    secrets = ("database_url", "secrets", "rate_limit_url", "api_keys")
    assert not set(given) & set(secrets)
    text = (FOLDER / "configmap.yaml").read_text(encoding="utf-8")
    for name in secrets:
        assert f"--from-file=tactline_{name}" in text
        assert name in Settings.model_fields
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    accepted = Settings()
    assert str(accepted.threads) == pod("Deployment")["containers"][0]["resources"]["limits"]["cpu"]


def test_there_is_time_to_finish() -> None:
    """The drain, and the thirty seconds that requests under way have."""
    drain = int(RESOURCES["configmap.yaml"]["data"]["TACTLINE_DRAIN_SECONDS"])
    assert pod("Deployment")["terminationGracePeriodSeconds"] > drain + 30
    readiness = pod("Deployment")["containers"][0]["readinessProbe"]
    # The balancer knows before the last new connection could come.
    assert readiness["periodSeconds"] * readiness["failureThreshold"] <= drain


def test_the_probes_ask_for_paths_that_are_there() -> None:
    app = create_app(Settings())
    container = pod("Deployment")["containers"][0]
    probes = {name: container[name]["httpGet"] for name in container if name.endswith("Probe")}
    assert set(probes) == {"startupProbe", "livenessProbe", "readinessProbe"}
    monitored = yaml.safe_load((FOLDER / "monitoring/servicemonitor.yaml").read_text(encoding="utf-8"))
    paths = [probe["path"] for probe in probes.values()]
    paths += [endpoint["path"] for endpoint in monitored["spec"]["endpoints"]]
    for path in paths:
        scope = {"type": "http", "path": path, "method": "GET", "headers": []}
        assert any(route.matches(scope)[0] is Match.FULL for route in app.routes), path
    assert probes["readinessProbe"]["path"] == "/readyz"
    assert probes["livenessProbe"]["path"] == "/healthz"


def test_the_version_is_that_of_the_project() -> None:
    (image,) = KUSTOMIZATION["images"]
    assert image["newTag"] == VERSION
    assert all(c["image"] == image["name"] for _, whole in pods() for c in whole["containers"])
    assert KUSTOMIZATION["labels"][0]["pairs"]["app.kubernetes.io/version"] == VERSION
    assert RESOURCES["migrate-job.yaml"]["metadata"]["name"] == f"tactline-migrate-{VERSION}"


def test_the_parts_find_each_other() -> None:
    labels = RESOURCES["deployment.yaml"]["spec"]["template"]["metadata"]["labels"]
    for name in ("service.yaml", "poddisruptionbudget.yaml"):
        selector = RESOURCES[name]["spec"]["selector"]
        assert selector.get("matchLabels", selector) == labels
    assert RESOURCES["deployment.yaml"]["spec"]["selector"]["matchLabels"] == labels
    (port,) = RESOURCES["service.yaml"]["spec"]["ports"]
    (listens,) = pod("Deployment")["containers"][0]["ports"]
    assert port["targetPort"] == listens["name"]
    assert str(listens["containerPort"]) == IMAGE.all("EXPOSE")[0].rest
    rule = RESOURCES["ingress.yaml"]["spec"]["rules"][0]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    assert (backend["name"], backend["port"]["name"]) == ("tactline", port["name"])
    assert RESOURCES["configmap.yaml"]["data"]["TACTLINE_PUBLIC_URL"] == f"https://{rule['host']}"
    scaled = RESOURCES["horizontalpodautoscaler.yaml"]["spec"]
    assert scaled["scaleTargetRef"]["name"] == RESOURCES["deployment.yaml"]["metadata"]["name"]
    assert scaled["minReplicas"] == 2
    assert RESOURCES["poddisruptionbudget.yaml"]["spec"]["minAvailable"] < scaled["minReplicas"]
    chosen = RESOURCES["networkpolicy.yaml"]["spec"]["podSelector"]["matchExpressions"][0]["values"]
    job = RESOURCES["migrate-job.yaml"]["spec"]["template"]["metadata"]["labels"]
    assert set(chosen) == {labels["app.kubernetes.io/name"], job["app.kubernetes.io/name"]}
    assert {resource["metadata"].get("namespace", "tactline") for resource in RESOURCES.values()} == {
        "tactline"
    }


def test_the_network_policy_lets_out_what_is_needed_and_not_to_metadata() -> None:
    spec = RESOURCES["networkpolicy.yaml"]["spec"]
    assert set(spec["policyTypes"]) == {"Ingress", "Egress"}
    ports = {port["port"] for rule in spec["egress"] for port in rule["ports"]}
    assert ports == {53, 443, 5432, 6379}
    (world,) = [rule["to"][0]["ipBlock"] for rule in spec["egress"] if rule["ports"][0]["port"] == 443]
    assert "169.254.0.0/16" in world["except"]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
def test_kubectl_puts_them_together() -> None:
    done = subprocess.run(  # noqa: S603 - our own arguments
        ["kubectl", "kustomize", str(FOLDER)],  # noqa: S607 - the one on the path
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    made = list(yaml.safe_load_all(done.stdout))
    assert len(made) == len(RESOURCES)
    for resource in made:
        assert kubernetes_validate.validate(resource, NEWEST, strict=True) == NEWEST
    images = {
        container["image"]
        for resource in made
        if "template" in resource.get("spec", {})
        for container in resource["spec"]["template"]["spec"]["containers"]
    }
    assert images == {f"registry.example.com/tactline:{VERSION}"}
