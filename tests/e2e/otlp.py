"""Export requests made, and answers read, with the official protobuf classes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, TracesData

_ID_KEYS = ("traceId", "spanId", "parentSpanId")


def export_request(spans: Iterable[Span], service: str = "e2e") -> ExportTraceServiceRequest:
    """Return a request with the spans of one service."""
    resource = Resource(attributes=[text_attribute("service.name", service)])
    return ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(resource=resource, scope_spans=[ScopeSpans(spans=spans)])]
    )


def make_span(
    trace_id: str, number: int, start_unix_nano: int, name: str = "work", **attributes: str
) -> Span:
    """Return a span of one millisecond."""
    return Span(
        trace_id=bytes.fromhex(trace_id),
        span_id=number.to_bytes(8, "big"),
        name=name,
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=start_unix_nano,
        end_time_unix_nano=start_unix_nano + 1_000_000,
        attributes=[text_attribute(key, value) for key, value in attributes.items()],
    )


def text_attribute(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def one_span(trace_id: str, start_unix_nano: int, **attributes: str) -> bytes:
    """Return the body of a request with one span."""
    request = export_request([make_span(trace_id, 1, start_unix_nano, **attributes)])
    return bytes(request.SerializeToString())


def to_otlp_json(request: ExportTraceServiceRequest) -> bytes:
    """Return a request in OTLP JSON, which writes ids in hex and enums as numbers."""
    document = json_format.MessageToDict(request, use_integers_for_enums=True)
    return json.dumps(_with_ids(document, lambda text: base64.b64decode(text).hex())).encode()


def parse_otlp_json(body: bytes) -> TracesData:
    """Return TracesData from OTLP JSON."""
    document = _with_ids(json.loads(body), lambda text: base64.b64encode(bytes.fromhex(text)).decode())
    return json_format.ParseDict(document, TracesData())


def _with_ids(value: Any, convert: Any) -> Any:
    if isinstance(value, list):
        return [_with_ids(item, convert) for item in value]
    if isinstance(value, dict):
        return {
            key: convert(item) if key in _ID_KEYS and isinstance(item, str) else _with_ids(item, convert)
            for key, item in value.items()
        }
    return value
