"""What a caller has chosen, in the words of /v1: it fills what a request leaves out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from app.api.schemas import Asked, Options, ReviewIn
from app.wishes import Wishes

O = TypeVar("O", bound=Options)  # noqa: E741 - of Options


def filled(options: O, wished: Wishes) -> O:
    """The options with the caller's own language and time zone where they name none."""
    chosen: dict[str, Any] = {}
    if options.explain_in is None and wished.language is not None:
        chosen["explain_in"] = wished.language
    if "time_zone" not in options.model_fields_set and wished.time_zone is not None:
        chosen["time_zone"] = wished.time_zone
    return options.model_copy(update=chosen) if chosen else options


def asked_with(asked: Asked, options: Options, wished: Wishes) -> Asked:
    """What the engine is asked, with the caller's wishes. `options` are those that `asked` was made of."""
    own = isinstance(options, ReviewIn) and options.working_hours is not None
    return replace(asked, request=wished.applied(asked.request, hours=not own))
