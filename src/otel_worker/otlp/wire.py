"""The protobuf wire format: varints, fixed-size numbers and length-delimited fields over bytes and an offset.

Every reading function takes the offset where the next byte is and returns the offset behind what it read.
Reading past the buffer raises IndexError, which the decoder turns into one message; a length that
leaves its enclosing message is refused here. Source: protobuf.dev, "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from otel_worker.errors import InvalidOtlp

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5

_UINT64_MASK = 0xFFFF_FFFF_FFFF_FFFF
_MAX_VARINT_BYTES = 10

unpack_fixed64 = Struct("<Q").unpack_from
unpack_fixed32 = Struct("<I").unpack_from
# Two fields at once: tag and length, 16 bytes, tag and length, 8 bytes; and a number, a tag, a number.
unpack_ids = Struct("<H16sH8s").unpack_from
unpack_times = Struct("<QBQ").unpack_from
unpack_double = Struct("<d").unpack_from


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """Return the unsigned 64-bit varint at `position` and the offset behind it."""
    value = data[position]
    if value < 0x80:
        return value, position + 1
    byte = data[position + 1]
    value += (byte - 1) << 7  # minus one: takes away the first byte's mark
    if byte < 0x80:  # lengths up to 16 kB, the most frequent case
        return value, position + 2
    value -= 0x80 << 7
    shift = 14
    for offset in range(position + 2, position + _MAX_VARINT_BYTES):
        byte = data[offset]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & _UINT64_MASK, offset + 1
        shift += 7
    raise InvalidOtlp(f"varint longer than {_MAX_VARINT_BYTES} bytes at byte {position}")


def read_length(data: bytes, position: int, end: int) -> tuple[int, int]:
    """Return start and stop of the length-delimited value whose length is at `position`, within `end`."""
    length = data[position]
    position += 1
    if length >= 0x80:
        length, position = read_varint(data, position - 1)
    stop = position + length
    if stop > end:
        raise InvalidOtlp(f"length {length} at byte {position} goes past the end of its message")
    return position, stop


def read_fields(data: bytes, position: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield (tag, value, stop) of each field of the message in data[position:end].

    A tag is `field number << 3 | wire type`. For a length-delimited field `value` is its start and
    `stop` its end; a number is `value` itself (fixed-size ones as unsigned integers).
    """
    while position < end:
        tag = data[position]
        if tag < 0x80:
            position += 1
        else:
            tag, position = read_varint(data, position)
        wire_type = tag & 7
        if wire_type == LENGTH:
            start, position = read_length(data, position, end)
            yield tag, start, position
        elif wire_type == VARINT:
            value, position = read_varint(data, position)
            yield tag, value, position
        else:
            start = position
            position = skip_field(data, position, end, tag)
            unpack = unpack_fixed64 if wire_type == FIXED64 else unpack_fixed32
            yield tag, unpack(data, start)[0], position
    if position > end:
        raise past_end(position)


def skip_field(data: bytes, position: int, end: int, tag: int) -> int:
    """Return the offset behind the value of a field nobody here knows; `position` is behind its tag."""
    wire_type = tag & 7
    if wire_type == VARINT:
        return read_varint(data, position)[1]
    if wire_type == LENGTH:
        return read_length(data, position, end)[1]
    if wire_type in (FIXED64, FIXED32):
        position += 8 if wire_type == FIXED64 else 4
        if position > end:
            raise past_end(position)
        return position
    raise InvalidOtlp(f"wire type {wire_type} of field {tag >> 3} before byte {position} is not supported")


def past_end(position: int) -> InvalidOtlp:
    """Return the error for a field that runs over the end of its message."""
    return InvalidOtlp(f"a field before byte {position} goes past the end of its message")


def refuse_known(tag: int, last_field: int) -> None:
    """Raise when an unmatched tag is of one of this message's own fields, 1 to `last_field`, or of none."""
    field = tag >> 3
    if field == 0:
        raise InvalidOtlp("field number 0 does not exist")
    if field <= last_field:
        raise InvalidOtlp(f"field {field} has wire type {tag & 7}, which is not its type in the .proto")


def encode_varint(number: int) -> bytes:
    """Return an unsigned number as a varint."""
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def varint_field(field: int, number: int) -> bytes:
    """Return a varint field; a negative number as its two's complement, 0 as the absence it means."""
    return encode_varint(field << 3 | VARINT) + encode_varint(number & _UINT64_MASK) if number else b""


def length_field(field: int, value: bytes) -> bytes:
    """Return a length-delimited field, also when it is empty."""
    return encode_varint(field << 3 | LENGTH) + encode_varint(len(value)) + value


def fixed64_field(field: int, number: int) -> bytes:
    """Return a fixed64 field; 0 as the absence it means."""
    return encode_varint(field << 3 | FIXED64) + number.to_bytes(8, "little") if number else b""


def fixed32_field(field: int, number: int) -> bytes:
    """Return a fixed32 field; 0 as the absence it means."""
    return encode_varint(field << 3 | FIXED32) + number.to_bytes(4, "little") if number else b""
