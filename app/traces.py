"""OpenTelemetry traces, where OTEL_EXPORTER_OTLP_ENDPOINT (or its like for traces) is set; else nothing.

Our own thin spans: the usual instrumentation would export addresses. A span has a route's template, counts
and codes, and nothing of what was sent or of who sent it. Exporter, sampler and resource are set up by the
variables that OpenTelemetry's SDK reads by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from app.errors import SettingsError
from app.version import product_version

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
Kind = Literal["server", "client", "internal"]


class Span:
    """A span under way; this one records nothing. `trace_id` is 32 hexadecimal digits where it does."""

    trace_id: str | None = None

    def name(self, name: str) -> None:
        """Call it by what is known by now."""

    def set(self, attributes: Mapping[str, str | int]) -> None:
        """Add what is known by now."""

    def failed(self, reason: str) -> None:
        """Mark it as failed, by a code or by the name of an error's type."""


class Traces:
    """Records nothing."""

    @contextmanager
    def request(self, traceparent: str | None) -> Iterator[Span]:
        """A request that came in, perhaps as a part of a trace that its header names (W3C Trace Context)."""
        yield Span()

    @contextmanager
    def span(self, name: str, kind: Kind = "internal") -> Iterator[Span]:
        """A part of a request that is under way. An exception that passes marks it as failed."""
        yield Span()

    def close(self) -> None:
        """Send what is left. May wait for the network."""


NOTHING = Traces()


class _Recorded(Span):
    def __init__(self, span: Any) -> None:
        from opentelemetry.trace import StatusCode

        self._span = span
        self._error = StatusCode.ERROR
        self.trace_id = f"{span.get_span_context().trace_id:032x}"

    def name(self, name: str) -> None:
        self._span.update_name(name)

    def set(self, attributes: Mapping[str, str | int]) -> None:
        self._span.set_attributes(attributes)

    def failed(self, reason: str) -> None:
        self._span.set_attribute("error.type", reason)
        self._span.set_status(self._error)


class _Exported(Traces):
    """Sends spans by OTLP over HTTP."""

    def __init__(self) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace import SpanKind, get_current_span
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        name = os.environ.get("OTEL_SERVICE_NAME", "tactline")
        resource = Resource.create({SERVICE_NAME: name, SERVICE_VERSION: product_version()})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._current = get_current_span
        self._tracer = self._provider.get_tracer("tactline", product_version())
        self._propagator = TraceContextTextMapPropagator()
        self._kinds = {
            "server": SpanKind.SERVER, "client": SpanKind.CLIENT, "internal": SpanKind.INTERNAL,
        }  # fmt: skip

    @contextmanager
    def request(self, traceparent: str | None) -> Iterator[Span]:
        # The `tracestate` beside it may hold any words and would be exported: it is left out, as it may be.
        carried = {} if traceparent is None else {"traceparent": traceparent}
        with self._begun("request", "server", self._propagator.extract(carried)) as span:
            yield span

    @contextmanager
    def span(self, name: str, kind: Kind = "internal") -> Iterator[Span]:
        if not self._current().get_span_context().is_valid:
            yield Span()  # of the service itself, which looks at the store every few seconds
            return
        with self._begun(name, kind) as span:
            yield span

    @contextmanager
    def _begun(self, name: str, kind: Kind, context: Any = None) -> Iterator[Span]:
        # The library would record an exception with its words, and these may quote the mail.
        with self._tracer.start_as_current_span(
            name, context, self._kinds[kind], record_exception=False, set_status_on_exception=False
        ) as span:
            recorded = _Recorded(span)
            try:
                yield recorded
            except Exception as error:
                recorded.failed(type(error).__name__)
                raise

    def close(self) -> None:
        self._provider.shutdown()


def configured(environ: Mapping[str, str] = os.environ) -> Traces:
    """Traces as the environment wants them. Raises SettingsError where they cannot be had."""
    off = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    off = off or environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none"
    if off or not any(environ.get(name) for name in _ENDPOINTS):
        return NOTHING
    protocol = next((environ[name] for name in _PROTOCOLS if environ.get(name)), "http/protobuf")
    if protocol != "http/protobuf":
        raise SettingsError("OTEL_EXPORTER_OTLP_PROTOCOL: traces go out by http/protobuf alone.")
    try:
        return _Exported()
    except ModuleNotFoundError:
        raise SettingsError("Traces need more packages: pip install 'tactline[traces]'") from None
