"""Random valid export requests, and random ways to write one on the wire."""

from __future__ import annotations

from random import Random
from struct import pack
from typing import Any

from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

UINT32 = st.integers(0, 2**32 - 1)
COUNTS = st.just(0) | UINT32
# End minus start has to be exact at both ends of the range.
TIMES = st.sampled_from([0, 1, 1_767_225_600_000_000_000, 2**63 - 1]) | st.integers(0, 2**63 - 1)
ENUMS = st.integers(0, 5) | st.integers(-(2**31), 2**31 - 1)
TEXTS = st.just("") | st.text(max_size=6)
# Few of them, so that spans of one trace meet in several resources.
TRACE_IDS = st.sampled_from([bytes([0] * 15 + [n]) for n in (1, 2, 255)])
SPAN_IDS = st.binary(min_size=8, max_size=8).filter(any)

_SCALARS = st.one_of(
    st.text(max_size=8).map(lambda value: AnyValue(string_value=value)),
    st.booleans().map(lambda value: AnyValue(bool_value=value)),
    st.integers(-(2**63), 2**63 - 1).map(lambda value: AnyValue(int_value=value)),
    st.floats().map(lambda value: AnyValue(double_value=value)),
    st.binary(max_size=8).map(lambda value: AnyValue(bytes_value=value)),
    st.just(AnyValue()),
)


def _key_values(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(lambda key, value: KeyValue(key=key, value=value), TEXTS, values)


VALUES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: AnyValue(array_value=ArrayValue(values=items))),
        st.lists(_key_values(inner), max_size=3).map(
            lambda pairs: AnyValue(kvlist_value=KeyValueList(values=pairs))
        ),
    ),
    max_leaves=6,
)
ATTRIBUTES = st.lists(_key_values(VALUES), max_size=3)


@st.composite
def requests(draw: st.DrawFn) -> Any:
    """Return an ExportTraceServiceRequest in which every span is valid; some links are not."""
    request = ExportTraceServiceRequest()
    for _ in range(draw(st.integers(0, 2))):
        resource_spans = request.resource_spans.add(schema_url=draw(TEXTS))
        if draw(st.booleans()):
            resource_spans.resource.SetInParent()
            resource_spans.resource.attributes.extend(draw(ATTRIBUTES))
            resource_spans.resource.dropped_attributes_count = draw(COUNTS)
        for _ in range(draw(st.integers(0, 2))):
            scope_spans = resource_spans.scope_spans.add(schema_url=draw(TEXTS))
            if draw(st.booleans()):
                scope_spans.scope.SetInParent()
                scope_spans.scope.name = draw(TEXTS)
                scope_spans.scope.version = draw(TEXTS)
                scope_spans.scope.attributes.extend(draw(ATTRIBUTES))
                scope_spans.scope.dropped_attributes_count = draw(COUNTS)
            for _ in range(draw(st.integers(0, 3))):
                _fill_span(draw, scope_spans.spans.add())
    return request


def _fill_span(draw: st.DrawFn, span: Any) -> None:
    span.trace_id = draw(TRACE_IDS)
    span.span_id = draw(SPAN_IDS)
    span.parent_span_id = draw(st.just(b"") | st.just(bytes(8)) | SPAN_IDS)
    span.name = draw(TEXTS)
    span.kind = draw(ENUMS)
    span.start_time_unix_nano = draw(TIMES)
    span.end_time_unix_nano = draw(TIMES)
    span.flags = draw(COUNTS)
    span.attributes.extend(draw(ATTRIBUTES))
    if draw(st.booleans()):
        span.status.SetInParent()
        span.status.code = draw(ENUMS)
        span.status.message = draw(TEXTS)
    if not draw(st.booleans()):
        return
    span.trace_state = draw(TEXTS)
    span.dropped_attributes_count = draw(COUNTS)
    span.dropped_events_count = draw(COUNTS)
    # An invalid link adds one, and the sum has to stay below 2**32.
    span.dropped_links_count = draw(st.integers(0, 1000))
    for _ in range(draw(st.integers(0, 2))):
        span.events.add(
            time_unix_nano=draw(TIMES),
            name=draw(TEXTS),
            attributes=draw(ATTRIBUTES),
            dropped_attributes_count=draw(COUNTS),
        )
    for _ in range(draw(st.integers(0, 2))):
        span.links.add(
            trace_id=draw(TRACE_IDS | st.just(bytes(16)) | st.just(b"short")),
            span_id=draw(SPAN_IDS | st.just(b"")),
            trace_state=draw(TEXTS),
            attributes=draw(ATTRIBUTES),
            dropped_attributes_count=draw(COUNTS),
            flags=draw(COUNTS),
        )


def scrambled(message: Any, random: Random) -> bytes:
    """Return the message's bytes with all fields in random order and unknown ones among them, at every level.

    Values of one repeated field keep their order, since that has a meaning.
    """
    pieces: dict[int, list[bytes]] = {}
    for field, value in message.ListFields():
        values = value if field.is_repeated else [value]
        for item in values:
            if field.message_type is not None:
                body = scrambled(item, random)
                piece = varint(field.number << 3 | 2) + varint(len(body)) + body
            else:
                alone = [item] if field.is_repeated else item
                piece = type(message)(**{field.name: alone}).SerializeToString()
            pieces.setdefault(field.number, []).append(piece)
    last_field = max((field.number for field in message.DESCRIPTOR.fields), default=0)
    for _ in range(random.choice((0, 1, 2))):
        number = random.choice((last_field + 1, last_field + 20, 2**29 - 1))
        pieces.setdefault(number, []).append(_unknown_field(number, random))
    order = [number for number, items in pieces.items() for _ in items]
    random.shuffle(order)
    return b"".join(pieces[number].pop(0) for number in order)


def _unknown_field(number: int, random: Random) -> bytes:
    wire_type = random.choice((0, 1, 2, 5))
    value = {
        0: varint(random.getrandbits(64)),
        1: pack("<Q", random.getrandbits(64)),
        2: b"\x05\xff\x00\x80\x08\x12",
        5: pack("<I", random.getrandbits(32)),
    }[wire_type]
    return varint(number << 3 | wire_type) + value


def varint(number: int) -> bytes:
    """Return a number as a varint."""
    encoded = b""
    while number > 0x7F:
        encoded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return encoded + bytes([number])
