"""Storing an export request: two rows a block, all of it in one transaction, and nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from otel_worker.errors import StorageUnavailable
from otel_worker.store import sql
from otel_worker.store.blocks import Block
from otel_worker.store.database import Database, Statement
from otel_worker.store.index import batch_with_terms
from otel_worker.store.watched import IS_WATCHED

# Block ids are `milliseconds * IDS_PER_MILLISECOND + n`.
IDS_PER_MILLISECOND = 1024

# Times outside of these carry a clock that was never set: such a block is filed under the time it came.
EARLIEST_UNIX_MS = 1_262_304_000_000  # 2010
FUTURE_LIMIT_MS = 86_400_000
# Filed so, it has another first id each time it is sent: how far back its first copy is looked for.
RETRY_WINDOW_MS = 3_600_000

# How many milliseconds further a block may move when thousands carry the very same one.
_MAX_SHIFTS = 32


class Written(NamedTuple):
    """The blocks that were not stored before, and whether somebody watched live when they were stored."""

    blocks: list[Block]
    is_watched: bool


async def write_blocks(
    database: Database, blocks: Sequence[Block], now_unix_ms: int, also: Sequence[Statement] = ()
) -> Written:
    """Store the blocks; `also` is for the same transaction.

    When it returns, every block is durable. Raises StorageUnavailable when the same call may succeed
    later; blocks that were stored by then are recognised.
    """
    written: list[Block] = []
    is_watched = False
    pending = list(blocks)
    if not pending:
        return Written(written, is_watched)
    for shift in range(_MAX_SHIFTS):
        ranges = [_id_range(block, now_unix_ms, shift) for block in pending]
        statements: list[Statement] = []
        for block, id_range in zip(pending, ranges, strict=True):
            statements.append(_insert_block(block, id_range))
            statements.append(Statement(sql.INSERT_TERMS, (block.terms,)))
        # Behind the blocks: each INSERT_TERMS asks what the statement before it did.
        statements.extend(also)
        also = ()
        statements.append(IS_WATCHED)
        reported = await batch_with_terms(database, statements)
        is_watched |= bool(reported[-1])
        inserted = reported[: 2 * len(pending) : 2]
        absent: list[Block] = []
        for block, id_range, is_new in zip(pending, ranges, inserted, strict=True):
            if is_new:
                written.append(block)
            elif not await _is_stored(database, block, id_range):
                absent.append(block)
        if not absent:
            return Written(written, is_watched)
        pending = absent
    raise StorageUnavailable("no free block id near the time of these spans; send them again later")


def first_id_of(unix_ms: int) -> int:
    """Return the lowest id a block of this millisecond can have."""
    return unix_ms * IDS_PER_MILLISECOND


def filed_unix_ms(block_id: int) -> int:
    """Return the millisecond a block is filed under."""
    return block_id // IDS_PER_MILLISECOND


def end_of_block_unix_nano(block_id: int) -> int:
    """Return the last nanosecond at which a trace is filed under this block or an older one."""
    return (filed_unix_ms(block_id) + 1) * 1_000_000 - 1


def _id_range(block: Block, now_unix_ms: int, shift: int) -> tuple[int, int, int]:
    """Return the first id, the end of the range it has to be in, and where a first copy may be from."""
    unix_ms = search_from_ms = block.newest_us // 1000
    latest_ms = now_unix_ms + FUTURE_LIMIT_MS
    # Within an hour of the limit a block may have been beyond it when it was first sent.
    if not EARLIEST_UNIX_MS <= unix_ms <= latest_ms - RETRY_WINDOW_MS:
        search_from_ms = now_unix_ms - RETRY_WINDOW_MS
    if not EARLIEST_UNIX_MS <= unix_ms <= latest_ms:
        unix_ms = now_unix_ms
    first_id = first_id_of(unix_ms + shift)
    return first_id, first_id + IDS_PER_MILLISECOND, first_id_of(search_from_ms)


def _insert_block(block: Block, id_range: tuple[int, int, int]) -> Statement:
    return Statement(
        sql.INSERT_BLOCK,
        (
            *id_range,
            block.digest,
            # Never after the time it is filed under, so that a list can pass over blocks by it.
            min(block.oldest_us, filed_unix_ms(id_range[0]) * 1000),
            block.newest_us,
            block.end_us,
            block.span_count,
            block.error_count,
            block.size_bytes,
            block.heads,
            block.spans,
        ),
    )


async def _is_stored(database: Database, block: Block, id_range: tuple[int, int, int]) -> bool:
    _, end_id, search_from_id = id_range
    return bool(await database.query(Statement(sql.FIND_DIGEST, (search_from_id, end_id, block.digest))))
