"""The model of metrics back to OTLP JSON, losslessly: ExportMetricsServiceRequest and metrics.proto."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite, isnan
from typing import Any

import msgspec

from otel_worker.metric_model import (
    Buckets,
    ExponentialHistogramPoint,
    HistogramPoint,
    Metric,
    MetricGroup,
    NumberPoint,
    Point,
    SummaryPoint,
)
from otel_worker.model import Resource
from otel_worker.otlp.json_encoder import (
    encode_attributes,
    encode_integer,
    encode_resource,
    encode_scope,
    present,
)

_encode = msgspec.json.Encoder().encode


def encode_metrics_json(groups: Iterable[MetricGroup]) -> bytes:
    """Return groups as an ExportMetricsServiceRequest; neighbours of one resource share its message."""
    resource_metrics: list[dict[str, Any]] = []
    resource: Resource | None = None
    for group in groups:
        if group.resource != resource:
            resource = group.resource
            resource_metrics.append(encode_resource(resource) | {"scopeMetrics": []})
        resource_metrics[-1]["scopeMetrics"].append(
            present(
                scope=encode_scope(group.scope),
                # Encoded one by one: as dictionaries together they take several times as much memory.
                metrics=[msgspec.Raw(_encode(_metric(metric))) for metric in group.metrics],
                schemaUrl=group.scope.schema_url,
            )
        )
    return _encode({"resourceMetrics": resource_metrics})


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        **present(name=metric.name, description=metric.description, unit=metric.unit),
        # Also when it is empty: it says what kind of metric this is.
        metric.kind: present(
            dataPoints=[msgspec.Raw(_encode(_point(point))) for point in metric.points],
            aggregationTemporality=metric.temporality,
            isMonotonic=metric.is_monotonic,
        ),
    }


def _point(point: Point) -> dict[str, Any]:
    common = present(
        attributes=encode_attributes(point.attributes),
        startTimeUnixNano=encode_integer(point.start_unix_nano),
        timeUnixNano=encode_integer(point.time_unix_nano),
        flags=point.flags,
    )
    if isinstance(point, NumberPoint):
        return common | _number(point)
    common["count"] = str(point.count)
    if isinstance(point, HistogramPoint):
        return common | _histogram(point)
    if isinstance(point, ExponentialHistogramPoint):
        return common | _exponential_histogram(point)
    return common | _summary(point)


def _number(point: NumberPoint) -> dict[str, Any]:
    if isinstance(point.value, int):
        return {"asInt": str(point.value)}
    return {"asDouble": _double(point.value)}


def _histogram(point: HistogramPoint) -> dict[str, Any]:
    return _statistics(point) | present(
        bucketCounts=[str(count) for count in point.bucket_counts],
        explicitBounds=[_double(bound) for bound in point.bounds],
    )


def _exponential_histogram(point: ExponentialHistogramPoint) -> dict[str, Any]:
    return _statistics(point) | present(
        scale=point.scale,
        zeroCount=encode_integer(point.zero_count),
        positive=_buckets(point.positive),
        negative=_buckets(point.negative),
        zeroThreshold=_double(point.zero_threshold),
    )


def _summary(point: SummaryPoint) -> dict[str, Any]:
    return {
        "sum": _double(point.sum),
        "quantileValues": [
            {"quantile": _double(quantile), "value": _double(value)} for quantile, value in point.quantiles
        ],
    }


def _statistics(point: HistogramPoint | ExponentialHistogramPoint) -> dict[str, Any]:
    """Return the fields that may be absent, and of which 0 is a value."""
    statistics = {"sum": point.sum, "min": point.min, "max": point.max}
    return {name: _double(number) for name, number in statistics.items() if number is not None}


def _buckets(buckets: Buckets) -> dict[str, Any]:
    return present(offset=buckets.offset, bucketCounts=[str(count) for count in buckets.counts])


def _double(number: float) -> float | str:
    """Return a double, with a name for what JSON has no number for."""
    if isfinite(number):
        return number
    return "NaN" if isnan(number) else "Infinity" if number > 0 else "-Infinity"
