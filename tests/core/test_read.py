"""Reading traces back: everything that was stored, each span once, whatever else is in the blocks."""

from __future__ import annotations

import pytest

from otel_worker.model import Head, Resource, Scope, Span, SpanGroup, TracePart
from otel_worker.store.read import match_ids, read_summaries
from otel_worker.store.write import write_blocks
from otel_worker_cli.sqlite import SqliteDatabase
from tests.contract.scene import read_trace
from tests.core.harness import WatchedDatabase
from tests.samples import (
    NOW_UNIX_MS,
    NOW_UNIX_NANO,
    blocks_of,
    make_group,
    make_part,
    make_span,
    run,
    span_id,
    trace_id,
)

MS = 1_000_000


def store(database: SqliteDatabase, *parts: TracePart) -> None:
    """Store parts as one request."""
    run(write_blocks(database, blocks_of(*parts), NOW_UNIX_MS))


def read_spans(database: SqliteDatabase, number: int) -> list[Span]:
    """Return all spans of a trace in the order they are read."""
    trace = run(read_trace(database, trace_id(number)))
    assert trace is not None
    return [span for group in trace.groups for span in group.spans]


def test_a_trace_that_is_not_there_is_none(database: SqliteDatabase) -> None:
    store(database, make_part(1))
    assert run(read_trace(database, trace_id(2))) is None
    assert run(read_summaries(database, [trace_id(2)])) == {}


def test_a_trace_comes_back_as_it_was_out_of_a_block_with_others(database: SqliteDatabase) -> None:
    parts = [make_part(number, make_span(number, name="🦄" * number), service="né") for number in range(5)]
    store(database, *parts)
    assert [run(read_trace(database, trace_id(number))) for number in range(5)] == parts


def test_the_parts_of_a_trace_are_joined_in_the_order_of_their_blocks(database: SqliteDatabase) -> None:
    early = make_part(1, make_span(1, NOW_UNIX_NANO - 5 * MS), service="till")
    late = make_part(1, make_span(2, NOW_UNIX_NANO), make_span(3, NOW_UNIX_NANO), service="shop")
    store(database, late)
    store(database, early, make_part(2, make_span(4, NOW_UNIX_NANO - 9 * MS)))
    assert run(read_trace(database, trace_id(1))) == TracePart(trace_id(1), early.groups + late.groups)


UNFINISHED = make_span(1, NOW_UNIX_NANO, -NOW_UNIX_NANO, name="unfinished")
FINISHED = make_span(1, NOW_UNIX_NANO, 5, name="finished")
LONGER = make_span(1, NOW_UNIX_NANO, 6, name="longer")
OTHER = make_span(2, NOW_UNIX_NANO - MS)
COPIES = {
    "sent again when it ended": ([UNFINISHED], [FINISHED], ["finished"]),
    "in the other order": ([FINISHED], [UNFINISHED], ["finished"]),
    "the one that ends last": ([FINISHED], [LONGER], ["longer"]),
    "batched anew": ([FINISHED], [OTHER, FINISHED], ["GET /", "finished"]),
    "twice in one request": ([FINISHED, UNFINISHED], [OTHER], ["GET /", "finished"]),
    "twice in the only request": ([FINISHED, LONGER, FINISHED], [], ["longer"]),
}


@pytest.mark.parametrize(("first", "second", "names"), COPIES.values(), ids=COPIES.keys())
def test_of_several_copies_of_a_span_one_is_read(
    first: list[Span], second: list[Span], names: list[str], database: SqliteDatabase
) -> None:
    for spans in (first, second):
        if spans:
            store(database, make_part(1, *spans))
    assert sorted(span.name for span in read_spans(database, 1)) == sorted(names)


def test_a_group_whose_spans_are_all_copies_is_left_out(database: SqliteDatabase) -> None:
    store(database, TracePart(trace_id(1), [make_group([UNFINISHED], "till"), make_group([OTHER], "shop")]))
    store(database, make_part(1, FINISHED, service="bank"))
    trace = run(read_trace(database, trace_id(1)))
    assert trace is not None
    assert [group.resource.service_name for group in trace.groups] == ["shop", "bank"]


def test_the_same_span_id_in_two_traces_is_two_spans(database: SqliteDatabase) -> None:
    store(database, make_part(1, make_span(7)), make_part(2, make_span(7)))
    assert [read_spans(database, number) for number in (1, 2)] == [[make_span(7)], [make_span(7)]]


def test_a_summary_is_that_of_all_parts_with_the_time_it_is_sorted_by(database: SqliteDatabase) -> None:
    root = make_span(1, NOW_UNIX_NANO, 50, name="root")
    child = make_span(2, NOW_UNIX_NANO + 10, 100, parent=1, status_code=2)
    store(database, make_part(1, child, service="till"))
    store(database, make_part(1, root), make_part(2))
    ((found, (sort_unix_nano, head)),) = run(read_summaries(database, [trace_id(1), trace_id(3)])).items()
    assert (found, sort_unix_nano) == (trace_id(1), NOW_UNIX_NANO)
    assert sorted(head.services) == ["shop", "till"]
    head.services = []
    assert head == Head(trace_id(1), NOW_UNIX_NANO, 110, 2, 1, True, NOW_UNIX_NANO, "root", "shop", 0, 0, [])


def test_a_trace_from_the_far_future_is_sorted_by_the_time_it_came(database: SqliteDatabase) -> None:
    start = 2**63 - 5
    store(database, make_part(1, make_span(1, start, 4)))
    summary = run(read_summaries(database, [trace_id(1)]))[trace_id(1)]
    assert (summary.sort_unix_nano, summary.head.start_unix_nano) == (NOW_UNIX_NANO + 999_999, start)


def test_many_traces_are_asked_for_a_hundred_at_a_time(database: SqliteDatabase) -> None:
    store(database, *(make_part(number) for number in range(250)))
    watched = WatchedDatabase(database)
    ids = [trace_id(number) for number in range(250)]
    assert sorted(run(read_summaries(watched, ids))) == ids
    assert len(watched.queries) == 3


def test_no_traces_are_no_query(database: SqliteDatabase) -> None:
    watched = WatchedDatabase(database)
    assert run(read_summaries(watched, [])) == {}
    assert watched.queries == []


def test_a_trace_is_read_with_one_query(database: SqliteDatabase) -> None:
    store(database, make_part(1))
    store(database, make_part(1, make_span(2, NOW_UNIX_NANO + MS)))
    watched = WatchedDatabase(database)
    run(read_trace(watched, trace_id(1)))
    assert len(watched.queries) == 1


def test_ids_are_quoted_for_the_index() -> None:
    assert match_ids(["aa", "bb"]) == '"aa" OR "bb"'


def test_a_trace_without_resource_and_scope_comes_back_so(database: SqliteDatabase) -> None:
    part = TracePart(trace_id(1), [SpanGroup(Resource(), Scope(), [make_span()])])
    store(database, part)
    assert run(read_trace(database, trace_id(1))) == part
    assert read_spans(database, 1)[0].span_id == span_id(1)
