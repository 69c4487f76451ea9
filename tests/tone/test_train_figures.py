"""Held-out readings stand in for the reader's own on the mails that it was taught."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from app.tone.meaning import Passage, Reader, Reading
from app.tone.sentences import clauses, whole
from app.tone.train_data import key_of
from app.tone.train_figures import HeldOutReader


class Counting:
    def __init__(self, reading: Reading) -> None:
        self.asked, self.reading = 0, reading

    def read(self, passage: Passage) -> Reading:
        self.asked += 1
        return self.reading


def passage(text: str) -> Passage:
    document = whole(text)
    return Passage(document, clauses(document, "en"), "en", "outgoing")


def test_a_taught_mail_is_answered_from_what_was_held_out_and_any_other_is_read() -> None:
    fresh = Reading(np.zeros((0, 13), np.float32), (), (), None, None, None, (), (), 50.0, None)
    stored = replace(fresh, politeness=90.0)
    behind = Counting(fresh)
    key = key_of({"direction": "outgoing", "lang": "en", "text": "The lamp is fixed."})
    held = HeldOutReader(cast(Reader, behind), {key: stored})
    assert held.read(passage("The lamp is fixed.")).politeness == 90.0
    assert behind.asked == 0
    assert held.read(passage("The lamp is mended.")).politeness == 50.0
    assert behind.asked == 1
    taught_as_received = key_of({"direction": "incoming", "lang": "en", "text": "The lamp is fixed."})
    assert taught_as_received != key
