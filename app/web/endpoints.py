"""The web door: the playground, its words, and the pages that findings link to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from app import service, strings
from app.tone.types import LANGUAGES, Language
from app.web import pages

HERE = Path(__file__).parent
STATIC = HERE / "static"
router = APIRouter(include_in_schema=False)


class _Icons(StaticFiles):
    """The logo, which the hosts of the add-ons show on pages of their own."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        answer = super().file_response(*args, **kwargs)
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return answer


def install(app: FastAPI) -> None:
    app.include_router(router)
    app.mount("/static/icons", _Icons(directory=STATIC / "icons"), name="icons")
    app.mount("/static", StaticFiles(directory=STATIC, check_dir=False), name="static")


def language_of(request: Request) -> Language:
    """The page's language: `?lang=`, else Accept-Language, else English."""
    asked = request.query_params.get("lang")
    for code in LANGUAGES:
        if code == asked:
            return code
    return strings.negotiate(request.headers.get("accept-language")) or "en"


@router.get("/")
async def playground() -> Response:
    return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})


@router.get("/strings/{language}")
async def interface_words(language: Language) -> JSONResponse:
    """The playground's words in one language, with its writing direction."""
    return JSONResponse(
        {
            "language": language,
            "direction": strings.direction(language),
            "words": strings.interface(language),
        },
        headers={"Cache-Control": "no-cache"},
    )


@router.get("/pages.css")
async def style() -> Response:
    return FileResponse(HERE / "pages.css", media_type="text/css", headers={"Cache-Control": "no-cache"})


Lang = Annotated[str | None, Query()]


@router.get("/guidelines")
async def guidelines(request: Request, lang: Lang = None) -> Response:
    guidance = service.of(request).loaded().guidance
    return pages.answer(pages.guidelines(guidance, language_of(request)), language_of(request))


@router.get("/guidelines/{identity}")
async def guideline(request: Request, identity: str, lang: Lang = None) -> Response:
    guidance = service.of(request).loaded().guidance
    found = guidance.guidelines.get(identity)
    if found is None:
        raise HTTPException(404)
    return pages.answer(pages.guideline(guidance, found, language_of(request)), language_of(request))


@router.get("/privacy")
async def privacy(request: Request, lang: Lang = None) -> Response:
    return pages.answer(pages.privacy(language_of(request)), language_of(request))


@router.get("/problems/{code}")
async def problem(request: Request, code: str, lang: Lang = None) -> Response:
    """The page that a problem document's `type` leads to."""
    if not strings.has(f"problem.{code}.title"):
        raise HTTPException(404)
    return pages.answer(pages.problem(code, language_of(request)), language_of(request))


def error_page(request: Request, status: int) -> Response:
    """An error for a person who follows a link."""
    language = language_of(request)
    return pages.answer(pages.error(status, language), language, status)
