"""Points in the form of the stored rows: arrays, whose order of fields is the storage format.

JSON has no number for NaN and the infinities: they are strings.
"""

from __future__ import annotations

from math import isfinite

from msgspec import Struct

from otel_worker.metric_model import (
    Buckets,
    ExponentialHistogramPoint,
    HistogramPoint,
    NumberPoint,
    Point,
    SummaryPoint,
)

_Double = float | str


class NumberState(Struct, array_like=True, gc=False, tag="number"):
    """A NumberPoint."""

    start_unix_nano: int
    time_unix_nano: int
    value: int | float | str
    flags: int


class HistogramState(Struct, array_like=True, gc=False, tag="histogram"):
    """A HistogramPoint."""

    start_unix_nano: int
    time_unix_nano: int
    count: int
    sum: _Double | None
    bucket_counts: list[int]
    bounds: list[float]
    min: _Double | None
    max: _Double | None
    flags: int


class ExponentialState(Struct, array_like=True, gc=False, tag="exponential"):
    """An ExponentialHistogramPoint."""

    start_unix_nano: int
    time_unix_nano: int
    count: int
    sum: _Double | None
    scale: int
    zero_count: int
    positive_offset: int
    positive_counts: list[int]
    negative_offset: int
    negative_counts: list[int]
    zero_threshold: float
    min: _Double | None
    max: _Double | None
    flags: int


class SummaryState(Struct, array_like=True, gc=False, tag="summary"):
    """A SummaryPoint."""

    start_unix_nano: int
    time_unix_nano: int
    count: int
    sum: _Double
    quantiles: list[tuple[_Double, _Double]]
    flags: int


PointState = NumberState | HistogramState | ExponentialState | SummaryState


def state_of(point: Point) -> PointState:
    """Return a point as it is stored, without its attributes."""
    start, time, flags = point.start_unix_nano, point.time_unix_nano, point.flags
    if isinstance(point, NumberPoint):
        value = point.value
        return NumberState(start, time, value if isfinite(value) else str(value), flags)
    if isinstance(point, SummaryPoint):
        quantiles = [(_pack(quantile), _pack(value)) for quantile, value in point.quantiles]
        return SummaryState(start, time, point.count, _pack(point.sum), quantiles, flags)
    low, high, total = _pack_optional(point.min), _pack_optional(point.max), _pack_optional(point.sum)
    if isinstance(point, HistogramPoint):
        return HistogramState(
            start, time, point.count, total, point.bucket_counts, point.bounds, low, high, flags
        )
    return ExponentialState(
        start,
        time,
        point.count,
        total,
        point.scale,
        point.zero_count,
        point.positive.offset,
        point.positive.counts,
        point.negative.offset,
        point.negative.counts,
        point.zero_threshold,
        low,
        high,
        flags,
    )


def point_of(state: PointState) -> Point:
    """Return the point that was stored."""
    start, time, flags = state.start_unix_nano, state.time_unix_nano, state.flags
    if isinstance(state, NumberState):
        value = state.value
        return NumberPoint({}, start, time, float(value) if isinstance(value, str) else value, flags)
    if isinstance(state, SummaryState):
        quantiles = [(float(quantile), float(value)) for quantile, value in state.quantiles]
        return SummaryPoint({}, start, time, state.count, float(state.sum), quantiles, flags)
    low, high, total = _unpack_optional(state.min), _unpack_optional(state.max), _unpack_optional(state.sum)
    if isinstance(state, HistogramState):
        return HistogramPoint(
            {}, start, time, state.count, total, state.bucket_counts, state.bounds, low, high, flags
        )
    return ExponentialHistogramPoint(
        {},
        start,
        time,
        state.count,
        total,
        state.scale,
        state.zero_count,
        Buckets(state.positive_offset, state.positive_counts),
        Buckets(state.negative_offset, state.negative_counts),
        state.zero_threshold,
        low,
        high,
        flags,
    )


def _pack(value: float) -> _Double:
    return value if isfinite(value) else str(value)


def _pack_optional(value: float | None) -> _Double | None:
    return None if value is None else _pack(value)


def _unpack_optional(value: _Double | None) -> float | None:
    return None if value is None else float(value)
