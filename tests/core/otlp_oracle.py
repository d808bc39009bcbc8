"""What the decoders have to make of a message, worked out from the official classes on its own."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Callable
from types import ModuleType
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

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
            expected_attributes(resource_spans.resource.attributes),
            resource_spans.resource.dropped_attributes_count,
            resource_spans.schema_url,
        )
        for scope_spans in resource_spans.scope_spans:
            scope = Scope(
                scope_spans.scope.name,
                scope_spans.scope.version,
                expected_attributes(scope_spans.scope.attributes),
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
                expected_attributes(event.attributes),
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
        expected_attributes(span.attributes),
        None if extras == SpanExtras() else extras,
    )


def _is_valid(link: Any) -> bool:
    return len(link.trace_id) == 16 and len(link.span_id) == 8 and any(link.trace_id) and any(link.span_id)


def _link(link: Any) -> Link:
    return Link(
        link.trace_id.hex(),
        link.span_id.hex(),
        link.trace_state,
        expected_attributes(link.attributes),
        link.dropped_attributes_count,
        link.flags,
    )


def expected_attributes(pairs: Any) -> Attributes:
    """Return attributes in the model's form."""
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: Any) -> Value:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    content = getattr(value, kind)
    if kind == "array_value":
        return [_value(item) for item in content.values]
    if kind == "kvlist_value":
        return {"map": expected_attributes(content.values)}
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


def official_parser(request_class: Any, *modules: ModuleType) -> Callable[[bytes], bool]:
    """Return what tells whether the official parser takes bytes, be its text UTF-8 or not.

    It is that of the class, from these modules, with bytes for each string, so that any text will do.
    """
    pool = DescriptorPool()
    for module in modules:
        file = FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        messages = list(file.message_type)
        for message_type in messages:
            messages.extend(message_type.nested_type)
            for field in message_type.field:
                if field.type == FieldDescriptorProto.TYPE_STRING:
                    field.type = FieldDescriptorProto.TYPE_BYTES
        pool.Add(file)
    without_text = GetMessageClass(pool.FindMessageTypeByName(request_class.DESCRIPTOR.full_name))

    def accepts(body: bytes) -> bool:
        try:
            without_text.FromString(body)
        except DecodeError:
            return False
        return True

    return accepts
