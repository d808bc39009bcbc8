"""The D1 databases that are bound to the Worker and to its Durable Objects."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from workers import python_to_rpc

from otel_worker.cloudflare.d1 import D1Database
from otel_worker.store.database import Database
from otel_worker.store.retry import RetryingDatabase
from otel_worker.store.sharding import ShardedDatabase


def bound_databases(env: Any) -> list[D1Database]:
    """Return the databases bound as DB, DB_1, DB_2 and so on, up to the first that is not."""
    bindings = [env.DB]
    while (binding := getattr(env, f"DB_{len(bindings)}", None)) is not None:
        bindings.append(binding)
    return [D1Database(python_to_rpc(binding)) for binding in bindings]


def as_one(shards: Sequence[D1Database]) -> Database:
    """Return databases as one, for one request: it has the retries of that request."""
    databases = [retrying(d1) for d1 in shards]
    return databases[0] if len(databases) == 1 else ShardedDatabase(databases)


def retrying(d1: D1Database) -> RetryingDatabase:
    """Return a database that meets passing faults, for one request."""
    # Not Python's random: its state is part of the snapshot, and equal in all isolates until it is seeded.
    from js import Math

    return RetryingDatabase(d1, asyncio.sleep, Math.random)
