"""Sends a trace of many spans in several exports: send_many_with_sdk.py TRACE_ID COUNT.

Where to, with what token and how many spans an export is the environment's.
"""

from __future__ import annotations

import sys

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

FLUSH_MS = 60_000


def main() -> None:
    trace_id, count = int(sys.argv[1], 16), int(sys.argv[2])
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer("e2e")
    parent = SpanContext(trace_id, 1, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    context = set_span_in_context(NonRecordingSpan(parent))
    for number in range(count):
        tracer.start_span(f"step {number}", context).end()
    # Not only shutdown, which ends the exporter's patience.
    assert provider.force_flush(FLUSH_MS)
    provider.shutdown()


if __name__ == "__main__":
    main()
