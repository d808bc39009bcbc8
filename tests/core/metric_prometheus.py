"""A small Prometheus for the tests of the aggregator: what `increase()` shows of what is passed on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from otel_worker.metric_model import (
    ExponentialHistogramPoint,
    HistogramPoint,
    MetricGroup,
    NumberPoint,
    Point,
)
from tests.core.metric_pushes import MILLISECOND

# The name of a metric, and its attribute `route`.
Key = tuple[str, int]


class Prometheus:
    """Samples of each series, in order; what is too old is dropped, as without an out-of-order window."""

    def __init__(self) -> None:
        self._last: dict[tuple[Key, str], tuple[int, float]] = {}
        self.increase: dict[tuple[Key, str], float] = defaultdict(float)
        self._starts: dict[Key, int] = {}
        self._bounds: dict[Key, list[float]] = {}

    def receive(self, groups: Sequence[MetricGroup]) -> None:
        for key, point in points_by_key(groups):
            if key[0] in ("gauge", "updown"):
                continue
            is_reset = self._starts.get(key) != point.start_unix_nano
            assert self._starts.get(key, 0) <= point.start_unix_nano <= point.time_unix_nano
            self._starts[key] = point.start_unix_nano
            if isinstance(point, HistogramPoint):
                assert is_reset or self._bounds[key] == point.bounds
                self._bounds[key] = point.bounds
            for name, value in samples_of(point):
                self._append((key, name), point.time_unix_nano // MILLISECOND, value, is_reset)

    def _append(self, name: tuple[Key, str], time_ms: int, value: float, is_reset: bool) -> None:
        if name not in self._last:
            # Where nothing was before, the first sample adds nothing.
            self._last[name] = (time_ms, value)
            return
        last_ms, last = self._last[name]
        if time_ms < last_ms:
            return
        assert time_ms > last_ms or value == last, "two values at one time"
        assert value >= last or is_reset, "a counter went down without a reset"
        self.increase[name] += value - last if value >= last else value
        self._last[name] = (time_ms, value)


def samples_of(point: Point) -> Iterator[tuple[str, float]]:
    """Yield what Prometheus keeps of a point under a name that stays."""
    if isinstance(point, NumberPoint):
        yield "value", point.value
    elif isinstance(point, HistogramPoint | ExponentialHistogramPoint):
        yield "count", point.count
        assert point.sum is not None
        yield "sum", point.sum
        if isinstance(point, HistogramPoint):
            assert sum(point.bucket_counts) == point.count
        else:
            yield "zeros", point.zero_count
            assert sum(point.positive.counts) + point.zero_count == point.count


def points_by_key(groups: Sequence[MetricGroup]) -> Iterator[tuple[Key, Point]]:
    for each in groups:
        for one in each.metrics:
            for point in one.points:
                route = point.attributes["route"]
                assert isinstance(route, int)
                yield (one.name, route), point
