"""Random valid export requests of metrics."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from otel_worker.otlp.metric_builder import MAX_SCALE, MIN_SCALE
from tests.core.otlp_strategies import ATTRIBUTES, COUNTS, TEXTS, TIMES

KINDS = ("gauge", "sum", "histogram", "exponential_histogram", "summary")
FINITE = st.floats(allow_nan=False, allow_infinity=False)
BUCKET_COUNTS = st.lists(st.integers(0, 300) | st.integers(0, 2**40), max_size=6)
_NO_RECORDED_VALUE = 1


@st.composite
def metric_requests(draw: st.DrawFn) -> Any:
    """Return an ExportMetricsServiceRequest in which every point is valid."""
    request = ExportMetricsServiceRequest()
    for _ in range(draw(st.integers(0, 2))):
        resource_metrics = request.resource_metrics.add(schema_url=draw(TEXTS))
        if draw(st.booleans()):
            resource_metrics.resource.SetInParent()
            resource_metrics.resource.attributes.extend(draw(ATTRIBUTES))
            resource_metrics.resource.dropped_attributes_count = draw(COUNTS)
        for _ in range(draw(st.integers(0, 2))):
            scope_metrics = resource_metrics.scope_metrics.add(schema_url=draw(TEXTS))
            if draw(st.booleans()):
                scope_metrics.scope.name = draw(TEXTS)
                scope_metrics.scope.version = draw(TEXTS)
                scope_metrics.scope.attributes.extend(draw(ATTRIBUTES))
            for _ in range(draw(st.integers(0, 3))):
                _fill_metric(draw, scope_metrics.metrics.add())
    return request


def _fill_metric(draw: st.DrawFn, metric: Any) -> None:
    metric.name = draw(st.text(min_size=1, max_size=6))
    metric.description, metric.unit = draw(TEXTS), draw(TEXTS)
    metric.metadata.extend(draw(ATTRIBUTES))
    kind = draw(st.sampled_from(KINDS))
    data = getattr(metric, kind)
    data.SetInParent()
    if kind in ("sum", "histogram", "exponential_histogram"):
        data.aggregation_temporality = draw(st.sampled_from([1, 2]))
    if kind == "sum":
        data.is_monotonic = draw(st.booleans())
    for _ in range(draw(st.integers(0, 2))):
        point = data.data_points.add(
            attributes=draw(ATTRIBUTES),
            start_time_unix_nano=draw(TIMES),
            time_unix_nano=draw(TIMES.filter(bool)),
            flags=draw(COUNTS),
        )
        _FILL[kind](draw, point, data)
        if kind != "summary" and draw(st.booleans()):
            point.exemplars.add(as_double=draw(st.floats()), filtered_attributes=draw(ATTRIBUTES))


def _fill_gauge(draw: st.DrawFn, point: Any, data: Any) -> None:
    if point.flags & _NO_RECORDED_VALUE and draw(st.booleans()):
        return
    if draw(st.booleans()):
        point.as_int = draw(st.integers(-(2**63), 2**63 - 1))
    else:
        point.as_double = draw(st.floats())


def _fill_sum(draw: st.DrawFn, point: Any, data: Any) -> None:
    grows = data.is_monotonic and data.aggregation_temporality == 1
    if draw(st.booleans()):
        point.as_int = draw(st.integers(0 if grows else -(2**63), 2**63 - 1))
    else:
        point.as_double = abs(draw(FINITE)) if grows else draw(FINITE)


def _fill_statistics(draw: st.DrawFn, point: Any) -> None:
    for field, numbers in (("sum", FINITE), ("min", st.floats()), ("max", st.floats())):
        if draw(st.booleans()):
            setattr(point, field, draw(numbers))


def _fill_histogram(draw: st.DrawFn, point: Any, data: Any) -> None:
    _fill_statistics(draw, point)
    counts = draw(BUCKET_COUNTS)
    if counts:
        size = len(counts) - 1
        bounds = draw(st.lists(FINITE, min_size=size, max_size=size, unique=True))
        point.explicit_bounds.extend(sorted(bounds))
    point.bucket_counts.extend(counts)
    point.count = sum(counts) if counts else draw(st.integers(0, 2**64 - 1))


def _fill_exponential_histogram(draw: st.DrawFn, point: Any, data: Any) -> None:
    _fill_statistics(draw, point)
    point.scale = draw(st.integers(MIN_SCALE, MAX_SCALE))
    point.zero_count = draw(COUNTS)
    point.zero_threshold = draw(st.floats(0, 1e300))
    limit = 2 ** (11 + point.scale)
    for buckets in (point.positive, point.negative):
        if draw(st.booleans()):
            counts = draw(BUCKET_COUNTS)[: 2 * limit]
            buckets.offset = draw(st.integers(max(-limit, -(2**31)), min(limit, 2**31 - 1) - len(counts)))
            buckets.bucket_counts.extend(counts)
    point.count = point.zero_count + sum(point.positive.bucket_counts) + sum(point.negative.bucket_counts)


def _fill_summary(draw: st.DrawFn, point: Any, data: Any) -> None:
    point.count = draw(st.integers(0, 2**64 - 1))
    point.sum = draw(st.floats())
    for quantile in sorted(draw(st.lists(st.floats(0, 1), max_size=3, unique=True))):
        point.quantile_values.add(quantile=quantile, value=draw(st.floats()))


_FILL = {
    "gauge": _fill_gauge,
    "sum": _fill_sum,
    "histogram": _fill_histogram,
    "exponential_histogram": _fill_exponential_histogram,
    "summary": _fill_summary,
}
