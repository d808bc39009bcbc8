"""Retention: what is too old or too much goes, oldest first, in steps that never block for long."""

from __future__ import annotations

from otel_worker.store import sql, sql_index
from otel_worker.store.database import MAX_INTEGER, Database, Statement
from otel_worker.store.index import batch_with_terms
from otel_worker.store.write import first_id_of

# What a step deletes at most, well under D1's 30 seconds.
BLOCKS_PER_STEP = 1_000
BYTES_PER_STEP = 50_000_000
# Of one run for each of its limits; the next run goes on where it ended. A step is three statements, and D1
# takes 1,000 an invocation.
MAX_STEPS = 140

_DAY_MS = 86_400_000
_UNLIMITED_BYTES = MAX_INTEGER


async def delete_expired(
    database: Database, retention_days: int, now_unix_ms: int, shard_count: int = 1
) -> int:
    """Delete blocks whose newest span starts before `retention_days` ago; return how many went.

    A run for one of `shard_count` databases takes its share of what a run may do.
    """
    first_kept_id = first_id_of(max(0, now_unix_ms - retention_days * _DAY_MS))
    return await _delete_oldest(database, first_kept_id, _UNLIMITED_BYTES, MAX_STEPS // shard_count)


async def delete_excess(database: Database, excess_bytes: int, shard_count: int = 1) -> int:
    """Delete the oldest blocks that take `excess_bytes` together, and no more; return how many went.

    Their own size counts (`span_blocks.size_bytes`), which is a little less than what the database gets
    back: what is deleted is never more than what was too much, and one block.
    """
    return await _delete_oldest(database, MAX_INTEGER, excess_bytes, MAX_STEPS // shard_count)


async def _delete_oldest(database: Database, end_id: int, limit_bytes: int, max_steps: int) -> int:
    """Delete blocks below an id until they are gone or their sizes add up to the limit."""
    deleted = 0
    for _ in range(max_steps):
        rows = await database.query(Statement(sql_index.OLDEST_BLOCKS, (end_id, BLOCKS_PER_STEP)))
        step_limit_bytes = min(limit_bytes, BYTES_PER_STEP)
        count = step_bytes = 0
        for _, size_bytes in rows:
            if step_bytes >= step_limit_bytes:
                break
            count += 1
            step_bytes += size_bytes
        if not count:
            break
        # By the last id, so that the same batch again, after an answer that was lost, deletes nothing.
        parameters = (rows[count - 1][0] + 1, count)
        _, blocks = await batch_with_terms(
            database, [Statement(sql.EXPIRE_TERMS, parameters), Statement(sql.EXPIRE_BLOCKS, parameters)]
        )
        deleted += blocks
        limit_bytes -= step_bytes
        if count == len(rows) < BLOCKS_PER_STEP:
            break
    return deleted
