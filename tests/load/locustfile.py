"""What people ask of the service, in the proportions of a firm: for Locust (https://locust.io).

TACTLINE_LOAD names the file that tests/load/service.py wrote. Every answer is looked at, not only its status:
an answer that is wrong counts as a failure, and so does one that comes too late to be of use. TACTLINE_RATE
is the number of requests a second that all users together make; without it each asks again at once.
"""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Any

from locust import HttpUser, constant_throughput, task

GIVEN: dict[str, Any] = json.loads(Path(os.environ["TACTLINE_LOAD"]).read_text("utf-8"))
USERS = int(os.environ.get("TACTLINE_USERS", "8"))
RATE = float(os.environ.get("TACTLINE_RATE", "0"))
OVERLOAD = bool(os.environ.get("TACTLINE_OVERLOAD"))
_numbers = itertools.count(1)


def new(text: str) -> str:
    """The text with numbers that no mail had before."""
    return text.replace("(", f"({next(_numbers)}-")


class Firm(HttpUser):
    if RATE:
        wait_time = constant_throughput(RATE / USERS)

    def post(self, name: str, path: str, right: Any, **options: Any) -> None:
        with self.client.post(path, name=name, catch_response=True, timeout=30, **options) as answer:
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
                answer.failure(f"status {answer.status_code}")

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
        body = {"text": new(next(_mails)), "language": "auto"}
        self.post("POST /v2/check", "/v2/check", lambda answer: "matches" in answer.json(), data=body)

    @task(4)
    def card(self) -> None:
        headers = {"Authorization": f"Bearer {GIVEN['system']}"}

        def right(answer: Any) -> bool:
            return "navigations" in answer.json()["action"]

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
