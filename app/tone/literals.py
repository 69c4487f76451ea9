"""Letters that a text must hold for a pattern to match: most patterns need not be tried at all.

Looking for a word is a hundred times quicker than running a pattern. What cannot be told is told as
None: such a pattern is always tried.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

# The standard library's own reading of a pattern: it has no public name, and tests run on every Python that
# is supported.
codes: Any = import_module("re._constants")
parser: Any = import_module("re._parser")

Needed = frozenset[str] | None
"""One of these is in every text that matches; None: nothing is known."""
_MOST = 100
"""More alternatives than this are no longer quicker to look for."""
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)


@lru_cache(maxsize=4096)
def needed(pattern: str) -> Needed:
    """What folded text (lower case, `app.tone.text.fold`) must hold for `pattern` to match it.

    The pattern is folded too, and matched without regard to case.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what will be an error in `re` one day is none in `regex`
            tree = parser.parse(pattern, re.IGNORECASE)
    except re.error:  # `regex` knows more than `re`
        return None
    return _of_sequence(tree)


def _of_sequence(items: Iterable[tuple[Any, Any]]) -> Needed:
    """Of all that a sequence needs, the most telling."""
    found: list[Needed] = []
    run = ""
    for code, argument in items:
        if code is codes.LITERAL and len(letter := chr(argument).lower()) == 1:
            run += letter
            continue
        found.append(_one(run))
        run = ""
        found.append(_of_item(code, argument))
    found.append(_one(run))
    return max((need for need in found if need is not None), key=_worth, default=None)


def _one(run: str) -> Needed:
    return frozenset((run,)) if len(run) > 1 else None


def _of_item(code: Any, argument: Any) -> Needed:
    if code is codes.SUBPATTERN:
        return _of_sequence(argument[-1])
    if code is codes.ATOMIC_GROUP:
        return _of_sequence(argument)
    if code is codes.BRANCH:
        return _any([_of_sequence(branch) for branch in argument[1]])
    if code in _REPEATS and argument[0] > 0:
        return _of_sequence(argument[2])
    return None


def _any(branches: Sequence[Needed]) -> Needed:
    every: set[str] = set()
    for need in branches:
        if need is None:
            return None
        every |= need
    return frozenset(every) if len(every) <= _MOST else None


def _worth(need: frozenset[str]) -> tuple[int, int]:
    """Long words and few of them: seldom there, and soon looked for."""
    return min(map(len, need)), -len(need)
