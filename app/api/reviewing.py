"""One review from what was asked in JSON to the answer, for all doors that speak it. Pure and synchronous."""

from __future__ import annotations

from app.api.answers import ReviewOut, answered, explained_in
from app.api.schemas import Asked, Options, ReviewIn
from app.api.wishing import asked_with, filled
from app.service import Engine
from app.tone.types import Language, Review
from app.wishes import Wishes


def reviewed(engine: Engine, given: ReviewIn, wished: Wishes, preferred: Language | None) -> ReviewOut:
    """The answer, with the caller's wishes; explained in `preferred` where the request names no language."""
    options = filled(given, wished)
    asked = asked_with(options.ask(options.moment()), options, wished)
    _, answer, _ = answer_to(engine, options, asked, wished, preferred)
    return answer


def answer_to(
    engine: Engine, options: Options, asked: Asked, wished: Wishes, preferred: Language | None
) -> tuple[Review, ReviewOut, Language]:
    """The review of what was asked with `options`, its answer, and the language that explains it."""
    review = wished.noted(engine.review(asked.request))
    language = explained_in(review, options.explain_in or preferred)
    answer = answered(review, engine.guidance, asked, options, language)
    if isinstance(options, ReviewIn) and options.reply and review.direction == "incoming":
        answer = answer.model_copy(update={"reply": engine.skeleton(asked.request)})
    return review, answer, language
