"""Sample telemetry for every suite: ids, parts of the model, and messages of the official OTLP classes."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from otel_worker.model import Attributes, Resource, Scope, Span, SpanExtras, SpanGroup, TracePart
from otel_worker.otlp.wire import length_field
from otel_worker.store.blocks import Block, build_blocks

Result = TypeVar("Result")

# 2026-01-01T00:00:00Z: the "now" of tests that have to name one.
NOW_UNIX_MS = 1_767_225_600_000
NOW_UNIX_NANO = NOW_UNIX_MS * 1_000_000
SECOND = 1_000_000_000


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Return the result of a coroutine that, like all of the core over SQLite, never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: Result = stop.value
        return result
    raise AssertionError("the coroutine waits for something that is none of the core's ports")


def trace_id(number: int) -> str:
    """Return the trace id of a number: 32 hex digits that sort like the number."""
    return f"a{number:031x}"


def span_id(number: int) -> str:
    """Return the span id of a number."""
    return f"b{number:015x}"


def make_span(
    number: int = 1,
    start_unix_nano: int = NOW_UNIX_NANO,
    duration_nano: int = 1_000_000,
    *,
    parent: int | None = None,
    name: str = "GET /",
    kind: int = 2,
    status_code: int = 0,
    flags: int = 0,
    attributes: Attributes | None = None,
    extras: SpanExtras | None = None,
) -> Span:
    """Return a span of the model; `number` gives its id, `parent` that of its parent."""
    return Span(
        span_id(number),
        "" if parent is None else span_id(parent),
        name,
        kind,
        start_unix_nano,
        duration_nano,
        status_code,
        flags,
        attributes or {},
        extras,
    )


def make_group(spans: Sequence[Span], service: str = "shop") -> SpanGroup:
    """Return the spans of one service."""
    return SpanGroup(Resource({"service.name": service}), Scope("tests", "1.0"), list(spans))


def make_part(number: int, *spans: Span, service: str = "shop") -> TracePart:
    """Return a part of the trace with this number, by one service; without spans it gets one."""
    return TracePart(trace_id(number), [make_group(spans or [make_span()], service)])


def blocks_of(*parts: TracePart) -> list[Block]:
    """Return the blocks of one export request with these parts."""
    blocks, oversized = build_blocks(parts)
    assert oversized == []
    return blocks


def any_value(value: object) -> AnyValue:
    """Return a Python value as an AnyValue; None is one with nothing set."""
    if value is None:
        return AnyValue()
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    if isinstance(value, Mapping):
        return AnyValue(kvlist_value=KeyValueList(values=key_values(value)))
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[any_value(item) for item in value]))
    return AnyValue(string_value=str(value))


def key_values(attributes: Mapping[str, object]) -> list[KeyValue]:
    """Return attributes as OTLP carries them."""
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()]


def rich_request() -> ExportTraceServiceRequest:
    """Return an export request with every field of every message set and every kind of value."""
    values: dict[str, object] = {
        "text": "naïve 🦄",
        "empty": "",
        "yes": True,
        "no": False,
        "zero": 0,
        "int": -(2**63),
        "double": 2.0,
        "nan": float("nan"),
        "infinity": float("-inf"),
        "bytes": b"\x00\xff",
        "unset": None,
        "array": ["a", 1, None, [True], {"k": b""}],
        "map": {"a": 1.5, "b": {"c": []}},
    }
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add(schema_url="https://example.org/resource")
    resource_spans.resource.attributes.extend(key_values({"service.name": "shop", **values}))
    resource_spans.resource.dropped_attributes_count = 1
    scope_spans = resource_spans.scope_spans.add(schema_url="https://example.org/scope")
    scope_spans.scope.name = "library"
    scope_spans.scope.version = "1.2.3"
    scope_spans.scope.attributes.extend(key_values(values))
    scope_spans.scope.dropped_attributes_count = 2
    span = scope_spans.spans.add(
        trace_id=bytes.fromhex(trace_id(1)),
        span_id=bytes.fromhex(span_id(1)),
        parent_span_id=bytes.fromhex(span_id(2)),
        trace_state="vendor=1",
        flags=0x301,
        name="GET /cart",
        kind=2,
        start_time_unix_nano=NOW_UNIX_NANO,
        end_time_unix_nano=NOW_UNIX_NANO + 7,
        attributes=key_values(values),
        dropped_attributes_count=3,
        dropped_events_count=4,
        dropped_links_count=5,
    )
    span.status.code = Status.STATUS_CODE_ERROR
    span.status.message = "boom"
    span.events.add(
        time_unix_nano=NOW_UNIX_NANO + 1,
        name="exception",
        attributes=key_values(values),
        dropped_attributes_count=6,
    )
    span.links.add(
        trace_id=bytes.fromhex(trace_id(2)),
        span_id=bytes.fromhex(span_id(3)),
        trace_state="other=2",
        attributes=key_values(values),
        dropped_attributes_count=7,
        flags=0x100,
    )
    return request


def small_request(*spans: tuple[int, int], service: str = "shop") -> ExportTraceServiceRequest:
    """Return an export request of one service with one root span per (trace number, span number)."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    resource_spans.resource.attributes.extend(key_values({"service.name": service}))
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = "tests"
    for trace, span in spans:
        scope_spans.spans.add(
            trace_id=bytes.fromhex(trace_id(trace)),
            span_id=bytes.fromhex(span_id(span)),
            name="GET /",
            kind=2,
            start_time_unix_nano=NOW_UNIX_NANO + span,
            end_time_unix_nano=NOW_UNIX_NANO + span + 1_000_000,
        )
    return request


def dense_protobuf(size_bytes: int) -> dict[str, bytes]:
    """Return requests of at most this size that are full of the smallest messages, by what they hold."""

    def fill(smallest: bytes, *fields: int) -> bytes:
        """Return as many of one message as there is room for, in messages of these fields, inside out."""
        body = smallest * ((size_bytes - 200) // len(smallest))
        for field in fields:
            body = length_field(field, body)
        return body

    # KeyValue.value = 2 and its key, of a span's attributes = 9
    values = (2, 9, 2, 2, 1)
    return {
        "resource spans": fill(b"\x0a\x00"),
        "scope spans": fill(b"\x12\x00", 1),
        "spans": fill(b"\x12\x00", 2, 1),
        "events": fill(b"\x5a\x00", 2, 2, 1),
        "links": fill(b"\x6a\x00", 2, 2, 1),
        "array values": fill(b"\x0a\x00", 5, *values),
        "empty maps in an array": fill(b"\x0a\x02\x32\x00", 5, *values),
        "map values": fill(b"\x0a\x00", 6, *values),
    }


def dense_json(size_bytes: int) -> dict[str, bytes]:
    """Return JSON requests of at most this size that are full of the smallest messages, by what they hold."""
    value = '{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"k","value":%s}]}]}]}]}'
    around = {
        "resource spans": '{"resourceSpans":[%s]}',
        "scope spans": '{"resourceSpans":[{"scopeSpans":[%s]}]}',
        "spans": '{"resourceSpans":[{"scopeSpans":[{"spans":[%s]}]}]}',
        "events": '{"resourceSpans":[{"scopeSpans":[{"spans":[{"events":[%s]}]}]}]}',
        "links": '{"resourceSpans":[{"scopeSpans":[{"spans":[{"links":[%s]}]}]}]}',
        "array values": value % '{"arrayValue":{"values":[%s]}}',
        "map values": value % '{"kvlistValue":{"values":[%s]}}',
    }
    many = ",".join(["{}"] * ((size_bytes - 200) // 3))
    return {name: (text % many).encode() for name, text in around.items()}
