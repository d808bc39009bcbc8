"""The index as a whole: dropped, built again from the blocks in steps, and done without in between.

`wrangler d1 export` refuses a database that has an FTS5 table, so the index can be dropped (docs/export.md).
It is built again beside, as `span_terms_rebuild`, and takes its name when no block is missing. As long as
`span_terms` is missing, blocks are written with their terms into `span_terms_rebuild`, or without any when
that one does not exist either, and readers look through all heads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from otel_worker.errors import IndexMissing
from otel_worker.store import sql_index
from otel_worker.store.blocks import decode_parts
from otel_worker.store.database import Database, Row, Statement
from otel_worker.store.sharding import shards_of
from otel_worker.store.terms import block_terms

READY, DROPPED, REBUILDING = "ready", "dropped", "rebuilding"

# What one call of rebuild_index indexes at most: 50,000 spans, a second or two of the Worker's time.
MAX_BLOCKS = 8_000
MAX_BYTES = 32_000_000
# What is read and written at once. A statement takes strings of 2 MB, and memory several times as much.
_CHUNK_BYTES = 1_900_000
_MAX_ORPHANS = 10_000

_INDEX, _REBUILD = "span_terms", "span_terms_rebuild"


class IndexStatus(NamedTuple):
    """How far the index is: `indexed_blocks` of `blocks` are in it."""

    state: str
    blocks: int
    indexed_blocks: int


async def batch_with_terms(database: Database, statements: Sequence[Statement]) -> list[int]:
    """Run a batch that changes blocks and their terms; as Database.batch, whatever the index's state.

    Costs a refused call more while the index is being built, three while there is none.
    """
    with suppress(IndexMissing):
        return await database.batch(statements)
    with suppress(IndexMissing):
        return await database.batch([_in_rebuild(statement) for statement in statements])
    # Once more: what was being built may just have taken its place.
    with suppress(IndexMissing):
        return await database.batch(statements)
    return await database.batch([_without_index(statement) for statement in statements])


async def query_by_terms(database: Database, statement: Statement, unindexed_sql: str) -> list[Row]:
    """Return the rows of a query through the index or, without one, those of the other text."""
    try:
        return await database.query(statement)
    except IndexMissing:
        return await database.query(Statement(unindexed_sql, statement.parameters))


async def read_index_status(database: Database) -> IndexStatus:
    """Return the state of the index, of several databases together; reads every block's row."""
    statuses = [await _read_status(shard) for shard in shards_of(database)]
    states = {status.state for status in statuses}
    return IndexStatus(
        states.pop() if len(states) == 1 else REBUILDING,
        sum(status.blocks for status in statuses),
        sum(status.indexed_blocks for status in statuses),
    )


async def _read_status(database: Database) -> IndexStatus:
    tables = await _index_tables(database)
    try:
        if _INDEX in tables:
            blocks, indexed, entries = await _count_indexed(database, sql_index.COUNT_INDEXED)
            return IndexStatus(READY if blocks == indexed == entries else REBUILDING, blocks, indexed)
        if _REBUILD in tables:
            blocks, indexed, _ = await _count_indexed(database, sql_index.in_rebuild(sql_index.COUNT_INDEXED))
            return IndexStatus(REBUILDING, blocks, indexed)
    except IndexMissing:  # another call dropped or renamed it since
        blocks = await _count_blocks(database)
        return IndexStatus(REBUILDING, blocks, 0)
    return IndexStatus(DROPPED, await _count_blocks(database), 0)


async def drop_index(database: Database) -> None:
    """Drop the index, and one that is being built."""
    for shard in shards_of(database):
        await shard.batch([Statement(sql_index.DROP_INDEX), Statement(sql_index.DROP_REBUILD)])


async def rebuild_index(database: Database) -> IndexStatus:
    """Go a bounded step on towards an index of all blocks, and return how far it is.

    Indexes the oldest blocks that are not, and removes rows whose block is gone. It may be called at any
    time, by several at once: a step starts from what it finds. Of several databases, the first that is not
    ready goes on.
    """
    with suppress(IndexMissing):  # another call dropped it, or finished it
        for shard in shards_of(database):
            if await _rebuild_step(shard):
                break
    return await read_index_status(database)


async def _rebuild_step(database: Database) -> bool:
    """Go a step on, and return whether there was anything to do."""
    tables = await _index_tables(database)
    if _INDEX in tables:
        if _REBUILD in tables:  # two calls at once: one finished the index while the other began another
            await database.batch([Statement(sql_index.DROP_REBUILD)])
        was_missing, _ = await _index_missing_blocks(database, is_rebuild=False)
        return was_missing
    if _REBUILD not in tables:
        await database.batch([Statement(sql_index.CREATE_REBUILD)])
    _, is_complete = await _index_missing_blocks(database, is_rebuild=True)
    if is_complete:
        await database.batch([Statement(sql_index.FINISH_REBUILD)])
    return True


async def _index_missing_blocks(database: Database, *, is_rebuild: bool) -> tuple[bool, bool]:
    """Index the oldest blocks that are missing; return whether there were any, and whether none is left."""

    def on_table(text: str, *parameters: str | int) -> Statement:
        return Statement(sql_index.in_rebuild(text) if is_rebuild else text, parameters)

    missing = await database.query(on_table(sql_index.BLOCKS_TO_INDEX, MAX_BLOCKS))
    indexed = 0
    size_bytes = 0
    for chunk in _chunks(missing):
        if size_bytes >= MAX_BYTES:
            break
        ids = [block_id for block_id, _ in chunk]
        rows = await database.query(Statement(sql_index.SPANS_OF_BLOCKS, (json.dumps(ids),)))
        entries = [
            (block_id, digest, span_count, block_terms(decode_parts(spans)))
            for block_id, digest, span_count, spans in rows
        ]
        await database.batch([on_table(sql_index.INDEX_BLOCKS, json.dumps(entries))])
        indexed += len(chunk)
        size_bytes += sum(block_bytes for _, block_bytes in chunk)
    is_complete = indexed == len(missing) < MAX_BLOCKS
    if is_complete:
        await database.batch([on_table(sql_index.DELETE_ORPHANS, _MAX_ORPHANS)])
    return bool(missing), is_complete


def _chunks(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield the (id, size) rows in groups that together are no larger than a chunk, or a single block."""
    chunk: list[Row] = []
    chunk_bytes = 0
    for row in rows:
        if chunk and chunk_bytes + row[1] > _CHUNK_BYTES:
            yield chunk
            chunk, chunk_bytes = [], 0
        chunk.append(row)
        chunk_bytes += row[1]
    if chunk:
        yield chunk


async def _index_tables(database: Database) -> set[str]:
    return {row[0] for row in await database.query(Statement(sql_index.INDEX_TABLES))}


async def _count_indexed(database: Database, text: str) -> tuple[int, int, int]:
    ((blocks, indexed, entries),) = await database.query(Statement(text))
    return blocks, indexed, entries


async def _count_blocks(database: Database) -> int:
    ((blocks,),) = await database.query(Statement(sql_index.COUNT_BLOCKS))
    return int(blocks)


def _in_rebuild(statement: Statement) -> Statement:
    return Statement(sql_index.in_rebuild(statement.sql), statement.parameters)


def _without_index(statement: Statement) -> Statement:
    return Statement(sql_index.NOTHING) if _INDEX in statement.sql else statement
