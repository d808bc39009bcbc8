"""What is stored, and what the database has been asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from otel_worker.store import sql_index
from otel_worker.store.database import Database, Statement

INGEST, READ, DELETE, INDEX, RETENTION = "ingest", "read", "delete", "index", "retention"


class Statistics(NamedTuple):
    """What is stored; `size_bytes` is of the blocks' own texts.

    The start of the earliest span and that of the latest, the second in whole microseconds; None without any.
    """

    spans: int
    traces: int
    blocks: int
    size_bytes: int
    oldest_unix_nano: int | None
    newest_unix_nano: int | None


async def read_statistics(database: Database) -> Statistics:
    """Count what is stored, each trace once in each database; reads the heads of all blocks."""
    rows = [row for row in await database.query(Statement(sql_index.STATISTICS)) if row[0]]
    if not rows:
        return Statistics(0, 0, 0, 0, None, None)
    blocks, spans, size_bytes, newest_us, traces, oldest_unix_nano = zip(*rows, strict=True)
    return Statistics(
        spans=sum(spans),
        traces=sum(traces),
        blocks=sum(blocks),
        size_bytes=sum(size_bytes),
        oldest_unix_nano=min(map(int, oldest_unix_nano)),
        newest_unix_nano=max(newest_us) * 1000,
    )


@dataclass(slots=True)
class Cost:
    """What requests of one kind took of the database, in rows as D1 bills them."""

    requests: int = 0
    rows_read: int = 0
    rows_written: int = 0


class Usage:
    """The costs of all requests since `started_unix_ms`, by their kind."""

    def __init__(self, started_unix_ms: int) -> None:
        self.started_unix_ms = started_unix_ms
        self.costs = {kind: Cost() for kind in (INGEST, READ, DELETE, INDEX, RETENTION)}

    def add(self, kind: str, rows_read: int, rows_written: int) -> None:
        """Count one request."""
        cost = self.costs[kind]
        cost.requests += 1
        cost.rows_read += rows_read
        cost.rows_written += rows_written
