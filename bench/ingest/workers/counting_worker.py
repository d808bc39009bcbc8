"""The collector with counters at its side: GET /bench/state tells what D1 did, and how large the heap is.

Requests take the collector's own way; what this adds to each is a few microseconds.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from entry import Default as Collector
from entry import LiveHub, MetricsAggregator
from otel_worker.cloudflare import worker
from otel_worker.cloudflare.d1 import D1Database
from otel_worker.store.database import Statement

__all__ = ["Default", "LiveHub", "MetricsAggregator"]


class CountingDatabase(D1Database):
    """Adds up what D1 says of each statement, over all requests."""

    rows_read_by_all = 0
    rows_written_by_all = 0
    seconds_of_batches = 0.0

    async def batch(self, statements: Sequence[Statement]) -> list[int]:
        """See Database.batch. D1's own times are those of a clock that stands still while it works."""
        started = time.perf_counter()
        try:
            return await super().batch(statements)
        finally:
            CountingDatabase.seconds_of_batches += time.perf_counter() - started

    def _count(self, meta: Any) -> None:
        super()._count(meta)
        CountingDatabase.rows_read_by_all += meta.rows_read
        CountingDatabase.rows_written_by_all += meta.rows_written


worker.D1Database = CountingDatabase  # type: ignore[attr-defined]


class Default(Collector):
    """The collector and one address more."""

    async def fetch(self, request: Any) -> Any:
        """Answer GET /bench/state, and pass everything else on."""
        js_request = request.js_object
        if js_request.method == "GET" and js_request.url.endswith("/bench/state"):
            return _state()
        return await super().fetch(request)


def _state() -> Any:
    import pyodide_js
    from js import Response

    state = {
        "rowsRead": CountingDatabase.rows_read_by_all,
        "rowsWritten": CountingDatabase.rows_written_by_all,
        "batchSeconds": CountingDatabase.seconds_of_batches,
        "heapBytes": pyodide_js._module.HEAPU8.length,
    }
    return Response.new(json.dumps(state), status=200)
