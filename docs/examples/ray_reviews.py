"""Reviews over a Ray cluster: python docs/examples/ray_reviews.py IN.jsonl OUT.jsonl [ACTORS]

IN.jsonl has a mail a line, `{"text": ..., "direction": "outgoing"}`; OUT.jsonl gets figures and ids alone, in
the same order. The package has to be installed on every machine of the cluster. An actor loads the engine
once and reviews a batch at a time; a few batches are under way, whatever the size of the input.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import ray
from ray.util import ActorPool

from app.tone.mail import read_text
from app.tone.review import Engine, Message, Request
from app.tone.week import default_hours

BATCH = 32
Mail = dict[str, Any]


@ray.remote
class Reviewer:
    """One for each core."""

    def __init__(self) -> None:
        self._engine = Engine.load()
        self._hours = default_hours("Europe/Paris")

    def review(self, mails: list[Mail]) -> list[dict[str, Any]]:
        now = dt.datetime.now(dt.UTC)
        rows = []
        for mail in mails:
            message = Message(mail["direction"], read_text(mail["text"]))
            review = self._engine.review(Request(message, now, self._hours))
            rows.append(
                {
                    "language": review.language,
                    "score": review.score.overall if review.score else None,
                    "findings": [finding.guideline for finding in review.findings],
                    "machine_process": os.getpid(),
                }
            )
        return rows


def batches(source: Path) -> Iterator[list[Mail]]:
    with source.open(encoding="utf-8") as file:
        mails = (json.loads(line) for line in file)
        while batch := list(islice(mails, BATCH)):
            yield batch


def main(source: Path, target: Path, actors: int) -> None:
    pool = ActorPool([Reviewer.remote() for _ in range(actors)])  # type: ignore[attr-defined]
    waiting, under_way = batches(source), 0
    with target.open("w", encoding="utf-8") as out:
        while True:
            while under_way < 2 * actors and (batch := next(waiting, None)) is not None:
                pool.submit(lambda actor, mails: actor.review.remote(mails), batch)
                under_way += 1
            if not under_way:
                break
            rows = pool.get_next()
            under_way -= 1
            out.writelines(json.dumps(row) + "\n" for row in rows)


if __name__ == "__main__":
    ray.init()
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 2)
