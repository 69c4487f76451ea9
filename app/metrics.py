"""Counts and timings for Prometheus: of routes, languages and guidelines, never of people or mails.

With several processes (`tactline serve --workers`) they are summed by the library's files in
PROMETHEUS_MULTIPROC_DIR, which `serve` makes and removes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

from app.guidance.schema import Guidance
from app.tone.types import Review, severity_of
from app.version import product_version

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
MANY = 500
"""Guidelines that are told apart. An organisation may make and drop its own as often as it likes, and each
name costs memory here and in Prometheus: later ones are counted as "other"."""
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """One application's; a registry of its own, since tests make many."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter("requests", "Requests by route.", "route", "method", "status")
        self._seconds = self._histogram("request_seconds", "Time until the whole answer was sent.", "route")
        self._limited = self._counter("limited_requests", "Requests over a rate limit.", "limit")
        self._reviews = self._counter(
            "reviews", "Reviews by direction and language.", "direction", "language"
        )
        self._review_seconds = self._histogram("review_seconds", "Time of the engine alone.", "direction")
        self._findings = self._counter("findings", "Findings by guideline.", "guideline", "severity")
        self._missing = self._counter("missing_elements", "Missing elements by guideline.", "guideline")
        self._waiting = self._histogram("wait_seconds", "Time that work waited for a free thread.")
        self._busy = self._gauge("threads_busy", "Threads at work, of all processes.", "livesum")
        self._threads = self._gauge("threads", "Threads for reviews, of all processes.", "livesum")
        self._calls = self._counter(
            "calendar_calls", "Calls of calendars; the outcome is ok or the error's name.",
            "provider", "call", "outcome",
        )  # fmt: skip
        self._call_seconds = self._histogram(
            "calendar_seconds", "Time of a calendar's answer, a second try included.", "provider"
        )
        self._store_errors = self._counter("store_errors", "Failures of the database.", "operation")
        self._ready = self._gauge("ready", "Processes that were ready when last asked.", "livesum")
        self._gauge("build_info", "This version.", "livemostrecent", "version").labels(product_version()).set(
            1
        )
        self._known: set[str] = set()

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"tactline_{name}", meaning, labels, registry=self._registry)

    def _histogram(self, name: str, meaning: str, *labels: str) -> Histogram:
        return Histogram(f"tactline_{name}", meaning, labels, buckets=_SECONDS, registry=self._registry)

    def _gauge(self, name: str, meaning: str, together: str, *labels: str) -> Gauge:
        # `together` is how the values of several processes become one.
        return Gauge(
            f"tactline_{name}", meaning, labels, multiprocess_mode=together, registry=self._registry  # type: ignore[arg-type]
        )  # fmt: skip

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request. `route` is the template, never the path."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def limited(self, limit: str) -> None:
        """A request that was over a limit: "key", "address" or "denied"."""
        self._limited.labels(limit).inc()

    def reviewed(self, review: Review, guidance: Guidance, seconds: float) -> None:
        """A review, by which guidance it was made, and how long the engine took."""
        self._reviews.labels(review.direction, review.language).inc()
        self._review_seconds.labels(review.direction).observe(seconds)
        for finding in review.findings:
            usual = guidance.guidelines[finding.guideline].head.severity
            severity = severity_of(usual, finding.confidence)
            self._findings.labels(self._told_apart(finding.guideline), severity).inc()
        for element in review.elements:
            if element.status == "missing":
                self._missing.labels(self._told_apart(element.guideline)).inc()

    def _told_apart(self, guideline: str) -> str:
        if guideline not in self._known:
            if len(self._known) >= MANY:
                return "other"
            self._known.add(guideline)
        return guideline

    def threads(self, count: int) -> None:
        """How many reviews may run at once in this process."""
        self._threads.set(count)

    @contextmanager
    def working(self, waited: float) -> Iterator[None]:
        """A thread at work, and the seconds that the work waited for it."""
        self._waiting.observe(waited)
        self._busy.inc()
        try:
            yield
        finally:
            self._busy.dec()

    def called(self, provider: str, call: str, outcome: str, seconds: float) -> None:
        """A call of a calendar."""
        self._calls.labels(provider, call, outcome).inc()
        self._call_seconds.labels(provider).observe(seconds)

    def store_failed(self, operation: str) -> None:
        """A StoreError."""
        self._store_errors.labels(operation).inc()

    def ready(self, well: bool) -> None:
        """Whether this process can answer."""
        self._ready.set(well)

    def text(self) -> bytes:
        """All of it in Prometheus's text format, of every process where there are several."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
