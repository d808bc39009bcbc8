"""Sends metrics with the OpenTelemetry SDK, in two exports: send_metrics_with_sdk.py SERVICE proto|json.

Where to, with what token and which temporality is the environment's: the OTEL_EXPORTER_OTLP_* variables.
"""

from __future__ import annotations

import sys

from opentelemetry.exporter.otlp.json.http.metric_exporter import OTLPMetricExporter as JsonExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as ProtobufExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource

NEVER_MS = 3_600_000
FLUSH_MS = 60_000


def main() -> None:
    service, encoding = sys.argv[1:]
    reader = PeriodicExportingMetricReader(
        JsonExporter() if encoding == "json" else ProtobufExporter(), export_interval_millis=NEVER_MS
    )
    provider = MeterProvider(
        [reader],
        Resource({"service.name": service}),
        views=[View(instrument_name="size", aggregation=ExponentialBucketHistogramAggregation())],
    )
    meter = provider.get_meter("e2e", "1.2.3")
    orders = meter.create_counter("orders", "{order}", "What was bought.")
    open_carts = meter.create_up_down_counter("carts.open")
    latency = meter.create_histogram("latency", "ms", explicit_bucket_boundaries_advisory=[10, 100])
    size = meter.create_histogram("size", "By")
    temperature = meter.create_gauge("temperature", "Cel")
    for count in (3, 4):
        orders.add(count, {"plan": "pro"})
        orders.add(1, {"plan": "free"})
        open_carts.add(5 - count)
        for milliseconds in (5, 50, 500):
            latency.record(milliseconds * count)
        for size_bytes in (0, 1.5, 1.5, 100):
            size.record(size_bytes)
        temperature.set(20 + count)
        assert provider.force_flush(FLUSH_MS)
    provider.shutdown()


if __name__ == "__main__":
    main()
