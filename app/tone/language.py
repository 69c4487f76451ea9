"""Which of the four languages a text is written in."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

from app.tone.types import LANGUAGES, Language

# What a mail holds that is in no language, or always in English ones.
_NOISE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+")
# Enough to tell a language by; the reader's time grows with the length.
_READ = 4000
# Log-likelihood by which another of the model's 100 languages must lead the best of ours.
# On 33,000 stretches of one to forty words of mail in our languages, half of them stripped of
# accents and Turkish letters, the lead passed 20 only on a few of one to five words (at most
# 28) and stayed under 18 from eight words on; 114 sentences in nineteen other languages, German,
# Catalan, Persian, Urdu and Azerbaijani among them, have 23 to 540.
_LEAD = 20.0
_DIALECTS = frozenset({"arz", "ary"})
RANGES = (
    (0x09, 0x7E), (0xA0, 0x33F), (0x600, 0x6FF), (0x750, 0x77F), (0x1E00, 0x1EFF),
    (0x2000, 0x206F), (0x20A0, 0x20BF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC),
)  # fmt: skip
"""First and last code points that the model reads: of the Latin and Arabic scripts, and between words."""
_UNREAD = re.compile("[^" + "".join(f"{chr(first)}-{chr(last)}" for first, last in RANGES) + "]+")
MODEL = Path(__file__).parent / "model" / "languages.npz.xz"
"""py3langid's model for those code points: see `train_language`."""
_lock = threading.Lock()


@lru_cache(maxsize=1)
def _load() -> Any:
    # Its own instance: the module-level functions of py3langid share one that anyone can reset.
    from py3langid.langid import LanguageIdentifier

    return LanguageIdentifier.from_modelpath(MODEL)


def _identifier() -> Any:
    with _lock:  # two threads at the start must not load it twice
        return _load()


def warm_up() -> None:
    """Load the model (a quarter of a second), so that no request has to wait for it."""
    _identifier()


def detect(text: str) -> Language | Literal["und"]:
    """The language of a text: en, fr, ar, tr, or "und" for any other or none.

    Give it the writer's own words, not the quoted part. Text without accents, without
    Turkish letters and in Arabic dialects is recognised. A text of a word or two gets the
    likeliest of the four; one without a letter is "und". Safe to call from threads.
    """
    words = _NOISE.sub(" ", text[: 2 * _READ])[:_READ]
    scripts = _scripts(words)
    if not scripts:
        return "und"
    read = _UNREAD.sub(" ", unicodedata.normalize("NFC", words))
    ranked: dict[str, float] = dict(_identifier().rank(read))
    lead = max(score for code, score in ranked.items() if code not in _DIALECTS)
    ranked["ar"] = max(ranked["ar"], *(ranked.get(code, ranked["ar"]) for code in _DIALECTS))
    ours = max(LANGUAGES, key=lambda code: ranked[code])
    if lead - ranked[ours] > _LEAD:
        return "und"
    # Letters that the model does not read, and texts too short for it to see anything in: the script decides.
    written = max(scripts, key=lambda name: scripts[name])
    if written == "OTHER":
        return "und"
    if (written == "ARABIC") != (ours == "ar"):
        latin = max(("en", "fr", "tr"), key=lambda code: ranked[code])
        return "ar" if written == "ARABIC" else cast(Language, latin)
    return ours


def _scripts(text: str) -> dict[str, int]:
    """How much of a text is in the Latin, the Arabic and any other script.

    Each letter of another script weighs twice its bytes in UTF-8: a Chinese sign is a word or half of one,
    and what a foreign mail has in Latin letters are names, terms and a signature.
    """
    counts: dict[str, int] = {}
    for char in text:
        if char.isalpha():
            name = "LATIN" if char < "\u0250" else unicodedata.name(char, "OTHER").partition(" ")[0]
            key = name if name in ("LATIN", "ARABIC") else "OTHER"
            counts[key] = counts.get(key, 0) + (2 * len(char.encode()) if key == "OTHER" else 1)
    return counts
