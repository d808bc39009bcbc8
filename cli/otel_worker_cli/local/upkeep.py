"""What the server does by itself every hour: what is too old or too much goes."""

from __future__ import annotations

import asyncio
import logging
import time

from otel_worker.settings import Settings
from otel_worker.store.catalog import delete_stale
from otel_worker.store.database import Database
from otel_worker.store.retention import delete_excess, delete_expired
from otel_worker_cli.local.metric_gateway import LocalGateway
from otel_worker_cli.sqlite import SqliteDatabase

_log = logging.getLogger(__name__)

_HOUR_SECONDS = 3_600.0


async def keep_tidy(
    database: Database, connection: SqliteDatabase, metrics: LocalGateway, settings: Settings
) -> None:
    """Delete what is too old or too much, now and every hour, until it is cancelled."""
    while True:
        try:
            await tidy(database, connection, metrics, settings)
        except Exception:  # whatever it was: the database would grow without a next run
            _log.exception("retention failed; the next run goes on")
        await asyncio.sleep(_HOUR_SECONDS)


async def tidy(
    database: Database, connection: SqliteDatabase, metrics: LocalGateway, settings: Settings
) -> None:
    """Do what the Worker's cron trigger and the alarms of its aggregators do; raises OtelWorkerError."""
    expired = await delete_expired(database, settings.retention_days, _now_unix_ms())
    excessive = await delete_excess(database, connection.size_bytes - settings.max_database_bytes)
    await delete_stale(database, _now_unix_ms())
    metrics.expire()
    if expired or excessive:
        _log.info("retention: %d blocks deleted for their age, %d for their size", expired, excessive)


def _now_unix_ms() -> int:
    return time.time_ns() // 1_000_000
