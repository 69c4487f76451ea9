"""Which standing holds the client's answer makes needless."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.test_errors import pointers, problem
from tests.conftest import Client

NOW = "2026-11-27T09:00:00+03:00"
KINDS = ("commitment", "client-call", "prepare", "check-in", "team-retro", "cooling-off", "peer-review")


def standing(kind: str, day: str = "2026-11-30") -> dict[str, Any]:
    start, end = f"{day}T10:00:00+03:00", f"{day}T10:30:00+03:00"
    return {"event": f"e-{kind}", "kind": kind, "start": start, "end": end, "all_day": False}


def released(client: Client, text: str, holds: list[dict[str, Any]], direction: str = "incoming") -> Any:
    message = {"direction": direction, "text": text}
    answer = client.review(message, now=NOW, time_zone="Europe/Istanbul", standing=holds, explain_in="en")
    assert answer.status_code == 200, answer.text
    return answer.json()["release"]


def test_a_content_client_frees_what_was_for_calming_them(client: Client) -> None:
    text = "Hello Ana, thank you so much, everything works perfectly now and we are delighted with it."
    found = released(client, text, [standing(kind) for kind in KINDS])
    assert {item["kind"] for item in found} >= {"client-call", "prepare", "cooling-off"}
    assert not {item["kind"] for item in found} & {"commitment", "team-retro"}
    assert all(item["event"] == f"e-{item['kind']}" and item["reason"] for item in found)


def test_an_angry_client_frees_only_the_cooling_off(client: Client) -> None:
    text = "I am furious. This is the third time you let us down and I have had enough of it!"
    assert [item["kind"] for item in released(client, text, [standing(kind) for kind in KINDS])] == [
        "cooling-off"
    ]


def test_what_is_past_may_go_whatever_it_was(client: Client) -> None:
    [found] = released(client, "I am furious, this is a disgrace.", [standing("client-call", "2026-11-20")])
    assert found["reason"] == "Its time has passed."
    day = {**standing("commitment"), "start": "2026-11-20", "end": "2026-11-21", "all_day": True}
    assert len(released(client, "I am furious, this is a disgrace.", [day])) == 1


def test_a_draft_of_ones_own_frees_nothing(client: Client) -> None:
    assert released(client, "Thank you, all is well.", [standing("cooling-off")], "outgoing") == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"kind": "party"}, "#/standing/0/kind"),
        ({"start": "soon"}, "#/standing/0/start"),
        ({"event": ""}, "#/standing/0/event"),
        ({"event": "a\nb"}, "#/standing/0/event"),
    ],
)
def test_a_bad_hold_is_named(client: Client, change: dict[str, Any], pointer: str) -> None:
    message = {"direction": "incoming", "text": "Thank you."}
    answer = client.review(message, standing=[{**standing("check-in"), **change}])
    assert pointers(problem(answer, 422, "bad-fields")) == {pointer}
