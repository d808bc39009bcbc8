"""What an aggregator gives out: every series as a cumulative point, at one moment.

A sum or histogram of deltas is of the moment it is given out, since that is its value until the next
delta. So a counter of rare events stays visible between them. Everything else keeps its own times.

Prometheus' `increase()` does not count the first value it sees of a series. So a series that Prometheus
has nothing of comes with a zero at its start (`zero_groups`), which is to be sent before: monotonic sums
and histograms of deltas. What an SDK already sums has its zero where the SDK started, long ago perhaps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from msgspec.json import Decoder
from msgspec.structs import replace

from otel_worker.metric_model import (
    Buckets,
    ExponentialHistogramPoint,
    HistogramPoint,
    Metric,
    MetricGroup,
    NumberPoint,
    Point,
)
from otel_worker.metrics.options import NANOS_PER_MILLISECOND, NANOS_PER_SECOND
from otel_worker.metrics.series import Series
from otel_worker.metrics.streams import Stream
from otel_worker.model import Attributes

# Prometheus refuses what is an hour older than its newest sample (half a block of two hours). When it was
# away for longer than this since a series started, the zero is moved behind the start. If it had the value
# all the same, and only its answer was lost, the value then counts twice: so this is as long as can be.
_ZERO_AGE_NANOS = 55 * 60 * NANOS_PER_SECOND

_attributes_decoder = Decoder(Attributes)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All series at one moment. Once it was passed on, `Aggregator.mark_sent` wants it back."""

    time_unix_nano: int
    groups: list[MetricGroup]
    # The zeros of series that were not sent before; MUST be sent before `groups`, as a request of its own.
    zero_groups: list[MetricGroup]
    # With the start that each had, and the number of the series.
    unsent: list[tuple[int, int]] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    # Histograms that are to take other bounds, as given out.
    resets: list[tuple[int, HistogramPoint]] = field(default_factory=list)


def take_snapshot(all_series: Iterable[Series], now_unix_nano: int) -> Snapshot:
    """Return all series at this moment; later pushes do not change what is in it."""
    groups, zero_groups = _Grouping(), _Grouping()
    snapshot = Snapshot(now_unix_nano, groups.groups, zero_groups.groups)
    for series in all_series:
        stream = series.stream
        attributes = _attributes_decoder.decode(series.attributes_json)
        point = replace(series.point, attributes=attributes)
        groups.add(stream, point)
        if series.has_ended:
            snapshot.ended.append(series.number)
        if not stream.is_summed:
            continue
        # A start may be the moment of its first point, or just behind an earlier series' last one.
        point.time_unix_nano = max(now_unix_nano, point.start_unix_nano + NANOS_PER_MILLISECOND)
        if series.next_bounds is not None and isinstance(point, HistogramPoint):
            snapshot.resets.append((series.number, point))
        if not series.is_sent and not series.has_ended:
            snapshot.unsent.append((series.number, point.start_unix_nano))
            if stream.is_monotonic or not isinstance(point, NumberPoint):
                zero_groups.add(stream, _zero_of(point, attributes))
    return snapshot


class _Grouping:
    """Puts points into the metrics of their streams, and those into groups of resource and scope."""

    def __init__(self) -> None:
        self.groups: list[MetricGroup] = []
        self._groups: dict[bytes, MetricGroup] = {}
        self._metrics: dict[int, Metric] = {}

    def add(self, stream: Stream, point: Point) -> None:
        metric = self._metrics.get(stream.number)
        if metric is None:
            metric = self._metrics[stream.number] = Metric(
                stream.name,
                stream.description,
                stream.unit,
                stream.kind,
                stream.temporality,
                stream.is_monotonic,
                [],
            )
            group = self._groups.get(stream.group_json)
            if group is None:
                group = self._groups[stream.group_json] = MetricGroup(stream.resource, stream.scope, [])
                self.groups.append(group)
            group.metrics.append(metric)
        metric.points.append(point)


def _zero_of(point: Point, attributes: Attributes) -> Point:
    """Return the value of a series when it started, at that time if Prometheus takes it."""
    start = point.start_unix_nano
    time = max(start, point.time_unix_nano - _ZERO_AGE_NANOS)
    if isinstance(point, HistogramPoint):
        counts = [0] * len(point.bucket_counts)
        return HistogramPoint(attributes, start, time, 0, _zero_sum(point), counts, point.bounds)
    if isinstance(point, ExponentialHistogramPoint):
        return ExponentialHistogramPoint(
            attributes,
            start,
            time,
            0,
            _zero_sum(point),
            point.scale,
            0,
            Buckets(),
            Buckets(),
            point.zero_threshold,
        )
    is_float = isinstance(point, NumberPoint) and isinstance(point.value, float)
    return NumberPoint(attributes, start, time, 0.0 if is_float else 0)


def _zero_sum(point: HistogramPoint | ExponentialHistogramPoint) -> float | None:
    return None if point.sum is None else 0.0
