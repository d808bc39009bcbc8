"""The MetricGateway port in one process: an aggregator for each service, in rows of the local database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from otel_worker.metric_model import MetricGroup
from otel_worker.metrics.aggregation import PushResult
from otel_worker.metrics.options import PROMETHEUS_OPTIONS
from otel_worker.metrics.otlp_push import PushOutcome
from otel_worker.metrics.service import ServiceMetrics
from otel_worker.store.database import Statement
from otel_worker_cli.local.database import run_now
from otel_worker_cli.sqlite import SqliteDatabase

# No migration of the Worker's: there each aggregator has a database of its own.
_CREATE = """
CREATE TABLE IF NOT EXISTS local_metric_rows (
  service TEXT NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (service, id)
) STRICT, WITHOUT ROWID
"""
_SERVICES = "SELECT DISTINCT service FROM local_metric_rows ORDER BY service"
_LOAD = "SELECT id, text FROM local_metric_rows WHERE service = ?1"
_SAVE = "INSERT OR REPLACE INTO local_metric_rows (service, id, text) VALUES (?1, ?2, ?3)"
_REMOVE = "DELETE FROM local_metric_rows WHERE service = ?1"


class LocalGateway:
    """The MetricGateway port; all calls come from one event loop."""

    def __init__(self, database: SqliteDatabase, is_pushed: bool, now_unix_ms: Callable[[], int]) -> None:
        """`is_pushed`: metrics are passed on by `flush`, and a scrape only looks at them."""
        self._database = database
        self._is_pushed = is_pushed
        self._runtime = _Runtime(now_unix_ms)
        run_now(database.batch([Statement(_CREATE)]))
        self._services = {
            name: self._service(name) for (name,) in run_now(database.query(Statement(_SERVICES)))
        }

    async def push(self, service: str, digest: str, groups: Sequence[MetricGroup]) -> PushResult:
        """See MetricGateway.push."""
        name = _storable(service)
        metrics = self._services.get(name)
        if metrics is None:
            metrics = self._services[name] = self._service(name)
        return await metrics.push(digest, groups)

    async def collect(self) -> list[MetricGroup]:
        """See MetricGateway.collect."""
        groups: list[MetricGroup] = []
        for metrics in self._services.values():
            groups += metrics.collect(is_passed_on=not self._is_pushed)
        return groups

    async def flush(self, post: Callable[[bytes], Awaitable[int]]) -> list[PushOutcome]:
        """Pass the series of all services on (see ServiceMetrics.flush)."""
        return [await metrics.flush(post) for metrics in list(self._services.values())]

    def expire(self) -> None:
        """Remove the series that nothing came for, and the services that have none left."""
        for name, metrics in list(self._services.items()):
            metrics.expire()
            if not metrics.series_count:
                del self._services[name]
                run_now(self._database.batch([Statement(_REMOVE, (name,))]))

    def _service(self, name: str) -> ServiceMetrics:
        return ServiceMetrics(_Rows(self._database, name), self._runtime, PROMETHEUS_OPTIONS)


class _Rows:
    """The RowStorage of one service."""

    def __init__(self, database: SqliteDatabase, service: str) -> None:
        self._database = database
        self._service = service

    def load(self) -> dict[str, str]:
        """See RowStorage.load."""
        rows = run_now(self._database.query(Statement(_LOAD, (self._service,))))
        return {str(key): str(text) for key, text in rows}

    def save(self, rows: Mapping[str, str]) -> None:
        """See RowStorage.save."""
        statements = [Statement(_SAVE, (self._service, key, text)) for key, text in rows.items()]
        run_now(self._database.batch(statements))


class _Runtime:
    """The Runtime of this process."""

    def __init__(self, now_unix_ms: Callable[[], int]) -> None:
        self.now_unix_ms = now_unix_ms

    def new_event(self) -> asyncio.Event:
        return asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _storable(name: str) -> str:
    """Return a name that SQLite takes: a lone surrogate is no text to it."""
    return name.encode(errors="replace").decode()
