"""From a reviewed draft and what the user ticked to the text that goes back into it. Pure."""

from __future__ import annotations

import html
from collections.abc import Collection

from app.tone.edits import Edit
from app.tone.elements import join_inserts
from app.tone.revise import apply_to, with_inserts
from app.tone.types import Review, Span


def revised(review: Review, findings: Collection[int], missing: Collection[str]) -> str:
    """The draft's source with the first replacement of each ticked finding (by its place in
    `review.findings`) and the sentence of each ticked missing element (by its guideline)."""
    edits = [
        Edit(finding.span, finding.replacements[0])
        for number, finding in enumerate(review.findings)
        if number in findings and finding.replacements
    ]
    wanted = [
        element.insert
        for element in review.elements
        if element.status == "missing" and element.insert is not None and element.guideline in missing
    ]
    inserts = [Edit(Span(insert.at, insert.at), insert.text) for insert in join_inserts(wanted)]
    return apply_to(review.document, with_inserts(edits, inserts, review.document.text))


def as_html(text: str) -> str:
    """Plain text as Gmail's editor would hold it: a line a block, each with the direction of its words."""
    lines = text.replace("\r\n", "\n").split("\n")
    blocks = (html.escape(line, quote=False) if line.strip() else "<br>" for line in lines)
    return "".join(f'<div dir="auto">{block}</div>' for block in blocks)
