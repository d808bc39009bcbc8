"""OTLP protobuf to the model of metrics in one pass over the bytes: the messages of metrics.proto.

As in `protobuf_decoder`, whole tag bytes are matched, unknown fields are skipped, and known ones of the
wrong wire type are refused. Exemplars and the metadata of a metric are skipped unread. Data of one metric
that comes in several pieces is put together when it is of one kind; else the last kind stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from otel_worker.metric_model import (
    EXPONENTIAL_HISTOGRAM,
    GAUGE,
    HISTOGRAM,
    SUM,
    SUMMARY,
    Metric,
    MetricExport,
    NumberPoint,
    Point,
    SummaryPoint,
)
from otel_worker.model import Attributes
from otel_worker.otlp.message_count import MessageCount
from otel_worker.otlp.metric_builder import MISSING_VALUE, MetricExportBuilder, count_points
from otel_worker.otlp.metric_protobuf_histograms import decode_exponential_point, decode_histogram_point
from otel_worker.otlp.protobuf_envelope import decode_envelope, decode_text
from otel_worker.otlp.protobuf_values import decode_attribute
from otel_worker.otlp.wire import read_fields, refuse_known, unpack_double

_UINT32_MASK = 0xFFFF_FFFF
_INT32_SIGN = 1 << 31
_INT64_SIGN = 1 << 63
_UINT64_RANGE = 1 << 64

_KINDS = {
    0x2A: GAUGE,  # = 5
    0x3A: SUM,  # = 7
    0x4A: HISTOGRAM,  # = 9
    0x52: EXPONENTIAL_HISTOGRAM,  # = 10
    0x5A: SUMMARY,  # = 11
}
# Reserved numbers: fields of versions before 1.0, which are skipped like unknown ones.
_RESERVED_IN_METRIC = (4, 6, 8)
_RESERVED_IN_POINT = 1


def decode_metrics_protobuf(body: bytes) -> MetricExport:
    """Return the export in an ExportMetricsServiceRequest (metrics_service.proto).

    Raises InvalidOtlp, with the byte where it breaks, when the bytes are no such message, and
    TooManyMessages.
    """
    return decode_envelope(body, "Metrics", MetricExportBuilder(), _decode_metrics).build()


def _decode_metrics(data: bytes, metrics: Sequence[tuple[int, int]], builder: MetricExportBuilder) -> None:
    for index, (start, stop) in enumerate(metrics):
        metric, points = _decode_metric(data, start, stop, builder.messages)
        if metric.kind:
            decode_point = _POINT_DECODERS[metric.kind]
            metric.points = [decode_point(data, *bounds, builder.messages) for bounds in points]
            builder.add(metric, index)
        else:
            builder.reject_unknown(index)


def _decode_metric(
    data: bytes, position: int, end: int, messages: MessageCount
) -> tuple[Metric, list[tuple[int, int]]]:
    """Return a metric without its points, and where these are; its kind is "" when it has no data."""
    metric = Metric("", "", "", "", 0, False, [])
    points: list[tuple[int, int]] = []
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x0A:  # name = 1
            metric.name = decode_text(data, start, stop)
        elif tag == 0x1A:  # unit = 3
            metric.unit = decode_text(data, start, stop)
        elif tag == 0x12:  # description = 2
            metric.description = decode_text(data, start, stop)
        elif tag in _KINDS:
            if metric.kind != _KINDS[tag]:
                metric.kind, metric.temporality, metric.is_monotonic = _KINDS[tag], 0, False
                points = []
            _decode_data(data, start, stop, metric, points, messages)
        elif tag != 0x62 and tag >> 3 not in _RESERVED_IN_METRIC:  # metadata = 12
            refuse_known(tag, 12)
    return metric, points


def _decode_data(
    data: bytes,
    position: int,
    end: int,
    metric: Metric,
    points: list[tuple[int, int]],
    messages: MessageCount,
) -> None:
    """Take a Gauge, Sum, Histogram, ExponentialHistogram or Summary, which number their fields alike."""
    last_field = 3 if metric.kind == SUM else 1 if metric.kind in (GAUGE, SUMMARY) else 2
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x0A:  # data_points = 1
            count_points(messages, 1)
            points.append((start, stop))
        elif tag == 0x10 and last_field >= 2:  # aggregation_temporality = 2
            temporality = start & _UINT32_MASK
            metric.temporality = temporality - (1 << 32) if temporality >= _INT32_SIGN else temporality
        elif tag == 0x18 and last_field == 3:  # is_monotonic = 3
            metric.is_monotonic = start != 0
        else:
            refuse_known(tag, last_field)


def _decode_number_point(data: bytes, position: int, end: int, messages: MessageCount) -> NumberPoint:
    attributes: Attributes = {}
    start_unix_nano = time_unix_nano = flags = 0
    value: int | float = MISSING_VALUE
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x3A:  # attributes = 7
            decode_attribute(data, start, stop, attributes, messages)
        elif tag == 0x11:  # start_time_unix_nano = 2
            start_unix_nano = start
        elif tag == 0x19:  # time_unix_nano = 3
            time_unix_nano = start
        elif tag == 0x31:  # as_int = 6
            value = start - _UINT64_RANGE if start >= _INT64_SIGN else start
        elif tag == 0x21:  # as_double = 4
            value = unpack_double(data, stop - 8)[0]
        elif tag == 0x40:  # flags = 8
            flags = start & _UINT32_MASK
        elif tag != 0x2A and tag >> 3 != _RESERVED_IN_POINT:  # exemplars = 5
            refuse_known(tag, 8)
    return NumberPoint(attributes, start_unix_nano, time_unix_nano, value, flags)


def _decode_summary_point(data: bytes, position: int, end: int, messages: MessageCount) -> SummaryPoint:
    point = SummaryPoint({}, 0, 0, 0, 0.0, [])
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x3A:  # attributes = 7
            decode_attribute(data, start, stop, point.attributes, messages)
        elif tag == 0x11:  # start_time_unix_nano = 2
            point.start_unix_nano = start
        elif tag == 0x19:  # time_unix_nano = 3
            point.time_unix_nano = start
        elif tag == 0x21:  # count = 4
            point.count = start
        elif tag == 0x29:  # sum = 5
            point.sum = unpack_double(data, stop - 8)[0]
        elif tag == 0x32:  # quantile_values = 6
            messages.add()
            point.quantiles.append(_decode_quantile(data, start, stop))
        elif tag == 0x40:  # flags = 8
            point.flags = start & _UINT32_MASK
        elif tag >> 3 != _RESERVED_IN_POINT:
            refuse_known(tag, 8)
    return point


def _decode_quantile(data: bytes, position: int, end: int) -> tuple[float, float]:
    quantile = value = 0.0
    for tag, _, stop in read_fields(data, position, end):
        if tag == 0x09:  # quantile = 1
            quantile = unpack_double(data, stop - 8)[0]
        elif tag == 0x11:  # value = 2
            value = unpack_double(data, stop - 8)[0]
        else:
            refuse_known(tag, 2)
    return quantile, value


_POINT_DECODERS: dict[str, Callable[[bytes, int, int, MessageCount], Point]] = {
    GAUGE: _decode_number_point,
    SUM: _decode_number_point,
    HISTOGRAM: decode_histogram_point,
    EXPONENTIAL_HISTOGRAM: decode_exponential_point,
    SUMMARY: _decode_summary_point,
}
