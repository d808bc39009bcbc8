"""The collector as it is deployed, whose aggregators tell what they write and whose clock can be set forward.

GET /aggregator?service=NAME   a JSON array: of each write since the aggregator began, how many rows it had
PUT /alarm?service=NAME        run the alarm of an aggregator now; answers when it is to run next, in seconds;
                               with &broken=1 it meets a failure that is no error of ours
PUT /late-alarm?service=NAME   have the alarm in an hour, and all but what is stored forgotten
PUT /clock                     a number: by how many seconds the clock of all aggregators is ahead
GET /metric-services           a JSON array: the names of the services that have an aggregator
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from entry import Default as Collector
from entry import LiveHub
from entry import MetricsAggregator as DeployedAggregator
from otel_worker.cloudflare import metric_aggregator
from otel_worker.cloudflare.databases import as_one, bound_databases
from otel_worker.cloudflare.metric_client import DurableObjectGateway
from otel_worker.metrics import otlp_push, service
from otel_worker.metrics.service import ServiceMetrics
from otel_worker.store.metric_services import list_metric_services

__all__ = ["Default", "LiveHub", "MetricsAggregator"]

# Of all aggregators: there is one isolate here.
_seconds_ahead: list[int] = [0]


class AheadRuntime(metric_aggregator._Runtime):
    """The Runtime of an aggregator, whose clock is ahead."""

    def now_unix_ms(self) -> int:
        """See Runtime.now_unix_ms."""
        return super().now_unix_ms() + _seconds_ahead[0] * 1000


class TellingStorage(metric_aggregator._SqlStorage):
    """The RowStorage of an aggregator, which remembers how many rows were written."""

    def __init__(self, storage: Any) -> None:
        super().__init__(storage)
        self.written_rows: list[int] = []

    def save(self, rows: Mapping[str, str], unless_there: bool = False) -> None:
        """See RowStorage.save."""
        super().save(rows, unless_there)
        if not unless_there:
            self.written_rows.append(len(rows))


# A receiver that hangs or is away is to cost the tests little.
metric_aggregator._POST_TIMEOUT_MS = 1_500
service.REFUSED_MS = 3_000
otlp_push._FIRST_RETRY_SECONDS = 1.0
metric_aggregator._Runtime = AheadRuntime  # type: ignore[misc]
metric_aggregator._SqlStorage = TellingStorage  # type: ignore[misc]


class MetricsAggregator(DeployedAggregator):
    """The aggregator, which tells of itself."""

    _storage: TellingStorage

    async def written_rows(self) -> str:
        """Return how many rows each write had; called by RPC."""
        return json.dumps(self._storage.written_rows)

    async def ring(self, is_broken: bool) -> float:
        """Run the alarm, and return in how many seconds the next one is, 0 for none; called by RPC."""
        if is_broken:
            self._metrics = _BrokenMetrics()  # type: ignore[assignment]
        await self.alarm()
        if is_broken:
            self._restart()
        alarm_unix_ms = await self.ctx.storage.getAlarm()
        return 0 if alarm_unix_ms is None else alarm_unix_ms / 1000 - time.time()

    async def be_late(self) -> None:
        """Have the alarm in an hour, and forget all but what is stored; called by RPC."""
        await self._set_alarm(3_600)
        self._restart()

    def _restart(self) -> None:
        self._metrics = ServiceMetrics(self._storage, AheadRuntime())
        self._is_registered = False


class _BrokenMetrics:
    """In the place of ServiceMetrics, when the runtime itself fails."""

    def expire(self) -> None:
        raise RuntimeError("the storage is gone")


class Default(Collector):
    """The collector and some addresses more."""

    async def fetch(self, request: Any) -> Any:
        """Answer those, and pass everything else on."""
        from js import Response

        js_request = request.js_object
        address = urlsplit(js_request.url)
        if address.path == "/clock":
            _seconds_ahead[0] = int(await js_request.text())
            return Response.new("")
        database = as_one(bound_databases(self.env))
        if address.path == "/metric-services":
            return Response.new(json.dumps(await list_metric_services(database)))
        if address.path in ("/aggregator", "/alarm", "/late-alarm"):
            gateway = DurableObjectGateway(self.env.METRICS_AGGREGATOR, database)
            query = parse_qs(address.query)
            aggregator = gateway._aggregator(query["service"][0])
            if address.path == "/aggregator":
                return Response.new(await aggregator.written_rows())
            if address.path == "/alarm":
                return Response.new(str(await aggregator.ring("broken" in query)))
            await aggregator.be_late()
            return Response.new("")
        return await super().fetch(request)
