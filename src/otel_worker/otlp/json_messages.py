"""The messages of trace_service.proto, trace.proto, resource.proto and common.proto in their JSON mapping.

Source: OTLP specification, "JSON Protobuf Encoding". Keys are lowerCamelCase, unknown ones are ignored,
null is absent; a 64-bit integer is a decimal string or a number.
"""

from __future__ import annotations

from msgspec import Struct

Integer = int | str | None


class ArrayValue(Struct):
    values: list[AnyValue | None] | None = None


class KeyValueList(Struct):
    values: list[KeyValue] | None = None


class AnyValue(Struct, rename="camel"):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: Integer = None
    double_value: float | str | None = None
    array_value: ArrayValue | None = None
    kvlist_value: KeyValueList | None = None
    bytes_value: str | None = None


class KeyValue(Struct):
    key: str | None = None
    value: AnyValue | None = None


class AttributedMessage(Struct, rename="camel"):
    attributes: list[KeyValue] | None = None
    dropped_attributes_count: Integer = None


class ResourceMessage(AttributedMessage):
    pass


class ScopeMessage(AttributedMessage):
    name: str | None = None
    version: str | None = None


class EventMessage(AttributedMessage, rename="camel"):
    time_unix_nano: Integer = None
    name: str | None = None


class LinkMessage(AttributedMessage, rename="camel"):
    trace_id: str | None = None
    span_id: str | None = None
    trace_state: str | None = None
    flags: Integer = None


class StatusMessage(Struct):
    code: int | None = None
    message: str | None = None


class SpanMessage(AttributedMessage, rename="camel"):
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    trace_state: str | None = None
    flags: Integer = None
    name: str | None = None
    kind: int | None = None
    start_time_unix_nano: Integer = None
    end_time_unix_nano: Integer = None
    events: list[EventMessage] | None = None
    dropped_events_count: Integer = None
    links: list[LinkMessage] | None = None
    dropped_links_count: Integer = None
    status: StatusMessage | None = None


class ScopeSpans(Struct, rename="camel"):
    scope: ScopeMessage | None = None
    spans: list[SpanMessage] | None = None
    schema_url: str | None = None


class ResourceSpans(Struct, rename="camel"):
    resource: ResourceMessage | None = None
    scope_spans: list[ScopeSpans] | None = None
    schema_url: str | None = None


class ExportTraceServiceRequest(Struct, rename="camel"):
    resource_spans: list[ResourceSpans] | None = None
