"""What Prometheus's HTTP API answers to a query, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

METRIC_NAME = "__name__"


@dataclass(frozen=True, slots=True)
class HistogramValue:
    """A native histogram at one time: Prometheus gives its buckets as (lower, upper, count)."""

    count: float
    sum: float
    buckets: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One value at one time: a number, or a native histogram."""

    unix_seconds: float
    value: float | HistogramValue

    @property
    def number(self) -> float:
        """The value of a series of numbers; an AssertionError for a native histogram."""
        assert isinstance(self.value, float), "a native histogram, not a number"
        return self.value

    @property
    def histogram(self) -> HistogramValue:
        """The value of a native histogram; an AssertionError for a number."""
        assert isinstance(self.value, HistogramValue), "a number, not a native histogram"
        return self.value


@dataclass(frozen=True, slots=True)
class Series:
    """Labels, the metric's name among them as `__name__`, and points in the order of time."""

    labels: Mapping[str, str]
    points: tuple[Point, ...]

    @property
    def name(self) -> str:
        return self.labels.get(METRIC_NAME, "")

    @property
    def last(self) -> Point:
        return self.points[-1]

    @property
    def numbers(self) -> list[float]:
        """The values of all points, without their times."""
        return [point.number for point in self.points]


def read_result(data: Mapping[str, Any]) -> list[Series]:
    """Return the series of an answer's `data`: an instant vector has one point each, a scalar no labels."""
    kind, result = data["resultType"], data["result"]
    if kind == "scalar":
        return [Series({}, (_number(result),))]
    if kind not in ("vector", "matrix"):
        raise ValueError(f"a result of the type {kind}")
    return [Series(item["metric"], _points(item)) for item in result]


def _points(item: Mapping[str, Any]) -> tuple[Point, ...]:
    numbers = [*item.get("values", ()), *([item["value"]] if "value" in item else ())]
    histograms = [*item.get("histograms", ()), *([item["histogram"]] if "histogram" in item else ())]
    points = [*map(_number, numbers), *map(_histogram, histograms)]
    return tuple(sorted(points, key=lambda point: point.unix_seconds))


def _number(pair: tuple[float, str]) -> Point:
    unix_seconds, text = pair
    return Point(float(unix_seconds), float(text))


def _histogram(pair: tuple[float, Mapping[str, Any]]) -> Point:
    unix_seconds, content = pair
    buckets = tuple(
        (float(lower), float(upper), float(count))
        for _inclusion, lower, upper, count in content.get("buckets", ())
    )
    value = HistogramValue(float(content["count"]), float(content["sum"]), buckets)
    return Point(float(unix_seconds), value)
