"""Batches: lines in, lines out, in order, whatever is wrong with one of them, and in bounded memory."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.lines import Outbox, lines
from app.tone.review import Engine
from tests.acceptance.workers import Worker, running
from tests.bench.machine import resident
from tests.conftest import Client
from tests.sizes import size

NDJSON = {"Content-Type": "application/x-ndjson"}
NOW = "2026-03-10T09:00:00+01:00"


def asked(text: str, **more: Any) -> dict[str, Any]:
    return {"message": {"direction": "outgoing", "text": text}, "now": NOW, **more}


def body(*items: Any) -> bytes:
    return b"".join(
        (item if isinstance(item, bytes) else json.dumps(item).encode()) + b"\n" for item in items
    )


def send(client: Client, content: bytes, **headers: str) -> list[dict[str, Any]]:
    answer = client.post("/v1/reviews:batch", content=content, headers={**NDJSON, **headers})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_each_line_is_answered_as_a_review_alone(client: Client) -> None:
    items = [asked("As I already told you, the plan is late."), asked("Bonjour, le plan est joint.", id="b")]
    found = send(client, body(*items))
    assert [item["line"] for item in found] == [1, 2]
    assert found[1]["id"] == "b"
    assert "id" not in found[0]
    for item, answer in zip(items, found, strict=True):
        alone = client.post("/v1/reviews", json={k: v for k, v in item.items() if k != "id"})
        assert answer["review"] == alone.json()


def test_a_bad_line_is_one_bad_line(client: Client) -> None:
    found = send(
        client,
        body(
            asked("Hello, the plan is attached.", id=1), b"{not json", b"", b"   ", {"id": "x", "message": 7},
            b'{"id": "deep", "a":' + b"[" * 5000, b"\xff\xfe", [], asked("Merhaba, plan ektedir.", id=9),
        ),
    )  # fmt: skip
    assert [item["line"] for item in found] == [1, 2, 5, 6, 7, 8, 9]
    assert [item.get("problem", {}).get("status") for item in found] == [None, 400, 422, 400, 400, 422, None]
    assert found[2]["id"] == "x"
    assert found[2]["problem"]["errors"][0]["pointer"] == "#/message"
    assert found[-1]["id"] == 9


@pytest.mark.parametrize("name", ["b", "", 0, -1, 10**30, 1.5, "الخطة"])
def test_an_id_comes_back_as_it_was(client: Client, name: str | float) -> None:
    good, bad = send(client, body(asked("Hello", id=name), {"id": name}))
    for found in (good, bad):
        assert (type(found["id"]), found["id"]) == (type(name), name)
    assert "review" in good
    assert bad["problem"]["status"] == 422


@pytest.mark.parametrize("name", ["true", "[1]", "{}", '"' + "x" * 201 + '"', "1e999", "NaN", "1" * 201])
def test_what_is_no_id_is_a_bad_field(client: Client, name: str) -> None:
    line = body(asked("Hello")).replace(b"{", b'{"id": ' + name.encode() + b",", 1)
    (found,) = send(client, line)
    assert [error["pointer"] for error in found["problem"]["errors"]] == ["#/id"]
    assert "id" not in found


def test_what_was_sent_is_not_repeated_in_a_problem(client: Client) -> None:
    (found,) = send(client, body({"message": {"direction": "outgoing", "text": ["zebra"]}, "Zebra!": 1}))
    assert "zebra" not in json.dumps(found).lower()


def test_problems_are_worded_for_the_caller(client: Client) -> None:
    (found,) = send(client, b"{", **{"Accept-Language": "tr"})
    assert found["problem"]["title"] == "JSON değil"


def test_a_line_has_the_size_limit_and_the_batch_has_none(
    make_client: Callable[..., Client], engine: Engine
) -> None:
    client = make_client(engine, max_bytes=2048)
    fine = asked("Hello, the plan is attached. " * 30)
    found = send(client, body(*[fine] * 5, asked("x" * 5000, id="long"), fine))
    assert [item.get("problem", {}).get("status") for item in found] == [None] * 5 + [413, None]


def test_other_types_are_refused(client: Client) -> None:
    answer = client.post("/v1/reviews:batch", content=b"{}", headers={"Content-Type": "application/json"})
    assert answer.status_code == 415


def test_nothing_at_all_is_answered_with_nothing(client: Client) -> None:
    assert send(client, b"") == []


def test_one_line_is_logged_and_it_has_counts_alone(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "app")
    send(client, body(asked("zebra one"), b"{zebra", asked("zebra two")))
    said = [record for record in caplog.records if record.getMessage() == "batch"]
    assert [record.__dict__["fields"] for record in said] == [{"mails": 3, "failed": 1}]
    assert "zebra" not in caplog.text
    assert not [record for record in caplog.records if record.getMessage() == "reviewed"]


@given(st.lists(st.binary(max_size=12)), st.integers(1, 20), st.integers(1, 9))
def test_lines_are_found_however_the_body_is_cut(content: list[bytes], most: int, size: int) -> None:
    whole = b"\n".join(content)

    async def cut() -> AsyncIterator[bytes]:
        for at in range(0, len(whole), size):
            yield whole[at : at + size]

    async def collect() -> list[bytes | None]:
        return [line async for line in lines(cut(), most)]

    wanted = [line if len(line) <= most else None for line in whole.split(b"\n")]
    if wanted and wanted[-1] == b"":
        wanted.pop()
    assert asyncio.run(collect()) == [line.removesuffix(b"\r") if line else line for line in wanted]


def test_answers_wait_for_a_client_that_does_not_read_and_only_so_many() -> None:
    async def steps() -> None:
        outbox, made = Outbox(limit=200), 0

        async def fill() -> None:
            nonlocal made
            for number in range(100):
                await outbox.put(f"{number:050}".encode())
                made += 1
            await outbox.close()

        task = asyncio.create_task(fill())
        await asyncio.sleep(0.05)
        assert 1 < made < 30
        found = [int(answer) async for answer in outbox]
        assert found == list(range(100))
        await task

    asyncio.run(steps())


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    settings = {"database_url": "sqlite://"}
    made = Worker("http://127.0.0.1:1", settings, tmp_path_factory.mktemp("batch") / "log")
    with running(made):
        yield made


@pytest.mark.allow_hosts(["127.0.0.1"])
class TestOverHttp:
    """A process of the service on a port."""

    COUNT = size(1_500, 10_000)

    def content(self, count: int) -> Iterator[bytes]:
        for number in range(count):
            yield json.dumps(asked(f"Hi ({number % 7})", id=number)).encode() + b"\n"

    def test_many_in_bounded_memory(self, worker: Worker) -> None:
        """By a client that writes all before it reads, as most do."""
        url = f"{worker.address}/v1/reviews:batch"
        httpx.post(url, content=self.content(300), headers=NDJSON, timeout=120)  # what it keeps at all
        assert worker.process is not None
        before = resident(worker.process)
        answer = httpx.post(url, content=self.content(self.COUNT), headers=NDJSON, timeout=600)
        found = [json.loads(line) for line in answer.text.splitlines()]
        assert [item["id"] for item in found] == list(range(self.COUNT))
        assert all("review" in item for item in found)
        assert resident(worker.process) - before < 60  # MiB

    def test_answers_come_before_the_body_ends(self, worker: Worker) -> None:
        """One line at a time: each is answered before another is sent. curl would wait for its input."""
        host, _, port = worker.address.removeprefix("http://").partition(":")

        async def steps() -> None:
            reader, writer = await asyncio.open_connection(host, int(port))
            head = [
                "POST /v1/reviews:batch HTTP/1.1", f"Host: {host}", "Content-Type: application/x-ndjson",
                "Transfer-Encoding: chunked", "", "",
            ]  # fmt: skip
            writer.write("\r\n".join(head).encode())
            for number, content in enumerate(self.content(5), start=1):
                writer.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")
                while f'"line":{number},'.encode() not in await reader.readline():
                    pass
            writer.write(b"0\r\n\r\n")
            while await reader.readline() != b"0\r\n":
                pass
            writer.close()

        asyncio.run(asyncio.wait_for(steps(), 60))

    def test_curl_sends_and_prints_a_batch(self, worker: Worker) -> None:
        command = [
            "curl", "-sN", "-m", "60", "-T", ".", "-X", "POST", "-H", "Content-Type: application/x-ndjson",
            "-H", "Expect:", f"{worker.address}/v1/reviews:batch",
        ]  # fmt: skip
        content = b"".join(self.content(40))
        answer = subprocess.run(command, input=content, capture_output=True, check=True, timeout=60)  # noqa: S603
        found = [json.loads(line)["line"] for line in answer.stdout.splitlines()]
        assert found == list(range(1, 41))

    def test_a_client_that_leaves_ends_it(self, worker: Worker) -> None:
        async def leave() -> None:
            async def endless() -> AsyncIterator[bytes]:
                while True:
                    for content in self.content(50):
                        yield content

            async with httpx.AsyncClient(timeout=5) as client:
                await client.post(f"{worker.address}/v1/reviews:batch", content=endless(), headers=NDJSON)

        async def steps() -> None:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1.5):
                    await leave()

        def ended() -> int:
            return len(re.findall(r"\bbatch\b.*\bmails=", worker.log.read_text()))

        before = ended()
        asyncio.run(steps())
        deadline = time.monotonic() + 20
        while ended() == before:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # It is free again at once, and nothing went wrong.
        answer = httpx.post(f"{worker.address}/v1/reviews", json=asked("Hello"), timeout=20)
        assert answer.status_code == 200
        assert "unexpected error" not in worker.log.read_text()
