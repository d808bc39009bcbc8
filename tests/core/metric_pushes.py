"""Pushes for the tests of the aggregator, and how they look at what it gives out."""

from __future__ import annotations

from collections.abc import Sequence

from otel_worker.metric_model import (
    DELTA,
    HISTOGRAM,
    SUM,
    HistogramPoint,
    Metric,
    MetricGroup,
    NumberPoint,
    Point,
)
from otel_worker.metrics.aggregation import Aggregator
from otel_worker.metrics.options import AggregationOptions
from otel_worker.metrics.snapshot import Snapshot
from otel_worker.model import Attributes, Resource, Scope
from tests.samples import NOW_UNIX_NANO, SECOND

MILLISECOND = SECOND // 1000


def number(
    value: int | float,
    attributes: Attributes | None = None,
    *,
    start: int = NOW_UNIX_NANO - SECOND,
    time: int = NOW_UNIX_NANO,
    flags: int = 0,
) -> NumberPoint:
    return NumberPoint(attributes or {}, start, time, value, flags)


def histogram(
    counts: Sequence[int],
    bounds: Sequence[float],
    total: float | None = 1.0,
    low: float | None = None,
    high: float | None = None,
    *,
    time: int = NOW_UNIX_NANO,
) -> HistogramPoint:
    start = NOW_UNIX_NANO - SECOND
    return HistogramPoint({}, start, time, sum(counts), total, list(counts), list(bounds), low, high)


def metric(
    *points: Point,
    name: str = "requests",
    kind: str = SUM,
    temporality: int = DELTA,
    is_monotonic: bool = True,
    unit: str = "1",
    description: str = "",
) -> Metric:
    is_monotonic = is_monotonic and kind == SUM
    return Metric(name, description, unit, kind, temporality, is_monotonic, list(points))


def histogram_metric(*points: Point, temporality: int = DELTA) -> Metric:
    return metric(*points, name="duration", kind=HISTOGRAM, temporality=temporality, unit="ms")


def group(*metrics: Metric, scope: Scope | None = None, **resource: str) -> MetricGroup:
    """Return a group; a resource attribute's points are underscores here."""
    attributes: Attributes = {"service.name": "checkout"}
    attributes.update({key.replace("_", "."): value for key, value in resource.items()})
    return MetricGroup(Resource(attributes), scope or Scope("tests"), list(metrics))


class Pusher:
    """An aggregator that gets each push under a digest of its own, at the time that is set."""

    def __init__(self, aggregator: Aggregator | None = None) -> None:
        self.aggregator = aggregator or Aggregator()
        self.now = NOW_UNIX_NANO
        self._pushes = 0

    def push(self, *metrics: Metric) -> tuple[int, int]:
        """Push metrics of the usual resource; return how many points were accepted and rejected."""
        return self.push_groups(group(*metrics))

    def push_groups(self, *groups: MetricGroup) -> tuple[int, int]:
        self._pushes += 1
        result = self.aggregator.push(groups, f"push {self._pushes}", self.now)
        return result.accepted_points, result.rejected_count

    def refuse(self, *metrics: Metric) -> list[str]:
        """Push metrics of which every point is rejected; return the reasons."""
        self._pushes += 1
        result = self.aggregator.push([group(*metrics)], f"push {self._pushes}", self.now)
        assert result.accepted_points == 0
        return [rejection.description for rejection in result.rejections]

    def snapshot(self) -> Snapshot:
        return self.aggregator.snapshot(self.now)

    def points(self) -> list[Point]:
        """Return the points of all series now, in the order the series came."""
        return points_of(self.snapshot().groups)

    def values(self) -> list[int | float]:
        return [point.value for point in self.points() if isinstance(point, NumberPoint)]

    def the_histogram(self) -> HistogramPoint:
        (point,) = self.points()
        assert isinstance(point, HistogramPoint)
        return point


class StoredPusher(Pusher):
    """A pusher whose rows are stored, and that can start again from them."""

    def __init__(self, options: AggregationOptions | None = None) -> None:
        super().__init__(Aggregator(options))
        self.options = options
        self.rows: dict[str, str] = {}

    def commit(self) -> dict[str, str]:
        rows = self.aggregator.dirty_rows()
        self.rows.update(rows)
        return rows

    def restart(self) -> None:
        self.commit()
        self.aggregator = Aggregator.load(self.rows, self.options)


def points_of(groups: Sequence[MetricGroup]) -> list[Point]:
    return [point for group in groups for metric in group.metrics for point in metric.points]
