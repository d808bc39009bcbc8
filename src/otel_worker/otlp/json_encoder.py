"""The model back to OTLP JSON, losslessly: TracesData of trace.proto."""

from __future__ import annotations

from typing import Any

import msgspec

from otel_worker.model import Attributes, Event, Link, Resource, Scope, Span, SpanExtras, TracePart, Value

_encode = msgspec.json.Encoder().encode
_NO_EXTRAS = SpanExtras()


def encode_traces_json(trace: TracePart) -> bytes:
    """Return a trace as TracesData in OTLP JSON; what is absent in protobuf is left out."""
    resource_spans: list[dict[str, Any]] = []
    resource: Resource | None = None
    for group in trace.groups:
        if group.resource != resource:
            resource = group.resource
            resource_spans.append(encode_resource(resource) | {"scopeSpans": []})
        resource_spans[-1]["scopeSpans"].append(
            present(
                scope=encode_scope(group.scope),
                # Encoded one by one: as dictionaries together they take several times as much memory.
                spans=[msgspec.Raw(_encode(_span(trace.trace_id, span))) for span in group.spans],
                schemaUrl=group.scope.schema_url,
            )
        )
    return _encode({"resourceSpans": resource_spans})


def present(**fields: Any) -> dict[str, Any]:
    """Return the fields that are not their proto3 default."""
    return {name: value for name, value in fields.items() if value}


def encode_resource(resource: Resource) -> dict[str, Any]:
    """Return a resource, also when it is empty, and its schema URL: the fields of ResourceSpans."""
    return {
        "resource": present(
            attributes=encode_attributes(resource.attributes),
            droppedAttributesCount=resource.dropped_attributes_count,
        ),
        **present(schemaUrl=resource.schema_url),
    }


def encode_scope(scope: Scope) -> dict[str, Any]:
    """Return a scope without its schema URL."""
    return present(
        name=scope.name,
        version=scope.version,
        attributes=encode_attributes(scope.attributes),
        droppedAttributesCount=scope.dropped_attributes_count,
    )


def _span(trace_id: str, span: Span) -> dict[str, Any]:
    extras = span.extras or _NO_EXTRAS
    return present(
        traceId=trace_id,
        spanId=span.span_id,
        traceState=extras.trace_state,
        parentSpanId=span.parent_span_id,
        flags=span.flags,
        name=span.name,
        kind=span.kind,
        startTimeUnixNano=encode_integer(span.start_unix_nano),
        endTimeUnixNano=encode_integer(span.end_unix_nano),
        attributes=encode_attributes(span.attributes),
        droppedAttributesCount=extras.dropped_attributes_count,
        events=[_event(event) for event in extras.events],
        droppedEventsCount=extras.dropped_events_count,
        links=[_link(link) for link in extras.links],
        droppedLinksCount=extras.dropped_links_count,
        status=present(message=extras.status_message, code=span.status_code),
    )


def _event(event: Event) -> dict[str, Any]:
    return present(
        timeUnixNano=encode_integer(event.time_unix_nano),
        name=event.name,
        attributes=encode_attributes(event.attributes),
        droppedAttributesCount=event.dropped_attributes_count,
    )


def _link(link: Link) -> dict[str, Any]:
    return present(
        traceId=link.trace_id,
        spanId=link.span_id,
        traceState=link.trace_state,
        attributes=encode_attributes(link.attributes),
        droppedAttributesCount=link.dropped_attributes_count,
        flags=link.flags,
    )


def encode_integer(number: int) -> str:
    """Return a 64-bit integer as the decimal string it is in JSON; 0 is absent."""
    return str(number) if number else ""


def encode_attributes(attributes: Attributes) -> list[dict[str, Any]]:
    """Return attributes as a list of KeyValue."""
    return [{"key": key, "value": _any_value(value)} for key, value in attributes.items()]


def _any_value(value: Value) -> dict[str, Any]:
    """Return an AnyValue; an unset one is empty."""
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_any_value(item) for item in value]}}
    if isinstance(value, dict):
        ((form, content),) = value.items()
        if isinstance(content, dict):
            return {"kvlistValue": {"values": encode_attributes(content)}}
        return {f"{form}Value": content}
    return {}
