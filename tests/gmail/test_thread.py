"""The conversation before the open message, read from the fake Gmail."""

from __future__ import annotations

import pytest
from anyio.from_thread import BlockingPortal

from app.gmail.messages import Letter, MailGone
from app.holds.retry import Deadline
from tests.gmail.mails import ANA, MESSAGE_TOKEN, Bench, patient, plain


@pytest.fixture
def bench(portal: BlockingPortal, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return patient(portal, monkeypatch)


def conversation(bench: Bench, count: int) -> list[str]:
    """The ids of a conversation that ends with the open message."""
    first = bench.fake.deliver(ANA, plain("Message 0"))
    for number in range(1, count - 1):
        labels = ("SENT",) if number % 2 else ("INBOX",)
        bench.fake.deliver(ANA, plain(f"Message {number}"), labels, first.thread)
    stored = bench.opened(plain(f"Message {count - 1}"), thread=first.thread)
    return [stored.event_id, first.thread]


def texts(found: list[Letter]) -> list[str]:
    return [letter.document.text.strip() for letter in found]


def test_a_conversation_is_told_oldest_first_and_ends_with_the_message(bench: Bench) -> None:
    message, thread = conversation(bench, 4)
    bench.fake.deliver(ANA, plain("Later"), thread=thread)
    bench.fake.save_draft(ANA, plain("Draft"), thread)
    bench.fake.deliver(ANA, plain("Elsewhere"))
    found = bench.run(lambda box: box.thread(message))
    assert texts(found) == ["Message 0", "Message 1", "Message 2", "Message 3"]
    assert [letter.direction for letter in found] == ["incoming", "outgoing", "incoming", "incoming"]
    assert bench.asked() == ["message full", "thread full"]
    assert {call.message_token for call in bench.fake.calls} == {MESSAGE_TOKEN}


def test_of_a_long_conversation_the_last_eight_are_read(bench: Bench) -> None:
    message, _ = conversation(bench, 12)
    assert texts(bench.run(lambda box: box.thread(message))) == [f"Message {n}" for n in range(4, 12)]


def test_a_conversation_stops_at_a_mebibyte(bench: Bench) -> None:
    long = "All work and no play. " * 20_000
    first = bench.fake.deliver(ANA, plain(f"First. {long}"))
    bench.fake.deliver(ANA, plain(f"Second. {long}"), thread=first.thread)
    bench.fake.deliver(ANA, plain("Third."), thread=first.thread)
    stored = bench.opened(plain(f"Fourth. {long}"), thread=first.thread)
    found = bench.run(lambda box: box.thread(stored.event_id))
    assert [text[:5] for text in texts(found)] == ["Secon", "Third", "Fourt"]


def test_what_is_no_part_of_a_conversation_is_left_out(bench: Bench) -> None:
    first = bench.fake.deliver(ANA, plain("First"))
    bench.fake.deliver(ANA, plain("Thrown away"), ("TRASH",), first.thread)
    bench.fake.save_draft(ANA, plain("Draft"), first.thread)
    bench.fake.deliver(ANA, plain("  "), thread=first.thread)
    stored = bench.opened(plain("Last"), thread=first.thread)
    assert texts(bench.run(lambda box: box.thread(stored.event_id))) == ["First", "Last"]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 403},
        {"status": 429},
        {"lose": True},
        {"body": b"{}"},
        {"body": b'{"messages":7}'},
    ],
)
def test_without_its_conversation_the_message_stands_alone(bench: Bench, fault: dict[str, object]) -> None:
    message, _ = conversation(bench, 3)
    bench.fail("thread", times=5, **fault)  # type: ignore[arg-type]
    assert texts(bench.run(lambda box: box.thread(message))) == ["Message 2"]
    assert bench.asked() == ["message full", "thread full"]


def test_a_slow_conversation_leaves_time_for_the_rest(portal: BlockingPortal) -> None:
    bench = Bench(portal, lambda: Deadline(1.0))
    message, _ = conversation(bench, 3)
    bench.fail("thread", delay=3.0)

    async def look(box: object) -> float:
        assert len(await box.thread(message)) == 1  # type: ignore[attr-defined]
        return float(box._deadline.left())  # type: ignore[attr-defined]

    assert bench.run(look) > 0.2


def test_a_conversation_that_the_token_does_not_open(bench: Bench) -> None:
    bench.fake.threads_by_token = False
    message, _ = conversation(bench, 3)
    assert texts(bench.run(lambda box: box.thread(message))) == ["Message 2"]


def test_the_message_itself_has_to_be_there(bench: Bench) -> None:
    bench.opened(plain("Where?"))
    with pytest.raises(MailGone):
        bench.run(lambda box: box.thread("msg-f:17"))
