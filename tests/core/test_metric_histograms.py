"""Histograms with explicit bounds: sums, other bounds, and the reset to them."""

from __future__ import annotations

from bisect import bisect_left
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker.metric_model import CUMULATIVE, HistogramPoint
from otel_worker.metrics.aggregation import Aggregator
from otel_worker.metrics.histograms import fold_buckets
from otel_worker.metrics.options import AggregationOptions
from tests.core.metric_pushes import MILLISECOND, Pusher, group, histogram, histogram_metric
from tests.samples import NOW_UNIX_NANO, SECOND

SETTLED = 600 * SECOND


def push(pusher: Pusher, *points: HistogramPoint) -> None:
    assert pusher.push(histogram_metric(*points)) == (len(points), 0)


def counted(values: list[float], bounds: list[float]) -> list[int]:
    """Count values the obvious way: a bucket has what is at most its bound."""
    counts = [0] * (len(bounds) + 1)
    for value in values:
        counts[bisect_left(bounds, value)] += 1
    return counts


def test_histograms_of_equal_bounds_sum_up() -> None:
    pusher = Pusher()
    push(pusher, histogram([1, 0, 2], [5, 10], 30.5, 4.0, 20.0))
    push(pusher, histogram([0, 3, 1], [5, 10], 31.0, 6.0, 12.0), histogram([0, 0, 0], [5, 10], 0.0))
    start = NOW_UNIX_NANO - SECOND
    assert pusher.the_histogram() == HistogramPoint(
        {}, start, NOW_UNIX_NANO, 7, 61.5, [1, 3, 3], [5, 10], 4.0, 20.0
    )


def test_what_one_point_does_not_tell_is_not_known_of_the_sum() -> None:
    pusher = Pusher()
    push(pusher, histogram([1], [], 2.0, 2.0, 2.0), histogram([1], [], None))
    total = pusher.the_histogram()
    assert (total.count, total.sum, total.min, total.max) == (2, None, None, None)


def test_the_first_point_with_a_value_has_the_extremes() -> None:
    pusher = Pusher()
    push(pusher, histogram([0, 0], [5], 0.0), histogram([1, 0], [5], 3.0, 3.0, 3.0))
    total = pusher.the_histogram()
    assert (total.sum, total.min, total.max) == (3.0, 3.0, 3.0)


def test_a_histogram_without_buckets_has_one() -> None:
    pusher = Pusher()
    point = HistogramPoint({}, NOW_UNIX_NANO - SECOND, NOW_UNIX_NANO, 4, 8.0, [], [])
    push(pusher, point, histogram([3], [], 1.0))
    total = pusher.the_histogram()
    assert (total.count, total.sum, total.bucket_counts, total.bounds) == (7, 9.0, [7], [])


def test_while_two_versions_send_the_bounds_stay_and_nothing_is_lost() -> None:
    pusher = Pusher()
    push(pusher, histogram([1, 1, 1], [5, 10], 25.0))
    start = pusher.the_histogram().start_unix_nano
    for _ in range(3):
        pusher.now += SETTLED - 1
        push(pusher, histogram([1, 1, 1, 1], [4, 7, 10], 25.0), histogram([1, 0, 0], [5, 10], 1.0))
        pusher.aggregator.mark_sent(pusher.snapshot())
    total = pusher.the_histogram()
    # Up to 4 is below 5; above 4 up to 7 is shown below 10; up to 10, and above, as they are.
    assert (total.bounds, total.bucket_counts) == ([5, 10], [7, 7, 4])
    assert (total.count, total.sum, total.start_unix_nano) == (18, 103.0, start)


def test_other_bounds_are_taken_when_nobody_has_the_own_ones_and_the_value_was_given_out() -> None:
    pusher = Pusher()
    push(pusher, histogram([1, 1], [5], 11.0))
    pusher.now += SETTLED
    push(pusher, histogram([1, 0, 2], [4, 8], 21.0))
    before = pusher.snapshot()
    push(pusher, histogram([0, 4, 0], [4, 8], 24.0))
    assert pusher.the_histogram().bounds == [5]
    pusher.now += SECOND
    pusher.aggregator.mark_sent(before)
    total = pusher.the_histogram()
    # Only what came after `before`: its four values were in the bucket above 5 for a moment.
    assert (total.bounds, total.bucket_counts, total.count, total.sum) == ([4, 8], [0, 0, 4], 4, 24.0)
    assert total.start_unix_nano == before.time_unix_nano + MILLISECOND
    push(pusher, histogram([1, 2, 3], [4, 8], 1.0))
    assert pusher.the_histogram().bucket_counts == [1, 2, 7]
    assert len(pusher.snapshot().zero_groups) == 1


def test_the_own_bounds_stay_if_they_come_again_before_the_value_is_given_out() -> None:
    pusher = Pusher()
    push(pusher, histogram([1, 1], [5], 11.0))
    pusher.now += SETTLED
    push(pusher, histogram([1, 0, 0], [4, 8], 1.0), histogram([1, 0], [5], 1.0))
    pusher.aggregator.mark_sent(pusher.snapshot())
    assert pusher.the_histogram().bucket_counts == [3, 1]


def test_a_cumulative_histogram_is_passed_on_with_whatever_bounds_it_has() -> None:
    pusher = Pusher()
    for step, bounds in enumerate(([5.0], [7.0])):
        point = histogram([step, 2], bounds, 3.0, time=NOW_UNIX_NANO + step)
        assert pusher.push(histogram_metric(point, temporality=CUMULATIVE)) == (1, 0)
        assert pusher.the_histogram() == point


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        (histogram([1, 1, 1], [5, 5]), "bounds must increase"),
        (histogram([1, 1, 1], [5, 4]), "bounds must increase"),
        (histogram([1, 1], [nan]), "bounds must be finite"),
        (histogram([1, 1], [inf]), "bounds must be finite"),
        (histogram([1, 1], [5], inf), "the sum of a delta must be finite"),
        (histogram([1] * 11, list(range(10))), "has 11 buckets; the limit is 10"),
        (histogram([2**64, 0], [5]), "counts must be below 2^64"),
    ],
)
def test_a_histogram_that_cannot_be_is_rejected(point: HistogramPoint, reason: str) -> None:
    pusher = Pusher(Aggregator(AggregationOptions(bucket_limit=10)))
    assert pusher.refuse(histogram_metric(point)) == [reason]
    assert pusher.aggregator.series_count == 0
    if "bounds" in reason:
        assert pusher.refuse(histogram_metric(point, temporality=CUMULATIVE)) == [reason]
        push(pusher, histogram([1, 1], [5]))
        assert pusher.refuse(histogram_metric(point)) == [reason]


def test_a_count_beyond_64_bits_is_rejected_and_changes_nothing() -> None:
    pusher = Pusher()
    push(pusher, histogram([2**64 - 2, 0], [5], 1.0))
    assert pusher.refuse(histogram_metric(histogram([1, 1], [5], 1.0))) == [
        "the counts of the series would exceed 64 bits"
    ]
    total = pusher.the_histogram()
    assert (total.count, total.sum, total.bucket_counts) == (2**64 - 2, 1.0, [2**64 - 2, 0])


def test_a_histogram_of_each_route_is_a_series() -> None:
    pusher = Pusher()
    first, second = histogram([1], []), histogram([2], [])
    first.attributes, second.attributes = {"route": "/a"}, {"route": "/b"}
    pusher.push_groups(group(histogram_metric(first, second)))
    assert [point.attributes for point in pusher.points()] == [{"route": "/a"}, {"route": "/b"}]


BOUNDS = st.lists(st.integers(-20, 20).map(float), max_size=6, unique=True).map(sorted)
VALUES = st.lists(st.floats(-25, 25), max_size=30)


@given(VALUES, BOUNDS, st.data())
def test_folding_to_some_of_the_bounds_is_counting_with_them(
    values: list[float], bounds: list[float], data: st.DataObject
) -> None:
    fewer = [bound for bound in bounds if data.draw(st.booleans())]
    assert fold_buckets(counted(values, bounds), bounds, fewer) == counted(values, fewer)


@given(VALUES, BOUNDS, BOUNDS)
def test_folding_to_other_bounds_shows_no_value_too_low_and_none_beyond_the_next_bound(
    values: list[float], bounds: list[float], others: list[float]
) -> None:
    folded = fold_buckets(counted(values, bounds), bounds, others)
    assert sum(folded) == len(values)
    raised = [
        bounds[place] if (place := bisect_left(bounds, value)) < len(bounds) else inf for value in values
    ]
    assert folded == counted(raised, others)
