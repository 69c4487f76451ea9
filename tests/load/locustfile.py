"""What people ask of the service, in the proportions of a firm: for Locust (https://locust.io).

TACTLINE_LOAD names the file that tests/load/service.py wrote. Every answer is looked at, not only its status:
an answer that is wrong counts as a failure, and so does one that comes too late to be of use. TACTLINE_RATE
is the number of requests a second that all users together make; without it each asks again at once.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from locust import FastHttpUser, task

GIVEN: dict[str, Any] = json.loads(Path(os.environ["TACTLINE_LOAD"]).read_text("utf-8"))
USERS = int(os.environ.get("TACTLINE_USERS", "8"))
RATE = float(os.environ.get("TACTLINE_RATE", "0"))
OVERLOAD = bool(os.environ.get("TACTLINE_OVERLOAD"))
_numbers = itertools.count(1)


def new(text: str) -> str:
    """The text with numbers that no mail had before."""
    return text.replace("(", f"({next(_numbers)}-")


class Firm(FastHttpUser):
    network_timeout = connection_timeout = 30.0
    if RATE:
        # Each at a time of their own, as people do: in step they would come as one wave after another.
        def on_start(self) -> None:
            self.due = time.monotonic()
            time.sleep(self.wait_time())

        def wait_time(self) -> float:
            self.due += random.expovariate(RATE / USERS)
            return max(0.0, self.due - time.monotonic())

    def post(self, name: str, path: str, right: Any, **options: Any) -> None:
        with self.client.post(path, name=name, catch_response=True, **options) as answer:
            if answer.status_code in (429, 503) and OVERLOAD and answer.headers.get("Retry-After"):
                answer.success()  # to be refused in time is right when there is too much
                answer.request_meta["name"] = "refused"
                return
            try:
                fine = answer.status_code in (200, 201) and right(answer)
            except (ValueError, KeyError):
                fine = False
            if fine:
                answer.success()
            else:
                # Without a status the connection failed, and the error's name tells how.
                error = getattr(answer, "error", None)
                answer.failure(f"status {answer.status_code}{f' {type(error).__name__}' if error else ''}")

    @task(12)
    def draft(self) -> None:
        text = new(next(_mails))

        def right(answer: Any) -> bool:
            found = answer.json()
            return all(text[f["start"] : f["end"]] == f["quote"] for f in found["findings"]) and bool(
                found["segments"][-1]["end"] == len(text)
            )

        body = {"message": {"direction": "outgoing", "text": text}, "offset_encoding": "code-point"}
        self.post("POST /v1/reviews (draft)", "/v1/reviews", right, json=body)

    @task(4)
    def mail(self) -> None:
        text = f"{next(_clients)} ({next(_numbers)})"
        body = {"message": {"direction": "incoming", "text": text}}

        def right(answer: Any) -> bool:
            return answer.json()["temperature"] in ("tense", "upset", "hostile")

        self.post("POST /v1/reviews (client)", "/v1/reviews", right, json=body)

    @task(3)
    def editor(self) -> None:
        body = urlencode({"text": new(next(_mails)), "language": "auto"})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self.post("POST /v2/check", "/v2/check", lambda a: "matches" in a.json(), data=body, headers=headers)

    @task(4)
    def card(self) -> None:
        headers = {"Authorization": f"Bearer {GIVEN['system']}"}

        def right(answer: Any) -> bool:
            card = answer.json()["action"]["navigations"][0]["pushCard"]
            # Too much to do is told in a card, "error": Gmail would show its own words for a 503.
            return card["name"] == "message" or (OVERLOAD and card["name"] == "error")

        self.post("POST /gmail", "/gmail?do=message", right, json=next(_events), headers=headers)

    @task(1)
    def hold(self) -> None:
        wanted = next(_holds)
        body = {"hold": wanted, "calendar": "google", "now": "2027-02-26T09:00:00+03:00"}
        headers = {"Calendar-Authorization": f"Bearer {GIVEN['token']}", "Idempotency-Key": wanted["id"]}
        self.post(
            "POST /v1/holds", "/v1/holds", lambda a: a.json()["event"]["id"], json=body, headers=headers
        )


_mails, _clients, _events, _holds = (
    itertools.cycle(GIVEN[name]) for name in ("mails", "clients", "events", "holds")
)
