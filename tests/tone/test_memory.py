"""Values are made once, kept up to a bound, and no text is kept."""

from __future__ import annotations

import pickle
import threading

from app.tone.memory import Memory


def test_a_value_is_made_once_and_the_oldest_is_forgotten() -> None:
    made: list[str] = []

    def make(text: str) -> int:
        made.append(text)
        return len(text)

    memory: Memory[int] = Memory(2)
    assert [memory.get(text, make) for text in ("a", "bb", "a", "ccc", "bb")] == [1, 2, 1, 3, 2]
    assert made == ["a", "bb", "ccc", "bb"]
    assert len(memory) == 2


def test_the_words_are_not_kept() -> None:
    memory: Memory[int] = Memory(9)
    memory.get("a very private sentence \ud800", len)
    assert b"private" not in pickle.dumps(memory._known)


def test_threads_may_share_one() -> None:
    memory: Memory[int] = Memory(5)
    threads = [
        threading.Thread(target=lambda: [memory.get(str(n), len) for n in range(500)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(memory) == 5
