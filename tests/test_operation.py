"""What operators see: readiness, figures, traces, and lines that belong together."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import pytest
from anyio.from_thread import BlockingPortal

from app import logs, metrics, traces
from app.errors import SettingsError
from app.service import Service
from app.store.errors import StoreError
from app.tone.review import Engine
from tests.acceptance.workers import ROOT
from tests.api.test_access import SET, Keyed, started
from tests.api.test_calendar_holds import HOLD, NOW, staged
from tests.conftest import Client
from tests.holds.fakes.faults import Fault
from tests.serving import BODY, Collector, Figures, collecting, figures
from tests.test_logs import Failing

MARKED = ("zebra", "told you", "Call the client", "ana", "canary", "127.0.0.1:8000")
"""What must not be in a span: words, titles, names, a query, an address."""

while_staged = contextmanager(staged)


@pytest.fixture
def keyed(make_client: Callable[..., Client], engine: Engine) -> Iterator[Keyed]:
    with started(make_client(engine, api_keys=SET)) as found:
        yield found


def of(found: Figures, name: str, **labels: str) -> float:
    return found[f"tactline_{name}", tuple(sorted(labels.items()))]


class TestReadiness:
    def test_a_store_that_fails_is_told_and_comes_back(
        self, keyed: Keyed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fails() -> None:
            raise StoreError("The database did not do what was asked.")

        with monkeypatch.context() as patch:
            patch.setattr(keyed.shared.store, "ping", fails)
            answer = keyed.client.get("/readyz")
            assert answer.status_code == 503
            assert answer.json() == {"status": "unavailable", "engine": "ready", "store": "unavailable"}
            assert keyed.client.get("/healthz").status_code == 200
            assert of(figures(keyed.ask("GET", "/metrics", SET).text), "ready") == 0
        time.sleep(1.0)
        assert keyed.client.get("/readyz").json()["status"] == "ready"
        assert of(figures(keyed.ask("GET", "/metrics", SET).text), "ready") == 1

    def test_nobody_can_ask_the_store_to_death(self, keyed: Keyed, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = 0

        async def counts() -> None:
            nonlocal asked
            asked += 1

        monkeypatch.setattr(keyed.shared.store, "ping", counts)
        begun = time.monotonic()
        for _ in range(20):
            assert keyed.client.get("/readyz").status_code == 200
        assert asked <= 1 + (time.monotonic() - begun)

    def test_a_store_that_hangs_is_asked_once(self, keyed: Keyed, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = 0
        answers = anyio.Event()

        async def hangs() -> None:
            nonlocal asked
            asked += 1
            await answers.wait()

        monkeypatch.setattr(keyed.shared.store, "ping", hangs)
        for _ in range(2):
            begun = time.monotonic()
            assert keyed.client.get("/readyz").json()["store"] == "unavailable"
            assert 1.9 < time.monotonic() - begun < 20
            time.sleep(1.0)
        assert asked == 1
        keyed.client.portal.call(answers.set)
        assert keyed.client.get("/readyz").json()["status"] == "ready"

    def test_one_that_was_told_to_end_takes_no_more(self, keyed: Keyed) -> None:
        keyed.shared.leaving = True
        answer = keyed.client.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (503, "leaving")
        assert keyed.review(SET).status_code == 200


class TestMetrics:
    def test_what_is_counted(self, keyed: Keyed) -> None:
        keyed.review(SET)
        keyed.ask("POST", "/v1/reviews", SET, json={"message": 7})
        keyed.client.get("/no/such/zebra")
        keyed.client.request("ZEBRA", "/v1/reviews")
        answer = keyed.ask("GET", "/metrics", SET)
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        found = figures(answer.text)
        assert of(found, "requests_total", route="/v1/reviews", method="POST", status="200") == 1
        assert of(found, "requests_total", route="/v1/reviews", method="POST", status="422") == 1
        assert of(found, "requests_total", route="none", method="GET", status="404") == 1
        assert of(found, "requests_total", route="/v1/reviews", method="other", status="405") == 1
        assert of(found, "request_seconds_count", route="/v1/reviews") == 3
        assert of(found, "reviews_total", direction="outgoing", language="en") == 1
        assert of(found, "findings_total", guideline="blaming-the-client", severity="error") == 1
        assert of(found, "review_seconds_count", direction="outgoing") == 1
        assert of(found, "wait_seconds_count") >= 1
        assert of(found, "threads") == keyed.shared.threads
        assert of(found, "threads_busy") == 0
        assert "zebra" not in answer.text.lower()

    def test_they_are_not_for_everyone(self, keyed: Keyed) -> None:
        assert keyed.ask("GET", "/metrics", None).status_code == 401
        none = keyed.add("scrapes")
        assert keyed.ask("GET", "/metrics", none).status_code == 200

    def test_they_are_open_where_all_is(self, client: Client) -> None:
        assert "tactline_build_info" in client.get("/metrics").text

    def test_those_over_a_limit_are_counted(self, make_client: Callable[..., Client], engine: Engine) -> None:
        with started(make_client(engine, api_keys=SET, rate_limit="2/minute")) as limited:
            for _ in range(3):
                limited.review(SET)
            found = figures(limited.shared.metrics.text().decode())
            assert of(found, "limited_requests_total", limit="key") == 1

    def test_calls_of_calendars_by_provider_and_outcome(self, portal: BlockingPortal, engine: Engine) -> None:
        with while_staged(portal, engine) as stage:
            assert stage.post("google").status_code == 201
            assert stage.post("microsoft").status_code == 201
            stage.graph.faults.add(Fault("*", 503, times=2))
            assert stage.post("microsoft", {**HOLD, "id": "0d" * 16}).status_code == 502
            found = figures(stage.client.get("/metrics").text)
            for provider in ("google", "microsoft"):
                assert of(found, "calendar_calls_total", provider=provider, call="create", outcome="ok") == 1
            failed = {
                dict(labels)["outcome"]: value
                for (name, labels), value in found.items()
                if name == "tactline_calendar_calls_total" and dict(labels)["outcome"] != "ok"
            }
            assert failed == {"Unavailable": 1}
            assert of(found, "calendar_seconds_count", provider="google") >= 1

    def test_failures_of_the_store(self, keyed: Keyed, monkeypatch: pytest.MonkeyPatch) -> None:
        def gone() -> Any:
            raise OSError("canary")

        monkeypatch.setattr(keyed.shared.store, "_reading", gone)
        assert keyed.client.get("/readyz").status_code == 503
        text = keyed.shared.metrics.text().decode()
        assert of(figures(text), "store_errors_total", operation="ping") == 1
        assert "canary" not in text

    def test_work_that_waits_for_a_thread(self, portal: BlockingPortal) -> None:
        service = Service(threads=1)
        go, busy = threading.Event(), threading.Event()

        def work() -> None:
            busy.set()
            assert go.wait(30)

        async def both() -> Figures:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(service.aside, work)
                tasks.start_soon(service.aside, work)
                await anyio.to_thread.run_sync(busy.wait)
                await anyio.sleep(0.3)
                during = figures(service.metrics.text().decode())
                go.set()
            return during

        during = portal.call(both)
        assert (of(during, "threads"), of(during, "threads_busy")) == (1, 1)
        after = figures(service.metrics.text().decode())
        assert of(after, "threads_busy") == 0
        assert of(after, "wait_seconds_count") == 2
        assert of(after, "wait_seconds_sum") >= 0.3

    def test_guidelines_are_told_apart_up_to_a_number(self) -> None:
        """Whoever may put guidelines could otherwise fill the memory with their names."""
        kept = metrics.Metrics()
        names = {kept._told_apart(f"house-{n}") for n in range(metrics.MANY + 50)}
        assert len(names) == metrics.MANY + 1
        assert "other" in names
        assert kept._told_apart("house-7") == "house-7"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    found = io.StringIO()
    logs.configure("info", "json", found, worker=7)
    yield found
    root.handlers[:], level = before
    root.setLevel(level)
    logging.captureWarnings(False)


class TestLines:
    def test_all_lines_of_a_request_carry_its_id(self, client: Client, stream: io.StringIO) -> None:
        answer = client.post("/v1/reviews", json=BODY)
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        assert [line["message"] for line in lines] == ["reviewed", "request"]
        assert {line["request_id"] for line in lines} == {answer.headers["x-request-id"]}
        assert {line["worker"] for line in lines} == {7}
        assert all(line["time"].endswith("+00:00") for line in lines)

    def test_an_id_of_a_trusted_proxy_is_kept(
        self, make_client: Callable[..., Client], client: Client, engine: Engine
    ) -> None:
        theirs = str(uuid.uuid4())
        behind = make_client(engine, trusted_proxies="127.0.0.0/8")
        for given, kept in ((theirs, True), (f"canary {theirs}", False), ("", False)):
            answer = behind.get("/healthz", headers={"X-Request-ID": given})
            assert (answer.headers["x-request-id"] == given) is kept
        assert client.get("/healthz", headers={"X-Request-ID": theirs}).headers["x-request-id"] != theirs

    @pytest.mark.parametrize(
        ("module", "message", "shown"),
        [
            ("server", "Started server process [7]", "Started server process [7]"),
            ("on", "Traceback of what\ncanary said", "Traceback of what"),
            ("websockets_impl", '127.0.0.1:7 - "WebSocket /canary" [accepted]', None),
            ("h11_impl", "canary", None),
        ],
    )
    def test_the_server_tells_of_the_process_alone(
        self, stream: io.StringIO, module: str, message: str, shown: str | None
    ) -> None:
        logger = logging.getLogger("uvicorn.error")
        logger.handle(
            logger.makeRecord(logger.name, logging.INFO, f"/x/uvicorn/{module}.py", 1, message, (), None)
        )
        line = json.loads(stream.getvalue())
        assert line["message"] == (shown or f"message of a library, left out; from {module}.py:1")
        assert "canary" not in stream.getvalue()


@pytest.mark.allow_hosts(["127.0.0.1"])
class TestTraces:
    TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    HEADERS = {  # noqa: RUF012 - read alone
        "traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=canary", "baggage": "name=canary",
        "X-Zebra": "zebra",
    }  # fmt: skip

    @pytest.fixture
    def collector(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
        with collecting() as found:
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.endpoint)
            # The framework's own spans would have paths and queries.
            monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
            yield found

    def test_spans_tell_routes_and_counts_and_nothing_of_the_mail(
        self, portal: BlockingPortal, engine: Engine, collector: Collector, stream: io.StringIO
    ) -> None:
        with while_staged(portal, engine) as stage:
            review = stage.client.post("/v1/reviews", json=BODY, headers=self.HEADERS)
            # An undo names the event in its path, a list the thread in its query.
            placed = stage.post("google", headers={**self.HEADERS, "Idempotency-Key": "canary"})
            stage.client.request(
                "GET", "/v1/holds", params={"calendar": "google", "thread": "canary", "now": NOW},
                headers={**self.HEADERS, "Calendar-Authorization": "Bearer T"},
            )  # fmt: skip
            stage.client.get("/readyz", headers=self.HEADERS)
        assert (review.status_code, placed.status_code) == (200, 201)
        spans = collector.spans(self.TRACE)
        by_id = {span.span_id: span for span in spans}
        told = {
            span.name: {item.key: item.value.string_value or item.value.int_value for item in span.attributes}
            for span in spans
        }
        server = [span for span in spans if span.kind == 2]  # SPAN_KIND_SERVER
        assert {span.name for span in server} == {"POST /v1/reviews", "POST /v1/holds", "GET /v1/holds"}
        assert all(span.parent_span_id.hex() == self.PARENT for span in server)
        assert told["POST /v1/reviews"] == {
            "http.request.method": "POST", "http.route": "/v1/reviews", "http.response.status_code": 200,
            "tactline.request_id": review.headers["x-request-id"],
        }  # fmt: skip
        assert told["review"] == {
            "tactline.direction": "outgoing", "tactline.language": "en", "tactline.findings": 1,
        }  # fmt: skip
        parents = {span.name: by_id[span.parent_span_id].name for span in spans if span not in server}
        assert parents["review"] == "POST /v1/reviews"
        assert parents["calendar create"] == parents["store begin"] == parents["store finish"]
        assert parents["store begin"] == "POST /v1/holds"
        assert told["calendar create"] == {"tactline.calendar": "google"}
        assert not any(span.trace_state or span.events for span in spans)
        self.clean(collector)
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        assert {line.get("trace_id") for line in lines if line.get("route") == "/v1/reviews"} == {self.TRACE}

    def clean(self, collector: Collector) -> None:
        assert collector.bodies
        for body in collector.bodies:
            assert not [word for word in MARKED if word.encode() in body]

    def test_a_failure_is_told_by_its_kind(
        self, make_client: Callable[..., Client], engine: Engine, collector: Collector
    ) -> None:
        with started(make_client(engine)) as failing, warnings.catch_warnings(action="ignore"):
            failing.shared.engine = Failing(engine)
            answer = failing.client.post("/v1/reviews", json=BODY, headers=self.HEADERS)
        assert answer.status_code == 500
        spans = {span.name: span for span in collector.spans(self.TRACE)}
        for name in ("review", "POST /v1/reviews"):
            told = {item.key: item.value.string_value for item in spans[name].attributes}
            assert told["error.type"] == "RuntimeError"
            assert (spans[name].status.code, spans[name].status.message) == (2, "")  # STATUS_CODE_ERROR
        self.clean(collector)

    def test_what_the_service_does_by_itself_is_no_trace(
        self, make_client: Callable[..., Client], engine: Engine, collector: Collector
    ) -> None:
        with started(make_client(engine)) as running:
            running.client.portal.call(running.shared.store.ping)
        assert collector.bodies == []

    def test_a_collector_that_is_down_stops_nobody(
        self, make_client: Callable[..., Client], engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "2")
        begun = time.monotonic()
        with started(make_client(engine)) as running:
            assert running.client.post("/v1/reviews", json=BODY).status_code == 200
        assert time.monotonic() - begun < 30

    def test_nothing_of_it_is_loaded_where_it_is_not_wanted(self) -> None:
        code = (
            "import sys; from app.main import create_app; create_app(); "
            "sys.exit(any(name in sys.modules for name in ('opentelemetry.sdk', 'opentelemetry.exporter')))"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=120, check=False)  # noqa: S603
        assert done.returncode == 0

    @pytest.mark.parametrize(
        "off",
        [
            {},
            {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "TRUE"},
            {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"},
        ],
    )
    def test_it_can_be_off(self, off: dict[str, str]) -> None:
        assert traces.configured(off) is traces.NOTHING

    def test_another_protocol_is_refused(self) -> None:
        wanted = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
        with pytest.raises(SettingsError, match="OTEL_EXPORTER_OTLP_PROTOCOL"):
            traces.configured(wanted)

    def test_packages_that_are_missing_are_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
        with pytest.raises(SettingsError, match="traces"):
            traces.configured({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
