"""One series: how points become its value, and when it starts again.

A series of deltas sums them up, in whatever order they come: sums commute, so a late point counts like
any other, and one from before the series' start moves that start nowhere. Its value is of the moment it
is given out. A series of anything else holds the point that was sent last, with its own times: a point
that is not newer is a repetition or late and changes nothing, one with a newer start is its reset.
"""

from __future__ import annotations

from math import isfinite

from msgspec import Struct
from msgspec.structs import replace

from otel_worker.metric_model import (
    NO_RECORDED_VALUE,
    ExponentialHistogramPoint,
    HistogramPoint,
    NumberPoint,
    Point,
    SummaryPoint,
)
from otel_worker.metrics.exponential import add_exponential, find_buckets_fault, normalize_exponential
from otel_worker.metrics.histograms import (
    MAX_UINT64,
    add_histogram,
    buckets_of,
    find_bounds_fault,
    fold_buckets,
    subtract_histogram,
)
from otel_worker.metrics.options import NANOS_PER_MILLISECOND, NANOS_PER_SECOND, AggregationOptions
from otel_worker.metrics.streams import Stream

_MIN_INT64, _MAX_INT64 = -(2**63), 2**63 - 1


class Series(Struct, gc=False):
    """The state of one series. `point` has no attributes: they are kept as JSON, which takes less memory."""

    number: int
    chunk: int
    stream: Stream
    attributes_json: bytes
    point: Point
    # When the last point arrived.
    seen_unix_nano: int
    # Whether Prometheus has a point of it since its start (see `snapshot`).
    is_sent: bool = False
    # Of a histogram: when a point had the same bounds, and the bounds it is to take.
    bounds_seen_unix_nano: int = 0
    next_bounds: list[float] | None = None

    @property
    def has_ended(self) -> bool:
        return bool(self.point.flags & NO_RECORDED_VALUE)


def find_point_fault(point: Point, stream: Stream, bucket_limit: int) -> str | None:
    """Return why a point cannot be taken into a series, or None."""
    if isinstance(point, NumberPoint):
        return _find_number_fault(point, stream) if stream.is_summed else None
    if isinstance(point, SummaryPoint):
        return _find_size_fault(len(point.quantiles), "quantiles", bucket_limit)
    if isinstance(point, HistogramPoint):
        fault = _find_size_fault(len(point.bucket_counts), "buckets", bucket_limit)
        if fault is None and not stream.is_summed:
            fault = find_bounds_fault(point)
    else:
        size = max(len(point.positive.counts), len(point.negative.counts))
        fault = _find_size_fault(size, "buckets", bucket_limit) or find_buckets_fault(point)
    if fault is None and stream.is_summed and point.sum is not None and not isfinite(point.sum):
        return "the sum of a delta must be finite"
    return fault


def start_series(series: Series, point: Point, start_unix_nano: int, now_unix_nano: int) -> str | None:
    """Make a point the first of a series, with this start; return why it cannot be, or None."""
    if not series.stream.is_summed:
        series.point = _without_attributes(point)
        series.seen_unix_nano = now_unix_nano
        return None
    if isinstance(point, HistogramPoint) and (fault := find_bounds_fault(point)) is not None:
        return fault
    if _largest_count(point) > MAX_UINT64:
        return "counts must be below 2^64"
    series.point = first = _first_total(point)
    first.start_unix_nano, first.time_unix_nano = start_unix_nano, now_unix_nano
    series.seen_unix_nano = series.bounds_seen_unix_nano = now_unix_nano
    series.is_sent, series.next_bounds = False, None
    return None


def add_delta(series: Series, point: Point, now_unix_nano: int, options: AggregationOptions) -> str | None:
    """Add a delta to a series; return why it cannot be, with the series unchanged, or None."""
    total = series.point
    fault = None
    if isinstance(total, NumberPoint) and isinstance(point, NumberPoint):
        total.value = add_numbers(total.value, point.value)
    elif isinstance(total, HistogramPoint) and isinstance(point, HistogramPoint):
        fault = _add_histogram(series, total, point, now_unix_nano, options)
    elif isinstance(total, ExponentialHistogramPoint) and isinstance(point, ExponentialHistogramPoint):
        fault = add_exponential(total, point)
    else:
        return "the point is not of its metric's kind"
    if fault is None:
        total.time_unix_nano = series.seen_unix_nano = now_unix_nano
    return fault


def replace_point(series: Series, point: Point, now_unix_nano: int) -> bool:
    """Let a series hold this point if it is newer; return whether it was."""
    held = series.point
    if point.time_unix_nano <= held.time_unix_nano or point.start_unix_nano < held.start_unix_nano:
        return False
    series.point = _without_attributes(point)
    series.seen_unix_nano = now_unix_nano
    return True


def end_series(series: Series, time_unix_nano: int, now_unix_nano: int) -> bool:
    """Note that the sender says there is no value since a time; return False for one that is late.

    The series' next point starts it again.
    """
    if not series.stream.is_summed and time_unix_nano <= series.point.time_unix_nano:
        return False
    series.point.flags |= NO_RECORDED_VALUE
    series.point.time_unix_nano = time_unix_nano
    series.seen_unix_nano = now_unix_nano
    return True


def take_next_bounds(series: Series, given_out: HistogramPoint) -> None:
    """Reset a histogram to the bounds it is to take, after its value `given_out` was passed on.

    What was added since then is the value it starts with, so no count is lost.
    """
    total = series.point
    if series.next_bounds is None or not isinstance(total, HistogramPoint):
        return
    rest = subtract_histogram(total, given_out)
    rest.bucket_counts = fold_buckets(rest.bucket_counts, total.bounds, series.next_bounds)
    rest.bounds = series.next_bounds
    rest.start_unix_nano = given_out.time_unix_nano + NANOS_PER_MILLISECOND
    series.point = rest
    series.bounds_seen_unix_nano = given_out.time_unix_nano
    series.is_sent, series.next_bounds = False, None


def add_numbers(total: int | float, value: int | float) -> int | float:
    """Return the sum: exact for integers of 64 bits, else a double."""
    result = total + value
    if isinstance(result, int) and not _MIN_INT64 <= result <= _MAX_INT64:
        return float(result)
    return result


def _find_number_fault(point: NumberPoint, stream: Stream) -> str | None:
    if not isfinite(point.value):
        return "a delta must be finite"
    if point.value < 0 and stream.is_monotonic:
        return "a delta of a monotonic sum must not be negative"
    return None


def _find_size_fault(size: int, what: str, limit: int) -> str | None:
    return f"has {size} {what}; the limit is {limit}" if size > limit else None


def _without_attributes(point: Point) -> Point:
    return replace(point, attributes={})


def _largest_count(point: Point) -> int:
    if isinstance(point, HistogramPoint):
        return max(point.count, *buckets_of(point))
    if isinstance(point, ExponentialHistogramPoint):
        return max(point.count, point.zero_count, *point.positive.counts, *point.negative.counts)
    return 0


def _first_total(point: Point) -> Point:
    """Return a total that has only this point; the point is left alone."""
    if isinstance(point, NumberPoint):
        return NumberPoint({}, 0, 0, add_numbers(0, point.value))
    if isinstance(point, HistogramPoint):
        counts, bounds = list(buckets_of(point)), list(point.bounds)
        return HistogramPoint({}, 0, 0, point.count, point.sum, counts, bounds, point.min, point.max)
    if isinstance(point, ExponentialHistogramPoint):
        return normalize_exponential(point)
    return _without_attributes(point)


def _add_histogram(
    series: Series,
    total: HistogramPoint,
    point: HistogramPoint,
    now_unix_nano: int,
    options: AggregationOptions,
) -> str | None:
    is_own = point.bounds == total.bounds
    if not is_own and (fault := find_bounds_fault(point)) is not None:
        return fault
    fault = add_histogram(total, point)
    if fault is not None:
        return fault
    settle_nanos = options.bounds_settle_seconds * NANOS_PER_SECOND
    if is_own:
        series.bounds_seen_unix_nano = now_unix_nano
        series.next_bounds = None
    elif now_unix_nano - series.bounds_seen_unix_nano >= settle_nanos:
        series.next_bounds = list(point.bounds)
    return None
