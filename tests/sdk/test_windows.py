"""Times of windows, and that every record is delivered once, whatever the endpoint does in between."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.harness import SECOND, START_UNIX_NANO, Bench
from tests.sdk.points import counts, data_points
from workers_otel import Answer

MILLISECOND = SECOND // 1000

UNAVAILABLE = Answer(503)


def interval(bench: Bench, request: int, name: str = "count") -> tuple[int, int]:
    """Return start and end of a sum in a request, both since the test's start."""
    ((_, point),) = data_points(bench.sent[request])[name]
    return point.start_time_unix_nano - START_UNIX_NANO, point.time_unix_nano - START_UNIX_NANO


def test_a_window_begins_with_the_first_record_and_then_where_the_last_one_ended() -> None:
    bench = Bench()
    bench.pass_seconds(10)
    bench.metrics.counter("count")
    bench.pass_seconds(5)
    bench.flush()
    bench.pass_seconds(100)
    bench.metrics.counter("count")
    bench.pass_seconds(1)
    bench.flush()
    assert [interval(bench, request) for request in (0, 1)] == [
        (10 * SECOND, 15 * SECOND),
        (15 * SECOND, 116 * SECOND),
    ]


def test_a_window_is_never_empty_though_the_clock_of_a_worker_stands_still() -> None:
    bench = Bench()
    for _ in range(3):
        bench.metrics.counter("count")
        bench.flush()
    assert [interval(bench, request) for request in range(3)] == [
        (0, MILLISECOND),
        (MILLISECOND, 2 * MILLISECOND),
        (2 * MILLISECOND, 3 * MILLISECOND),
    ]


def test_a_record_without_a_clock_gets_the_time_of_the_first_that_has_one() -> None:
    bench = Bench()
    bench.now_unix_nano = 0
    bench.metrics.counter("count")
    bench.metrics.gauge("load", 1)
    bench.now_unix_nano = START_UNIX_NANO
    bench.metrics.counter("count")
    bench.pass_seconds(1)
    bench.flush()
    assert interval(bench, 0) == (0, SECOND)
    ((_, gauge),) = data_points(bench.sent[0])["load"]
    assert gauge.time_unix_nano == START_UNIX_NANO + SECOND


def test_what_is_kept_keeps_its_times_and_the_next_window_begins_where_it_ends() -> None:
    bench = Bench()
    bench.replies = [UNAVAILABLE]
    bench.metrics.counter("count", 1)
    bench.pass_seconds(5)
    assert bench.flush().outcome == "kept"
    bench.metrics.counter("count", 2)
    assert bench.flush().outcome == "sent"
    assert interval(bench, 1) == interval(bench, 0) == (0, 5 * SECOND)
    assert interval(bench, 2) == (5 * SECOND, 5 * SECOND + MILLISECOND)
    assert [counts(received)["count"] for received in bench.sent] == [1, 1, 2]


def test_a_gauge_that_was_kept_is_sent_before_a_newer_one() -> None:
    bench = Bench()
    bench.replies = [UNAVAILABLE, UNAVAILABLE]
    bench.metrics.gauge("load", 1)
    bench.flush()
    bench.pass_seconds(1)
    bench.metrics.gauge("load", 3)
    bench.flush()
    bench.flush()
    points = [data_points(received)["load"][0][1] for received in bench.sent]
    assert [(point.as_int, point.time_unix_nano - START_UNIX_NANO) for point in points] == [
        (1, 0),
        (1, 0),
        (1, 0),
        (3, SECOND),
    ]


def test_nothing_recorded_is_nothing_sent() -> None:
    bench = Bench()
    assert bench.flush().outcome == "nothing"
    bench.metrics.counter("count")
    assert bench.flush().outcome == "sent"
    assert bench.flush().outcome == "nothing"
    assert len(bench.sent) == 1


KEYS = st.sampled_from(["a", "b", "c"])
COUNTS = st.tuples(st.just("counter"), KEYS, st.integers(0, 2**40))
CHANGES = st.tuples(st.just("up_down_counter"), KEYS, st.integers(-(2**40), 2**40))
SIZES = st.tuples(st.just("histogram"), KEYS, st.integers(0, 20_000))
FLUSHES = st.tuples(st.just("flush"), st.booleans(), st.none())


@given(st.lists(COUNTS | CHANGES | SIZES | FLUSHES, max_size=40))
def test_all_that_was_delivered_is_all_that_was_recorded(steps: list[tuple[str, Any, Any]]) -> None:
    bench = Bench()
    for action, key, value in steps:
        bench.pass_seconds(1)
        if action == "flush":
            bench.replies = [] if key else [UNAVAILABLE]
            bench.flush()
        else:
            getattr(bench.metrics, action)(action, value, {"key": key})
    delivered = _delivered_requests(bench)
    for action in ("counter", "up_down_counter"):
        recorded = [(key, value) for name, key, value in steps if name == action]
        points = [entry for request in delivered for entry in data_points(request).get(action, [])]
        for key in "abc":
            expected = sum(value for recorded_key, value in recorded if recorded_key == key)
            assert sum(point.as_int for attributes, point in points if attributes["key"] == key) == expected
    sizes = [value for name, _, value in steps if name == "histogram"]
    points = [entry for request in delivered for entry in data_points(request).get("histogram", [])]
    assert sum(point.count for _, point in points) == len(sizes)
    assert sum(point.sum for _, point in points) == sum(sizes)
    assert all(sum(point.bucket_counts) == point.count for _, point in points)
    assert max((point.max for _, point in points), default=None) == max(sizes, default=None)
    assert min((point.min for _, point in points), default=None) == min(sizes, default=None)


def _delivered_requests(bench: Bench) -> list[Any]:
    """Return the requests that were answered 200, after a last flush; their windows must not overlap."""
    bench.replies = []
    bench.flush()
    delivered = [
        received for received, status in zip(bench.sent, bench.statuses, strict=True) if status == 200
    ]
    ends = [
        (point.start_time_unix_nano, point.time_unix_nano)
        for received in delivered
        for _, point in next(iter(data_points(received).values()))[:1]
    ]
    assert all(first[1] <= second[0] < second[1] for first, second in pairwise(ends))
    return delivered


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.data())
def test_floats_add_up_whatever_the_flushes_between_them(values: list[float], data: st.DataObject) -> None:
    bench = Bench()
    for value in values:
        bench.metrics.counter("sum", value)
        if data.draw(st.booleans()):
            bench.replies = [UNAVAILABLE] if data.draw(st.booleans()) else []
            bench.flush()
    total = sum(counts(received)["sum"] for received in _delivered_requests(bench))
    assert math.isclose(total, math.fsum(values), rel_tol=1e-12)
