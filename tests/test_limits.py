"""How much may be asked in a time, and who is at the other end."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth.principal import LOCAL, Principal
from app.limits import Left, Limits, TooManyRequests, Window, client_address, trusts
from tests.servers import RedisServer

T = TypeVar("T")
WHO = Principal("key.a", frozenset(("review",)), "key.a")
OTHER = Principal("key.b", frozenset(("review",)), "key.b")
TRUSTED = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8")]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def limits(
    url: str = "", key: str = "5/minute", address: str = "8/minute", denied: str = "2/minute"
) -> Limits:
    return Limits(key, address, denied, url=url, digest=digest)


def run(steps: Callable[[], Awaitable[T]]) -> T:
    async def whole() -> T:
        return await steps()

    return asyncio.run(whole())


def test_a_key_has_so_many_and_no_more() -> None:
    async def steps() -> None:
        counted = limits()
        remains = []
        for _ in range(5):
            left = await counted.spend(WHO)
            assert left is not None
            remains.append(left.remains)
        assert remains == [4, 3, 2, 1, 0]
        with pytest.raises(TooManyRequests) as caught:
            await counted.spend(WHO)
        headers = caught.value.headers()
        assert headers["RateLimit-Policy"] == '"key";q=5;w=60'
        assert headers["RateLimit"].startswith('"key";r=0;t=')
        assert 1 <= int(headers["Retry-After"]) <= 120
        assert await counted.spend(OTHER)

    run(steps)


def test_a_batch_costs_what_it_holds() -> None:
    async def steps() -> None:
        counted = limits()
        left = await counted.spend(WHO, 4)
        assert left is not None
        assert left.remains == 1
        with pytest.raises(TooManyRequests):
            await counted.spend(WHO, 2)
        assert await counted.spend(WHO, 1)  # what was refused is not counted

    run(steps)


def test_many_at_once_get_exactly_what_there_is() -> None:
    async def steps() -> int:
        counted = limits(key="20/minute")

        async def once() -> bool:
            try:
                await counted.spend(WHO)
            except TooManyRequests:
                return False
            return True

        return sum(await asyncio.gather(*(once() for _ in range(100))))

    assert run(steps) == 20


def test_what_is_not_counted() -> None:
    async def steps() -> None:
        counted = limits(key="", address="", denied="")
        for _ in range(50):
            assert await counted.spend(WHO) is None
            await counted.knock("192.0.2.1")
            await counted.wrong("192.0.2.1")
        assert await limits(key="1/minute").spend(LOCAL) is None

    run(steps)


def test_wrong_keys_make_an_address_wait() -> None:
    async def steps() -> None:
        counted = limits()
        for _ in range(2):
            await counted.knock("192.0.2.1")
            await counted.wrong("192.0.2.1")
        with pytest.raises(TooManyRequests) as caught:
            await counted.knock("192.0.2.1")
        assert caught.value.left.name == "denied"
        await counted.knock("192.0.2.2")

    run(steps)


def test_an_address_has_so_many() -> None:
    async def steps() -> None:
        counted = limits()
        for _ in range(8):
            await counted.knock("192.0.2.1")
        with pytest.raises(TooManyRequests) as caught:
            await counted.knock("192.0.2.1")
        assert caught.value.left.name == "address"

    run(steps)


def test_wrong_keys_are_counted_for_themselves() -> None:
    """Also where both limits of an address are the same."""

    async def steps() -> None:
        counted = limits(address="9/minute", denied="9/minute")
        for _ in range(9):
            await counted.knock("192.0.2.1")

    run(steps)


class Clock:
    """The time of the library that counts in memory."""

    def __init__(self, at: float) -> None:
        self.at = at

    def time(self) -> float:
        return self.at


@pytest.mark.parametrize("begun", [0.0, 0.4, 17.0, 30.0, 59.9])
@pytest.mark.parametrize("cost", [1, 3, 5])
def test_who_waits_as_told_comes_in(monkeypatch: pytest.MonkeyPatch, begun: float, cost: int) -> None:
    clock = Clock(1_800_000_000 + begun)
    monkeypatch.setattr("limits.aio.storage.memory.time", clock)

    async def steps() -> None:
        counted = limits()
        for pause in (0, 3, 20, 11, 40, 0.3, 70, 5, 5, 5):
            clock.at += pause
            try:
                await counted.spend(WHO, cost)
            except TooManyRequests as error:
                seconds = int(error.headers()["Retry-After"])
                assert 1 <= seconds <= 121
                clock.at += seconds
                await counted.spend(WHO, cost)

    run(steps)


windows = st.builds(
    lambda amount, expiry, previous, current, left: Window(
        # No window holds more than is allowed, and both end together.
        amount, expiry, min(previous, amount), left * expiry, min(current, amount), (1 + left) * expiry,
    ),
    st.integers(1, 2000), st.integers(1, 3600), st.integers(0, 2000), st.integers(0, 2000), st.floats(0, 1),
)  # fmt: skip


def later(window: Window, seconds: float) -> Window:
    """What becomes of it when nothing else comes."""
    left = window.current_left - seconds
    if left > window.expiry:
        return replace(window, previous_left=left - window.expiry, current_left=left)
    return replace(
        window, previous=window.current, previous_left=max(0.0, left), current=0,
        current_left=left + window.expiry,
    )  # fmt: skip


@given(windows, st.integers(1, 2500))
def test_what_is_said_to_be_enough_is_enough_and_no_more(window: Window, cost: int) -> None:
    wanted = min(cost, window.amount)
    seconds = window.until(cost)
    assert later(window, seconds).remains() >= wanted
    if window.remains() < wanted and seconds > 1:
        assert later(window, seconds - 1.002).remains() < wanted


KEY = r'"(?P<name>[ !#-\[\]-~]*)"'


@given(
    st.sampled_from(("key", "address", "denied")), st.integers(1, 10**6), st.integers(1, 86_400),
    st.integers(0, 10**6), st.integers(0, 172_800),
)  # fmt: skip
def test_headers_are_structured_fields(
    name: str, amount: int, window: int, remains: int, seconds: int
) -> None:
    """RFC 9651: a list of one string, its parameters integers of fifteen digits at most."""
    number = r"(0|[1-9]\d{0,14})"
    headers = Left(name, amount, window, remains, seconds).headers()
    policy = re.fullmatch(rf"{KEY};q={number};w={number}", headers["RateLimit-Policy"])
    limit = re.fullmatch(rf"{KEY};r={number};t={number}", headers["RateLimit"])
    assert policy
    assert limit
    assert policy["name"] == limit["name"] == name
    assert [int(part) for part in (*policy.groups()[1:], *limit.groups()[1:])] == [
        amount, window, remains, seconds,
    ]  # fmt: skip


@pytest.mark.servers
@pytest.mark.allow_hosts(["127.0.0.1"])
class TestRedis:
    def test_many_at_once_get_exactly_what_there_is(
        self, redis_url: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """However many connections that would take: too many are no failure of Redis."""

        async def steps() -> int:
            pair = [limits(redis_url, key="100/hour") for _ in range(2)]

            async def once(counted: Limits) -> bool:
                try:
                    await counted.spend(WHO)
                except TooManyRequests:
                    return False
                return True

            found = await asyncio.gather(*(once(counted) for _ in range(300) for counted in pair))
            for counted in pair:
                await counted.close()
            return sum(found)

        assert run(steps) == 100
        assert not caplog.records

    def test_one_that_hangs_holds_up_nobody_for_long(self) -> None:
        server = RedisServer()
        try:

            async def steps() -> tuple[int, float]:
                counted = limits(server.url, key="1000/minute")
                await counted.spend(WHO)
                server.suspend()
                begun = time.monotonic()
                found = await asyncio.gather(*(counted.spend(WHO) for _ in range(200)))
                took = time.monotonic() - begun
                await counted.close()
                return len(found), took

            made, took = run(steps)
        finally:
            server.resume()
            server.remove()
        assert made == 200
        assert took < 3  # half a second, on a machine that is not busy

    def test_two_processes_count_together(self, redis_url: str) -> None:
        async def steps() -> None:
            one, two = limits(redis_url), limits(redis_url)
            for counted in (one, two, one, two, one):
                await counted.spend(WHO)
            for counted in (one, two):
                with pytest.raises(TooManyRequests):
                    await counted.spend(WHO)
                await counted.close()

        run(steps)

    def test_no_address_is_told(self, redis_url: str) -> None:
        import redis

        async def steps() -> None:
            counted = limits(redis_url, key="1000/minute")
            await counted.knock("192.0.2.77")
            await counted.spend(WHO)
            await counted.close()

        run(steps)
        with redis.Redis.from_url(redis_url) as client:
            names = [bytes(name).decode() for name in client.keys("*")]
        assert names
        assert not any("192.0.2" in name or "key.a" in name for name in names)

    def test_one_that_fails_stops_nobody(self, caplog: pytest.LogCaptureFixture) -> None:
        server = RedisServer()
        try:
            seconds = 0.0

            async def steps() -> None:
                nonlocal seconds
                counted = Limits("5/minute", "", "", url=server.url, digest=digest, clock=lambda: seconds)
                await counted.spend(WHO)
                server.stop()
                for _ in range(5):  # this process counts for itself now
                    await counted.spend(WHO)
                with pytest.raises(TooManyRequests):
                    await counted.spend(WHO)
                server.start()
                with pytest.raises(TooManyRequests):  # it is not asked again at once
                    await counted.spend(WHO)
                seconds += 5.0
                await counted.spend(WHO)
                await counted.close()

            run(steps)
        finally:
            server.remove()
        said = [record.message for record in caplog.records]
        assert said.count("Redis does not count, this process does") == 1


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),  # whoever sends it may write what they like
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9", "198.51.100.7, 10.2.2.2"], "198.51.100.7"),
        ("10.0.0.1", ["198.51.100.7:4711"], "198.51.100.7"),
        ("10.0.0.1", ['"[2001:db8:1:2:3::4]:80"'], "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", [], "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", [], "192.0.2.1"),
        ("fd00::1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["nobody"], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        (None, ["198.51.100.7"], "unknown"),
        ("testclient", [], "unknown"),
    ],
)
def test_who_is_at_the_other_end(peer: str | None, forwarded: list[str], found: str) -> None:
    assert client_address(peer, forwarded, TRUSTED) == found


@pytest.mark.parametrize(
    ("peer", "found"),
    [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("fd00::5", True), ("192.0.2.1", False), (None, False),
     ("testclient", False)],
)  # fmt: skip
def test_whose_word_is_taken(peer: str | None, found: bool) -> None:
    assert trusts(TRUSTED, peer) is found
    assert not trusts((), peer)


@given(st.text(), st.lists(st.text()), st.ip_addresses(v=4).map(str))
def test_nobody_chooses_the_own_address(text: str, forged: list[str], real: str) -> None:
    """Whatever a client writes into the header, behind a trusted proxy it counts as itself."""
    if ipaddress.ip_address(real) in TRUSTED[0]:
        return
    assert client_address("10.0.0.1", [*forged, text + "," + real], TRUSTED) == real
    assert client_address(real, [*forged, text], TRUSTED) == real
