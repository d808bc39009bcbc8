"""OTLP JSON to the model of metrics, by typed decoding that names the path of what is wrong.

Exemplars and the metadata of a metric are ignored. Of several kinds of data in one metric the first stays, in
the order of metrics.proto.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from msgspec import DecodeError, Raw
from msgspec.json import Decoder

from otel_worker.errors import InvalidOtlp
from otel_worker.metric_model import (
    EXPONENTIAL_HISTOGRAM,
    GAUGE,
    HISTOGRAM,
    SUM,
    SUMMARY,
    Buckets,
    ExponentialHistogramPoint,
    HistogramPoint,
    Metric,
    MetricExport,
    NumberPoint,
    Point,
    SummaryPoint,
)
from otel_worker.otlp.json_guard import check_structure
from otel_worker.otlp.json_values import (
    decode_message,
    invalid_field,
    to_attributes,
    to_double,
    to_int32,
    to_int64,
    to_resource,
    to_scope,
    to_uint32,
    to_uint64,
)
from otel_worker.otlp.message_count import MessageCount
from otel_worker.otlp.metric_builder import (
    MAX_BUCKETS,
    MISSING_VALUE,
    MetricExportBuilder,
    count_buckets,
    count_points,
)
from otel_worker.otlp.metric_json_messages import (
    ABSENT,
    BucketsMessage,
    Double,
    ExponentialHistogramPointMessage,
    ExportMetricsServiceRequest,
    HistogramPointMessage,
    MetricMessage,
    NumberPointMessage,
    ResourceMetrics,
    ScopeMetrics,
    SummaryPointMessage,
)

_decoder: Decoder[ExportMetricsServiceRequest] = Decoder(ExportMetricsServiceRequest, strict=True)
_integers: Decoder[list[int | str] | None] = Decoder(list[int | str] | None, strict=True)
_doubles: Decoder[list[float | str] | None] = Decoder(list[float | str] | None, strict=True)

Number = TypeVar("Number")
_PointMessage = (
    NumberPointMessage | HistogramPointMessage | ExponentialHistogramPointMessage | SummaryPointMessage
)


def decode_metrics_json(body: bytes) -> MetricExport:
    """Return the export in an ExportMetricsServiceRequest in OTLP JSON.

    Raises InvalidOtlp, with the path of the field, when the body is no such message, and TooManyMessages.
    """
    check_structure(body)
    request = decode_message(_decoder, body)
    builder = MetricExportBuilder()
    for index, resource_metrics in enumerate(request.resource_metrics or ()):
        _add_resource_metrics(resource_metrics, f"resourceMetrics[{index}]", builder)
    return builder.build()


def _add_resource_metrics(message: ResourceMetrics, path: str, builder: MetricExportBuilder) -> None:
    resource = to_resource(message.resource, message.schema_url, path)
    for index, scope_metrics in enumerate(message.scope_metrics or ()):
        scope_path = f"{path}.scopeMetrics[{index}]"
        scope = to_scope(scope_metrics.scope, scope_metrics.schema_url, scope_path)
        builder.open_scope(resource, scope, scope_path)
        _add_metrics(scope_metrics, scope_path, builder)


def _add_metrics(message: ScopeMetrics, path: str, builder: MetricExportBuilder) -> None:
    for index, metric_message in enumerate(message.metrics or ()):
        metric, points = _to_metric(metric_message)
        if not metric.kind:
            builder.reject_unknown(index)
            continue
        count_points(builder.messages, len(points))
        for place, point in enumerate(points):
            try:
                metric.points.append(_to_point(point, builder.messages))
            except InvalidOtlp as error:
                point_path = f"{path}.metrics[{index}].{metric.kind}.dataPoints[{place}]"
                raise invalid_field(error.message, point_path) from None
        builder.add(metric, index)


def _to_metric(message: MetricMessage) -> tuple[Metric, Sequence[_PointMessage]]:
    """Return a metric without its points, and these; its kind is "" when it has no data."""
    metric = Metric(message.name or "", message.description or "", message.unit or "", "", 0, False, [])
    if message.gauge is not None:
        metric.kind = GAUGE
        return metric, message.gauge.data_points or ()
    if message.sum is not None:
        metric.kind, metric.temporality = SUM, message.sum.aggregation_temporality or 0
        metric.is_monotonic = message.sum.is_monotonic or False
        return metric, message.sum.data_points or ()
    if message.histogram is not None:
        metric.kind, metric.temporality = HISTOGRAM, message.histogram.aggregation_temporality or 0
        return metric, message.histogram.data_points or ()
    if message.exponential_histogram is not None:
        metric.kind = EXPONENTIAL_HISTOGRAM
        metric.temporality = message.exponential_histogram.aggregation_temporality or 0
        return metric, message.exponential_histogram.data_points or ()
    if message.summary is not None:
        metric.kind = SUMMARY
        return metric, message.summary.data_points or ()
    return metric, ()


def _to_point(message: _PointMessage, messages: MessageCount) -> Point:
    """Return a point, not judged yet."""
    if isinstance(message, NumberPointMessage):
        return _to_number_point(message)
    if isinstance(message, HistogramPointMessage):
        return _to_histogram_point(message, messages)
    if isinstance(message, ExponentialHistogramPointMessage):
        return _to_exponential_point(message, messages)
    return _to_summary_point(message)


def _to_number_point(message: NumberPointMessage) -> NumberPoint:
    value: int | float = MISSING_VALUE
    if message.as_int is not None:
        value = to_int64(message.as_int)
    elif message.as_double is not None:
        value = to_double(message.as_double)
    return NumberPoint(
        to_attributes(message.attributes),
        to_uint64(message.start_time_unix_nano),
        to_uint64(message.time_unix_nano),
        value,
        to_uint32(message.flags),
    )


def _to_histogram_point(message: HistogramPointMessage, messages: MessageCount) -> HistogramPoint:
    counts = _read_list(_integers, message.bucket_counts, "bucketCounts", messages)
    bounds = _read_list(_doubles, message.explicit_bounds, "explicitBounds", messages)
    return HistogramPoint(
        to_attributes(message.attributes),
        to_uint64(message.start_time_unix_nano),
        to_uint64(message.time_unix_nano),
        to_uint64(message.count),
        _to_optional_double(message.sum),
        [to_uint64(count) for count in counts],
        [to_double(bound) for bound in bounds],
        _to_optional_double(message.min),
        _to_optional_double(message.max),
        to_uint32(message.flags),
    )


def _to_exponential_point(
    message: ExponentialHistogramPointMessage, messages: MessageCount
) -> ExponentialHistogramPoint:
    return ExponentialHistogramPoint(
        to_attributes(message.attributes),
        to_uint64(message.start_time_unix_nano),
        to_uint64(message.time_unix_nano),
        to_uint64(message.count),
        _to_optional_double(message.sum),
        to_int32(message.scale),
        to_uint64(message.zero_count),
        _to_buckets(message.positive, "positive", messages),
        _to_buckets(message.negative, "negative", messages),
        _to_plain_double(message.zero_threshold),
        _to_optional_double(message.min),
        _to_optional_double(message.max),
        to_uint32(message.flags),
    )


def _to_summary_point(message: SummaryPointMessage) -> SummaryPoint:
    return SummaryPoint(
        to_attributes(message.attributes),
        to_uint64(message.start_time_unix_nano),
        to_uint64(message.time_unix_nano),
        to_uint64(message.count),
        _to_plain_double(message.sum),
        [
            (_to_plain_double(pair.quantile), _to_plain_double(pair.value))
            for pair in message.quantile_values or ()
        ],
        to_uint32(message.flags),
    )


def _to_buckets(message: BucketsMessage | None, field: str, messages: MessageCount) -> Buckets:
    if message is None:
        return Buckets()
    counts = _read_list(_integers, message.bucket_counts, f"{field}.bucketCounts", messages)
    return Buckets(to_int32(message.offset), [to_uint64(count) for count in counts])


def _to_plain_double(number: Double) -> float:
    return 0.0 if number is None else to_double(number)


def _to_optional_double(number: Double) -> float | None:
    return None if number is None else to_double(number)


def _read_list(
    decoder: Decoder[list[Number] | None], encoded: Raw, field: str, messages: MessageCount
) -> list[Number]:
    """Return a list of numbers, or of one that is too long as many as show it. Raises InvalidOtlp."""
    if encoded is ABSENT:
        return []
    text = bytes(encoded)
    # A comma inside of a string counts too; such a string is no number.
    comma_count = text.count(b",")
    count_buckets(messages, comma_count)
    if comma_count > MAX_BUCKETS:
        text = b",".join(text.split(b",", MAX_BUCKETS + 1)[:-1]) + b"]"
    try:
        return decoder.decode(text) or []
    except (DecodeError, UnicodeDecodeError) as error:
        description, _, path = str(error).partition(" - at `$")
        raise InvalidOtlp(f"{field}{path.rstrip('`')}: {description}") from None
