"""Deleting a trace or a span: its blocks are rewritten without it, the terms with them."""

from __future__ import annotations

from collections.abc import Callable

from otel_worker.errors import StorageUnavailable
from otel_worker.model import Span, SpanGroup, TracePart
from otel_worker.store import sql, sql_index
from otel_worker.store.blocks import build_block, decode_parts
from otel_worker.store.database import Database, Statement
from otel_worker.store.index import batch_with_terms, query_by_terms
from otel_worker.store.read import match_ids
from otel_worker.store.sharding import shards_of
from otel_worker.store.write import filed_unix_ms

# Another delete may rewrite the same block in between; each attempt starts from what is stored then.
_MAX_ATTEMPTS = 5

# Of blocks that are read and written at once: decoded they take several times as much of an isolate's memory.
BYTES_PER_STEP = 4_000_000


async def delete_trace(database: Database, trace_id: str) -> bool:
    """Delete all spans of a trace; return whether there were any."""
    return any([await _delete(shard, trace_id, lambda span: False) for shard in shards_of(database)])


async def delete_span(database: Database, trace_id: str, span_id: str) -> bool:
    """Delete a span, every copy of it; return whether there was one."""

    def keeps(span: Span) -> bool:
        return span.span_id != span_id

    return any([await _delete(shard, trace_id, keeps) for shard in shards_of(database)])


async def _delete(database: Database, trace_id: str, keeps: Callable[[Span], bool]) -> bool:
    """Rewrite each block of the trace without the spans that are not kept.

    One transaction, unless the blocks are too many for memory: then one for each step of them.
    """
    deleted, last_id, attempts = False, 0, _MAX_ATTEMPTS
    while attempts:
        query = Statement(sql.BLOCKS_OF_TRACE, (match_ids([trace_id]), last_id, BYTES_PER_STEP))
        rows = await query_by_terms(database, query, sql_index.BLOCKS_OF_TRACE_UNINDEXED)
        if not rows:
            return deleted
        statements: list[Statement] = []
        for block_id, heads, spans in rows:
            parts = decode_parts(spans)
            kept = [part for part in (_filter(part, trace_id, keeps) for part in parts) if part is not None]
            if kept != parts:
                statements.extend(_rewrite(block_id, heads, kept))
        rewritten = await batch_with_terms(database, statements) if statements else []
        deleted = deleted or bool(statements)
        if all(rewritten[::2]):
            last_id = rows[-1][0]
        else:
            attempts -= 1
    raise StorageUnavailable("the blocks of this trace keep changing; try again later")


def _filter(part: TracePart, trace_id: str, keeps: Callable[[Span], bool]) -> TracePart | None:
    """Return the part without the spans that go, or None when nothing remains."""
    if part.trace_id != trace_id:
        return part
    groups = [
        SpanGroup(group.resource, group.scope, [span for span in group.spans if keeps(span)])
        for group in part.groups
    ]
    groups = [group for group in groups if group.spans]
    return TracePart(part.trace_id, groups) if groups else None


def _rewrite(block_id: int, old_heads: str, parts: list[TracePart]) -> tuple[Statement, Statement]:
    """Return the statements for the block and, only if that one found it unchanged, for its terms."""
    if not parts:
        return Statement(sql.DELETE_BLOCK, (block_id, old_heads)), Statement(sql.DELETE_TERMS, (block_id,))
    block = build_block(parts)
    update = Statement(
        sql.UPDATE_BLOCK,
        (
            block_id,
            old_heads,
            min(block.oldest_us, filed_unix_ms(block_id) * 1000),
            block.newest_us,
            block.end_us,
            block.span_count,
            block.error_count,
            block.size_bytes,
            block.heads,
            block.spans,
        ),
    )
    return update, Statement(sql.REPLACE_TERMS, (block_id, block.terms))
