"""Valid protobuf with one of its fields rewritten, and the lengths around it made right again."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

Replace = Callable[[bytes, bytes], bytes]
"""Takes tag and value of a length-delimited field, and returns what to write instead."""

# Which length-delimited fields are messages: trace.proto, metrics.proto, resource.proto, common.proto.
_MESSAGES: dict[str, dict[int, str]] = {
    "traces": {1: "resource_spans"},
    "resource_spans": {1: "resource", 2: "scope_spans"},
    "resource": {1: "key_value"},
    "scope_spans": {1: "scope", 2: "span"},
    "scope": {3: "key_value"},
    "span": {9: "key_value", 11: "event", 13: "link", 15: "status"},
    "event": {3: "key_value"},
    "link": {4: "key_value"},
    "metrics": {1: "resource_metrics"},
    "resource_metrics": {1: "resource", 2: "scope_metrics"},
    "scope_metrics": {1: "scope", 2: "metric"},
    "metric": {5: "numbers", 7: "numbers", 9: "histogram", 10: "exponential_histogram", 11: "summary"},
    "numbers": {1: "number_point"},
    "number_point": {7: "key_value"},
    "histogram": {1: "histogram_point"},
    "histogram_point": {9: "key_value"},
    "exponential_histogram": {1: "exponential_point"},
    "exponential_point": {1: "key_value", 8: "buckets", 9: "buckets"},
    "summary": {1: "summary_point"},
    "summary_point": {6: "quantile", 7: "key_value"},
    "key_value": {2: "any_value"},
    "any_value": {5: "array_value", 6: "key_value_list"},
    "array_value": {1: "any_value"},
    "key_value_list": {1: "key_value"},
}


def with_one_field(message: bytes, signal: str, random: Random, replace: Replace) -> bytes:
    """Return a valid request of a signal with one of its length-delimited fields, at any depth, replaced."""
    return _rewrite(message, signal, random, replace)


def encode_varint(number: int) -> bytes:
    """Return a number as a varint, also when it has more than 64 bits."""
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def length_field(field: int, value: bytes) -> bytes:
    """Return a length-delimited field."""
    return encode_varint(field << 3 | 2) + encode_varint(len(value)) + value


def _rewrite(message: bytes, kind: str, random: Random, replace: Replace) -> bytes:
    fields = _length_delimited(message)
    if not fields:
        return message + replace(b"\x0a", b"")
    start, stop, tag, value = random.choice(fields)
    inner = _MESSAGES.get(kind, {}).get(tag >> 3)
    if inner is not None and random.random() < 0.8:
        field = length_field(tag >> 3, _rewrite(value, inner, random, replace))
    else:
        field = replace(encode_varint(tag), value)
    return message[:start] + field + message[stop:]


def _length_delimited(message: bytes) -> list[tuple[int, int, int, bytes]]:
    """Return (start, stop, tag, value) of each length-delimited field of a valid message."""
    fields = []
    position = 0
    while position < len(message):
        start = position
        tag, position = _varint(message, position)
        if tag & 7 == 0:
            _, position = _varint(message, position)
        elif tag & 7 == 2:
            length, position = _varint(message, position)
            fields.append((start, position + length, tag, message[position : position + length]))
            position += length
        else:
            position += 8 if tag & 7 == 1 else 4
    return fields


def _varint(message: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while message[position] >= 0x80:
        number |= (message[position] & 0x7F) << shift
        shift += 7
        position += 1
    return number | message[position] << shift, position + 1
