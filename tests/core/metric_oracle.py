"""What the decoders have to make of metrics, worked out from the official classes on its own."""

from __future__ import annotations

import math
from typing import Any

from google.protobuf.json_format import MessageToJson

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
from otel_worker.model import Attributes, Resource, Scope
from tests.core.otlp_oracle import expected_attributes


def expected_groups(request: Any) -> list[MetricGroup]:
    """Return the groups of a request in which every point is valid."""
    groups = []
    for resource_metrics in request.resource_metrics:
        resource = Resource(
            expected_attributes(resource_metrics.resource.attributes),
            resource_metrics.resource.dropped_attributes_count,
            resource_metrics.schema_url,
        )
        for scope_metrics in resource_metrics.scope_metrics:
            scope = Scope(
                scope_metrics.scope.name,
                scope_metrics.scope.version,
                expected_attributes(scope_metrics.scope.attributes),
                scope_metrics.scope.dropped_attributes_count,
                scope_metrics.schema_url,
            )
            metrics = [_metric(metric) for metric in scope_metrics.metrics]
            metrics = [metric for metric in metrics if metric.points]
            if metrics:
                groups.append(MetricGroup(resource, scope, metrics))
    return groups


def metrics_as_json(request: Any, *, defaults_too: bool = False) -> bytes:
    """Return a request in OTLP JSON; with `defaults_too` also what is not set and has no presence."""
    text = MessageToJson(
        request,
        use_integers_for_enums=True,
        indent=None,
        ensure_ascii=False,
        always_print_fields_with_no_presence=defaults_too,
    )
    return text.encode()


def _metric(metric: Any) -> Metric:
    field = metric.WhichOneof("data")
    data = getattr(metric, field)
    return Metric(
        metric.name,
        metric.description,
        metric.unit,
        "exponentialHistogram" if field == "exponential_histogram" else field,
        getattr(data, "aggregation_temporality", 0),
        getattr(data, "is_monotonic", False),
        [_POINTS[field](point) for point in data.data_points],
    )


def _common(point: Any) -> tuple[Attributes, int, int]:
    return expected_attributes(point.attributes), point.start_time_unix_nano, point.time_unix_nano


def _number(point: Any) -> Point:
    field = point.WhichOneof("value")
    return NumberPoint(*_common(point), getattr(point, field) if field else 0, point.flags)


def _optional(point: Any, field: str, *, must_be_finite: bool) -> float | None:
    number: float = getattr(point, field)
    present = point.HasField(field) and (math.isfinite(number) or not must_be_finite)
    return number if present else None


def _histogram(point: Any) -> Point:
    return HistogramPoint(
        *_common(point),
        point.count,
        _optional(point, "sum", must_be_finite=False),
        list(point.bucket_counts),
        list(point.explicit_bounds),
        _optional(point, "min", must_be_finite=True),
        _optional(point, "max", must_be_finite=True),
        point.flags,
    )


def _exponential_histogram(point: Any) -> Point:
    return ExponentialHistogramPoint(
        *_common(point),
        point.count,
        _optional(point, "sum", must_be_finite=False),
        point.scale,
        point.zero_count,
        Buckets(point.positive.offset, list(point.positive.bucket_counts)),
        Buckets(point.negative.offset, list(point.negative.bucket_counts)),
        point.zero_threshold,
        _optional(point, "min", must_be_finite=True),
        _optional(point, "max", must_be_finite=True),
        point.flags,
    )


def _summary(point: Any) -> Point:
    quantiles = [(pair.quantile, pair.value) for pair in point.quantile_values]
    return SummaryPoint(*_common(point), point.count, point.sum, quantiles, point.flags)


_POINTS = {
    "gauge": _number,
    "sum": _number,
    "histogram": _histogram,
    "exponential_histogram": _exponential_histogram,
    "summary": _summary,
}
