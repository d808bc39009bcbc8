"""Traces far larger than one request, and spans larger than a row, through HTTP into workerd."""

from __future__ import annotations

import re

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.e2e.collector import Collector
from tests.e2e.otlp import export_request, make_span

MS = 1_000_000
SPANS, SERVICES, REQUESTS = 10_000, 40, 200
# In UTF-8, as it is measured; the request itself is within its limit.
LARGE_VALUE = "x" * 1_950_000


def export_big_trace(collector: Collector, trace_id: str, start_unix_nano: int) -> None:
    """Send the trace; a request has every 200th span of it, so that a page has spans of all requests."""
    for number in reversed(range(REQUESTS)):
        spans = [
            make_span(trace_id, n + 1, start_unix_nano + n * MS, f"step {n % 50}", index=str(n))
            for n in range(number, SPANS, REQUESTS)
        ]
        body = export_request(spans, f"service {number % SERVICES:02}").SerializeToString()
        assert collector.export(body).status_code == 200


def test_a_trace_of_10000_spans_is_listed_once_and_read_page_by_page(
    collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    start = now_unix_nano - 3600 * 1000 * MS
    export_big_trace(collector, trace_id, start)

    (summary,) = collector.get(f"/v1/traces?start={start}&end={start}")
    assert sorted(summary.pop("services")) == [f"service {n:02}" for n in range(SERVICES)]
    expected = {
        "traceId": trace_id,
        "rootName": "step 0",
        "rootService": "service 00",
        "startTimeUnixNano": str(start),
        "durationNano": SPANS * MS,
        "spanCount": SPANS,
        "errorCount": 0,
    }
    assert summary == expected
    page = collector.get("/v1/traces?limit=1000")
    assert [other["traceId"] for other in page].count(trace_id) == 1

    whole = collector.get(f"/v1/traces/{trace_id}")
    assert {name: whole[name] for name in expected} == expected
    for limit, page_count in ((1_000, 10), (3_333, 4)):
        spans: list[dict[str, object]] = []
        path: str | None = f"/v1/traces/{trace_id}/spans?limit={limit}"
        for _ in range(page_count):
            assert path is not None
            response = collector.client.get(path)
            assert response.status_code == 200, response.text
            spans += response.json()
            link = response.headers.get("Link", "")
            match = re.fullmatch(r'<(/v1/traces/[^>]+)>; rel="next"', link)
            path = match[1] if match else None
        assert path is None
        assert spans == whole["spans"]
    assert [(span["spanId"], span["attributes"]) for span in whole["spans"]] == [
        (f"{n + 1:016x}", {"index": str(n)}) for n in range(SPANS)
    ]
    assert collector.get(f"/v1/traces/{trace_id}/spans/{SPANS:016x}") == whole["spans"][-1]


def test_a_span_larger_than_a_row_is_refused_by_its_id_and_the_others_are_stored(
    collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    spans = [make_span(trace_id, n, now_unix_nano + n) for n in (1, 2, 3)]
    spans[1].attributes.add(key="large").value.string_value = LARGE_VALUE
    answer = collector.export(ExportTraceServiceRequest.SerializeToString(export_request(spans)))
    assert answer.status_code == 200
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert partial.rejected_spans == 1
    assert f"{trace_id}/{2:016x} is larger than" in partial.error_message
    assert [span["spanId"] for span in collector.get(f"/v1/traces/{trace_id}/spans")] == [
        f"{1:016x}",
        f"{3:016x}",
    ]
