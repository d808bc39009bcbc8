"""Exponential histograms: merges of any scale and threshold, against counting values one by one."""

from __future__ import annotations

from itertools import chain
from math import ceil, inf, log2, nan
from random import Random
from sys import float_info

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_worker.metric_model import EXPONENTIAL_HISTOGRAM, Buckets, ExponentialHistogramPoint, Metric
from otel_worker.metrics.exponential import (
    MAX_BUCKETS,
    add_exponential,
    bucket_upper_bound,
    downscale_buckets,
    find_buckets_fault,
    normalize_exponential,
)
from tests.core.metric_pushes import Pusher, metric, points_of
from tests.samples import NOW_UNIX_NANO, SECOND


def exponential(
    scale: int = 0,
    positive: Buckets | None = None,
    negative: Buckets | None = None,
    zero_count: int = 0,
    zero_threshold: float = 0.0,
    total: float | None = 1.0,
) -> ExponentialHistogramPoint:
    positive, negative = positive or Buckets(), negative or Buckets()
    count = zero_count + sum(positive.counts) + sum(negative.counts)
    start = NOW_UNIX_NANO - SECOND
    return ExponentialHistogramPoint(
        {}, start, NOW_UNIX_NANO, count, total, scale, zero_count, positive, negative, zero_threshold
    )


def exponential_metric(*points: ExponentialHistogramPoint) -> Metric:
    return metric(*points, name="duration", kind=EXPONENTIAL_HISTOGRAM)


def merged(*points: ExponentialHistogramPoint) -> ExponentialHistogramPoint:
    total = normalize_exponential(points[0])
    for point in points[1:]:
        assert add_exponential(total, point) is None
    return total


# Exact powers of two between buckets: which bucket a value is in needs no rounding, at any scale below.
FINE_SCALE = 3


def index_of(magnitude: float, scale: int) -> int:
    """Return the bucket of a value, by the definition: base^index < value <= base^(index + 1)."""
    return ceil(log2(magnitude) * 2.0**scale) - 1


def record(values: list[float], scale: int, zero_threshold: float) -> ExponentialHistogramPoint:
    """Count values one by one."""
    sides = []
    for sign in (1, -1):
        indices = [index_of(sign * value, scale) for value in values if sign * value > zero_threshold]
        low = min(indices, default=0)
        counts = [0] * (max(indices, default=-1) - low + 1 if indices else 0)
        for index in indices:
            counts[index - low] += 1
        sides.append(Buckets(low, counts))
    zero_count = sum(abs(value) <= zero_threshold for value in values)
    return exponential(scale, sides[0], sides[1], zero_count, zero_threshold, float(len(values)))


def boundaries(point: ExponentialHistogramPoint) -> list[tuple[float, float, int]]:
    """Return (low, high, count) of every bucket, from the lowest values to the highest."""
    scale = point.scale
    sides: list[list[tuple[float, float, int]]] = []
    for buckets in (point.positive, point.negative):
        sides.append(
            [
                (bucket_upper_bound(index - 1, scale), bucket_upper_bound(index, scale), count)
                for index, count in enumerate(buckets.counts, buckets.offset)
            ]
        )
    negative = [(-high, -low, count) for low, high, count in reversed(sides[1])]
    zero = (-point.zero_threshold, point.zero_threshold, point.zero_count)
    return [*negative, zero, *sides[0]]


# A value in the middle of a bucket of the finest scale: no rounding decides about its bucket.
MAGNITUDES = st.integers(-300, 300).map(lambda step: 2.0 ** ((step + 0.5) / 2**FINE_SCALE))
VALUES = st.lists(
    st.one_of(st.just(0.0), MAGNITUDES, MAGNITUDES.map(lambda value: -value)), min_size=1, max_size=40
)
THRESHOLDS = st.one_of(st.just(0.0), st.integers(-40, 20).map(lambda step: 2.0 ** (step / 2)))
PARTS = st.lists(st.tuples(VALUES, st.integers(-2, FINE_SCALE), THRESHOLDS), min_size=1, max_size=6)


@given(PARTS)
def test_a_merge_is_the_histogram_of_all_values(parts: list[tuple[list[float], int, float]]) -> None:
    total = merged(*(record(*part) for part in parts))
    values = sorted(chain.from_iterable(part[0] for part in parts))
    assert (total.count, total.sum) == (len(values), float(len(values)))
    assert total.zero_threshold >= max(part[2] for part in parts)
    assert total.scale <= min(part[1] for part in parts)
    assert len(total.positive.counts) <= MAX_BUCKETS
    assert len(total.negative.counts) <= MAX_BUCKETS
    # The buckets, from the lowest to the highest, have the sorted values each in its bounds.
    place = 0
    for low, high, count in boundaries(total):
        assert all(low <= value <= high for value in values[place : place + count])
        place += count
    assert place == len(values)


@given(PARTS, st.randoms(use_true_random=False))
def test_the_order_of_a_merge_without_thresholds_does_not_matter(
    parts: list[tuple[list[float], int, float]], random: Random
) -> None:
    points = [record(values, scale, 0.0) for values, scale, _ in parts]
    shuffled = random.sample(points, len(points))
    assert merged(*points) == merged(*shuffled)


@given(VALUES, st.integers(0, 12))
def test_a_lower_scale_is_counting_at_it(values: list[float], steps: int) -> None:
    fine, coarse = record(values, FINE_SCALE, 0.0), record(values, FINE_SCALE - steps, 0.0)
    assert downscale_buckets(fine.positive, steps) == coarse.positive
    assert downscale_buckets(fine.negative, steps) == coarse.negative


def test_a_merge_that_would_be_too_wide_goes_to_a_coarser_scale() -> None:
    total = merged(
        exponential(0, Buckets(0, [1])), exponential(0, Buckets(159, [1])), exponential(0, Buckets(160, [1]))
    )
    assert (total.scale, total.positive.offset, len(total.positive.counts)) == (-1, 0, 81)
    assert [count for count in total.positive.counts if count] == [1, 1, 1]
    wide = merged(exponential(20, Buckets(-(10**9), [1])), exponential(20, Buckets(10**9, [1])))
    assert sum(wide.positive.counts) == 2
    assert len(wide.positive.counts) <= MAX_BUCKETS


def test_the_first_point_is_brought_into_the_limit_too() -> None:
    total = merged(exponential(2, Buckets(-100, [1] * 400)))
    assert (total.scale, len(total.positive.counts), total.count) == (0, 100, 400)


def test_empty_buckets_at_the_ends_cost_no_resolution() -> None:
    total = merged(
        exponential(4, Buckets(-300, [0] * 300 + [5])), exponential(4, Buckets(1, [2] + [0] * 300))
    )
    assert (total.scale, total.positive) == (4, Buckets(0, [5, 2]))


def test_a_wider_zero_bucket_takes_what_is_below_it() -> None:
    narrow = exponential(0, Buckets(-2, [1, 2, 4, 8]), Buckets(-2, [16]), 32)
    # Buckets end at 1/2, 1, 2 and 4: the threshold is at the end of the second.
    total = merged(narrow, exponential(0, None, None, 1, 1.0))
    assert (total.zero_threshold, total.zero_count) == (1.0, 32 + 1 + 1 + 2 + 16)
    assert (total.positive, total.negative.counts) == (Buckets(0, [4, 8]), [])


def test_a_threshold_inside_a_filled_bucket_goes_up_to_its_end() -> None:
    narrow = exponential(0, Buckets(0, [4, 8]))
    wide = exponential(0, Buckets(0, [1, 1]), None, 5, 1.5)
    for total in (merged(narrow, wide), merged(wide, narrow)):
        assert (total.zero_threshold, total.zero_count, total.positive) == (2.0, 10, Buckets(1, [9]))
    total = merged(exponential(0, Buckets(1, [8])), wide)
    assert (total.zero_threshold, total.zero_count, total.positive) == (1.5, 5, Buckets(0, [1, 9]))


def test_bounds_are_powers_and_end_with_the_doubles() -> None:
    assert [bucket_upper_bound(index, 0) for index in (-2, -1, 0, 1)] == [0.5, 1.0, 2.0, 4.0]
    assert bucket_upper_bound(1, 1) == 2.0
    assert bucket_upper_bound(0, -2) == 16.0
    assert bucket_upper_bound(1023, 0) == float_info.max
    assert bucket_upper_bound(-1075, 0) == 5e-324


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        (exponential(21), "scale must be -10 to 20; found 21"),
        (exponential(-11), "scale must be -10 to 20; found -11"),
        (exponential(0, None, None, 0, nan), "zeroThreshold must be finite and not negative"),
        (exponential(0, None, None, 0, inf), "zeroThreshold must be finite and not negative"),
        (exponential(0, None, None, 0, -1.0), "zeroThreshold must be finite and not negative"),
        (exponential(0, Buckets(1023, [1, 1])), "buckets of scale 0 must be number -1075 to 1023"),
        (exponential(0, None, Buckets(-1076, [1])), "buckets of scale 0 must be number -1075 to 1023"),
        (exponential(-10, Buckets(1, [1])), "buckets of scale -10 must be number -2 to 0"),
        (exponential(1, Buckets(2048, [1])), "buckets of scale 1 must be number -2150 to 2047"),
        (exponential(0, Buckets(0, [1] * 513)), "has 513 buckets; the limit is 512"),
        (exponential(0, total=nan), "the sum of a delta must be finite"),
        (exponential(0, Buckets(0, [2**64])), "counts must be below 2^64"),
    ],
)
def test_a_point_that_cannot_be_is_rejected(point: ExponentialHistogramPoint, reason: str) -> None:
    assert Pusher().refuse(exponential_metric(point)) == [reason]


def test_buckets_without_counts_may_be_anywhere() -> None:
    assert find_buckets_fault(exponential(0, Buckets(2**31 - 1, [0]))) is None
    assert find_buckets_fault(exponential(0, Buckets(1000, [1] * 24 + [0] * 100))) is None


def test_counts_beyond_64_bits_are_rejected_and_change_nothing() -> None:
    pusher = Pusher()
    pusher.push(exponential_metric(exponential(0, Buckets(0, [2**64 - 1]), total=3.0)))
    before = pusher.points()
    assert pusher.refuse(exponential_metric(exponential(-1, Buckets(5, [1])))) == [
        "the counts of the series would exceed 64 bits"
    ]
    assert pusher.points() == before


def test_deltas_become_a_cumulative_histogram_with_a_zero() -> None:
    pusher = Pusher()
    first = exponential(1, Buckets(0, [1, 2]), Buckets(3, [1]), 1, 0.0, 5.5)
    second = exponential(0, Buckets(0, [4]), None, 2, 0.0, 2.0)
    pusher.push(exponential_metric(first, second))
    total = exponential(0, Buckets(0, [7]), Buckets(1, [1]), 3, 0.0, 7.5)
    assert pusher.points() == [total]
    (zero,) = points_of(pusher.snapshot().zero_groups)
    start = NOW_UNIX_NANO - SECOND
    assert zero == ExponentialHistogramPoint({}, start, start, 0, 0.0, 0, 0, Buckets(), Buckets())
