"""Which services call which."""

from __future__ import annotations

from otel_worker.api.message import Request, Response, json_response
from otel_worker.api.parameters import parse_query, parse_time
from otel_worker.api.router import Collector
from otel_worker.errors import InvalidParameter
from otel_worker.render import JsonObject
from otel_worker.store.dependencies import Dependencies, read_dependencies

DEFAULT_WINDOW_NANO = 3_600_000_000_000

_PARAMETERS = frozenset({"start", "end"})


async def get_dependencies(collector: Collector, request: Request) -> Response:
    """GET /v1/dependencies: edges between services, and the services, of the last hour unless asked else."""
    parameters = parse_query(request.query, _PARAMETERS)
    start, end = parameters.get("start", ""), parameters.get("end", "")
    end_unix_nano = parse_time("end", end, collector.now_unix_ms() * 1_000_000)
    start_unix_nano = parse_time("start", start, max(0, end_unix_nano - DEFAULT_WINDOW_NANO))
    if start_unix_nano > end_unix_nano:
        raise InvalidParameter("start", start, f"no later than end, which is {end or 'now'}")
    found = await read_dependencies(collector.database, start_unix_nano, end_unix_nano)
    return json_response(_render(found))


def _render(found: Dependencies) -> JsonObject:
    return {
        "edges": [
            {
                "parent": edge.parent,
                "child": edge.child,
                "callCount": edge.call_count,
                "errorCount": edge.error_count,
                "p50DurationNano": edge.p50_duration_nano,
                "p95DurationNano": edge.p95_duration_nano,
            }
            for edge in found.edges
        ],
        "services": [
            {"service": total.service, "spanCount": total.span_count, "errorCount": total.error_count}
            for total in found.services
        ],
        "startTimeUnixNano": str(found.start_unix_nano),
        "endTimeUnixNano": str(found.end_unix_nano),
        "spanCount": found.span_count,
        "isComplete": found.is_complete,
    }
