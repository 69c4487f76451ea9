"""How much may be asked in a time, and who is at the other end."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth.principal import LOCAL, Principal
from app.limits import Limits, TooManyRequests, client_address
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


@pytest.mark.servers
@pytest.mark.allow_hosts(["127.0.0.1"])
class TestRedis:
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


@given(st.text(), st.lists(st.text()), st.ip_addresses(v=4).map(str))
def test_nobody_chooses_the_own_address(text: str, forged: list[str], real: str) -> None:
    """Whatever a client writes into the header, behind a trusted proxy it counts as itself."""
    if ipaddress.ip_address(real) in TRUSTED[0]:
        return
    assert client_address("10.0.0.1", [*forged, text + "," + real], TRUSTED) == real
    assert client_address(real, [*forged, text], TRUSTED) == real
