"""The bodies that go to Microsoft Graph, and those that its fake answers, are of the vendor's own types.

The vendor publishes them for TypeScript (npm `@microsoft/microsoft-graph-types`, generated from the
service's metadata), so it is TypeScript's compiler that judges. Neither is needed to build or to run
the service; where they are not found, these tests are skipped. To run them:

    npm install --prefix FOLDER @microsoft/microsoft-graph-types typescript
    TACTLINE_GRAPH_TYPES=FOLDER/node_modules pytest tests/holds/test_graph_types.py
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from tests.holds.fakes.graph import FakeGraph
from tests.holds.fakes.graph_client import EXPAND, OF_THREAD, Asking, all_day, body

Json = dict[str, Any]

PACKAGE = "@microsoft/microsoft-graph-types"
# Read when the module is, since no test sees the settings of the machine.
_GIVEN = os.environ.get("TACTLINE_GRAPH_TYPES", "")
# OData's own annotations stand beside an event's properties; the types do not have them.
_HEADER = f"""\
import type {{ Event, NullableOption }} from "{PACKAGE}";

type Told = Event & {{ "@odata.context"?: string; "@odata.etag"?: string }};
interface Page {{ "@odata.context"?: string; "@odata.nextLink"?: string; value: Told[]; }}
interface Failed {{
  error: {{
    code: string;
    message: string;
    "@event.existingEventId"?: string;
    innerError: {{ date: string; "request-id": string; "client-request-id": NullableOption<string> }};
  }};
}}

"""


def missing(modules: Path) -> str:
    """What is not there of all that `compile_types` needs, in words; "" when nothing is missing."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not (modules / ".bin" / "tsc").exists():
        return "TypeScript's tsc is not in the folder of modules"
    if not (modules / PACKAGE / "package.json").exists():
        return f"{PACKAGE} is not in the folder of modules"
    return ""


def compile_types(requests: list[Json], answers: list[Json], modules: Path) -> str:
    """What tsc says of bodies taken as the vendor's types: "" when they are right.

    Requests have to be an `Event`; answers an `Event`, a page of them, or an error. An object that
    is written out may have no property that its type lacks. `modules` is a node_modules folder.
    """
    # One line a body, so that an error's line tells whose it is.
    lines = [
        f"export const request{index}: Event = {json.dumps(request)};"
        for index, request in enumerate(requests)
    ]
    for index, answer in enumerate(answers):
        kind = "Page" if "value" in answer else "Failed" if "error" in answer else "Told"
        lines.append(f"export const answer{index}: {kind} = {json.dumps(answer)};")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "node_modules").symlink_to(modules.resolve(), target_is_directory=True)
        source = Path(folder) / "bodies.ts"
        source.write_text(_HEADER + "\n".join(lines) + "\n", encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - the compiler that was named for this, and our own file
            [str(modules.resolve() / ".bin" / "tsc"), "--strict", "--noEmit", source.name],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    if done.returncode == 0:
        return ""
    return (done.stdout + done.stderr).strip() or f"tsc ended with {done.returncode}"


@pytest.fixture(scope="module")
def modules() -> Path:
    if not _GIVEN:
        pytest.skip("TACTLINE_GRAPH_TYPES names no folder of node modules")
    folder = Path(_GIVEN)
    if reason := missing(folder):
        pytest.skip(reason)
    return folder


def recorded(portal: BlockingPortal) -> tuple[list[Json], list[Json]]:
    """What was sent to the fake and taken, and all that it answered, in one of each kind of call."""
    graph = FakeGraph()
    graph.user("T", "ada")
    ask = Asking(graph, portal)
    guests = [{"emailAddress": {"address": "sam@client.test", "name": "Sam"}, "type": "optional"}]
    path = "/me/events/" + ask("POST", "/me/events", json=body()).json()["id"]
    whole = all_day("2026-12-01T00:00:00", "2026-12-02T00:00:00", "Turkey Standard Time")
    ask("POST", "/me/events", json=body(transactionId="t2", **whole))
    ask("POST", "/me/events", json=body(transactionId=None, attendees=guests, location={"displayName": "x"}))
    ask("POST", "/me/events", json=body(subject="another"))
    ask("PATCH", path, json={"showAs": "workingElsewhere", "importance": "high", "categories": ["x"]})
    ask("GET", path, params=EXPAND)
    ask("GET", "/me/events", params={"$filter": OF_THREAD, **EXPAND, "$top": "1"})
    window = {"startDateTime": "2026-11-30T00:00:00Z", "endDateTime": "2026-12-03T00:00:00Z"}
    ask("GET", "/me/calendarView", params={**window, "$select": "start,end,showAs,isCancelled,isAllDay"})
    ask("DELETE", path)
    ask("GET", path)
    assert [call.status for call in graph.calls] == [201, 201, 201, 400, 200, 200, 200, 200, 204, 404]
    requests = [call.body for call in graph.calls if call.body is not None and call.status < 400]
    return requests, [call.answer for call in graph.calls if call.answer is not None]


def test_the_fakes_bodies_are_of_the_vendors_types(modules: Path, portal: BlockingPortal) -> None:
    requests, answers = recorded(portal)
    assert (len(requests), len(answers)) == (4, 9)
    assert compile_types(requests, answers, modules) == ""


WRONG: list[tuple[Json, str]] = [
    ({"showAs": "away"}, "away"),
    ({"sensitivity": "Private"}, "Private"),
    ({"body": {"contentType": "HTML", "content": ""}}, "HTML"),
    ({"summary": "x"}, "summary"),
    ({"start": {"dateTime": "2026-11-30T10:00:00", "zone": "UTC"}}, "zone"),
    ({"reminderMinutesBeforeStart": "10"}, "number"),
    ({"singleValueExtendedProperties": [{"name": "x", "value": "y"}]}, "name"),
    ({"attendees": [{"address": "a@b.test"}]}, "address"),
]


def test_wrong_bodies_do_not_compile(modules: Path) -> None:
    wrong = [body for body, _ in WRONG]
    pages: list[Json] = [{"value": [{"id": "x"}, body]} for body in wrong]
    said = compile_types(wrong, [*wrong, *pages], modules).splitlines()
    found = {int(match[1]): line for line in said if (match := re.match(r"bodies\.ts\((\d+),", line))}
    first = _HEADER.count("\n") + 1
    assert sorted(found) == list(range(first, first + 3 * len(WRONG)))
    for number, line in found.items():
        assert WRONG[(number - first) % len(WRONG)][1] in line


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "node" in missing(tmp_path)
    monkeypatch.setattr(shutil, "which", lambda _: "node")
    assert "tsc" in missing(tmp_path)
    (tmp_path / ".bin").mkdir()
    (tmp_path / ".bin" / "tsc").touch()
    assert PACKAGE in missing(tmp_path)
    (tmp_path / PACKAGE).mkdir(parents=True)
    (tmp_path / PACKAGE / "package.json").touch()
    assert missing(tmp_path) == ""
