"""Real and damaged mail through the service: an answer to each, never a 5xx."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.api.test_errors import MAIL
from tests.conftest import Client
from tests.corpus.mutate import mutated
from tests.tone.test_stdlib_corpus import MAILS, needs_corpus

OWN = sorted(Path(__file__).parents[1].joinpath("corpus").glob("*.eml"))


def statuses(client: Client, mails: list[bytes]) -> Counter[int]:
    found: Counter[int] = Counter()
    for number, raw in enumerate(mails):
        direction = "incoming" if number % 2 else "outgoing"
        answer = client.post("/v1/reviews", content=raw, headers=MAIL, params={"direction": direction})
        assert answer.status_code in (200, 400, 413), answer.text
        found[answer.status_code] += 1
    return found


@needs_corpus
def test_every_mail_of_the_standard_library_gets_an_answer(client: Client) -> None:
    assert statuses(client, MAILS)[200] >= len(MAILS) * 0.6


@needs_corpus
def test_five_hundred_damaged_copies_get_an_answer(client: Client) -> None:
    assert statuses(client, list(mutated(MAILS, 500)))[200] > 100


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_mails_of_real_programs_get_an_answer(client: Client, path: Path) -> None:
    answer = client.post("/v1/reviews", content=path.read_bytes(), headers=MAIL)
    if answer.status_code == 200:
        got = answer.json()
        assert got["body"]["content"]
        assert all(f["quote"] in got["body"]["content"] for f in got["findings"])
    else:
        assert (answer.status_code, path.name) == (400, "only_attachment.eml")
