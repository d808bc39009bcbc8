"""The collector over a database that fails on demand; otherwise exactly what is deployed.

PUT /faults   a JSON array of [call, text, statements], see faulty_database.Fault: the calls of the database
              are counted from now on, and these fail
GET /faults   the calls since then: a JSON array, for each the number of its statements or null
"""

from __future__ import annotations

import json
from typing import Any

from entry import Default as Collector
from entry import LiveHub, MetricsAggregator
from otel_worker.cloudflare import databases
from otel_worker.cloudflare.d1 import D1Database
from tests.workerd.faulty_database import Fault, FaultyDatabase

__all__ = ["Default", "LiveHub", "MetricsAggregator"]

# Of all requests: there is one isolate here.
_faults: dict[int, Fault] = {}
_calls: list[int | None] = []


class FaultyD1Database(FaultyDatabase):
    """In the place of D1Database."""

    def __init__(self, binding: Any) -> None:
        super().__init__(D1Database(binding), _faults)
        self.calls = _calls

    def __getattr__(self, name: str) -> Any:
        """Return what the Worker reads of D1 beside the port."""
        return getattr(self._database, name)


databases.D1Database = FaultyD1Database  # type: ignore[assignment,attr-defined]


class Default(Collector):
    """The collector and one address more."""

    async def fetch(self, request: Any) -> Any:
        """Answer /faults, and pass everything else on."""
        js_request = request.js_object
        if not js_request.url.endswith("/faults"):
            return await super().fetch(request)
        from js import Response

        if js_request.method == "PUT":
            faults = json.loads(await js_request.text())
            _calls.clear()
            _faults.clear()
            _faults.update((call, Fault(text, statements)) for call, text, statements in faults)
        return Response.new(json.dumps(_calls), status=200)
