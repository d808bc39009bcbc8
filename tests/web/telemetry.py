"""Traces for the viewer's tests, sent with OpenTelemetry's own SDK and exporter."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from tests.e2e.collector import Collector

MILLISECOND = 1_000_000
_QUEUE_SIZE = 50_000
_FLUSH_MS = 60_000


@dataclass
class Step:
    """A span to be sent, with those inside it; its times are milliseconds since the trace's start."""

    service: str
    name: str
    start_ms: float
    end_ms: float
    children: Sequence[Step] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[tuple[str, float, Mapping[str, Any]]] = ()
    links: Sequence[Span] = ()
    error: str | None = None
    kind: SpanKind = SpanKind.INTERNAL


class Exporter:
    """A tracer provider for each service, which all send to one collector."""

    def __init__(self, collector: Collector) -> None:
        self._endpoint = f"{collector.url}/v1/traces"
        self._headers = {"Authorization": f"Bearer {collector.token}"}
        self._providers: dict[str, TracerProvider] = {}

    def send(self, root: Step, start_unix_nano: int | None = None) -> str:
        """Send a trace that starts now, or when it is said; return its id once the collector has it."""
        (trace_id,) = self.send_all([root], start_unix_nano)
        return trace_id

    def send_all(self, roots: Sequence[Step], start_unix_nano: int | None = None) -> list[str]:
        """Send several traces with few requests, and return their ids."""
        start = time.time_ns() if start_unix_nano is None else start_unix_nano
        ids = [f"{self.span(root, start).get_span_context().trace_id:032x}" for root in roots]
        self.flush()
        return ids

    def span(self, step: Step, start_unix_nano: int, parent: Span | None = None) -> Span:
        """Record a span and those inside it; `flush` sends them."""
        span = self._tracer(step.service).start_span(
            step.name,
            context=None if parent is None else set_span_in_context(parent),
            kind=step.kind,
            attributes=dict(step.attributes),
            links=[Link(linked.get_span_context()) for linked in step.links],
            start_time=start_unix_nano + int(step.start_ms * MILLISECOND),
        )
        for name, at_ms, attributes in step.events:
            span.add_event(name, dict(attributes), start_unix_nano + int(at_ms * MILLISECOND))
        for child in step.children:
            self.span(child, start_unix_nano, span)
        if step.error is not None:
            span.set_status(Status(StatusCode.ERROR, step.error))
        span.end(start_unix_nano + int(step.end_ms * MILLISECOND))
        return span

    def flush(self) -> None:
        """Return when the collector has acknowledged everything."""
        for provider in self._providers.values():
            assert provider.force_flush(_FLUSH_MS)

    def close(self) -> None:
        for provider in self._providers.values():
            provider.shutdown()

    def _tracer(self, service: str) -> Tracer:
        provider = self._providers.get(service)
        if provider is None:
            provider = TracerProvider(
                resource=Resource({"service.name": service, "service.version": "1.2.3"}),
                shutdown_on_exit=False,
            )
            exporter = OTLPSpanExporter(self._endpoint, headers=self._headers)
            provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=_QUEUE_SIZE))
            self._providers[service] = provider
        return provider.get_tracer("tests.web", "1.0")


@contextlib.contextmanager
def exporting(collector: Collector) -> Iterator[Exporter]:
    """Yield an exporter to a collector; in the end it has sent everything."""
    exporter = Exporter(collector)
    try:
        yield exporter
    finally:
        exporter.close()


def checkout(*, failing: bool = False, slow_ms: float = 0) -> Step:
    """Return a small trace of a shop: four services, and if it is to fail, an exception in the innermost."""
    exception = {
        "exception.type": "PaymentDeclined",
        "exception.message": "card declined",
        "exception.stacktrace": 'Traceback:\n  File "pay.py", line 7, in pay\nPaymentDeclined: card declined',
    }
    charge = Step(
        "payments",
        "POST /charge",
        30,
        70 + slow_ms,
        kind=SpanKind.SERVER,
        attributes={"http.request.method": "POST", "order.total": 42.5, "retries": 0, "cached": False},
        events=[("exception", 60 + slow_ms, exception)] if failing else [],
        error="card declined" if failing else None,
    )
    cart = Step(
        "cart",
        "GET /cart",
        5,
        25,
        kind=SpanKind.SERVER,
        children=[
            Step("database", "SELECT carts", 8, 20, kind=SpanKind.CLIENT, attributes={"db.system": "sqlite"})
        ],
    )
    return Step(
        "web",
        "POST /checkout",
        0,
        80 + slow_ms,
        kind=SpanKind.SERVER,
        children=[cart, charge],
        attributes={
            "http.route": "/checkout",
            "customer.id": "42",
            "url.full": "https://shop.example/checkout",
        },
        error="payment failed" if failing else None,
    )
