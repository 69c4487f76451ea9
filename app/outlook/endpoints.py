"""The door for Outlook: the task pane, the event runtime, and what they have to know."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.staticfiles import StaticFiles

from app.guidance.schema import Guidance
from app.outlook import launchevent, policy
from app.service import Service, Shared

HERE = Path(__file__).parent
PANE = HERE / "pane"
SCRIPT = "/outlook/launchevent.js"
_MOST = 8
router = APIRouter(include_in_schema=False)


@dataclass
class Scripts:
    """The script of the event runtime with its ETag, by the address that it names: rendering takes a tenth
    of a second. Anyone may name addresses where no `public_url` is set, so only a few are kept, and none
    when the guidance is another."""

    kept: dict[str, tuple[str, str]] = field(default_factory=dict)
    guidance: Guidance | None = None

    async def at(self, base: str, shared: Service) -> tuple[str, str]:
        guidance = shared.loaded().guidance
        if guidance is not self.guidance:
            self.kept, self.guidance = {}, guidance
        kept = self.kept
        found = kept.get(base)
        if found is None:
            code = await shared.aside(lambda: launchevent.script(guidance, base, shared.outlook))
            found = code, f'"{hashlib.sha256(code.encode()).hexdigest()[:32]}"'
            if len(kept) >= _MOST:
                kept.clear()
            kept[base] = found
        return found


def install(app: FastAPI) -> None:
    app.state.outlook_scripts = Scripts()
    app.include_router(router)
    app.mount("/outlook/static", StaticFiles(directory=PANE, check_dir=False), name="outlook")


def _base(request: Request, shared: Service) -> str:
    """The address under which Outlook reaches this service, without a slash at the end."""
    return shared.outlook.public_url or str(request.base_url).rstrip("/")


@router.api_route("/outlook/pane", methods=["GET", "HEAD"])
async def pane(shared: Shared) -> Response:
    return FileResponse(PANE / "pane.html", headers=policy.page(shared.outlook.frame_ancestors))


@router.api_route("/outlook/events", methods=["GET", "HEAD"])
async def events(shared: Shared) -> Response:
    """The page of the event runtime, where Outlook is made of web pages."""
    return FileResponse(
        HERE / "launchevent" / "events.html", headers=policy.page(shared.outlook.frame_ancestors)
    )


@router.api_route(SCRIPT, methods=["GET", "HEAD"])
async def script(request: Request, shared: Shared) -> Response:
    """What runs when a mail is sent. Classic Outlook on Windows runs it without any page."""
    scripts: Scripts = request.app.state.outlook_scripts
    code, tag = await scripts.at(_base(request, shared), shared)
    headers = {**policy.SHARED, "ETag": tag}
    # A proxy that compresses what it passes on makes the tag a weak one (RFC 9110, 13.1.2).
    if tag in request.headers.get("if-none-match", "").replace("W/", "").split(", "):
        return Response(status_code=304, headers=headers)
    return Response(code, media_type="text/javascript", headers=headers)


@router.api_route("/outlook/config", methods=["GET", "HEAD"])
async def config(request: Request, shared: Shared) -> JSONResponse:
    """How the pane signs in, if at all, and whether /v1 asks for a key or a token."""
    outlook = shared.outlook
    host = _base(request, shared).partition("://")[2]
    return JSONResponse(
        {
            "client_id": outlook.client_id or None,
            "authority": outlook.authority,
            "scope": outlook.scope(host),
            "key_needed": not shared.gate.open,
            "calendar": bool(outlook.client_id),
        },
        headers={"Cache-Control": "no-cache"},
    )


@router.api_route("/.well-known/microsoft-officeaddins-allowed.json", methods=["GET", "HEAD"])
async def allowed(request: Request, shared: Shared) -> JSONResponse:
    """Which scripts may call this origin from the event runtime of classic Outlook on Windows."""
    return JSONResponse({"allowed": [_base(request, shared) + SCRIPT]}, headers=policy.SHARED)
