"""What the Worker does with a request and with its cron trigger."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from otel_worker.api.app import error_response, handle
from otel_worker.api.message import WebSocketUpgrade
from otel_worker.api.router import Collector
from otel_worker.cloudflare.d1 import D1Database
from otel_worker.cloudflare.databases import as_one, bound_databases, retrying
from otel_worker.cloudflare.http import discard_body, to_js_response, to_request
from otel_worker.cloudflare.live_client import Deliveries, DurableObjectHub
from otel_worker.cloudflare.metric_client import DurableObjectGateway
from otel_worker.cloudflare.self_metrics import SelfMetrics, self_metrics_of
from otel_worker.cloudflare.variables import settings_of
from otel_worker.errors import OtelWorkerError
from otel_worker.settings import Settings
from otel_worker.store.catalog import KnownNames, delete_stale
from otel_worker.store.database import Database
from otel_worker.store.retention import delete_excess, delete_expired
from otel_worker.store.stats import DELETE, INDEX, INGEST, READ, RETENTION, Usage

# Standard error is the Worker's log; the default would hide what the retention did.
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
_log = logging.getLogger(__name__)

_SWITCHING_PROTOCOLS = 101
_FIRST_ERROR_STATUS = 400

# As GET /v1/stats names requests, by their method.
_KINDS = {"POST": INGEST, "GET": READ, "DELETE": DELETE, "PUT": INDEX}

# Of this isolate: what it stored, it need not offer to the catalog again.
_known_names: defaultdict[int, KnownNames] = defaultdict(KnownNames)
_deliveries = Deliveries()


async def answer(env: Any, ctx: Any, js_request: Any) -> Any:
    """Return the js.Response to a js.Request."""
    request = to_request(js_request)
    try:
        settings = settings_of(env)
    except OtelWorkerError as error:
        return to_js_response(error_response(request, error))
    hub = DurableObjectHub(env.LIVE_HUB, ctx.waitUntil, _deliveries) if settings.is_live else None
    shards = bound_databases(env)
    database = as_one(shards)
    collector = Collector(
        settings,
        database,
        hub,
        _now_unix_ms,
        _usage(),
        lambda: _size_bytes(shards),
        _gateway(env, database),
        _known_names,
    )
    own = self_metrics_of(settings)
    measurement = None if own is None else own.measure(request)
    if measurement is not None:
        request = measurement.counting_body()
        collector = replace(collector, count_spans=measurement.count_spans)
    response = await handle(collector, request)
    _count(_KINDS.get(request.method), shards, own)
    if own is not None and measurement is not None:
        measurement.end(_SWITCHING_PROTOCOLS if isinstance(response, WebSocketUpgrade) else response.status)
        own.count_dropped_traces(_deliveries)
        own.flush_soon(ctx, collector.metrics)
    if isinstance(response, WebSocketUpgrade):
        assert hub is not None, "no handler agrees to an upgrade without a hub"
        return await hub.accept(response.subprotocol)
    if response.status >= _FIRST_ERROR_STATUS:
        await discard_body(js_request)
    return to_js_response(response)


async def run_retention(env: Any) -> None:
    """Delete what is older than RETENTION_DAYS, and the oldest of what is above MAX_DATABASE_BYTES."""
    settings = settings_of(env)
    shards = bound_databases(env)
    own = self_metrics_of(settings)
    for number, d1 in enumerate(shards):
        try:
            await _shrink(d1, settings, len(shards))
        except OtelWorkerError:
            # The other databases grow too; the next run tries this one again.
            _log.exception("retention: database %d failed", number)
        finally:
            _count(RETENTION, [d1], own)
    if own is not None:
        # Nobody waits for an answer here, and the isolate may have no request after this.
        await own.flush(_gateway(env, as_one(shards)))


async def _shrink(d1: D1Database, settings: Settings, shard_count: int) -> None:
    database = retrying(d1)
    expired = await delete_expired(database, settings.retention_days, _now_unix_ms(), shard_count)
    # Known by now: whoever deletes asks what there is first.
    excess_bytes = (d1.size_bytes or 0) - settings.max_database_bytes
    excessive = await delete_excess(database, excess_bytes, shard_count)
    await delete_stale(database, _now_unix_ms())
    _log.info("retention: %d blocks deleted for their age, %d for their size", expired, excessive)


def _size_bytes(shards: Sequence[D1Database]) -> int | None:
    """Return the size of all databases, None until each has been asked something."""
    sizes = [shard.size_bytes for shard in shards]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def _gateway(env: Any, database: Database) -> DurableObjectGateway | None:
    # Who set the collector up before it took metrics has no such binding.
    namespace = getattr(env, "METRICS_AGGREGATOR", None)
    return None if namespace is None else DurableObjectGateway(namespace, database)


@cache
def _usage() -> Usage:
    """Return the counters of this isolate, from its first request on: before it there is no clock."""
    return Usage(_now_unix_ms())


def _count(kind: str | None, shards: Sequence[D1Database], own: SelfMetrics | None) -> None:
    """Count a request, if it came to a database."""
    if kind is not None and any(shard.size_bytes is not None for shard in shards):
        rows_read = sum(shard.rows_read for shard in shards)
        rows_written = sum(shard.rows_written for shard in shards)
        _usage().add(kind, rows_read, rows_written)
        if own is not None:
            own.count_rows(kind, rows_read, rows_written)


def _now_unix_ms() -> int:
    return time.time_ns() // 1_000_000
