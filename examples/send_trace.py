"""Send one trace with the OpenTelemetry SDK; where to is told by the OTEL_EXPORTER_OTLP_* variables.

pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http
python examples/send_trace.py
"""

from __future__ import annotations

import time

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def main() -> None:
    """Trace a checkout that calls a payment provider."""
    provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer("examples.send_trace")
    with tracer.start_as_current_span("POST /checkout", kind=trace.SpanKind.SERVER) as checkout:
        checkout.set_attribute("http.request.method", "POST")
        checkout.set_attribute("http.response.status_code", 200)
        with tracer.start_as_current_span("charge card", kind=trace.SpanKind.CLIENT) as charge:
            charge.set_attribute("payment.amount", 42.5)
            time.sleep(0.02)
            charge.add_event("authorized", {"payment.attempt": 1})
        trace_id = trace.format_trace_id(checkout.get_span_context().trace_id)
    provider.shutdown()
    print(trace_id)


if __name__ == "__main__":
    main()
