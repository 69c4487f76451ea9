"""What the load test sends is what it says: otherwise half an hour measures refusals."""

from __future__ import annotations

from typing import Any

from anyio.from_thread import BlockingPortal

from app.tone.review import Engine
from tests.gmail.stage import card, staged
from tests.load.service import given


def test_every_card_shows_its_message_and_every_hold_is_entered(
    portal: BlockingPortal, engine: Engine
) -> None:
    with staged(portal, engine) as stage:
        sent = given(stage)
        proof = {"Authorization": f"Bearer {sent['system']}"}
        shown = [
            stage.client.post("/gmail?do=message", json=event, headers=proof).json()
            for event in sent["events"]
        ]
        assert [card(answer)["name"] for answer in shown] == ["message"] * 4
        assert len({card(answer)["header"]["title"] for answer in shown}) == 4

        def entered(hold: dict[str, Any]) -> int:
            token = {"Calendar-Authorization": f"Bearer {sent['token']}", "Idempotency-Key": hold["id"]}
            body = {"hold": hold, "calendar": "google", "now": "2027-02-26T09:00:00+03:00"}
            return stage.client.post("/v1/holds", json=body, headers=token).status_code

        assert {entered(hold) for hold in sent["holds"][:5]} == {201}
