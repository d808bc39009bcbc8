"""Statistics of the store."""

from __future__ import annotations

from otel_worker.api.message import Request, Response, json_response
from otel_worker.api.router import Collector
from otel_worker.live.hub import Hub
from otel_worker.store.stats import Usage, read_statistics


async def get_stats(collector: Collector, request: Request) -> Response:
    """GET /v1/stats: what is stored, and what this isolate has asked of the database."""
    stored = await read_statistics(collector.database)
    usage = collector.usage
    return json_response(
        {
            "spans": stored.spans,
            "traces": stored.traces,
            "blocks": stored.blocks,
            "bytes": stored.size_bytes,
            "databaseBytes": collector.database_bytes(),
            "oldestUnixNano": _text(stored.oldest_unix_nano),
            "newestUnixNano": _text(stored.newest_unix_nano),
            "live": None if collector.hub is None else await _render_live(collector.hub),
            "usage": None if usage is None else _render_usage(usage),
            "startedUnixNano": None if usage is None else str(usage.started_unix_ms * 1_000_000),
        }
    )


async def _render_live(hub: Hub) -> dict[str, int | None]:
    status = await hub.status()
    return {
        "watchers": status.watchers,
        "droppedWatchers": status.dropped_watchers,
        "droppedTraces": status.dropped_traces,
    }


def _render_usage(usage: Usage) -> dict[str, dict[str, int]]:
    return {
        kind: {"requests": cost.requests, "rowsRead": cost.rows_read, "rowsWritten": cost.rows_written}
        for kind, cost in usage.costs.items()
    }


def _text(unix_nano: int | None) -> str | None:
    return None if unix_nano is None else str(unix_nano)
