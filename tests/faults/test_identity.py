"""Microsoft's keys cannot be had for a while, and clocks differ: whom that stops, and whom it does not."""

from __future__ import annotations

import time

import pytest

from app.tone.review import Engine
from tests.api.test_errors import problem
from tests.outlook.signed import serving
from tests.outlook.test_http import calling

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def test_who_was_known_before_an_outage_is_let_in_all_the_while(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Who asked and failed asks again after five seconds, and for new names every five minutes: not here.
    monkeypatch.setattr("app.auth.keys._LEAST", 0.0)
    monkeypatch.setattr("app.auth.keys._AGAIN", 0.0)
    with serving(engine) as signed, calling(signed) as pane:
        signed.entra.down = True
        answer = pane.review()  # down from the start
        problem(answer, 503, "identity-unavailable")
        assert answer.headers["retry-after"]
        signed.entra.down = False
        assert pane.review().status_code == 200

        signed.entra.down = True  # and later
        assert pane.review().status_code == 200
        old = pane.token
        signed.entra.rotate()
        pane.renew()
        problem(pane.review(), 503, "identity-unavailable")  # not called bad
        pane.token = old
        assert pane.review().status_code == 200
        signed.entra.down = False
        pane.renew()
        assert pane.review().status_code == 200


def test_clocks_may_differ_by_a_minute(engine: Engine) -> None:
    with serving(engine) as signed, calling(signed) as pane:
        now = int(time.time())
        for claims, good in (
            ({"nbf": now + 30, "iat": now + 30}, True),
            ({"nbf": now + 120, "iat": now + 120}, False),
            ({"exp": now - 30}, True),
            ({"exp": now - 70}, False),
        ):
            pane.renew(**claims)
            answer = pane.review()
            if good:
                assert answer.status_code == 200
            else:
                problem(answer, 401, "bad-token")
