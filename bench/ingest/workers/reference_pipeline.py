"""The straightforward port of a collector: the official classes of OTLP, and a row a span.

It is written as one would without measuring, but not badly: nothing is done twice, JSON is not
serialised once more to be parsed, and what belongs to a resource is encoded once.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

INSERT_SPAN = """
INSERT INTO spans (
  trace_id, span_id, parent_span_id, name, kind, start_us, duration_us, status_code, attributes, resource
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
"""

_ID_FIELDS = frozenset({"traceId", "spanId", "parentSpanId"})


def decode_protobuf(body: bytes) -> Any:
    """Return the request in protobuf."""
    request = ExportTraceServiceRequest()
    request.ParseFromString(body)
    return request


def decode_json(body: bytes) -> Any:
    """Return the request in OTLP JSON, whose ids are hex where protobuf's JSON mapping has base64."""
    return ParseDict(
        json.loads(body, object_hook=_with_base64_ids),
        ExportTraceServiceRequest(),
        ignore_unknown_fields=True,
    )


def _with_base64_ids(message: dict[str, Any]) -> dict[str, Any]:
    for name in _ID_FIELDS & message.keys():
        message[name] = b64encode(bytes.fromhex(message[name])).decode()
    return message


def span_rows(request: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the bound values of INSERT_SPAN for each span."""
    for resource_spans in request.resource_spans:
        resource = json.dumps(_to_dictionary(resource_spans.resource.attributes))
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                yield (
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.name,
                    span.kind,
                    span.start_time_unix_nano // 1000,
                    (span.end_time_unix_nano - span.start_time_unix_nano) // 1000,
                    span.status.code,
                    json.dumps(_to_dictionary(span.attributes)),
                    resource,
                )


def _to_dictionary(attributes: Any) -> dict[str, Any]:
    return {pair.key: _to_value(pair.value) for pair in attributes}


def _to_value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [_to_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return _to_dictionary(value.kvlist_value.values)
    if kind == "bytes_value":
        return b64encode(value.bytes_value).decode()
    return getattr(value, kind)
