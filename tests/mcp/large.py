"""Traces that are too much for one answer: many spans, and spans that are nothing but long texts."""

from __future__ import annotations

import secrets

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from tests.e2e.collector import PROTOBUF
from tests.samples import key_values

SPANS = 10_000
CHILDREN = 99
SERVICES = 12
MILLISECOND = 1_000_000

ATTRIBUTES, LINKS = 40, 200

# What takes the most bytes in JSON for its length, and the most bytes in UTF-8.
LONG = '"\\' * 300 + "🦄" * 150


def large_trace(start_unix_nano: int) -> tuple[str, ExportTraceServiceRequest]:
    """Return a trace of SPANS by SERVICES: a root, its children one after the other, and theirs."""
    trace_id = secrets.token_hex(16)
    groups: list[list[Span]] = [[] for _ in range(SERVICES)]
    groups[0].append(_span(trace_id, 1, 0, "GET /checkout", start_unix_nano, 20_000))
    per_child = SPANS // CHILDREN
    for number in range(2, SPANS + 1):
        child, place = divmod(number - 2, per_child)
        is_child = place == 0
        parent = 1 if is_child else 2 + child * per_child
        start = child * 200 + (0 if is_child else place)
        name = f"call /api/v1/part/{child}" if is_child else f"SELECT item {place}"
        span = _span(
            trace_id, number, parent, name, start_unix_nano + start * MILLISECOND, 200 if is_child else 1
        )
        if place % 50 == 49:
            span.status.CopyFrom(Status(code=Status.STATUS_CODE_ERROR, message="deadlock detected"))
        groups[child % SERVICES].append(span)
    return trace_id, _request({f"service-{number}": spans for number, spans in enumerate(groups)})


def wordy_trace(start_unix_nano: int, spans: int) -> tuple[str, ExportTraceServiceRequest]:
    """Return a chain of failed spans by as many services, with long texts wherever a text can be."""
    trace_id = secrets.token_hex(16)
    groups: dict[str, list[Span]] = {}
    for number in range(1, spans + 1):
        span = _span(trace_id, number, number - 1, f"{number} {LONG}", start_unix_nano + number, 200)
        span.status.CopyFrom(Status(code=Status.STATUS_CODE_ERROR, message=LONG))
        span.trace_state = LONG
        if number <= 20:
            _add_long_parts(span)
        groups[f"{number} {LONG[:200]}"] = [span]
    return trace_id, _request(groups)


def store(client: httpx.Client, request: ExportTraceServiceRequest) -> None:
    """Send a trace."""
    body = request.SerializeToString()
    response = client.post("/v1/traces", content=body, headers={"Content-Type": PROTOBUF})
    assert response.status_code == 200, response.text


def _add_long_parts(span: Span) -> None:
    span.attributes.extend(key_values({f"{number} {LONG}": LONG for number in range(ATTRIBUTES)}))
    for number in range(4):
        event = span.events.add(name="exception", time_unix_nano=span.start_time_unix_nano + number)
        texts = {"exception.type": LONG, "exception.message": LONG, "exception.stacktrace": LONG}
        event.attributes.extend(key_values(texts))
    for number in range(LINKS):
        span.links.add(trace_id=span.trace_id, span_id=(number + 1).to_bytes(8, "big"))


def _span(trace_id: str, number: int, parent: int, name: str, start_unix_nano: int, duration_ms: int) -> Span:
    return Span(
        trace_id=bytes.fromhex(trace_id),
        span_id=number.to_bytes(8, "big"),
        parent_span_id=parent.to_bytes(8, "big") if parent else b"",
        name=name,
        kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=start_unix_nano,
        end_time_unix_nano=start_unix_nano + duration_ms * MILLISECOND,
    )


def _request(groups: dict[str, list[Span]]) -> ExportTraceServiceRequest:
    return ExportTraceServiceRequest(
        resource_spans=[
            ResourceSpans(
                resource=Resource(attributes=key_values({"service.name": service, "note": service})),
                scope_spans=[ScopeSpans(scope=InstrumentationScope(name=service), spans=spans)],
            )
            for service, spans in groups.items()
        ]
    )
