"""OTLP protobuf to the model in one pass over the bytes: the messages of trace.proto.

Each decode function takes the bounds of one message, data[position:end], and matches whole tag bytes:
`field number << 3 | wire type`, named beside each test as in the .proto files. Unknown fields are
skipped; a known field of the wrong wire type, a group, and a length past its message are refused.
Text that is not UTF-8 keeps its valid part, with U+FFFD for the rest (rule V20).
"""

from __future__ import annotations

from collections.abc import Sequence

from otel_worker.model import Attributes, Event, Export, Link, Span, SpanExtras
from otel_worker.otlp.builder import ExportBuilder
from otel_worker.otlp.message_count import MessageCount
from otel_worker.otlp.protobuf_envelope import decode_envelope, decode_text
from otel_worker.otlp.protobuf_values import decode_attribute, known_pairs, learn_pair
from otel_worker.otlp.wire import (
    LENGTH,
    past_end,
    read_fields,
    read_length,
    read_varint,
    refuse_known,
    skip_field,
    unpack_fixed32,
    unpack_fixed64,
    unpack_ids,
    unpack_times,
)

_UINT32_MASK = 0xFFFF_FFFF
_NO_EXTRAS = SpanExtras()


def decode_export_protobuf(body: bytes) -> Export:
    """Return the export in an ExportTraceServiceRequest (trace_service.proto).

    Raises InvalidOtlp, with the byte where it breaks, when the bytes are no such message, and
    TooManyMessages.
    """
    return decode_envelope(body, "Spans", ExportBuilder(), _decode_spans).build()


def _decode_spans(data: bytes, spans: Sequence[tuple[int, int]], builder: ExportBuilder) -> None:
    messages = builder.messages
    for index, (start, stop) in enumerate(spans):
        trace_id, span = _decode_span(data, start, stop, messages)
        builder.add(trace_id, span, index)


def _decode_span(data: bytes, position: int, end: int, messages: MessageCount) -> tuple[str, Span]:
    """Return trace id and span; the one function where each loop turn is paid by every span.

    Encoders write fields in the order of their numbers, so ids and times are taken two at a time where they
    stand so; attributes, of which there are most, come first in the loop, and their lookup is written out.
    """
    trace_id = span_id = parent_span_id = name = ""
    kind = start_unix_nano = end_unix_nano = flags = status_code = 0
    attributes: Attributes = {}
    extras: SpanExtras | None = None
    known_pair = known_pairs.get
    if position + 28 <= end:
        ids_tag, trace_id_bytes, span_id_tag, span_id_bytes = unpack_ids(data, position)
        if ids_tag == 0x100A and span_id_tag == 0x0812:  # trace_id = 1 of 16 bytes, span_id = 2 of 8 bytes
            trace_id = trace_id_bytes.hex()
            span_id = span_id_bytes.hex()
            position += 28
    while position < end:
        tag = data[position]
        position += 1
        if tag == 0x4A:  # attributes = 9
            while True:
                start = position + 1
                length = data[position]
                if length >= 0x80:
                    length, start = read_varint(data, position)
                position = start + length
                if position > end:
                    raise past_end(position)
                encoded = data[start:position]
                key, attributes[key] = known_pair(encoded) or learn_pair(
                    data, start, position, encoded, messages
                )
                if position == end or data[position] != 0x4A:
                    break
                position += 1
        elif tag & 7 == LENGTH and tag < 0x80:
            start, position = read_length(data, position, end)
            if tag == 0x22:  # parent_span_id = 4
                parent_span_id = data[start:position].hex()
            elif tag == 0x2A:  # name = 5
                name = data[start:position].decode("utf-8", "replace")
            elif tag == 0x7A:  # status = 15
                if start == position:
                    continue
                status_code, message = _decode_status(data, start, position)
                if message:
                    extras = extras or SpanExtras()
                    extras.status_message = message
            elif tag == 0x0A:  # trace_id = 1
                trace_id = data[start:position].hex()
            elif tag == 0x12:  # span_id = 2
                span_id = data[start:position].hex()
            else:
                extras = extras or SpanExtras()
                _decode_span_extra(data, start, position, tag, extras, messages)
        elif tag == 0x39:  # start_time_unix_nano = 7
            if position + 17 <= end and data[position + 8] == 0x41:
                start_unix_nano, _, end_unix_nano = unpack_times(data, position)
                position += 17
            else:
                start_unix_nano = _fixed64(data, position, end)
                position += 8
        elif tag == 0x30:  # kind = 6
            kind = data[position]
            position += 1
            if kind >= 0x80:
                kind, position = read_varint(data, position - 1)
                kind = _int32(kind)
        elif tag == 0x85 and data[position] == 0x01:  # flags = 16
            if position + 5 > end:
                raise past_end(position + 5)
            flags = unpack_fixed32(data, position + 1)[0]
            position += 5
        elif tag == 0x41:  # end_time_unix_nano = 8
            end_unix_nano = _fixed64(data, position, end)
            position += 8
        else:
            tag, position = read_varint(data, position - 1)
            if tag in _DROPPED_COUNTS:
                count, position = read_varint(data, position)
                extras = extras or SpanExtras()
                setattr(extras, _DROPPED_COUNTS[tag], count & _UINT32_MASK)
            else:
                refuse_known(tag, 16)
                position = skip_field(data, position, end, tag)
    if position > end:
        raise past_end(position)
    if extras is not None and extras == _NO_EXTRAS:
        extras = None
    return trace_id, Span(
        span_id,
        parent_span_id,
        name,
        kind,
        start_unix_nano,
        end_unix_nano - start_unix_nano,
        status_code,
        flags,
        attributes,
        extras,
    )


_DROPPED_COUNTS = {
    0x50: "dropped_attributes_count",  # = 10
    0x60: "dropped_events_count",  # = 12
    0x70: "dropped_links_count",  # = 14
}


def _decode_span_extra(
    data: bytes, start: int, stop: int, tag: int, extras: SpanExtras, messages: MessageCount
) -> None:
    """Take one length-delimited field that few spans have."""
    if tag == 0x5A:  # events = 11
        messages.add()
        extras.events.append(_decode_event(data, start, stop, messages))
    elif tag == 0x6A:  # links = 13
        messages.add()
        extras.links.append(_decode_link(data, start, stop, messages))
    elif tag == 0x1A:  # trace_state = 3
        extras.trace_state = decode_text(data, start, stop)
    else:
        refuse_known(tag, 16)


def _decode_status(data: bytes, position: int, end: int) -> tuple[int, str]:
    if end - position == 2 and data[position] == 0x18 and data[position + 1] < 0x80:
        return data[position + 1], ""
    code, message = 0, ""
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x18:  # code = 3
            code = _int32(start)
        elif tag == 0x12:  # message = 2
            message = decode_text(data, start, stop)
        elif tag >> 3 != 1:  # 1 is reserved: a field of an earlier version
            refuse_known(tag, 3)
    return code, message


def _decode_event(data: bytes, position: int, end: int, messages: MessageCount) -> Event:
    event = Event()
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x09:  # time_unix_nano = 1
            event.time_unix_nano = start
        elif tag == 0x12:  # name = 2
            event.name = decode_text(data, start, stop)
        elif tag == 0x1A:  # attributes = 3
            decode_attribute(data, start, stop, event.attributes, messages)
        elif tag == 0x20:  # dropped_attributes_count = 4
            event.dropped_attributes_count = start & _UINT32_MASK
        else:
            refuse_known(tag, 4)
    return event


def _decode_link(data: bytes, position: int, end: int, messages: MessageCount) -> Link:
    link = Link()
    for tag, start, stop in read_fields(data, position, end):
        if tag == 0x0A:  # trace_id = 1
            link.trace_id = data[start:stop].hex()
        elif tag == 0x12:  # span_id = 2
            link.span_id = data[start:stop].hex()
        elif tag == 0x1A:  # trace_state = 3
            link.trace_state = decode_text(data, start, stop)
        elif tag == 0x22:  # attributes = 4
            decode_attribute(data, start, stop, link.attributes, messages)
        elif tag == 0x28:  # dropped_attributes_count = 5
            link.dropped_attributes_count = start & _UINT32_MASK
        elif tag == 0x35:  # flags = 6
            link.flags = start
        else:
            refuse_known(tag, 6)
    return link


def _fixed64(data: bytes, position: int, end: int) -> int:
    if position + 8 > end:
        raise past_end(position + 8)
    number: int = unpack_fixed64(data, position)[0]
    return number


def _int32(number: int) -> int:
    """Return a varint as the signed 32-bit number an enum is."""
    number &= _UINT32_MASK
    return number - (1 << 32) if number >= 1 << 31 else number
