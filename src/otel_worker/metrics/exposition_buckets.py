"""Histograms of both kinds as Prometheus' classic buckets: how many values are at most so large.

The text formats have no native histograms, so an exponential histogram gets classic bounds: those of its own
buckets, two and two merged until at most 20 are left for the whole family. All series of a family share them,
so that `sum by (le)` adds like to like, and a merge keeps every second bound: what stays is the same series
as before. Where that is too coarse, push OTLP, which carries the histogram as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, ldexp

from msgspec import Struct

from otel_worker.metric_model import Buckets, ExponentialHistogramPoint, HistogramPoint

# A factor of 2 from bound to bound over six powers of ten: from 100 us to a minute, in seconds.
MAX_EXPONENTIAL_BOUNDS = 20


class ClassicHistogram(Struct):
    """A histogram as it is written: by ascending bound, below infinity, how many values are at most that."""

    cumulative_counts: dict[float, int]
    count: int
    sum: float | None
    start_unix_nano: int


def classic_histogram(
    point: HistogramPoint | ExponentialHistogramPoint, exponential_bounds: Sequence[float]
) -> ClassicHistogram:
    """Return a point with its own bounds, or an exponential one with those of `shared_bounds`."""
    if isinstance(point, HistogramPoint):
        # The last count has no bound of its own: its values are above all of them.
        ends = list(zip([*point.bounds, inf], point.bucket_counts, strict=False))
        bounds: Sequence[float] = [end for end, _ in ends if end < inf]
    else:
        ends, bounds = _exponential_ends(point), exponential_bounds
    cumulative_counts: dict[float, int] = {}
    below = position = 0
    for bound in bounds:
        while position < len(ends) and ends[position][0] <= bound:
            below += ends[position][1]
            position += 1
        # Adding 0.0 turns a negative zero into zero.
        cumulative_counts[bound + 0.0] = below
    # Equal in valid data. The text formats want no bucket to hold more than the count.
    count = max(point.count, sum(count for _, count in ends))
    return ClassicHistogram(cumulative_counts, count, point.sum, point.start_unix_nano)


def merge_histograms(histograms: Sequence[ClassicHistogram]) -> ClassicHistogram:
    """Return the histogram of all values of several: exact, with the bounds that all of them have."""
    first, *others = histograms
    if not others:
        return first
    sums = [histogram.sum for histogram in histograms if histogram.sum is not None]
    return ClassicHistogram(
        {
            bound: sum(histogram.cumulative_counts[bound] for histogram in histograms)
            for bound in first.cumulative_counts
            if all(bound in other.cumulative_counts for other in others)
        },
        sum(histogram.count for histogram in histograms),
        # In an order of their own: adding doubles in another one may give another last digit.
        sum(sorted(sums)) if len(sums) == len(histograms) else None,
        min(histogram.start_unix_nano for histogram in histograms),
    )


def shared_bounds(points: Sequence[ExponentialHistogramPoint]) -> list[float]:
    """Return the ascending bounds for the exponential histograms of a family: none if there is no value."""
    scale = min((point.scale for point in points), default=0)
    positive = _populated([(point.positive, point.scale - scale) for point in points])
    negative = _populated([(point.negative, point.scale - scale) for point in points])
    zeros = {point.zero_threshold for point in points if point.zero_count}
    # The lowest positive bound has the zeros below it; without one, they need their own.
    bounds = {max(zeros)} if zeros and not positive else set()
    while len(bounds) + _bound_count(positive) + _bound_count(negative) > MAX_EXPONENTIAL_BOUNDS:
        scale -= 1
        positive, negative = _halved(positive), _halved(negative)
    bounds.update(_exponential_bound(scale, index) for index in positive)
    bounds.update(-_exponential_bound(scale, index) for index in negative)
    return sorted(bound + 0.0 for bound in bounds if -inf < bound < inf)


def _exponential_ends(point: ExponentialHistogramPoint) -> list[tuple[float, int]]:
    """Return the count of each bucket by the largest value that it may hold, ascending.

    Negative buckets are mirrored, so a value that is exactly a negative bound counts just above it.
    """
    scale = point.scale
    ends = [
        (-_exponential_bound(scale, index), count)
        for index, count in enumerate(point.negative.counts, point.negative.offset)
        if count
    ]
    if point.zero_count:
        ends.append((point.zero_threshold, point.zero_count))
    ends.extend(
        (_exponential_bound(scale, index + 1), count)
        for index, count in enumerate(point.positive.counts, point.positive.offset)
        if count
    )
    return sorted(ends)


def _populated(sides: Sequence[tuple[Buckets, int]]) -> range:
    """Return the indexes of the bounds around all buckets that hold something, scaled down by the shifts."""
    indexes: list[int] = []
    for buckets, shift in sides:
        held = [index for index, count in enumerate(buckets.counts, buckets.offset) if count]
        if held:
            indexes += (held[0] >> shift, held[-1] >> shift)
    return range(min(indexes), max(indexes) + 2) if indexes else range(0)


def _halved(bounds: range) -> range:
    """Return the bounds at the next lower scale, where two buckets are one."""
    return range(bounds.start >> 1, ((bounds.stop - 2) >> 1) + 2) if bounds else bounds


def _bound_count(bounds: range) -> int:
    # len() is limited to what fits a C integer, and offsets are the sender's.
    return bounds.stop - bounds.start


def _exponential_bound(scale: int, index: int) -> float:
    """Return 2^(2^-scale) to the power of `index`: 0 or infinity where that is beyond a double.

    The same bound has the same bits at every scale, since the exponent is exact.
    """
    try:
        return float(2.0 ** ldexp(index, -scale))
    except OverflowError:
        return inf if index > 0 else 0.0
