"""Any sequence of begin, finish, abandon and tidy answers as a dictionary would."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.store.database import MEMORY
from app.store.secret import Vault
from app.store.store import ABANDONED, KEPT, Begun, Done, Fresh, OtherBody, Running, Store
from tests.store.conftest import NOW, OLDER, SECRET

KEYS = st.sampled_from(["a", "b", "ç"])
BODIES = st.sampled_from([b"", b"one", b"two"])
ANSWERS = st.builds(
    Done,
    st.integers(100, 599),
    st.sampled_from(["application/json", "text/calendar"]),
    st.binary(max_size=20),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)
STEPS = st.sampled_from([dt.timedelta(seconds=1), ABANDONED, ABANDONED * 1.5, KEPT / 2, KEPT])


@dataclass
class Record:
    """What the dictionary knows of a key."""

    body: bytes
    started: dt.datetime
    expires: dt.datetime
    answer: Done | None = None


class Requests(RuleBasedStateMachine):
    """The store beside a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.store: Store | None = None
        self.now = NOW
        self.model: dict[str, Record] = {}
        self.claims: dict[str, list[Fresh]] = {}

    @initialize(secrets=st.sampled_from([[SECRET], [SECRET, OLDER]]))
    def opened(self, secrets: list[str]) -> None:
        self.store = self.runner.run(Store.open(MEMORY, Vault(secrets)))

    @property
    def there(self) -> Store:
        assert self.store is not None
        return self.store

    def expected(self, key: str, body: bytes) -> Begun:
        record = self.model.get(key)
        if record is None or record.expires <= self.now:
            return Fresh(self.now)
        if record.body != body:
            return OtherBody()
        if record.answer is not None:
            return record.answer
        return Fresh(self.now) if self.now - record.started > ABANDONED else Running()

    @rule(key=KEYS, body=BODIES)
    def begin(self, key: str, body: bytes) -> None:
        expected = self.expected(key, body)
        assert self.runner.run(self.there.begin(key, body, self.now)) == expected
        if isinstance(expected, Fresh):
            self.model[key] = Record(body, self.now, self.now + KEPT)
            self.claims.setdefault(key, []).append(expected)

    def running(self, key: str, claim: Fresh | None) -> Record | None:
        record = self.model.get(key)
        if record is None or record.answer is not None:
            return None
        return record if claim is None or claim.started_at == record.started else None

    def claim_of(self, key: str, which: int | None) -> Fresh | None:
        """The latest claim to a key, one before it, or none at all."""
        claims = self.claims.get(key, [])
        return claims[-which] if which is not None and len(claims) >= which else None

    @rule(key=KEYS, answer=ANSWERS, which=st.sampled_from([None, 1, 2]))
    def finish(self, key: str, answer: Done, which: int | None) -> None:
        claim = self.claim_of(key, which)
        self.runner.run(
            self.there.finish(
                key, answer.status, answer.media_type, answer.body, answer.headers, self.now, claim
            )
        )
        record = self.running(key, claim)
        if record is not None:
            record.answer, record.expires = answer, self.now + KEPT

    @rule(key=KEYS, which=st.sampled_from([None, 1, 2]))
    def abandon(self, key: str, which: int | None) -> None:
        claim = self.claim_of(key, which)
        self.runner.run(self.there.abandon(key, claim))
        if self.running(key, claim) is not None:
            del self.model[key]

    @rule(step=STEPS)
    def wait(self, step: dt.timedelta) -> None:
        self.now += step

    @rule()
    def tidy(self) -> None:
        expired = [key for key, record in self.model.items() if record.expires <= self.now]
        removed = self.runner.run(self.there.tidy(self.now))
        # Each is there once for every secret.
        assert removed == len(expired) * len(self.there._vault.digests(""))
        for key in expired:
            del self.model[key]

    @invariant()
    def nothing_is_left_going(self) -> None:
        assert self.store is None or not self.store._session.going

    def teardown(self) -> None:
        if self.store is not None:
            self.runner.run(self.store.close())
        self.runner.close()


Requests.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestRequests = Requests.TestCase
