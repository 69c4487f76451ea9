"""Which helpful acts a draft performs, which its situation still calls for, and where to add them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import regex

from app.guidance.schema import Guidance, Guideline
from app.tone.templates import Voice, render
from app.tone.types import Clause, Document, Element, Insert, Span

# Acts that open a mail (feelings, owning, apology) come after the greeting, the rest before the close.
_OPENING_ORDER = 3


def wording(guideline: Guideline, language: str, voice: Voice, circumstances: Sequence[str]) -> str | None:
    """The sentence that performs an act, chosen by circumstance; None when the language has none.

    `circumstances` are situation ids, outgoing or incoming.
    """
    words = guideline.words.get(language)  # type: ignore[call-overload]
    for insert in words.inserts if words else ():
        if not insert.when or set(insert.when) & set(circumstances):
            return render(insert.text, voice)
    return None


def assess(
    document: Document,
    clauses: Sequence[Clause],
    present: Mapping[str, Span | None],
    situation: str,
    circumstances: Sequence[str],
    guidance: Guidance,
    language: str,
    voice: Voice,
) -> tuple[Element, ...]:
    """Present elements with their evidence, then missing ones with a sentence to insert.

    Both come in the order in which a good mail performs them.
    """
    found = [Element(g.id, "present", evidence=present[g.id]) for g in guidance.include if g.id in present]
    called_for = guidance.called_for(situation)
    opening, closing = opening_at(document), closing_at(document, clauses, present.get("thank-the-client"))
    for guideline in guidance.include:
        if guideline.id in present or guideline.id not in called_for:
            continue
        text = wording(guideline, language, voice, circumstances)
        insert = None
        if text is not None:
            opens = guideline.head.order <= _OPENING_ORDER
            insert = Insert(opening, f"{text} ") if opens else _closing_insert(document, closing, text)
        found.append(Element(guideline.id, "missing", insert=insert))
    return tuple(found)


def opening_at(document: Document) -> int:
    """Where the body begins: the first word after the greeting."""
    text = document.text
    body = next(
        (s.span for s in document.judged() if s.kind == "body" and text[s.span.start : s.span.end].strip()),
        None,
    )
    if body is None:
        return closing_at(document, (), None)
    at = body.start
    while at < body.end and text[at].isspace():
        at += 1
    if text[at : at + 1].islower():
        # "Hi, we are glad ...": the sentence began in the greeting, so the next one is the place.
        end = regex.search(r"[.!?؟…]+\s+", text, pos=at, endpos=body.end)
        at = end.end() if end else body.end
    return at


def closing_at(document: Document, clauses: Sequence[Clause], thanks: Span | None) -> int:
    """Where the body ends; ahead of a last paragraph that only says thanks."""
    text = document.text
    judged = [s.span for s in document.judged() if text[s.span.start : s.span.end].strip()]
    if not judged:
        return 0
    at = judged[-1].end
    while at > judged[-1].start and text[at - 1].isspace():
        at -= 1
    if thanks is not None:
        paragraph = text.rfind("\n", judged[-1].start, at) + 1
        first = next((c for c in clauses if c.span.start >= paragraph), None)
        if paragraph > judged[-1].start and first is not None and first.sentence.covers(thanks):
            while paragraph > judged[-1].start and text[paragraph - 1].isspace():
                paragraph -= 1
            if text[judged[-1].start : paragraph].strip() and first.sentence.end >= at - 1:
                return paragraph
    return at


def _closing_insert(document: Document, at: int, text: str) -> Insert:
    tight = document.text[at : at + 1] not in ("", "\n", "\r") and not document.is_html
    return Insert(at, f"\n\n{text}" + ("\n\n" if tight else ""))


def join_inserts(inserts: Sequence[Insert]) -> list[Insert]:
    """Inserts as they go in together: those that share a place at the end make one paragraph."""
    joined: list[Insert] = []
    for insert in inserts:
        if joined and joined[-1].at == insert.at and insert.text.startswith("\n\n"):
            joined.append(Insert(insert.at, " " + insert.text.strip("\n")))
        else:
            joined.append(insert)
    return joined
