"""Dependencies: what the API says, percentiles over several databases, and starts that are no start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from otel_worker.store.dependencies import read_dependencies
from otel_worker.store.listing import MAX_UNIX_NANO
from otel_worker.store.sharding import ShardedDatabase, shards_of, split_by_home
from otel_worker.store.write import write_blocks
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.harness import Api, open_database
from tests.samples import (
    NOW_UNIX_MS,
    NOW_UNIX_NANO,
    SECOND,
    blocks_of,
    make_group,
    make_part,
    make_span,
    run,
    small_request,
    span_id,
)

HOUR = 3_600 * SECOND


def calls(*numbers: int, start_unix_nano: int, parent: int = 1) -> ExportTraceServiceRequest:
    """Return spans of the service "till", each called by the span `parent` of its trace."""
    request = small_request(*((number, 2) for number in numbers), service="till")
    for span in request.resource_spans[0].scope_spans[0].spans:
        span.parent_span_id = bytes.fromhex(span_id(parent))
        span.start_time_unix_nano = start_unix_nano
        span.end_time_unix_nano = start_unix_nano + 5_000
    return request


def test_the_last_hour_is_what_is_told(api: Api) -> None:
    api.now_unix_ms = NOW_UNIX_MS + 3_600_000
    old = small_request((1, 1))
    old.resource_spans[0].scope_spans[0].spans[0].start_time_unix_nano = NOW_UNIX_NANO - 1
    failed = calls(2, start_unix_nano=NOW_UNIX_NANO + HOUR)
    failed.resource_spans[0].scope_spans[0].spans[0].status.code = Status.STATUS_CODE_ERROR
    late = calls(3, start_unix_nano=NOW_UNIX_NANO + HOUR + 1)
    for request in (old, small_request((2, 1), (3, 1)), failed, late):
        assert api.export(request).status == 200
    assert api.get("/v1/dependencies") == {
        "edges": [
            {
                "parent": "shop",
                "child": "till",
                "callCount": 1,
                "errorCount": 1,
                "p50DurationNano": 5_000,
                "p95DurationNano": 5_000,
            }
        ],
        "services": [
            {"service": "shop", "spanCount": 2, "errorCount": 0},
            {"service": "till", "spanCount": 1, "errorCount": 1},
        ],
        "startTimeUnixNano": str(NOW_UNIX_NANO),
        "endTimeUnixNano": str(NOW_UNIX_NANO + HOUR),
        "spanCount": 3,
        "isComplete": True,
    }


def test_a_window_is_given_as_for_the_list(api: Api) -> None:
    api.export(small_request((1, 1)))
    for start, end in (
        (NOW_UNIX_NANO + 1, NOW_UNIX_NANO + 1),
        ("2026-01-01T00:00:00.000000001Z", "2026-01-01T01:00:00.000000001%2B01:00"),
    ):
        found = api.get(f"/v1/dependencies?start={start}&end={end}")
        times = found["startTimeUnixNano"], found["endTimeUnixNano"]
        assert (times, found["spanCount"]) == ((str(NOW_UNIX_NANO + 1),) * 2, 1)
    found = api.get(f"/v1/dependencies?start=&end={NOW_UNIX_NANO}")
    assert (found["startTimeUnixNano"], found["spanCount"]) == (str(NOW_UNIX_NANO - HOUR), 0)
    assert api.get("/v1/dependencies?end=5")["startTimeUnixNano"] == "0"


TIME = "RFC 3339 such as 2026-01-31T12:00:00Z, or Unix nanoseconds"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("start=now", f"start must be {TIME}; found 'now'"),
        ("end=-1", f"end must be {TIME}; found '-1'"),
        ("start=6&end=5", "start must be no later than end, which is 5; found '6'"),
        (f"start={MAX_UNIX_NANO}", f"start must be no later than end, which is now; found '{MAX_UNIX_NANO}'"),
        ("limit=5", "query parameter must be one of end, start; found 'limit'"),
        ("end=5&end=6", "end must be given once; found '6'"),
    ],
)
def test_a_wrong_window_is_refused(query: str, message: str, api: Api) -> None:
    assert api.refusal("GET", f"/v1/dependencies?{query}") == (400, "invalid_parameter", message)


def test_a_start_in_the_far_future_counts_as_the_time_it_came(database: SqliteDatabase) -> None:
    spans = [make_span(1, MAX_UNIX_NANO - 5_000_000), make_span(2, 5), make_span(3)]
    run(write_blocks(database, blocks_of(*(make_part(n, span) for n, span in enumerate(spans))), NOW_UNIX_MS))
    end_of_now = NOW_UNIX_NANO + 999_999
    assert run(read_dependencies(database, NOW_UNIX_NANO, end_of_now)).span_count == 2
    assert run(read_dependencies(database, end_of_now + 1, MAX_UNIX_NANO)).span_count == 0
    assert run(read_dependencies(database, 0, MAX_UNIX_NANO)).span_count == 3


@pytest.fixture(scope="module")
def shards() -> Iterator[ShardedDatabase]:
    with ExitStack() as stack:
        yield ShardedDatabase([stack.enter_context(open_database()) for _ in range(3)])


DURATIONS = st.lists(
    st.integers(0, 50) | st.integers(0, 2**62) | st.just(0), min_size=1, max_size=40
).flatmap(lambda some: st.lists(st.sampled_from(some), min_size=1, max_size=2_000))


def store(database: ShardedDatabase | SqliteDatabase, day: int, durations: Sequence[int]) -> tuple[int, int]:
    """Store a call of each duration in a trace of its own, and return the window they are in."""
    start = NOW_UNIX_NANO + day * 24 * HOUR
    parts = []
    for number, duration in enumerate(durations):
        part = make_part(day * 10_000 + number, make_span(1, start))
        part.groups.append(make_group([make_span(2, start, duration, parent=1)], "till"))
        parts.append(part)
    databases = shards_of(database)
    for shard, some in zip(databases, split_by_home(parts, len(databases)), strict=True):
        run(write_blocks(shard, blocks_of(*some), start // 1_000_000))
    return start, start


@given(st.data())
def test_percentiles_are_exact_in_one_database_and_half_a_percent_off_in_several(data: st.DataObject) -> None:
    durations = data.draw(DURATIONS)
    ordered = sorted(durations)
    with ExitStack() as stack:
        one, *others = (stack.enter_context(open_database()) for _ in range(4))
        for database in (one, ShardedDatabase(others)):
            (edge,) = run(read_dependencies(database, *store(database, 0, durations))).edges
            assert (edge.parent, edge.child, edge.call_count) == ("shop", "till", len(durations))
            tolerance = 0 if database is one else len(durations) // 200
            for percent, found in ((50, edge.p50_duration_nano), (95, edge.p95_duration_nano)):
                rank = -(-len(durations) * percent // 100)
                nearby = ordered[rank - 1 : rank + tolerance]
                assert found in nearby, (percent, rank, tolerance)


def test_what_several_databases_have_of_an_edge_adds_up(shards: ShardedDatabase) -> None:
    window = store(shards, 9, range(300))
    found = run(read_dependencies(shards, *window))
    assert Counter({total.service: total.span_count for total in found.services}) == {
        "shop": 300,
        "till": 300,
    }
    assert (found.edges[0].call_count, found.span_count, found.is_complete) == (300, 600, True)
    of_each = [run(read_dependencies(shard, *window)).edges[0].call_count for shard in shards.shards]
    assert sum(of_each) == 300
    assert min(of_each) > 0
