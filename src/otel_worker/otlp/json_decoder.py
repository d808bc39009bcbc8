"""OTLP JSON to the model, by typed decoding that names the path of what is wrong.

The classes mirror the .proto messages in the JSON mapping of the OTLP specification ("JSON Protobuf
Encoding"): lowerCamelCase keys, ids in hex of any case, enums as numbers, 64-bit integers as decimal
strings or numbers, unknown keys ignored, null as absent.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Sequence
from typing import Any

from msgspec import DecodeError, Struct, ValidationError
from msgspec.json import Decoder

from otel_worker.errors import InvalidOtlp
from otel_worker.model import Attributes, Event, Export, Link, Resource, Scope, Span, SpanExtras, Value
from otel_worker.otlp.builder import ExportBuilder
from otel_worker.otlp.values import MAX_VALUE_DEPTH, bytes_value, double_value

Integer = int | str | None

_DECIMAL = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_HEX = re.compile(r"[0-9a-fA-F]*", re.ASCII)
_UINT32_MASK = 0xFFFF_FFFF


class _ArrayValue(Struct):
    values: list[_AnyValue | None] | None = None


class _KeyValueList(Struct):
    values: list[_KeyValue] | None = None


class _AnyValue(Struct, rename="camel"):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: Integer = None
    double_value: float | str | None = None
    array_value: _ArrayValue | None = None
    kvlist_value: _KeyValueList | None = None
    bytes_value: str | None = None


class _KeyValue(Struct):
    key: str | None = None
    value: _AnyValue | None = None


class _Attributed(Struct, rename="camel"):
    attributes: list[_KeyValue] | None = None
    dropped_attributes_count: Integer = None


class _Resource(_Attributed):
    pass


class _Scope(_Attributed):
    name: str | None = None
    version: str | None = None


class _Event(_Attributed, rename="camel"):
    time_unix_nano: Integer = None
    name: str | None = None


class _Link(_Attributed, rename="camel"):
    trace_id: str | None = None
    span_id: str | None = None
    trace_state: str | None = None
    flags: Integer = None


class _Status(Struct):
    code: int | None = None
    message: str | None = None


class _Span(_Attributed, rename="camel"):
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    trace_state: str | None = None
    flags: Integer = None
    name: str | None = None
    kind: int | None = None
    start_time_unix_nano: Integer = None
    end_time_unix_nano: Integer = None
    events: list[_Event] | None = None
    dropped_events_count: Integer = None
    links: list[_Link] | None = None
    dropped_links_count: Integer = None
    status: _Status | None = None


class _ScopeSpans(Struct, rename="camel"):
    scope: _Scope | None = None
    spans: list[_Span] | None = None
    schema_url: str | None = None


class _ResourceSpans(Struct, rename="camel"):
    resource: _Resource | None = None
    scope_spans: list[_ScopeSpans] | None = None
    schema_url: str | None = None


class _ExportTraceServiceRequest(Struct, rename="camel"):
    resource_spans: list[_ResourceSpans] | None = None


_decoder: Decoder[_ExportTraceServiceRequest] = Decoder(_ExportTraceServiceRequest, strict=True)


def decode_export_json(body: bytes) -> Export:
    """Return the export in an ExportTraceServiceRequest in OTLP JSON.

    Raises InvalidOtlp, with the path of the field, when the body is no such message.
    """
    try:
        request = _decoder.decode(body)
    except ValidationError as error:
        raise InvalidOtlp(f"invalid OTLP JSON: {error}") from None
    except (DecodeError, UnicodeDecodeError) as error:
        raise InvalidOtlp(f"the body is not valid JSON: {error}") from None
    except RecursionError:
        raise InvalidOtlp("the JSON is nested too deeply") from None
    builder = ExportBuilder()
    for resource_index, resource_spans in enumerate(request.resource_spans or ()):
        resource = _to_resource(resource_spans)
        for scope_index, scope_spans in enumerate(resource_spans.scope_spans or ()):
            path = f"resourceSpans[{resource_index}].scopeSpans[{scope_index}]"
            builder.open_scope(resource, _to_scope(scope_spans), path)
            for index, span in enumerate(scope_spans.spans or ()):
                malformed = _malformed_id(span)
                if malformed is None:
                    builder.add(_to_id(span.trace_id), _to_span(span), index)
                else:
                    builder.reject(index, malformed)
    return builder.build()


def _to_resource(message: _ResourceSpans) -> Resource:
    resource = message.resource or _Resource()
    return Resource(
        _to_attributes(resource.attributes),
        _to_uint32(resource.dropped_attributes_count),
        message.schema_url or "",
    )


def _to_scope(message: _ScopeSpans) -> Scope:
    scope = message.scope or _Scope()
    return Scope(
        scope.name or "",
        scope.version or "",
        _to_attributes(scope.attributes),
        _to_uint32(scope.dropped_attributes_count),
        message.schema_url or "",
    )


def _to_span(message: _Span) -> Span:
    start_unix_nano = _to_integer(message.start_time_unix_nano)
    status = message.status
    return Span(
        _to_id(message.span_id),
        _to_id(message.parent_span_id),
        message.name or "",
        message.kind or 0,
        start_unix_nano,
        _to_integer(message.end_time_unix_nano) - start_unix_nano,
        (status.code or 0) if status else 0,
        _to_uint32(message.flags),
        _to_attributes(message.attributes),
        _to_extras(message, (status.message or "") if status else ""),
    )


def _to_extras(message: _Span, status_message: str) -> SpanExtras | None:
    extras = SpanExtras(
        status_message,
        message.trace_state or "",
        [_to_event(event) for event in message.events or ()],
        [_to_link(link) for link in message.links or ()],
        _to_uint32(message.dropped_attributes_count),
        _to_uint32(message.dropped_events_count),
        _to_uint32(message.dropped_links_count),
    )
    return None if extras == _NO_EXTRAS else extras


_NO_EXTRAS = SpanExtras()


def _to_event(message: _Event) -> Event:
    return Event(
        _to_integer(message.time_unix_nano),
        message.name or "",
        _to_attributes(message.attributes),
        _to_uint32(message.dropped_attributes_count),
    )


def _to_link(message: _Link) -> Link:
    return Link(
        _to_id(message.trace_id),
        _to_id(message.span_id),
        message.trace_state or "",
        _to_attributes(message.attributes),
        _to_uint32(message.dropped_attributes_count),
        _to_uint32(message.flags),
    )


def _to_attributes(messages: Sequence[_KeyValue] | None, depth: int = 0) -> Attributes:
    return {pair.key or "": _to_value(pair.value, depth) for pair in messages or ()}


def _to_value(message: _AnyValue | None, depth: int) -> Value:
    """Return an AnyValue in the model's form; one with no kind set is None."""
    if message is None:
        return None
    if message.string_value is not None:
        return message.string_value
    if message.int_value is not None:
        return _to_integer(message.int_value)
    if message.bool_value is not None:
        return message.bool_value
    if message.double_value is not None:
        return double_value(_to_double(message.double_value))
    if message.bytes_value is not None:
        return bytes_value(_to_bytes(message.bytes_value))
    if depth == MAX_VALUE_DEPTH:
        raise InvalidOtlp(f"attribute values are nested deeper than {MAX_VALUE_DEPTH} levels")
    if message.array_value is not None:
        return [_to_value(value, depth + 1) for value in message.array_value.values or ()]
    if message.kvlist_value is not None:
        return {"map": _to_attributes(message.kvlist_value.values, depth + 1)}
    return None


def _to_integer(number: Integer) -> int:
    """Return a 64-bit integer that was sent as a number or a decimal string; absent is 0."""
    if isinstance(number, str):
        if not _DECIMAL.fullmatch(number):
            raise InvalidOtlp(f"invalid OTLP JSON: expected a decimal integer, found {number[:40]!r}")
        number = int(number)
    number = number or 0
    if not -(2**63) <= number < 2**64:
        raise InvalidOtlp(f"invalid OTLP JSON: {number} does not fit 64 bits")
    return number


def _to_uint32(number: Integer) -> int:
    return _to_integer(number) & _UINT32_MASK


def _to_double(number: float | str) -> float:
    try:
        return float(number)
    except ValueError:
        raise InvalidOtlp(f"invalid OTLP JSON: expected a number, found {str(number)[:40]!r}") from None


def _to_bytes(text: str) -> bytes:
    """Return base64 of either alphabet, padded or not, as bytes."""
    try:
        return a2b_base64(text.translate(_URL_SAFE) + "=" * (-len(text) % 4), strict_mode=True)
    except (Base64Error, ValueError) as error:
        raise InvalidOtlp(f"invalid OTLP JSON: bytesValue is not base64: {error}") from None


_URL_SAFE: dict[int, Any] = str.maketrans("-_", "+/")


def _to_id(text: str | None) -> str:
    return (text or "").lower()


def _malformed_id(span: _Span) -> str | None:
    """Return what is wrong with an id that is not hex; its length is the builder's to judge."""
    for name, text in (
        ("traceId", span.trace_id),
        ("spanId", span.span_id),
        ("parentSpanId", span.parent_span_id),
    ):
        if text and not _HEX.fullmatch(text):
            return f"{name} must be hex digits; found {text[:40]!r}"
    return None
