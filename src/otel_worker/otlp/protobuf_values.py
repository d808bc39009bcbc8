"""Attributes in OTLP protobuf to the model: KeyValue and AnyValue of common.proto."""

from __future__ import annotations

from otel_worker.errors import InvalidOtlp
from otel_worker.model import Attributes, Value
from otel_worker.otlp.message_count import MessageCount
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
# time of decoding them. Long values rarely repeat; both bounds together keep the memory to about 4 MB.
known_pairs: dict[bytes, tuple[str, Value]] = {}
_MAX_KNOWN_PAIRS = 8192
_MAX_KNOWN_BYTES = 127

# Keys repeat also where values do not: the start of a KeyValue, up to the tag of its value, to its key.
_known_keys: dict[bytes, str] = {}
_MAX_KNOWN_KEYS = 1024


def decode_attribute(
    data: bytes, position: int, end: int, attributes: Attributes, messages: MessageCount
) -> None:
    """Put one KeyValue into `attributes`; of two with one key the later stays (rule V11)."""
    encoded = data[position:end]
    key, value = known_pairs.get(encoded) or learn_pair(data, position, end, encoded, messages)
    attributes[key] = value


def learn_pair(
    data: bytes, position: int, end: int, encoded: bytes, messages: MessageCount
) -> tuple[str, Value]:
    """Return a KeyValue that is not in `known_pairs`, and put it there; `encoded` is data[position:end].

    Equal values are one object in all spans: nobody changes a decoded value.
    """
    if len(encoded) > _MAX_KNOWN_BYTES:
        return _decode_key_value(data, position, end, 0, messages)
    pair = _decode_plain(encoded) or _decode_key_value(data, position, end, 0, messages)
    if len(known_pairs) >= _MAX_KNOWN_PAIRS:
        known_pairs.clear()
    known_pairs[encoded] = pair
    return pair


def _decode_plain(encoded: bytes) -> tuple[str, Value] | None:
    """Return a KeyValue of fewer than 128 bytes that holds a string or an integer as every encoder writes it.

    None for any other: the full decoder takes it, and says what is wrong.
    """
    length = len(encoded)
    value_at = encoded[1] + 4 if length > 1 else length
    # tag and length of the key, the key, tag and length of the value
    if value_at + 2 > length or encoded[value_at - 1] != length - value_at:
        return None
    start = encoded[: value_at - 1]
    key = _known_keys.get(start)
    if key is None:
        if encoded[0] != 0x0A or encoded[value_at - 2] != 0x12:
            return None
        key = encoded[2 : value_at - 2].decode("utf-8", "replace")
        if len(_known_keys) >= _MAX_KNOWN_KEYS:
            _known_keys.clear()
        _known_keys[start] = key
    tag = encoded[value_at]
    if tag == 0x0A and encoded[value_at + 1] == length - value_at - 2:  # string_value = 1
        return key, encoded[value_at + 2 :].decode("utf-8", "replace")
    if tag == 0x18 and length - value_at <= 9:  # int_value = 3, of up to 56 bits: not negative
        number, stop = read_varint(encoded, value_at + 1)
        if stop == length:
            return key, number
    return None


def _decode_key_value(
    data: bytes, position: int, end: int, depth: int, messages: MessageCount
) -> tuple[str, Value]:
    """Return key and value of a KeyValue."""
    key = ""
    value: Value = None
    while position < end:
        tag = data[position]
        if tag == 0x0A or tag == 0x12:
            start, position = read_length(data, position + 1, end)
            if tag == 0x12:  # value = 2
                value = _decode_any_value(data, start, position, depth, messages)
            else:  # key = 1
                key = data[start:position].decode("utf-8", "replace")
        else:
            tag, position = read_varint(data, position)
            refuse_known(tag, 2)
            position = skip_field(data, position, end, tag)
    if position > end:
        raise past_end(position)
    return key, value


def _decode_any_value(data: bytes, position: int, end: int, depth: int, messages: MessageCount) -> Value:
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
            value = decode(data, start, position, depth + 1, messages)
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


def _decode_array(data: bytes, position: int, end: int, depth: int, messages: MessageCount) -> Value:
    values: list[Value] = []
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x0A:  # values = 1
            messages.add()
            values.append(_decode_any_value(data, start, stop, depth, messages))
        else:
            refuse_known(tag, 1)
    return values


def _decode_map(data: bytes, position: int, end: int, depth: int, messages: MessageCount) -> Value:
    entries: Attributes = {}
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x0A:  # values = 1
            messages.add()
            key, value = _decode_key_value(data, start, stop, depth, messages)
            entries[key] = value
        else:
            refuse_known(tag, 1)
    return {"map": entries}
