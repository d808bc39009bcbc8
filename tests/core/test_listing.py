"""Listing against brute force: the order, the filters and the pages, however the traces came in."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker.model import Head, Span
from otel_worker.store.blocks import merge_heads, summarize_part
from otel_worker.store.listing import MAX_UNIX_NANO, Position, TracePage, TraceQuery, list_traces
from otel_worker.store.write import EARLIEST_UNIX_MS, FUTURE_LIMIT_MS, write_blocks
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.harness import WatchedDatabase, open_database
from tests.samples import NOW_UNIX_MS, NOW_UNIX_NANO, blocks_of, make_part, make_span, run, trace_id

MS = 1_000_000
DAY_NANO = 86_400_000 * MS


class Export(NamedTuple):
    """Spans that came in one request at some time: (trace number, span)."""

    came_unix_ms: int
    members: list[tuple[int, Span]]


def store(database: SqliteDatabase, export: Export) -> None:
    """Write an export's spans as one block."""
    traces = dict.fromkeys(number for number, _ in export.members)
    parts = [
        make_part(trace, *(span for number, span in export.members if number == trace)) for trace in traces
    ]
    blocks = blocks_of(*parts)
    assert len(run(write_blocks(database, blocks, export.came_unix_ms)).blocks) == 1


def expected_order(exports: list[Export]) -> list[tuple[Position, Head]]:
    """Return all traces in the order of the list, found by looking at every span.

    A trace counts from its start; a start that cannot be true, from the latest time its requests are filed
    under, to the end of that millisecond.
    """
    parts: dict[int, list[Head]] = {}
    latest: dict[int, int] = {}
    for export in exports:
        newest_ms = max(span.start_unix_nano for _, span in export.members) // MS
        believable = EARLIEST_UNIX_MS <= newest_ms <= export.came_unix_ms + FUTURE_LIMIT_MS
        filed_ms = newest_ms if believable else export.came_unix_ms
        for trace in dict.fromkeys(number for number, _ in export.members):
            spans = [span for number, span in export.members if number == trace]
            parts.setdefault(trace, []).append(summarize_part(make_part(trace, *spans)))
            latest[trace] = max(latest.get(trace, 0), filed_ms * MS + MS - 1)
    found = []
    for trace, heads in parts.items():
        head = merge_heads(heads)
        found.append((Position(min(head.start_unix_nano, latest[trace]), trace_id(trace)), head))
    return sorted(found, key=lambda item: (-item[0].start_unix_nano, item[0].trace_id))


def told(heads: list[Head]) -> list[tuple[str, int, int, int, bool]]:
    """Return what a list shows of each trace and does not depend on the order of its requests."""
    return [
        (head.trace_id, head.start_unix_nano, head.duration_nano, head.span_count, head.has_root)
        for head in heads
    ]


def all_pages(database: SqliteDatabase, query: TraceQuery) -> list[Head]:
    """Return what all pages show together; every page but the last is full, and each begins further on."""
    heads: list[Head] = []
    while True:
        page = run(list_traces(database, query))
        heads.extend(page.heads)
        if page.next is None:
            assert len(page.heads) <= query.limit
            return heads
        assert len(page.heads) == query.limit
        assert page.next != query.after
        query = query._replace(after=page.next)


def check_every_way_to_ask(exports: list[Export], start: int, end: int, limits: range) -> None:
    """Store the exports and compare list, pages and filters with what brute force finds."""
    everything = expected_order(exports)
    within = [head for position, head in everything if start <= position.start_unix_nano <= end]
    with open_database() as database:
        for export in exports:
            store(database, export)
        for limit in limits:
            assert told(all_pages(database, TraceQuery(limit))) == told([head for _, head in everything])
            query = TraceQuery(limit, start_unix_nano=start, end_unix_nano=end)
            assert told(all_pages(database, query)) == told(within)


NEARBY = st.builds(
    lambda ms, nano: NOW_UNIX_NANO + ms * MS + nano, st.integers(-3, 3), st.sampled_from([0, 1, 999_999])
)
USUAL = NEARBY | st.builds(lambda minutes: NOW_UNIX_NANO - minutes * 60_000 * MS, st.integers(0, 90))
UNUSUAL = st.sampled_from(
    [
        0,
        1,
        EARLIEST_UNIX_MS * MS - 1,
        EARLIEST_UNIX_MS * MS,
        NOW_UNIX_NANO + DAY_NANO,
        NOW_UNIX_NANO + DAY_NANO + 60_000 * MS,
        NOW_UNIX_NANO + 9 * DAY_NANO,
        9_007_199_254_740_990_000,
        2**63 - 1,
    ]
)


@st.composite
def exports_at(draw: st.DrawFn, times: st.SearchStrategy[int]) -> list[Export]:
    """Return requests that came within a minute, with spans of few traces that start at these times."""
    exports: list[Export] = []
    number = 0
    for order in range(draw(st.integers(1, 12))):
        members = []
        for _ in range(draw(st.integers(1, 3))):
            number += 1
            start = draw(times)
            duration = min(draw(st.integers(0, 5)), MAX_UNIX_NANO - start)
            parent = draw(st.sampled_from([None, 1]))
            members.append((draw(st.integers(1, 6)), make_span(number, start, duration, parent=parent)))
        exports.append(Export(NOW_UNIX_MS + order, members))
    return exports


@given(exports_at(USUAL), USUAL, USUAL)
def test_the_list_is_what_brute_force_finds(exports: list[Export], start: int, end: int) -> None:
    check_every_way_to_ask(exports, start, end, range(1, 8))


@given(exports_at(USUAL | UNUSUAL), USUAL | UNUSUAL, USUAL | UNUSUAL)
def test_the_list_is_what_brute_force_finds_also_with_clocks_that_were_never_set(
    exports: list[Export], start: int, end: int
) -> None:
    check_every_way_to_ask(exports, start, end, range(1, 8))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_pages_over_hundreds_of_blocks_that_came_out_of_order_are_what_brute_force_finds(seed: int) -> None:
    random = Random(seed)
    exports = []
    for number in range(400):
        start = NOW_UNIX_NANO - random.randrange(300) * MS
        members = [
            (random.randrange(250), make_span(10 * number + n, start - random.randrange(200 * MS), 5))
            for n in range(random.randrange(1, 4))
        ]
        exports.append(Export(NOW_UNIX_MS, members))
    start, end = NOW_UNIX_NANO - 200 * MS, NOW_UNIX_NANO - 50 * MS
    check_every_way_to_ask(exports, start, end, range(1, 252, 50))


def test_nothing_stored_is_an_empty_last_page(database: SqliteDatabase) -> None:
    assert run(list_traces(database, TraceQuery(20))) == TracePage([], None)


def test_a_page_that_holds_exactly_the_rest_is_the_last(database: SqliteDatabase) -> None:
    for number in range(4):
        store(database, Export(NOW_UNIX_MS, [(number, make_span(number, NOW_UNIX_NANO + number))]))
    first = run(list_traces(database, TraceQuery(2)))
    assert [head.trace_id for head in first.heads] == [trace_id(3), trace_id(2)]
    assert first.next == Position(NOW_UNIX_NANO + 2, trace_id(2))
    second = run(list_traces(database, TraceQuery(2, after=first.next)))
    assert ([head.trace_id for head in second.heads], second.next) == ([trace_id(1), trace_id(0)], None)


def test_traces_that_start_together_are_in_the_order_of_their_ids_across_pages(
    database: SqliteDatabase,
) -> None:
    for number in (5, 3, 9, 1, 7):
        store(database, Export(NOW_UNIX_MS, [(number, make_span(number))]))
    for limit in range(1, 7):
        heads = all_pages(database, TraceQuery(limit))
        assert [head.trace_id for head in heads] == [trace_id(number) for number in (1, 3, 5, 7, 9)]


def test_traces_that_start_in_the_last_nanosecond_of_many_blocks_are_in_the_order_of_their_ids(
    database: SqliteDatabase,
) -> None:
    for number in range(40):
        store(database, Export(NOW_UNIX_MS, [(number, make_span(number, NOW_UNIX_NANO + 999_999))]))
    page = run(list_traces(database, TraceQuery(3)))
    assert [head.trace_id for head in page.heads] == [trace_id(number) for number in range(3)]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (NOW_UNIX_NANO + 1, MAX_UNIX_NANO, [3, 2, 1]),
        (NOW_UNIX_NANO + 2, MAX_UNIX_NANO, [3, 2]),
        (0, NOW_UNIX_NANO + 2, [2, 1]),
        (NOW_UNIX_NANO + 2, NOW_UNIX_NANO + 2, [2]),
        (NOW_UNIX_NANO + 3, NOW_UNIX_NANO + 1, []),
        (NOW_UNIX_NANO + 4, MAX_UNIX_NANO, []),
        (MAX_UNIX_NANO, MAX_UNIX_NANO, []),
        (0, 0, []),
    ],
    ids=["all", "from", "until", "one nanosecond", "end before start", "too late", "latest", "earliest"],
)
def test_start_and_end_are_both_included(
    start: int, end: int, expected: list[int], database: SqliteDatabase
) -> None:
    for number in (1, 2, 3):
        store(database, Export(NOW_UNIX_MS, [(number, make_span(number, NOW_UNIX_NANO + number))]))
    heads = run(list_traces(database, TraceQuery(20, start, end))).heads
    assert [head.trace_id for head in heads] == [trace_id(number) for number in expected]


@given(st.integers(1, 5), st.integers(0, 2**32))
def test_what_arrives_between_two_pages_moves_nothing_on_the_pages_that_follow(limit: int, seed: int) -> None:
    random = Random(seed)
    before = [
        Export(NOW_UNIX_MS, [(number, make_span(number, NOW_UNIX_NANO - random.randrange(20) * MS))])
        for number in range(12)
    ]
    with open_database() as database:
        for export in before:
            store(database, export)
        query, heads, number = TraceQuery(limit), [], 100
        while True:
            page = run(list_traces(database, query))
            heads.extend(page.heads)
            if page.next is None:
                break
            assert page.next != query.after
            number += 1
            store(database, Export(NOW_UNIX_MS, [(number, make_span(number, NOW_UNIX_NANO + number))]))
            query = query._replace(after=page.next)
    assert told(heads) == told([head for _, head in expected_order(before)])


def test_a_page_of_new_traces_reads_few_blocks_of_many(database: SqliteDatabase) -> None:
    for number in range(300):
        store(database, Export(NOW_UNIX_MS, [(number, make_span(number, NOW_UNIX_NANO + number * MS))]))
    watched = WatchedDatabase(database)
    page = run(list_traces(watched, TraceQuery(5)))
    assert [head.trace_id for head in page.heads] == [trace_id(number) for number in range(299, 294, -1)]
    assert len(watched.queries) == 2
