"""Which services call which in a window of time, how often, how long it takes, and how often it fails.

An edge leads from the service of a span to that of its child, when they are two. Both may have come in
different requests: they are put together inside SQLite, by trace and span id, over all spans of the window.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from otel_worker.store import sql_dependencies as sql
from otel_worker.store.blocks import to_us
from otel_worker.store.database import MAX_INTEGER, Database, Row, Statement
from otel_worker.store.sharding import shards_of
from otel_worker.store.write import end_of_block_unix_nano, first_id_of

# What one answer looks at, in all databases together: about a second of SQLite's time (docs/performance.md).
MAX_SPANS = 100_000
# Spans of many attributes cost more: twice what so many of ten attributes take.
MAX_BYTES = 128_000_000
MAX_EDGES = 1_000

# Of how many ranks the durations are read: both percentiles are among the 20 of a single database.
_RANKS = 20
_RANKS_OF_A_SHARD = 200


class Edge(NamedTuple):
    """The spans of one service whose parent is a span of another one."""

    parent: str
    child: str
    call_count: int
    error_count: int
    p50_duration_nano: int
    p95_duration_nano: int


class ServiceTotal(NamedTuple):
    """All spans of one service."""

    service: str
    span_count: int
    error_count: int


class Dependencies(NamedTuple):
    """What the spans say that start within [`start_unix_nano`, `end_unix_nano`].

    Without `is_complete`, more was asked for than one answer holds: it is of a later start, or of the edges
    and services with most spans.
    """

    edges: list[Edge]
    services: list[ServiceTotal]
    start_unix_nano: int
    end_unix_nano: int
    span_count: int
    is_complete: bool


async def read_dependencies(database: Database, start_unix_nano: int, end_unix_nano: int) -> Dependencies:
    """Return the edges and services of a window, those with most spans first.

    A window with more spans than MAX_SPANS is made shorter: the answer is exactly that of its end, from
    `start_unix_nano` of the answer on.
    """
    first_start = await _first_start_within_limits(database, start_unix_nano, end_unix_nano)
    if first_start > end_unix_nano:
        return Dependencies([], [], end_unix_nano, end_unix_nano, 0, False)
    shards = shards_of(database)
    statement = Statement(
        sql.DEPENDENCIES,
        (
            _first_id_of(first_start),
            to_us(end_unix_nano),
            str(first_start),
            str(end_unix_nano),
            _RANKS if len(shards) == 1 else _RANKS_OF_A_SHARD,
            MAX_EDGES + 1,
        ),
    )
    found = [await shard.query(statement) for shard in shards]
    rows = [row for of_shard in found for row in of_shard]
    edges = _merge_edges(row for row in rows if row[0] is not None)
    services = _merge_services(row for row in rows if row[0] is None)
    return Dependencies(
        edges[:MAX_EDGES],
        services[:MAX_EDGES],
        first_start,
        end_unix_nano,
        sum(of_shard[0][5] for of_shard in found if of_shard),
        first_start == start_unix_nano and max(len(edges), len(services)) <= MAX_EDGES,
    )


async def _first_start_within_limits(database: Database, start_unix_nano: int, end_unix_nano: int) -> int:
    """Return from which start on all spans of the window can be read, in every database."""
    shards = shards_of(database)
    parameters = (
        _first_id_of(start_unix_nano),
        to_us(end_unix_nano),
        MAX_SPANS // len(shards),
        MAX_BYTES // len(shards),
    )
    # What is in the first block beyond, or in an older one, does not start after the time it is filed under.
    beyond = await database.query(Statement(sql.FIRST_BLOCK_BEYOND, parameters))
    return max([start_unix_nano, *(end_of_block_unix_nano(row[0]) + 1 for row in beyond)])


def _first_id_of(unix_nano: int) -> int:
    return min(first_id_of(unix_nano // 1_000_000), MAX_INTEGER)


def _merge_edges(rows: Iterable[Row]) -> list[Edge]:
    """Return the edges of all databases, each once; a trace is in one of them, so that counts add up."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row[0], row[1]), []).append(row)
    edges = []
    for (parent, child), same in found.items():
        durations = _weighted_durations(same)
        calls = sum(row[2] for row in same)
        errors = sum(row[3] for row in same)
        p50, p95 = (_percentile(durations, calls, percent) for percent in (50, 95))
        edges.append(Edge(parent, child, calls, errors, p50, p95))
    return sorted(edges, key=lambda edge: (-edge.call_count, edge.parent, edge.child))


def _weighted_durations(rows: Iterable[Row]) -> list[tuple[int, int]]:
    """Return durations in order, each with how many calls it stands for: those behind the one before it."""
    weighted = []
    for _, _, calls, _, text, _ in rows:
        durations = sorted(json.loads(text))
        rank = 0
        for number, duration in enumerate(durations, 1):
            next_rank = -(-number * calls // len(durations))
            weighted.append((duration, next_rank - rank))
            rank = next_rank
    return sorted(weighted)


def _percentile(durations: Iterable[tuple[int, int]], calls: int, percent: int) -> int:
    """Return the smallest duration that this share of the calls does not exceed.

    It is exact for one database. For several it is that of a rank at most half a percent of the calls away.
    """
    rank = -(-calls * percent // 100)
    for duration, weight in durations:
        rank -= weight
        if rank <= 0:
            return duration
    raise ValueError("the durations stand for fewer calls than there are")


def _merge_services(rows: Iterable[Row]) -> list[ServiceTotal]:
    found: dict[str, ServiceTotal] = {}
    for _, service, spans, errors, _, _ in rows:
        known = found.get(service, ServiceTotal(service, 0, 0))
        found[service] = ServiceTotal(service, known.span_count + spans, known.error_count + errors)
    return sorted(found.values(), key=lambda total: (-total.span_count, total.service))
