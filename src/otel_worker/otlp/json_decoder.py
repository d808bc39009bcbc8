"""OTLP JSON to the model, by typed decoding that names the path of what is wrong.

Ids are hex of any case, enums are numbers only (OTLP specification, "JSON Protobuf Encoding").
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Sequence
from typing import Any

from msgspec import DecodeError, ValidationError
from msgspec.json import Decoder

from otel_worker.errors import FieldViolation, InvalidOtlp
from otel_worker.model import Attributes, Event, Export, Link, Resource, Scope, Span, SpanExtras, Value
from otel_worker.otlp.builder import ExportBuilder
from otel_worker.otlp.json_guard import check_structure, replace_lone_surrogates
from otel_worker.otlp.json_messages import (
    AnyValue,
    EventMessage,
    ExportTraceServiceRequest,
    Integer,
    KeyValue,
    LinkMessage,
    ResourceMessage,
    ResourceSpans,
    ScopeMessage,
    ScopeSpans,
    SpanMessage,
)
from otel_worker.otlp.values import MAX_VALUE_DEPTH, bytes_value, double_value

_DECIMAL = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?|-?Infinity|NaN", re.ASCII)
_HEX = re.compile(r"[0-9a-fA-F]*", re.ASCII)


_decoder: Decoder[ExportTraceServiceRequest] = Decoder(ExportTraceServiceRequest, strict=True)


def decode_export_json(body: bytes) -> Export:
    """Return the export in an ExportTraceServiceRequest in OTLP JSON.

    Raises InvalidOtlp, with the path of the field, when the body is no such message.
    """
    check_structure(body)
    request = _decode_request(body)
    builder = ExportBuilder()
    for index, resource_spans in enumerate(request.resource_spans or ()):
        _add_resource_spans(resource_spans, f"resourceSpans[{index}]", builder)
    return builder.build()


def _add_resource_spans(message: ResourceSpans, path: str, builder: ExportBuilder) -> None:
    try:
        resource = _to_resource(message)
    except InvalidOtlp as error:
        raise _invalid_field(error.message, f"{path}.resource") from None
    for index, scope_spans in enumerate(message.scope_spans or ()):
        _add_scope_spans(scope_spans, resource, f"{path}.scopeSpans[{index}]", builder)


def _add_scope_spans(message: ScopeSpans, resource: Resource, path: str, builder: ExportBuilder) -> None:
    try:
        scope = _to_scope(message)
    except InvalidOtlp as error:
        raise _invalid_field(error.message, f"{path}.scope") from None
    builder.open_scope(resource, scope, path)
    for index, span_message in enumerate(message.spans or ()):
        malformed = _malformed_id(span_message)
        if malformed is not None:
            builder.reject(index, *malformed)
            continue
        try:
            span = _to_span(span_message)
        except InvalidOtlp as error:
            raise _invalid_field(error.message, f"{path}.spans[{index}]") from None
        builder.add(_to_id(span_message.trace_id), span, index)


def _decode_request(body: bytes) -> ExportTraceServiceRequest:
    try:
        return _decoder.decode(body)
    except ValidationError as error:
        # msgspec ends its text with "- at `$.resourceSpans[0]...`".
        description, _, path = str(error).partition(" - at `$")
        raise _invalid_field(description, path.rstrip("`").lstrip(".")) from None
    except (DecodeError, UnicodeDecodeError) as error:
        mended = replace_lone_surrogates(body)
        if mended != body:
            return _decode_request(mended)
        raise InvalidOtlp(f"the body is not valid JSON: {error}") from None


def _invalid_field(description: str, path: str) -> InvalidOtlp:
    """Return the error for a field, or for something inside of it, that is not what it has to be."""
    violation = FieldViolation(path, description)
    return InvalidOtlp(f"invalid OTLP JSON at {path or 'the top'}: {description}", (violation,))


def _to_resource(message: ResourceSpans) -> Resource:
    resource = message.resource or ResourceMessage()
    return Resource(
        _to_attributes(resource.attributes),
        _to_uint32(resource.dropped_attributes_count),
        message.schema_url or "",
    )


def _to_scope(message: ScopeSpans) -> Scope:
    scope = message.scope or ScopeMessage()
    return Scope(
        scope.name or "",
        scope.version or "",
        _to_attributes(scope.attributes),
        _to_uint32(scope.dropped_attributes_count),
        message.schema_url or "",
    )


def _to_span(message: SpanMessage) -> Span:
    start_unix_nano = _to_uint64(message.start_time_unix_nano)
    status = message.status
    return Span(
        _to_id(message.span_id),
        _to_id(message.parent_span_id),
        message.name or "",
        _to_enum(message.kind),
        start_unix_nano,
        _to_uint64(message.end_time_unix_nano) - start_unix_nano,
        _to_enum(status.code) if status else 0,
        _to_uint32(message.flags),
        _to_attributes(message.attributes),
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
        _to_uint32(message.dropped_attributes_count),
        _to_uint32(message.dropped_events_count),
        _to_uint32(message.dropped_links_count),
    )
    return None if extras == _NO_EXTRAS else extras


_NO_EXTRAS = SpanExtras()


def _to_event(message: EventMessage) -> Event:
    return Event(
        _to_uint64(message.time_unix_nano),
        message.name or "",
        _to_attributes(message.attributes),
        _to_uint32(message.dropped_attributes_count),
    )


def _to_link(message: LinkMessage) -> Link:
    return Link(
        _to_id(message.trace_id),
        _to_id(message.span_id),
        message.trace_state or "",
        _to_attributes(message.attributes),
        _to_uint32(message.dropped_attributes_count),
        _to_uint32(message.flags),
    )


def _to_attributes(messages: Sequence[KeyValue] | None, depth: int = 0) -> Attributes:
    attributes: Attributes = {}
    for pair in messages or ():
        value = pair.value
        # Most values are strings; the call is for the others.
        if value is None or (found := value.string_value) is None:
            attributes[pair.key or ""] = _to_value(value, depth)
        else:
            attributes[pair.key or ""] = found
    return attributes


def _to_value(message: AnyValue | None, depth: int) -> Value:
    """Return an AnyValue in the model's form; one with no kind set is None."""
    if message is None:
        return None
    if message.string_value is not None:
        return message.string_value
    if message.int_value is not None:
        return _to_int64(message.int_value)
    if message.bool_value is not None:
        return message.bool_value
    if message.double_value is not None:
        return double_value(_to_double(message.double_value))
    if message.bytes_value is not None:
        return bytes_value(_to_bytes(message.bytes_value))
    if message.array_value is None and message.kvlist_value is None:
        return None
    if depth == MAX_VALUE_DEPTH:
        raise InvalidOtlp(f"attribute values are nested deeper than {MAX_VALUE_DEPTH} levels")
    if message.kvlist_value is not None:
        return {"map": _to_attributes(message.kvlist_value.values, depth + 1)}
    values = message.array_value.values if message.array_value else None
    return [_to_value(value, depth + 1) for value in values or ()]


def _to_integer(number: Integer, minimum: int, maximum: int) -> int:
    """Return an integer that was sent as a number or a decimal string; absent is 0."""
    if number is None:
        return 0
    if isinstance(number, str):
        if not _DECIMAL.fullmatch(number):
            raise InvalidOtlp(f"expected a decimal integer, found {number[:40]!r}")
        number = int(number)
    if not minimum <= number <= maximum:
        raise InvalidOtlp(f"expected an integer from {minimum} to {maximum}, found {number}")
    return number


def _to_uint32(number: Integer) -> int:
    return _to_integer(number, 0, 2**32 - 1)


def _to_uint64(number: Integer) -> int:
    return _to_integer(number, 0, 2**64 - 1)


def _to_int64(number: Integer) -> int:
    return _to_integer(number, -(2**63), 2**63 - 1)


def _to_enum(number: int | None) -> int:
    return _to_integer(number, -(2**31), 2**31 - 1)


def _to_double(number: float | str) -> float:
    if isinstance(number, str):
        if not _NUMBER.fullmatch(number):
            raise InvalidOtlp(f"expected a number, NaN or Infinity, found {number[:40]!r}")
        number = float(number)
    return number


def _to_bytes(text: str) -> bytes:
    """Return base64 of either alphabet, padded or not, as bytes."""
    try:
        return a2b_base64(text.translate(_URL_SAFE) + "=" * (-len(text) % 4), strict_mode=True)
    except (Base64Error, ValueError) as error:
        raise InvalidOtlp(f"bytesValue is not base64: {error}") from None


_URL_SAFE: dict[int, Any] = str.maketrans("-_", "+/")


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
