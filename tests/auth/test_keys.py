"""Published keys are fetched once for all who wait, again when they change, and no oftener than need be."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import jwt
import pytest
from anyio.from_thread import BlockingPortal
from hypothesis import given
from hypothesis import strategies as st

from app.auth import keys as module
from app.auth.google import KEYS_AT
from app.auth.keys import BadToken, Keys, KeysUnavailable
from tests.auth import tokens
from tests.auth.google_fakes import FakeGoogleIdentity, jwks, published

DAY = 24 * 3600.0
MAX_AGE = 19723.0  # as the fake says unless told otherwise


class Bench:
    """The keys, with a clock that a test turns and the provider that it spoils."""

    def __init__(self, portal: BlockingPortal) -> None:
        self.portal = portal
        self.google = FakeGoogleIdentity()
        self.clock = 1000.0
        self.keys = Keys(
            httpx.AsyncClient(transport=self.google.transport()), KEYS_AT, "Google", lambda: self.clock
        )

    @property
    def kid(self) -> str:
        """The name of the key that signs at present."""
        return self.google.key.kid

    @property
    def asked(self) -> int:
        """How often the provider was asked for keys."""
        return self.google.counts["v3"]

    def get(self, kid: str | None = None) -> str:
        """How asking for a key ends; the present one, unless said."""
        return self.portal.call(self.outcome, kid or self.kid)

    async def outcome(self, kid: str) -> str:
        try:
            key = await self.keys.get(kid)
        except (BadToken, KeysUnavailable) as error:
            return type(error).__name__
        number = next(n for n in range(2000, 2010) if tokens.key(n).kid == kid)
        assert key.key.public_numbers() == tokens.key(number).private.public_key().public_numbers()
        return "ok"

    def together(self, *kids: str, meanwhile: Callable[[], Awaitable[None]] | None = None) -> list[str]:
        """How asking for all of them at once ends, in their order. The answer comes when all have asked
        and `meanwhile` is done."""

        async def ask_all() -> list[str]:
            ended: dict[int, str] = {}

            async def one(place: int, kid: str) -> None:
                ended[place] = await self.outcome(kid)

            self.google.gate = anyio.Event()
            with anyio.fail_after(20):
                async with anyio.create_task_group() as group:
                    for place, kid in enumerate(kids):
                        group.start_soon(one, place, kid)
                    await anyio.wait_all_tasks_blocked()
                    if meanwhile is not None:
                        await meanwhile()
                    self.google.gate.set()
            self.google.gate = None
            return [ended[place] for place in range(len(kids))]

        return self.portal.call(ask_all)


@pytest.fixture
def bench(portal: BlockingPortal) -> Iterator[Bench]:
    made = Bench(portal)
    yield made
    portal.call(made.keys.client.aclose)


# How often.


def test_fifty_at_once_ask_once(bench: Bench) -> None:
    assert bench.together(*[bench.kid] * 50) == ["ok"] * 50
    assert bench.asked == 1
    assert bench.get() == "ok"
    assert bench.asked == 1


def test_fifty_at_once_share_an_outage_too(bench: Bench) -> None:
    bench.google.down = True
    assert bench.together(*[bench.kid] * 50) == ["KeysUnavailable"] * 50
    assert bench.asked == 1


def test_an_outage_at_the_start_is_over_when_it_is_over(bench: Bench) -> None:
    bench.google.down = True
    assert [bench.get() for _ in range(10)] == ["KeysUnavailable"] * 10
    assert bench.asked == 1
    bench.clock += 5
    assert [bench.get() for _ in range(10)] == ["KeysUnavailable"] * 10
    assert bench.asked == 2
    bench.google.down = False
    bench.clock += 5
    assert (bench.get(), bench.asked) == ("ok", 3)


def test_the_error_names_the_provider_and_nothing_else(bench: Bench) -> None:
    bench.google.down = True
    with pytest.raises(KeysUnavailable, match=r"^the signing keys of Google could not be fetched$") as caught:
        bench.portal.call(bench.keys.get, "a-name")
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, DAY),
        ({"Cache-Control": "public, max-age=19723, must-revalidate"}, 19723),
        ({"Cache-Control": 'Max-Age = "7200"'}, 7200),
        ({"Cache-Control": "max-age=7200", "Age": "1200"}, 6000),
        ({"Cache-Control": "max-age=7200", "Age": "9000"}, 300),
        ({"Cache-Control": "max-age=7200", "Age": "-5"}, 7200),
        ({"Cache-Control": "max-age=7200", "Age": "²"}, 7200),
        ({"Cache-Control": "max-age=0"}, 300),
        ({"Cache-Control": "max-age=999999999"}, DAY),
        ({"Cache-Control": "max-age=99999999999999999999"}, DAY),
        ({"Cache-Control": "s-maxage=7200, x-max-age=7200"}, DAY),
        ({"Cache-Control": "max-age=soon"}, DAY),
    ],
)
def test_keys_are_kept_for_as_long_as_the_answer_says(
    bench: Bench, headers: dict[str, str], seconds: float
) -> None:
    bench.google.headers = headers
    assert (bench.get(), bench.asked) == ("ok", 1)
    bench.clock += seconds - 1
    assert (bench.get(), bench.asked) == ("ok", 1)
    bench.clock += 1
    assert (bench.get(), bench.asked) == ("ok", 2)


def test_made_up_names_do_not_become_requests(bench: Bench) -> None:
    assert bench.get() == "ok"
    for step in range(1000):
        assert bench.get(f"made-up-{step}") == "BadToken"
        bench.clock += 1
    # A thousand seconds: at the first fetch, and after each five minutes.
    assert bench.asked == 1 + 1000 // 300
    assert bench.get() == "ok"


def test_made_up_names_all_at_once_are_one_request(bench: Bench) -> None:
    names = [f"made-up-{number}" for number in range(50)]
    assert bench.together(*names) == ["BadToken"] * 50
    bench.clock += 300
    assert bench.together(*names, bench.kid) == ["BadToken"] * 50 + ["ok"]
    assert bench.asked == 2


# Keys that change.


def test_a_new_key_is_found_once_five_minutes_are_over(bench: Bench) -> None:
    old = bench.kid
    assert bench.get() == "ok"
    bench.google.rotate()
    assert (bench.get(), bench.asked) == ("BadToken", 1)
    bench.clock += 300
    assert bench.together(*[bench.kid, old] * 25) == ["ok"] * 50
    assert bench.asked == 2
    bench.google.rotate(keep=False)
    bench.clock += 300
    assert (bench.get(), bench.get(old), bench.asked) == ("ok", "BadToken", 3)


def test_who_knows_the_key_does_not_wait_for_who_does_not(bench: Bench) -> None:
    old = bench.kid
    assert bench.get() == "ok"
    bench.google.rotate()
    bench.clock += MAX_AGE  # all are out of date now

    async def meanwhile() -> None:
        with anyio.fail_after(1):
            assert await bench.outcome(old) == "ok"

    assert bench.together(bench.kid, meanwhile=meanwhile) == ["ok"]
    assert bench.asked == 2


def test_keys_that_change_while_they_are_on_their_way(bench: Bench) -> None:
    old = bench.kid

    async def meanwhile() -> None:
        bench.google.rotate(keep=False)

    assert bench.together(*[old] * 25, meanwhile=meanwhile) == ["ok"] * 25
    # What came is what was true when it was sent; the new key is found at the next chance.
    assert (bench.get(), bench.asked) == ("BadToken", 1)
    bench.clock += 300
    assert bench.together(*[bench.kid] * 25) == ["ok"] * 25
    assert (bench.get(old), bench.asked) == ("BadToken", 2)


def test_who_leaves_while_fetching_leaves_it_to_the_next(bench: Bench) -> None:
    async def leave_first() -> str:
        bench.google.gate = anyio.Event()
        with anyio.move_on_after(0.01):
            await bench.keys.get(bench.kid)
        bench.google.gate.set()
        with anyio.fail_after(5):
            return await bench.outcome(bench.kid)

    assert bench.portal.call(leave_first) == "ok"
    assert bench.asked == 2


# Outages.


def test_known_keys_outlast_an_outage_for_a_day(bench: Bench) -> None:
    assert bench.get() == "ok"
    bench.google.down = True
    bench.clock += MAX_AGE
    assert bench.together(*[bench.kid] * 50) == ["ok"] * 50
    assert bench.asked == 2
    bench.clock += DAY - 1
    assert (bench.get(), bench.asked) == ("ok", 3)
    bench.clock += 1
    assert (bench.get(), bench.asked) == ("KeysUnavailable", 3)
    bench.clock += 5
    bench.google.down = False
    assert (bench.get(), bench.asked) == ("ok", 4)


def test_what_is_not_known_in_an_outage_is_not_called_bad(bench: Bench) -> None:
    assert bench.get() == "ok"
    bench.google.down = True
    bench.google.rotate()
    bench.clock += 300
    assert [bench.get() for _ in range(10)] == ["KeysUnavailable"] * 10
    assert bench.get(tokens.key(2000).kid) == "ok"
    assert bench.asked == 2
    bench.google.down = False
    bench.clock += 5
    assert (bench.get(), bench.get("made-up"), bench.asked) == ("ok", "BadToken", 3)


# Answers that are none.


def altered(part: str, value: Any) -> bytes:
    return jwks((), {**published(), part: value})


SPOILT = [
    b"", b"<html>not now</html>", b"null", b"[]", b"17", b'"keys"', b"{}", b'{"keys": null}',
    b'{"keys": {}}', b'{"keys": []}', b'{"keys": [null, 1, "x", []]}', b'{"keys": ["', b"\xff\xfe", b"\x00",
    b"[" * 100_000, b'{"keys":' + b"[" * 100_000, b"1" * 5000, b'{"keys": NaN}',
    jwks()[:-1], jwks() + b"x", jwks((), published(), *range(100_000)), jwks() + b" " * 300_000,
    altered("n", ""), altered("n", None), altered("n", 5), altered("n", ["x"]),
    altered("n", "!"), altered("n", "é"), altered("n", "\ud800"), altered("n", "A" * 200_000),
    altered("n", "_" * 200_000), altered("e", ""), altered("e", "AQ"), altered("e", "_" * 2000),
    altered("kid", None), altered("kid", ""), altered("kid", 1), altered("kid", ["x"]),
    altered("kty", "EC"), altered("kty", "oct"), altered("use", "enc"), altered("alg", "HS256"),
    altered("alg", "RS512"), altered("use", []),
    altered("n", tokens.encode(b"\xff" * 128)), altered("n", tokens.encode(b"\xff" * 1025)),
]  # fmt: skip


@pytest.mark.parametrize("body", SPOILT, ids=lambda body: repr(body[:24]))
def test_what_is_no_set_of_keys_counts_as_none(bench: Bench, body: bytes) -> None:
    bench.google.body = body
    assert bench.get() == "KeysUnavailable"
    bench.google.body = None
    bench.clock += 5
    assert bench.get() == "ok"
    bench.google.body = body
    bench.clock += MAX_AGE
    assert (bench.get(), bench.asked) == ("ok", 3)


@given(body=st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["RSA", "sig", "RS256", "AQAB", published()["n"]]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["keys", "kty", "kid", "n", "e", "use", "alg"]), inner, max_size=7),
).map(lambda content: json.dumps({"keys": [content]}).encode()))  # fmt: skip
def test_no_answer_at_all_breaks_anything(body: bytes) -> None:
    try:
        found = module._published(body)
    except (ValueError, RecursionError):
        return
    assert found
    assert all(isinstance(key, jwt.PyJWK) for key in found.values())


def test_what_is_not_understood_does_not_hide_what_is(bench: Bench) -> None:
    strange = [None, 5, {}, {"kty": "EC", "kid": "x", "crv": "P-256"}, {**published(2001), "n": "!"}]
    bench.google.body = jwks((2000,), *strange, {**published(2002), "d": "AQAB", "x5c": ["?"]})
    assert bench.get() == "ok"
    assert bench.get(tokens.key(2001).kid) == "BadToken"
    assert bench.get(tokens.key(2002).kid) == "ok"  # a public key is all that is taken of it


@pytest.mark.parametrize("status", [204, 301, 302, 304, 400, 404, 429, 500, 503])
def test_any_other_status_is_an_outage(bench: Bench, status: int) -> None:
    bench.google.status = status
    bench.google.body = jwks()  # which would do, were it not for the status
    bench.google.headers = {"Location": "https://elsewhere.example.test/keys"}
    assert (bench.get(), bench.asked) == ("KeysUnavailable", 1)


def test_a_slow_answer_is_an_outage(bench: Bench) -> None:
    bench.google.slow = True
    assert bench.get() == "KeysUnavailable"


def test_an_endless_answer_is_left_off(bench: Bench) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 10_000

    bench.google.stream = endless
    assert bench.get() == "KeysUnavailable"
    assert sent == 27  # the first that passes a quarter of a mebibyte


def test_an_answer_that_drips_is_left_off(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.05)

    async def dripping() -> AsyncIterator[bytes]:
        while True:
            await anyio.sleep(0.01)
            yield b" "

    bench.google.stream = dripping
    assert bench.get() == "KeysUnavailable"


def test_a_packed_answer_that_breaks_is_an_outage(bench: Bench) -> None:
    async def packed() -> AsyncIterator[bytes]:
        await anyio.lowlevel.checkpoint()
        yield b"not gzip at all"

    bench.google.headers = {"Content-Encoding": "gzip"}
    bench.google.stream = packed
    assert bench.get() == "KeysUnavailable"
