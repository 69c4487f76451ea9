"""How long finding slots takes beside 5,000 entries: python -m tests.bench.slots"""

from __future__ import annotations

import datetime as dt
import random
import statistics
import time
from collections.abc import Callable
from functools import partial

from app.holds.calendar import Busy
from app.holds.propose import Hold
from app.holds.slots import HORIZON, fit, free
from app.tone.week import default_hours, zone

ENTRIES = 5_000
TURNS = 25
WHERE = zone("Europe/Istanbul")
HOURS = default_hours("Europe/Istanbul")
NOW = dt.datetime(2026, 11, 27, 9, tzinfo=WHERE)
MONDAY = dt.datetime(2026, 11, 30, 10, tzinfo=WHERE)


def scattered() -> list[Busy]:
    """Meetings all over the horizon, many of them over one another."""
    made, minutes = random.Random(4), int(HORIZON.total_seconds()) // 60
    starts = [MONDAY + dt.timedelta(minutes=made.randrange(minutes)) for _ in range(ENTRIES)]
    return [Busy(start, start + dt.timedelta(minutes=made.choice((1, 2, 15, 30)))) for start in starts]


def full() -> list[Busy]:
    """Every quarter of an hour is taken but for its last minute: nothing fits, all has to be looked at."""
    starts = [MONDAY + dt.timedelta(minutes=15 * number) for number in range(ENTRIES)]
    return [Busy(start, start + dt.timedelta(minutes=14)) for start in starts]


def hold(kind: str) -> Hold:
    end = MONDAY + dt.timedelta(minutes=30)
    return Hold("0" * 32, kind, "Call", MONDAY, end, False, "Europe/Istanbul", "", ())


def main() -> None:
    for name, busy in (("scattered", scattered()), ("full", full())):
        taken: Callable[[str], object] = partial(_fit, busy)
        works: dict[str, Callable[[], object]] = {
            "fit a call": partial(taken, "client-call"),
            "fit a preparation": partial(taken, "prepare"),
            "five free slots": partial(free, "check-in", busy, after=MONDAY, hours=HOURS, where=WHERE),
        }
        for what, work in works.items():
            spent = []
            for _ in range(TURNS):
                # Of this process only: what else the machine does is not measured.
                begun = time.process_time()
                work()
                spent.append(1000 * (time.process_time() - begun))
            middle, most = statistics.median(spent), max(spent)
            print(f"{len(busy)} entries, {name:9}  {what:17}  median {middle:6.1f} ms, most {most:6.1f} ms")


def _fit(busy: list[Busy], kind: str) -> object:
    return fit(hold(kind), busy, now=NOW, hours=HOURS)


if __name__ == "__main__":
    main()
