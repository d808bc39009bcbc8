"""Attributes in OTLP protobuf to the model: KeyValue and AnyValue of common.proto."""

from __future__ import annotations

from otel_worker.errors import InvalidOtlp
from otel_worker.model import Attributes, Value
from otel_worker.otlp.values import MAX_VALUE_DEPTH, bytes_value, double_value
from otel_worker.otlp.wire import (
    past_end,
    read_fields,
    read_length,
    read_varint,
    refuse_known,
    skip_field,
    unpack_double,
)

_INT64_SIGN = 1 << 63
_UINT64_RANGE = 1 << 64


# Attributes repeat from span to span, so their bytes are looked up before they are decoded: that halves the
# time of decoding them. Long values rarely repeat; both bounds together keep the memory to about 2 MB.
known_pairs: dict[bytes, tuple[str, Value]] = {}
_MAX_KNOWN_PAIRS = 4096
_MAX_KNOWN_BYTES = 128


def decode_attribute(data: bytes, position: int, end: int, attributes: Attributes) -> None:
    """Put one KeyValue into `attributes`; of two with one key the later stays (rule V11)."""
    encoded = data[position:end]
    key, value = known_pairs.get(encoded) or learn_pair(data, position, end, encoded)
    attributes[key] = value


def learn_pair(data: bytes, position: int, end: int, encoded: bytes) -> tuple[str, Value]:
    """Return a KeyValue that is not in `known_pairs`, and put it there; `encoded` is data[position:end].

    Equal values are one object in all spans: nobody changes a decoded value.
    """
    pair = _decode_key_value(data, position, end, 0)
    if len(encoded) <= _MAX_KNOWN_BYTES:
        if len(known_pairs) >= _MAX_KNOWN_PAIRS:
            known_pairs.clear()
        known_pairs[encoded] = pair
    return pair


def _decode_key_value(data: bytes, position: int, end: int, depth: int) -> tuple[str, Value]:
    """Return key and value of a KeyValue."""
    key = ""
    value: Value = None
    while position < end:
        tag = data[position]
        if tag == 0x0A or tag == 0x12:
            start, position = read_length(data, position + 1, end)
            if tag == 0x12:  # value = 2
                value = _decode_any_value(data, start, position, depth)
            else:  # key = 1
                key = data[start:position].decode("utf-8", "replace")
        else:
            tag, position = read_varint(data, position)
            refuse_known(tag, 2)
            position = skip_field(data, position, end, tag)
    if position > end:
        raise past_end(position)
    return key, value


def _decode_any_value(data: bytes, position: int, end: int, depth: int) -> Value:
    """Return an AnyValue in the model's form; an empty one is None, of several the last one stays."""
    value: Value = None
    while position < end:
        tag = data[position]
        if tag == 0x0A:  # string_value = 1
            start, position = read_length(data, position + 1, end)
            value = data[start:position].decode("utf-8", "replace")
        elif tag == 0x18:  # int_value = 3
            number, position = read_varint(data, position + 1)
            value = number - _UINT64_RANGE if number >= _INT64_SIGN else number
        elif tag == 0x10:  # bool_value = 2
            number, position = read_varint(data, position + 1)
            value = number != 0
        elif tag == 0x21:  # double_value = 4
            if position + 9 > end:
                raise past_end(position + 9)
            value = double_value(unpack_double(data, position + 1)[0])
            position += 9
        elif tag in (0x2A, 0x32):  # array_value = 5, kvlist_value = 6
            if depth == MAX_VALUE_DEPTH:
                raise InvalidOtlp(
                    f"attribute values are nested deeper than {MAX_VALUE_DEPTH} levels at byte {position}"
                )
            start, position = read_length(data, position + 1, end)
            decode = _decode_array if tag == 0x2A else _decode_map
            value = decode(data, start, position, depth + 1)
        elif tag == 0x3A:  # bytes_value = 7
            start, position = read_length(data, position + 1, end)
            value = bytes_value(data[start:position])
        else:
            tag, position = read_varint(data, position)
            refuse_known(tag, 7)
            position = skip_field(data, position, end, tag)
    if position > end:
        raise past_end(position)
    return value


def _decode_array(data: bytes, position: int, end: int, depth: int) -> Value:
    values: list[Value] = []
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x0A:  # values = 1
            values.append(_decode_any_value(data, start, stop, depth))
        else:
            refuse_known(tag, 1)
    return values


def _decode_map(data: bytes, position: int, end: int, depth: int) -> Value:
    entries: Attributes = {}
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x0A:  # values = 1
            key, value = _decode_key_value(data, start, stop, depth)
            entries[key] = value
        else:
            refuse_known(tag, 1)
    return {"map": entries}
