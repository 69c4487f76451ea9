"""The image, built as far as that goes without Docker: its build stage is run in a folder, and the service
from what comes out of it, as another user, on a file system that is read-only but for the state's folder.

Not shown here: the base image, the run stage's own step (bytecode of Python's library), and the layers.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.acceptance.workers import free_port
from tests.deploy.dockerfile import Build, size, stages, version_here

ROOT = Path(__file__).parents[2]
KEY = "a-key-of-sixteen-and-more"
USER = 10001
MOST_BYTES = 700 * 1024 * 1024
"""Of /opt/tactline. It measured 550 MiB (x86-64): SciPy, ONNX Runtime, our models, and bytecode."""
STARTING = 90.0  # seconds; others may be using this machine
# Everything but the state's folder is made read-only, in a name space of its own. What stays of root is the
# right to read: the Python of the tests may lie where only root may look.
ENTER = f"""
mount --bind "$ROOT" "$ROOT"
mount --bind "$STATE" "$STATE"
mount -o remount,bind,ro "$ROOT"
mount -o remount,bind,ro /
for place in /tmp /dev/shm; do if mountpoint -q "$place"; then mount -o remount,bind,ro "$place"; fi; done
cd "$STATE"
exec setpriv --reuid={USER} --regid={USER} --clear-groups --no-new-privs \
  --bounding-set=-all,+dac_read_search --inh-caps=-all,+dac_read_search \
  --ambient-caps=-all,+dac_read_search "$@"
"""

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture(scope="module")
def built() -> Iterator[Build]:
    # Not below pytest's folder, which only its owner may enter; in memory where there is room: it is faster.
    memory = Path("/dev/shm")  # noqa: S108 - only a folder of our own is made there
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 2**30
    root = Path(tempfile.mkdtemp(prefix="tactline-image-", dir=memory if roomy else None))
    root.chmod(0o755)
    build = Build(ROOT, root)
    try:
        build.run(stages((ROOT / "Dockerfile").read_text(encoding="utf-8"))[0])
        yield build
    finally:
        shutil.rmtree(root)


@pytest.fixture
def state(built: Build) -> Iterator[Path]:
    """The state's folder as the run stage makes it."""
    (step,) = [s for s in stages((ROOT / "Dockerfile").read_text())[1].all("RUN") if "install -" in s.rest]
    folder = built.at("/var/lib/tactline")
    folder.parent.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        built.shell(step.rest)
    else:
        folder.mkdir(mode=0o700)
    yield folder
    shutil.rmtree(folder)


def environment(built: Build, **settings: str) -> dict[str, str]:
    """The variables of the run stage, as a container has them."""
    given: dict[str, str] = {}
    for step in stages((ROOT / "Dockerfile").read_text())[1].all("ENV"):
        for word in step.words:
            name, _, value = word.partition("=")
            given[name] = value
    prefix = f"{built.root}/var/lib"
    given["PATH"] = given["PATH"].replace("/opt/", f"{built.root}/opt/")
    given["HOME"], given["XDG_STATE_HOME"] = f"{prefix}/tactline", prefix
    given |= {"ROOT": str(built.root), "STATE": f"{prefix}/tactline"}  # for ENTER
    return {**given, **{f"TACTLINE_{name.upper()}": value for name, value in settings.items()}}


def inside(built: Build, *command: str) -> list[str]:
    """The command line that runs a command as the container would."""
    program = shutil.which(command[0], path=f"{built.root}/opt/tactline/bin:/usr/bin:/bin")
    assert program
    if os.geteuid() != 0:
        return [program, *command[1:]]
    return ["unshare", "--mount", "--propagation=private", "sh", "-ec", ENTER, "sh", program, *command[1:]]


@contextmanager
def serving(built: Build, **settings: str) -> Iterator[tuple[str, subprocess.Popen[bytes], Path]]:
    """The service as the container runs it; its address, its process, its log."""
    port = free_port()
    log = built.root / "log"
    variables = environment(built, port=str(port), api_keys=KEY, **settings)
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - our own program, as below
            inside(built, "tactline", "serve"), env=variables, stdout=out, stderr=out
        )
    try:
        deadline = time.monotonic() + STARTING
        address = f"http://127.0.0.1:{port}"
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if httpx.get(f"{address}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            pytest.fail(log.read_text(errors="replace")[-2000:])
        yield address, process, log
    finally:
        process.kill()
        process.wait(30)


def test_the_versions_are_those_of_the_lock(built: Build) -> None:
    assert len(built.laid) > 80
    assert {name: version_here(name) for name in built.laid} == built.laid


def test_only_what_runs_is_in_it(built: Build) -> None:
    packages = next((built.root / "opt/tactline/lib").glob("python3*")) / "site-packages"
    names = {path.name.partition("-")[0] for path in packages.glob("*.dist-info")}
    assert not names & {
        "pip",
        "setuptools",
        "hatchling",
        "editables",
        "pathspec",
        "trove_classifiers",
        "pytest",
    }
    assert {"tactline", "asyncpg", "redis", "opentelemetry_sdk", "onnxruntime", "fastapi"} <= names
    documents = packages / "googleapiclient/discovery_cache/documents"
    assert {path.name for path in documents.iterdir()} == {"gmail.v1.json", "calendar.v3.json"}
    tests = {p.relative_to(packages).as_posix() for p in packages.rglob("tests") if p.is_dir()}
    assert tests == {"numpy/_core/tests"}
    assert not [*packages.rglob("*.a"), *packages.rglob("*.pyi"), *packages.rglob("*.pyx")]
    assert not (built.root / "opt/tactline/bin/pip").exists()


OURS = "py pyc toml js css html png svg xml json jsonl npz xz onnx mako md LICENSE"
# Models and tables, descriptions, licences and the like; of SciPy and scikit-learn also data sets.
THEIRS = (
    f"{OURS} so typed proto csv tp build npy gz rst txt lua cfg ini yaml template sh cmd pc model in 1 "
    "asm obj jpg fits dat pkl LIB README COPYRIGHT LIBSVM_CHANGES LICENSE_DOP zones bin cc"
)
DATA = {("tzdata", "zoneinfo"), ("jsonschema_specifications", "schemas")}
"""Folders whose files bear the names of what they describe."""


def test_every_kind_of_file_is_expected(built: Build) -> None:
    """A key, a database or an archive that slipped in would be of another kind."""
    packages = next((built.root / "opt/tactline/lib").glob("python3*")) / "site-packages"
    strange = []
    for path in packages.rglob("*"):
        place = path.relative_to(packages)
        if not path.is_file() or ".dist-info" in place.parts[0] or place.parts[:2] in DATA:
            continue
        kind = "so" if ".so." in path.name else path.suffix.removeprefix(".") or path.name
        if kind not in (OURS if place.parts[0] == "app" else THEIRS).split():
            strange.append(str(place))
    assert strange == ["certifi/cacert.pem"]


def test_all_is_compiled_and_small(built: Build) -> None:
    packages = next((built.root / "opt/tactline/lib").glob("python3*")) / "site-packages"
    sources = [path for path in packages.rglob("*.py") if "numpy/_core/tests" not in str(path)]
    bare = [p for p in sources if not list((p.parent / "__pycache__").glob(f"{p.stem}.cpython-*.pyc"))]
    assert len(sources) > 3000
    assert bare == []
    total = size(built.root / "opt/tactline")
    print(f"/opt/tactline: {total / 2**20:.0f} MiB")
    assert total < MOST_BYTES


def test_the_service_runs_from_it_read_only_as_another_user(built: Build, state: Path) -> None:
    with serving(built, allowed_hosts="127.0.0.1,tactline.example.com") as (address, process, log):
        body = {"message": {"direction": "outgoing", "text": "As I already told you, it is your fault!"}}
        assert httpx.post(f"{address}/v1/reviews", json=body).status_code == 401
        answer = httpx.post(f"{address}/v1/reviews", json=body, headers={"Authorization": f"Bearer {KEY}"})
        assert answer.status_code == 200
        assert answer.json()["findings"]
        variables = environment(built, port=address.rpartition(":")[2])
        asked = subprocess.run(  # noqa: S603
            inside(built, "tactline", "health"), env=variables, check=False
        )
        assert asked.returncode == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)
        text = log.read_text(errors="replace")
    assert "Traceback" not in text
    assert KEY not in text
    assert "your fault" not in text
    assert all(json.loads(line) for line in text.splitlines() if line.startswith("{"))
    kept = {path.name.partition(".db")[0] for path in state.iterdir()}
    assert kept == {"tactline"}
    assert not [path for path in (built.root / "opt").rglob("*") if path.stat().st_uid != os.geteuid()]
    again = subprocess.run(  # noqa: S603
        inside(built, "tactline", "health"), env=variables, check=False
    )
    assert again.returncode == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file system read-only")
def test_the_file_system_of_these_tests_is_read_only(built: Build, state: Path) -> None:
    """The control: what was served above could write to its state's folder and nowhere else."""
    code = (
        "import os, sys\nfor p in sys.argv[1:]:\n"
        " try: open(os.path.join(p, 'x'), 'w').close(); print('written')\n"
        " except OSError as e: print(e.errno)"
    )
    places = [str(state), str(built.root / "opt/tactline"), "/tmp", "/var/tmp", "/dev/shm"]  # noqa: S108
    done = subprocess.run(  # noqa: S603
        inside(built, "python", "-c", code, *places),
        env=environment(built), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["written", *[str(errno.EROFS)] * 4]


@pytest.mark.servers
def test_the_image_speaks_to_postgresql_and_redis(
    built: Build, fresh_postgresql: str, redis_url: str
) -> None:
    programs = f"{built.root}/opt/tactline/bin"
    variables = environment(built, database_url=fresh_postgresql, secrets="s" * 40, rate_limit_url=redis_url)
    for arguments, status in ((["--check"], 1), ([], 0), (["--check"], 0)):
        done = subprocess.run(  # noqa: S603
            [f"{programs}/tactline", "migrate", *arguments], env=variables, check=False
        )
        assert done.returncode == status
    code = "import redis.asyncio, opentelemetry.sdk.trace, opentelemetry.exporter.otlp.proto.http"
    subprocess.run([f"{programs}/python", "-c", code], env=variables, check=True)  # noqa: S603
