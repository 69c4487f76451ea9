"""The fake Google Calendar, through google-api-python-client: what goes wrong on the way."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.holds.fakes.google import FakeGoogle, Fault
from tests.holds.fakes.google_client import ID, api, calendar_of_ana, delete, event, get, insert, refused


@pytest.fixture
def fake() -> FakeGoogle:
    return calendar_of_ana()


@pytest.mark.parametrize("lost", [ConnectionResetError, BrokenPipeError])
def test_a_lost_answer_leaves_the_event(fake: FakeGoogle, lost: type[ConnectionError]) -> None:
    fake.faults.add(Fault("insert", lose=True))
    with pytest.raises(lost):
        api(fake, lost=lost).events().insert(calendarId="primary", body=event()).execute()
    assert get(fake)["id"] == ID
    assert refused(lambda: insert(fake)) == (409, "duplicate")


def test_httplib2_itself_sends_again_when_the_server_hangs_up(fake: FakeGoogle) -> None:
    fake.faults.add(Fault("insert", lose=True))
    asking = (
        api(fake, lost=http.client.RemoteDisconnected).events().insert(calendarId="primary", body=event())
    )
    assert refused(asking.execute) == (409, "duplicate")
    assert [call.operation for call in fake.calls] == ["insert", "insert"]


def test_a_slow_answer_is_a_timeout_after_the_work(fake: FakeGoogle) -> None:
    fake.faults.add(Fault("*", delay=0.3))
    with pytest.raises(TimeoutError):
        api(fake, timeout=0.05).events().insert(calendarId="primary", body=event()).execute()
    assert get(fake)["id"] == ID
    fake.faults.add(Fault("get", delay=0.02))
    assert api(fake, timeout=5.0).events().get(calendarId="primary", eventId=ID).execute()["id"] == ID


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (Fault("insert", 429, headers={"Retry-After": "3"}), (429, "rateLimitExceeded")),
        (Fault("insert", 403, "userRateLimitExceeded"), (403, "userRateLimitExceeded")),
        (Fault("insert", 403, "insufficientPermissions"), (403, "insufficientPermissions")),
        (Fault("insert", 412), (412, "conditionNotMet")),
        (Fault("insert", 500), (500, "backendError")),
        (Fault("*", 503), (503, "backendError")),
    ],
)
def test_a_fault_is_answered_instead_of_the_work(fake: FakeGoogle, fault: Fault, found: Any) -> None:
    fake.faults.add(fault)
    with pytest.raises(HttpError) as caught:
        insert(fake)
    assert caught.value.resp.get("retry-after") == fault.headers.get("Retry-After")
    assert (caught.value.status_code, caught.value.reason != "") == (found[0], True)
    assert json.loads(caught.value.content)["error"]["errors"][0]["reason"] == found[1]
    assert fake.events("ana") == []
    insert(fake)


def test_an_answer_may_be_garbage(fake: FakeGoogle) -> None:
    half = '{"kind": "calendar#ev'
    fake.faults.add(Fault("insert", body=half.encode()))
    # The library hands on what it cannot read (`JsonModel.deserialize`).
    assert insert(fake) == half
    fake.faults.add(Fault("get", body=b"\xff"))
    with pytest.raises(UnicodeDecodeError):
        get(fake)
    assert get(fake)["id"] == ID
    fake.faults.add(Fault("get", 502, body=b"<html>Bad gateway</html>", times=2))
    for _ in range(2):
        with pytest.raises(HttpError) as caught:
            get(fake)
        assert (caught.value.status_code, caught.value.content) == (502, b"<html>Bad gateway</html>")
    assert get(fake)["id"] == ID


def test_faults_wait_for_their_operation_and_their_turn(fake: FakeGoogle) -> None:
    fake.faults.add(Fault("delete", 500))
    fake.faults.add(Fault("insert", 503))
    fake.faults.add(Fault("*", 500))
    assert refused(lambda: insert(fake)) == (503, "backendError")
    assert refused(lambda: insert(fake)) == (500, "backendError")
    insert(fake)
    fake.faults.clear()
    delete(fake)
    with pytest.raises(ValueError, match="at least once"):
        Fault("get", times=0)
