"""Pages for people, rendered from guidance and strings: pure functions to HTML."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from starlette.responses import HTMLResponse

from app import strings
from app.guidance.schema import MARK, Flag, Guidance, Guideline
from app.templating import environment
from app.tone.templates import Voice, render
from app.tone.types import LANGUAGES, Language

_FLAGGED = 8
_FINE = 6
_environment = environment(Path(__file__).parent / "templates")


@dataclass(frozen=True)
class Example:
    """A sentence cut at its marked words; `fixed` is how it may read instead."""

    before: str
    marked: str
    after: str
    fixed: str | None = None


@dataclass(frozen=True)
class Cited:
    article: str
    section: str


def answer(html: str, language: Language, status: int = 200) -> HTMLResponse:
    headers = {"Content-Language": language, "Cache-Control": "no-cache", "Vary": "Accept-Language"}
    return HTMLResponse(html, status, headers)


def _page(template: str, language: Language, **values: object) -> str:
    words = strings.words(language)
    return _environment.get_template(template).render(
        language=language,
        direction=strings.direction(language),
        direction_of=strings.direction,
        languages=[(code, strings.OWN_NAMES[code]) for code in LANGUAGES],
        say=lambda key: words[key],
        **values,
    )


def _example(flag: Flag) -> Example:
    before, marked, after = MARK.split(flag.text, maxsplit=1)
    return Example(before, marked, after, flag.fixed)


def guidelines(guidance: Guidance, language: Language) -> str:
    """The list of all guidelines."""
    groups = [("avoid", guidance.avoid), ("include", guidance.include)]
    return _page("guidelines.html", language, groups=groups)


def guideline(guidance: Guidance, found: Guideline, language: Language) -> str:
    """One guideline: what it is, what to do, examples with their marked words, sources."""
    words = found.wording(language)
    spoken = next(code for code, known in found.words.items() if known is words)
    flags = [flag for rule in words.rules for flag in rule.flags[:1]]
    moves = [move.example for move in words.moves]
    examples = (
        [*moves, *flags, *words.examples.positive] if found.head.kind == "avoid" else words.examples.positive
    )
    return _page(
        "guideline.html",
        language,
        guideline=found,
        words=words,
        # A house guideline may not exist in the page's language: its words then say their own.
        spoken=spoken,
        examples=[_example(flag) for flag in examples[:_FLAGGED]],
        fine=[*words.examples.near_miss, *(a for rule in words.rules for a in rule.allows)][:_FINE],
        inserts=[render(insert.text, Voice()) for insert in words.inserts],
        sources=[_cited(guidance, reference, language) for reference in found.head.sources],
    )


def _cited(guidance: Guidance, reference: str, language: Language) -> Cited:
    article_id, _, section_id = reference.partition("/")
    article = guidance.articles[article_id]
    return Cited(article.title[language], article.sections[section_id].title[language])


def privacy(language: Language) -> str:
    """What is read, what is kept, and the terms: the add-ons' manifests lead here."""
    return _page("privacy.html", language)


def problem(code: str, language: Language) -> str:
    """What a kind of problem means."""
    words = strings.words(language)
    # Its details name numbers of one occurrence; the page speaks of none.
    return _page("message.html", language, title=words[f"problem.{code}.title"], text=None)


def error(status: int, language: Language) -> str:
    words = strings.words(language)
    code = {404: "not-found", 503: "not-ready", 403: "host-not-allowed"}.get(status, "internal")
    text = words["web.not-found"] if status == 404 else words[f"problem.{code}.detail"]
    return _page("message.html", language, title=words[f"problem.{code}.title"], text=text)
