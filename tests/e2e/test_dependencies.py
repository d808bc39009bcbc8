"""GET /v1/dependencies over real HTTP: calls across requests and services, the last hour, and refusals."""

from __future__ import annotations

import secrets

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.e2e.collector import Collector
from tests.e2e.otlp import export_request, make_span

MS = 1_000_000
# 2026-03-05T06:07:08Z, which no other test uses.
START = 1_772_690_828_000_000_000


def call(trace_id: str, number: int, parent: int, ms: int, *, failed: bool = False) -> Span:
    span = make_span(trace_id, number, START + number * MS, "call")
    span.parent_span_id = parent.to_bytes(8, "big")
    span.end_time_unix_nano = span.start_time_unix_nano + ms * MS
    if failed:
        span.status.code = Status.STATUS_CODE_ERROR
    return span


def export(collector: Collector, service: str, *spans: Span) -> None:
    assert collector.export(export_request(spans, service).SerializeToString()).status_code == 200


def test_calls_between_services_are_counted_whichever_requests_brought_them(collector: Collector) -> None:
    traces = [secrets.token_hex(16) for _ in range(20)]
    # The callee's spans are sent before those of its caller, as exporters do when calls end first.
    export(
        collector,
        "cart é",
        *(call(trace, 2, 1, ms, failed=ms > 18) for ms, trace in enumerate(traces, 1)),
        *(call(trace, 3, 2, 1) for trace in traces),
    )
    export(collector, "front", *(make_span(trace, 1, START) for trace in traces))
    queue = call(traces[0], 4, 3, 500)
    queue.kind = Span.SPAN_KIND_CONSUMER
    export(collector, "mail", queue)
    edge = {"errorCount": 0, "callCount": 1, "p50DurationNano": 500 * MS, "p95DurationNano": 500 * MS}
    assert collector.get(f"/v1/dependencies?start={START}&end=2026-03-05T06:08:08Z") == {
        "edges": [
            {
                "parent": "front",
                "child": "cart é",
                "callCount": 20,
                "errorCount": 2,
                "p50DurationNano": 10 * MS,
                "p95DurationNano": 19 * MS,
            },
            {"parent": "cart é", "child": "mail", **edge},
        ],
        "services": [
            {"service": "cart é", "spanCount": 40, "errorCount": 2},
            {"service": "front", "spanCount": 20, "errorCount": 0},
            {"service": "mail", "spanCount": 1, "errorCount": 0},
        ],
        "startTimeUnixNano": str(START),
        "endTimeUnixNano": str(START + 60_000 * MS),
        "spanCount": 61,
        "isComplete": True,
    }


def test_without_times_it_is_the_last_hour(collector: Collector, trace_id: str, now_unix_nano: int) -> None:
    service = f"hourly {trace_id}"
    minutes_ago = now_unix_nano - 60_000 * MS
    export(
        collector,
        service,
        make_span(trace_id, 1, minutes_ago),
        make_span(trace_id, 2, minutes_ago - 3_600_000 * MS),
    )
    found = collector.get("/v1/dependencies")
    assert {"service": service, "spanCount": 1, "errorCount": 0} in found["services"]
    assert int(found["endTimeUnixNano"]) - int(found["startTimeUnixNano"]) == 3_600_000 * MS
    assert 0 <= int(found["endTimeUnixNano"]) + MS - now_unix_nano < 600_000 * MS


def test_a_window_that_ends_before_it_starts_is_refused(collector: Collector) -> None:
    response = collector.client.get("/v1/dependencies?start=2026-03-05T06:07:08Z&end=5")
    assert (response.status_code, response.json()["error"]) == (
        400,
        {
            "code": "invalid_parameter",
            "message": "start must be no later than end, which is 5; found '2026-03-05T06:07:08Z'",
        },
    )
