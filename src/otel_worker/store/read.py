"""Reading traces: one whole trace, and the summaries of named ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from otel_worker.model import Head
from otel_worker.store import sql, sql_index
from otel_worker.store.blocks import decode_head, merge_heads
from otel_worker.store.database import Database, Statement
from otel_worker.store.index import query_by_terms
from otel_worker.store.write import end_of_block_unix_nano

# Trace ids in one FTS5 query.
_IDS_PER_MATCH = 100


class Summary(NamedTuple):
    """What a list shows of a trace, merged from all its blocks.

    `sort_unix_nano` is its start; a start in the far future counts as the time the trace came.
    """

    sort_unix_nano: int
    head: Head


def match_ids(trace_ids: Iterable[str]) -> str:
    """Return the FTS5 query for blocks that hold any of these traces; ids are hex: nothing to escape."""
    return " OR ".join(f'"{trace_id}"' for trace_id in trace_ids)


async def read_summaries(database: Database, trace_ids: Sequence[str]) -> dict[str, Summary]:
    """Return the summaries of those traces that exist, by trace id."""
    found: dict[str, list[Head]] = {}
    newest_block_id: dict[str, int] = {}
    for first in range(0, len(trace_ids), _IDS_PER_MATCH):
        some = trace_ids[first : first + _IDS_PER_MATCH]
        statement = Statement(sql.TRACE_HEADS, (match_ids(some), json.dumps(some)))
        for block_id, text in await query_by_terms(database, statement, sql_index.TRACE_HEADS_UNINDEXED):
            head = decode_head(text)
            found.setdefault(head.trace_id, []).append(head)
            newest_block_id[head.trace_id] = max(block_id, newest_block_id.get(head.trace_id, 0))
    return {
        trace_id: _summary(merge_heads(heads), newest_block_id[trace_id]) for trace_id, heads in found.items()
    }


def _summary(head: Head, newest_block_id: int) -> Summary:
    return Summary(min(head.start_unix_nano, end_of_block_unix_nano(newest_block_id)), head)
