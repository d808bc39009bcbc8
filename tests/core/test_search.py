"""Searching against brute force: random traces in several requests, random queries, page by page."""

from __future__ import annotations

from random import Random

import pytest

from otel_worker.model import Head
from otel_worker.store.index import drop_index
from otel_worker.store.listing import TraceQuery, list_traces
from otel_worker.store.write import write_blocks
from otel_worker_cli.sqlite import SqliteDatabase
from tests.contract.search_model import Export, Found, find, parts_of, random_exports, random_query
from tests.core.harness import open_database
from tests.samples import NOW_UNIX_MS, NOW_UNIX_NANO, blocks_of, run, trace_id

QUERIES_PER_SEED = 250
TRACE_COUNT = 14
TRACE_IDS = [trace_id(number) for number in range(TRACE_COUNT)]


def store(database: SqliteDatabase, exports: list[Export]) -> None:
    """Write each export as one request."""
    for export in exports:
        run(write_blocks(database, blocks_of(*parts_of(export, TRACE_IDS)), NOW_UNIX_MS))


def all_pages(database: SqliteDatabase, query: TraceQuery) -> list[Head]:
    """Return what all pages show together; every page but the last is full."""
    heads: list[Head] = []
    while True:
        page = run(list_traces(database, query))
        assert page.searched_back_to_unix_nano is None
        heads.extend(page.heads)
        if page.next is None:
            return heads
        assert (len(page.heads), page.next != query.after) == (query.limit, True)
        query = query._replace(after=page.next)


def told(head: Head) -> Found:
    """Return what a summary says, as the model says it."""
    number = TRACE_IDS.index(head.trace_id)
    return Found(number, head.start_unix_nano, head.duration_nano, head.span_count, head.error_count)


@pytest.mark.parametrize("has_index", [True, False], ids=["index", "no index"])
@pytest.mark.parametrize("seed", range(8))
def test_a_search_finds_what_brute_force_finds(seed: int, has_index: bool) -> None:
    random = Random(seed)
    exports = random_exports(random, NOW_UNIX_NANO, TRACE_COUNT)
    with open_database() as database:
        store(database, exports)
        if not has_index:
            run(drop_index(database))
        for _ in range(QUERIES_PER_SEED):
            query = random_query(random, NOW_UNIX_NANO)
            found = [told(head) for head in all_pages(database, query)]
            assert found == find(exports, TRACE_IDS, query), query
