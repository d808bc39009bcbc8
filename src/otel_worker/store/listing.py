"""Listing traces: newest first by start, page by page, reading no more blocks than the page takes.

A block's id bounds the start of every trace in it and in the blocks below, so a trace that starts after
the last block read is in its place for good. What one block says of a trace may be a part of it: the
heap holds a trace by an upper bound of its start until all its blocks have been asked.
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

from otel_worker.model import Head
from otel_worker.store import sql
from otel_worker.store.blocks import decode_heads, to_us
from otel_worker.store.database import MAX_INTEGER, Database, Statement
from otel_worker.store.read import Summary, read_summaries
from otel_worker.store.write import end_of_block_unix_nano, first_id_of

MAX_UNIX_NANO = 2**63 - 1

# Blocks read at once; it doubles while the page is not full.
_FIRST_CHUNK = 8
_LAST_CHUNK = 128


class Position(NamedTuple):
    """A place in the order of the list: start downwards, then trace id upwards."""

    start_unix_nano: int
    trace_id: str


class TraceQuery(NamedTuple):
    """Which traces to list: at most `limit` that start within [start, end] and come behind `after`."""

    limit: int
    start_unix_nano: int = 0
    end_unix_nano: int = MAX_UNIX_NANO
    after: Position | None = None


class TracePage(NamedTuple):
    """Summaries in order, and behind which position the next page begins (None on the last)."""

    heads: list[Head]
    next: Position | None


async def list_traces(database: Database, query: TraceQuery) -> TracePage:
    """Return a page of the list; the order is exact, also for traces that came in many requests."""
    candidates = _Candidates(query)
    page: list[Summary] = []
    latest_unix_nano = query.after.start_unix_nano if query.after else query.end_unix_nano
    oldest_id = min(first_id_of(query.start_unix_nano // 1_000_000), MAX_INTEGER)
    before_id, chunk = MAX_INTEGER, _FIRST_CHUNK
    exhausted = False
    while not exhausted and len(page) <= query.limit:
        parameters = (before_id, to_us(latest_unix_nano), oldest_id, chunk)
        rows = await database.query(Statement(sql.NEWEST_HEADS, parameters))
        exhausted = len(rows) < chunk
        for block_id, text in rows:
            candidates.offer(block_id, decode_heads(text))
            before_id = block_id
        settled_unix_nano = 0 if exhausted else end_of_block_unix_nano(before_id) + 1
        # One more than the page holds tells whether there is a next one.
        while len(page) <= query.limit and candidates.has_from(settled_unix_nano):
            summary = candidates.take()
            if summary is not None:
                page.append(summary)
            else:
                candidates.complete(await read_summaries(database, candidates.incomplete()))
        chunk = min(chunk * 2, _LAST_CHUNK)
    if len(page) <= query.limit:
        return TracePage([summary.head for summary in page], None)
    last = page[query.limit - 1]
    return TracePage(
        [summary.head for summary in page[: query.limit]],
        Position(last.sort_unix_nano, last.head.trace_id),
    )


class _Candidates:
    """Traces that were seen in a block and are not on the page yet, by an upper bound of their start."""

    def __init__(self, query: TraceQuery) -> None:
        self._query = query
        # (minus the start, trace id): the smallest is the next in the list's order.
        self._heap: list[tuple[int, str]] = []
        self._seen: set[str] = set()
        self._summaries: dict[str, Summary] = {}

    def offer(self, block_id: int, heads: list[Head]) -> None:
        """Take the traces of one block, newest blocks first."""
        latest = end_of_block_unix_nano(block_id)
        for head in heads:
            if head.trace_id not in self._seen:
                self._seen.add(head.trace_id)
                heapq.heappush(self._heap, (-min(head.start_unix_nano, latest), head.trace_id))

    def has_from(self, unix_nano: int) -> bool:
        """Tell whether the next trace starts, as far as is known, at this time or after it."""
        return bool(self._heap) and -self._heap[0][0] >= unix_nano

    def take(self) -> Summary | None:
        """Return the next trace, or None when its other blocks have not been asked yet."""
        summary = self._summaries.get(self._heap[0][1])
        if summary is not None:
            heapq.heappop(self._heap)
        return summary

    def incomplete(self) -> list[str]:
        """Take out the next traces that have to be completed, as many as the page may need."""
        count = min(self._query.limit + 1, len(self._heap))
        some = [heapq.heappop(self._heap) for _ in range(count)]
        for item in some:
            if item[1] in self._summaries:
                heapq.heappush(self._heap, item)
        return [trace_id for _, trace_id in some if trace_id not in self._summaries]

    def complete(self, summaries: dict[str, Summary]) -> None:
        """Put traces back with their true start, those that belong on the page or behind it."""
        query = self._query
        for trace_id, summary in summaries.items():
            start = summary.sort_unix_nano
            item = (-start, trace_id)
            behind = query.after is None or item > (-query.after.start_unix_nano, query.after.trace_id)
            if behind and query.start_unix_nano <= start <= query.end_unix_nano:
                self._summaries[trace_id] = summary
                heapq.heappush(self._heap, item)
