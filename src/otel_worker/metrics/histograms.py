"""Histograms with explicit bounds: adding deltas, also those that were counted with other bounds.

While points with different bounds come (a new version is rolled out), the series keeps its own: a
bucket of the others goes to the first own bucket that reaches as high. Count and sum stay exact, no
bucket disappears, and a value is shown too high by the width of the bucket it came in at most. `series`
says when the series takes the new bounds; that is a reset.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from math import isfinite
from operator import add, sub

from otel_worker.metric_model import ExponentialHistogramPoint, HistogramPoint

AnyHistogram = HistogramPoint | ExponentialHistogramPoint

MAX_UINT64 = 2**64 - 1


def find_bounds_fault(point: HistogramPoint) -> str | None:
    """Return what is wrong with the bounds of a point, or None."""
    bounds = point.bounds
    if not all(map(isfinite, bounds)):
        return "bounds must be finite"
    if any(low >= high for low, high in pairwise(bounds)):
        return "bounds must increase"
    return None


def buckets_of(point: HistogramPoint) -> list[int]:
    """Return the bucket counts; a point without buckets has the one that everything is in."""
    return point.bucket_counts or [point.count]


def fold_buckets(counts: Sequence[int], bounds: Sequence[float], new_bounds: Sequence[float]) -> list[int]:
    """Return the counts for other bounds; exact where the new bounds are among the old."""
    folded = [0] * (len(new_bounds) + 1)
    for index, count in enumerate(counts):
        if count:
            place = bisect_left(new_bounds, bounds[index]) if index < len(bounds) else len(new_bounds)
            folded[place] += count
    return folded


def add_histogram(total: HistogramPoint, point: HistogramPoint) -> str | None:
    """Add a point to a total; return why it cannot be, with the total unchanged, or None."""
    counts = buckets_of(point)
    if point.bounds != total.bounds:
        counts = fold_buckets(counts, point.bounds, total.bounds)
    counts = list(map(add, total.bucket_counts, counts))
    count = total.count + point.count
    if count > MAX_UINT64 or max(counts) > MAX_UINT64:
        return "the counts of the series would exceed 64 bits"
    merge_extremes(total, point)
    total.count, total.bucket_counts = count, counts
    return None


def subtract_histogram(total: HistogramPoint, part: HistogramPoint) -> HistogramPoint:
    """Return what was added to `total` since it was `part`; the extremes of that are not known."""
    count = total.count - part.count
    rest_sum = None if total.sum is None or part.sum is None else total.sum - part.sum
    counts = list(map(sub, total.bucket_counts, part.bucket_counts))
    return HistogramPoint({}, 0, total.time_unix_nano, count, rest_sum, counts, total.bounds)


def merge_extremes(total: AnyHistogram, point: AnyHistogram) -> None:
    """Merge sum, minimum and maximum of a point into a total; what one of them lacks is not known of both."""
    if not point.count:
        return
    if not total.count:
        total.sum, total.min, total.max = point.sum, point.min, point.max
        return
    total.sum = None if total.sum is None or point.sum is None else total.sum + point.sum
    total.min = None if total.min is None or point.min is None else min(total.min, point.min)
    total.max = None if total.max is None or point.max is None else max(total.max, point.max)
