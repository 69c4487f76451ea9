"""Letters that a text must hold for a pattern to match: most patterns need not be tried at all.

Looking for a word is a hundred times quicker than running a pattern. A pattern of which nothing is known
is always tried.
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

Needed = tuple[frozenset[str], ...]
"""Of each of these, one is in every text that matches, the most telling first; (): nothing is known."""
_MOST = 100
"""More alternatives than this are no longer quicker to look for."""
_PARTS = 4
_PROPERTY = re.compile(r"\\[pP]\{[^}]*\}")  # only `regex` knows it; it is no letter in particular
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)


@lru_cache(maxsize=4096)
def needed(pattern: str) -> Needed:
    """What folded text (lower case, `app.tone.text.fold`) must hold for `pattern` to match it.

    The pattern is folded too, and matched without regard to case.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what will be an error in `re` one day is none in `regex`
            tree = parser.parse(_PROPERTY.sub(r"\\w", pattern), re.IGNORECASE)
    except re.error:  # `regex` knows more than `re`
        return ()
    found = dict.fromkeys(_of_sequence(tree))
    return tuple(sorted(found, key=_worth, reverse=True)[:_PARTS])


def may_match(need: Needed, text: str) -> bool:
    """Whether folded text holds all that a pattern needs."""
    return all(any(letters in text for letters in part) for part in need)


def _of_sequence(items: Iterable[tuple[Any, Any]]) -> list[frozenset[str]]:
    found: list[frozenset[str]] = []
    run = ""
    for code, argument in (*items, (None, None)):
        if code is codes.LITERAL and len(letter := chr(argument).lower()) == 1:
            run += letter
            continue
        if len(run) > 1:
            found.append(frozenset((run,)))
        run = ""
        found += _of_item(code, argument)
    return found


def _of_item(code: Any, argument: Any) -> list[frozenset[str]]:
    if code is codes.SUBPATTERN:
        return _of_sequence(argument[-1])
    if code is codes.ATOMIC_GROUP:
        return _of_sequence(argument)
    if code is codes.BRANCH:
        return _any([_of_sequence(branch) for branch in argument[1]])
    if code in _REPEATS and argument[0] > 0:
        return _of_sequence(argument[2])
    return []


def _any(branches: Sequence[Sequence[frozenset[str]]]) -> list[frozenset[str]]:
    """What one of the branches needs: the most telling of each."""
    every: set[str] = set()
    for needs in branches:
        if not needs:
            return []
        best: frozenset[str] = max(needs, key=_worth)
        every |= best
    return [frozenset(every)] if len(every) <= _MOST else []


def _worth(need: frozenset[str]) -> tuple[int, int]:
    """Long words and few of them: seldom there, and soon looked for."""
    return min(map(len, need)), -len(need)
