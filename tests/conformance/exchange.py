"""Requests that the rules are tested with, and answers read with the official protobuf classes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import httpx
from google.protobuf import json_format
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, TracesData

from otel_worker.api.message import Response
from tests.e2e.collector import JSON, PROTOBUF, Collector
from tests.e2e.otlp import export_request, make_span, to_otlp_json

MAX_BODY_BYTES = 500_000
INGEST_TOKEN = "conformance-ingest-only"
READ_TOKEN = "conformance-read-only"
ORIGIN = "https://app.example.com"

ENCODINGS = (PROTOBUF, JSON)
SPAN_ID = "00f067aa0ba902b7"
FIRST_SPAN = "resourceSpans[0].scopeSpans[0].spans[0]"
PATH = "/v1/traces"


def request_in(media_type: str, trace_id: str, start: int, *numbers: int) -> bytes:
    """Return the body of a request with spans of these numbers (0 gives an invalid id), by default one."""
    spans = [make_span(trace_id, number, start) for number in numbers or (1,)]
    return encoded(media_type, export_request(spans))


def encoded(media_type: str, request: ExportTraceServiceRequest) -> bytes:
    """Return a request in an encoding."""
    return to_otlp_json(request) if media_type == JSON else bytes(request.SerializeToString())


def span_json(trace_id: str, **fields: Any) -> dict[str, Any]:
    """Return a span as OTLP JSON has it, with the fields given instead of or besides the ids."""
    return {"traceId": trace_id, "spanId": SPAN_ID, **fields}


def request_json(*spans: Any) -> bytes:
    """Return an export request of spans in OTLP JSON."""
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}).encode()


def value_json(trace_id: str, value: Any) -> bytes:
    """Return a request with one span, whose attribute k is an AnyValue in OTLP JSON."""
    return request_json(span_json(trace_id, attributes=[{"key": "k", "value": value}]))


def store_json(collector: Collector, *spans: Any) -> None:
    """Export spans in JSON; every one has to be taken."""
    answer = collector.export(request_json(*spans), JSON)
    assert (answer.status_code, answer.content) == (200, b"{}"), answer.text


def store(collector: Collector, *spans: Span) -> None:
    """Export spans in protobuf; every one has to be taken."""
    answer = collector.export(encoded(PROTOBUF, export_request(spans)))
    assert (answer.status_code, answer.content) == (200, b""), answer.content


def refusal(collector: Collector, *spans: Any) -> Status:
    """Return the Status of JSON spans that are refused with 400."""
    answer = collector.export(request_json(*spans), JSON)
    assert answer.status_code == 400, answer.text
    return status_of(answer)


def shown_spans(collector: Collector, trace_id: str) -> list[Any]:
    """Return the spans of a trace as the API shows them; none when there is no such trace."""
    answer = collector.client.get(f"{PATH}/{trace_id}/spans")
    if answer.status_code == 404:
        return []
    assert answer.status_code == 200, answer.text
    shown: list[Any] = answer.json()
    return shown


def shown_value(collector: Collector, trace_id: str) -> Any:
    """Return attribute k of the one span of a trace as the API shows it."""
    (span,) = shown_spans(collector, trace_id)
    return span["attributes"]["k"]


def stored_resources(collector: Collector, trace_id: str) -> list[ResourceSpans]:
    """Return a trace as OTLP gives it back."""
    answer = collector.client.get(f"{PATH}/{trace_id}", headers={"Accept": PROTOBUF})
    assert answer.status_code == 200, answer.text
    return list(TracesData.FromString(answer.content).resource_spans)


def stored_spans(collector: Collector, trace_id: str) -> list[Span]:
    """Return the spans of a trace as OTLP gives them back, by span id."""
    spans = (
        span
        for resource_spans in stored_resources(collector, trace_id)
        for scope_spans in resource_spans.scope_spans
        for span in scope_spans.spans
    )
    return sorted(spans, key=lambda span: span.span_id)


def summary_of(collector: Collector, trace_id: str, start: int) -> Any:
    """Return the line of the list of traces for a trace that starts then."""
    listed = collector.get(f"{PATH}?start={start}&end={start}&limit=1000")
    (summary,) = [line for line in listed if line["traceId"] == trace_id]
    return summary


def partial_success_of(answer: httpx.Response) -> tuple[int, str]:
    """Return the count and the message of an answer 200 in either encoding."""
    assert answer.status_code == 200, answer.text
    response = ExportTraceServiceResponse()
    if answer.headers["Content-Type"] == JSON:
        json_format.Parse(answer.content, response)
    else:
        response.ParseFromString(answer.content)
    assert response.HasField("partial_success")
    return response.partial_success.rejected_spans, response.partial_success.error_message


def status_of(answer: httpx.Response | Response, media_type: str = "") -> Status:
    """Return the google.rpc.Status of an error, which has to be in `media_type` where that is given."""
    if isinstance(answer, Response):
        code, content_type, body = answer.status, answer.content_type, answer.body
    else:
        code, content_type, body = answer.status_code, answer.headers["Content-Type"], answer.content
    assert code >= 400
    assert content_type in ((media_type,) if media_type else ENCODINGS)
    # The official reader of JSON finds the details by their @type, and refuses fields it does not know.
    status = json_format.Parse(body, Status()) if content_type == JSON else Status.FromString(body)
    assert status.message
    return status


def violated_fields(status: Status) -> list[str]:
    """Return the paths of the fields that a Status names in its BadRequest."""
    detail = BadRequest()
    for packed in status.details:
        if packed.Unpack(detail):
            assert all(violation.description for violation in detail.field_violations)
            return [violation.field for violation in detail.field_violations]
    return []


def retry_seconds(status: Status) -> int | None:
    """Return the seconds of the RetryInfo of a Status."""
    detail = RetryInfo()
    for packed in status.details:
        if packed.Unpack(detail):
            return int(detail.retry_delay.seconds)
    return None


def field(number: int, content: bytes) -> bytes:
    """Return a length-delimited protobuf field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(number: int) -> bytes:
    """Return a protobuf varint."""
    encoded_number = bytearray()
    while number >= 0x80:
        encoded_number.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded_number, number])


def raw_request(*spans: bytes) -> bytes:
    """Return an export request of spans that are protobuf already."""
    return field(1, field(2, b"".join(field(2, span) for span in spans)))


def span_numbers(spans: Iterable[Span]) -> list[int]:
    """Return the numbers that `request_in` gave to the spans."""
    return [int.from_bytes(span.span_id, "big") for span in spans]


def check_rejected(collector: Collector, own_trace_id: str, path: str, **changes: Any) -> None:
    """Send a valid span and one with these changes in both encodings: only the first one is kept."""
    for number, media_type in enumerate(ENCODINGS, 1):
        bad = make_span(own_trace_id, 9, 1)
        for name, value in changes.items():
            setattr(bad, name, value)
        request = export_request([make_span(own_trace_id, number, 1), bad])
        count, message = partial_success_of(collector.export(encoded(media_type, request), media_type))
        assert (count, f"spans[1].{path} must be" in message) == (1, True)
        assert span_numbers(stored_spans(collector, own_trace_id)) == list(range(1, number + 1))
