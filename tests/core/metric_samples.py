"""Sample metrics: messages of the official classes, and single points in JSON and protobuf."""

from __future__ import annotations

import json
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from otel_worker.otlp.wire import length_field
from tests.samples import NOW_UNIX_NANO, key_values

START = NOW_UNIX_NANO
TIME = NOW_UNIX_NANO + 60_000_000_000

# Field numbers of metrics.proto, Metric.data.
FIELD_OF_KIND = {"gauge": 5, "sum": 7, "histogram": 9, "exponentialHistogram": 10, "summary": 11}
PATH = "resourceMetrics[0].scopeMetrics[0].metrics[0]"


def rich_metrics_request(*, with_exemplars: bool = True) -> ExportMetricsServiceRequest:
    """Return a request with every field of every message set; without exemplars, none that is skipped."""
    request = ExportMetricsServiceRequest()
    resource_metrics = request.resource_metrics.add(schema_url="https://example.org/resource")
    resource_metrics.resource.attributes.extend(key_values({"service.name": "shop", "cpu": 4}))
    resource_metrics.resource.dropped_attributes_count = 1
    scope_metrics = resource_metrics.scope_metrics.add(schema_url="https://example.org/scope")
    scope_metrics.scope.name = "library"
    scope_metrics.scope.version = "1.2.3"
    scope_metrics.scope.attributes.extend(key_values({"a": [1.5, None]}))
    scope_metrics.scope.dropped_attributes_count = 2
    for kind in FIELD_OF_KIND:
        metric = scope_metrics.metrics.add(name=f"a.{kind}", description=f"A {kind} ü", unit="ms")
        if with_exemplars:
            metric.metadata.extend(key_values({"prometheus.type": "unknown"}))
        _fill(metric, kind)
        if with_exemplars and kind != "summary":
            data = getattr(metric, metric.WhichOneof("data") or "")
            data.data_points[0].exemplars.add(time_unix_nano=TIME, as_int=3, trace_id=b"t" * 16)
    return request


def _fill(metric: Any, kind: str) -> None:
    common = {
        "attributes": key_values({"route": "/cart", "status": 200}),
        "start_time_unix_nano": START,
        "time_unix_nano": TIME,
        "flags": 2,
    }
    if kind == "gauge":
        metric.gauge.data_points.add(as_double=-1.5, **common)
    elif kind == "sum":
        metric.sum.aggregation_temporality, metric.sum.is_monotonic = 1, True
        metric.sum.data_points.add(as_int=7, **common)
    elif kind == "histogram":
        metric.histogram.aggregation_temporality = 2
        metric.histogram.data_points.add(
            count=6, sum=30.5, bucket_counts=[1, 2, 3], explicit_bounds=[0.5, 10], min=0.25, max=12, **common
        )
    elif kind == "exponentialHistogram":
        metric.exponential_histogram.aggregation_temporality = 1
        metric.exponential_histogram.data_points.add(
            count=311,
            sum=-2.5,
            scale=-3,
            zero_count=2,
            positive={"offset": -1, "bucket_counts": [1, 300]},
            negative={"offset": 3, "bucket_counts": [8]},
            zero_threshold=0.125,
            min=-4.0,
            max=5.0,
            **common,
        )
    else:
        metric.summary.data_points.add(
            count=3,
            sum=4.5,
            quantile_values=[{"quantile": 0.25, "value": 1.0}, {"quantile": 0.5, "value": 1.5}],
            **common,
        )


def metric_json(**fields: Any) -> bytes:
    """Return a request with one metric of these fields; its name is "m" if none is given."""
    metric = {"name": "m", **fields}
    return json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}).encode()


def point_json(kind: str, **fields: Any) -> bytes:
    """Return a request with one delta point, at TIME if nothing else is given."""
    data: dict[str, Any] = {"dataPoints": [{"timeUnixNano": str(TIME), **fields}]}
    if kind in ("sum", "histogram", "exponentialHistogram"):
        data["aggregationTemporality"] = 1
    return metric_json(**{kind: data})


def metric_protobuf(fields: bytes) -> bytes:
    """Return a request with one metric of these fields, named "m"."""
    return length_field(1, length_field(2, length_field(2, b"\x0a\x01m" + fields)))


def point_protobuf(kind: str, fields: bytes) -> bytes:
    """Return a request with one delta point of these fields, at TIME."""
    point = length_field(1, b"\x19" + TIME.to_bytes(8, "little") + fields)
    temporality = b"\x10\x01" if kind in ("sum", "histogram", "exponentialHistogram") else b""
    return metric_protobuf(length_field(FIELD_OF_KIND[kind], point + temporality))
