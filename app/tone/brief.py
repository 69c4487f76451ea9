"""The call brief: what to say in the order the article gives, the voicemail, and the careful mail
for when no call is possible (dropped-ball/talk-live, dropped-ball/thoughtful-email)."""

from __future__ import annotations

from collections.abc import Sequence

from app.guidance.schema import Brief, Guidance
from app.tone.elements import wording
from app.tone.templates import Voice, render
from app.tone.types import CallBrief, Document, Element

# Step of the call -> the act that performs it in writing.
_STEPS: dict[str, str | None] = {
    "listen": None,
    "acknowledge": "acknowledge-feelings",
    "own": "own-the-problem",
    "apologise": "sincere-apology",
    "explain": None,
    "solution": "concrete-solution",
    "terms": "clear-terms",
    "next": "commit-to-follow-up",
    "thanks": "thank-the-client",
}
_EXPLAIN_IN = ("client-mistaken", "billing-dispute")


def talking_points(
    brief: Brief, situation: str, document: Document, elements: Sequence[Element], guidance: Guidance
) -> tuple[str, ...]:
    """Steps for the call, each with the draft's own words for it where it has them."""
    evidence = {e.guideline: e.evidence for e in elements if e.status == "present"}
    called_for = guidance.called_for(situation)
    points = []
    for step, act in _STEPS.items():
        wanted = step in ("listen", "thanks", "next") or act in called_for or act in evidence
        if step == "explain":
            wanted = situation in _EXPLAIN_IN
        muted = act is not None and act not in guidance.guidelines
        if muted or not wanted or step not in brief.points:
            continue
        span = evidence.get(act) if act else None
        said = " ".join(document.text[span.start : span.end].split()).rstrip(".,;:،؛") if span else ""
        points.append(f"{brief.points[step]} ({said})" if said else brief.points[step])
    return tuple(points)


def skeleton(
    brief: Brief,
    situation: str,
    circumstances: Sequence[str],
    guidance: Guidance,
    language: str,
    voice: Voice,
    name: str | None,
) -> str:
    """A reply made of the acts its situation calls for, with placeholders where the writer decides."""
    called_for = guidance.called_for(situation)
    opening: list[str] = []
    rest: list[str] = []
    for guideline in guidance.include:
        if guideline.id in called_for:
            text = wording(guideline, language, voice, circumstances)
            if text:
                (opening if guideline.head.order <= 3 else rest).append(text)
    greeting = brief.greeting.replace("{name}", name) if name else brief.greeting_unnamed
    paragraphs = [
        greeting,
        " ".join([render(brief.opening, voice), *opening]),
        *([" ".join(rest)] if rest else []),
        render(brief.closing, voice),
    ]
    return "\n\n".join(paragraphs)


def call_brief(points: tuple[str, ...], brief: Brief, email: str) -> CallBrief:
    return CallBrief(talking_points=points, voicemail=brief.voicemail, email=email)
