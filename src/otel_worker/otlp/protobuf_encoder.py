"""The model back to OTLP protobuf, losslessly: TracesData of trace.proto."""

from __future__ import annotations

from binascii import a2b_base64
from struct import pack

from otel_worker.model import Attributes, Event, Link, Resource, Scope, Span, SpanExtras, TracePart, Value
from otel_worker.otlp.wire import fixed32_field, fixed64_field, length_field, varint_field

_NO_EXTRAS = SpanExtras()


def encode_traces_protobuf(trace: TracePart) -> bytes:
    """Return a trace as TracesData; its bytes are those of an ExportTraceServiceRequest too."""
    resource_spans: list[tuple[Resource, list[bytes]]] = []
    for group in trace.groups:
        if not resource_spans or resource_spans[-1][0] != group.resource:
            resource_spans.append((group.resource, []))
        spans = (length_field(2, _span(trace.trace_id, span)) for span in group.spans)
        resource_spans[-1][1].append(
            length_field(1, _scope(group.scope)) + b"".join(spans) + _text(3, group.scope.schema_url)
        )
    return b"".join(length_field(1, _resource_spans(resource, scopes)) for resource, scopes in resource_spans)


def _text(field: int, text: str) -> bytes:
    """Return a string field; "" as the absence it means."""
    return length_field(field, text.encode()) if text else b""


def _id(field: int, text: str) -> bytes:
    return length_field(field, bytes.fromhex(text)) if text else b""


def _resource_spans(resource: Resource, scopes: list[bytes]) -> bytes:
    encoded = _attributes(1, resource.attributes) + varint_field(2, resource.dropped_attributes_count)
    scope_spans = b"".join(length_field(2, scope) for scope in scopes)
    return length_field(1, encoded) + scope_spans + _text(3, resource.schema_url)


def _scope(scope: Scope) -> bytes:
    return (
        _text(1, scope.name)
        + _text(2, scope.version)
        + _attributes(3, scope.attributes)
        + varint_field(4, scope.dropped_attributes_count)
    )


def _span(trace_id: str, span: Span) -> bytes:
    extras = span.extras or _NO_EXTRAS
    status = _text(2, extras.status_message) + varint_field(3, span.status_code)
    return b"".join(
        (
            _id(1, trace_id),
            _id(2, span.span_id),
            _text(3, extras.trace_state),
            _id(4, span.parent_span_id),
            _text(5, span.name),
            varint_field(6, span.kind),
            fixed64_field(7, span.start_unix_nano),
            fixed64_field(8, span.end_unix_nano),
            _attributes(9, span.attributes),
            varint_field(10, extras.dropped_attributes_count),
            *(length_field(11, _event(event)) for event in extras.events),
            varint_field(12, extras.dropped_events_count),
            *(length_field(13, _link(link)) for link in extras.links),
            varint_field(14, extras.dropped_links_count),
            length_field(15, status) if status else b"",
            fixed32_field(16, span.flags),
        )
    )


def _event(event: Event) -> bytes:
    return (
        fixed64_field(1, event.time_unix_nano)
        + _text(2, event.name)
        + _attributes(3, event.attributes)
        + varint_field(4, event.dropped_attributes_count)
    )


def _link(link: Link) -> bytes:
    return (
        _id(1, link.trace_id)
        + _id(2, link.span_id)
        + _text(3, link.trace_state)
        + _attributes(4, link.attributes)
        + varint_field(5, link.dropped_attributes_count)
        + fixed32_field(6, link.flags)
    )


def _attributes(field: int, attributes: Attributes) -> bytes:
    return b"".join(
        length_field(field, _text(1, key) + length_field(2, _any_value(value)))
        for key, value in attributes.items()
    )


def _any_value(value: Value) -> bytes:
    """Return an AnyValue; a kind that is set is written also when it is its type's zero."""
    if isinstance(value, str):
        return length_field(1, value.encode())
    if isinstance(value, bool):
        return b"\x10\x01" if value else b"\x10\x00"
    if isinstance(value, int):
        return varint_field(3, value) or b"\x18\x00"
    if isinstance(value, float):
        return b"\x21" + pack("<d", value)
    if isinstance(value, list):
        return length_field(5, b"".join(length_field(1, _any_value(item)) for item in value))
    if isinstance(value, dict):
        ((form, content),) = value.items()
        if isinstance(content, dict):
            return length_field(6, _attributes(1, content))
        if form == "bytes":
            return length_field(7, a2b_base64(content))
        return b"\x21" + pack("<d", float(content))
    return b""
