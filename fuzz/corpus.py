"""Valid messages that the generators damage: every field, every kind of value, and the edges of each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from fuzz.inputs import METRICS, TRACES
from fuzz.metric_corpus import metric_messages
from otel_worker.otlp.values import MAX_VALUE_DEPTH
from tests.core.metric_oracle import metrics_as_json
from tests.core.otlp_oracle import request_as_json
from tests.samples import key_values, rich_request, small_request

# One value of each kind, and the numbers at the ends of each type.
_VALUES: tuple[object, ...] = (
    None, "", "a", "naïve 🦄 \0 \u2028", True, False, 0, 1, -1, 2**63 - 1, -(2**63), 2**53 + 1,
    0.0, -0.0, 1.5, 5e-324, 1.7976931348623157e308, float("nan"), float("inf"), float("-inf"),
    b"", b"\x00\xff\xfe", [], [None], ["a", 1, [True]], {}, {"": None}, {"a": {"b": [{"c": b"d"}]}},
)  # fmt: skip


class Corpus(NamedTuple):
    """Valid requests of one signal, in both encodings."""

    signal: str
    protobuf_messages: Callable[[], tuple[bytes, ...]]
    json_messages: Callable[[], tuple[bytes, ...]]


@cache
def _traces_protobuf() -> tuple[bytes, ...]:
    return tuple(_as_protobuf(message) for message in _messages())


@cache
def _traces_json() -> tuple[bytes, ...]:
    """Return the corpus in OTLP JSON, and once more with null for all that is absent."""
    compact = [request_as_json(message) for message in _messages()]
    with_nulls = [request_as_json(message, null_for_absent=True) for message in _messages()[1:3]]
    return tuple(compact + with_nulls)


@cache
def _metrics_protobuf() -> tuple[bytes, ...]:
    return tuple(_as_protobuf(message) for message in metric_messages())


@cache
def _metrics_json() -> tuple[bytes, ...]:
    """Return the corpus in OTLP JSON, and once more with the defaults written out."""
    compact = [metrics_as_json(message) for message in metric_messages()]
    return (*compact, metrics_as_json(metric_messages()[0], defaults_too=True))


def _as_protobuf(message: Any) -> bytes:
    return bytes(message.SerializeToString(deterministic=True))


CORPORA = {
    TRACES: Corpus(TRACES, _traces_protobuf, _traces_json),
    METRICS: Corpus(METRICS, _metrics_protobuf, _metrics_json),
}


@cache
def _messages() -> tuple[ExportTraceServiceRequest, ...]:
    return (
        rich_request(),
        small_request((1, 1)),
        small_request((1, 1), (2, 1), (1, 2)),
        ExportTraceServiceRequest(),
        _one_value_each(),
        _nested_to_the_limit(),
        _invalid_spans(),
        _numbers_at_their_ends(),
        _resources_and_scopes(),
        ExportTraceServiceRequest(resource_spans=[ResourceSpans()]),
    )


def _one_value_each() -> ExportTraceServiceRequest:
    request = small_request((1, 1))
    attributes = {f"k{index}": value for index, value in enumerate(_VALUES)}
    request.resource_spans[0].scope_spans[0].spans[0].attributes.extend(key_values(attributes))
    return request


def _nested_to_the_limit() -> ExportTraceServiceRequest:
    value: object = "deep"
    for level in range(MAX_VALUE_DEPTH):
        value = [value] if level % 2 else {"k": value}
    request = small_request((1, 1))
    request.resource_spans[0].scope_spans[0].spans[0].attributes.extend(key_values({"a": value}))
    return request


def _invalid_spans() -> ExportTraceServiceRequest:
    """Return a request of which one span is valid and the others each break one rule."""
    request = small_request(*((1, number) for number in range(1, 8)))
    spans = request.resource_spans[0].scope_spans[0].spans
    spans[1].trace_id = bytes(16)
    spans[2].trace_id = b"short"
    spans[3].span_id = bytes(8)
    spans[4].parent_span_id = b"odd"
    spans[5].start_time_unix_nano = 2**64 - 1
    spans[6].end_time_unix_nano = 2**63
    spans[0].parent_span_id = bytes(8)
    spans[0].links.add(trace_id=b"x", span_id=b"y")
    spans[0].links.add(trace_id=b"x" * 16, span_id=b"y" * 8)
    return request


def _numbers_at_their_ends() -> ExportTraceServiceRequest:
    request = small_request((1, 1))
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.kind = -(2**31)  # type: ignore[assignment]
    span.status.code = 2**31 - 1  # type: ignore[assignment]
    span.flags = span.dropped_attributes_count = span.dropped_events_count = 2**32 - 1
    span.dropped_links_count = 2**32 - 1
    span.start_time_unix_nano, span.end_time_unix_nano = 2**63 - 1, 0
    span.events.add(time_unix_nano=2**64 - 1, dropped_attributes_count=2**32 - 1)
    span.links.add(trace_id=b"t" * 16, span_id=b"s" * 8, flags=2**32 - 1, dropped_attributes_count=2**32 - 1)
    return request


def _resources_and_scopes() -> ExportTraceServiceRequest:
    """Return one trace in several resources and scopes, some of them equal."""
    request = ExportTraceServiceRequest()
    for service in ("shop", "till", "shop"):
        request.resource_spans.extend(small_request((1, 1), (2, 2), service=service).resource_spans)
        request.resource_spans[-1].scope_spans.add(schema_url=service).spans.add(
            trace_id=b"t" * 16, span_id=b"s" * 8
        )
    return request
