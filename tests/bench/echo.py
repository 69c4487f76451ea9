"""An endpoint that answers what it was sent: what FastAPI and uvicorn take by themselves."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

app = FastAPI()


@app.post("/echo")
async def echo(content: dict[str, Any]) -> dict[str, Any]:
    return content
