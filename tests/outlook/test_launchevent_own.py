"""Only the writer's own words count: quoted mail is cut away by its lines, in four languages."""

from __future__ import annotations

import pytest

from app.guidance import schema
from tests.outlook.event_runtime import Runtime, sending
from tests.outlook.test_launchevent import GOOD, went

pytestmark = pytest.mark.npm


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    return Runtime(tmp_path_factory.mktemp("events"), schema.load())


INSULT = "You are a complete amateur. Take it or leave it."
HISTORY: tuple[str, ...] = (
    "From: Sam <sam@client.test>\nSent: Monday, 9 March 2026 10:00\nTo: Ana\nSubject: Order\n\n{}",
    "________________________________\nFrom: Sam <sam@client.test>\nSent: Monday\n\n{}",
    "-----Original Message-----\n{}",
    "On Mon, 9 Mar 2026 at 10:00, Sam <sam@client.test> wrote:\n> {}",
    "> {}",
    "De : Sam <sam@client.test>\nEnvoyé : lundi 9 mars 2026 10:00\nObjet : Commande\n\n{}",
    "Le lun. 9 mars 2026 à 10:00, Sam <sam@client.test> a écrit :\n\n{}",
    "Kimden: Sam <sam@client.test>\nGönderildi: 9 Mart 2026 Pazartesi\nKonu: Sipariş\n\n{}",
    "Sam <sam@client.test>, 9 Mar 2026 Pzt, 10:00 tarihinde şunu yazdı:\n\n{}",
    "من: Sam <sam@client.test>\nتم الإرسال: الاثنين 9 مارس 2026\nالموضوع: الطلب\n\n{}",
    "في الاثنين 9 مارس 2026 10:00 كتب Sam <sam@client.test>:\n\n{}",
)


def test_quoted_insults_are_not_the_writers(runtime: Runtime) -> None:
    mails = [sending(f"{GOOD}\r\n\r\n{one.format(INSULT)}") for one in HISTORY]
    for mail, sent in zip(
        mails,
        runtime.send(*[{**one, "answer": {**one["answer"], "refused": True}} for one in mails]),
        strict=True,
    ):
        assert went(sent), mail["body"]
        body = sent["fetched"][0]["body"]
        assert body["message"]["text"].splitlines() == GOOD.splitlines()
        assert body["context"] == [{"direction": "incoming", "text": INSULT}]


def test_the_writers_insults_are(runtime: Runtime) -> None:
    texts = [
        f"{INSULT}\n\n{HISTORY[0].format('Hello')}",
        f"{HISTORY[3].format('Where is it?')}\n{INSULT}\n> And why?",
        f"I wrote this to you in 2024:\n{INSULT}",
        f"---\n{INSULT}",
    ]
    for text, sent in zip(
        texts, runtime.send(*[sending(text, answer={"refused": True}) for text in texts]), strict=True
    ):
        assert not went(sent), text


def test_only_the_latest_message_is_the_context(runtime: Runtime) -> None:
    thread = f"{HISTORY[0].format('Second.')}\n\n{HISTORY[3].format('First.')}"
    (found,) = runtime.call("ownWords", (f"Mine.\n\n{thread}", False))
    assert found == {"own": "Mine.", "history": "Second."}
