"""Spans for the tests of what is shown."""

from __future__ import annotations

from otel_worker_cli.client.span import ReadSpan, read_span

START = 1_767_225_600_000_000_000
MILLISECOND = 1_000_000


def read(
    number: int,
    parent: int | None = None,
    start: int = 0,
    duration: int = 10,
    *,
    name: str = "",
    service: str = "shop",
    is_error: bool = False,
    has_end: bool = True,
) -> ReadSpan:
    """Return a span as the API has it; times in milliseconds behind START, and ids are the numbers in hex."""
    start_unix_nano = START + start * MILLISECOND
    return read_span(
        {
            "traceId": "a" * 32,
            "spanId": f"{number:016x}",
            "parentSpanId": "" if parent is None else f"{parent:016x}",
            "name": name or f"span {number}",
            "kind": "INTERNAL",
            "startTimeUnixNano": str(start_unix_nano),
            "endTimeUnixNano": str(start_unix_nano + duration * MILLISECOND if has_end else 0),
            "attributes": {},
            "resource": {"attributes": {"service.name": service}},
            "status": {"code": "ERROR" if is_error else "UNSET", "message": ""},
        }
    )
