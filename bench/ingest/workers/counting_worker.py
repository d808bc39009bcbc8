"""The collector with a counter at its side: GET /bench/state tells what D1 wrote and how large the heap is.

Exports take the collector's own way; what this adds to each is a few microseconds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from entry import Default as Collector
from entry import LiveHub
from otel_worker.cloudflare import worker
from otel_worker.cloudflare.d1 import D1Database
from otel_worker.store.database import Statement

__all__ = ["Default", "LiveHub"]


class CountingDatabase(D1Database):
    """Adds up the rows of all requests."""

    rows_written_by_all = 0

    async def batch(self, statements: Sequence[Statement]) -> list[int]:
        """See Database.batch."""
        before = self.rows_written
        changes = await super().batch(statements)
        CountingDatabase.rows_written_by_all += self.rows_written - before
        return changes


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
        "rowsWritten": CountingDatabase.rows_written_by_all,
        "heapBytes": pyodide_js._module.HEAPU8.length,
    }
    return Response.new(json.dumps(state), status=200)
