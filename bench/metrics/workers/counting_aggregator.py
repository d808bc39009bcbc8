"""The collector, with counters beside its aggregators: GET /bench/metrics says what they wrote.

POST /bench/push/<service>/<count> with a body of OTLP JSON gives it to the aggregator of a service so often,
all at once and each time as a new push: what is left of the way without HTTP and decoding.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from entry import Default as Collector
from entry import LiveHub
from entry import MetricsAggregator as Aggregator
from otel_worker.cloudflare.databases import as_one, bound_databases
from otel_worker.cloudflare.metric_client import DurableObjectGateway
from otel_worker.otlp.metric_json_decoder import decode_metrics_json

__all__ = ["Default", "LiveHub", "MetricsAggregator"]


class Counts:
    """Of all aggregators: they share the isolate with the Worker here."""

    pushes = 0
    rows_written = 0
    alarms = 0
    digests = 0


class _CountingSql:
    """The SQL interface of an object's storage, which says of each statement how many rows it wrote."""

    def __init__(self, sql: Any) -> None:
        self._sql = sql

    def exec(self, *arguments: Any) -> Any:
        """Run a statement."""
        cursor = self._sql.exec(*arguments)
        Counts.rows_written += cursor.rowsWritten
        return cursor


class MetricsAggregator(Aggregator):
    """The aggregator as it is deployed, counted."""

    def __init__(self, ctx: Any, env: Any) -> None:
        """Put the counter before the storage."""
        super().__init__(ctx, env)
        self._storage._sql = _CountingSql(self._storage._sql)

    async def push(self, service: str, digest: str, groups: Any) -> Any:
        """See MetricsAggregator.push."""
        Counts.pushes += 1
        return await super().push(service, digest, groups)

    async def alarm(self, alarm_info: Any = None) -> None:
        """See MetricsAggregator.alarm; setting the next one is a row."""
        Counts.alarms += 1
        await super().alarm(alarm_info)


class Default(Collector):
    """The collector and two addresses more."""

    async def fetch(self, request: Any) -> Any:
        """Answer these, and pass everything else on."""
        from js import Response

        js_request = request.js_object
        path = "/" + js_request.url.partition("//")[2].partition("/")[2]
        if path == "/bench/metrics":
            counts = {name: getattr(Counts, name) for name in ("pushes", "rows_written", "alarms")}
            return Response.new(json.dumps(counts), status=200)
        if path.startswith("/bench/push/"):
            service, count = path.split("/")[3:]
            body = (await js_request.arrayBuffer()).to_bytes()
            await self._push(service, int(count), body)
            return Response.new("", status=200)
        return await super().fetch(request)

    async def _push(self, service: str, count: int, body: bytes) -> None:
        gateway = DurableObjectGateway(self.env.METRICS_AGGREGATOR, as_one(bound_databases(self.env)))
        groups = decode_metrics_json(body).groups
        first = Counts.digests
        Counts.digests += count
        await asyncio.gather(
            *(gateway.push(service, f"push {first + turn}", groups) for turn in range(count))
        )
