"""The names of the services whose metrics are aggregated; in the first of several databases."""

from __future__ import annotations

from otel_worker.store import sql
from otel_worker.store.database import Database, Statement
from otel_worker.store.sharding import shards_of


async def list_metric_services(database: Database) -> list[str]:
    """Return the names in order."""
    rows = await shards_of(database)[0].query(Statement(sql.METRIC_SERVICES))
    return [name for (name,) in rows]


async def add_metric_service(database: Database, name: str) -> None:
    """Remember a service; a known one costs no row."""
    await shards_of(database)[0].batch([Statement(sql.ADD_METRIC_SERVICE, (name,))])


async def remove_metric_service(database: Database, name: str) -> None:
    """Forget a service."""
    await shards_of(database)[0].batch([Statement(sql.REMOVE_METRIC_SERVICE, (name,))])
