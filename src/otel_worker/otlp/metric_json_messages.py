"""The messages of metrics_service.proto and metrics.proto in their JSON mapping.

`json_messages` has the rest. Exemplars and the metadata of a metric are unknown here, and so ignored.
"""

from __future__ import annotations

from msgspec import Raw, Struct

from otel_worker.otlp.json_messages import Integer, KeyValue, ResourceMessage, ScopeMessage

Double = float | str | None

# Lists of numbers are decoded one by one, when their length is known: a body of 4 MiB may hold two million.
ABSENT = Raw(b"null")


class PointMessage(Struct, rename="camel"):
    attributes: list[KeyValue] | None = None
    start_time_unix_nano: Integer = None
    time_unix_nano: Integer = None
    flags: Integer = None


class NumberPointMessage(PointMessage, rename="camel"):
    as_double: Double = None
    as_int: Integer = None


class HistogramPointMessage(PointMessage, rename="camel"):
    count: Integer = None
    sum: Double = None
    bucket_counts: Raw = ABSENT
    explicit_bounds: Raw = ABSENT
    min: Double = None
    max: Double = None


class BucketsMessage(Struct, rename="camel"):
    offset: Integer = None
    bucket_counts: Raw = ABSENT


class ExponentialHistogramPointMessage(PointMessage, rename="camel"):
    count: Integer = None
    sum: Double = None
    scale: Integer = None
    zero_count: Integer = None
    positive: BucketsMessage | None = None
    negative: BucketsMessage | None = None
    zero_threshold: Double = None
    min: Double = None
    max: Double = None


class ValueAtQuantileMessage(Struct):
    quantile: Double = None
    value: Double = None


class SummaryPointMessage(PointMessage, rename="camel"):
    count: Integer = None
    sum: Double = None
    quantile_values: list[ValueAtQuantileMessage] | None = None


class GaugeMessage(Struct, rename="camel"):
    data_points: list[NumberPointMessage] | None = None


class SumMessage(Struct, rename="camel"):
    data_points: list[NumberPointMessage] | None = None
    aggregation_temporality: int | None = None
    is_monotonic: bool | None = None


class HistogramMessage(Struct, rename="camel"):
    data_points: list[HistogramPointMessage] | None = None
    aggregation_temporality: int | None = None


class ExponentialHistogramMessage(Struct, rename="camel"):
    data_points: list[ExponentialHistogramPointMessage] | None = None
    aggregation_temporality: int | None = None


class SummaryMessage(Struct, rename="camel"):
    data_points: list[SummaryPointMessage] | None = None


class MetricMessage(Struct, rename="camel"):
    name: str | None = None
    description: str | None = None
    unit: str | None = None
    gauge: GaugeMessage | None = None
    sum: SumMessage | None = None
    histogram: HistogramMessage | None = None
    exponential_histogram: ExponentialHistogramMessage | None = None
    summary: SummaryMessage | None = None


class ScopeMetrics(Struct, rename="camel"):
    scope: ScopeMessage | None = None
    metrics: list[MetricMessage] | None = None
    schema_url: str | None = None


class ResourceMetrics(Struct, rename="camel"):
    resource: ResourceMessage | None = None
    scope_metrics: list[ScopeMetrics] | None = None
    schema_url: str | None = None


class ExportMetricsServiceRequest(Struct, rename="camel"):
    resource_metrics: list[ResourceMetrics] | None = None
