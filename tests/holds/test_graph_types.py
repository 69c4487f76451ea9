"""The bodies that go to Microsoft Graph, and those that its fake answers, are of the vendor's own types.

The vendor publishes them for TypeScript (npm `@microsoft/microsoft-graph-types`, generated from the
service's metadata), so it is TypeScript's compiler that judges (tests/node.py).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from tests.holds.fakes.graph import FakeGraph
from tests.holds.fakes.graph_client import EXPAND, OF_THREAD, Asking, all_day, body
from tests.node import type_errors

pytestmark = pytest.mark.npm

Json = dict[str, Any]

PACKAGE = "@microsoft/microsoft-graph-types"
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


def compile_types(requests: list[Json], answers: list[Json], folder: Path) -> list[str]:
    """What tsc says of bodies taken as the vendor's types: nothing when they are right.

    Requests have to be an `Event`; answers an `Event`, a page of them, or an error. An object that
    is written out may have no property that its type lacks. `folder` is empty.
    """
    # One line a body, so that an error's line tells whose it is.
    lines = [
        f"export const request{index}: Event = {json.dumps(request)};"
        for index, request in enumerate(requests)
    ]
    for index, answer in enumerate(answers):
        kind = "Page" if "value" in answer else "Failed" if "error" in answer else "Told"
        lines.append(f"export const answer{index}: {kind} = {json.dumps(answer)};")
    (folder / "bodies.ts").write_text(_HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    return type_errors(folder, ["bodies.ts"])


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


def test_the_fakes_bodies_are_of_the_vendors_types(tmp_path: Path, portal: BlockingPortal) -> None:
    requests, answers = recorded(portal)
    assert (len(requests), len(answers)) == (4, 9)
    assert compile_types(requests, answers, tmp_path) == []


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


def test_wrong_bodies_do_not_compile(tmp_path: Path) -> None:
    wrong = [body for body, _ in WRONG]
    pages: list[Json] = [{"value": [{"id": "x"}, body]} for body in wrong]
    said = compile_types(wrong, [*wrong, *pages], tmp_path)
    found = {int(match[1]): line for line in said if (match := re.match(r"bodies\.ts\((\d+),", line))}
    first = _HEADER.count("\n") + 1
    assert sorted(found) == list(range(first, first + 3 * len(WRONG)))
    for number, line in found.items():
        assert WRONG[(number - first) % len(WRONG)][1] in line
