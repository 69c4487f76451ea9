"""The largest body that is taken gets an answer, and takes no longer than its length, whatever is in it."""

from __future__ import annotations

import json
import time

import pytest

from tests.conftest import Client
from tests.growth import linear

WHOLE = 1024 * 1024
BODIES = {
    "letters": "a",
    "words": "word ",
    "shouting": "WHY!!! ",
    "blame": "You never sent the photos and it is your fault. ",
    "dates": "by Friday 12 March at 10:00, ",
    "arabic": "هذا ليس خطأنا، أنتم لم ترسلوا الملف! ",
    "emoji": "😀",
    "marks": "e\u0301\u0301",
    "bidi": "\u2067\u200f",
    "quotes": "> > > quoted\n",
    "headers": "On Mon, 1 Jan 2026 Dana wrote:\n",
    "lines": "\n",
    "blanks": " ",
    "controls": "\x00\x01",
    "commas": "and, or, but, ",
    "brackets": "((((([[[[",
    "tags": "<div><b>x",
    "unclosed": "<",
    "entities": "&amp;&#x41;",
    "quoted-html": "<blockquote type=cite>",
}


@pytest.mark.parametrize("kind", ["text", "html"])
@pytest.mark.parametrize("name", BODIES)
def test_a_mebibyte_is_answered(client: Client, name: str, kind: str) -> None:
    unit = BODIES[name]
    frame = len(json.dumps({"message": {"direction": "outgoing", kind: ""}}, ensure_ascii=False).encode())
    size = len(json.dumps(unit, ensure_ascii=False).encode()) - 2

    def ask(times: int) -> None:
        message = {"direction": "outgoing", kind: unit * times}
        body = json.dumps({"message": message}, ensure_ascii=False).encode()
        assert len(body) <= WHOLE
        answer = client.post("/v1/reviews", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 200, answer.text

    linear(ask, (WHOLE - frame) // size)


def test_the_loop_stays_free_while_a_long_mail_is_reviewed(client: Client) -> None:
    import anyio

    async def both() -> tuple[float, float]:
        ended = {}

        async def timed(name: str, method: str, path: str, **options: object) -> None:
            await client.http.request(method, path, **options)  # type: ignore[arg-type]
            ended[name] = time.perf_counter()

        message = {"direction": "outgoing", "text": "You never sent the photos. " * 5000}
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: timed("review", "POST", "/v1/reviews", json={"message": message}))
            await anyio.sleep(0.05)
            await timed("health", "GET", "/healthz")
        return ended["review"], ended["health"]

    review, health = client.portal.call(both)
    assert health < review
