"""Histograms as classic buckets: exact at every bound, and few bounds that all series of a family share."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker.metric_model import Buckets, ExponentialHistogramPoint, HistogramPoint
from otel_worker.metrics.exposition_buckets import (
    MAX_EXPONENTIAL_BOUNDS,
    classic_histogram,
    merge_histograms,
    shared_bounds,
)
from tests.core.metric_exposition_samples import START, histogram


def exponential(
    positive: Buckets | None = None,
    negative: Buckets | None = None,
    *,
    scale: int = 0,
    zero_count: int = 0,
    zero_threshold: float = 0.0,
) -> ExponentialHistogramPoint:
    positive, negative = positive or Buckets(), negative or Buckets()
    count = sum(positive.counts) + sum(negative.counts) + zero_count
    return ExponentialHistogramPoint(
        {}, START, START, count, 1.5, scale, zero_count, positive, negative, zero_threshold
    )


def cumulative(*points: ExponentialHistogramPoint) -> list[dict[float, int]]:
    bounds = shared_bounds(points)
    return [classic_histogram(point, bounds).cumulative_counts for point in points]


def test_an_exponential_histogram_has_the_bounds_of_its_buckets() -> None:
    # Buckets (1/2, 1], (1, 2], (2, 4]: the lowest bound has what is zero.
    point = exponential(Buckets(-1, [3, 0, 5]), zero_count=7)
    assert cumulative(point) == [{0.5: 7, 1.0: 10, 2.0: 10, 4.0: 15}]
    whole = classic_histogram(point, shared_bounds([point]))
    assert (whole.count, whole.sum, whole.start_unix_nano) == (15, 1.5, START)


def test_negative_buckets_are_mirrored() -> None:
    # Buckets [-4, -2), [-2, -1) and (1, 2].
    point = exponential(Buckets(0, [8]), Buckets(0, [2, 1]), zero_count=4)
    assert cumulative(point) == [{-4.0: 0, -2.0: 1, -1.0: 3, 1.0: 7, 2.0: 15}]


def test_zeros_have_a_bound_of_their_own_where_nothing_is_above() -> None:
    assert cumulative(exponential(zero_count=4)) == [{0.0: 4}]
    assert cumulative(exponential(zero_count=4, zero_threshold=0.25)) == [{0.25: 4}]
    point = exponential(None, Buckets(0, [1]), zero_count=4)
    assert cumulative(point) == [{-2.0: 0, -1.0: 1, 0.0: 5}]


def test_a_histogram_of_nothing_has_no_bounds() -> None:
    assert cumulative(exponential(), exponential(Buckets(5, [0, 0]))) == [{}, {}]


def test_all_series_of_a_family_share_their_bounds() -> None:
    fine, coarse = exponential(Buckets(0, [1, 2, 4, 8]), scale=1), exponential(Buckets(-1, [16]), scale=0)
    assert cumulative(fine, coarse) == [
        {0.5: 0, 1.0: 0, 2.0: 3, 4.0: 15},
        {0.5: 0, 1.0: 16, 2.0: 16, 4.0: 16},
    ]


@pytest.mark.parametrize(
    ("bucket_count", "ratio"), [(18, 2 ** (1 / 8)), (19, 2 ** (1 / 8)), (20, 2 ** (1 / 4)), (160, 4.0)]
)
def test_buckets_are_merged_two_and_two_until_few_are_left(bucket_count: int, ratio: float) -> None:
    bounds = shared_bounds([exponential(Buckets(0, [1] * bucket_count), scale=3)])
    assert bounds[1] / bounds[0] == pytest.approx(ratio)
    assert len(bounds) <= MAX_EXPONENTIAL_BOUNDS


def test_a_merge_keeps_every_second_bound_to_the_bit() -> None:
    few = shared_bounds([exponential(Buckets(0, [1] * 19), scale=7)])
    more = shared_bounds([exponential(Buckets(0, [1] * 21), scale=7)])
    assert set(few[::2]) <= set(more)
    assert len(few) == 20


def test_the_bound_of_the_zeros_is_one_of_the_few() -> None:
    full = exponential(None, Buckets(0, [1] * 19))
    assert len(shared_bounds([full])) == MAX_EXPONENTIAL_BOUNDS
    assert len(shared_bounds([full, exponential(zero_count=1)])) < MAX_EXPONENTIAL_BOUNDS


def test_a_negative_zero_is_a_zero() -> None:
    assert str(classic_histogram(histogram([1, 2], [-0.0]), ()).cumulative_counts) == "{0.0: 1}"


@pytest.mark.parametrize("scale", [-(2**31), -11, 0, 20, 2**31 - 1])
@pytest.mark.parametrize("offset", [-(2**31), -1, 0, 2**31 - 1])
def test_bounds_beyond_a_double_are_left_out(scale: int, offset: int) -> None:
    point = exponential(Buckets(offset, [1, 2]), Buckets(-5, [4]), scale=scale)
    (counts,) = cumulative(point, exponential(Buckets(0, [1])))[:1]
    assert all(-inf < bound < inf for bound in counts)
    assert list(counts) == sorted(counts)
    assert list(counts.values()) == sorted(counts.values())


BUCKETS = st.builds(Buckets, st.integers(-200, 200), st.lists(st.integers(0, 3), max_size=40))
POINTS = st.builds(exponential, BUCKETS, BUCKETS, scale=st.integers(-2, 12), zero_count=st.integers(0, 3))


def values_of(point: ExponentialHistogramPoint) -> list[float]:
    """Return one value from the middle of its bucket for each that was counted."""
    values = Counter({0.0: point.zero_count})
    for sign, buckets in ((1, point.positive), (-1, point.negative)):
        for index, count in enumerate(buckets.counts, buckets.offset):
            values[sign * 2.0 ** ((index + 0.5) / 2**point.scale)] += count
    return sorted(values.elements())


@given(st.lists(POINTS, max_size=3))
def test_every_bound_counts_the_values_up_to_it(points: list[ExponentialHistogramPoint]) -> None:
    bounds = shared_bounds(points)
    assert len(bounds) <= MAX_EXPONENTIAL_BOUNDS
    for point in points:
        values = values_of(point)
        counts = classic_histogram(point, bounds).cumulative_counts
        assert counts == {bound: bisect_right(values, bound) for bound in bounds}


@given(
    st.lists(st.floats(allow_nan=False), max_size=5, unique_by=lambda bound: bound + 0.0).map(sorted),
    st.lists(st.integers(0, 9), min_size=6, max_size=6),
)
def test_explicit_buckets_add_up(bounds: list[float], counts: list[int]) -> None:
    counts = counts[: len(bounds) + 1]
    classic = classic_histogram(histogram(counts, bounds), ())
    expected = {bound: sum(counts[: index + 1]) for index, bound in enumerate(bounds) if bound < inf}
    assert classic.cumulative_counts == expected
    assert classic.count == sum(counts)


def test_a_count_is_never_below_its_buckets() -> None:
    assert classic_histogram(HistogramPoint({}, 0, 0, 1, None, [2, 3], [1.0]), ()).count == 5


def test_merged_histograms_are_those_of_all_values() -> None:
    one, other = (
        classic_histogram(histogram(counts, bounds, total), ())
        for counts, bounds, total in (([1, 2, 4], [1.0, 2.0], 0.5), ([8, 16], [2.0], None))
    )
    assert merge_histograms([one]) is one
    merged = merge_histograms([one, other])
    assert (merged.cumulative_counts, merged.count, merged.sum) == ({2.0: 11}, 31, None)
    assert merge_histograms([one, one]).sum == 1.0


def test_the_order_of_histograms_makes_no_difference() -> None:
    parts = [classic_histogram(histogram([1], [], total), ()) for total in (0.1, 0.2, 0.3)]
    assert merge_histograms(parts) == merge_histograms(parts[::-1])
