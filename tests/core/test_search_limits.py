"""How far a search goes at once: what it reads, where it stops, and that the next page goes on from there."""

from __future__ import annotations

from contextlib import ExitStack
from random import Random

import pytest

from otel_worker.model import Head
from otel_worker.store import listing
from otel_worker.store.conditions import AttributeFilter, Operator, SpanConditions
from otel_worker.store.database import Database, Statement
from otel_worker.store.delete import delete_trace
from otel_worker.store.listing import TraceQuery, list_traces
from otel_worker.store.sharding import ShardedDatabase, split_by_home
from otel_worker.store.write import write_blocks
from otel_worker_cli.sqlite import SqliteDatabase
from tests.contract.search_model import find, parts_of, random_exports, random_query
from tests.core.harness import WatchedDatabase, open_database
from tests.samples import NOW_UNIX_MS, NOW_UNIX_NANO, blocks_of, make_part, make_span, run, trace_id

MS = 1_000_000
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
RARE = SpanConditions(attributes=(AttributeFilter("rare", Operator.EQUAL, "yes"),))
KEY_AND_RARE = SpanConditions(attributes=(AttributeFilter("rare", Operator.NOT_EQUAL, "no"),))
MAX_PAGES = 500


def store(database: Database, number: int, at_ms: int, *, came_ms: int = 0, **attributes: str) -> None:
    """Write a trace with one span, in a request of its own."""
    part = make_part(number, make_span(number, NOW_UNIX_NANO + at_ms * MS, attributes={**attributes}))
    assert run(write_blocks(database, blocks_of(part), NOW_UNIX_MS + came_ms)).blocks


def all_pages(database: Database, query: TraceQuery) -> tuple[list[Head], int]:
    """Return what all pages show, and how many of them stopped at the limit of work; each goes on further."""
    heads: list[Head] = []
    stopped = 0
    for _ in range(MAX_PAGES):
        page = run(list_traces(database, query))
        heads.extend(page.heads)
        if page.next is None:
            assert page.searched_back_to_unix_nano is None
            return heads, stopped
        if page.searched_back_to_unix_nano is None:
            assert len(page.heads) == query.limit
        else:
            stopped += 1
            assert len(page.heads) <= query.limit
        before = query.after or listing.Position(query.end_unix_nano, "")
        assert (-page.next.start_unix_nano, page.next.trace_id) > (-before.start_unix_nano, before.trace_id)
        query = query._replace(after=page.next)
    raise AssertionError("the pages do not end")


def numbers(heads: list[Head]) -> list[int]:
    return [int(head.trace_id[1:], 16) for head in heads]


@pytest.fixture
def few_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a search look at few blocks, scans and candidates at once."""
    monkeypatch.setattr(listing, "MAX_SEARCHED_BLOCKS", 3)
    monkeypatch.setattr(listing, "_SEARCHED_CHUNKS", (2, 4))
    monkeypatch.setattr(listing, "_MAX_DURATION_SCANS", 1)
    monkeypatch.setattr(listing, "_CANDIDATES_PER_SCAN", 2)
    monkeypatch.setattr(listing, "_TRACES_PER_MATCH", 2)


@pytest.mark.usefixtures("few_blocks")
def test_a_search_that_stops_says_so_and_goes_on_from_there(database: SqliteDatabase) -> None:
    for number in range(1, 41):
        store(database, number, number, rare="yes" if number in (3, 38) else "no")
    page = run(list_traces(database, TraceQuery(5, conditions=KEY_AND_RARE)))
    assert numbers(page.heads) == [38]
    # Chunks of 2 and 4 blocks: the six newest.
    assert page.searched_back_to_unix_nano == NOW_UNIX_NANO + 35 * MS + MS
    assert page.next == listing.Position(page.searched_back_to_unix_nano - 1, "")
    heads, stopped = all_pages(database, TraceQuery(5, conditions=KEY_AND_RARE))
    # Five further each time: of the last block's millisecond there may be more.
    assert (numbers(heads), stopped) == ([38, 3], 7)


def test_a_search_does_not_stop_before_its_limit(database: SqliteDatabase) -> None:
    for number in range(1, 41):
        store(database, number, number, rare="yes" if number in (3, 38) else "no")
    assert all_pages(database, TraceQuery(5, conditions=KEY_AND_RARE))[1] == 0


@pytest.mark.usefixtures("few_blocks")
@pytest.mark.parametrize("limit", [1, 3, 50])
def test_a_search_gets_on_though_every_block_holds_an_old_span(limit: int, database: SqliteDatabase) -> None:
    for number in range(1, 31):
        parts = [
            make_part(number, make_span(number, NOW_UNIX_NANO + number * MS, attributes={"k": "new"})),
            make_part(
                100 + number, make_span(1, NOW_UNIX_NANO - HOUR_MS * MS + number, attributes={"k": "old"})
            ),
        ]
        assert run(write_blocks(database, blocks_of(*parts), NOW_UNIX_MS)).blocks
    exists = SpanConditions(attributes=(AttributeFilter("k", Operator.EXISTS),))
    heads, _ = all_pages(database, TraceQuery(limit, conditions=exists))
    assert numbers(heads) == [*range(30, 0, -1), *range(130, 100, -1)]
    old = SpanConditions(attributes=(AttributeFilter("k", Operator.EQUAL, "old"),))
    assert numbers(all_pages(database, TraceQuery(limit, conditions=old))[0]) == list(range(130, 100, -1))


@pytest.mark.usefixtures("few_blocks")
@pytest.mark.parametrize("shard_count", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_pages_that_stop_show_together_what_brute_force_finds(seed: int, shard_count: int) -> None:
    random = Random(100 + seed)
    trace_ids = [trace_id(number) for number in range(20)]
    exports = random_exports(random, NOW_UNIX_NANO, len(trace_ids))
    stopped = 0
    with ExitStack() as stack:
        shards = [stack.enter_context(open_database()) for _ in range(shard_count)]
        database = ShardedDatabase(shards) if shard_count > 1 else shards[0]
        for export in exports:
            homes = split_by_home(parts_of(export, trace_ids), shard_count)
            for shard, parts in zip(shards, homes, strict=True):
                run(write_blocks(shard, blocks_of(*parts), NOW_UNIX_MS))
        for _ in range(80):
            query = random_query(random, NOW_UNIX_NANO)
            heads, stops = all_pages(database, query)
            assert numbers(heads) == [found.trace_number for found in find(exports, trace_ids, query)], query
            stopped += stops
    assert stopped > 5


def test_a_rare_value_is_found_without_looking_into_other_blocks(database: SqliteDatabase) -> None:
    for number in range(1, 301):
        store(database, number, number, rare="yes" if number == 7 else "no")
    watched = WatchedDatabase(database)
    assert numbers(run(list_traces(watched, TraceQuery(20, conditions=RARE))).heads) == [7]
    # The one block, and the trace's summary.
    assert len(watched.queries) == 2


@pytest.mark.parametrize(
    ("begin_ms", "end_ms", "expected"),
    [
        (-1, 1, [1]),
        (-HOUR_MS, 1, [1]),
        (-MINUTE_MS, HOUR_MS - 1, [1]),
        (-HOUR_MS - 1, 1, []),
        (-1, HOUR_MS, []),
    ],
    ids=["short", "began an hour before", "ends in an hour", "began earlier", "ends later"],
)
def test_a_trace_that_matches_after_the_end_is_found_within_an_hour(
    begin_ms: int, end_ms: int, expected: list[int], database: SqliteDatabase
) -> None:
    store(database, 1, begin_ms)
    part = make_part(1, make_span(2, NOW_UNIX_NANO + end_ms * MS, attributes={"rare": "yes"}))
    assert run(write_blocks(database, blocks_of(part), NOW_UNIX_MS)).blocks
    query = TraceQuery(20, end_unix_nano=NOW_UNIX_NANO, conditions=RARE)
    assert numbers(run(list_traces(database, query)).heads) == expected
    assert numbers(run(list_traces(database, query._replace(end_unix_nano=2**63 - 1))).heads) == [1]


@pytest.mark.parametrize("shortest_nano", [0, 1])
def test_a_trace_that_goes_while_it_is_searched_is_not_shown(
    shortest_nano: int, database: SqliteDatabase
) -> None:
    for number in (1, 2, 3):
        store(database, number, number, rare="yes")
    watched = WatchedDatabase(database)

    def delete_after_the_first_query() -> None:
        if len(watched.queries) == 2:
            run(delete_trace(database, trace_id(2)))

    watched.before_query = delete_after_the_first_query
    query = TraceQuery(20, conditions=RARE, shortest_nano=shortest_nano)
    assert numbers(run(list_traces(watched, query)).heads) == [3, 1]


@pytest.mark.parametrize("end_nano", [0, 1, 999])
@pytest.mark.parametrize("after_nano", [1, 999, 1000, 1001, 1999, 2000])
def test_no_time_lies_between_before_the_end_and_after_it(
    end_nano: int, after_nano: int, database: SqliteDatabase
) -> None:
    end = NOW_UNIX_NANO + end_nano
    assert run(write_blocks(database, blocks_of(make_part(1, make_span(1, end))), NOW_UNIX_MS)).blocks
    later = make_span(2, end + after_nano, attributes={"rare": "yes"})
    parts = [make_part(1, later), make_part(2, make_span(1, end + 5 * MS))]
    assert run(write_blocks(database, blocks_of(*parts), NOW_UNIX_MS)).blocks
    query = TraceQuery(20, end_unix_nano=end, conditions=RARE)
    assert numbers(run(list_traces(database, query)).heads) == [1]
    assert run(list_traces(database, query._replace(end_unix_nano=end - 1))).heads == []


EVERYTHING = SpanConditions("shop", "GET /", True, (AttributeFilter("rare", Operator.EQUAL, "yes"),))


@pytest.mark.parametrize(
    "conditions",
    [SpanConditions("shop"), SpanConditions(name="GET /"), RARE, EVERYTHING],
    ids=["heads", "name", "attribute", "everything"],
)
@pytest.mark.parametrize("shortest_nano", [0, 1], ids=["any duration", "duration"])
def test_blocks_are_found_through_the_index_and_by_their_ids(
    conditions: SpanConditions, shortest_nano: int, database: SqliteDatabase
) -> None:
    for number in range(1, 5):
        store(database, number, number, rare="yes")
    watched = WatchedDatabase(database)
    end = NOW_UNIX_NANO + 3 * MS
    query = TraceQuery(20, NOW_UNIX_NANO, end, conditions=conditions, shortest_nano=shortest_nano)
    run(list_traces(watched, query))
    assert watched.queries
    for statement in watched.queries:
        plan = _plan(database, statement)
        assert not any(line.startswith(("SCAN block", "SCAN early", "SCAN span_blocks")) for line in plan), (
            plan
        )
        assert any("span_terms VIRTUAL TABLE INDEX" in line for line in plan), plan


def _plan(database: SqliteDatabase, statement: Statement) -> list[str]:
    explain = Statement(f"EXPLAIN QUERY PLAN {statement.sql}", statement.parameters)
    return [row[3] for row in run(database.query(explain))]
