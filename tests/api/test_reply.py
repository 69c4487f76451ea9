"""A reply to begin with, and the thread that holds are found by, in the answer of POST /v1/reviews."""

from __future__ import annotations

from typing import Any

import pytest

from app.holds.propose import thread_key
from tests.conftest import Client

NOW = "2026-11-27T09:00:00+03:00"
INCOMING = {
    "en": "Sam, the brochure is three weeks late and I am furious. What on earth is going on? Maya",
    "fr": "Sam, la brochure a trois semaines de retard et je suis furieuse. Que se passe-t-il ? Maya",
    "ar": "سام، تأخر الكتيب ثلاثة أسابيع وأنا غاضبة جدًا. ما الذي يحدث؟ مايا",
    "tr": "Sam, broşür üç hafta gecikti ve çok kızgınım. Neler oluyor? Maya",
}


def review(service: Client, text: str, direction: str = "incoming", **more: Any) -> dict[str, Any]:
    answer = service.review(
        {"direction": direction, "text": text, **more.pop("message", {})}, now=NOW, **more
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("language", INCOMING)
def test_a_reply_is_worded_in_the_language_of_the_mail(client: Client, language: str) -> None:
    found = review(client, INCOMING[language], reply=True, client={"name": "Maya"})
    assert found["language"] == language
    assert "Maya" in found["reply"].split("\n")[0]
    assert "[" in found["reply"], "what only the writer knows is left to fill in"
    assert not set("{}|") & set(found["reply"]), found["reply"]


def test_only_where_it_is_asked_for(client: Client) -> None:
    assert "reply" not in review(client, INCOMING["en"])
    assert "reply" not in review(client, "Hello Maya, it comes on Monday.", "outgoing", reply=True)


def test_without_guidance_for_the_language_there_is_none(client: Client) -> None:
    text = "Guten Morgen, die Broschüre ist seit drei Wochen überfällig, und ich bin sehr verärgert darüber."
    assert review(client, text, reply=True)["reply"] is None


def test_a_thread_names_its_holds(client: Client) -> None:
    draft = "Hello Maya, I am sorry that the brochure is late. You will have it by Thursday noon."

    def holds(**more: Any) -> list[tuple[str, str]]:
        return [(hold["id"], hold["thread"]) for hold in review(client, draft, "outgoing", **more)["holds"]]

    subject = {"message": {"subject": "Brochure"}}
    assert holds(**subject)
    assert holds(**subject) == holds(message={"subject": "Re: brochure"})
    named = holds(thread="AAQkAGI1/1+=", **subject)
    assert named == holds(thread="AAQkAGI1/1+=", message={"subject": "Another"})
    # GET /v1/holds?thread= takes the text that named the thread, too.
    assert {thread for _, thread in named} == {thread_key("AAQkAGI1/1+=")}
    assert {thread for _, thread in named}.isdisjoint(thread for _, thread in holds(**subject))
    assert holds(thread="", **subject) == holds(**subject)


@pytest.mark.parametrize(
    ("field", "value"), [("thread", "a" * 2001), ("thread", 7), ("reply", "maybe"), ("reply", None)]
)
def test_what_is_no_thread_and_no_wish_is_refused(client: Client, field: str, value: object) -> None:
    answer = client.review({"direction": "incoming", "text": INCOMING["en"]}, now=NOW, **{field: value})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"#/{field}"]


def test_the_interface_describes_them(client: Client) -> None:
    known = client.get("/openapi.json").json()["components"]["schemas"]
    assert {"thread", "reply"} <= set(known["ReviewIn"]["properties"])
    assert "reply" in known["ReviewOut"]["properties"]
    assert "reply" not in known["ReviewOut"]["required"]
