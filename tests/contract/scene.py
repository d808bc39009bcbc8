"""Test data for the cases of the store contract, which share one database.

A scene is one day and one range of trace ids: a case that keeps to its own scene meets no other.
"""

from __future__ import annotations

from collections.abc import Iterable

from otel_worker.model import Attributes, Resource, Scope, Span, SpanExtras, SpanGroup, TracePart
from otel_worker.store.blocks import Block, build_blocks
from otel_worker.store.database import Database, Statement
from otel_worker.store.listing import Position, TraceQuery
from otel_worker.store.sharding import shards_of, split_by_home
from otel_worker.store.span_pages import read_span_page
from otel_worker.store.write import first_id_of, write_blocks

_DAY_NANO = 86_400_000_000_000
# 2015-01-01; the retention case alone works with days before it.
_FIRST_DAY_NANO = 1_420_070_400_000_000_000

RESOURCE = Resource({"service.name": "checkout"})
SCOPE = Scope("contract", "1")


class Scene:
    """One day of traces."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.start_unix_nano = _FIRST_DAY_NANO + number * _DAY_NANO
        # The clock of the case: noon, so that spans of the morning are in the past.
        self.now_unix_ms = self.start_unix_nano // 1_000_000 + 43_200_000

    def trace_id(self, number: int) -> str:
        return f"{self._number + 1000:08x}{number:024x}"

    def span(
        self,
        number: int,
        *,
        at_ms: int = 0,
        for_nano: int = 1_000_000,
        name: str = "work",
        attributes: Attributes | None = None,
        extras: SpanExtras | None = None,
        parent: str = "",
        status_code: int = 0,
    ) -> Span:
        start_unix_nano = self.start_unix_nano + at_ms * 1_000_000
        return Span(
            f"{number:016x}",
            parent,
            name,
            1,
            start_unix_nano,
            for_nano,
            status_code,
            0,
            attributes or {},
            extras,
        )

    def part(self, number: int, *spans: Span, resource: Resource = RESOURCE) -> TracePart:
        return TracePart(self.trace_id(number), [SpanGroup(resource, SCOPE, list(spans))])

    def query(
        self,
        limit: int = 100,
        *,
        start_ms: int = 0,
        end_ms: int = 86_399_999,
        after: Position | None = None,
    ) -> TraceQuery:
        """Return the query for traces of this day."""
        start, end = (self.start_unix_nano + ms * 1_000_000 for ms in (start_ms, end_ms))
        return TraceQuery(limit, start, end, after)

    async def write(self, database: Database, *parts: TracePart) -> list[Block]:
        """Store one export request, as it was decoded, and return the blocks that are new."""
        shards = shards_of(database)
        return [
            block
            for shard, some in zip(shards, split_by_home(parts, len(shards)), strict=True)
            for block in (await write_blocks(shard, blocks_of(some), self.now_unix_ms)).blocks
        ]

    async def stored_rows(self, database: Database) -> tuple[int, int]:
        """Return how many blocks and how many rows of terms this day has."""
        first_ms = self.start_unix_nano // 1_000_000
        day = (first_id_of(first_ms), first_id_of(first_ms + 86_400_000))
        blocks = await database.query(
            Statement("SELECT count(*) FROM span_blocks WHERE id >= ?1 AND id < ?2", day)
        )
        terms = await database.query(
            Statement("SELECT count(*) FROM span_terms WHERE rowid >= ?1 AND rowid < ?2", day)
        )
        return sum(row[0] for row in blocks), sum(row[0] for row in terms)


def blocks_of(parts: Iterable[TracePart]) -> list[Block]:
    """Return the blocks of parts that all fit."""
    blocks, oversized = build_blocks(parts)
    assert not oversized, oversized
    return blocks


async def read_trace(database: Database, trace_id: str) -> TracePart | None:
    """Return all that is stored of a trace, as one page that has room for it."""
    page = await read_span_page(database, trace_id, 1_000_000, 10**12)
    return None if page is None else page.part
