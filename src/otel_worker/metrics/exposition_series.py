"""One series of an exposition: its points, usually one, as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from otel_worker.metric_model import (
    ExponentialHistogramPoint,
    HistogramPoint,
    NumberPoint,
    Point,
    SummaryPoint,
)
from otel_worker.metrics.exposition_buckets import classic_histogram, merge_histograms, shared_bounds
from otel_worker.metrics.exposition_families import Family
from otel_worker.metrics.exposition_lines import (
    counter_lines,
    gauge_lines,
    histogram_lines,
    number_text,
    summary_lines,
)
from otel_worker.metrics.naming import COUNTER_TYPE, GAUGE_TYPE, HISTOGRAM_TYPE


def family_rows(family: Family, openmetrics: bool) -> Iterator[str]:
    """Yield the lines of each series together, in the order of the labels."""
    bounds = shared_bounds(
        [
            point
            for points in family.series.values()
            for point in points
            if isinstance(point, ExponentialHistogramPoint)
        ]
    )
    for labels, points in sorted(family.series.items()):
        yield "".join(_series_lines(family, labels, points, bounds, openmetrics))


def _series_lines(
    family: Family, labels: str, points: list[Point], bounds: list[float], openmetrics: bool
) -> Iterator[str]:
    if family.type_name == HISTOGRAM_TYPE:
        histograms = [
            classic_histogram(point, bounds)
            for point in points
            if isinstance(point, HistogramPoint | ExponentialHistogramPoint)
        ]
        return histogram_lines(family.name, labels, merge_histograms(histograms), openmetrics)
    numbers = [point for point in points if isinstance(point, NumberPoint)]
    if family.type_name == COUNTER_TYPE:
        return counter_lines(family.name, labels, _total(numbers), openmetrics)
    if family.type_name == GAUGE_TYPE:
        gauge = _total(numbers) if family.is_additive else _newest(numbers)
        return gauge_lines(family.name, labels, gauge)
    summaries = [point for point in points if isinstance(point, SummaryPoint)]
    return summary_lines(family.name, labels, _merged_summary(summaries), openmetrics)


def _total(points: Sequence[NumberPoint]) -> NumberPoint:
    """Return the sum; sorted, as doubles added in another order may give another last digit."""
    if len(points) == 1:
        return points[0]
    start_unix_nano = min(point.start_unix_nano for point in points)
    time_unix_nano = max(point.time_unix_nano for point in points)
    return NumberPoint({}, start_unix_nano, time_unix_nano, sum(sorted(point.value for point in points)))


def _newest(points: Sequence[NumberPoint]) -> NumberPoint:
    # Of two that are equally new, not the one that happens to come first; text, since NaN has no order.
    return max(points, key=lambda point: (point.time_unix_nano, number_text(point.value)))


def _merged_summary(points: Sequence[SummaryPoint]) -> SummaryPoint:
    """Return counts and sums added up; quantiles cannot be, so they are those of the newest point."""
    newest = max(points, key=lambda point: (point.time_unix_nano, repr(point.quantiles)))
    return SummaryPoint(
        {},
        min(point.start_unix_nano for point in points),
        newest.time_unix_nano,
        sum(point.count for point in points),
        sum(sorted(point.sum for point in points)),
        newest.quantiles,
    )
