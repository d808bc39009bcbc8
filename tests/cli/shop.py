"""A trace of a shop for the tests of commands, and how to store it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from tests.e2e.collector import PROTOBUF
from tests.e2e.otlp import text_attribute
from tests.samples import key_values

MILLISECOND = 1_000_000
HOSTILE = "evil\x1b[2J\x1b]0;title\x07 \u202egpj.exe\nsecond line \x9b31m"


@dataclass
class Shop:
    """A trace by two services with names of its own, so that filters find it alone."""

    name: str = "checkout"
    trace_id: str = field(default_factory=lambda: secrets.token_hex(16))
    service: str = field(default_factory=lambda: f"shop-{secrets.token_hex(4)}")
    start_unix_nano: int = field(default_factory=lambda: time.time_ns() - 5_000_000_000)

    @property
    def payments(self) -> str:
        return f"{self.service}-payments"

    @staticmethod
    def span_id(number: int) -> str:
        return f"{number:016x}"

    def request(self) -> ExportTraceServiceRequest:
        """Return the trace: a root of 200 ms, a call that fails, and what is called."""
        root = self._span(1, 0, self.name, 0, 200, Span.SPAN_KIND_SERVER, {"http.route": "/cart", "n": 42})
        call = self._span(2, 1, "POST /pay", 20, 120, Span.SPAN_KIND_CLIENT, {})
        call.status.CopyFrom(Status(code=Status.STATUS_CODE_ERROR, message="no answer"))
        event = call.events.add(name="exception", time_unix_nano=self.start_unix_nano + 100 * MILLISECOND)
        event.attributes.extend(key_values({"exception.message": "timed out"}))
        work = self._span(3, 2, "charge", 30, 60, Span.SPAN_KIND_SERVER, {})
        return ExportTraceServiceRequest(
            resource_spans=[self._group(self.service, [root, call]), self._group(self.payments, [work])]
        )

    def store(self, client: httpx.Client) -> Shop:
        """Send the trace, and return it."""
        body = self.request().SerializeToString()
        response = client.post("/v1/traces", content=body, headers={"Content-Type": PROTOBUF})
        assert response.status_code == 200, response.text
        return self

    def _group(self, service: str, spans: list[Span]) -> ResourceSpans:
        scope = InstrumentationScope(name="tests")
        group = ResourceSpans(scope_spans=[ScopeSpans(scope=scope, spans=spans)])
        group.resource.attributes.append(text_attribute("service.name", service))
        return group

    def _span(
        self,
        number: int,
        parent: int,
        name: str,
        start: int,
        duration: int,
        kind: Span.SpanKind.ValueType,
        attributes: dict[str, object],
    ) -> Span:
        start_unix_nano = self.start_unix_nano + start * MILLISECOND
        return Span(
            trace_id=bytes.fromhex(self.trace_id),
            span_id=number.to_bytes(8, "big"),
            parent_span_id=parent.to_bytes(8, "big") if parent else b"",
            name=name,
            kind=kind,
            start_time_unix_nano=start_unix_nano,
            end_time_unix_nano=start_unix_nano + duration * MILLISECOND,
            attributes=key_values(attributes),
        )
