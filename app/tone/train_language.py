"""The language model as served: py3langid's, without what letters of other scripts alone lead to.

The whole model knows 140 languages in a dozen scripts and takes 73 MiB. Text that is mostly in another script
than our languages' is told by its letters (`language.detect`), so only the states that our scripts' letters
can reach are kept, and the languages that it knows in them: 42 MiB, and half the time to load.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from py3langid.langid import MODEL_FILE, LanguageIdentifier
from py3langid.modelio import save_model

from app.tone.language import RANGES
from app.tone.types import LANGUAGES

Moves = NDArray[np.int64]
# Languages that the model has not seen in Latin or Arabic letters.
ELSEWHERE = frozenset((
    "am", "as", "ba", "be", "bg", "bn", "dz", "el", "gom", "grc", "gu", "hbo", "he", "hi", "hy",
    "ja", "ka", "kk", "km", "kn", "ko", "ky", "lo", "mk", "ml", "mn", "mr", "my", "ne", "or",
    "pa", "ru", "sa", "si", "ta", "te", "tg", "th", "tt", "uk", "wuu", "yue", "zh",
))  # fmt: skip


def whole() -> LanguageIdentifier:
    """The model that py3langid brings."""
    return LanguageIdentifier.from_model_file(MODEL_FILE)


def cut(path: Path) -> None:
    """Write the model for the letters of `RANGES`, in the form that py3langid loads."""
    model = whole()
    rows = np.asarray(model.tk_row, dtype=np.int64)
    moves: Moves = np.asarray(model.tk_nextmove, dtype=np.int64).reshape(-1, 256)
    states, columns = _reached(rows, moves)
    renamed = np.zeros(len(rows), dtype=np.int64)
    renamed[states] = np.arange(len(states))
    kept = renamed[moves[rows[states]]]
    # Bytes that no such letter has lead back to the start, so that rows which differ by them alone are one.
    kept[:, [byte for byte in range(256) if byte not in columns]] = 0
    shared, row = np.unique(kept, axis=0, return_inverse=True)
    told = np.asarray(model.tk_output)[states]
    features = np.unique(told[told >= 0])
    output = np.where(told >= 0, np.searchsorted(features, told), -1)
    known = [at for at, code in enumerate(model.nb_classes) if code not in ELSEWHERE]
    assert set(LANGUAGES) <= {model.nb_classes[at] for at in known}  # noqa: S101 - ours are all written so
    save_model(
        path,
        (
            model.nb_ptc[features][:, known],
            model.nb_pc[known],
            [model.nb_classes[at] for at in known],
            shared.ravel(),
            row.ravel(),
            output,
        ),
    )


def _reached(rows: Moves, moves: Moves) -> tuple[Moves, frozenset[int]]:
    """The states that text of these letters can lead to, in order, and the bytes that it can hold."""
    letters = [chr(code).encode() for first, last in RANGES for code in range(first, last + 1)]
    onward: dict[bytes, set[int]] = {}
    for letter in letters:
        for at, byte in enumerate(letter):
            onward.setdefault(letter[:at], set()).add(byte)
    # By what of a letter has been read: in the middle of one, only its other bytes can follow.
    reached = {read: np.zeros(len(rows), dtype=bool) for read in onward}
    reached[b""][0] = True
    fresh = {b"": np.array([0])}
    while fresh:
        found: dict[bytes, list[Moves]] = {}
        for read, states in fresh.items():
            for byte in onward[read]:
                then = read + bytes((byte,)) if read + bytes((byte,)) in onward else b""
                found.setdefault(then, []).append(moves[rows[states], byte])
        fresh = {}
        for read, lists in found.items():
            states = np.unique(np.concatenate(lists))
            states = states[~reached[read][states]]
            reached[read][states] = True
            if len(states):
                fresh[read] = states
    together = np.any(list(reached.values()), axis=0)
    return np.flatnonzero(together), frozenset(byte for letter in letters for byte in letter)
