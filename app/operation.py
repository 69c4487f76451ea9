"""What operators ask: whether the process lives, whether it can answer, and its figures."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app import metrics
from app.api.access import principal
from app.service import Service, Shared
from app.store.errors import StoreError
from app.store.store import Store

_PATIENCE = 2.0  # seconds that the database has
_LASTS = 1.0  # seconds for which its answer counts, however often it is asked
router = APIRouter(include_in_schema=False)


@dataclass
class Readiness:
    """Remembers for a moment whether the store answers, so that nobody can ask it to death."""

    _until: float = field(default=0.0, init=False)
    _well: bool = field(default=False, init=False)
    _asked: asyncio.Task[bool] | None = field(default=None, init=False)

    async def store(self, store: Store) -> bool:
        if time.monotonic() >= self._until:
            # A question that was not answered in time is still under way: no second one beside it.
            if self._asked is None or self._asked.done():
                self._asked = asyncio.create_task(_answers(store))
            done, _ = await asyncio.wait({self._asked}, timeout=_PATIENCE)
            self._well = any(task.result() for task in done)
            self._until = time.monotonic() + _LASTS
        return self._well

    async def parts(self, shared: Service) -> tuple[str, dict[str, str]]:
        """In one word, and of each part, how it stands: "ready", "starting", "leaving", "unavailable"."""
        engine = "starting" if shared.engine is None else "ready"
        store = "starting"
        if shared.gate.store is not None:
            store = "ready" if await self.store(shared.gate.store) else "unavailable"
        parts = {"engine": engine, "store": store}
        word = next((part for part in parts.values() if part != "ready"), "ready")
        if shared.leaving:
            word = "leaving"
        shared.metrics.ready(word == "ready")
        return word, parts


async def _answers(store: Store) -> bool:
    try:
        await store.ping()
    except StoreError:
        return False
    return True


@router.api_route("/healthz", methods=["GET", "HEAD"])
async def healthz() -> JSONResponse:
    return JSONResponse({"status": "live"})


@router.api_route("/readyz", methods=["GET", "HEAD"])
async def readyz(request: Request, shared: Shared) -> JSONResponse:
    """200 when reviews are answered and the store is there, else 503; which of them is not, is told."""
    readiness: Readiness = request.app.state.readiness
    word, parts = await readiness.parts(shared)
    return JSONResponse({"status": word, **parts}, 200 if word == "ready" else 503)


@router.get("/metrics", dependencies=[Depends(principal)])
async def figures(request: Request, shared: Shared) -> Response:
    """For Prometheus; any good key opens it where keys are needed."""
    readiness: Readiness = request.app.state.readiness
    await readiness.parts(shared)
    return Response(shared.metrics.text(), media_type=metrics.CONTENT_TYPE)
