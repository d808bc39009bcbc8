"""Listing traces: newest first by start, page by page, reading no more blocks than the page takes.

A block's id bounds the start of every trace in it and in the blocks below, so a trace that starts after
the last block read is in its place for good. What one block says of a trace may be a part of it: the
heap holds a trace by an upper bound of its start until all its blocks have been asked.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import count
from typing import NamedTuple

from otel_worker.model import Head
from otel_worker.store import sql
from otel_worker.store.blocks import decode_heads, to_us
from otel_worker.store.conditions import SpanConditions
from otel_worker.store.database import MAX_INTEGER, Database, Statement
from otel_worker.store.read import Summary, read_summaries
from otel_worker.store.search import (
    BlockRange,
    DurationRange,
    FoundBlock,
    LateRange,
    StartRange,
    find_by_duration,
    find_heads,
    find_late_traces,
    matching_traces,
)
from otel_worker.store.sharding import shards_of
from otel_worker.store.write import end_of_block_unix_nano, first_id_of

MAX_UNIX_NANO = 2**63 - 1
_NO_CONDITIONS = SpanConditions()

# Blocks read at once, growing while the page is not full. Looking into spans costs more than reading heads.
_CHUNKS = (8, 16, 32, 64, 128)
_SEARCHED_CHUNKS = (4, 20, 64, 128)
# What one request may look at; the next page goes on where it stopped.
MAX_SEARCHED_BLOCKS = 2_000
_MAX_DURATION_SCANS = 4
_CANDIDATES_PER_SCAN = 400
_TRACES_PER_MATCH = 100
# A trace may begin before the end of a search, or of the page before, and match only in blocks after it: how
# long before and after that time is looked for one. One that takes longer may be missed.
_LATE_WINDOW_MS = 3_600_000


class Position(NamedTuple):
    """A place in the order of the list: start downwards, then trace id upwards."""

    start_unix_nano: int
    trace_id: str


class TraceQuery(NamedTuple):
    """Which traces to list: at most `limit` that start within [start, end], match and come behind `after`."""

    limit: int
    start_unix_nano: int = 0
    end_unix_nano: int = MAX_UNIX_NANO
    after: Position | None = None
    conditions: SpanConditions = _NO_CONDITIONS
    shortest_nano: int = 0
    longest_nano: int = MAX_UNIX_NANO

    @property
    def has_duration(self) -> bool:
        return (self.shortest_nano, self.longest_nano) != (0, MAX_UNIX_NANO)

    @property
    def latest_unix_nano(self) -> int:
        return self.after.start_unix_nano if self.after else self.end_unix_nano

    @property
    def oldest_id(self) -> int:
        return min(first_id_of(self.start_unix_nano // 1_000_000), MAX_INTEGER)


class TracePage(NamedTuple):
    """Summaries in order, and behind which position the next page begins (None on the last).

    A page that stopped at the limit of work before it was full says how far back it has searched.
    """

    heads: list[Head]
    next: Position | None
    searched_back_to_unix_nano: int | None = None


class _Found(NamedTuple):
    """What one database has for a page: as TracePage, with the time by which each trace is listed."""

    summaries: list[Summary]
    next: Position | None
    searched_back_to_unix_nano: int | None = None


async def list_traces(database: Database, query: TraceQuery) -> TracePage:
    """Return a page of the list; the order is exact, also for traces that came in many requests."""
    found = _merge([await _list_shard(shard, query) for shard in shards_of(database)], query.limit)
    heads = [summary.head for summary in found.summaries]
    return TracePage(heads, found.next, found.searched_back_to_unix_nano)


def _merge(found: Sequence[_Found], limit: int) -> _Found:
    """Return one page from those of several databases, as far as all of them have been searched."""
    if len(found) == 1:
        return found[0]
    summaries = sorted((summary for each in found for summary in each.summaries), key=_order_of)
    nexts = [each.next for each in found if each.next is not None]
    if nexts:
        end = min((-position.start_unix_nano, position.trace_id) for position in nexts)
        summaries = [summary for summary in summaries if _order_of(summary) <= end]
    if len(summaries) >= limit and (nexts or len(summaries) > limit):
        return _Found(summaries[:limit], _position_of(summaries[limit - 1]))
    if not nexts:
        return _Found(summaries, None)
    return _Found(summaries, Position(-end[0], end[1]), -end[0])


def _order_of(summary: Summary) -> tuple[int, str]:
    return -summary.sort_unix_nano, summary.head.trace_id


def _position_of(summary: Summary) -> Position:
    return Position(summary.sort_unix_nano, summary.head.trace_id)


async def _list_shard(database: Database, query: TraceQuery) -> _Found:
    if query.has_duration:
        return await _list_by_duration(database, query)
    candidates = _Candidates(query)
    if not query.conditions.is_empty and query.latest_unix_nano < MAX_UNIX_NANO:
        late = await find_late_traces(database, query.conditions, _late_range(query))
        candidates.complete(await read_summaries(database, late))
    page: list[Summary] = []
    before_id, searched = MAX_INTEGER, 0
    chunks = _CHUNKS if query.conditions.is_empty else _SEARCHED_CHUNKS
    for step in count():
        limit = chunks[min(step, len(chunks) - 1)]
        blocks = await _newest_blocks(database, query, before_id, limit)
        for block in blocks:
            candidates.offer(block)
            before_id = block.block_id
        is_last, searched = len(blocks) < limit, searched + len(blocks)
        settled_unix_nano = 0 if is_last else end_of_block_unix_nano(before_id) + 1
        # One more than the page holds tells whether there is a next one.
        while len(page) <= query.limit and candidates.has_from(settled_unix_nano):
            summary = candidates.take()
            if summary is not None:
                page.append(summary)
            else:
                candidates.complete(await read_summaries(database, candidates.incomplete()))
        if is_last or len(page) > query.limit:
            break
        # Never where it began: what is newer has to be looked at again for the next page.
        if searched >= MAX_SEARCHED_BLOCKS and settled_unix_nano <= query.latest_unix_nano:
            return _stopped_page(page, settled_unix_nano)
    return _page(page, query.limit)


async def _newest_blocks(
    database: Database, query: TraceQuery, before_id: int, limit: int
) -> list[FoundBlock]:
    blocks = BlockRange(before_id, query.oldest_id, to_us(query.latest_unix_nano))
    if not query.conditions.is_empty:
        return await find_heads(database, query.conditions, blocks, limit)
    parameters = (blocks.before_id, blocks.latest_us, blocks.oldest_id, limit)
    rows = await database.query(Statement(sql.NEWEST_HEADS, parameters))
    return [FoundBlock(block_id, decode_heads(heads)) for block_id, heads in rows]


def _late_range(query: TraceQuery) -> LateRange:
    """Return where to look for traces of the query that match only in blocks after its end."""
    latest_ms = query.latest_unix_nano // 1_000_000
    return LateRange(
        query.latest_unix_nano,
        max(first_id_of(latest_ms - _LATE_WINDOW_MS), query.oldest_id),
        min(first_id_of(latest_ms), MAX_INTEGER),
        min(first_id_of(latest_ms + _LATE_WINDOW_MS), MAX_INTEGER),
    )


def _page(summaries: list[Summary], limit: int) -> _Found:
    """Return a page from at most one summary more than it holds."""
    if len(summaries) <= limit:
        return _Found(summaries, None)
    return _Found(summaries[:limit], _position_of(summaries[limit - 1]))


def _stopped_page(summaries: list[Summary], settled_unix_nano: int) -> _Found:
    """Return what was found, and go on behind all that starts at `settled_unix_nano` or later."""
    return _Found(summaries, Position(settled_unix_nano - 1, ""), settled_unix_nano)


async def _list_by_duration(database: Database, query: TraceQuery) -> _Found:
    """Return a page of traces by their whole duration; each scan asks all heads of the time range."""
    duration = DurationRange(query.shortest_nano, query.longest_nano)
    before, after_id = query.after or (MAX_UNIX_NANO, "")
    limit = query.limit + 1 if query.conditions.is_empty else _CANDIDATES_PER_SCAN
    page: list[Summary] = []
    for _ in range(_MAX_DURATION_SCANS):
        starts = StartRange(query.start_unix_nano, query.end_unix_nano, before, after_id, query.oldest_id)
        found = await find_by_duration(database, query.conditions, duration, starts, limit)
        for first in range(0, len(found), _TRACES_PER_MATCH):
            some = dict(found[first : first + _TRACES_PER_MATCH])
            trace_ids = list(some)
            if not query.conditions.is_empty:
                matching = await matching_traces(database, query.conditions, trace_ids)
                trace_ids = [trace_id for trace_id in trace_ids if trace_id in matching]
            summaries = await read_summaries(database, trace_ids)
            for trace_id in trace_ids:
                summary = summaries.get(trace_id)
                # It may have gone since it was found, or have begun before the query does.
                if summary is not None and summary.sort_unix_nano == some[trace_id]:
                    page.append(summary)
            if len(page) > query.limit:
                return _page(page[: query.limit + 1], query.limit)
        if len(found) < limit:
            return _page(page, query.limit)
        after_id, before = found[-1]
    return _Found(page, Position(before, after_id), before)


class _Candidates:
    """Traces that were seen in a block and are not on the page yet, by an upper bound of their start."""

    def __init__(self, query: TraceQuery) -> None:
        self._query = query
        # (minus the start, trace id): the smallest is the next in the list's order.
        self._heap: list[tuple[int, str]] = []
        self._seen: set[str] = set()
        self._summaries: dict[str, Summary] = {}

    def offer(self, block: FoundBlock) -> None:
        """Take the traces of one block, newest blocks first."""
        latest = end_of_block_unix_nano(block.block_id)
        for head in block.heads:
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
        self._seen.update(summaries)
        for trace_id, summary in summaries.items():
            start = summary.sort_unix_nano
            item = (-start, trace_id)
            behind = query.after is None or item > (-query.after.start_unix_nano, query.after.trace_id)
            if behind and query.start_unix_nano <= start <= query.end_unix_nano:
                self._summaries[trace_id] = summary
                heapq.heappush(self._heap, item)
