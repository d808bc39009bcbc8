"""How many bytes a span takes in the database file, and how many of them the index of terms is."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import apsw

from bench.ingest.bodies import MEDIA_TYPES, PROTOBUF, BodyMaker
from otel_worker.ingest import ingest_traces
from otel_worker.store.catalog import KnownNames
from otel_worker.store.database import Statement
from otel_worker_cli.hub import LocalHub
from otel_worker_cli.runtime.project import Checkout
from otel_worker_cli.sqlite import SqliteDatabase

# The FTS5 table itself takes no page, its shadow tables do.
_SIZES = """
SELECT sum(pgsize), coalesce(sum(pgsize) FILTER (WHERE name LIKE 'span!_terms!_%' ESCAPE '!'), 0) FROM dbstat
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A database file: its spans and bytes, and how many bytes the pages of the index are."""

    span_count: int
    size_bytes: int
    index_bytes: int

    @property
    def bytes_a_span(self) -> float:
        return self.size_bytes / self.span_count

    @property
    def index_share(self) -> float:
        return self.index_bytes / self.size_bytes


def read_file(path: Path, span_count: int) -> Stored:
    """Return the size of a database that nobody writes to."""
    connection = apsw.Connection(str(path))
    try:
        ((size_bytes, index_bytes),) = connection.execute(_SIZES)
    finally:
        connection.close()
    return Stored(span_count, int(size_bytes), int(index_bytes))


def fill(checkout: Checkout, maker: BodyMaker, spans_a_request: int, request_count: int) -> Stored:
    """Return the database after so many export requests, which the collector's core takes natively."""
    with tempfile.TemporaryDirectory(prefix="otel-worker-bench-") as folder:
        path = Path(folder) / "spans.sqlite"
        asyncio.run(
            _ingest(path, checkout.root / "migrations", maker, spans_a_request, request_count),
        )
        return read_file(path, spans_a_request * request_count)


async def _ingest(
    path: Path, migrations: Path, maker: BodyMaker, spans_a_request: int, request_count: int
) -> None:
    known_names = {0: KnownNames()}
    with SqliteDatabase(path) as database:
        hub = LocalHub(database)
        database.migrate(migrations)
        await database.query(Statement("PRAGMA synchronous = OFF"))
        for _ in range(request_count):
            body = maker.make(PROTOBUF, spans_a_request)
            now_unix_ms = time.time_ns() // 1_000_000
            await ingest_traces(database, hub, known_names, body, MEDIA_TYPES[PROTOBUF], now_unix_ms)
