"""Choosing replacements that stand up to a second reading, and the revised draft.

Nothing is offered unread: every replacement is put into the draft and the draft is read
again. One whose place is still flagged gives way to the next; a revised draft that does not
score higher than the draft is not offered at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from app.guidance.schema import Guidance
from app.tone.edits import Edit, apply_edits, capitalise, without_capital
from app.tone.elements import join_inserts
from app.tone.findings import Mark
from app.tone.html import splice
from app.tone.replace import Phrasebook
from app.tone.templates import Voice
from app.tone.types import Document, Element, Finding, Score, Span

_OPTIONS = 4
_ROUNDS = 4


class Reread(Protocol):
    """What a second reading tells: the places it flags, and the score."""

    @property
    def marks(self) -> tuple[Mark, ...]: ...

    @property
    def elements(self) -> tuple[Element, ...]: ...

    @property
    def score(self) -> Score: ...

    @property
    def document(self) -> Document: ...


@dataclass(frozen=True)
class Draft:
    """The findings with the replacement that stood up, and the revised draft's edits (None: no change).

    `more` are missing elements that only the revised draft calls for.
    """

    findings: tuple[Finding, ...]
    edits: tuple[Edit, ...] | None
    plain: str | None
    more: tuple[Element, ...] = ()


def choose(
    marks: Sequence[Mark],
    document: Document,
    voice: Voice,
    language: str,
    guidance: Guidance,
    phrases: Phrasebook,
) -> list[list[Edit]]:
    """For each mark the edits worth trying, best first. No phrasing is first choice twice."""
    used: set[str] = set()
    options: list[list[Edit]] = []
    for number, mark in enumerate(marks):
        guideline = guidance.guidelines[mark.finding.guideline]
        found: list[Edit] = []
        if language in guideline.words:
            for edit in phrases.candidates(document.text, mark.clause, guideline, language, voice, mark.hit):
                reach = (without_capital(edit, document.text, language) or edit).span
                if edit.move in used or not _free(reach, marks, number, document):
                    continue
                found.append(edit)
                if len(found) == _OPTIONS:
                    break
        if found and found[0].move:
            used.add(found[0].move)
        options.append(found)
    return options


def _free(span: Span, marks: Sequence[Mark], number: int, document: Document) -> bool:
    """Whether a (perhaps widened) edit stays clear of other marks and inside the writer's own words."""
    clear = not any(span.overlap(m.finding.span) for n, m in enumerate(marks) if n != number)
    return clear and any(s.span.covers(span) for s in document.judged())


def settle(
    document: Document,
    marks: Sequence[Mark],
    options: Sequence[Sequence[Edit]],
    elements: Sequence[Element],
    before: Score,
    reread: Callable[[Sequence[Edit]], Reread],
    language: str,
) -> Draft:
    """Try options until every kept replacement reads clean, then compose the revised draft."""
    reread = _once(reread)
    at = [0 if found else -1 for found in options]
    for _ in range(_ROUNDS):
        chosen = _compatible(
            [(n, options[n][at[n]]) for n in range(len(marks)) if at[n] >= 0], document.text, language
        )
        if not chosen:
            break
        again = reread([edit for _, edit in chosen])
        bad = _still_flagged(chosen, again)
        dropped = {n for n in range(len(marks)) if at[n] >= 0} - {n for n, _ in chosen}
        for number in bad | dropped:
            at[number] = at[number] + 1 if at[number] + 1 < len(options[number]) else -1
        if not bad and not dropped:
            break
    else:
        chosen = _compatible(
            [(n, options[n][at[n]]) for n in range(len(marks)) if at[n] >= 0], document.text, language
        )
        bad = _still_flagged(chosen, reread([edit for _, edit in chosen])) if chosen else set()
        chosen = [(n, edit) for n, edit in chosen if n not in bad]
    kept = dict(chosen)
    # What a replacement already does (a real apology for a hollow one) is not said twice.
    done: set[str] = set()
    if kept:
        done = {e.guideline for e in reread(list(kept.values())).elements if e.status == "present"}
    wanted = [e.insert for e in elements if e.insert and e.guideline not in done]
    inserts = [Edit(Span(i.at, i.at), i.text) for i in join_inserts(wanted)]
    edits = with_inserts(list(kept.values()), inserts, document.text)
    plain: str | None = None
    more: tuple[Element, ...] = ()
    if edits:
        again = reread(edits)
        plain = again.document.text
        if again.score.overall <= before.overall or not plain.strip():
            more = _brought_up(again, elements, edits)
            fuller = [
                Edit(Span(i.at, i.at), i.text) for i in join_inserts([e.insert for e in more if e.insert])
            ]
            widened = with_inserts(list(kept.values()), [*inserts, *fuller], document.text)
            again = reread(widened) if more else again
            if again.score.overall > before.overall and again.document.text.strip():
                edits, plain = widened, again.document.text
            else:
                more = ()
                edits, plain = _greedy([*kept.values()], inserts, before, document.text, reread)
                kept = {n: edit for n, edit in kept.items() if edit in edits}
    findings = tuple(
        replace(mark.finding, span=kept[n].span, replacements=(kept[n].text,)) if n in kept else mark.finding
        for n, mark in enumerate(marks)
    )
    return Draft(findings, tuple(edits) if edits else None, plain if edits else None, more)


def _once(reread: Callable[[Sequence[Edit]], Reread]) -> Callable[[Sequence[Edit]], Reread]:
    """The same draft is read again once: reading is what takes the time."""
    known: dict[tuple[Edit, ...], Reread] = {}

    def read(edits: Sequence[Edit]) -> Reread:
        key = tuple(edits)
        if key not in known:
            known[key] = reread(edits)
        return known[key]

    return read


def _brought_up(again: Reread, elements: Sequence[Element], edits: Sequence[Edit]) -> tuple[Element, ...]:
    """What is missing only in the revised draft, placed in the draft as it was.

    Blame hides what a mail is about: said fairly, "it is late because ..." calls for an apology.
    """
    known = {element.guideline for element in elements}
    return tuple(
        replace(element, insert=replace(element.insert, at=_before_edits(element.insert.at, edits)))
        for element in again.elements
        if element.status == "missing" and element.insert is not None and element.guideline not in known
    )


def _before_edits(at: int, edits: Sequence[Edit]) -> int:
    """Where a place of the edited text lies in the text before these edits."""
    shift = 0
    for edit in sorted(edits, key=lambda e: (e.span.start, e.span.end)):
        start = edit.span.start + shift
        if at <= start:
            break
        if at < start + len(edit.text):
            return edit.span.end
        shift += len(edit.text) - len(edit.span)
    return at - shift


def _greedy(
    edits: Sequence[Edit],
    inserts: Sequence[Edit],
    before: Score,
    text: str,
    reread: Callable[[Sequence[Edit]], Reread],
) -> tuple[list[Edit], str | None]:
    """When all changes together do not help: those that help one after another."""
    kept: list[Edit] = []
    best, plain = before.overall, None
    for edit in (*inserts, *edits):
        tried = (*kept, edit)
        trial = with_inserts([e for e in tried if len(e.span)], [e for e in tried if not len(e.span)], text)
        again = reread(trial)
        if again.score.overall > best and again.document.text.strip():
            kept, best, plain = trial, again.score.overall, again.document.text
    return kept, plain


def with_inserts(edits: list[Edit], added: list[Edit], text: str) -> list[Edit]:
    """Edits and inserts together. An insert whose place lies inside an edit moves to its edge.

    A deletion may take the breaks before its sentence along; an insert at the sentence's place
    needs them, so the deletion then begins there.
    """
    out = list(edits)
    for edit in added:
        at = edit.span.start
        inside = next((n for n, e in enumerate(out) if e.span.start < at < e.span.end), None)
        if inside is None:
            out.append(edit)
            continue
        span = out[inside].span
        if not out[inside].text and not text[span.start : at].strip():
            out[inside] = replace(out[inside], span=Span(at, span.end))
        else:
            at = span.start if at - span.start <= span.end - at else span.end
        out.append(Edit(Span(at, at), edit.text))
    return out


def _compatible(chosen: list[tuple[int, Edit]], text: str, language: str) -> list[tuple[int, Edit]]:
    """Without edits that overlap an earlier one.

    A deletion that opens a sentence leaves its capital to what comes next, which may be an edit too.
    """
    out: list[tuple[int, Edit]] = []
    for number, edit in sorted(chosen, key=lambda item: item[1].span.start):
        if out and edit.span.start < out[-1][1].span.end:
            before, deletion = out[-1]
            bare = without_capital(deletion, text, language)
            if bare is None or edit.span.start < bare.span.end:
                continue
            out[-1] = (before, bare)
            edit = replace(edit, text=capitalise(edit.text, language))
        out.append((number, edit))
    return out


def _still_flagged(chosen: Sequence[tuple[int, Edit]], again: Reread) -> set[int]:
    """Which edits stand where the second reading still finds something."""
    bad: set[int] = set()
    shift = 0
    for number, edit in chosen:
        place = Span(edit.span.start + shift, edit.span.start + shift + len(edit.text))
        shift += len(edit.text) - len(edit.span)
        if any(mark.finding.span.overlap(place) for mark in again.marks):
            bad.add(number)
    return bad


def apply_to(document: Document, edits: Sequence[Edit]) -> str:
    """The message's source (text or HTML) with the edits made."""
    if not document.is_html:
        return apply_edits(document.text, edits)
    ordered = sorted(edits, key=lambda e: (e.span.start, e.span.end))
    return splice(document.source, [(*_range(document, e.span), e.text) for e in ordered])


def _range(document: Document, span: Span) -> tuple[int, int]:
    source = document.to_source(span)
    return source.start, source.end
