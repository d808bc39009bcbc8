"""One trace of many spans, as an export request."""

from __future__ import annotations

import json
import time
from random import Random
from typing import Any

from bench.ingest.bodies import Attributes, repeating_attributes
from bench.page.served import Served

_SEED = 4
_SERVICES = tuple(f"service-{number:02d}" for number in range(12))
_MILLISECOND = 1_000_000
# A span in so many has failed, a span in so many has an event.
_FAILING, _EVENTFUL = 50, 10
# No span has more children than this; so the tree is some ten levels deep.
_MAX_CHILDREN = 6
_SPANS_A_REQUEST = 2_000


def send_large_trace(served: Served, span_count: int) -> str:
    """Send a tree of spans of 12 services, with ten attributes each; return the trace's id."""
    trace_id, requests = make_large_trace(span_count)
    for request in requests:
        served.export(request)
    return trace_id


def make_large_trace(span_count: int) -> tuple[str, list[bytes]]:
    """Return the id of such a trace, and the export requests that have it; each span is within its parent."""
    random = Random(_SEED)
    trace_id = f"{random.getrandbits(128):032x}"
    start = time.time_ns() - 60_000 * _MILLISECOND
    parents = [-1, *(random.randrange(max(0, (at - 1) // _MAX_CHILDREN), at) for at in range(1, span_count))]
    windows: list[tuple[int, int]] = []
    spans: dict[str, list[dict[str, Any]]] = {service: [] for service in _SERVICES}
    for at, parent in enumerate(parents):
        first, last = windows[parent] if parent >= 0 else (start, start + 20_000 * _MILLISECOND)
        begin = first + random.randrange(1 + (last - first) // 2) if parent >= 0 else first
        end = begin + 1 + random.randrange(last - begin) if parent >= 0 else last
        windows.append((begin, end))
        spans[_SERVICES[at % len(_SERVICES)]].append(_span(trace_id, at, parent, (begin, end), random))
    requests = [
        _request(service, own[index : index + _SPANS_A_REQUEST])
        for service, own in spans.items()
        for index in range(0, len(own), _SPANS_A_REQUEST)
    ]
    return trace_id, requests


def _span(trace_id: str, at: int, parent: int, window: tuple[int, int], random: Random) -> dict[str, Any]:
    begin, end = window
    event = {"name": "cache.miss", "timeUnixNano": str((begin + end) // 2)}
    return {
        "traceId": trace_id,
        "spanId": f"{at + 1:016x}",
        "parentSpanId": "" if parent < 0 else f"{parent + 1:016x}",
        "name": f"GET /api/v1/things/{at % 97}",
        "kind": 2,
        "startTimeUnixNano": str(begin),
        "endTimeUnixNano": str(end),
        "attributes": key_values(repeating_attributes(random)),
        "events": [event] if at % _EVENTFUL == 0 else [],
        "status": {"code": 2, "message": "it broke"} if at % _FAILING == 1 else {},
    }


def _request(service: str, spans: list[dict[str, Any]]) -> bytes:
    resource = {"attributes": key_values({"service.name": service})}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}).encode()


def key_values(attributes: Attributes) -> list[dict[str, Any]]:
    """Return attributes as OTLP JSON has them."""
    return [{"key": key, "value": _any_value(value)} for key, value in attributes.items()]


def _any_value(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}
