"""OTLP JSON to the model, by typed decoding that names the path of what is wrong.

Ids are hex of any case, enums are numbers only (OTLP specification, "JSON Protobuf Encoding").
"""

from __future__ import annotations

import re

from msgspec.json import Decoder

from otel_worker.errors import InvalidOtlp
from otel_worker.model import Event, Export, Link, Resource, Span, SpanExtras
from otel_worker.otlp.builder import ExportBuilder
from otel_worker.otlp.json_guard import check_structure
from otel_worker.otlp.json_messages import (
    EventMessage,
    ExportTraceServiceRequest,
    LinkMessage,
    ResourceSpans,
    ScopeSpans,
    SpanMessage,
)
from otel_worker.otlp.json_values import (
    decode_message,
    invalid_field,
    to_attributes,
    to_int32,
    to_resource,
    to_scope,
    to_uint32,
    to_uint64,
)

_HEX = re.compile(r"[0-9a-fA-F]*", re.ASCII)


_decoder: Decoder[ExportTraceServiceRequest] = Decoder(ExportTraceServiceRequest, strict=True)


def decode_export_json(body: bytes) -> Export:
    """Return the export in an ExportTraceServiceRequest in OTLP JSON.

    Raises InvalidOtlp, with the path of the field, when the body is no such message.
    """
    check_structure(body)
    request = decode_message(_decoder, body)
    builder = ExportBuilder()
    for index, resource_spans in enumerate(request.resource_spans or ()):
        _add_resource_spans(resource_spans, f"resourceSpans[{index}]", builder)
    return builder.build()


def _add_resource_spans(message: ResourceSpans, path: str, builder: ExportBuilder) -> None:
    resource = to_resource(message.resource, message.schema_url, path)
    for index, scope_spans in enumerate(message.scope_spans or ()):
        _add_scope_spans(scope_spans, resource, f"{path}.scopeSpans[{index}]", builder)


def _add_scope_spans(message: ScopeSpans, resource: Resource, path: str, builder: ExportBuilder) -> None:
    scope = to_scope(message.scope, message.schema_url, path)
    builder.open_scope(resource, scope, path)
    for index, span_message in enumerate(message.spans or ()):
        malformed = _malformed_id(span_message)
        if malformed is not None:
            builder.reject(index, *malformed)
            continue
        try:
            span = _to_span(span_message)
        except InvalidOtlp as error:
            raise invalid_field(error.message, f"{path}.spans[{index}]") from None
        builder.add(_to_id(span_message.trace_id), span, index)


def _to_span(message: SpanMessage) -> Span:
    start_unix_nano = to_uint64(message.start_time_unix_nano)
    status = message.status
    return Span(
        _to_id(message.span_id),
        _to_id(message.parent_span_id),
        message.name or "",
        to_int32(message.kind),
        start_unix_nano,
        to_uint64(message.end_time_unix_nano) - start_unix_nano,
        to_int32(status.code) if status else 0,
        to_uint32(message.flags),
        to_attributes(message.attributes),
        _to_extras(message, (status.message or "") if status else ""),
    )


def _to_extras(message: SpanMessage, status_message: str) -> SpanExtras | None:
    if not (
        status_message
        or message.events
        or message.links
        or message.trace_state
        or message.dropped_attributes_count
        or message.dropped_events_count
        or message.dropped_links_count
    ):
        return None
    extras = SpanExtras(
        status_message,
        message.trace_state or "",
        [_to_event(event) for event in message.events or ()],
        [_to_link(link) for link in message.links or ()],
        to_uint32(message.dropped_attributes_count),
        to_uint32(message.dropped_events_count),
        to_uint32(message.dropped_links_count),
    )
    return None if extras == _NO_EXTRAS else extras


_NO_EXTRAS = SpanExtras()


def _to_event(message: EventMessage) -> Event:
    return Event(
        to_uint64(message.time_unix_nano),
        message.name or "",
        to_attributes(message.attributes),
        to_uint32(message.dropped_attributes_count),
    )


def _to_link(message: LinkMessage) -> Link:
    return Link(
        _to_id(message.trace_id),
        _to_id(message.span_id),
        message.trace_state or "",
        to_attributes(message.attributes),
        to_uint32(message.dropped_attributes_count),
        to_uint32(message.flags),
    )


def _to_id(text: str | None) -> str:
    return (text or "").lower()


def _malformed_id(span: SpanMessage) -> tuple[str, str] | None:
    """Return the first id that is not hex and what is wrong; its length is the builder's to judge."""
    if _HEX.fullmatch(f"{span.trace_id or ''}{span.span_id or ''}{span.parent_span_id or ''}"):
        return None
    for name, text in (
        ("traceId", span.trace_id),
        ("spanId", span.span_id),
        ("parentSpanId", span.parent_span_id),
    ):
        if text and not _HEX.fullmatch(text):
            return name, f"must be hex digits; found {text[:40]!r}"
    return None
