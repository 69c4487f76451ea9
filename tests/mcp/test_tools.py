"""The tools over both transports, as an assistant calls them: the official client and real processes."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import httpx2
import jsonschema
import mcp_types as types
import pytest
from icalendar import Calendar
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.acceptance.workers import ROOT, Worker, running

T = TypeVar("T")
KEY = "a-key-for-assistants-0123456789"
DRAFT = "Hello Anna,\n\nAs I already told you, the plan is late because you never sent the photos!!!\n\nTom"
COMMAND = StdioServerParameters(
    command=sys.executable, args=["-c", "from app.cli import main; main()", "mcp"], cwd=str(ROOT),
    env={**os.environ},
)  # fmt: skip

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def another(folder: Path) -> Worker:
    settings = {"database_url": "sqlite://", "api_keys": KEY, "log_level": "info"}
    return Worker("http://127.0.0.1:1", settings, folder / "log")


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    made = another(tmp_path_factory.mktemp("mcp"))
    with running(made):
        yield made


@asynccontextmanager
async def over_http(worker: Worker, key: str | None = KEY) -> AsyncIterator[Client]:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        transport = streamable_http_client(f"{worker.address}/mcp", http_client=http)
        async with Client(transport) as client:
            yield client


@asynccontextmanager
async def over_stdio(_: Worker) -> AsyncIterator[Client]:
    async with Client(COMMAND) as client:
        yield client


Opened = Callable[[Worker], Any]


@pytest.fixture(params=[over_http, over_stdio], ids=["http", "stdio"])
def opened(request: pytest.FixtureRequest) -> Opened:
    found: Opened = request.param
    return found


def run(opened: Opened, worker: Worker, steps: Callable[[Client], Awaitable[T]]) -> T:
    async def whole() -> T:
        async with opened(worker) as client:
            return await steps(client)

    return asyncio.run(whole())


def text_of(result: Any) -> str:
    return "".join(part.text for part in result.content if isinstance(part, types.TextContent))


def test_every_tool_answers_what_it_says(opened: Opened, worker: Worker) -> None:
    arguments: dict[str, dict[str, Any]] = {
        "review": {"direction": "outgoing", "text": DRAFT},
        "revise": {"direction": "outgoing", "text": DRAFT},
        "propose_holds": {
            "direction": "outgoing", "text": "Hello Anna,\n\nWe will send the plan on Friday at noon.\n\nTom",
            "now": "2026-03-10T09:00:00+01:00", "time_zone": "Europe/Paris", "as_ics": True,
        },
        "guidelines": {},
    }  # fmt: skip

    async def steps(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == set(arguments)
        for name, given in arguments.items():
            tool = tools[name]
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint
            jsonschema.validate(given, tool.input_schema)
            result = await client.call_tool(name, given)
            assert not result.is_error, text_of(result)
            jsonschema.validate(result.structured_content, tool.output_schema or {})
            assert text_of(result)

    run(opened, worker, steps)


def test_a_review_has_exact_words_in_code_points(opened: Opened, worker: Worker) -> None:
    text = f"🙂 {DRAFT}"

    async def steps(client: Client) -> dict[str, Any]:
        result = await client.call_tool("review", {"direction": "outgoing", "text": text})
        return dict(result.structured_content or {})

    found = run(opened, worker, steps)
    assert found["findings"]
    for finding in found["findings"]:
        assert text[finding["start"] : finding["end"]] == finding["quote"]
        assert finding["sources"]


def test_a_revised_draft_says_why(opened: Opened, worker: Worker) -> None:
    async def steps(client: Client) -> Any:
        return await client.call_tool("revise", {"direction": "outgoing", "text": DRAFT})

    result = run(opened, worker, steps)
    content = result.structured_content
    assert "told you" not in content["revised"]
    assert text_of(result) == content["revised"]
    assert all(change["reason"] and change["sources"] for change in content["changes"])


def test_holds_come_as_a_calendar_file_too(worker: Worker) -> None:
    given = {
        "direction": "outgoing", "text": "Hello Anna,\n\nWe will send the plan on Friday at noon.\n\nTom",
        "now": "2026-03-10T09:00:00+01:00", "time_zone": "Europe/Paris", "as_ics": True,
    }  # fmt: skip

    async def steps(client: Client) -> Any:
        return (await client.call_tool("propose_holds", given)).structured_content

    found = run(over_http, worker, steps)
    assert len(Calendar.from_ical(found["ics"]).events) == len(found["holds"]) > 0
    assert dt.datetime.fromisoformat(found["holds"][0]["start"]).tzinfo is not None


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("review", {"direction": "outgoing"}, "exactly one of text and html"),
        ("review", {"text": "x"}, "direction is needed"),
        ("review", {"direction": "sideways-zebra", "text": "x"}, "direction must be one of"),
        ("review", {"direction": "outgoing", "text": {"zebra": 1}}, "text must be text"),
        ("review", {"direction": "outgoing", "text": "x", "now": "zebra"}, "now must be a date"),
        ("review", {"direction": "outgoing", "text": "x", "Zebra!": 1}, "is not a field"),
        ("revise", {"direction": "incoming", "text": "x"}, "direction must be one of"),
        ("guidelines", {"id": "zebra"}, "id must be the id of a guideline"),
        ("no-such-zebra", {}, "no such tool"),
    ],
)
def test_what_is_wrong_is_said_and_not_repeated(worker: Worker, name: str, given: Any, words: str) -> None:
    async def steps(client: Client) -> Any:
        return await client.call_tool(name, given)

    result = run(over_http, worker, steps)
    assert result.is_error
    assert words in text_of(result)
    assert "zebra" not in text_of(result).lower()


def test_any_text_gets_an_answer(opened: Opened, worker: Worker) -> None:
    async def steps(client: Client) -> None:
        for text in ("", "\x00\x01", "مرحبا آنا، 🙂\u200f", "a" * 30_000, "e\u0301" * 500):
            answer = await client.call_tool("review", {"direction": "incoming", "text": text})
            assert not answer.is_error, text

    run(opened, worker, steps)


def test_many_at_once(opened: Opened, worker: Worker) -> None:
    async def steps(client: Client) -> None:
        async def one(number: int) -> None:
            text = f"Hello Anna,\n\nthe plan is attached ({number}).\n\nTom {number}"
            given = {"direction": "outgoing", "text": text}
            result = await client.call_tool("review", given)
            content = result.structured_content or {}
            last = content["segments"][-1]
            assert last["end"] == len(text)

        await asyncio.gather(*(one(number) for number in range(12)))

    run(opened, worker, steps)


def test_the_first_calls_may_come_together(tmp_path: Path) -> None:
    """That the SDK is loaded by one of them alone is in test_door."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {"Authorization": f"Bearer {KEY}", "Accept": "application/json, text/event-stream"}

    async def whole(url: str) -> list[int]:
        async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
            answers = await asyncio.gather(*(http.post(url, json=body) for _ in range(5)))
        return [len(answer.json()["result"]["tools"]) for answer in answers]

    fresh = another(tmp_path)
    with running(fresh):
        assert asyncio.run(whole(f"{fresh.address}/mcp")) == [4] * 5


def test_preferences_are_the_callers(worker: Worker) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    httpx.patch(f"{worker.address}/v1/me", json={"muted": ["blaming-the-client"]}, headers=headers)

    async def steps(client: Client) -> set[str]:
        result = await client.call_tool("review", {"direction": "outgoing", "text": DRAFT})
        return {finding["guideline"] for finding in (result.structured_content or {})["findings"]}

    try:
        assert "blaming-the-client" not in run(over_http, worker, steps)
    finally:
        httpx.delete(f"{worker.address}/v1/me", headers=headers)
    assert "blaming-the-client" in run(over_http, worker, steps)


CALL = {
    "jsonrpc": "2.0", "id": 1, "method": "tools/call",
    "params": {"name": "review", "arguments": {"direction": "outgoing", "text": "zebra stripes"}},
}  # fmt: skip


@pytest.mark.parametrize(("key", "code"), [(None, "no-key"), ("wrong-key-0123456789", "wrong-key")])
def test_without_a_key_nobody_comes_in(worker: Worker, key: str | None, code: str) -> None:
    headers = {"Accept": "application/json, text/event-stream"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    answer = httpx.post(f"{worker.address}/mcp", json=CALL, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert answer.json()["type"] == f"/problems/{code}"


def test_other_hosts_and_large_bodies_are_refused(worker: Worker) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Accept": "application/json, text/event-stream"}
    forged = httpx.post(f"{worker.address}/mcp", json=CALL, headers={**headers, "Host": "evil.example"})
    assert forged.status_code == 403
    large = httpx.post(f"{worker.address}/mcp", content=b"x" * 2_000_000, headers=headers)
    assert large.status_code == 413


def test_nothing_of_a_mail_is_logged(worker: Worker) -> None:
    async def steps(client: Client) -> None:
        await client.call_tool("review", {"direction": "outgoing", "text": "zebra stripes for Ana Quill"})
        await client.call_tool("review", {"direction": "zebra", "text": 7})

    run(over_http, worker, steps)
    said = worker.log.read_text()
    assert "tool" in said
    assert "zebra" not in said
    assert "Quill" not in said
    assert KEY not in said
    assert "Traceback" not in said


def test_standard_output_belongs_to_the_protocol() -> None:
    """Raw lines: what comes in wrong, and what the process says when its input ends."""
    command = [sys.executable, "-c", "from app.cli import main; main()", "mcp"]
    lines = ["not json", json.dumps({"jsonrpc": "2.0", "id": 7, "method": "ping"}), json.dumps(CALL)]
    done = subprocess.run(  # noqa: S603 - our own program
        command, cwd=Path(ROOT), input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in done.stdout.splitlines())
    assert "zebra" not in done.stderr
