"""Exponential histograms: adding deltas of any scale and zero threshold (data model, "Exponential Scale").

A merge goes to the coarser of both scales, and further until each side has `MAX_BUCKETS` at most. A
bucket only ever becomes part of one bucket of a coarser scale, so no count is lost or moved elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, ldexp
from sys import float_info

from otel_worker.metric_model import Buckets, ExponentialHistogramPoint
from otel_worker.metrics.histograms import MAX_UINT64, merge_extremes

# What SDKs have by default, and Prometheus for its native histograms.
MAX_BUCKETS = 160
# The range of the SDK specification. At -10 all doubles are in three buckets.
MIN_SCALE, MAX_SCALE = -10, 20
# Doubles are above 2^-1075 and below 2^1024.
_MIN_EXPONENT, _MAX_EXPONENT = -1075, 1024


@dataclass(slots=True)
class _Layout:
    """The buckets of one operand on their way to the common layout."""

    scale: int
    zero_threshold: float
    zero_count: int
    positive: Buckets
    negative: Buckets

    def downscale(self, steps: int) -> None:
        self.scale -= steps
        self.positive = downscale_buckets(self.positive, steps)
        self.negative = downscale_buckets(self.negative, steps)

    def straddled_bound(self, threshold: float) -> float:
        """Return the threshold, or the upper bound of the filled bucket that it would cut."""
        for side in (self.positive, self.negative):
            for index, count in enumerate(side.counts, side.offset):
                if bucket_upper_bound(index - 1, self.scale) >= threshold:
                    break
                if count:
                    threshold = max(threshold, bucket_upper_bound(index, self.scale))
        return threshold

    def widen_zero(self, threshold: float) -> None:
        """Move what is below the threshold, which MUST be no value inside a filled bucket, to the zeros."""
        self.zero_threshold = threshold
        for side in (self.positive, self.negative):
            absorbed = 0
            while (
                absorbed < len(side.counts)
                and bucket_upper_bound(side.offset + absorbed - 1, self.scale) < threshold
            ):
                absorbed += 1
            self.zero_count += sum(side.counts[:absorbed])
            side.offset, side.counts = side.offset + absorbed, side.counts[absorbed:]


def find_buckets_fault(point: ExponentialHistogramPoint) -> str | None:
    """Return what is wrong with scale, threshold or buckets of a point, or None."""
    if not MIN_SCALE <= point.scale <= MAX_SCALE:
        return f"scale must be {MIN_SCALE} to {MAX_SCALE}; found {point.scale}"
    if not 0 <= point.zero_threshold < inf:
        return "zeroThreshold must be finite and not negative"
    first_index = _shift(_MIN_EXPONENT, point.scale)
    last_index = _shift(_MAX_EXPONENT, point.scale) - 1
    for side in (point.positive, point.negative):
        trimmed = trim_buckets(side)
        if trimmed.counts and not (
            first_index <= trimmed.offset and trimmed.offset + len(trimmed.counts) - 1 <= last_index
        ):
            return f"buckets of scale {point.scale} must be number {first_index} to {last_index}"
    return None


def bucket_upper_bound(index: int, scale: int) -> float:
    """Return the highest value of a bucket, 2^((index + 1) * 2^-scale), or the highest double."""
    exponent = ldexp(index + 1, -scale)
    return float_info.max if exponent >= _MAX_EXPONENT else 2.0**exponent


def trim_buckets(buckets: Buckets) -> Buckets:
    """Return the buckets without empty ones at both ends."""
    counts = buckets.counts
    first, end = 0, len(counts)
    while first < end and not counts[first]:
        first += 1
    while end > first and not counts[end - 1]:
        end -= 1
    return Buckets(buckets.offset + first, counts[first:end]) if first < end else Buckets()


def downscale_buckets(buckets: Buckets, steps: int) -> Buckets:
    """Return the buckets of a scale that is lower by `steps`: 2^steps neighbours become one."""
    if not steps or not buckets.counts:
        return buckets
    offset = buckets.offset >> steps
    last = (buckets.offset + len(buckets.counts) - 1) >> steps
    counts = [0] * (last - offset + 1)
    for index, count in enumerate(buckets.counts, buckets.offset):
        counts[(index >> steps) - offset] += count
    return Buckets(offset, counts)


def normalize_exponential(point: ExponentialHistogramPoint) -> ExponentialHistogramPoint:
    """Return a point of its own buckets, trimmed and within `MAX_BUCKETS`: the first of a series."""
    layout = _layout_of(point)
    layout.downscale(_steps_to_fit((layout.positive,), (layout.negative,)))
    return ExponentialHistogramPoint(
        {},
        point.start_unix_nano,
        point.time_unix_nano,
        point.count,
        point.sum,
        layout.scale,
        point.zero_count,
        layout.positive,
        layout.negative,
        point.zero_threshold,
        point.min,
        point.max,
    )


def add_exponential(total: ExponentialHistogramPoint, point: ExponentialHistogramPoint) -> str | None:
    """Add a point to a total; return why it cannot be, with the total unchanged, or None."""
    ours, theirs = _layout_of(total), _layout_of(point)
    scale = min(ours.scale, theirs.scale)
    ours.downscale(ours.scale - scale)
    theirs.downscale(theirs.scale - scale)
    steps = _steps_to_fit((ours.positive, theirs.positive), (ours.negative, theirs.negative))
    ours.downscale(steps)
    theirs.downscale(steps)
    if ours.zero_threshold != theirs.zero_threshold:
        _align_thresholds(ours, theirs)
    positive = _add_buckets(ours.positive, theirs.positive)
    negative = _add_buckets(ours.negative, theirs.negative)
    count = total.count + point.count
    zero_count = ours.zero_count + theirs.zero_count
    if max(count, zero_count, *positive.counts, *negative.counts) > MAX_UINT64:
        return "the counts of the series would exceed 64 bits"
    merge_extremes(total, point)
    total.count, total.zero_count, total.zero_threshold = count, zero_count, ours.zero_threshold
    total.scale, total.positive, total.negative = ours.scale, positive, negative
    return None


def _layout_of(point: ExponentialHistogramPoint) -> _Layout:
    return _Layout(
        point.scale,
        point.zero_threshold,
        point.zero_count,
        trim_buckets(point.positive),
        trim_buckets(point.negative),
    )


def _shift(index: int, steps: int) -> int:
    """Return the index on a scale that is higher by `steps`, which may be negative."""
    return index << steps if steps >= 0 else index >> -steps


def _steps_to_fit(*sides: tuple[Buckets, ...]) -> int:
    """Return how far the scale must go down for the union of each side to have `MAX_BUCKETS` at most."""
    steps = 0
    for side in sides:
        filled = [buckets for buckets in side if buckets.counts]
        if filled:
            low = min(buckets.offset for buckets in filled)
            high = max(buckets.offset + len(buckets.counts) for buckets in filled) - 1
            while (high >> steps) - (low >> steps) >= MAX_BUCKETS:
                steps += 1
    return steps


def _align_thresholds(ours: _Layout, theirs: _Layout) -> None:
    """Widen the narrower zero bucket to the other's; both when a filled bucket cannot be cut."""
    narrow, wide = (ours, theirs) if ours.zero_threshold < theirs.zero_threshold else (theirs, ours)
    threshold = narrow.straddled_bound(wide.zero_threshold)
    narrow.widen_zero(threshold)
    if threshold > wide.zero_threshold:
        wide.widen_zero(threshold)


def _add_buckets(ours: Buckets, theirs: Buckets) -> Buckets:
    if not theirs.counts:
        return ours
    if not ours.counts:
        return theirs
    offset = min(ours.offset, theirs.offset)
    end = max(ours.offset + len(ours.counts), theirs.offset + len(theirs.counts))
    counts = [0] * (end - offset)
    for buckets in (ours, theirs):
        start = buckets.offset - offset
        for index, count in enumerate(buckets.counts, start):
            counts[index] += count
    return Buckets(offset, counts)
