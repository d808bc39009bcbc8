"""Sends one trace with the OpenTelemetry SDK: send_with_sdk.py TRACE_ID START_UNIX_NANO proto|json.

Where to, with what token and how compressed is the environment's: the OTEL_EXPORTER_OTLP_* variables.
Ids and times are given, so that what arrives can be compared to the last digit.
"""

from __future__ import annotations

import sys

from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter as JsonExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as ProtobufExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import (
    Link,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceState,
    set_span_in_context,
)


class GivenIds(IdGenerator):
    """The trace id of the command line, and span ids that count."""

    def __init__(self, trace_id: int) -> None:
        self._trace_id = trace_id
        self._span_id = 0

    def generate_trace_id(self) -> int:
        return self._trace_id

    def generate_span_id(self) -> int:
        self._span_id += 1
        return self._span_id


def main() -> None:
    trace_id, start, encoding = int(sys.argv[1], 16), int(sys.argv[2]), sys.argv[3]
    exporter = JsonExporter() if encoding == "json" else ProtobufExporter()
    provider = TracerProvider(
        id_generator=GivenIds(trace_id),
        resource=Resource({"service.name": "shop", "resource.ratio": 0.5}, "https://example.com/resource"),
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer(
        "e2e", "1.2.3", "https://example.com/scope", attributes={"scope.attribute": True}
    )
    linked = SpanContext(0x11111111111111111111111111111111, 0x2222222222222222, True, None, TraceState())
    root = tracer.start_span(
        "GET /cart ünï \U0001f680",
        kind=SpanKind.SERVER,
        attributes={
            "text": "naïve 日本語 \U0001f680 \0",
            "empty": "",
            "true": True,
            "false": False,
            "largest": 2**63 - 1,
            "smallest": -(2**63),
            "double": 0.1,
            "whole": 2.0,
            "bytes": b"\x00\xff",
            "texts": ["a", "b"],
            "integers": [1, -1],
            "doubles": [1.5, 2.0],
            "booleans": [True, False],
            "map": {"inner": {"deep": 1}},
        },
        links=[Link(linked, {"link.attribute": 1})],
        start_time=start + 1,
    )
    root.add_event("cache miss", {"event.attribute": "ü"}, timestamp=start + 123_456_789)
    child = tracer.start_span("child", set_span_in_context(root), kind=SpanKind.CLIENT, start_time=start + 2)
    child.set_status(Status(StatusCode.OK))
    child.end(start + 3)
    root.set_status(Status(StatusCode.ERROR, "out of stock"))
    root.end(start + 1_000_000_000)
    provider.shutdown()


if __name__ == "__main__":
    main()
