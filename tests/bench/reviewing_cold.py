"""The least that a first review needs, for a process that is started for nothing else."""

from __future__ import annotations

import datetime as dt

from app.tone.mail import read_text
from app.tone.review import Engine, Message, Request
from app.tone.week import default_hours

TEXT = "Hello Anna,\n\nAs I already told you, the menus are late because you never sent the photos.\n\nTom"


def first() -> None:
    now = dt.datetime.fromisoformat("2026-03-10T09:30:00+01:00")
    review = Engine.load().review(
        Request(Message("outgoing", read_text(TEXT)), now, default_hours("Europe/Paris"))
    )
    assert review.findings
