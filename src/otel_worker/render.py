"""The model in the shapes of the HTTP API: plain JSON for people and programs, readable rather than lossless.

Times are decimal strings, since they do not fit a JavaScript number; enums are their names in the .proto
without the prefix. Who needs every bit asks for OTLP instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from otel_worker.model import (
    Attributes,
    Event,
    Head,
    Link,
    Resource,
    Scope,
    Span,
    SpanExtras,
    TracePart,
    Value,
)

JsonObject = dict[str, Any]

SPAN_KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
STATUS_CODES = ("UNSET", "OK", "ERROR")

_NO_EXTRAS = SpanExtras()


def render_summary(head: Head) -> JsonObject:
    """Return the summary of a trace, as in the list and on the WebSocket."""
    return {
        "traceId": head.trace_id,
        "rootName": head.root_name,
        "rootService": head.root_service,
        "services": head.services,
        "startTimeUnixNano": str(head.start_unix_nano),
        "durationNano": head.duration_nano,
        "spanCount": head.span_count,
        "errorCount": head.error_count,
    }


def render_spans(part: TracePart) -> Iterator[JsonObject]:
    """Yield the spans of a trace in the order of their start; one by one, as each takes several kilobytes."""
    members: list[tuple[Span, JsonObject, JsonObject]] = []
    for group in part.groups:
        resource, scope = render_resource(group.resource), render_scope(group.scope)
        members.extend([(span, resource, scope) for span in group.spans])
    members.sort(key=lambda member: (member[0].start_unix_nano, member[0].span_id))
    for span, resource, scope in members:
        yield render_span(part.trace_id, span, resource, scope)


def render_span(trace_id: str, span: Span, resource: JsonObject, scope: JsonObject) -> JsonObject:
    """Return one span with its resource and scope, themselves rendered before."""
    extras = span.extras or _NO_EXTRAS
    return {
        "traceId": trace_id,
        "spanId": span.span_id,
        "parentSpanId": span.parent_span_id,
        "name": span.name,
        "kind": _name(SPAN_KINDS, span.kind),
        "startTimeUnixNano": str(span.start_unix_nano),
        "endTimeUnixNano": str(span.end_unix_nano),
        # A span without an end, or one before its start, has no duration yet.
        "durationNano": max(0, span.duration_nano),
        "attributes": render_attributes(span.attributes),
        "resource": resource,
        "scope": scope,
        "status": {"code": _name(STATUS_CODES, span.status_code), "message": extras.status_message},
        "events": [_render_event(event) for event in extras.events],
        "links": [_render_link(link) for link in extras.links],
        "flags": span.flags,
        "traceState": extras.trace_state,
        "droppedAttributesCount": extras.dropped_attributes_count,
        "droppedEventsCount": extras.dropped_events_count,
        "droppedLinksCount": extras.dropped_links_count,
    }


def render_resource(resource: Resource) -> JsonObject:
    """Return a resource."""
    return {"attributes": render_attributes(resource.attributes), "schemaUrl": resource.schema_url}


def render_scope(scope: Scope) -> JsonObject:
    """Return an instrumentation scope."""
    return {
        "name": scope.name,
        "version": scope.version,
        "attributes": render_attributes(scope.attributes),
        "schemaUrl": scope.schema_url,
    }


def render_attributes(attributes: Attributes) -> JsonObject:
    """Return attributes as a JSON object of plain values."""
    return {key: render_value(value) for key, value in attributes.items()}


def render_value(value: Value) -> Any:
    """Return one value: bytes as base64, maps as objects, doubles that JSON lacks by their name."""
    if isinstance(value, list):
        return [render_value(item) for item in value]
    if isinstance(value, dict):
        ((form, content),) = value.items()
        return render_attributes(content) if form == "map" and isinstance(content, dict) else content
    return value


def _render_event(event: Event) -> JsonObject:
    return {
        "name": event.name,
        "timeUnixNano": str(event.time_unix_nano),
        "attributes": render_attributes(event.attributes),
        "droppedAttributesCount": event.dropped_attributes_count,
    }


def _render_link(link: Link) -> JsonObject:
    return {
        "traceId": link.trace_id,
        "spanId": link.span_id,
        "traceState": link.trace_state,
        "attributes": render_attributes(link.attributes),
        "droppedAttributesCount": link.dropped_attributes_count,
        "flags": link.flags,
    }


def _name(names: tuple[str, ...], number: int) -> str:
    """Return the name of an enum number; one that nobody knew when this was written is shown as the first."""
    return names[number] if 0 <= number < len(names) else names[0]
