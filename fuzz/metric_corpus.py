"""Valid requests of metrics that the generators damage: every field, every kind, and the edges of each."""

from __future__ import annotations

from functools import cache

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE as CUMULATIVE
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_DELTA as DELTA

from tests.core.metric_samples import START, TIME, rich_metrics_request
from tests.samples import key_values

_NO_RECORDED_VALUE = 1


@cache
def metric_messages() -> tuple[ExportMetricsServiceRequest, ...]:
    """Return the corpus."""
    return (
        rich_metrics_request(),
        rich_metrics_request(with_exemplars=False),
        _small_counter(),
        ExportMetricsServiceRequest(),
        _invalid_points(),
        _numbers_at_their_ends(),
        _resources_and_scopes(),
    )


def _small_counter(service: str = "shop") -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    resource_metrics = request.resource_metrics.add()
    resource_metrics.resource.attributes.extend(key_values({"service.name": service}))
    metric = resource_metrics.scope_metrics.add().metrics.add(name="requests", unit="1")
    metric.sum.aggregation_temporality, metric.sum.is_monotonic = DELTA, True
    metric.sum.data_points.add(start_time_unix_nano=START, time_unix_nano=TIME, as_int=1)
    return request


def _invalid_points() -> ExportMetricsServiceRequest:
    """Return a request of which one point is valid and the others each break one rule."""
    request = _small_counter()
    metrics = request.resource_metrics[0].scope_metrics[0].metrics
    points = metrics[0].sum.data_points
    points.add(time_unix_nano=0, as_int=1)
    points.add(time_unix_nano=2**63, as_int=1)
    points.add(time_unix_nano=TIME)
    points.add(time_unix_nano=TIME, as_int=-1)
    points.add(time_unix_nano=TIME, as_double=float("nan"))
    metrics.add().gauge.data_points.add(time_unix_nano=TIME, as_int=1)
    metrics.add(name="no data")
    metrics.add(name="no temporality").sum.data_points.add(time_unix_nano=TIME, as_int=1)
    histogram = metrics.add(name="h").histogram
    histogram.aggregation_temporality = CUMULATIVE
    histogram.data_points.add(time_unix_nano=TIME, count=3, bucket_counts=[1, 2], explicit_bounds=[1, 2])
    histogram.data_points.add(time_unix_nano=TIME, count=4, bucket_counts=[1, 2], explicit_bounds=[1])
    exponential = metrics.add(name="e").exponential_histogram
    exponential.aggregation_temporality = DELTA
    exponential.data_points.add(time_unix_nano=TIME, scale=21)
    exponential.data_points.add(
        time_unix_nano=TIME, count=1, positive={"offset": 2**31 - 1, "bucket_counts": [1]}
    )
    summary = metrics.add(name="s").summary
    summary.data_points.add(time_unix_nano=TIME, quantile_values=[{"quantile": 2.0}])
    return request


def _numbers_at_their_ends() -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    metrics = request.resource_metrics.add().scope_metrics.add().metrics
    gauge = metrics.add(name="g").gauge
    for number in (float("nan"), float("inf"), float("-inf"), -0.0, 5e-324, 1.7976931348623157e308):
        gauge.data_points.add(time_unix_nano=1, as_double=number)
    for integer in (0, -(2**63), 2**63 - 1):
        gauge.data_points.add(time_unix_nano=2**63 - 1, as_int=integer, flags=2**32 - 1)
    gauge.data_points.add(time_unix_nano=1, flags=_NO_RECORDED_VALUE)
    histogram = metrics.add(name="h").histogram
    histogram.aggregation_temporality = DELTA
    histogram.data_points.add(time_unix_nano=1, count=2**64 - 1, bucket_counts=[2**64 - 1], min=float("inf"))
    exponential = metrics.add(name="e").exponential_histogram
    exponential.aggregation_temporality = CUMULATIVE
    for scale, offset in ((-10, -2), (20, 2**31 - 1), (20, -(2**31))):
        exponential.data_points.add(
            time_unix_nano=1,
            scale=scale,
            count=2**63 + 1,
            zero_count=2**63,
            negative={"offset": offset, "bucket_counts": [1]},
        )
    return request


def _resources_and_scopes() -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    for service in ("shop", "till", "shop"):
        request.resource_metrics.extend(_small_counter(service).resource_metrics)
        request.resource_metrics[-1].scope_metrics.add(schema_url=service).metrics.add(
            name="empty"
        ).gauge.SetInParent()
    return request
