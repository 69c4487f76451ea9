"""What a profiler looks at: reviews of mails that no cache has seen, for SECONDS (`make flame`)."""

from __future__ import annotations

import datetime as dt
import itertools
import sys
import time

from app.tone.mail import read_text
from app.tone.review import Engine, Message, Request
from app.tone.types import LANGUAGES
from app.tone.week import default_hours
from tests.bench.mails import unseen


def main(seconds: float) -> None:
    engine, hours = Engine.load(), default_hours("Europe/Paris")
    now = dt.datetime.fromisoformat("2026-03-10T09:30:00+01:00")
    ends = time.monotonic() + seconds
    for number, language in enumerate(itertools.cycle(LANGUAGES)):
        if time.monotonic() > ends:
            break
        # One of two has nothing to remark.
        text = unseen(200, language, plain=number // len(LANGUAGES) % 2 == 0)
        engine.review(Request(Message("outgoing", read_text(text)), now, hours))


if __name__ == "__main__":
    main(float(sys.argv[1]))
