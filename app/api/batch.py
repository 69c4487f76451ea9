"""Many reviews in one request: a line of JSON in, a line of JSON out, in order, while both flow."""

from __future__ import annotations

import asyncio
import json
import math
from collections import deque
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any

import anyio
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, field_validator
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from app import logs, strings
from app.api import faults, problems
from app.api.access import Who, needs
from app.api.lines import Outbox, lines
from app.api.problems import BadField, Problem
from app.api.requests import body_schema, media_type, parse, problem_answers, reference
from app.api.reviewing import reviewed
from app.api.schemas import ReviewIn
from app.auth.principal import Principal
from app.limits import TooManyRequests
from app.service import Engine, Service, Shared
from app.tone.types import Language
from app.wishes import Wishes, wishes

PATH = "/v1/reviews:batch"
NDJSON = "application/x-ndjson"
_PAUSE = 5.0  # seconds at most until a batch that is over its limit is tried again
log = logs.get(__name__)
router = APIRouter()


def _names(value: object) -> bool:
    """Whether this can name a line: it is said again, so it is short, and JSON has a word for it."""
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        return False
    return isinstance(value, str | int | float) and len(str(value)) <= 200


class BatchLineIn(ReviewIn):
    """A line of a batch: a review as `POST /v1/reviews` takes it, with a name of the caller's."""

    id: str | int | float | None = Field(
        default=None,
        description="Text or a number, at most 200 characters. Comes back with the answer; lines also have "
        "their number.",
    )

    @field_validator("id", mode="before")
    @classmethod
    def _nameable(cls, value: object) -> object:
        if value is not None and not _names(value):
            raise BadField("not-valid")
        return value


@dataclass
class Batch:
    """One request under way. Reviews run side by side, as many as the service has threads for."""

    request: Request
    shared: Service
    engine: Engine
    who: Principal
    wished: Wishes
    language: Language | None
    most: int
    mails: int = 0
    failed: int = 0
    _under_way: deque[asyncio.Task[None]] = field(default_factory=deque)

    async def make(self, outbox: Outbox) -> None:
        """Answer every line into the outbox. Raises ClientDisconnect when the client leaves too early."""
        number = 0
        try:
            async with aclosing(lines(self.request.stream(), self.most)) as found:
                async for line in found:
                    number += 1
                    if line is not None and not line.strip():
                        continue
                    await self._afford()
                    before = self._under_way[-1] if self._under_way else None
                    task = asyncio.create_task(self._hand_out(outbox, number, line, before))
                    self._under_way.append(task)
                    while len(self._under_way) > self.shared.threads:
                        await self._under_way.popleft()
            while self._under_way:
                await self._under_way.popleft()
        finally:
            for task in self._under_way:
                task.cancel()
            await outbox.close()
            logs.event(log, "batch", mails=self.mails, failed=self.failed)

    async def _afford(self) -> None:
        """Wait until one more mail is within the caller's limit: a batch is slowed down, not broken off."""
        while self.shared.limits is not None:
            try:
                await self.shared.limits.spend(self.who)
                return
            except TooManyRequests as error:
                await anyio.sleep(min(max(error.left.seconds / 10, 0.1), _PAUSE))

    async def _hand_out(
        self, outbox: Outbox, number: int, line: bytes | None, before: asyncio.Task[None] | None
    ) -> None:
        """Answer a line as soon as the one before it is answered, whether or not another follows."""
        answer = await self._answer(number, line)
        if before is not None:
            await before
        await outbox.put(answer)

    async def _answer(self, number: int, line: bytes | None) -> bytes:
        self.mails += 1
        try:
            out = await self.shared.aside(lambda: self._review(number, line), patient=True)
        except Problem as problem:
            self.failed += 1
            out = self._problem(number, line, problem)
        except faults.EXPECTED as error:
            self.failed += 1
            out = self._problem(number, line, faults.problem(error))
        except Exception as error:  # one line's fault is no other's
            self.failed += 1
            logs.event(log, "unexpected error", level=40, error=error)
            out = self._problem(number, line, Problem("internal"))
        return out

    def _review(self, number: int, line: bytes | None) -> bytes:
        if line is None:
            raise Problem("too-large", most=self.most)
        given = parse(BatchLineIn, line)
        answer = reviewed(self.engine, given, self.wished, self.language)
        head = {"line": number} if given.id is None else {"line": number, "id": given.id}
        return _line(head, "review", answer.model_dump_json(exclude_unset=True))

    def _problem(self, number: int, line: bytes | None, problem: Problem) -> bytes:
        language = self.language or "en"
        document = problems.document(problem, self.request.state.request_id, language)
        head: dict[str, Any] = {"line": number}
        with suppress(ValueError, RecursionError):
            content = json.loads(line or b"")
            named = content.get("id") if isinstance(content, dict) else None
            if _names(named):
                head["id"] = named
        return _line(head, "problem", document.model_dump_json(exclude_defaults=True))


def _line(head: dict[str, Any], name: str, body: str) -> bytes:
    start = json.dumps(head, separators=(",", ":"))[:-1]
    return f'{start},"{name}":{body}}}\n'.encode()


class _Flowing(Response):
    """Sends while the body is still being read: a usual streaming response would read it too, to see whether
    the client has left."""

    media_type = NDJSON

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        outbox = Outbox()
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        making = asyncio.create_task(self._batch.make(outbox))
        try:
            async for answer in outbox:
                await send({"type": "http.response.body", "body": answer, "more_body": True})
            with suppress(ClientDisconnect):
                await making
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            making.cancel()
            with suppress(asyncio.CancelledError, ClientDisconnect):
                await making


@router.post(
    "/reviews:batch",
    summary="Review many messages",
    description="One review a line (JSON as `POST /v1/reviews` takes it, perhaps with an `id` of your own), "
    "one answer a line in the same order: `{line, id, review}`, or `{line, id, problem}` for a line that is "
    "wrong, which breaks off nothing. Answers come while lines are still sent. The size limit is that of a "
    "line. Each counts against the rate limit; beyond it, the batch becomes slower.",
    dependencies=[Depends(needs("review"))],
    response_class=Response,
    responses={
        200: {
            "description": "One answer a line",
            "content": {NDJSON: {"schema": {"type": "string", "description": "Lines of JSON."}}},
        },
        **problem_answers(415, 429, 503),
    },
    openapi_extra=body_schema((NDJSON, reference(BatchLineIn))),
)
async def review_batch(request: Request, shared: Shared, who: Who) -> Response:
    media_type(request, NDJSON, "application/jsonl")
    language = strings.negotiate(request.headers.get("accept-language"))
    wished = await wishes(shared, who.owner)
    batch = Batch(
        request, shared, shared.loaded(), who, wished, wished.language or language, shared.max_bytes
    )
    return _Flowing(batch)
