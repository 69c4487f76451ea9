"""What an assistant can ask: what each tool takes, what it answers, and the doing. Knows no transport.

Offsets are code points, and every finding has its exact words. Nothing that was sent is kept, logged or
repeated in an error.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from app import strings
from app.api import problems
from app.api.answers import ReviewOut
from app.api.catalogue import Catalogue, catalogue
from app.api.problems import Problem
from app.api.reviewing import reviewed
from app.api.schemas import (
    ContextIn,
    Hold,
    HoursIn,
    MessageIn,
    Moment,
    ReviewIn,
    SourceRef,
    Strict,
    ZoneName,
)
from app.holds import ics
from app.service import Engine
from app.tone.types import Language
from app.wishes import Wishes


class MailIn(MessageIn):
    """The mail, and what surrounds it."""

    context: list[ContextIn] = Field(
        default=[], max_length=20, description="Earlier messages of the thread, oldest first."
    )
    explain_in: Language | None = Field(
        default=None, description="Language of the explanations; default: the mail's."
    )
    now: Moment | None = Field(
        default=None, description="Date and time with its offset, from which `tomorrow` counts; default: now."
    )
    time_zone: ZoneName = Field(default="UTC", description="The writer's time zone, like Europe/Paris.")
    working_hours: HoursIn | None = Field(
        default=None, description="When holds are proposed; default: the usual hours of the time zone."
    )

    def asked(self) -> ReviewIn:
        """As /v1/reviews takes it. Only what was given is passed on, so that preferences fill the rest."""
        message = set(MessageIn.model_fields)
        own = self.model_dump(include=message, exclude_unset=True)
        more = self.model_dump(include=set(MailIn.model_fields) - message, exclude_unset=True)
        return ReviewIn.model_validate({"message": own, **more, "offset_encoding": "code-point"})


class HoldsIn(MailIn):
    """The mail that holds are proposed for."""

    as_ics: bool = Field(default=False, strict=True, description="Add them as the text of a calendar file.")


class GuidelinesIn(Strict):
    """Which guidelines."""

    id: str | None = Field(default=None, max_length=60, description="One alone; default: all.")
    language: Language = Field(default="en", description="Of titles and advice.")


class ChangeOut(BaseModel):
    """Words of the draft, and what stands in their place in the revised one."""

    quote: str
    replacement: str = Field(description="Empty: the words are left out.")
    reason: str
    guideline: str
    sources: list[SourceRef]


class AddedOut(BaseModel):
    """A sentence that the revised draft has and the draft had not."""

    text: str
    reason: str
    guideline: str


class RevisedOut(BaseModel):
    """The draft as it may be sent, and why it is changed."""

    revised: str | None = Field(
        description="Null: nothing to change. Words in [brackets] are to be filled in."
    )
    score: float | None = Field(description="Of the draft as it came, 0-100.")
    band: str | None
    changes: list[ChangeOut]
    added: list[AddedOut]
    left: list[ChangeOut] = Field(
        description="Findings without a replacement: the writer has to find other words."
    )


class ProposedOut(BaseModel):
    """Follow-ups for the calendar. Nothing is entered anywhere."""

    holds: list[Hold]
    ics: str | None = Field(default=None, description="The text of a calendar file, where it was asked for.")


@dataclass(frozen=True)
class Tool:
    """A tool: what it takes and gives as models, and the work, to be done in a thread."""

    name: str
    title: str
    description: str
    takes: type[BaseModel]
    gives: type[BaseModel]
    work: Callable[[Engine, Any, Wishes], tuple[BaseModel, str]]


def _review(engine: Engine, given: MailIn, wished: Wishes) -> tuple[ReviewOut, str]:
    answer = reviewed(engine, given.asked(), wished, None)
    return answer, _told(answer)


def _told(answer: ReviewOut) -> str:
    """The review in a few lines, for assistants that read text alone."""
    if answer.direction == "incoming":
        lines = [f"Temperature: {answer.temperature}. Best answered by {answer.reply_channel}."]
        if answer.situations:
            lines.append("It is about: " + ", ".join(answer.situations) + ".")
        lines += [f"Asked for by {item.date}: {item.quote}" for item in answer.deadlines]
    else:
        lines = [f"Score {answer.score} of 100 ({answer.band})."]
        for finding in answer.findings:
            instead = f" Instead: {finding.replacements[0]!r}." if finding.replacements else ""
            lines.append(f"{finding.severity}: {finding.quote!r}. {finding.message}{instead}")
        lines += [f"Missing: {item.message}" for item in answer.elements if item.status == "missing"]
        if not answer.findings:
            lines.append("No words to change.")
    lines += [f"Advice: {item.message}" for item in answer.advice]
    return "\n".join(lines)


def _revise(engine: Engine, given: MailIn, wished: Wishes) -> tuple[RevisedOut, str]:
    if given.direction != "outgoing":
        raise Problem("bad-fields", [problems.FieldError("#/direction", "choice", {"choices": "'outgoing'"})])
    answer = reviewed(engine, given.asked(), wished, None)
    changes = [
        ChangeOut(
            quote=finding.quote,
            replacement=finding.replacements[0] if finding.replacements else "",
            reason=finding.message,
            guideline=finding.guideline,
            sources=finding.sources,
        )
        for finding in answer.findings
    ]
    fixed = [bool(finding.replacements) for finding in answer.findings]
    out = RevisedOut(
        revised=answer.revised,
        score=answer.score,
        band=answer.band,
        changes=[change for change, done in zip(changes, fixed, strict=True) if done],
        left=[change for change, done in zip(changes, fixed, strict=True) if not done],
        added=[
            AddedOut(text=item.insert.text.strip(), reason=item.message, guideline=item.guideline)
            for item in answer.elements
            if item.insert is not None
        ],
    )
    return out, out.revised if out.revised is not None else "There is nothing to change."


def _propose(engine: Engine, given: HoldsIn, wished: Wishes) -> tuple[ProposedOut, str]:
    answer = reviewed(engine, given.asked(), wished, None)
    text = None
    if given.as_ics and answer.holds:
        proposals = [hold.proposal() for hold in answer.holds]
        text = ics.calendar(proposals, now=dt.datetime.now(dt.UTC), lang=given.explain_in or "en").decode()
    lines = [f"{hold.start}: {hold.title}. {hold.reason}" for hold in answer.holds]
    return ProposedOut(holds=answer.holds, ics=text), "\n".join(lines) or "No follow-up is needed."


def _guidelines(engine: Engine, given: GuidelinesIn, _: Wishes) -> tuple[Catalogue, str]:
    found = catalogue(engine.guidance, given.language)
    if given.id is not None:
        one = [item for item in found.guidelines if item.id == given.id]
        if not one:
            raise Problem("bad-fields", [problems.FieldError("#/id", "guideline")])
        found = found.model_copy(update={"guidelines": one})
    return found, "\n".join(f"{item.id}: {item.title}. {item.advice}" for item in found.guidelines)


TOOLS = (
    Tool(
        "review",
        "Review the tone of a mail to or from a client",
        "Reviews an e-mail to a client (direction `outgoing`: a draft) or from one (`incoming`) in English, "
        "French, Arabic or Turkish. For a draft: which exact words may upset the client, why, which article "
        "section says so, replacements that fit in their place, acts that the situation calls for and that "
        "are missing, a score, and the draft revised. For a client's mail: how heated it is, what it is "
        "about, what is asked for by when, whether to write or to call, advice. Use it before a mail is "
        "sent. Offsets count code points. Give the earlier messages as `context` when you have them.",
        MailIn,
        ReviewOut,
        _review,
    ),
    Tool(
        "revise",
        "Revise a draft to a client",
        "Returns the draft with harmful words replaced and missing acts (an apology, owning the problem, a "
        "next step) added, with the reason for each change. It keeps facts, names, dates and the writer's "
        "voice. Words in [brackets] are for the writer to fill in: never send them as they are.",
        MailIn,
        RevisedOut,
        _revise,
    ),
    Tool(
        "propose_holds",
        "Propose follow-ups for the calendar",
        "Proposes calendar holds that a mail makes useful: the promised date, a call with the client, the "
        "check-in after a solution, a look-back with the team. Enters nothing anywhere; `as_ics` adds them "
        "as a calendar file. Give `now` and `time_zone` so that dates are the writer's.",
        HoldsIn,
        ProposedOut,
        _propose,
    ),
    Tool(
        "guidelines",
        "The guidelines",
        "The catalogue of guidelines that reviews judge by, or one of them: title, advice, sources.",
        GuidelinesIn,
        Catalogue,
        _guidelines,
    ),
)
BY_NAME = {tool.name: tool for tool in TOOLS}


def given(tool: Tool, arguments: object) -> BaseModel:
    """The arguments, checked. Raises Problem."""
    try:
        return tool.takes.model_validate(arguments)
    except ValidationError as error:
        raise problems.from_validation(error.errors(include_url=False, include_input=False)) from None


def worded(problem: Problem) -> str:
    """A problem in words, for a tool's error: what is wrong and with which argument, never its value."""
    title = strings.say("en", f"problem.{problem.code}.title")
    details = []
    for error in problem.errors:
        name = error.pointer.removeprefix("#").removeprefix("/") or "what was sent"
        details.append(f"{name} {strings.say('en', f'field.{error.code}', **error.values)}")
    return f"{title}: {'; '.join(details)}." if details else f"{title}."
