"""Retention: what is older than the limit goes, oldest first, in steps that never block for long."""

from __future__ import annotations

from otel_worker.store import sql
from otel_worker.store.database import Database, Statement
from otel_worker.store.write import first_id_of

# A block is up to 2 MB: a step deletes tens of megabytes at most, well under D1's 30 seconds.
BLOCKS_PER_STEP = 50
# What one cron run may do; the next run goes on where it ended.
MAX_STEPS = 200

_DAY_MS = 86_400_000


async def delete_expired(database: Database, retention_days: int, now_unix_ms: int) -> int:
    """Delete blocks whose newest span starts before `retention_days` ago; return how many went."""
    first_kept_id = first_id_of(max(0, now_unix_ms - retention_days * _DAY_MS))
    deleted = 0
    for _ in range(MAX_STEPS):
        parameters = (first_kept_id, BLOCKS_PER_STEP)
        _, blocks = await database.batch(
            [Statement(sql.EXPIRE_TERMS, parameters), Statement(sql.EXPIRE_BLOCKS, parameters)]
        )
        deleted += blocks
        if blocks < BLOCKS_PER_STEP:
            break
    return deleted
