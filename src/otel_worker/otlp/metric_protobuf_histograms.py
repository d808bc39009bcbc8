"""Data points of histograms in OTLP protobuf to the model: HistogramDataPoint, ExponentialHistogramDataPoint.

Lists of numbers come packed or one by one.
"""

from __future__ import annotations

from struct import unpack_from
from typing import Any

from otel_worker.errors import InvalidOtlp
from otel_worker.metric_model import Buckets, ExponentialHistogramPoint, HistogramPoint
from otel_worker.otlp.message_count import MessageCount
from otel_worker.otlp.metric_builder import count_buckets
from otel_worker.otlp.protobuf_values import decode_attribute
from otel_worker.otlp.wire import FIXED64, past_end, read_fields, read_varint, refuse_known, unpack_double

_UINT32_MASK = 0xFFFF_FFFF
# Labels of versions before 1.0, which are skipped like unknown fields.
_RESERVED = 1
_EXPLICIT_BOUNDS = 7
_CONTINUING_BYTES = bytes(range(0x80, 0x100))


def decode_histogram_point(data: bytes, position: int, end: int, messages: MessageCount) -> HistogramPoint:
    """Return a HistogramDataPoint, not judged yet. Raises InvalidOtlp, TooManyMessages, IndexError."""
    point = HistogramPoint({}, 0, 0, 0, None, [], [])
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x4A:  # attributes = 9
            decode_attribute(data, start, stop, point.attributes, messages)
        elif tag == 0x32 or tag == 0x31:  # bucket_counts = 6
            point.bucket_counts += _read_fixed64s(data, start, stop, tag, messages)
        elif tag == 0x3A or tag == 0x39:  # explicit_bounds = 7
            point.bounds += _read_fixed64s(data, start, stop, tag, messages)
        elif tag in _HISTOGRAM_INTEGERS:
            setattr(point, _HISTOGRAM_INTEGERS[tag], start)
        elif tag in _HISTOGRAM_DOUBLES:
            setattr(point, _HISTOGRAM_DOUBLES[tag], unpack_double(data, stop - 8)[0])
        elif tag == 0x50:  # flags = 10
            point.flags = start & _UINT32_MASK
        elif tag != 0x42 and tag >> 3 != _RESERVED:  # exemplars = 8
            refuse_known(tag, 12)
    return point


_HISTOGRAM_INTEGERS = {
    0x11: "start_unix_nano",  # start_time_unix_nano = 2
    0x19: "time_unix_nano",  # = 3
    0x21: "count",  # = 4
}
_HISTOGRAM_DOUBLES = {
    0x29: "sum",  # = 5
    0x59: "min",  # = 11
    0x61: "max",  # = 12
}


def decode_exponential_point(
    data: bytes, position: int, end: int, messages: MessageCount
) -> ExponentialHistogramPoint:
    """Return an ExponentialHistogramDataPoint, not judged yet. Raises as `decode_histogram_point`."""
    point = ExponentialHistogramPoint({}, 0, 0, 0, None, 0, 0, Buckets(), Buckets())
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x0A:  # attributes = 1
            decode_attribute(data, start, stop, point.attributes, messages)
        elif tag == 0x42:  # positive = 8
            _decode_buckets(data, start, stop, point.positive, messages)
        elif tag == 0x4A:  # negative = 9
            _decode_buckets(data, start, stop, point.negative, messages)
        elif tag in _EXPONENTIAL_INTEGERS:
            setattr(point, _EXPONENTIAL_INTEGERS[tag], start)
        elif tag in _EXPONENTIAL_DOUBLES:
            setattr(point, _EXPONENTIAL_DOUBLES[tag], unpack_double(data, stop - 8)[0])
        elif tag == 0x30:  # scale = 6
            point.scale = _sint32(start)
        elif tag == 0x50:  # flags = 10
            point.flags = start & _UINT32_MASK
        elif tag != 0x5A:  # exemplars = 11
            refuse_known(tag, 14)
    return point


_EXPONENTIAL_INTEGERS = {
    0x11: "start_unix_nano",  # start_time_unix_nano = 2
    0x19: "time_unix_nano",  # = 3
    0x21: "count",  # = 4
    0x39: "zero_count",  # = 7
}
_EXPONENTIAL_DOUBLES = {
    0x29: "sum",  # = 5
    0x61: "min",  # = 12
    0x69: "max",  # = 13
    0x71: "zero_threshold",  # = 14
}


def _decode_buckets(data: bytes, position: int, end: int, buckets: Buckets, messages: MessageCount) -> None:
    counts = buckets.counts
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x12:  # bucket_counts = 2, packed
            counts += _read_varints(data, start, stop, messages)
        elif tag == 0x08:  # offset = 1
            buckets.offset = _sint32(start)
        elif tag == 0x10:  # bucket_counts = 2, one by one
            count_buckets(messages, 1)
            counts.append(start)
        else:
            refuse_known(tag, 2)


def _read_fixed64s(data: bytes, start: int, stop: int, tag: int, messages: MessageCount) -> tuple[Any, ...]:
    """Return the numbers of a packed list, or the one number that comes by itself."""
    if tag & 7 == FIXED64:
        start = stop - 8
    count, rest = divmod(stop - start, 8)
    if rest:
        raise InvalidOtlp(f"a list of {stop - start} bytes before byte {stop} is not one of 8-byte numbers")
    count_buckets(messages, count)
    return unpack_from(f"<{count}{'d' if tag >> 3 == _EXPLICIT_BOUNDS else 'Q'}", data, start)


def _read_varints(data: bytes, start: int, stop: int, messages: MessageCount) -> list[int]:
    """Return the numbers of a packed list of varints."""
    packed = data[start:stop]
    if packed.isascii():  # each number is one byte
        count_buckets(messages, len(packed))
        return list(packed)
    # The last byte of a number is below 0x80.
    count_buckets(messages, len(packed.translate(None, _CONTINUING_BYTES)))
    if packed[-1] >= 0x80:
        raise past_end(stop + 1)
    numbers: list[int] = []
    while start < stop:
        number, start = read_varint(data, start)
        numbers.append(number)
    return numbers


def _sint32(number: int) -> int:
    """Return a varint as the zigzag number it encodes."""
    number &= _UINT32_MASK
    return number >> 1 ^ -(number & 1)
