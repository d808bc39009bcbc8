"""What the decoders have to make of a message, worked out from the official classes on its own."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from typing import Any

from otel_worker.model import (
    Attributes,
    Event,
    Link,
    Resource,
    Scope,
    Span,
    SpanExtras,
    SpanGroup,
    TracePart,
    Value,
)


def expected_parts(request: Any) -> list[TracePart]:
    """Return the parts of a request (or of TracesData) in which every span is valid."""
    parts: dict[bytes, TracePart] = {}
    for resource_spans in request.resource_spans:
        resource = Resource(
            _attributes(resource_spans.resource.attributes),
            resource_spans.resource.dropped_attributes_count,
            resource_spans.schema_url,
        )
        for scope_spans in resource_spans.scope_spans:
            scope = Scope(
                scope_spans.scope.name,
                scope_spans.scope.version,
                _attributes(scope_spans.scope.attributes),
                scope_spans.scope.dropped_attributes_count,
                scope_spans.schema_url,
            )
            traces = list(dict.fromkeys(span.trace_id for span in scope_spans.spans))
            for trace in traces:
                part = parts.setdefault(trace, TracePart(trace.hex(), []))
                spans = [_span(span) for span in scope_spans.spans if span.trace_id == trace]
                part.groups.append(SpanGroup(resource, scope, spans))
    return list(parts.values())


def _span(span: Any) -> Span:
    links = [_link(link) for link in span.links if _is_valid(link)]
    extras = SpanExtras(
        span.status.message,
        span.trace_state,
        [
            Event(
                event.time_unix_nano,
                event.name,
                _attributes(event.attributes),
                event.dropped_attributes_count,
            )
            for event in span.events
        ],
        links,
        span.dropped_attributes_count,
        span.dropped_events_count,
        span.dropped_links_count + len(span.links) - len(links),
    )
    return Span(
        span.span_id.hex(),
        span.parent_span_id.hex() if any(span.parent_span_id) else "",
        span.name,
        span.kind,
        span.start_time_unix_nano,
        span.end_time_unix_nano - span.start_time_unix_nano,
        span.status.code,
        span.flags,
        _attributes(span.attributes),
        None if extras == SpanExtras() else extras,
    )


def _is_valid(link: Any) -> bool:
    return len(link.trace_id) == 16 and len(link.span_id) == 8 and any(link.trace_id) and any(link.span_id)


def _link(link: Any) -> Link:
    return Link(
        link.trace_id.hex(),
        link.span_id.hex(),
        link.trace_state,
        _attributes(link.attributes),
        link.dropped_attributes_count,
        link.flags,
    )


def _attributes(pairs: Any) -> Attributes:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: Any) -> Value:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    content = getattr(value, kind)
    if kind == "array_value":
        return [_value(item) for item in content.values]
    if kind == "kvlist_value":
        return {"map": _attributes(content.values)}
    if kind == "bytes_value":
        return {"bytes": b64encode(content).decode()}
    if kind == "double_value" and math.isnan(content):
        return {"double": "NaN"}
    if kind == "double_value" and math.isinf(content):
        return {"double": "Infinity" if content > 0 else "-Infinity"}
    result: Value = content
    return result


def request_as_json(request: Any, *, upper_case_ids: bool = False, null_for_absent: bool = False) -> bytes:
    """Return a request in OTLP JSON, the way the specification maps it.

    With `null_for_absent` what is not set is written as null, else left out.
    """
    return json.dumps(_message(request, upper_case_ids, null_for_absent)).encode()


def _message(message: Any, upper: bool, null: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    present = {field.name: value for field, value in message.ListFields()}
    for field in message.DESCRIPTOR.fields:
        if field.name in present:
            value = present[field.name]
            fields[field.json_name] = (
                [_field(field, item, upper, null) for item in value]
                if field.is_repeated
                else _field(field, value, upper, null)
            )
        elif null:
            fields[field.json_name] = None
    return fields


def _field(field: Any, value: Any, upper: bool, null: bool) -> Any:
    if field.message_type is not None:
        return _message(value, upper, null)
    if field.name in ("trace_id", "span_id", "parent_span_id"):
        return value.hex().upper() if upper else value.hex()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if field.type in (field.TYPE_INT64, field.TYPE_FIXED64):
        return str(value)
    return value
